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
}
