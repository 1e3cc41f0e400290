import Foundation
import Glibc
import ProbityCrypto
import ProbityStore

/// A recovery sheet (恢复密钥单) in words, for paper. It holds a secret: its lines go to paper or to the screen of whoever
/// copies them, and nowhere else.
public struct RecoveryPaper: Sendable {
    let sheet: RecoverySheet
    /// What is copied or printed.
    public let lines: [String]

    /// How many lines hold the key.
    public static let lineCount = RecoverySheet.lineCount

    /// Makes a new key.
    public init(_ wording: Wording) throws {
        sheet = try RecoverySheet()
        let key = sheet.publicKey.rawBytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        lines =
            [wording.text("cli.sheetTitle"), ""] + sheet.lines.map { "    " + $0 }
            + ["", wording.text("cli.sheetKey", ["key": key]), wording.text("cli.sheetUse"), ""]
    }

    /// Whether `line` is what stands in line `number`, counting from 1.
    public func matches(_ line: String, number: Int) -> Bool { sheet.matches(line, number: number) }

    /// Writes a file that only its owner reads, and that was not there before.
    ///
    /// - Throws: ``OfficeError`` `alreadyExists`, `inputOutput`.
    public func write(to path: String) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw OfficeError(errno == EEXIST ? .alreadyExists : .inputOutput, "cli.sheetFile", ["path": path])
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8))
            try handle.synchronize()
        } catch {
            throw OfficeError(.inputOutput, "cli.sheetFile", ["path": path])
        }
    }

    /// Takes the file of a sheet away whose key recovers nothing.
    static func remove(_ path: String) throws {
        do { try FileManager.default.removeItem(atPath: path) } catch {
            throw OfficeError(.inputOutput, "cli.sheetFile", ["path": path])
        }
    }
}
