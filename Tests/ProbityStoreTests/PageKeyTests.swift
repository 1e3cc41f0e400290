import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

/// The page key, the files that hold it, and the database as an input that somebody may have changed.
@Suite("Page key")
struct PageKeyTests {
    private func open(_ fixture: Fixture, _ user: String = "clerk1", wait: Double = 0.1) throws -> Archive {
        try Archive.open(
            at: fixture.path, identity: #require(fixture.identities[user]), clock: fixture.clock.clock,
            lockWaitSeconds: wait)
    }

    /// Everything of the records, read as a user reads it.
    private func contents(_ archive: Archive, _ fixture: Fixture) throws -> [String] {
        let session = try Session(archive, identity: #require(fixture.identities["clerk1"]))
        session.purpose = Purpose("dailyManagement")
        return try Fixture.numbers.flatMap { number in
            try session.records(of: number).records.map {
                "\($0.id) \(JSONValue.object($0.content.values).canonicalText)"
            }
        }
    }

    /// Rotates with an archive of its own, because the one that rotates is closed afterwards.
    private func rotate(_ fixture: Fixture, as user: String = "sysadmin1") throws -> Int64 {
        let archive = try open(fixture, user)
        return try Session(archive, identity: #require(fixture.identities[user])).rotatePageKey()
    }

    private func bytes(_ fixture: Fixture) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: fixture.path + "/archive.db")))
    }

    @Test("A rotation changes every page and nothing that they say; everybody who serves opens the new archive")
    func rotation() throws {
        let fixture = try Fixture()
        let before = try contents(fixture.archive, fixture)
        let size = try fixture.ledgerSize()
        let old = try #require(try PageKeyFile.all(fixture.path).first)
        let oldSecret = fixture.archive.pageKey.secret.revealed()
        try fixture.closeArchive()
        let oldBytes = try bytes(fixture)
        #expect(try rotate(fixture) == 2)
        let new = try #require(try PageKeyFile.all(fixture.path).first)
        #expect(try PageKeyFile.all(fixture.path).count == 1 && new.generation == 2 && new.fileID != old.fileID)
        let newBytes = try bytes(fixture)
        for page in 0..<min(oldBytes.count, newBytes.count) / 4096 {
            #expect(oldBytes[page * 4096..<page * 4096 + 4096] != newBytes[page * 4096..<page * 4096 + 4096])
        }
        for user in Fixture.members.map(\.user) {
            let archive = try open(fixture, user)
            #expect(archive.pageKey.secret.revealed() != oldSecret)
            #expect(try archive.check().findings == [])
        }
        let archive = try open(fixture)
        #expect(try archive.snapshot { try Ledger.size($0) } == size + 1)
        #expect(try contents(archive, fixture) == before)
        // With the old key the file is not a database.
        try PageStore.addKey(SecretBytes(copying: oldSecret), for: fixture.folder.path + "/copy.db")
        try Data(newBytes).write(to: URL(filePath: fixture.folder.path + "/copy.db"))
        #expect(throws: ArchiveError(.integrity, "")) {
            _ = try SQLiteDatabase.openReadOnly(fixture.folder.path + "/copy.db")
        }
    }

    @Test("Who may not rotate is refused with a ledger line, and nothing changes")
    func rotationRefused() throws {
        let fixture = try Fixture()
        let size = try fixture.ledgerSize()
        #expect(throws: ArchiveError(.roleRefuses, "")) { try rotate(fixture, as: "clerk1") }
        #expect(try fixture.ledgerSize() == size + 1)
        #expect(try fixture.lastLeaf().act == "key.rotate" && fixture.lastLeaf().outcome == "refused:roleRefuses")
        #expect(try PageKeyFile.all(fixture.path).map(\.generation) == [1])
    }

    @Test("A rotation waits for others who have the archive open, and keeps them out while it runs")
    func rotationAlone() throws {
        let fixture = try Fixture()
        #expect(throws: ArchiveError(.locked, "")) { try rotate(fixture) }
        #expect(try contents(fixture.archive, fixture).count > 2)
        try fixture.closeArchive()
        let lock = try FileLock(path: fixture.path + "/use.lock", holder: "sysadmin1 key.rotate", waitSeconds: 0)
        do {
            _ = try open(fixture)
            Issue.record("opened beside a rotation")
        } catch let error as ArchiveError {
            #expect(error.code == .locked && error.subject == "sysadmin1 key.rotate")
        }
        lock.share()
        #expect(try open(fixture).check().isSound)
    }

    @Test(
        "What an interrupted rotation leaves hinders nobody, on either side of the rename, and the next one clears it")
    func interruptedRotation() throws {
        let fixture = try Fixture()
        let old = try #require(try PageKeyFile.all(fixture.path).first)
        // Before the rename: the new database and its key's file are there.
        let next = fixture.path + "/archive.db.next"
        let key = try fixture.archive.copyDatabase(to: next, generation: 2)
        try key.file.write(fixture.path)
        try fixture.closeArchive()
        #expect(try open(fixture).pageKey.file.generation == 1)
        // After it: the old key's file is still there.
        try Data(contentsOf: URL(filePath: next)).write(to: URL(filePath: fixture.path + "/archive.db"))
        #expect(try open(fixture).pageKey.file.generation == 2)
        #expect(try open(fixture).check().isSound)
        #expect(try PageKeyFile.all(fixture.path).contains(old))
        #expect(try rotate(fixture) == 3)
        #expect(try PageKeyFile.all(fixture.path).map(\.generation) == [3])
        #expect(!FileManager.default.fileExists(atPath: next))
        #expect(try open(fixture).check().findings == [])
    }

    @Test("A wrap that is missing or too many is a finding, and the next session puts it right")
    func mended() throws {
        let fixture = try Fixture()
        var file = fixture.archive.pageKey.file
        let wrap = try #require(file.wraps["promoter1"])
        file.wraps["promoter1"] = nil
        file.wraps["stranger"] = wrap
        try file.write(fixture.path)
        try fixture.closeArchive()
        #expect(throws: ArchiveError(.wrongPassphrase, "")) { try open(fixture, "promoter1") }
        let archive = try open(fixture)
        #expect(
            try archive.check().findings.filter { $0.rule == "check.pageKey" }.map(\.detail) == [
                "promoter1", "stranger",
            ])
        #expect(try Session(archive, identity: #require(fixture.identities["clerk1"])).warnings == [])
        #expect(try open(fixture, "promoter1").check().findings == [])
        #expect(try PageKeyFile.all(fixture.path).first?.wraps["stranger"] == nil)
    }

    @Test("The recovery key opens the pages")
    func recovery() throws {
        let fixture = try Fixture()
        let file = fixture.archive.pageKey.file
        let secret = try PersonWrap.unwrap(
            file.recovery, with: fixture.recoveryKey,
            context: KeyGraph.context(
                archiveID: file.archiveID, from: "recovery", to: "pages:\(file.fileID)", purpose: "pages"))
        let isSame = secret.isEqual(to: fixture.archive.pageKey.secret)
        #expect(isSame)
    }

    @Test("Key files that are missing, damaged or another archive's are told apart from a wrong key")
    func damagedKeyFiles() throws {
        let fixture = try Fixture()
        let file = fixture.archive.pageKey.file
        try fixture.closeArchive()
        let path = file.path(fixture.path)
        let text = Array(file.text.utf8)
        #expect(PageKeyFile(parsing: text) == file)
        for damaged in [[], Array("{}\n".utf8), Array(text.dropLast()), Array(text.dropFirst(40))] {
            try Data(damaged).write(to: URL(filePath: path))
            #expect(throws: ArchiveError(.damagedKey, "")) { try open(fixture) }
        }
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: ArchiveError(.damagedKey, "")) { try open(fixture) }
        #expect(throws: ArchiveError(.damagedKey, "")) { try ArchiveFolder(fixture.path) }
        // A flipped bit anywhere in a wrap: the key does not come out.
        for place in [0, 1, 40, 80] {
            var wrap = try #require(file.wraps["clerk1"]).bytes
            wrap[place] ^= 1
            var changed = file
            changed.wraps["clerk1"] = .init(serial: 1, bytes: wrap)
            try changed.write(fixture.path)
            #expect(throws: ArchiveError(.wrongPassphrase, ""), "byte \(place)") { try open(fixture) }
            #expect(try open(fixture, "clerk2").header.bureauID == "test")
        }
    }

    @Test("A plain SQLite file in the archive's place is refused for what it is; so is anything else")
    func otherFiles() throws {
        let fixture = try Fixture()
        try fixture.closeArchive()
        let database = fixture.path + "/archive.db"
        let sealed = try bytes(fixture)
        let python = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('CREATE TABLE t (x)')"
        try FileManager.default.removeItem(atPath: database)
        #expect(try run("/usr/bin/python3", ["-c", python, database]).status == 0)
        do {
            _ = try open(fixture)
            Issue.record("a plain database was opened")
        } catch let error as ArchiveError {
            #expect(error.code == .unsupported && error.reason.contains("plain SQLite"))
        }
        try Data(repeating: 7, count: 8192).write(to: URL(filePath: database))
        #expect(throws: ArchiveError(.unsupported, "")) { try open(fixture) }
        var changed = sealed
        changed[100] ^= 1
        try Data(changed).write(to: URL(filePath: database))
        #expect(throws: ArchiveError(.integrity, "")) { try open(fixture) }
        try Data(sealed).write(to: URL(filePath: database))
        #expect(try open(fixture).check().isSound)
    }

    @Test("A changed byte on any page is an integrity error wherever the page is met, and a file that was cut is one")
    func changedPages() throws {
        let fixture = try Fixture()
        try fixture.closeArchive()
        let sealed = try bytes(fixture)
        let database = URL(filePath: fixture.path + "/archive.db")
        var random = SeededGenerator(seed: 5)
        for page in 1..<sealed.count / 4096 {
            var changed = sealed
            changed[page * 4096 + Int.random(in: 0..<4096, using: &random)] ^= 0x10
            try Data(changed).write(to: database)
            do {
                let report = try open(fixture).check()
                #expect(!report.isSound, "page \(page + 1)")
            } catch let error as ArchiveError {
                #expect(error.code == .integrity, "page \(page + 1): \(error)")
            }
        }
        try Data(sealed.dropLast(4096)).write(to: database)
        do {
            #expect(try !open(fixture).check().isSound)
        } catch let error as ArchiveError {
            #expect(error.code == .integrity, "\(error)")
        }
    }

    @Test(
        "A schema that is not the built-in one, byte for byte, is refused before anything is read through it",
        arguments: [
            "CREATE VIEW v AS SELECT 1", "CREATE TABLE extra (x)", "CREATE INDEX more ON officer (id, dossier)",
            "DROP INDEX versionBatch", "ALTER TABLE officer ADD COLUMN x TEXT",
            "CREATE TRIGGER t AFTER INSERT ON officer BEGIN DELETE FROM leaf; END",
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', 'STRICT ') WHERE name = 'unit'",
        ])
    func schema(change: String) throws {
        let fixture = try Fixture(withRecords: false)
        let database = fixture.archive.databasePath
        try fixture.closeArchive()
        // Somebody with the page key and tools of his own.
        let queue = try DatabaseQueue(path: database)
        try queue.writeWithoutTransaction { try $0.execute(sql: change) }
        try queue.close()
        #expect(throws: ArchiveError(.integrity, "")) { try open(fixture) }
    }

    @Test("Of two rotations that began together the second does not put back what the first replaced")
    func twoRotations() throws {
        let fixture = try Fixture()
        try fixture.closeArchive()
        let late = try open(fixture, "sysadmin1")
        let session = try Session(late, identity: #require(fixture.identities["sysadmin1"]))
        let copy = fixture.folder.path + "/replaced"
        try Data(bytes(fixture)).write(to: URL(filePath: copy))
        #expect(unsafe rename(copy, fixture.path + "/archive.db") == 0)
        #expect(throws: ArchiveError(.changedSinceRead, "")) { try session.rotatePageKey() }
        #expect(try PageKeyFile.all(fixture.path).map(\.generation) == [1])
    }

    @Test("A connection obeys no schema and attaches nothing")
    func hardened() throws {
        let fixture = try Fixture(withRecords: false)
        let refused = [
            "ATTACH '/tmp/other.db' AS other", "SELECT load_extension('x')",
            "PRAGMA writable_schema = ON; DELETE FROM sqlite_master",
            "SELECT \"no such column\"", "CREATE VIEW v AS SELECT 1; SELECT * FROM v",
            "SELECT " + String(repeating: "1+", count: 200) + "1",
            "SELECT 'a' LIKE '\(String(repeating: "%a", count: 60))'",
        ]
        for statement in refused {
            #expect(throws: DatabaseError.self, "\(statement)") {
                try fixture.archive.engine.database.write { try $0.execute(sql: statement) }
            }
        }
        #expect(try fixture.archive.check().isSound)
    }
}

@Suite("Backups")
struct BackupTests {
    private func backup(_ fixture: Fixture, _ progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> String {
        let path = fixture.folder.path + "/backup"
        _ = try fixture.session("sysadmin1").createBackup(to: path, progress: progress)
        return path
    }

    private func verify(_ path: String, _ fixture: Fixture, state: String? = nil) throws -> BackupVerification {
        try Backup.verify(
            path, identity: #require(fixture.identities["auditor1"]), stateFolder: state, clock: fixture.clock.clock)
    }

    @Test(
        "A backup holds what stood there when it began, whatever others file meanwhile, and can take the archive's place"
    )
    func whole() throws {
        let fixture = try Fixture()
        let other = try fixture.reopened()
        var filed = 0
        let size = try fixture.ledgerSize()
        let path = try backup(fixture) { _, _ in
            do {
                let session = try Session(other, identity: #require(fixture.identities["clerk1"]))
                session.purpose = Purpose("filing")
                try session.file(Fixture.event("990001", "备份期间 \(filed)"))
                filed += 1
            } catch { Issue.record(error) }
        }
        #expect(filed > 0)
        let verified = try verify(path, fixture)
        #expect(verified.findings == [] && verified.ledgerSize == size + 1 && verified.rememberedSize == nil)
        #expect(verified.pageCount > 20)
        let place = fixture.folder.path + "/restored"
        try Backup.restore(path, to: place)
        let restored = try fixture.reopened(at: place)
        #expect(try restored.check().findings == [])
        let session = try Session(restored, identity: #require(fixture.identities["clerk1"]))
        session.purpose = Purpose("dailyManagement")
        #expect(try session.records(of: "990001").records.count == 2)
        #expect(throws: ArchiveError(.alreadyExists, "")) { try Backup.restore(path, to: place) }
        #expect(throws: ArchiveError(.alreadyExists, "")) { try backup(fixture) }
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("Who may not back up is refused with a ledger line, and no folder is left")
    func refused() throws {
        let fixture = try Fixture()
        let path = fixture.folder.path + "/backup"
        #expect(throws: ArchiveError(.roleRefuses, "")) { try fixture.session("clerk1").createBackup(to: path) }
        #expect(try fixture.lastLeaf().outcome == "refused:roleRefuses")
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path) == ["archive"])
    }

    @Test(
        "A changed, missing or added file of a backup is found, and every changed page with the manifest made to match")
    func changed() throws {
        let fixture = try Fixture(withRecords: false)
        let path = try backup(fixture)
        for name in try Files.names(below: path) where name != "SHA256SUMS" {
            let url = URL(filePath: "\(path)/\(name)")
            let data = try Data(contentsOf: url)
            for place in [0, data.count / 3, data.count / 2, data.count - 1] {
                var changed = data
                changed[place] ^= 1
                try changed.write(to: url)
                do {
                    #expect(try verify(path, fixture).findings.contains { $0.rule == "backup.changedFile" }, "\(name)")
                } catch let error as ArchiveError {
                    let codes = [ArchiveError.Code.integrity, .damagedKey, .wrongPassphrase, .unsupported]
                    #expect(codes.contains(error.code), "\(name): \(error)")
                }
            }
            try data.write(to: url)
        }
        try Data([1]).write(to: URL(filePath: path + "/more"))
        #expect(try verify(path, fixture).findings.map(\.rule) == ["backup.addedFile"])
        try FileManager.default.removeItem(atPath: path + "/more")
        let checkpoint = try Data(contentsOf: URL(filePath: path + "/checkpoint"))
        try FileManager.default.removeItem(atPath: path + "/checkpoint")
        #expect(try verify(path, fixture).findings.map(\.rule) == ["backup.missingFile"])
        try checkpoint.write(to: URL(filePath: path + "/checkpoint"))
        #expect(try verify(path, fixture).findings == [])
        // Somebody who makes the manifest match: the seals tell.
        let url = URL(filePath: path + "/archive.db")
        let database = try Data(contentsOf: url),
            sums = try String(contentsOfFile: path + "/SHA256SUMS", encoding: .utf8)
        let digest = try Files.digest(url.path)
        for page in stride(from: 1, to: database.count / 4096, by: 7) {
            var changed = database
            changed[page * 4096 + 17] ^= 1
            try changed.write(to: url)
            let matched = sums.replacing(digest, with: try Files.digest(url.path))
            try Data(matched.utf8).write(to: URL(filePath: path + "/SHA256SUMS"))
            do {
                let findings = try verify(path, fixture).findings
                #expect(
                    findings.contains { $0.rule == "backup.page" && $0.detail == "\(page + 1)" }, "page \(page + 1)")
            } catch let error as ArchiveError {
                // The check of rows met it, too.
                #expect(error.code == .integrity, "page \(page + 1): \(error)")
            }
        }
    }

    @Test(
        "A backup that lacks lines which the user has seen says how many; one of another ledger is no backup of this one"
    )
    func freshness() throws {
        let fixture = try Fixture()
        let state = fixture.folder.path + "/state"
        let path = try backup(fixture)
        let size = try verify(path, fixture).ledgerSize
        _ = try fixture.session("auditor1", stateFolder: state).users()
        _ = try fixture.session("auditor1", stateFolder: state).users()
        let older = try verify(path, fixture, state: state)
        #expect(older.isSound && older.missingLines == 2 && older.rememberedSize == size + 2)
        #expect(throws: ArchiveError(.notFound, "")) { try verify(fixture.path, fixture) }
    }
}
