import Foundation
import Glibc
import ProbityCrypto
import ProbityStore

/// Passphrases come from a file, a descriptor or the terminal; never from the command line.
enum Passphrase {
    static let maximumByteCount = 1024

    static func fromFile(_ path: String) throws -> SecretBytes {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(60, "cli.passphraseFile", ["path": path])
        }
        return try secret([UInt8](data))
    }

    static func fromDescriptor(_ descriptor: Int32) throws -> SecretBytes {
        let data: Data
        do {
            data = try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readToEnd() ?? Data()
        } catch {
            throw CommandFailure(60, "cli.passphraseFile", ["path": "\(descriptor)"])
        }
        return try secret([UInt8](data))
    }

    /// The first line, without its end.
    private static func secret(_ bytes: [UInt8]) throws -> SecretBytes {
        var line = Array(bytes.prefix { $0 != 0x0A })
        if line.last == 0x0D { line.removeLast() }
        guard !line.isEmpty, line.count <= maximumByteCount else { throw CommandFailure(64, "cli.passphraseEmpty") }
        return SecretBytes(copying: line)
    }

    /// NIST SP 800-63B §5.1.1.2 asks for 8 characters; these files are tried offline, so more.
    static let minimumByteCount = 12

    /// A new passphrase from a file: long enough, or refused.
    static func new(fromFile path: String) throws -> SecretBytes {
        let secret = try fromFile(path)
        guard secret.count >= minimumByteCount else {
            throw CommandFailure(ExitCodes.invalidEntry, "cli.passphraseShort", ["count": String(minimumByteCount)])
        }
        return secret
    }

    /// Asks for a new passphrase, twice.
    static func askNew(_ user: String, _ console: Console) throws -> SecretBytes {
        while true {
            let first = try ask("cli.passphraseNew", user, console)
            guard first.count >= minimumByteCount else {
                console.say(console.text("cli.passphraseShort", ["count": String(minimumByteCount)]))
                continue
            }
            let second = try ask("cli.passphraseAgain", user, console)
            if first.isEqual(to: second) { return first }
            console.say(console.text("cli.passphraseDiffers"))
        }
    }

    /// Asks on the terminal without echo.
    ///
    /// - Parameter question: key of the message catalogue.
    static func ask(_ question: String, _ user: String, _ console: Console) throws -> SecretBytes {
        guard console.mayAsk else { throw CommandFailure(64, "cli.passphraseNeeded") }
        var saved = termios()
        guard unsafe tcgetattr(0, &saved) == 0 else { throw CommandFailure(60, "cli.passphraseNeeded") }
        var quiet = saved
        quiet.c_lflag &= ~tcflag_t(ECHO)
        // Before the question: what is typed in answer must neither show nor be thrown away.
        guard unsafe tcsetattr(0, TCSAFLUSH, &quiet) == 0 else { throw CommandFailure(60, "cli.passphraseNeeded") }
        FileHandle.standardError.write(Data((console.text(question, ["user": user]) + " ").utf8))
        defer {
            _ = unsafe tcsetattr(0, TCSADRAIN, &saved)
            FileHandle.standardError.write(Data("\n".utf8))
        }
        return try secret(Array((readLine() ?? "").utf8))
    }
}
