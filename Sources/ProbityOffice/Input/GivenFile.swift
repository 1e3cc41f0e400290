import Foundation
import ProbityStore

/// Files that a person hands in or asks for.
public enum GivenFile {
    /// - Throws: ``OfficeError`` `inputOutput`.
    public static func bytes(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw OfficeError(.inputOutput, "cli.fileUnreadable", ["path": path])
        }
        return [UInt8](data)
    }

    /// - Throws: ``OfficeError`` `inputOutput`.
    public static func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }

    /// Refuses a place where something is already, before an act is done whose result goes there.
    ///
    /// - Throws: an error with the outcome `alreadyExists`.
    public static func demandFree(_ path: String) throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw ArchiveError(.alreadyExists, "something is at this path", subject: path)
        }
    }

    /// Refuses a place where no new file can be made, before an act is done whose result goes there.
    ///
    /// - Throws: an error with the outcome `alreadyExists`; ``OfficeError`` `inputOutput` that names the file.
    public static func demandPlace(_ path: String, _ wording: Wording) throws {
        try demandFree(path)
        let folder = URL(filePath: path).deletingLastPathComponent().path
        // Of a file in the place of the folder it is true, too, that there is no such folder.
        guard FileManager.default.fileExists(atPath: folder + "/.") else { throw unwritable(path, "missing", wording) }
        guard FileManager.default.isWritableFile(atPath: folder) else { throw unwritable(path, "denied", wording) }
    }

    /// Writes a new file; nothing is ever overwritten.
    ///
    /// - Throws: as ``demandPlace(_:_:)``.
    public static func write(_ text: String, to path: String, _ wording: Wording) throws {
        try demandPlace(path, wording)
        do { try Data(text.utf8).write(to: URL(filePath: path), options: .withoutOverwriting) } catch {
            try demandFree(path)
            throw unwritable(path, "failed", wording)
        }
    }

    private static func unwritable(_ path: String, _ why: String, _ wording: Wording) -> OfficeError {
        OfficeError(.inputOutput, "cli.fileUnwritable", ["path": path, "why": wording.text("cli.why.\(why)")])
    }
}
