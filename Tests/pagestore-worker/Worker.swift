import CPageCipher
import CPageStore
import CSealReader
import Foundation
import GRDBSQLite

/// A process for the tests to kill.
///
/// `write PATH NAME` adds transactions to the counter NAME for ever and prints the number of each once it is committed;
/// `read PATH` checks snapshots for ever and ends with 1 where one does not add up; `nonces` forks once and checks nonces.
@main
struct Worker {
    static let key = [UInt8](repeating: 0x5A, count: 32)

    static func main() {
        let arguments = CommandLine.arguments
        switch arguments.count > 1 ? arguments[1] : "" {
        case "write" where arguments.count == 4: write(path: arguments[2], name: arguments[3])
        case "read" where arguments.count == 3: read(path: arguments[2])
        case "nonces": exit(nonces_differ_after_fork() ? 0 : 1)
        default: exit(64)
        }
    }

    private static func open(_ path: String) -> OpaquePointer {
        var db: OpaquePointer?
        guard unsafe probity_pagestore_use_gcm(probity_page_cipher()) == SQLITE_OK,
            probity_pagestore_register() == SQLITE_OK,
            unsafe probity_pagestore_add_key(path, key) == SQLITE_OK,
            unsafe sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK, let db = unsafe db
        else { exit(2) }
        unsafe sqlite3_busy_timeout(db, 10_000)
        return unsafe db
    }

    private static func run(_ db: OpaquePointer, _ sql: String) {
        let code = unsafe sqlite3_exec(db, sql, nil, nil, nil)
        guard code != SQLITE_OK else { return }
        let reason = unsafe String(cString: sqlite3_errmsg(db))
        FileHandle.standardError.write(Data("\(sql): \(code) \(reason)\n".utf8))
        exit(3)
    }

    private static func number(_ db: OpaquePointer, _ sql: String) -> Int64 {
        var statement: OpaquePointer?
        guard unsafe sqlite3_prepare_v2(db, sql, -1, &statement, nil) == SQLITE_OK else { exit(4) }
        defer { unsafe sqlite3_finalize(statement) }
        let code = unsafe sqlite3_step(statement)
        guard code == SQLITE_ROW else {
            FileHandle.standardError.write(Data("\(sql): \(code)\n".utf8))
            exit(5)
        }
        return unsafe sqlite3_column_int64(statement, 0)
    }

    /// Whoever started this process is to end it; where he was ended himself, nobody else would.
    private static let parent = getppid()
    private static func demandParent() { if getppid() != parent { exit(0) } }

    private static func write(path: String, name: String) {
        _ = parent
        let db = unsafe open(path)
        unsafe run(db, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 20; PRAGMA cache_size = 10")
        while true {
            demandParent()
            unsafe run(db, "BEGIN IMMEDIATE")
            unsafe run(db, "UPDATE counter SET value = value + 1 WHERE name = '\(name)'")
            let value = unsafe number(db, "SELECT value FROM counter WHERE name = '\(name)'")
            // The rows of a counter always add up to its value, in a table that grows and shrinks over several pages.
            unsafe run(db, "INSERT INTO item VALUES ('\(name)', \(value), zeroblob(\(value % 7 * 2000)))")
            unsafe run(db, "DELETE FROM item WHERE name = '\(name)' AND value = \(value - 20)")
            unsafe run(db, "UPDATE total SET value = value + 1")
            unsafe run(db, "COMMIT")
            FileHandle.standardOutput.write(Data("\(value)\n".utf8))
        }
    }

    private static func read(path: String) {
        _ = parent
        let db = unsafe open(path)
        while true {
            demandParent()
            unsafe run(db, "BEGIN")
            let sum = unsafe number(db, "SELECT sum(value) FROM counter")
            let total = unsafe number(db, "SELECT value FROM total")
            let bytes = unsafe number(db, "SELECT sum(length(body)) - sum(value % 7 * 2000) FROM item")
            unsafe run(db, "COMMIT")
            guard sum == total, bytes == 0 else {
                FileHandle.standardError.write(Data("a snapshot does not add up: \(sum) \(total) \(bytes)\n".utf8))
                exit(1)
            }
        }
    }
}
