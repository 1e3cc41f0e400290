/// Imports that are not published: a running one, or what one left that died.
enum OpenBatchTable {
    static let unpublished =
        "SELECT id FROM openBatch WHERE NOT EXISTS (SELECT 1 FROM leaf WHERE leaf.batch = openBatch.id)"

    /// The numbers of all that are listed, those among them that have a line.
    static func listed(_ db: Connection) throws -> [Int64] {
        try db.all("SELECT id FROM openBatch ORDER BY id") { $0.integer(0) }
    }

    /// The numbers of those that are not published.
    static func all(_ db: Connection) throws -> [Int64] { try db.all("\(unpublished) ORDER BY id") { $0.integer(0) } }

    static func has(_ batch: Int64, _ db: Connection) throws -> Bool {
        try db.integer("SELECT 1 FROM openBatch WHERE id = ?", [.integer(batch)]) != nil
    }

    /// - Parameter token: random; every chunk and the publication show it (``demand(_:token:_:)``).
    static func open(_ batch: Int64, user: String, startedAt: String, token: [UInt8], _ db: Connection) throws {
        try db.insert(
            into: "openBatch", "id, userId, startedAt, token",
            [[.integer(batch), .text(user), .text(startedAt), .blob(token)]])
    }

    /// Whether the import that was opened with `token` is still open.
    static func has(_ batch: Int64, token: [UInt8], _ db: Connection) throws -> Bool {
        try db.bytes("SELECT token FROM openBatch WHERE id = ?", [.integer(batch)]) == token
    }

    /// - Throws: ``ArchiveError`` `changedSinceRead` where the import is not open any more, or is another's under its number:
    ///   somebody swept it while it stood still, and its rows are gone.
    static func demand(_ batch: Int64, token: [UInt8], _ db: Connection) throws {
        guard try has(batch, token: token, db) else {
            throw ArchiveError(
                .changedSinceRead, "the import was cleared away while it stood still; begin again",
                rule: "import.swept")
        }
    }

    /// Takes the batch from the list: its rows are visible, or gone.
    static func close(_ batch: Int64, _ db: Connection) throws {
        try db.execute("DELETE FROM openBatch WHERE id = ?", [.integer(batch)])
    }

    /// Removes the invisible rows of an import that did not come to its end.
    static func remove(_ batch: Int64, _ db: Connection) throws {
        // Children before parents: foreign keys are on.
        for table in Table.allCases.reversed() where table != .archive {
            try db.execute("DELETE FROM \(table.rawValue) WHERE batch = ?", [.integer(batch)])
        }
        try close(batch, db)
    }
}
