import ProbityCrypto
import ProbityLedger

// Objects of an act.
//
// Every row that an act makes carries the act's batch number. The leaf of the act commits to them with the root of an
// RFC 6962 tree whose entries are the rows, table by table in the order of ``Table`` and by primary key inside a table. An
// entry is the table's name and every column in the order given there, the batch last, each as
//
//     type (1 byte: 0 NULL, 1 integer, 2 text, 3 blob) ‖ length in bytes (4, big-endian) ‖ value
//
// with integers as 8 bytes big-endian two's complement and the name as text.
//
// A writer hashes the rows that it inserts, as it inserts them (``RowTally``): what somebody else put under its number it
// neither signs nor overlooks. A reader takes them from the database (``RowDigest/ofRows(_:_:)``). Both spell an
// entry with the same few functions.

/// The rows of an act as its leaf names them: how many, and the root over them.
struct RowDigest: Equatable {
    let count: UInt64
    let root: SHA256Digest
    /// Tables that the rows stand in.
    let tables: Set<Table>

    /// The number and root of the rows of `batch` that stand in the database.
    ///
    /// - Parameter receive: gets the tiles over them.
    static func ofRows(
        _ batch: Int64, _ db: Connection, _ receive: (RowTile) throws -> Void = { _ in }
    ) throws -> RowDigest {
        var tiles = RowTiles()
        var filled: Set<Table> = []
        for table in Table.allCases {
            let before = tiles.count
            let rows = try db.rows(select[table] ?? "", [.integer(batch)])
            while try rows.next() {
                try tiles.append(
                    RowMark(table, rows).hash, version: table == .version ? rows.integer(0) : nil, receive)
            }
            if tiles.count > before { filled.insert(table) }
        }
        let (count, root) = try tiles.finish(receive)
        return RowDigest(count: count, root: root, tables: filled)
    }

    /// Whether every row that a short act's line names stands in the database, whatever stands there besides.
    static func holdsAll(_ proof: RowProof, _ known: VouchedRows, _ db: Connection) throws -> Bool {
        var tiles: [RowTile] = []
        _ = try ofRows(proof.batch, db) { tiles.append($0) }
        let standing = Set(tiles.filter { $0.level == 0 }.flatMap(\.hashes))
        return try proof.hashes(known, db)?.allSatisfy(standing.contains) ?? false
    }

    private static let select = Dictionary(
        uniqueKeysWithValues: Table.allCases.map { table in
            let order = table.columns.prefix(table.keyColumnCount).joined(separator: ", ")
            return (table, "SELECT \(table.list) FROM \(table.rawValue) WHERE batch = ? ORDER BY \(order)")
        })

    /// How many rows of `batch` stand in the database.
    static func countOfRows(_ batch: Int64, _ db: Connection) throws -> UInt64 {
        UInt64(try db.integer(count, Table.allCases.map { _ in .integer(batch) }) ?? 0)
    }

    private static let count =
        "SELECT "
        + Table.allCases.map { "(SELECT COUNT(*) FROM \($0.rawValue) WHERE batch = ?)" }.joined(separator: " + ")
}

/// By what a row that stands in the database is believed: the act that it says made it, and its hash.
struct RowMark {
    let batch: Int64
    let hash: SHA256Digest

    /// The mark of a row that is read.
    ///
    /// - Parameter rows: of an answer with the columns of ``Table/list``.
    init(_ table: Table, _ rows: borrowing Rows) {
        batch = rows.integer(rows.columnCount - 1)
        hash = rows.withEntry { rows, entry in
            RowEntry.spell(table, rows, &entry)
            return MerkleTree.leafHash(entry)
        }
    }

    /// The mark of the row that has a primary key; nil where none has.
    static func row(_ table: Table, _ key: [Value], _ db: Connection) throws -> RowMark? {
        try db.first(select[table] ?? "", key) { RowMark(table, $0) }
    }

    private static let select = Dictionary(
        uniqueKeysWithValues: Table.allCases.map { table in
            let key = table.columns.prefix(table.keyColumnCount).map { "\($0) = ?" }.joined(separator: " AND ")
            return (table, "SELECT \(table.list) FROM \(table.rawValue) WHERE \(key)")
        })
}

/// The rows that one writer has inserted under one number, each as its hash: all that is kept of a long import.
final class RowTally {
    private struct Row {
        /// The primary key: alone where it is a number, which nearly all are.
        let number: Int64
        let hash: SHA256Digest
    }

    private struct OtherRow {
        /// The primary key in bytes that are ordered as it is.
        let key: [UInt8]
        let hash: SHA256Digest
    }

    private var numbered: [Table: [Row]] = [:]
    private var others: [Table: [OtherRow]] = [:]
    private var entry: [UInt8] = []

    var isEmpty: Bool { numbered.isEmpty && others.isEmpty }

    /// - Parameter values: of all columns, the batch last.
    func add(_ table: Table, _ values: [Value]) {
        RowEntry.begin(table, &entry)
        for value in values { RowEntry.append(value, to: &entry) }
        let hash = MerkleTree.leafHash(entry)
        if table.keyColumnCount == 1, case .integer(let number) = values[0] {
            numbered[table, default: []].append(Row(number: number, hash: hash))
        } else {
            let key = values.prefix(table.keyColumnCount).flatMap(RowTally.ordered)
            others[table, default: []].append(OtherRow(key: key, hash: hash))
        }
    }

    /// The number and root of the rows.
    ///
    /// - Parameter receive: gets the tiles over them.
    func digest(_ receive: (RowTile) throws -> Void = { _ in }) rethrows -> RowDigest {
        var tiles = RowTiles()
        var filled: Set<Table> = []
        for table in Table.allCases {
            numbered[table]?.sort { $0.number < $1.number }
            for row in numbered[table] ?? [] {
                try tiles.append(row.hash, version: table == .version ? row.number : nil, receive)
            }
            for row in (others[table] ?? []).sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                try tiles.append(row.hash, version: nil, receive)
            }
            if numbered[table] != nil || others[table] != nil { filled.insert(table) }
        }
        let (count, root) = try tiles.finish(receive)
        return RowDigest(count: count, root: root, tables: filled)
    }

    /// Bytes that compare as the engine compares the values: texts and blobs bytewise. Of a key of two columns the first has
    /// always one length.
    private static func ordered(_ value: Value) -> [UInt8] {
        switch value {
        case .null: []
        case .integer(let number): [UInt8](bigEndian: number ^ .min)
        case .text(let text): Array(text.utf8)
        case .blob(let bytes): bytes
        }
    }
}

/// How an entry is spelled.
private enum RowEntry {
    static func begin(_ table: Table, _ entry: inout [UInt8]) {
        entry.removeAll(keepingCapacity: true)
        append(.text(table.rawValue), to: &entry)
    }

    static func append(_ value: Value, to entry: inout [UInt8]) {
        switch value {
        case .null: head(0, 0, &entry)
        case .integer(let number):
            head(1, 8, &entry)
            entry.append(bigEndian: number)
        case .text(var text):
            text.withUTF8 { utf8 in
                head(2, utf8.count, &entry)
                unsafe entry.append(contentsOf: utf8)
            }
        case .blob(let bytes):
            head(3, bytes.count, &entry)
            entry.append(contentsOf: bytes)
        }
    }

    /// Spells a row with the columns of ``Table/list``.
    static func spell(_ table: Table, _ rows: borrowing Rows, _ entry: inout [UInt8]) {
        begin(table, &entry)
        for column in 0..<rows.columnCount { append(rows, column, to: &entry) }
    }

    private static func append(_ rows: borrowing Rows, _ column: Int, to entry: inout [UInt8]) {
        switch rows.storage(column) {
        case .null: head(0, 0, &entry)
        case .integer:
            head(1, 8, &entry)
            entry.append(bigEndian: rows.integer(column))
        // STRICT tables without REAL columns hold no doubles; a damaged one must still be covered.
        case .real:
            head(4, 8, &entry)
            entry.append(bigEndian: Int64(bitPattern: rows.realBits(column)))
        case .text, .blob:
            // The length of a text is known only when it has been read as one.
            let at = entry.count
            head(rows.storage(column) == .text ? 2 : 3, 0, &entry)
            rows.append(column, to: &entry)
            let count = entry.count - at - 5
            for index in 0..<4 { entry[at + 1 + index] = UInt8(truncatingIfNeeded: count >> (24 - 8 * index)) }
        }
    }

    private static func head(_ type: UInt8, _ count: Int, _ entry: inout [UInt8]) {
        entry.append(type)
        entry.append(bigEndian: UInt32(truncatingIfNeeded: count))
    }
}

extension [UInt8] {
    init(bigEndian number: some FixedWidthInteger) {
        self = []
        append(bigEndian: number)
    }

    mutating func append(bigEndian number: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: number.bigEndian) { unsafe append(contentsOf: $0) }
    }
}
