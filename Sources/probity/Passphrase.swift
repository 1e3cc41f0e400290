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

    /// Asks on the terminal without echo.
    static func ask(_ question: String) throws -> SecretBytes {
        guard Console.isInputTerminal else { throw CommandFailure(64, "cli.passphraseNeeded") }
        FileHandle.standardError.write(Data((question + " ").utf8))
        var saved = termios()
        guard unsafe tcgetattr(0, &saved) == 0 else { throw CommandFailure(60, "cli.passphraseNeeded") }
        var quiet = saved
        quiet.c_lflag &= ~tcflag_t(ECHO)
        guard unsafe tcsetattr(0, TCSAFLUSH, &quiet) == 0 else { throw CommandFailure(60, "cli.passphraseNeeded") }
        defer {
            _ = unsafe tcsetattr(0, TCSAFLUSH, &saved)
            FileHandle.standardError.write(Data("\n".utf8))
        }
        return try secret(Array((readLine() ?? "").utf8))
    }
}
