import CFaultFileSystem
import CPageCipher
import CPageStore
import Foundation
import GRDBSQLite
import ProbityTestSupport

/// What SQLite answered.
struct SQLFailure: Error, CustomStringConvertible {
    let code: Int32
    let message: String

    var primaryCode: Int32 { code & 0xFF }
    var description: String { "\(code): \(message)" }

    /// SQLITE_IOERR_DATA; the macro does not import.
    static let pageDamaged: Int32 = SQLITE_IOERR | (32 << 8)
    static let writeRefused: Int32 = SQLITE_IOERR | (3 << 8)
}

/// A number of rounds that a script may raise.
func rounds(_ name: String, _ quick: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? quick
}

enum Store {
    static let key = [UInt8](repeating: 0x5A, count: 32)

    /// The fault-injecting file system, and the page store on top of it.
    static let ready: Bool =
        unsafe fault_register() == SQLITE_OK && probity_pagestore_use_gcm(probity_page_cipher()) == SQLITE_OK
        && probity_pagestore_register() == SQLITE_OK

    static func addKey(_ path: String, _ key: [UInt8] = Store.key) throws {
        guard ready else { throw SQLFailure(code: SQLITE_ERROR, message: "not registered") }
        let code = unsafe probity_pagestore_add_key(path, key)
        guard code == SQLITE_OK else { throw SQLFailure(code: code, message: "no key added") }
    }
}

/// A connection for tests. One thread at a time.
@safe final class Connection {
    private(set) var db: OpaquePointer?

    init(_ path: String, flags: Int32 = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs: String? = nil) throws {
        precondition(Store.ready)
        let code = unsafe sqlite3_open_v2(path, &db, flags, vfs)
        guard code == SQLITE_OK else {
            let failure = SQLFailure(code: unsafe sqlite3_extended_errcode(db), message: "open")
            close()
            throw failure
        }
        unsafe sqlite3_extended_result_codes(db, 1)
        unsafe sqlite3_busy_timeout(db, 10_000)
    }

    deinit { close() }

    func close() {
        unsafe sqlite3_close_v2(db)
        unsafe db = nil
    }

    func execute(_ sql: String) throws {
        guard unsafe sqlite3_exec(db, sql, nil, nil, nil) == SQLITE_OK else { throw failure() }
    }

    /// All rows, each as its values' text joined by `|`.
    func rows(_ sql: String) throws -> [String] {
        var statement: OpaquePointer?
        guard unsafe sqlite3_prepare_v2(db, sql, -1, &statement, nil) == SQLITE_OK else { throw failure() }
        defer { unsafe sqlite3_finalize(statement) }
        var rows: [String] = []
        while true {
            let code = unsafe sqlite3_step(statement)
            if code == SQLITE_DONE { return rows }
            guard code == SQLITE_ROW else { throw failure() }
            let columns = unsafe sqlite3_column_count(statement)
            rows.append(
                (0..<columns).map { column in
                    unsafe sqlite3_column_text(statement, column).map { unsafe String(cString: $0) } ?? "NULL"
                }.joined(separator: "|"))
        }
    }

    func value(_ sql: String) throws -> String { try rows(sql).first ?? "" }

    private func failure() -> SQLFailure {
        unsafe SQLFailure(code: sqlite3_extended_errcode(db), message: String(cString: sqlite3_errmsg(db)))
    }

    /// Reads bytes of the main file through the VFS, past SQLite's cache, as a transaction of its own.
    func readFile(offset: Int64, count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: count)
        try readFile(offset: offset, into: &bytes)
        return bytes
    }

    func readFile(offset: Int64, into bytes: inout [UInt8]) throws {
        let count = bytes.count
        var file: UnsafeMutablePointer<sqlite3_file>?
        let found = unsafe sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file)
        guard found == SQLITE_OK, let file = unsafe file, let methods = unsafe file.pointee.pMethods,
            let read = unsafe methods.pointee.xRead, let lock = unsafe methods.pointee.xLock
        else { throw SQLFailure(code: found, message: "no file") }
        guard unsafe lock(file, SQLITE_LOCK_SHARED) == SQLITE_OK else {
            throw SQLFailure(code: SQLITE_BUSY, message: "lock")
        }
        let code = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe read(file, buffer.baseAddress, Int32(count), offset)
        }
        guard code == SQLITE_OK else { throw SQLFailure(code: code, message: "read") }
    }
}

/// A disk in memory. Not for two threads at a time, except through SQLite.
@safe final class Disk {
    let name: String
    let disk: OpaquePointer

    init() throws {
        guard Store.ready else { throw SQLFailure(code: SQLITE_ERROR, message: "not registered") }
        name = UUID().uuidString
        unsafe disk = fault_disk_create(name)
        try Store.addKey(path("main.db"))
    }

    deinit {
        unsafe probity_pagestore_remove_key(path("main.db"))
        unsafe fault_disk_destroy(disk)
    }

    func path(_ file: String) -> String { "/fault/\(name)/\(file)" }
    var database: String { path("main.db") }

    subscript(file: String) -> [UInt8]? {
        get {
            let count = unsafe fault_disk_get(disk, file, nil, 0)
            guard count >= 0 else { return nil }
            var bytes = [UInt8](repeating: 0, count: Int(count))
            unsafe bytes.withUnsafeMutableBytes { buffer in
                _ = unsafe fault_disk_get(disk, file, buffer.baseAddress, buffer.count)
            }
            return bytes
        }
        set {
            if let newValue {
                unsafe newValue.withUnsafeBytes { unsafe fault_disk_set(disk, file, $0.baseAddress, $0.count) }
            } else {
                unsafe fault_disk_remove(disk, file)
            }
        }
    }

    /// Changes bytes of a file that may be open.
    func write(_ file: String, offset: Int, _ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe fault_disk_patch(disk, file, offset, $0.baseAddress, $0.count) }
    }

    func copy(from other: Disk) { unsafe fault_disk_copy(disk, other.disk) }
    func fail(_ kind: FaultKind, at number: UInt64, forEver: Bool = false) {
        unsafe fault_disk_fail(disk, kind, number, forEver)
    }
    func count(_ kind: FaultKind) -> UInt64 { unsafe fault_disk_count(disk, kind) }
    var hasFailed: Bool { unsafe fault_disk_failed(disk) }
    func cutPower(at number: UInt64) { unsafe fault_disk_cut_power(disk, number) }
    var isDark: Bool { unsafe fault_disk_is_dark(disk) }
    var changeCount: UInt64 { unsafe fault_disk_change_count(disk) }
    func restart(seed: UInt64) { unsafe fault_disk_restart(disk, seed) }

    /// A connection to `main.db`, in WAL mode.
    func open() throws -> Connection {
        let connection = try Connection(database)
        _ = try connection.rows("PRAGMA journal_mode = WAL")
        return connection
    }
}

/// A database of about `pages` pages with long values (overflow pages), an index and a free list, closed and whole.
func makeSample(_ disk: Disk, pages: Int = 50, seed: UInt64 = 1) throws {
    let connection = try disk.open()
    try connection.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, body TEXT); CREATE INDEX byBody ON item(body)")
    var random = SeededGenerator(seed: seed)
    var id = 0
    while true {
        id += 1
        let length = Int.random(in: 10...9000, using: &random)
        let body = (0..<length).map { "\((id &* 31 &+ $0 &* 7) % 10)" }.joined()
        try connection.execute("INSERT INTO item VALUES (\(id), '\(body)')")
        if let count = Int(try connection.value("PRAGMA page_count")), count >= pages + 2 { break }
    }
    try connection.execute("DELETE FROM item WHERE id % 9 = 4")
    connection.close()
}

/// Everything SQLite can find in a database, or the failure.
func readAll(_ path: String) throws -> [String] {
    let connection = try Connection(path, flags: SQLITE_OPEN_READWRITE)
    defer { connection.close() }
    let check = try connection.rows("PRAGMA integrity_check")
    guard check == ["ok"] else { throw SQLFailure(code: SQLITE_CORRUPT, message: check.first ?? "") }
    // Free pages hold no rows; a backup reads every page there is.
    let copy = try Connection(":memory:")
    defer { copy.close() }
    let backup = unsafe sqlite3_backup_init(copy.db, "main", connection.db, "main")
    unsafe sqlite3_backup_step(backup, -1)
    let code = unsafe sqlite3_backup_finish(backup)
    guard code == SQLITE_OK else { throw SQLFailure(code: code, message: "backup") }
    return try connection.rows("SELECT type, name, sql FROM sqlite_schema ORDER BY name")
        + connection.rows("SELECT * FROM item ORDER BY id")
}
