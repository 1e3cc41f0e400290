import ProbityCrypto

/// The one row of `archive`: what the archive is, in the clear.
struct ArchiveRow {
    let archiveID: String
    let bureauID: String
    let name: String
    let suite: Int64
    let recoveryKey: [UInt8]
    let logKey: [UInt8]
}

enum ArchiveTable {
    static func row(_ db: Connection) throws -> ArchiveRow? {
        try db.first("SELECT archiveId, bureauId, name, suite, recoveryKey, logKey FROM archive WHERE id = 1") {
            ArchiveRow(
                archiveID: $0.text(0), bureauID: $0.text(1), name: $0.text(2), suite: $0.integer(3),
                recoveryKey: $0.bytes(4), logKey: $0.bytes(5))
        }
    }

    /// The batch of the founding ceremony: the header's.
    static func ceremonyBatch(_ db: Connection) throws -> Int64 {
        guard let batch = try db.integer("SELECT batch FROM archive WHERE id = 1") else {
            throw ArchiveError(.integrity, "the archive has no header row")
        }
        return batch
    }
}

extension RowWriter {
    func insertArchive(_ row: ArchiveRow) throws {
        try insert(
            .archive,
            [
                .integer(1), .text(row.archiveID), .text(row.bureauID), .text(row.name), .integer(row.suite),
                .blob(row.recoveryKey), .blob(row.logKey),
            ])
    }
}
