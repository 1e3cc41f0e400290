import ProbityRecords

/// A row of `tray`: filed by somebody who cannot read what is inside.
struct TrayRow {
    let intake: Int64
    let wrapped: [UInt8]
    let commitment: [UInt8]
    let sealed: [UInt8]
    let batch: Int64
}

enum TrayTable {
    /// The items of a category that are not taken in yet, in the order in which they came.
    static func waiting(_ category: ProbityRecords.Category, _ db: Connection) throws -> [Int64] {
        try db.all(
            """
            SELECT id FROM tray WHERE category = ? AND \(Published.rows)
            AND id NOT IN (SELECT tray FROM trayIntake) ORDER BY batch
            """, [.text(category.rawValue)]
        ) { $0.integer(0) }
    }

    static func row(_ id: Int64, _ db: Connection) throws -> TrayRow? {
        try db.first("SELECT intake, wrapped, commitment, sealed, batch FROM tray WHERE id = ?", [.integer(id)]) {
            TrayRow(
                intake: $0.integer(0), wrapped: $0.bytes(1), commitment: $0.bytes(2), sealed: $0.bytes(3),
                batch: $0.integer(4))
        }
    }

    /// The record that an item became; nil while it waits.
    static func record(of id: Int64, _ db: Connection) throws -> Int64? {
        try db.integer("SELECT record FROM trayIntake WHERE tray = ?", [.integer(id)])
    }
}

extension RowWriter {
    func insertTray(
        id: Int64, category: ProbityRecords.Category, intake: Int64, wrapped: [UInt8], commitment: [UInt8],
        sealed: [UInt8]
    ) throws {
        try insert(
            .tray,
            [
                .integer(id), .text(category.rawValue), .integer(intake), .blob(wrapped), .blob(commitment),
                .blob(sealed),
            ])
    }

    func insertTrayIntake(tray: Int64, dossier: Int64, epoch: Int64, record: Int64, wrapped: [UInt8]) throws {
        try insert(
            .trayIntake, [.integer(tray), .integer(dossier), .integer(epoch), .integer(record), .blob(wrapped)])
    }
}
