import Foundation
import GRDB
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

@Suite("Check")
struct CheckTests {
    private struct Undo: Error {}

    /// Changes the database behind the archive's back, checks, and takes the change back.
    private func findings(_ fixture: Fixture, _ change: (Database) throws -> Void) throws -> CheckReport {
        var report = CheckReport()
        try fixture.archive.engine.database.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            defer { try? db.execute(sql: "PRAGMA foreign_keys = ON") }
            try db.inTransaction {
                try change(db)
                report = try fixture.archive.check(Connection(db))
                return .rollback
            }
        }
        return report
    }

    private static let tables: [(name: String, columns: [String])] =
        Table.allCases.map { ($0.rawValue, $0.columns + ["batch"]) } + [
            ("leaf", ["seq", "note", "details", "batch"]), ("node", ["level", "position", "hash"]),
            ("checkpoint", ["size", "note"]),
        ]

    /// Tables whose rows are mostly a signed note, as a leaf is.
    private static let notes: Set<String> = ["certificate", "accessGrant", "proposal"]

    /// The archive that is damaged: every table has a row.
    private static func fixture() throws -> Fixture {
        let fixture = try Fixture()
        try fixture.session("inspector1").takeIn(fixture.session("clerk1").drop(Fixture.complaint("990001")))
        _ = try fixture.session("clerk1").proposeGrant(user: "clerk2", category: .events, unit: "U01")
        return fixture
    }

    private static func rows(_ fixture: Fixture, _ table: String, _ columns: [String]) throws -> [Row] {
        try fixture.archive.raw {
            try Row.fetchAll($0, sql: "SELECT \(columns.joined(separator: ", ")) FROM \(table)")
        }
    }

    private static func condition(_ columns: [String]) -> String {
        columns.map { "\($0) IS ?" }.joined(separator: " AND ")
    }

    /// The report after one column of one row was set; nil where the schema itself forbids it.
    private func findings(
        _ fixture: Fixture, _ table: String, _ columns: [String], _ row: Row, set column: String,
        to value: any DatabaseValueConvertible
    ) throws -> CheckReport? {
        do {
            return try findings(fixture) { db in
                try db.execute(
                    sql: "UPDATE OR IGNORE \(table) SET \(column) = ? WHERE \(CheckTests.condition(columns))",
                    arguments: [value] + StatementArguments(row.databaseValues))
                if db.changesCount == 0 { throw Undo() }
            }
        } catch is Undo {
            return nil
        }
    }

    @Test(
        "Every row of a small archive: each column changed, the row deleted, a row added beside it", arguments: 0..<17)
    func everyRow(index: Int) throws {
        let (table, columns) = CheckTests.tables[index]
        let fixture = try CheckTests.fixture()
        let rows = try CheckTests.rows(fixture, table, columns)
        #expect(!rows.isEmpty, "\(table) is empty in the fixture")
        var changes = 0
        for row in rows {
            for column in columns {
                let value: DatabaseValue = row[column]
                let other: any DatabaseValueConvertible
                switch value.storage {
                case .int64(let number): other = number &+ 1
                case .string(let text): other = text + "x"
                case .blob(let data):
                    var bytes = [UInt8](data)
                    bytes[bytes.count / 2] ^= 1
                    other = Data(bytes)
                default: continue
                }
                if let report = try findings(fixture, table, columns, row, set: column, to: other) {
                    changes += 1
                    #expect(!report.isSound, "\(table).\(column)")
                }
            }
            let deleted = try findings(fixture) { db in
                try db.execute(
                    sql: "DELETE FROM \(table) WHERE \(CheckTests.condition(columns))",
                    arguments: StatementArguments(row.databaseValues))
            }
            #expect(!deleted.isSound, "a row deleted from \(table)")
        }
        #expect(changes >= rows.count)
        // A copy of the last row under another key, in the same batch.
        let added = try findings(fixture) { db in
            let keys = ["id", "seq", "size", "tray", "dossier", "position", "tag"].filter(columns.contains).prefix(1)
            let values = columns.map { column in
                guard keys.contains(column) else { return column == "serial" ? "\(column) + 1" : column }
                return column == "tag" || table == "unit" ? "\(column) || 'x'" : "\(column) + 1"
            }
            if table == "archive" {
                // There is room for one header only: the schema refuses another.
                #expect(throws: DatabaseError.self) {
                    try db.execute(
                        sql:
                            "INSERT INTO archive SELECT 2, archiveId, bureauId, name, suite, recoveryKey, logKey, batch FROM archive"
                    )
                }
                try db.execute(sql: "DELETE FROM archive")
                return
            }
            let cast = values.map { $0.hasPrefix("tag ||") ? "CAST(\($0) AS BLOB)" : $0 }
            let batch = table == "leaf" ? cast.map { $0 == "batch" ? "NULL" : $0 } : cast
            let key = keys.first ?? columns[0]
            try db.execute(
                sql: """
                    INSERT INTO \(table) (\(columns.joined(separator: ", ")))
                    SELECT \(batch.joined(separator: ", ")) FROM \(table) ORDER BY \(key) DESC LIMIT 1
                    """)
        }
        #expect(!added.isSound, "a row added to \(table)")
    }

    @Test("Every byte of a row of each table", arguments: 0..<17)
    func everyByte(index: Int) throws {
        let (table, columns) = CheckTests.tables[index]
        let fixture = try CheckTests.fixture()
        let rows = try CheckTests.rows(fixture, table, columns)
        // One row; of wraps one of each sort; of long notes every fifth byte. With PROBITY_EXHAUSTIVE every byte of every row.
        let all = ProcessInfo.processInfo.environment["PROBITY_EXHAUSTIVE"] != nil
        var sorts: Set<String> = []
        for row in rows.reversed() as [Row] {
            let sort: String = row.databaseValues.map { (value: DatabaseValue) -> String in value.isNull ? "-" : "+" }
                .joined()
            let isNew = sorts.insert(table == "wrap" ? sort : "").inserted
            guard all || isNew else { continue }
            for column in columns {
                let value: DatabaseValue = row[column]
                let isText: Bool
                let bytes: [UInt8]
                switch value.storage {
                case .string(let text): (isText, bytes) = (true, Array(text.utf8))
                case .blob(let data): (isText, bytes) = (false, [UInt8](data))
                default: continue
                }
                for index in stride(from: 0, to: bytes.count, by: all || !CheckTests.notes.contains(table) ? 1 : 5) {
                    var changed = bytes
                    changed[index] ^= 1
                    guard !isText || String(validating: changed, as: UTF8.self) != nil else { continue }
                    let other: any DatabaseValueConvertible =
                        isText ? String(decoding: changed, as: UTF8.self) : Data(changed)
                    if let report = try findings(fixture, table, columns, row, set: column, to: other) {
                        #expect(!report.isSound, "\(table).\(column) byte \(index)")
                    }
                }
            }
        }
    }

    @Test("An added row, a row moved to another officer and a hidden batch are found")
    func addedAndMoved() throws {
        let fixture = try Fixture()
        let added = try findings(fixture) { db in
            try db.execute(
                sql: """
                    INSERT INTO unit (id, parent, kind, name, batch)
                    SELECT 'U99', 'U00', 'station', 'x', batch FROM archive
                    """)
        }
        #expect(added.findings.contains { $0.rule == "check.rows" })
        let unledgered = try findings(fixture) { db in
            try db.execute(
                sql: "INSERT INTO unit (id, parent, kind, name, batch) VALUES ('U99', 'U00', 'station', 'x', 999)")
        }
        #expect(unledgered.findings.contains { $0.rule == "check.rows.unledgered" })
        let moved = try findings(fixture) { db in
            try db.execute(
                sql: """
                    UPDATE dossier SET officerTag = (SELECT officerTag FROM dossier ORDER BY id DESC LIMIT 1)
                    WHERE id = (SELECT MIN(id) FROM dossier)
                    """)
        }
        #expect(!moved.isSound)
        let hidden = try findings(fixture) { db in
            try db.execute(
                sql: "INSERT INTO openBatch (id, userId, startedAt, token) SELECT MAX(batch), 'x', 'x', x'00' FROM leaf"
            )
        }
        #expect(hidden.findings.contains { $0.rule == "check.openBatch.published" })
    }

    @Test("A ledger that was cut or rolled back shows against a remembered head")
    func rollback() throws {
        let fixture = try Fixture()
        let state = fixture.folder.path + "/state"
        let copy = fixture.folder.path + "/copy"
        try FileManager.default.createDirectory(
            atPath: PageKeyFile.folder(copy), withIntermediateDirectories: true)
        try fixture.archive.copyDatabase(to: copy + "/archive.db", generation: 1).file.write(copy)
        let session = try fixture.session("clerk1", stateFolder: state)
        _ = try session.showOfficer("990001")
        let size = try fixture.ledgerSize()
        let note = try fixture.archive.snapshot { try Ledger.checkpointNote(size, $0) }
        let old = try fixture.reopened(at: copy)
        #expect(old.header.archiveID == fixture.archive.header.archiveID)
        let report = try old.check(against: note)
        #expect(report.isIncomplete && !report.isSound)
        #expect(throws: ArchiveError(.incomplete, "")) {
            try Session(old, identity: #require(fixture.identities["clerk1"]), stateFolder: state)
        }
        #expect(try fixture.archive.check(against: note).isSound)
        // What the user's own side remembers tells it too, and a memory that cannot be read.
        let own = try old.check(stateFolder: state)
        #expect(own.findings.map(\.rule) == ["check.incomplete.older"] && own.rememberedSize == size)
        #expect(own.isIncomplete && own.findings.first?.place.hasSuffix(".head") == true)
        #expect(try fixture.archive.check(stateFolder: state).rememberedSize == size)
        let nowhere = try old.check(stateFolder: fixture.folder.path + "/nowhere")
        #expect(nowhere.isSound && nowhere.rememberedSize == nil)
        #expect(!FileManager.default.fileExists(atPath: fixture.folder.path + "/nowhere"))
        try Data("x".utf8).write(to: URL(filePath: "\(state)/\(old.header.archiveID).head"))
        #expect(try old.check(stateFolder: state).findings.map(\.rule) == ["check.incomplete.memory"])
    }

    @Test("The export verifies without the archive, and no changed, missing or added file passes")
    func export() throws {
        let fixture = try Fixture()
        let path = fixture.folder.path + "/export"
        _ = try fixture.session("auditor1").exportLedger(to: path, openings: true)
        let sound = try ExportVerifier.verify(folder: path)
        // The export's own line comes after what it exports.
        let size = Int(try fixture.ledgerSize()) - 1
        #expect(sound.findings == [])
        #expect(sound.counts["entries"] == size + 1 || sound.counts["entries"] == size)
        for name in try Files.names(below: path) where name != "VERIFY.txt" {
            let file = "\(path)/\(name)"
            let bytes = try Files.read(file)
            for index in Set([0, bytes.count / 3, bytes.count / 2, bytes.count - 1]) {
                var changed = bytes
                changed[index] ^= 0x04
                try Data(changed).write(to: URL(filePath: file))
                #expect(try !ExportVerifier.verify(folder: path).isSound, "\(name) byte \(index)")
            }
            try FileManager.default.removeItem(atPath: file)
            #expect(try !ExportVerifier.verify(folder: path).isSound, "\(name) removed")
            try Data(bytes).write(to: URL(filePath: file))
        }
        try Data("x".utf8).write(to: URL(filePath: path + "/extra"))
        #expect(try !ExportVerifier.verify(folder: path).isSound)
    }

    @Test("No name, number or narrative is in any file of the archive, in UTF-8, UTF-16 or GB18030")
    func canaries() throws {
        let fixture = try Fixture()
        let session = try fixture.session("clerk1")
        _ = try session.records(of: "990001")
        _ = try? session.showOfficer("金丝雀不存在")
        let texts = ["金丝雀", "990101197803120018", "990101198207250136", "990001"]
        var needles: [[UInt8]] = []
        for text in texts {
            needles.append(Array(text.utf8))
            needles.append(text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] })
            needles.append(text.utf16.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] })
        }
        // 金丝雀 in GB18030.
        needles.append([0xBD, 0xF0, 0xCB, 0xBF, 0xC8, 0xB8])
        for name in try Files.names(below: fixture.path) {
            let data = Data(try Files.read("\(fixture.path)/\(name)"))
            for needle in needles {
                #expect(data.range(of: Data(needle)) == nil, "\(name) holds \(needle)")
            }
        }
    }
}
