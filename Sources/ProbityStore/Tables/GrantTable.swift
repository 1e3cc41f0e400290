import ProbityRecords

/// A row of `accessGrant`: a signed note that opens a node to a user.
struct GrantRow {
    let id: Int64
    let user: String
    let category: String
    let unit: String
    let note: [UInt8]
    let batch: Int64

    fileprivate static let columns =
        "accessGrant.id, accessGrant.userId, category, unit, accessGrant.note, accessGrant.batch"

    fileprivate init(_ rows: borrowing Rows) {
        id = rows.integer(0)
        user = rows.text(1)
        category = rows.text(2)
        unit = rows.text(3)
        note = rows.bytes(4)
        batch = rows.integer(5)
    }
}

enum GrantTable {
    static func rows(of user: String, _ db: Connection) throws -> [GrantRow] {
        try db.all(
            "SELECT \(GrantRow.columns) FROM accessGrant WHERE userId = ? ORDER BY id", [.text(user)]
        ) { GrantRow($0) }
    }

    /// The numbers of a user's rows.
    static func numbers(of user: String, _ db: Connection) throws -> [Int64] {
        try db.all("SELECT id FROM accessGrant WHERE userId = ? ORDER BY id", [.text(user)]) { $0.integer(0) }
    }

    static func all(_ db: Connection) throws -> [GrantRow] {
        try db.all("SELECT \(GrantRow.columns) FROM accessGrant ORDER BY id") { GrantRow($0) }
    }

    static func allByUser(_ db: Connection) throws -> [GrantRow] {
        try db.all("SELECT \(GrantRow.columns) FROM accessGrant ORDER BY userId, category, unit") { GrantRow($0) }
    }

    /// Those of a user in a category that were in the ledger before a line.
    static func rows(
        of user: String, in category: ProbityRecords.Category, beforeLine line: Int64, _ db: Connection
    ) throws -> [GrantRow] {
        try db.all(
            """
            SELECT \(GrantRow.columns) FROM accessGrant JOIN leaf ON leaf.batch = accessGrant.batch
            WHERE accessGrant.userId = ? AND category = ? AND leaf.seq < ?
            """, [.text(user), .text(category.rawValue), .integer(line)]
        ) { GrantRow($0) }
    }
}

extension RowWriter {
    func insertGrant(user: String, place: NodePlace, note: [UInt8]) throws {
        try insert(
            .accessGrant,
            [
                .integer(nextID(.accessGrant)), .text(user), .text(place.category.rawValue), .text(place.unit),
                .blob(note),
            ])
    }
}
