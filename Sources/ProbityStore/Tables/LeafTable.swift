/// The ledger's rows: `leaf`, `node` and `checkpoint`. What they mean stands in Ledger.swift.
enum LeafTable {
    /// How many lines the ledger has.
    static func size(_ db: Connection) throws -> UInt64 {
        UInt64(try db.integer("SELECT COALESCE(MAX(seq), -1) + 1 FROM leaf") ?? 0)
    }

    static func note(_ sequence: UInt64, _ db: Connection) throws -> [UInt8]? {
        try db.bytes("SELECT note FROM leaf WHERE seq = ?", [.integer(Int64(sequence))])
    }

    static func details(_ sequence: UInt64, _ db: Connection) throws -> [UInt8]? {
        try db.bytes("SELECT details FROM leaf WHERE seq = ?", [.integer(Int64(sequence))])
    }

    /// The number of the line that published a batch; nil where none did.
    static func line(ofBatch batch: Int64, _ db: Connection) throws -> Int64? {
        try db.integer("SELECT seq FROM leaf WHERE batch = ? AND seq >= 0", [.integer(batch)])
    }

    /// Number and note of the line that published a batch.
    static func leaf(ofBatch batch: Int64, _ db: Connection) throws -> (sequence: Int64, note: [UInt8])? {
        // No line stands before the first; somebody may write a row that says so.
        try db.first("SELECT seq, note FROM leaf WHERE batch = ? AND seq >= 0", [.integer(batch)]) {
            ($0.integer(0), $0.bytes(1))
        }
    }

    /// A row of `leaf`.
    struct Row {
        let sequence: Int64
        let note: [UInt8]
        let details: [UInt8]
        let batch: Int64?
    }

    /// The next rows, by number.
    ///
    /// - Parameter last: the number before the first of them; nil for the beginning.
    static func page(after last: Int64?, limit: Int, _ db: Connection) throws -> [Row] {
        try db.all(
            "SELECT seq, note, details, batch FROM leaf WHERE seq > ? OR ? ORDER BY seq LIMIT ?",
            [.integer(last ?? .min), .integer(last == nil ? 1 : 0), .integer(Int64(limit))]
        ) {
            Row(
                sequence: $0.integer(0), note: $0.bytes(1), details: $0.bytes(2), batch: $0.optionalInteger(3))
        }
    }

    /// The notes before a line, newest first.
    static func notes(
        before sequence: UInt64, limit: Int, _ db: Connection
    ) throws -> [(sequence: Int64, note: [UInt8])] {
        try db.all(
            "SELECT seq, note FROM leaf WHERE seq < ? ORDER BY seq DESC LIMIT ?",
            [.integer(Int64(clamping: sequence)), .integer(Int64(limit))]
        ) { ($0.integer(0), $0.bytes(1)) }
    }

    static func hash(level: Int, position: UInt64, _ db: Connection) throws -> [UInt8]? {
        try db.bytes(
            "SELECT hash FROM node WHERE level = ? AND position = ?",
            [.integer(Int64(level)), .integer(Int64(position))])
    }

    static func checkpoint(_ size: UInt64, _ db: Connection) throws -> [UInt8]? {
        try db.bytes("SELECT note FROM checkpoint WHERE size = ?", [.integer(Int64(size))])
    }

    /// How many rows each of the three tables has.
    static func counts(_ db: Connection) throws -> (leaves: Int64, nodes: Int64, checkpoints: Int64) {
        (
            try db.integer("SELECT COUNT(*) FROM leaf") ?? 0, try db.integer("SELECT COUNT(*) FROM node") ?? 0,
            try db.integer("SELECT COUNT(*) FROM checkpoint") ?? 0
        )
    }

    /// How many rows of a table belong to no line and to no import that is open.
    static func countOfRowsWithoutLine(_ table: Table, _ db: Connection) throws -> Int64 {
        try db.integer(
            """
            SELECT COUNT(*) FROM \(table.rawValue) WHERE \(Published.rows)
            AND batch NOT IN (SELECT batch FROM leaf WHERE batch IS NOT NULL)
            """) ?? 0
    }

    // MARK: Appending

    static func insertLeaf(
        _ sequence: UInt64, note: [UInt8], details: [UInt8], batch: Int64?, _ db: Connection
    ) throws {
        try db.insert(
            into: "leaf", "seq, note, details, batch",
            [[.integer(Int64(sequence)), .blob(note), .blob(details), Value(batch)]])
    }

    static func insertNodes(_ nodes: [(level: Int, position: UInt64, hash: [UInt8])], _ db: Connection) throws {
        try db.insert(
            into: "node", "level, position, hash",
            nodes.map { [.integer(Int64($0.level)), .integer(Int64($0.position)), .blob($0.hash)] })
    }

    static func insertCheckpoint(_ size: UInt64, note: [UInt8], _ db: Connection) throws {
        try db.insert(into: "checkpoint", "size, note", [[.integer(Int64(size)), .blob(note)]])
    }
}
