import ArgumentParser
import Glibc

/// The functions of one SQLite: the library that the product is linked to, or a fork that is loaded beside it.
@safe struct SQLiteLibrary {
    typealias Destructor = @convention(c) (UnsafeMutableRawPointer?) -> Void
    typealias Callback = @convention(c) (UnsafeMutableRawPointer?, Int32, OpaquePointer?, OpaquePointer?) -> Int32

    let open:
        @convention(c) (UnsafePointer<CChar>?, UnsafeMutablePointer<OpaquePointer?>?, Int32, UnsafePointer<CChar>?) ->
            Int32
    let close: @convention(c) (OpaquePointer?) -> Int32
    let execute:
        @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, Callback?, UnsafeMutableRawPointer?, OpaquePointer?) ->
            Int32
    let message: @convention(c) (OpaquePointer?) -> UnsafePointer<CChar>?
    let busyTimeout: @convention(c) (OpaquePointer?, Int32) -> Int32
    let prepare:
        @convention(c) (
            OpaquePointer?, UnsafePointer<CChar>?, Int32, UnsafeMutablePointer<OpaquePointer?>?, OpaquePointer?
        ) -> Int32
    let finalize: @convention(c) (OpaquePointer?) -> Int32
    let step: @convention(c) (OpaquePointer?) -> Int32
    let reset: @convention(c) (OpaquePointer?) -> Int32
    let bindNumber: @convention(c) (OpaquePointer?, Int32, Int64) -> Int32
    let bindText: @convention(c) (OpaquePointer?, Int32, UnsafePointer<CChar>?, Int32, Destructor?) -> Int32
    let bindBlob: @convention(c) (OpaquePointer?, Int32, UnsafeRawPointer?, Int32, Destructor?) -> Int32
    let columnNumber: @convention(c) (OpaquePointer?, Int32) -> Int64
    let columnBlob: @convention(c) (OpaquePointer?, Int32) -> UnsafeRawPointer?
    let columnByteCount: @convention(c) (OpaquePointer?, Int32) -> Int32
    let backupInit:
        @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, OpaquePointer?, UnsafePointer<CChar>?) -> OpaquePointer?
    let backupStep: @convention(c) (OpaquePointer?, Int32) -> Int32
    let backupFinish: @convention(c) (OpaquePointer?) -> Int32

    /// Nil where the library is not installed.
    ///
    /// - Throws: where it is there and lacks a function.
    init?(named name: String) throws {
        // A fork calls functions of the names that the linked library has, and must find its own (DEEPBIND).
        let deepBind: Int32 = 8
        guard let handle = unsafe dlopen(name, RTLD_NOW | RTLD_LOCAL | deepBind) else { return nil }
        func find<Function>(_ symbol: String, _ type: Function.Type) throws -> Function {
            guard let address = unsafe dlsym(handle, symbol) else { throw ValidationError("\(name) has no \(symbol)") }
            return unsafe unsafeBitCast(address, to: type)
        }
        unsafe open = try find("sqlite3_open_v2", type(of: open))
        unsafe close = try find("sqlite3_close_v2", type(of: close))
        unsafe execute = try find("sqlite3_exec", type(of: execute))
        unsafe message = try find("sqlite3_errmsg", type(of: message))
        unsafe busyTimeout = try find("sqlite3_busy_timeout", type(of: busyTimeout))
        unsafe prepare = try find("sqlite3_prepare_v2", type(of: prepare))
        unsafe finalize = try find("sqlite3_finalize", type(of: finalize))
        unsafe step = try find("sqlite3_step", type(of: step))
        unsafe reset = try find("sqlite3_reset", type(of: reset))
        unsafe bindNumber = try find("sqlite3_bind_int64", type(of: bindNumber))
        unsafe bindText = try find("sqlite3_bind_text", type(of: bindText))
        unsafe bindBlob = try find("sqlite3_bind_blob", type(of: bindBlob))
        unsafe columnNumber = try find("sqlite3_column_int64", type(of: columnNumber))
        unsafe columnBlob = try find("sqlite3_column_blob", type(of: columnBlob))
        unsafe columnByteCount = try find("sqlite3_column_bytes", type(of: columnByteCount))
        unsafe backupInit = try find("sqlite3_backup_init", type(of: backupInit))
        unsafe backupStep = try find("sqlite3_backup_step", type(of: backupStep))
        unsafe backupFinish = try find("sqlite3_backup_finish", type(of: backupFinish))
    }
}

let sqliteOK: Int32 = 0
let sqliteRow: Int32 = 100
let sqliteDone: Int32 = 101

/// A connection, without a layer of Swift between that would be measured too.
@safe final class BenchDatabase {
    let library: SQLiteLibrary
    private(set) var handle: OpaquePointer?

    /// - Parameter isNew: whether the file is made where there is none.
    init(_ library: SQLiteLibrary, _ path: String, vfs: String?, isNew: Bool) throws {
        self.library = library
        let readWrite: Int32 = 2
        let create: Int32 = 4
        let flags = isNew ? readWrite | create : readWrite
        let code =
            if let vfs {
                unsafe library.open(path, &handle, flags, vfs)
            } else {
                unsafe library.open(path, &handle, flags, nil)
            }
        guard code == sqliteOK else { throw ValidationError("\(path) does not open (\(code))") }
        _ = unsafe library.busyTimeout(handle, 10_000)
    }

    deinit { _ = unsafe library.close(handle) }

    func execute(_ sql: String) throws {
        guard unsafe library.execute(handle, sql, nil, nil, nil) == sqliteOK else { throw failure() }
    }

    func failure() -> ValidationError {
        let text = unsafe library.message(handle).map { unsafe String(cString: $0) } ?? "no message"
        return ValidationError("SQLite: \(text)")
    }

    func number(_ sql: String) throws -> Int64 {
        let statement = try BenchStatement(self, sql)
        guard try statement.next() else { throw ValidationError("no row: \(sql)") }
        return statement.number(0)
    }
}

@safe final class BenchStatement {
    private let database: BenchDatabase
    private let library: SQLiteLibrary
    private var handle: OpaquePointer?

    init(_ database: BenchDatabase, _ sql: String) throws {
        self.database = database
        library = database.library
        guard unsafe library.prepare(database.handle, sql, -1, &handle, nil) == sqliteOK else {
            throw database.failure()
        }
    }

    deinit { _ = unsafe library.finalize(handle) }

    func bind(_ numbers: Int64..., from first: Int32 = 1) {
        for (offset, number) in numbers.enumerated() {
            _ = unsafe library.bindNumber(handle, first + Int32(offset), number)
        }
    }

    /// Runs the statement with a blob and perhaps a text; what is bound lives until it has run, so nothing is copied.
    func run(blob: [UInt8], at blobPlace: Int32, text: String? = nil, at textPlace: Int32 = 0) throws {
        let code = unsafe blob.withUnsafeBytes { bytes -> Int32 in
            _ = unsafe library.bindBlob(handle, blobPlace, bytes.baseAddress, Int32(bytes.count), nil)
            guard let text else { return unsafe library.step(handle) }
            return unsafe text.withCString { text in
                _ = unsafe library.bindText(handle, textPlace, text, -1, nil)
                return unsafe library.step(handle)
            }
        }
        _ = unsafe library.reset(handle)
        guard code == sqliteDone else { throw database.failure() }
    }

    /// Goes on to the next row; resets the statement behind the last.
    func next() throws -> Bool {
        switch unsafe library.step(handle) {
        case sqliteRow: return true
        case sqliteDone:
            _ = unsafe library.reset(handle)
            return false
        default: throw database.failure()
        }
    }

    func number(_ column: Int32) -> Int64 { unsafe library.columnNumber(handle, column) }

    func bytes<T>(_ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        let count = Int(unsafe library.columnByteCount(handle, column))
        return try unsafe body(UnsafeRawBufferPointer(start: library.columnBlob(handle, column), count: count))
    }
}
