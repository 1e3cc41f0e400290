import CPageStore
import Foundation
import GRDBSQLite
import ProbityTestSupport
import Testing

/// The page store fails closed.
@Suite("Refusals")
struct RefusalTests {
    private func code(_ body: () throws -> Void) -> Int32 {
        do {
            try body()
            return SQLITE_OK
        } catch let failure as SQLFailure {
            return failure.code
        } catch {
            return -1
        }
    }

    @Test("A path without a key is refused, and nothing is made there")
    func noKey() throws {
        let folder = try TemporaryFolder()
        #expect(Store.ready)
        #expect(code { _ = try Connection(folder.path + "/none.db") } == SQLITE_AUTH)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test("A key that was removed opens nothing any more; open connections go on")
    func removedKey() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/archive.db"
        try Store.addKey(path)
        let connection = try Connection(path)
        try connection.execute("PRAGMA journal_mode = WAL; CREATE TABLE item(id)")
        unsafe probity_pagestore_remove_key(path)
        #expect(code { _ = try Connection(path) } == SQLITE_AUTH)
        try connection.execute("INSERT INTO item VALUES (1)")
        connection.close()
        try Store.addKey(path)
        #expect(try Connection(path).value("SELECT count(*) FROM item") == "1")
    }

    @Test("A path is the same path through a symbolic link or from the current folder")
    func resolvedPath() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/real", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link", withDestinationPath: folder.path + "/real")
        try Store.addKey(folder.path + "/link/archive.db")
        for path in ["/link/archive.db", "/real/archive.db", "/real/../link/./archive.db"] {
            #expect(code { _ = try Connection(folder.path + path) } == SQLITE_OK, "\(path)")
        }
        unsafe probity_pagestore_remove_key(folder.path + "/real/archive.db")
        #expect(code { _ = try Connection(folder.path + "/link/archive.db") } == SQLITE_AUTH)
    }

    @Test("Keys are refused without a path or before there is memory for them; unknown paths are ignored")
    func misuse() throws {
        try Store.addKey("/fault/nowhere/x.db")
        let misuse = unsafe probity_pagestore_add_key(nil, Store.key)
        #expect(misuse == SQLITE_MISUSE)
        let noKey = unsafe probity_pagestore_add_key("/fault/nowhere/x.db", nil)
        #expect(noKey == SQLITE_MISUSE)
        unsafe probity_pagestore_remove_key("/fault/nowhere/y.db")
        probity_pagestore_remove_key(nil)
        #expect(probity_pagestore_register() == SQLITE_OK)
    }

    @Test("A wrong key does not open a database; the right one still does")
    func wrongKey() throws {
        let disk = try Disk()
        try makeSample(disk, pages: 5)
        let before = disk["main.db"]
        try Store.addKey(disk.database, [UInt8](repeating: 0x5B, count: 32))
        #expect(code { _ = try readAll(disk.database) } == SQLITE_NOTADB)
        #expect(code { try Connection(disk.database).execute("CREATE TABLE other(id)") } == SQLITE_NOTADB)
        #expect(disk["main.db"] == before)
        try Store.addKey(disk.database)
        #expect(try readAll(disk.database).count > 3)
    }

    @Test("Two archives with different keys are open at once")
    func twoKeys() throws {
        let (first, second) = (try Disk(), try Disk())
        try Store.addKey(second.database, [UInt8](repeating: 0x77, count: 32))
        let connections = [try first.open(), try second.open()]
        for (index, connection) in connections.enumerated() {
            try connection.execute("CREATE TABLE item(id); INSERT INTO item VALUES (\(index))")
        }
        #expect(try connections.map { try $0.value("SELECT id FROM item") } == ["0", "1"])
        for connection in connections { connection.close() }
        // Neither file is the other's.
        let bytes = second["main.db"]
        first["main.db"] = bytes
        #expect(code { _ = try readAll(first.database) } == SQLITE_NOTADB)
    }

    @Test("A plain SQLite database is refused, and can be told from other files")
    func plainFile() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/plain.db"
        let plain = try Connection(path, vfs: "unix")
        try plain.execute("CREATE TABLE item(id); INSERT INTO item VALUES (1)")
        plain.close()
        let before = try #require(FileManager.default.contents(atPath: path))
        try Store.addKey(path)
        #expect(code { _ = try Connection(path) } == SQLITE_NOTADB)
        #expect(FileManager.default.contents(atPath: path) == before)
        let kind = unsafe Array(before[..<16]).withUnsafeBytes {
            unsafe probity_pagestore_identify($0.baseAddress, $0.count, nil)
        }
        #expect(kind == PROBITY_PAGESTORE_PLAIN)
    }

    @Test("First bytes are told apart")
    func identify() throws {
        func kind(_ bytes: [UInt8]) -> probity_pagestore_kind {
            unsafe bytes.withUnsafeBytes { unsafe probity_pagestore_identify($0.baseAddress, $0.count, nil) }
        }
        let sealed: [UInt8] = [0xD6, 0x03, 0x9B, 0xF2, 1, 1, 12, 40] + [1, 2, 3, 4, 5, 6, 7, 8]
        #expect(kind(sealed) == PROBITY_PAGESTORE_SEALED)
        #expect(kind([]) == PROBITY_PAGESTORE_EMPTY)
        #expect(kind(Array(sealed.dropLast())) == PROBITY_PAGESTORE_UNKNOWN)
        #expect(kind(Array("SQLite format 3\0".utf8)) == PROBITY_PAGESTORE_PLAIN)
        #expect(kind(Array("SQLite format 4\0".utf8)) == PROBITY_PAGESTORE_UNKNOWN)
        for index in 0..<8 {
            for value in UInt8.min...UInt8.max where value != sealed[index] {
                var changed = sealed
                changed[index] = value
                #expect(kind(changed) == (index < 4 ? PROBITY_PAGESTORE_UNKNOWN : PROBITY_PAGESTORE_UNSUPPORTED))
            }
        }
    }

    @Test(
        "A file of the reserved suite, or of a later version, is refused at opening",
        arguments: [(4, 2), (5, 2), (6, 13), (7, 48)])
    func unsupported(index: Int, value: UInt8) throws {
        let disk = try Disk()
        try makeSample(disk, pages: 3)
        disk["main.db"]?[index] = value
        #expect(code { _ = try Connection(disk.database) } == SQLITE_NOTADB)
    }

    @Test("Random bytes, and text, are no database", arguments: [1, 15, 16, 100, 4095, 4096, 10_000])
    func strangeFile(count: Int) throws {
        let disk = try Disk()
        var random = SeededGenerator(seed: UInt64(count))
        for bytes in [random.bytes(count), [UInt8](repeating: 0, count: count), [UInt8](repeating: 65, count: count)] {
            disk["main.db"] = bytes
            let failed = code { try Connection(disk.database).execute("CREATE TABLE item(id)") }
            #expect([SQLITE_NOTADB, SQLITE_CORRUPT].contains(failed & 0xFF), "\(count): \(failed)")
            #expect(disk["main.db"] == bytes)
        }
    }

    @Test("A rollback journal that somebody planted is refused")
    func plantedJournal() throws {
        let disk = try Disk()
        try makeSample(disk, pages: 8)
        let rows = try readAll(disk.database)
        let before = disk["main.db"]
        // A real one, of a plain database of as many pages.
        let folder = try TemporaryFolder()
        let plain = try Connection(folder.path + "/plain.db", vfs: "unix")
        try plain.execute("PRAGMA journal_mode = PERSIST; CREATE TABLE item(id INTEGER PRIMARY KEY, body TEXT)")
        try plain.execute("INSERT INTO item VALUES (1, '\(String(repeating: "x", count: 20_000))'); DELETE FROM item")
        plain.close()
        var journal = [UInt8](try #require(FileManager.default.contents(atPath: folder.path + "/plain.db-journal")))
        journal.replaceSubrange(0..<8, with: [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7])
        for bytes in [journal, [1], [UInt8](repeating: 7, count: 5000)] {
            disk["main.db-journal"] = bytes
            #expect(code { _ = try readAll(disk.database) } == SQLITE_PERM)
            #expect(code { try Connection(disk.database).execute("CREATE TABLE other(id)") } == SQLITE_PERM)
            #expect(disk["main.db"] == before)
            #expect(disk["main.db-journal"] == bytes)
        }
        disk["main.db-journal"] = nil
        #expect(try readAll(disk.database) == rows)
    }

    @Test("No mode makes a rollback journal", arguments: ["DELETE", "TRUNCATE", "PERSIST"])
    func journalModes(mode: String) throws {
        let disk = try Disk()
        try makeSample(disk, pages: 4)
        let connection = try Connection(disk.database)
        #expect(code { _ = try connection.rows("PRAGMA journal_mode = \(mode)") } == SQLITE_PERM)
        #expect(try connection.value("PRAGMA journal_mode") == "wal")
        try connection.execute("INSERT INTO item VALUES (100000, 'x')")
        #expect(disk["main.db-journal"] == nil)
    }

    @Test("A new database outside WAL mode takes its first transaction and then no other")
    func withoutWAL() throws {
        let disk = try Disk()
        let connection = try Connection(disk.database)
        try connection.execute("CREATE TABLE item(id)")
        #expect(code { try connection.execute("INSERT INTO item VALUES (1)") } == SQLITE_PERM)
        #expect(disk["main.db-journal"] == nil)
        // Modes without a journal file are SQLite's own business.
        #expect(try connection.value("PRAGMA journal_mode = MEMORY") == "memory")
        try connection.execute("INSERT INTO item VALUES (2)")
        #expect(try connection.value("PRAGMA journal_mode = WAL") == "wal")
        #expect(try connection.value("SELECT id FROM item") == "2")
    }

    @Test("Pages of another size are not written", arguments: [512, 1024, 8192, 65536])
    func pageSizes(size: Int) throws {
        let disk = try Disk()
        let connection = try Connection(disk.database)
        try connection.execute("PRAGMA page_size = \(size)")
        #expect(code { try connection.execute("CREATE TABLE item(id)") } & 0xFF == SQLITE_IOERR)
        #expect(disk["main.db"] == [])
        connection.close()
        #expect(try disk.open().value("PRAGMA page_size") == "4096")
    }

    @Test("A database without room for seals is not written: attached, or copied from a plain one")
    func reserve() throws {
        let (disk, other) = (try Disk(), try Disk())
        let connection = try disk.open()
        try connection.execute("ATTACH '\(other.database)' AS other")
        #expect(code { try connection.execute("CREATE TABLE other.item(id)") } == SQLFailure.writeRefused)
        #expect(other["main.db"] == [])
        try connection.execute("DETACH other")
        let folder = try TemporaryFolder()
        let plain = try Connection(folder.path + "/plain.db", vfs: "unix")
        try plain.execute("CREATE TABLE item(id); INSERT INTO item VALUES (1)")
        let backup = unsafe sqlite3_backup_init(connection.db, "main", plain.db, "main")
        unsafe sqlite3_backup_step(backup, -1)
        let copied = unsafe sqlite3_backup_finish(backup)
        #expect(copied != SQLITE_OK)
        #expect(try connection.rows("SELECT name FROM sqlite_schema").isEmpty)
    }

    @Test("A backup from one sealed database to another works, and each file has its own id")
    func backup() throws {
        let (disk, other) = (try Disk(), try Disk())
        try makeSample(disk)
        let (source, target) = (try Connection(disk.database), try other.open())
        let backup = unsafe sqlite3_backup_init(target.db, "main", source.db, "main")
        while unsafe sqlite3_backup_step(backup, 7) == SQLITE_OK {}
        let copied = unsafe sqlite3_backup_finish(backup)
        #expect(copied == SQLITE_OK)
        target.close()
        source.close()
        #expect(try readAll(other.database) == readAll(disk.database))
        let (first, second) = (try #require(disk["main.db"]), try #require(other["main.db"]))
        #expect(first[8..<16] != second[8..<16])
        // A page of the copy, which holds the same rows under the same key, does not open in the original.
        for page in 1..<first.count / 4096 {
            let range = page * 4096..<(page + 1) * 4096
            disk["main.db"]?.replaceSubrange(range, with: second[range])
            let connection = try Connection(disk.database)
            #expect(
                code { _ = try connection.readFile(offset: Int64(page) * 4096, count: 4096) } == SQLFailure.pageDamaged)
            disk["main.db"]?.replaceSubrange(range, with: first[range])
        }
    }

    @Test("Nothing is mapped into memory")
    func noMapping() throws {
        let folder = try TemporaryFolder()
        try Store.addKey(folder.path + "/archive.db")
        let connection = try Connection(folder.path + "/archive.db")
        #expect(try connection.value("PRAGMA mmap_size = 1000000") == "0")
    }
}
