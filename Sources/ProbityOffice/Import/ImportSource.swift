import Foundation

/// A table that is imported: a file on disk, or bytes that were handed over.
public enum ImportSource: Sendable {
    case file(String)
    case bytes([UInt8], name: String)

    /// What the reader calls it.
    var name: String {
        switch self {
        case .file(let path): path
        case .bytes(_, let name): name
        }
    }

    private static let pieceByteCount = 1 << 16

    /// Calls `body` with one piece after the other, from the start, until it says false.
    ///
    /// - Throws: ``OfficeError`` `inputOutput` where there is no such file.
    func read(_ body: ([UInt8]) throws -> Bool) throws {
        switch self {
        case .file(let path):
            let handle: FileHandle
            do { handle = try FileHandle(forReadingFrom: URL(filePath: path)) } catch {
                throw OfficeError(.inputOutput, "cli.fileUnreadable", ["path": path])
            }
            while let piece = try handle.read(upToCount: ImportSource.pieceByteCount), !piece.isEmpty {
                guard try body([UInt8](piece)) else { return }
            }
        case .bytes(let bytes, _):
            for start in stride(from: 0, to: bytes.count, by: ImportSource.pieceByteCount) {
                let end = min(start + ImportSource.pieceByteCount, bytes.count)
                guard try body(Array(bytes[start..<end])) else { return }
            }
        }
    }
}
