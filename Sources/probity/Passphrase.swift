import Foundation
import Glibc
import ProbityOffice

// Passphrases come from a file, a descriptor or the terminal; never from the command line.

extension Passphrase {
    static func fromFile(_ path: String) throws -> Passphrase {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw OfficeError(.inputOutput, "cli.passphraseFile", ["path": path])
        }
        return try Passphrase(firstLineOf: [UInt8](data))
    }

    static func fromDescriptor(_ descriptor: Int32) throws -> Passphrase {
        let data: Data
        do {
            data = try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readToEnd() ?? Data()
        } catch {
            throw OfficeError(.inputOutput, "cli.passphraseFile", ["path": "\(descriptor)"])
        }
        return try Passphrase(firstLineOf: [UInt8](data))
    }

    /// A new passphrase from a file: long enough, or refused.
    static func new(fromFile path: String) throws -> Passphrase { try longEnough(fromFile(path)) }

    /// A new passphrase from a descriptor: long enough, or refused.
    static func new(fromDescriptor descriptor: Int32) throws -> Passphrase {
        try longEnough(fromDescriptor(descriptor))
    }

    private static func longEnough(_ passphrase: consuming Passphrase) throws -> Passphrase {
        guard passphrase.isLongEnough else { throw Passphrase.tooShort }
        return passphrase
    }

    /// Asks for a new passphrase, twice.
    static func askNew(_ user: String, _ console: Console) throws -> Passphrase {
        while true {
            let first = try ask("cli.passphraseNew", user, console)
            guard first.isLongEnough else {
                console.say(console.text(Passphrase.tooShort.key, Passphrase.tooShort.params))
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
    static func ask(_ question: String, _ user: String, _ console: Console) throws -> Passphrase {
        guard console.mayAsk else { throw OfficeError(.usage, "cli.passphraseNeeded") }
        var saved = termios()
        guard unsafe tcgetattr(0, &saved) == 0 else { throw OfficeError(.inputOutput, "cli.passphraseNeeded") }
        var quiet = saved
        quiet.c_lflag &= ~tcflag_t(ECHO)
        // Before the question: what is typed in answer must neither show nor be thrown away.
        guard unsafe tcsetattr(0, TCSAFLUSH, &quiet) == 0 else {
            throw OfficeError(.inputOutput, "cli.passphraseNeeded")
        }
        FileHandle.standardError.write(Data((console.text(question, ["user": user]) + " ").utf8))
        defer {
            _ = unsafe tcsetattr(0, TCSADRAIN, &saved)
            FileHandle.standardError.write(Data("\n".utf8))
        }
        return try Passphrase(firstLineOf: Array((readLine() ?? "").utf8))
    }
}
