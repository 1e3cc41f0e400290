import Foundation
import ProbityLedger

/// The last head that this user's side saw: what reveals a ledger that was cut or rolled back (design §6). And the last
/// database file, by its id, whose pages it found sound.
struct HeadMemory {
    private let path: String
    private let filePath: String

    init(folder: String, archiveID: String) throws {
        if !Files.exists(folder) {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw ArchiveError(
                    .inputOutput, "the folder in which your side remembers the ledger cannot be made", subject: folder)
            }
        }
        path = HeadMemory.path(in: folder, archiveID)
        filePath = "\(folder)/\(archiveID).file"
    }

    private static func path(in folder: String, _ archiveID: String) -> String { "\(folder)/\(archiveID).head" }

    /// The file with what is remembered in `folder`, and where it stands; nil where nothing is.
    static func file(in folder: String, archiveID: String) throws -> (path: String, bytes: [UInt8])? {
        let path = path(in: folder, archiveID)
        return Files.exists(path) ? (path, try Files.read(path)) : nil
    }

    func hasSeen(_ fileID: String) throws -> Bool {
        try Files.exists(filePath) && Files.read(filePath) == Array((fileID + "\n").utf8)
    }

    func remember(file fileID: String) throws {
        guard try !hasSeen(fileID) else { return }
        try Data((fileID + "\n").utf8).write(to: URL(filePath: filePath), options: .atomic)
    }

    /// - Parameter remembered: the head, read before the snapshot of `db` began.
    /// - Throws: ``ArchiveError`` `incomplete` where the archive is older than the remembered head or another ledger.
    func compare(_ remembered: Checkpoint?, _ header: ArchiveHeader, _ db: Connection) throws {
        guard let remembered else { return }
        let size = try Ledger.size(db)
        guard remembered.origin == header.names.ledger, size >= remembered.size else {
            throw ArchiveError(
                .incomplete,
                "the archive's ledger has \(size) lines; this user's side has seen \(remembered.size)", subject: path)
        }
        guard try Ledger.root(remembered.size, db) == remembered.root else {
            throw ArchiveError(
                .incomplete, "the archive's ledger is not the one that this user's side has seen", subject: path)
        }
    }

    /// What is remembered; nil where nothing is.
    func head() throws -> Checkpoint? {
        guard Files.exists(path) else { return nil }
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        do throws(LedgerError) {
            return try Checkpoint(parsing: text)
        } catch {
            throw ArchiveError(.incomplete, "the remembered head cannot be read: \(error.reason)", subject: path)
        }
    }

    /// Not synced: a head that a power cut takes back is an older head, which is still true.
    func remember(_ head: LedgerHead, _ header: ArchiveHeader) throws {
        let text = Checkpoint(origin: header.names.ledger, size: head.size, root: head.root).text
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }
}
