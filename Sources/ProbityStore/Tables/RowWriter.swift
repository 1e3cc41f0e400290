import ProbityCrypto

/// Inserts the rows of one act, and remembers which they were. There is no update and no delete.
///
/// What each table takes stands with the table.
final class RowWriter {
    let db: Connection
    /// The number that every row of the act carries.
    let batch: Int64
    private let tally: RowTally
    /// Whether rows of the act were committed before: somebody else could get at them meanwhile.
    private let isContinued: Bool

    /// A writer under a new number.
    ///
    /// Numbers are never used twice, order as their acts do, and cannot be foreseen: a row that somebody puts ahead under the
    /// next number is nobody's. They stay below 2^53, so that every reader of JSON can read them.
    convenience init(_ db: Connection) throws {
        let size = try LeafTable.size(db)
        guard size < 1 << 29 else { throw ArchiveError(.ledgerNotWritable, "the ledger is full") }
        var batch: Int64
        repeat {
            batch = Int64(size << 24 | RandomBytes.uint64() >> 40)
        } while try batch == 0 || LeafTable.line(ofBatch: batch, db) != nil || OpenBatchTable.has(batch, db)
        self.init(db, batch, RowTally(), isContinued: false)
    }

    private init(_ db: Connection, _ batch: Int64, _ tally: RowTally, isContinued: Bool) {
        self.db = db
        self.batch = batch
        self.tally = tally
        self.isContinued = isContinued
    }

    /// A writer that goes on under the number of an open import.
    ///
    /// - Parameter tally: the rows that it has inserted so far.
    convenience init(_ db: Connection, batch: Int64, _ tally: RowTally) {
        self.init(db, batch, tally, isContinued: true)
    }

    var hasRows: Bool { !tally.isEmpty }

    /// The rows of the act as its leaf names them; their tiles stand in the database afterwards.
    ///
    /// - Throws: ``ArchiveError`` `integrity` where other rows stand under its number: the act is not signed.
    func digest() throws -> RowDigest {
        let digest = try tally.digest { try RowTileTable.insert($0, batch: batch, db) }
        let isWhole =
            try isContinued
            ? RowDigest.ofRows(batch, db) == digest : RowDigest.countOfRows(batch, db) == digest.count
        guard isWhole else {
            throw ArchiveError(.integrity, "the rows under the act's number are not those that it made")
        }
        return digest
    }

    /// - Parameter values: of all columns but the batch.
    func insert(_ table: Table, _ values: [Value]) throws {
        let row = values + [.integer(batch)]
        try db.execute(RowWriter.insertion[table] ?? "", row)
        tally.add(table, row)
    }

    /// The next free number; the lowest free one where somebody took a number that no archive comes to.
    func nextID(_ table: Table) throws -> Int64 {
        let last = try db.integer("SELECT MAX(id) FROM \(table.rawValue)") ?? 0
        if last < 1 << 48 { return last + 1 }
        let free = try db.integer(
            """
            SELECT MIN(id) + 1 FROM \(table.rawValue) WHERE id > 0
            AND NOT EXISTS (SELECT 1 FROM \(table.rawValue) AS after WHERE after.id = \(table.rawValue).id + 1)
            """)
        return free ?? 1
    }

    private static let insertion = Dictionary(
        uniqueKeysWithValues: Table.allCases.map { table in
            let columns = table.columns + ["batch"]
            let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
            return (table, "INSERT INTO \(table.rawValue) (\(columns.joined(separator: ", "))) VALUES (\(marks))")
        })
}
