import GRDB
import GRDBSQLite

// The seam under the tables (docs/engine.md).
//
// Above it stand row types and every statement, in SQL that PostgreSQL 15 reads as well; below it GRDB and the page store.
// What crosses it: statements and ``Value``s down, ``Rows`` up. Every statement is compiled once for a connection.

/// One transaction's or one snapshot's way to the tables.
///
/// It is lent to a closure and stays on its thread.
final class Connection {
    private let database: Database
    /// Rows that are being read. A server engine has one answer on its way at a time, so nothing is asked meanwhile.
    fileprivate var openRowsCount = 0
    /// The error that ended the transaction: what is asked afterwards gets the same answer.
    private var ended: ArchiveError?
    /// Where a row is spelled before it is hashed: one room for all.
    fileprivate var entry: [UInt8] = []

    init(_ database: Database) { self.database = database }

    /// The rows that `sql` answers with.
    ///
    /// The rows of the statement before have been let go: whoever still reads them gets an error here.
    func rows(_ sql: String, _ arguments: [Value] = []) throws -> Rows {
        guard openRowsCount == 0 else {
            throw ArchiveError(.inputOutput, "a statement was asked while the rows of another were being read")
        }
        return try Rows(self, prepared(sql, arguments))
    }

    /// Runs a statement that answers nothing.
    func execute(_ sql: String, _ arguments: [Value] = []) throws {
        let rows = try rows(sql, arguments)
        guard try !rows.next() else {
            throw ArchiveError(.integrity, "a statement that changes rows answered with one")
        }
    }

    /// Adds rows to a table.
    ///
    /// - Parameters:
    ///   - columns: their names, comma-separated.
    ///   - rows: the values of each row, in the order of the columns.
    func insert(into table: String, _ columns: String, _ rows: [[Value]]) throws {
        guard let count = rows.first?.count else { return }
        let marks = Array(repeating: "?", count: count).joined(separator: ", ")
        let sql = "INSERT INTO \(table) (\(columns)) VALUES (\(marks))"
        for row in rows { try execute(sql, row) }
    }

    // MARK: Whole answers

    /// Every row, as `make` reads it.
    func all<T>(_ sql: String, _ arguments: [Value] = [], _ make: (borrowing Rows) throws -> T) throws -> [T] {
        let rows = try rows(sql, arguments)
        var made: [T] = []
        while try rows.next() { made.append(try make(rows)) }
        return made
    }

    /// The first row, as `make` reads it; nil where there is none.
    func first<T>(_ sql: String, _ arguments: [Value] = [], _ make: (borrowing Rows) throws -> T) throws -> T? {
        let rows = try rows(sql, arguments)
        return try rows.next() ? try make(rows) : nil
    }

    /// The number in the first column of the first row; nil where there is no row or it is NULL.
    func integer(_ sql: String, _ arguments: [Value] = []) throws -> Int64? {
        try first(sql, arguments) { $0.isNull(0) ? nil : $0.integer(0) } ?? nil
    }

    /// The text in the first column of the first row; nil where there is no row or it is NULL.
    func text(_ sql: String, _ arguments: [Value] = []) throws -> String? {
        try first(sql, arguments) { $0.optionalText(0) } ?? nil
    }

    /// The bytes in the first column of the first row; nil where there is no row or it is NULL.
    func bytes(_ sql: String, _ arguments: [Value] = []) throws -> [UInt8]? {
        try first(sql, arguments) { $0.isNull(0) ? nil : $0.bytes(0) } ?? nil
    }

    // MARK: Statements

    private func prepared(_ sql: String, _ arguments: [Value]) throws -> Statement {
        if let ended { throw ended }
        let statement: Statement
        do {
            statement = try database.cachedStatement(sql: sql)
        } catch let error as DatabaseError {
            throw SQLiteFailure.archiveError(error)
        }
        guard unsafe sqlite3_bind_parameter_count(statement.sqliteStatement) == Int32(arguments.count) else {
            throw ArchiveError(.inputOutput, "a statement has another number of parameters")
        }
        for (index, value) in arguments.enumerated() {
            let code = unsafe Connection.bind(value, statement.sqliteStatement, Int32(index + 1))
            guard code == SQLITE_OK else { throw failure(code) }
        }
        return statement
    }

    /// The bytes are copied, because they need not outlive the call.
    private static func bind(_ value: Value, _ statement: SQLiteStatement, _ index: Int32) -> Int32 {
        let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .null: return unsafe sqlite3_bind_null(statement, index)
        case .integer(let number): return unsafe sqlite3_bind_int64(statement, index, number)
        case .text(var text):
            // A null pointer would be NULL and not the empty text.
            if text.isEmpty { return unsafe sqlite3_bind_text(statement, index, "", 0, copied) }
            return text.withUTF8 { utf8 in
                unsafe utf8.withMemoryRebound(to: CChar.self) { characters in
                    unsafe sqlite3_bind_text64(
                        statement, index, characters.baseAddress, UInt64(characters.count), copied,
                        UInt8(SQLITE_UTF8))
                }
            }
        case .blob(let bytes):
            if bytes.isEmpty { return unsafe sqlite3_bind_zeroblob(statement, index, 0) }
            return unsafe bytes.withUnsafeBytes {
                unsafe sqlite3_bind_blob64(statement, index, $0.baseAddress, UInt64($0.count), copied)
            }
        }
    }

    fileprivate func failure(_ code: Int32) -> ArchiveError {
        let error = SQLiteFailure.archiveError(code, unsafe String(cString: sqlite3_errmsg(database.sqliteConnection)))
        if !database.isInsideTransaction { ended = error }
        return error
    }
}

/// The rows of an answer, one after the other; a column is read as SQLite holds it.
///
/// In a loop over all records of a year an object for each row would be most of the work.
struct Rows: ~Copyable {
    private let connection: Connection
    private let statement: Statement

    fileprivate init(_ connection: Connection, _ statement: Statement) {
        self.connection = connection
        self.statement = statement
        connection.openRowsCount += 1
    }

    deinit {
        _ = unsafe sqlite3_reset(statement.sqliteStatement)
        connection.openRowsCount -= 1
    }

    /// Goes to the next row; false where there is none.
    func next() throws -> Bool {
        switch unsafe sqlite3_step(statement.sqliteStatement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw connection.failure(code)
        }
    }

    func isNull(_ column: Int) -> Bool {
        unsafe sqlite3_column_type(statement.sqliteStatement, Int32(column)) == SQLITE_NULL
    }

    func integer(_ column: Int) -> Int64 { unsafe sqlite3_column_int64(statement.sqliteStatement, Int32(column)) }

    func optionalInteger(_ column: Int) -> Int64? { isNull(column) ? nil : integer(column) }

    func text(_ column: Int) -> String { optionalText(column) ?? "" }

    func optionalText(_ column: Int) -> String? {
        guard let text = unsafe sqlite3_column_text(statement.sqliteStatement, Int32(column)) else { return nil }
        let count = Int(unsafe sqlite3_column_bytes(statement.sqliteStatement, Int32(column)))
        return unsafe String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    /// The bytes of a blob, or of a text.
    func bytes(_ column: Int) -> [UInt8] { unsafe withBytes(column) { unsafe Array($0) } }

    func optionalBytes(_ column: Int) -> [UInt8]? { isNull(column) ? nil : bytes(column) }

    /// Adds the bytes of a blob, or of a text, to `buffer`.
    func append(_ column: Int, to buffer: inout [UInt8]) {
        unsafe withBytes(column) { unsafe buffer.append(contentsOf: $0) }
    }

    /// Lends the bytes of a blob, or of a text; they are gone with the row.
    private func withBytes<T>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> T) -> T {
        let blob = unsafe sqlite3_column_blob(statement.sqliteStatement, Int32(column))
        let count = Int(unsafe sqlite3_column_bytes(statement.sqliteStatement, Int32(column)))
        return unsafe body(UnsafeRawBufferPointer(start: blob, count: blob == nil ? 0 : count))
    }

    /// Lends the room in which the row may be spelled.
    func withEntry<T>(_ body: (borrowing Rows, inout [UInt8]) -> T) -> T { body(self, &connection.entry) }

    /// The place of a column's text among `words`; nil where it is none of them.
    func index(_ column: Int, among words: [[UInt8]]) -> Int? {
        if isNull(column) { return nil }
        return unsafe withBytes(column) { text in words.firstIndex { unsafe text.elementsEqual($0) } }
    }

    /// How many columns a row has.
    var columnCount: Int { Int(unsafe sqlite3_column_count(statement.sqliteStatement)) }

    enum Storage { case null, integer, text, blob, real }

    /// What a damaged database really has in a column.
    func storage(_ column: Int) -> Storage {
        switch unsafe sqlite3_column_type(statement.sqliteStatement, Int32(column)) {
        case SQLITE_NULL: .null
        case SQLITE_INTEGER: .integer
        case SQLITE_TEXT: .text
        case SQLITE_BLOB: .blob
        default: .real
        }
    }

    /// The bits of a number that no column of the archive's tables holds.
    func realBits(_ column: Int) -> UInt64 {
        unsafe sqlite3_column_double(statement.sqliteStatement, Int32(column)).bitPattern
    }
}
