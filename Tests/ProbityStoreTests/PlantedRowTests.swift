import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import Testing

@testable import ProbityStore

/// Rows that somebody with the page key and tools of his own puts where honest work comes by.
@Suite("Planted rows")
struct PlantedRowTests {
    @Test("A ledger line under the highest number there can be is told by check, and stops nothing")
    func highestLeaf() throws {
        let fixture = try Fixture()
        try fixture.archive.engine.database.write {
            try $0.execute(
                sql: "INSERT INTO leaf (seq, note, details, batch) VALUES (9223372036854775807, x'00', x'00', NULL)")
        }
        let rules = try fixture.archive.check().findings.map(\.rule)
        #expect(rules.contains("check.incomplete.leaves") && rules.contains("check.leaf.malformed"))
    }

    @Test("Dossiers under the highest numbers there can be stop no search")
    func highestDossier() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let before = try clerk.search(RecordQuery()).found.count
        try fixture.archive.engine.database.write { db in
            let count =
                try Int.fetchOne(
                    db,
                    sql: """
                        SELECT COUNT(*) FROM dossier WHERE category IN ('roster','events','drinking','talks','duty','care')
                        """) ?? 0
            for index in 0..<(500 - count) {
                try db.execute(
                    sql: "INSERT INTO dossier (id, category, officerTag, batch) VALUES (?, 'events', x'00', 1)",
                    arguments: [Int64.max - Int64(index)])
            }
        }
        #expect(try clerk.search(RecordQuery()).found.count == before)
    }

    @Test("A row that refers to what a dead import of officers left stops nobody's work, and check tells of both")
    func blockedSweep() throws {
        let fixture = try Fixture()
        try fixture.archive.engine.database.write { db in
            try db.execute(
                sql: "INSERT INTO openBatch (id, userId, startedAt, token) VALUES (900, 'clerk1', 'x', x'00')")
            try db.execute(
                sql: "INSERT INTO dossier (id, category, officerTag, batch) VALUES (77, 'roster', x'00', 900)")
            try db.execute(sql: "INSERT INTO officer (id, dossier, batch) VALUES (77, 77, 901)")
        }
        #expect(throws: Never.self) { try fixture.session("clerk1").file(Fixture.event("990001", "之后")) }
        #expect(throws: Never.self) { try fixture.session("sysadmin1").addUnits([]) }
        #expect(try fixture.archive.snapshot { try OpenBatchTable.all($0) } == [900])
        #expect(try !fixture.archive.check().isSound)
    }

    @Test("A row of a running import that somebody replaced is not published in the importer's name")
    func replaced() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let attacker = try Session(
            fixture.reopened(as: "reviewer1"), identity: #require(fixture.identities["reviewer1"]))
        attacker.purpose = Purpose("dailyManagement")
        let kind = try #require(fixture.archive.catalogue.kind("majorEvent"))
        var isDone = false
        let error = #expect(throws: ArchiveError.self) {
            _ = try clerk.importRecords(kind: "majorEvent", dryRun: false) { receive in
                for number in 0..<2500 {
                    try receive(
                        number + 2,
                        .values(officer: "990001", state: nil, Fixture.event("990001", "第\(number)条").values))
                }
            } progress: { done, pass in
                guard pass == 2, !isDone else { return }
                isDone = true
                do {
                    try fixture.archive.engine.database.write { database in
                        let db = Connection(database)
                        let batch = try db.integer("SELECT id FROM openBatch") ?? 0
                        let id = try db.integer("SELECT MAX(id) FROM version WHERE batch = ?", [.integer(batch)]) ?? 0
                        try db.execute("DELETE FROM version WHERE id = ?", [.integer(id)])
                        let values = Fixture.event("990001", "伪造").values
                        let columns = kind.clearColumns(
                            values: values, state: kind.initialState, filedOn: fixture.archive.today)
                        let officer = try attacker.roster.locate("990001", db)
                        let content = VersionContent(
                            officer: OfficerID(officer), columns, edition: kind.edition,
                            filedOn: fixture.archive.today, filedBy: "clerk1", step: "file", reason: nil, values: values
                        )
                        let key = try #require(try attacker.graph.dossierKey(id >> 20, db))
                        try attacker.vault.insert(
                            content, kind: kind, record: nil, version: id, key: key,
                            in: RowWriter(db, batch: batch, RowTally()))
                    }
                } catch { Issue.record(error) }
            }
        }
        #expect(error?.code == .integrity)
        #expect(try clerk.records(of: "990001", kind: "majorEvent").records.count == 1)
        #expect(try fixture.archive.check().findings == [])
    }
}
