import CPageStore
import Foundation
import GRDBSQLite
import ProbityTestSupport
import Testing

/// What somebody with the file and without the key can do to it (the attacks on an encrypted database file).
@Suite("Tampering")
struct TamperTests {
    /// What reading everything gives: rows, or a code of SQLite.
    private enum Outcome: Equatable {
        case rows([String])
        case refused(Int32)
    }

    private func outcome(_ path: String) throws -> Outcome {
        do {
            return .rows(try readAll(path))
        } catch let failure as SQLFailure {
            return .refused(failure.code)
        }
    }

    private func isRefused(_ outcome: Outcome) -> Bool {
        guard case .refused(let code) = outcome else { return false }
        return [SQLITE_NOTADB, SQLITE_CORRUPT, SQLITE_IOERR].contains(code & 0xFF)
    }

    @Test("Each byte of a file of 50 pages counts: with any one changed, its page does not open")
    func flippedBytes() throws {
        let disk = try Disk()
        try makeSample(disk)
        let file = try #require(disk["main.db"])
        #expect(file.count >= 50 * 4096)
        let connection = try Connection(disk.database)
        var random = SeededGenerator(seed: 2)
        for page in 0..<file.count / 4096 {
            var sealed = Array(file[page * 4096..<(page + 1) * 4096])
            for index in sealed.indices {
                let kept = sealed[index]
                sealed[index] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
                disk.write("main.db", offset: page * 4096, sealed)
                do {
                    _ = try connection.readFile(offset: Int64(page) * 4096, count: 4096)
                    Issue.record("byte \(index) of page \(page + 1) does not count")
                } catch let failure as SQLFailure {
                    #expect(failure.code == (page == 0 ? SQLITE_NOTADB : SQLFailure.pageDamaged))
                }
                sealed[index] = kept
            }
            disk.write("main.db", offset: page * 4096, sealed)
        }
        #expect(disk["main.db"] == file)
    }

    @Test("A changed byte is an error in SQL, too")
    func flippedBytesInSQL() throws {
        let disk = try Disk()
        try makeSample(disk)
        let file = try #require(disk["main.db"])
        for index in stride(from: 0, to: file.count, by: rounds("PROBITY_FLIP_STRIDE", 211)) {
            disk.write("main.db", offset: index, [file[index] ^ 0x10])
            let found = try outcome(disk.database)
            #expect(isRefused(found), "byte \(index): \(found)")
            disk.write("main.db", offset: index, [file[index]])
        }
        #expect(!isRefused(try outcome(disk.database)))
    }

    @Test("No two pages can change places")
    func swappedPages() throws {
        let disk = try Disk()
        try makeSample(disk)
        let file = try #require(disk["main.db"])
        let pages = file.count / 4096
        func page(_ number: Int) -> [UInt8] { Array(file[number * 4096..<(number + 1) * 4096]) }
        let connection = try Connection(disk.database)
        for first in 0..<pages {
            for second in 0..<first {
                disk.write("main.db", offset: first * 4096, page(second))
                disk.write("main.db", offset: second * 4096, page(first))
                for number in [first, second] {
                    #expect(throws: SQLFailure.self) {
                        try connection.readFile(offset: Int64(number) * 4096, count: 4096)
                    }
                }
                if first % 10 == 3, second % 10 == 2 { #expect(isRefused(try outcome(disk.database))) }
                disk.write("main.db", offset: first * 4096, page(first))
                disk.write("main.db", offset: second * 4096, page(second))
            }
        }
        #expect(disk["main.db"] == file)
    }

    /// The boundary of what this layer promises: an older version of a page is authentic. The ledger finds the row.
    @Test("An older version of a page opens: only who remembers more can tell")
    func olderPage() throws {
        let disk = try Disk()
        let connection = try disk.open()
        try connection.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, body TEXT)")
        try connection.execute("INSERT INTO item VALUES (1, 'before')")
        try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        let before = try #require(disk["main.db"])
        try connection.execute("UPDATE item SET body = 'after!'")
        try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        #expect(try Connection(disk.database).value("SELECT body FROM item") == "after!")
        let file = try #require(disk["main.db"])
        #expect(file.count == before.count)
        let changed = (1..<file.count / 4096).filter {
            file[$0 * 4096..<($0 + 1) * 4096] != before[$0 * 4096..<($0 + 1) * 4096]
        }
        for page in changed {
            disk.write("main.db", offset: page * 4096, Array(before[page * 4096..<(page + 1) * 4096]))
        }
        #expect(try Connection(disk.database).value("SELECT body FROM item") == "before")
    }

    @Test("A file that was cut is refused wherever it was cut; one of no bytes is a new database")
    func truncated() throws {
        let disk = try Disk()
        try makeSample(disk)
        let file = try #require(disk["main.db"])
        for count in [1, 15, 16, 99, 100, 4095]
            + stride(from: 4096, to: file.count, by: 4096).flatMap({ [$0, $0 + 1, $0 - 1] })
        {
            disk["main.db"] = Array(file[..<count])
            let found = try outcome(disk.database)
            #expect(isRefused(found), "\(count) bytes: \(found)")
            #expect(disk["main.db"]?.count == count)
        }
        disk["main.db"] = []
        #expect(try Connection(disk.database).rows("SELECT * FROM sqlite_schema").isEmpty)
    }

    @Test("A cut does not hide behind a WAL: what is missing does not read as zeros")
    func truncatedBesideWAL() throws {
        let disk = try Disk(), other = try Disk()
        let connection = try disk.open()
        try connection.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, body TEXT)")
        try connection.execute("INSERT INTO item VALUES (1, 'first')")
        // Its last pages are one long value, of which zeros would be an acceptable end.
        try connection.execute("INSERT INTO item VALUES (2, '\(String(repeating: "x", count: 100_000))')")
        try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try connection.execute("UPDATE item SET body = 'second' WHERE id = 1")
        other.copy(from: disk)
        let file = try #require(other["main.db"])
        #expect(try readAll(other.database).count == 3)
        for pages in 2..<file.count / 4096 {
            other.copy(from: disk)
            other["main.db"] = Array(file[..<(pages * 4096)])
            let found = try outcome(other.database)
            #expect(isRefused(found), "\(pages) pages")
        }
    }

    @Test("Added bytes are no pages")
    func extended() throws {
        let disk = try Disk()
        try makeSample(disk, pages: 6)
        let rows = try readAll(disk.database)
        let file = try #require(disk["main.db"])
        for extra in [[UInt8](repeating: 0, count: 4096), Array(file[4096..<8192]), [1, 2, 3]] {
            disk["main.db"] = file + extra
            // SQLite's own page count stands in page 1; what lies behind is not read.
            #expect(try readAll(disk.database) == rows)
        }
    }

    /// A database whose transactions are still in the WAL, and what it holds after each of them.
    private func makeWithWAL(_ disk: Disk) throws -> [[String]] {
        let connection = try disk.open()
        try connection.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, body TEXT)")
        try connection.execute("INSERT INTO item VALUES (0, 'base')")
        try connection.execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint = 0")
        var states = [try connection.rows("SELECT * FROM item")]
        for id in 1...8 {
            let body = String(repeating: "\(id)", count: id * 1500)
            try connection.execute(
                "BEGIN; INSERT INTO item VALUES (\(id), '\(body)'); UPDATE item SET body = body || '\(id)' WHERE id = 0;"
                    + "COMMIT")
            states.append(try connection.rows("SELECT * FROM item"))
        }
        let image = try Disk()
        image.copy(from: disk)
        connection.close()
        // Closing has emptied the WAL; what stood before is wanted.
        disk.copy(from: image)
        return states
    }

    @Test("A WAL that was cut holds the transactions before the cut, whole")
    func cutWAL() throws {
        let disk = try Disk(), other = try Disk()
        let states = try makeWithWAL(disk)
        let wal = try #require(disk["main.db-wal"])
        var last = 0
        for count in Array(stride(from: 0, to: wal.count, by: 64)) + [wal.count] {
            other.copy(from: disk)
            other["main.db-wal"] = Array(wal[..<count])
            let connection = try Connection(other.database)
            #expect(try connection.rows("PRAGMA integrity_check") == ["ok"])
            let rows = try connection.rows("SELECT * FROM item")
            let index = try #require(
                states.firstIndex(of: rows), "a WAL of \(count) bytes gives a state that never was")
            #expect(index >= last)
            last = index
        }
        #expect(last == states.count - 1)
    }

    @Test("A changed byte in a WAL ends it there")
    func flippedWAL() throws {
        let disk = try Disk(), other = try Disk()
        let states = try makeWithWAL(disk)
        let wal = try #require(disk["main.db-wal"])
        var random = SeededGenerator(seed: 5)
        // The whole header and the first frame header, then a sample.
        for index in Array(0..<56) + stride(from: 56, to: wal.count, by: rounds("PROBITY_FLIP_STRIDE", 211)) {
            other.copy(from: disk)
            other.write("main.db-wal", offset: index, [wal[index] ^ UInt8(1 << Int.random(in: 0..<8, using: &random))])
            do {
                let connection = try Connection(other.database)
                #expect(try connection.rows("PRAGMA integrity_check") == ["ok"])
                let found = try #require(states.firstIndex(of: connection.rows("SELECT * FROM item")), "byte \(index)")
                // Frames before the one that was changed are still there.
                #expect(found < states.count - 1)
            } catch let failure as SQLFailure {
                // SQLite's answer to a WAL of a later version.
                #expect((4..<8).contains(index) && failure.primaryCode == SQLITE_CANTOPEN, "byte \(index): \(failure)")
            }
        }
    }

    @Test("A frame that changes under an open connection is an error and not a value")
    func changedUnderReader() throws {
        let disk = try Disk()
        let connection = try disk.open()
        try connection.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, body TEXT)")
        try connection.execute("INSERT INTO item VALUES (1, '\(String(repeating: "x", count: 30_000))')")
        let reader = try Connection(disk.database)
        #expect(try reader.value("SELECT id FROM item") == "1")
        let wal = try #require(disk["main.db-wal"])
        for frame in 0..<(wal.count - 32) / 4120 {
            disk.write("main.db-wal", offset: 32 + frame * 4120 + 2000, [wal[32 + frame * 4120 + 2000] ^ 1])
        }
        #expect(throws: SQLFailure.self) { try reader.value("SELECT body FROM item") }
        let fresh = try Connection(disk.database)
        #expect(throws: SQLFailure.self) { try fresh.value("SELECT body FROM item") }
    }

    @Test("The WAL of another database is not taken, even under the same key")
    func foreignWAL() throws {
        let disk = try Disk(), other = try Disk(), target = try Disk()
        let states = try makeWithWAL(disk)
        _ = try makeWithWAL(other)
        target.copy(from: disk)
        target["main.db-wal"] = other["main.db-wal"]
        #expect(try Connection(target.database).rows("SELECT * FROM item") == states[0])
        // Neither is that of a plain database with the very same pages.
        let folder = try TemporaryFolder()
        let plain = try Connection(folder.path + "/plain.db", vfs: "unix")
        try plain.execute("PRAGMA journal_mode = WAL; CREATE TABLE item(id INTEGER PRIMARY KEY, body TEXT)")
        try plain.execute("INSERT INTO item VALUES (0, 'planted')")
        let wal = try #require(FileManager.default.contents(atPath: folder.path + "/plain.db-wal"))
        target.copy(from: disk)
        target["main.db-wal"] = [UInt8](wal)
        #expect(try Connection(target.database).rows("SELECT * FROM item") == states[0])
    }

    /// As with an older page: frames of an earlier round are authentic for the WAL they came with, header and all.
    @Test("A stale WAL gives an earlier state or an error, never anything else")
    func staleWAL() throws {
        let disk = try Disk(), target = try Disk()
        let states = try makeWithWAL(disk)
        let stale = try #require(disk["main.db-wal"])
        let connection = try Connection(disk.database)
        try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try connection.execute("UPDATE item SET body = body || 'later'")
        let fresh = try #require(disk["main.db-wal"])
        // Alone, it puts the pages it holds back, all of them together: a state of the past.
        target.copy(from: disk)
        target["main.db-wal"] = stale
        let found = try outcome(target.database)
        if case .rows(let rows) = found {
            #expect(Array(rows.dropFirst()) == states[states.count - 1])
        } else {
            #expect(isRefused(found))
        }
        // Its frames do not mix with those of the round after.
        var mixed = fresh
        mixed.append(contentsOf: stale[fresh.count...])
        target.copy(from: disk)
        target["main.db-wal"] = mixed
        #expect(try Connection(target.database).value("SELECT body FROM item WHERE id = 1").hasSuffix("later"))
        mixed = Array(fresh[..<32]) + stale[32...]
        target.copy(from: disk)
        target["main.db-wal"] = mixed
        #expect(try Connection(target.database).rows("SELECT * FROM item") == states[states.count - 1])
    }

    @Test("A WAL with pages of another size is no WAL")
    func sizeOfWAL() throws {
        let disk = try Disk(), target = try Disk()
        let states = try makeWithWAL(disk)
        for size: UInt8 in [0x02, 0x04, 0x08, 0x20, 0x80] {
            // A plain WAL with a checksum that holds, as SQLite makes it for this page size.
            let folder = try TemporaryFolder()
            let plain = try Connection(folder.path + "/plain.db", vfs: "unix")
            try plain.execute("PRAGMA page_size = \(Int(size) << 8); PRAGMA journal_mode = WAL; CREATE TABLE item(id)")
            let wal = try #require(FileManager.default.contents(atPath: folder.path + "/plain.db-wal"))
            #expect(wal[10] == size)
            target.copy(from: disk)
            target["main.db-wal"] = [UInt8](wal)
            #expect(try Connection(target.database).rows("SELECT * FROM item") == states[0])
            try Connection(target.database).execute("INSERT INTO item VALUES (99, 'goes on')")
        }
    }

    @Test("Page 1 torn while its frame is in the WAL does not hinder opening")
    func tornPageOne() throws {
        let disk = try Disk(), target = try Disk()
        let states = try makeWithWAL(disk)
        let file = try #require(disk["main.db"])
        for sector in 0..<8 {
            target.copy(from: disk)
            // The clear bytes are the same in every version of page 1.
            let start = max(sector * 512, 16)
            target.write("main.db", offset: start, [UInt8](repeating: 0x33, count: (sector + 1) * 512 - start))
            #expect(try Connection(target.database).rows("SELECT * FROM item") == states[states.count - 1])
        }
        #expect(try #require(target["main.db"]).count >= file.count)
        // Without the WAL it is a damaged file.
        target.copy(from: disk)
        target["main.db-wal"] = nil
        target.write("main.db", offset: 600, [1, 2, 3])
        #expect(try outcome(target.database) == .refused(SQLITE_NOTADB))
    }
}
