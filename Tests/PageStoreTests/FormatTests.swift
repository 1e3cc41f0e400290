import CFaultFileSystem
import CPageStore
import CSealReader
import Foundation
import GRDBSQLite
import ProbityTestSupport
import Testing

/// What stands on the disk, read without the page store.
@Suite("Format")
struct FormatTests {
    /// C2SP XAES-256-GCM.md, section Test vectors. They hold the reader, which holds the page store.
    @Test(
        "The reader of the tests opens the published vectors",
        arguments: [
            (
                UInt8(1), "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"
            ),
            (
                UInt8(3), "633273702e6f72672f584145532d3235362d47434d",
                "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"
            ),
        ])
    func vectors(keyByte: UInt8, associated: String, ciphertext: String) {
        let key = [UInt8](repeating: keyByte, count: 32)
        let nonce = hex("4142434445464748494a4b4c4d4e4f505152535455565758")
        let (associated, ciphertext) = (hex(associated), hex(ciphertext))
        var plaintext = [UInt8](repeating: 0, count: 12)
        let opened = unsafe xaes_open(
            key, nonce, associated, associated.count, ciphertext, ciphertext.count, &plaintext)
        #expect(opened)
        #expect(plaintext == Array("XAES-256-GCM".utf8))
    }

    private func plainPage(_ file: [UInt8], _ page: UInt32, key: [UInt8] = Store.key) -> [UInt8]? {
        var plain = [UInt8](repeating: 0, count: 4096)
        return unsafe read_main_page(key, file, file.count, page, &plain) ? plain : nil
    }

    @Test("Every page of a main file opens by the specification alone, to what SQLite sees")
    func mainFile() throws {
        let disk = try Disk()
        try makeSample(disk)
        let file = try #require(disk["main.db"])
        #expect(file.count % 4096 == 0 && file.count >= 50 * 4096)
        let connection = try Connection(disk.database)
        for page in 1...UInt32(file.count / 4096) {
            let plain = try #require(plainPage(file, page), "page \(page)")
            #expect(try connection.readFile(offset: Int64(page - 1) * 4096, count: 4096) == plain)
            #expect(plain[4056...].allSatisfy { $0 == 0 })
        }
        #expect(plainPage(file, 1, key: [UInt8](repeating: 0, count: 32)) == nil)
        // Part of a page, as at opening and at each lock.
        #expect(try connection.readFile(offset: 24, count: 16) == Array(try #require(plainPage(file, 1))[24..<40]))
        #expect(try connection.readFile(offset: 0, count: 100) == Array(try #require(plainPage(file, 1))[..<100]))
    }

    @Test("The first bytes are as specified")
    func header() throws {
        let disk = try Disk()
        try makeSample(disk, pages: 3)
        let file = try #require(disk["main.db"])
        #expect(Array(file[..<8]) == [0xD6, 0x03, 0x9B, 0xF2, 1, 1, 12, 40])
        var identity = probity_pagestore_identity()
        let kind = unsafe probity_pagestore_identify(file, file.count, &identity)
        #expect(kind == PROBITY_PAGESTORE_SEALED)
        #expect(identity.algorithm == 1)
        let fileID = unsafe withUnsafeBytes(of: identity.file_id) { unsafe Array($0) }
        #expect(fileID == Array(file[8..<16]))
        let other = try Disk()
        try makeSample(other, pages: 3)
        #expect(try #require(other["main.db"])[8..<16] != file[8..<16])
    }

    @Test("Every frame of a WAL opens by the specification alone, and its page is the one that SQLite wrote")
    func wal() throws {
        let disk = try Disk()
        let connection = try disk.open()
        try connection.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, body TEXT)")
        try connection.execute("INSERT INTO item VALUES (1, '\(String(repeating: "canary", count: 2000))')")
        let wal = try #require(disk["main.db-wal"]), file = try #require(disk["main.db"])
        let frames = (wal.count - 32) / 4120
        #expect(frames >= 4 && (wal.count - 32) % 4120 == 0)
        var canaries = 0
        for frame in 1...UInt32(frames) {
            var plain = [UInt8](repeating: 0, count: 4120)
            let opened = unsafe read_wal_frame(Store.key, Array(file[8..<16]), wal, wal.count, frame, &plain)
            #expect(opened, "frame \(frame)")
            // SQLite's own salts, which are under the seal of the header.
            #expect(Array(plain[8..<16]) == Array(wal[16..<24]))
            if String(decoding: plain, as: UTF8.self).contains("canarycanary") { canaries += 1 }
        }
        #expect(canaries >= 2)
    }

    @Test("A frame that a transaction writes twice is sealed for its place, with checksums that hold")
    func rewrittenChecksums() throws {
        let disk = try Disk()
        let connection = try disk.open()
        try connection.execute("PRAGMA cache_size = 3; CREATE TABLE item(id INTEGER PRIMARY KEY, body TEXT)")
        // A cache of three pages spills in the middle of the transaction, and the pages are changed again afterwards.
        try connection.execute("BEGIN")
        for round in 0..<5 {
            for id in 0..<40 {
                try connection.execute(
                    "INSERT OR REPLACE INTO item VALUES (\(id), '\(String(repeating: "\(round)", count: 900))')")
            }
        }
        try connection.execute("COMMIT")
        let wal = try #require(disk["main.db-wal"]), file = try #require(disk["main.db"])
        for frame in 1...UInt32((wal.count - 32) / 4120) {
            var plain = [UInt8](repeating: 0, count: 4120)
            let opened = unsafe read_wal_frame(Store.key, Array(file[8..<16]), wal, wal.count, frame, &plain)
            #expect(opened, "frame \(frame)")
            #expect(Array(plain[8..<16]) == Array(wal[16..<24]))
        }
        // What a process finds that has only these two files.
        let other = try Disk()
        other.copy(from: disk)
        #expect(try readAll(other.database) == readAll(disk.database))
        #expect(try Connection(other.database).value("SELECT count(*) || min(body) FROM item").hasPrefix("404444"))
    }

    @Test("Equal pages have different seals, and so have two writes of one page")
    func noEqualSeals() throws {
        let disk = try Disk()
        let connection = try disk.open()
        try connection.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, body BLOB)")
        try connection.execute("INSERT INTO item VALUES (1, zeroblob(400000))")
        try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        let before = try #require(disk["main.db"])
        var blocks = Set<[UInt8]>()
        for start in stride(from: 0, to: before.count, by: 16) { blocks.insert(Array(before[start..<start + 16])) }
        #expect(blocks.count == before.count / 16)
        // SQLite does not write a value over itself, so there and back.
        try connection.execute("UPDATE item SET body = randomblob(400000); UPDATE item SET body = zeroblob(400000)")
        try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        let after = try #require(disk["main.db"])
        let pages = min(before.count, after.count) / 4096
        // Page 1 and most others were written again.
        let equal = (0..<pages).filter {
            before[$0 * 4096..<($0 + 1) * 4096] == after[$0 * 4096..<($0 + 1) * 4096]
        }
        #expect(equal.count < pages / 4)
        // Of the others, bytes agree by chance only, once in 256.
        let places = (0..<pages * 4096).filter { !equal.contains($0 / 4096) && $0 >= 16 }
        #expect(places.filter { before[$0] == after[$0] }.count < places.count / 200)
    }

    @Test("No canary stands in any file: database, WAL, shared memory, temporary files")
    func canaries() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/archive.db"
        try Store.addKey(path)
        try Store.addKey(folder.path + "/copy.db")
        let connection = try Connection(path)
        #expect(try connection.value("PRAGMA journal_mode = WAL") == "wal")
        #expect(try connection.value("PRAGMA temp_store") == "2")
        let canary = "110101199003077758"
        try connection.execute(
            """
            CREATE TABLE canaryTable(id INTEGER PRIMARY KEY, canaryColumn TEXT);
            CREATE TEMP TABLE scratch(body TEXT);
            PRAGMA cache_size = 5; PRAGMA temp.cache_size = 5; PRAGMA cache_spill = 1;
            """)
        try connection.execute("BEGIN")
        for id in 1...400 {
            let body = (0..<100).map { "\(canary)\(id)-\($0)" }.joined()
            try connection.execute("INSERT INTO canaryTable VALUES (\(id), '\(body)')")
            try connection.execute("INSERT INTO scratch VALUES ('\(body)')")
        }
        func search(_ moment: String) throws {
            var searched = 0
            for name in FileManager.default.enumerator(atPath: folder.path)?.compactMap({ $0 as? String }) ?? [] {
                guard let bytes = FileManager.default.contents(atPath: "\(folder.path)/\(name)") else { continue }
                searched += 1
                for text in [canary, "canaryTable", "canaryColumn", "SQLite format", "scratch", "110101"] {
                    #expect(bytes.range(of: Data(text.utf8)) == nil, "\(text) in \(name) \(moment)")
                }
            }
            #expect(searched >= 1)
            // Temporary files have no name on a Unix disk: the file system below counts them.
            #expect(fault_temporary_count() == 0)
        }
        try search("in a transaction")
        try connection.execute(
            "SAVEPOINT one; UPDATE canaryTable SET canaryColumn = canaryColumn || id; ROLLBACK TO one")
        #expect(
            try connection.rows("SELECT canaryColumn FROM canaryTable ORDER BY canaryColumn DESC LIMIT 3").count == 3)
        #expect(try connection.rows("SELECT body, count(*) FROM scratch GROUP BY body || 'x' ORDER BY 1").count == 400)
        try connection.execute("COMMIT")
        try search("after a commit")
        try connection.execute("CREATE INDEX byColumn ON canaryTable(canaryColumn)")
        try connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        try search("after a checkpoint")
        try connection.execute("VACUUM")
        try connection.execute("VACUUM INTO '\(folder.path)/copy.db'")
        try search("after VACUUM")
        #expect(try Connection(folder.path + "/copy.db").value("SELECT count(*) FROM canaryTable") == "400")
        connection.close()
        try search("after closing")
        let described = try run("file", ["-b", path])
        #expect(described.status != 0 || described.output == "data\n")
    }

    @Test("A million nonces are distinct, or ten million in a long run")
    func nonces() {
        let distinct = nonces_are_distinct(UInt32(rounds("PROBITY_NONCES", 1_000_000)))
        #expect(distinct)
    }

    @Test("A forked child does not draw its parent's nonces")
    func noncesAfterFork() throws {
        #expect(try run(Worker.path, ["nonces"]).status == 0)
    }
}
