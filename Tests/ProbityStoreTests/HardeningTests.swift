import Foundation
import GRDB
import GRDBSQLite
import ProbityCrypto
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

/// What the archive's connections do not do, whatever statement or file they are given (docs/threat-model.md, "A database
/// made by an enemy").
@Suite("Hardened connections")
struct HardeningTests {
    /// Statements that neither a reader nor a writer carries out.
    private static let refused = [
        "ATTACH ':memory:' AS other", "ATTACH '/tmp/other.db' AS other", "DETACH main", "DETACH other",
        "VACUUM", "VACUUM INTO '/tmp/other.db'",
        "CREATE TABLE t (x)", "CREATE TABLE t AS SELECT note FROM leaf", "CREATE VIEW v AS SELECT 1",
        "CREATE INDEX i ON officer (dossier)", "CREATE TRIGGER t AFTER INSERT ON officer BEGIN DELETE FROM leaf; END",
        "CREATE VIRTUAL TABLE t USING fts4(x)", "CREATE VIRTUAL TABLE t USING rtree(id, a, b)",
        "DROP TABLE trayIntake", "DROP INDEX versionBatch", "ALTER TABLE officer ADD COLUMN x TEXT",
        "ALTER TABLE officer RENAME TO o", "ANALYZE",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = '' WHERE name = 'unit'",
        "PRAGMA writable_schema = ON; DELETE FROM sqlite_master",
        "PRAGMA query_only = OFF; CREATE TABLE t (x)",
        "SELECT load_extension('x')", "SELECT fts3_tokenizer('x', zeroblob(8))",
        "SELECT \"no such column\"", "INSERT INTO unit (id, kind, name, batch) VALUES (\"U98\", 'x', 'x', 1)",
        "SELECT " + String(repeating: "1+", count: 200) + "1",
        "SELECT 'a' LIKE '\(String(repeating: "%a", count: 60))'",
        "SELECT " + (0..<120).map(String.init).joined(separator: ", "),
        "SELECT 1" + String(repeating: " UNION ALL SELECT 1", count: 40),
        "SELECT length(zeroblob(64000001))", "SELECT '\(String(repeating: "x", count: 100_001))'",
    ]

    /// Statements that SQLite takes and that change nothing: the mode, the key and the version of the schema are not theirs.
    private static let ineffective = [
        "PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = OFF", "PRAGMA journal_mode = MEMORY",
        "PRAGMA key = 'x'", "PRAGMA rekey = 'x'", "PRAGMA hexkey = '00'", "PRAGMA schema_version = 99",
        "PRAGMA page_size = 8192", "PRAGMA auto_vacuum = FULL", "PRAGMA encoding = 'UTF-16'",
        "PRAGMA foreign_keys = OFF", "PRAGMA mmap_size = 1000000000", "PRAGMA writable_schema = ON",
    ]

    private static func state(_ db: Connection) throws -> [String] {
        try [
            "journal_mode", "schema_version", "page_size", "auto_vacuum", "encoding", "foreign_keys", "user_version",
        ].map { try "\($0) \(db.text("PRAGMA \($0)") ?? "")" }
    }

    @Test("By no statement does a reader or a writer attach, load, or change tables, settings and keys")
    func statements() throws {
        let fixture = try Fixture(withRecords: false)
        let archive = fixture.archive
        let before = try fixture.fingerprint()
        let state = try archive.snapshot(HardeningTests.state)
        #expect(
            state.prefix(4) == [
                "journal_mode wal", "schema_version \(state[1].split(separator: " ")[1])", "page_size 4096",
                "auto_vacuum 0",
            ])
        for statement in HardeningTests.refused {
            #expect(throws: ArchiveError.self, "reader: \(statement)") {
                try archive.snapshot { try HardeningTests.run(statement, $0) }
            }
            #expect(throws: ArchiveError.self, "writer: \(statement)") {
                try archive.transact("test") { try HardeningTests.run(statement, $0) }
            }
        }
        #expect(throws: ArchiveError.self) {
            try archive.snapshot { try $0.execute("DELETE FROM leaf") }
        }
        // The address of a tokenizer stays SQLite's own.
        #expect(try archive.raw { try Data.fetchOne($0, sql: "SELECT fts3_tokenizer('simple')") } == nil)
        for statement in HardeningTests.ineffective {
            // Some are errors, which is as good.
            do { try archive.snapshot { try HardeningTests.run(statement, $0) } } catch is ArchiveError {}
            do { try archive.transact("test") { try HardeningTests.run(statement, $0) } } catch is ArchiveError {}
            #expect(try archive.snapshot(HardeningTests.state) == state, "\(statement)")
            #expect(try archive.transact("test", HardeningTests.state) == state, "\(statement)")
        }
        #expect(try fixture.fingerprint() == before)
        #expect(try archive.check().findings == [])
        try fixture.closeArchive()
        #expect(try fixture.reopened().check().findings == [])
        #expect(!FileManager.default.fileExists(atPath: "/tmp/other.db"))
    }

    private static func run(_ statement: String, _ db: Connection) throws {
        for part in statement.split(separator: ";", omittingEmptySubsequences: true) where !statement.contains("BEGIN")
        {
            _ = try db.all(String(part)) { $0.isNull(0) }
        }
        if statement.contains("BEGIN") { try db.execute(statement) }
    }

    @Test("Memory and file size are bounded, and every connection has the settings")
    func bounds() throws {
        let fixture = try Fixture(withRecords: false)
        #expect(sqlite3_hard_heap_limit64(-1) == 512 * 1024 * 1024)
        let settings = [
            "max_page_count": SQLiteDatabase.maximumPageCount, "cell_size_check": 1, "temp_store": 2,
            "secure_delete": 1, "trusted_schema": 0, "foreign_keys": 1,
        ]
        for (name, value) in settings {
            #expect(try fixture.archive.snapshot { try $0.integer("PRAGMA \(name)") } == Int64(value), "\(name)")
            #expect(
                try fixture.archive.transact("test") { try $0.integer("PRAGMA \(name)") } == Int64(value),
                "\(name)")
        }
        let limits = [
            SQLITE_LIMIT_LENGTH: 64_000_000, SQLITE_LIMIT_SQL_LENGTH: 100_000, SQLITE_LIMIT_COLUMN: 100,
            SQLITE_LIMIT_EXPR_DEPTH: 20, SQLITE_LIMIT_COMPOUND_SELECT: 20, SQLITE_LIMIT_VDBE_OP: 25_000,
            SQLITE_LIMIT_FUNCTION_ARG: 8, SQLITE_LIMIT_ATTACHED: 0, SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
            SQLITE_LIMIT_VARIABLE_NUMBER: 128, SQLITE_LIMIT_TRIGGER_DEPTH: 10,
        ]
        for (limit, value) in limits {
            let reader = try fixture.archive.raw { unsafe sqlite3_limit($0.sqliteConnection, limit, -1) }
            let writer = fixture.archive.engine.database.writeWithoutTransaction {
                unsafe sqlite3_limit($0.sqliteConnection, limit, -1)
            }
            #expect(Int(reader) == value && Int(writer) == value, "limit \(limit)")
        }
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("What is committed is synced, in a new database as in one that is opened: a power cut takes no answered act")
    func synchronous() throws {
        let fixture = try Fixture(withRecords: false)
        func isFull(_ pool: any DatabaseWriter) throws -> Bool {
            // 2 is FULL; GRDB's own choice under WAL is 1, NORMAL.
            try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2
        }
        #expect(try isFull(fixture.archive.engine.database))
        let path = fixture.folder.path + "/new.db"
        try PageStore.addKey(SecretBytes(randomByteCount: PageStore.keyByteCount), for: path)
        let pool = try SQLiteDatabase.create(path)
        #expect(try isFull(pool))
        try SQLiteDatabase.close(pool, path)
        PageStore.removeKey(of: path)
    }

    @Test("A statement that wants more memory than SQLite may have is an error, not a process without memory")
    func memory() async {
        // In a process of its own, because the bound is one for all connections of a process.
        await #expect(processExitsWith: .success) {
            let fixture = try Fixture(withRecords: false)
            let blobs = Array(repeating: "randomblob(60000000)", count: 10).joined(separator: ", ")
            #expect(throws: ArchiveError(.inputOutput, "")) {
                try fixture.archive.snapshot { try $0.all("SELECT \(blobs)") { $0.isNull(0) } }
            }
            #expect(try fixture.archive.check().findings == [])
        }
    }

    @Test("A database that moves its pages is no archive's")
    func autoVacuum() throws {
        let fixture = try Fixture(withRecords: false)
        let database = fixture.archive.databasePath
        try fixture.closeArchive()
        // Somebody with the page key and tools of his own.
        let queue = try DatabaseQueue(path: database)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA auto_vacuum = FULL; VACUUM")
            #expect(try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") == 1)
        }
        try queue.close()
        #expect(throws: ArchiveError(.integrity, "")) { try fixture.reopened() }
    }

    @Test(
        "Another program's database, and another version's, is refused as such",
        arguments: ["application_id", "user_version"])
    func format(setting: String) throws {
        let fixture = try Fixture(withRecords: false)
        let database = fixture.archive.databasePath
        try fixture.closeArchive()
        let queue = try DatabaseQueue(path: database)
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA \(setting) = 2") }
        try queue.close()
        #expect(throws: ArchiveError(.unsupported, "")) { try fixture.reopened() }
    }

    @Test("Another cipher suite's archive is refused as such")
    func suite() throws {
        let fixture = try Fixture(withRecords: false)
        try fixture.archive.engine.database.write { try $0.execute(sql: "UPDATE archive SET suite = 2") }
        #expect(throws: ArchiveError(.unsupported, "")) { try fixture.reopened() }
    }

    @Test("A database with a log is not read as one that nobody changes: what stands in the log would be missed")
    func readOnlyWithLog() throws {
        let fixture = try Fixture(withRecords: false)
        let path = fixture.archive.databasePath
        #expect(throws: ArchiveError(.inputOutput, "")) { try SQLiteDatabase.openReadOnly(path) }
    }

    @Test("A database file that this user's side has not seen is examined before it is used, once")
    func unseenFile() throws {
        let fixture = try Fixture()
        let state = fixture.folder.path + "/state"
        let remembered = {
            try String(contentsOfFile: "\(state)/\(fixture.archive.header.archiveID).file", encoding: .utf8)
        }
        _ = try fixture.session("clerk1", stateFolder: state)
        #expect(try remembered() == fixture.archive.pageKey.file.fileID + "\n")
        let identity = try #require(fixture.identities["clerk1"])
        let database = fixture.archive.databasePath
        try fixture.closeArchive()
        // Somebody with the page key and tools of his own lets two trees share their pages.
        let queue = try DatabaseQueue(path: database)
        try queue.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    PRAGMA writable_schema = ON;
                    UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'tray')
                    WHERE name = 'proposal';
                    """)
        }
        try queue.close()
        let archive = try fixture.reopened()
        #expect(throws: ArchiveError(.integrity, "")) {
            try Session(archive, identity: identity, stateFolder: fixture.folder.path + "/other")
        }
        #expect(try Files.names(below: fixture.folder.path + "/other").isEmpty)
        // A file that was sound when it was first met is left to `check`.
        #expect(try Session(archive, identity: identity, stateFolder: state).warnings == [])
        #expect(try !archive.check().isSound)
    }

    @Test("A rotation's file counts as seen for who made it, and is examined by the others")
    func rotated() throws {
        let fixture = try Fixture(withRecords: false)
        let archiveID = fixture.archive.header.archiveID
        try fixture.closeArchive()
        let identity = try #require(fixture.identities["sysadmin1"])
        let state = fixture.folder.path + "/state"
        do {
            let archive = try fixture.reopened(as: "sysadmin1")
            _ = try Session(archive, identity: identity, stateFolder: state).rotatePageKey()
        }
        let memory = try HeadMemory(folder: state, archiveID: archiveID)
        let fileID = try #require(try PageKeyFile.all(fixture.path).first).fileID
        #expect(try memory.hasSeen(fileID))
        #expect(try !HeadMemory(folder: fixture.folder.path + "/other", archiveID: archiveID).hasSeen(fileID))
    }
}
