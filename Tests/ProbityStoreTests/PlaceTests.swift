import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

/// Somebody with write access to the file, and for the harder cases with a user's keys and a valid line of his: rows that
/// say to stand where they do not. Each test looks at the next honest act, through a session that begins after the attack.
@Suite("Rows prove where they belong")
struct PlaceTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func session(_ user: String) throws -> Session {
        let archive = try fixture.reopened()
        let session = try Session(archive, identity: #require(fixture.identities[user]))
        session.purpose = archive.policy.purposes(session.role).first.map { Purpose(code: $0, reason: "test") }
        return session
    }

    private func change(_ sql: String, _ arguments: StatementArguments = []) throws {
        try fixture.archive.engine.database.write { try $0.execute(sql: sql, arguments: arguments) }
    }

    private func number(_ sql: String) throws -> Int64? {
        try fixture.archive.raw { try Int64.fetchOne($0, sql: sql) }
    }

    /// The dossier of the one sanction that the fixture begins with: that of 990001.
    private func sanctions() throws -> Int64 {
        try #require(try number("SELECT id FROM dossier WHERE category = 'sanctions'"))
    }

    private func node(_ category: String, _ unit: String) -> String {
        "(SELECT id FROM key WHERE kind = 'node' AND category = '\(category)' AND unit = '\(unit)')"
    }

    private func rules() throws -> Set<String> { Set(try fixture.archive.check().findings.map(\.rule)) }

    /// What the promotion check answers of 990001.
    private func answer() throws -> (verdict: PromotionVerdict, coverage: Coverage) {
        var results: [PromotionResult] = []
        try session("promoter1").checkPromotion(["990001"], move: .promotion) { results.append($0) }
        let result = try #require(results.first)
        return (result.answer.verdict, result.coverage)
    }

    // MARK: Keys of dossiers

    @Test(
        "A station clerk's newer key for a sealed dossier, below his own node, seals nothing", arguments: [true, false])
    func redirected(hasLine: Bool) throws {
        let clerk = try session("clerk2")
        let dossier = try sanctions()
        func plant(_ writer: RowWriter) throws {
            let own = try #require(try clerk.graph.open(NodePlace(category: .events, unit: "U02"), writer.db))
            let wrapped = try KeyWrap.wrap(
                DossierKey.secret(of: 1), under: own.wrapKey,
                context: KeyGraph.context(
                    archiveID: fixture.archive.header.archiveID, from: KeyGraph.name(own.keyID, at: own.place),
                    to: "dossier:\(dossier):2", purpose: "dossier"))
            try writer.insertDossierKey(dossier, epoch: 2, node: own.keyID, wrapped: wrapped)
        }
        if hasLine {
            try fixture.forge(clerk.identity, "dossier.open", rows: plant)
        } else {
            try fixture.archive.engine.database.write {
                try plant(RowWriter(Connection($0), batch: 999, RowTally()))
            }
        }
        let inspector = try session("inspector1")
        let id = try inspector.file(Fixture.sanction("990001"))
        #expect(try number("SELECT MAX(epoch) FROM version WHERE record = \(id.number)") == 1)
        #expect(try session("reviewer1").show(id).entry.content.kind == "sanction")
        let key = try fixture.archive.snapshot { try clerk.graph.dossierKey(dossier, $0) }
        #expect(key == nil)
        #expect(try rules().contains("check.place.dossier"))
    }

    @Test(
        "A dossier whose key was replaced takes nothing, and is no clean file",
        arguments: ["other category", "other unit"])
    func replaced(how: String) throws {
        try fixture.verifySanction()
        let before = try answer()
        #expect(before.verdict >= .hold && before.coverage.isComplete)
        let dossier = try sanctions()
        let wrapped = try #require(
            try fixture.archive.raw {
                try Data.fetchOne($0, sql: "SELECT wrapped FROM dossierKey WHERE dossier = ?", arguments: [dossier])
            })
        let node = node(how == "other unit" ? "events" : "complaints", how == "other unit" ? "U02" : "U00")
        try change("UPDATE dossierKey SET node = \(node) WHERE dossier = ?", [dossier])
        let after = try answer()
        #expect(after.verdict >= .hold && after.coverage.gaps.contains(Coverage.Gap(.sanctions, .setAside)))
        let read = try session("inspector1").records(of: "990001", kind: "sanction")
        #expect(read.records.isEmpty && read.coverage.closable == [Coverage.Gap(.sanctions, .setAside)])
        #expect(throws: ArchiveError(.integrity, "")) { try session("inspector1").file(Fixture.sanction("990001")) }
        // Put back, everything is there.
        try change(
            "UPDATE dossierKey SET node = \(self.node("sanctions", "U00")), wrapped = ? WHERE dossier = ?",
            [wrapped, dossier])
        #expect(try session("inspector1").records(of: "990001", kind: "sanction").records.count == 1)
        #expect(try fixture.archive.check().isSound)
    }

    // MARK: Dossiers

    @Test("A second dossier under a colleague's tag hides nothing and stops nobody", arguments: [1, 1 << 41])
    func second(id: Int64) throws {
        try fixture.verifySanction()
        let before = try answer()
        try change(
            "INSERT INTO dossier (id, category, officerTag, batch) SELECT ?, category, officerTag, 999 FROM dossier WHERE id = ?",
            [id, try sanctions()])
        let after = try answer()
        #expect(after.verdict == before.verdict && after.coverage.gaps == [Coverage.Gap(.sanctions, .setAside)])
        let inspector = try session("inspector1")
        #expect(try inspector.records(of: "990001", kind: "sanction").records.count == 1)
        try inspector.file(Fixture.sanction("990001"))
        #expect(try inspector.records(of: "990001", kind: "sanction").records.count == 2)
        #expect(try rules().isSuperset(of: ["check.place.second", "check.rows.unledgered"]))
    }

    @Test("A dossier below a node of another unit, under a colleague's tag, keeps nobody from a first filing")
    func elsewhere() throws {
        let clerk = try session("clerk1")
        try clerk.addOfficers([Fixture.officer("990009", unit: "U02", name: "某丁", idNo: Fixture.idNumber(9))])
        let tag = try fixture.archive.snapshot { db in
            try clerk.graph.dossierTag(
                .events, officer: clerk.roster.locate("990009", db), at: NodePlace(category: .events, unit: "U00"), db)
        }
        // Whose keys are those of the second station only does not open the first one's node.
        try change("INSERT INTO dossier (id, category, officerTag, batch) VALUES (77, 'events', ?, 999)", [Data(tag)])
        try change(
            """
            INSERT INTO dossierKey (dossier, epoch, node, wrapped, batch)
            VALUES (77, 1, \(node("events", "U01")), x'00', 999)
            """)
        let station = try session("clerk2")
        let read = try station.records(of: "990009", kind: "majorEvent")
        #expect(read.records.isEmpty && read.coverage.closable.contains(Coverage.Gap(.events, .setAside)))
        try station.file(Fixture.event("990009", "某事"))
        #expect(try session("clerk2").records(of: "990009", kind: "majorEvent").records.count == 1)
    }

    @Test("Two dossiers of one officer that both prove their place are told, and neither is taken")
    func twoTrue() throws {
        let inspector = try session("inspector1")
        try fixture.forge(inspector.identity, "dossier.open") { writer in
            let officer = try inspector.roster.locate("990001", writer.db)
            let node = try inspector.graph.node(at: NodePlace(category: .sanctions, unit: "U00"), in: writer)
            _ = try inspector.graph.makeDossier(.sanctions, officer: officer, below: node, in: writer)
        }
        #expect(throws: ArchiveError(.integrity, "")) { try answer() }
        #expect(throws: ArchiveError(.integrity, "")) { try session("inspector1").file(Fixture.sanction("990001")) }
        #expect(try rules() == ["check.place.second"])
    }

    @Test("Dossiers whose tags were exchanged for a minute take nothing of the other officer")
    func exchangedDossiers() throws {
        let inspector = try session("inspector1")
        try inspector.file(Fixture.sanction("990002"))
        let (one, other) = (
            try sanctions(),
            try #require(try number("SELECT id FROM dossier WHERE category = 'sanctions' AND id <> \(sanctions())"))
        )
        func swap() throws {
            let tags = try [one, other].map { id in
                try fixture.archive.raw {
                    try Data.fetchOne($0, sql: "SELECT officerTag FROM dossier WHERE id = ?", arguments: [id])
                }
            }
            try change("UPDATE dossier SET officerTag = ? WHERE id = ?", [tags[1], one])
            try change("UPDATE dossier SET officerTag = ? WHERE id = ?", [tags[0], other])
        }
        try swap()
        let count = try number("SELECT COUNT(*) FROM version")
        for number in ["990001", "990002"] {
            #expect(throws: ArchiveError(.integrity, "")) { try session("inspector1").file(Fixture.sanction(number)) }
            let read = try session("inspector1").records(of: number, kind: "sanction")
            #expect(read.records.isEmpty && read.coverage.closable == [Coverage.Gap(.sanctions, .setAside)])
        }
        #expect(try number("SELECT COUNT(*) FROM version") == count)
        try swap()
        #expect(try session("inspector1").records(of: "990001", kind: "sanction").records.count == 1)
        #expect(try fixture.archive.check().isSound)
    }

    // MARK: The index

    @Test("Two officers' index tags exchanged for a minute file nothing into the other's file")
    func exchangedTags() throws {
        func swap() throws {
            let ids = try fixture.archive.raw { try Int64.fetchAll($0, sql: "SELECT id FROM officer ORDER BY id") }
            // 990001 and 990002 are of one unit; which of the three they are, only the roster tells.
            let clerk = try session("clerk1")
            let pair = try fixture.archive.snapshot { db in
                try ids.filter { try clerk.roster.entry($0, db).unit == "U01" }
            }
            try change("UPDATE officerTag SET officer = -officer WHERE officer IN (?, ?)", [pair[0], pair[1]])
            try change("UPDATE officerTag SET officer = ? WHERE officer = ?", [pair[1], -pair[0]])
            try change("UPDATE officerTag SET officer = ? WHERE officer = ?", [pair[0], -pair[1]])
        }
        let count = try number("SELECT COUNT(*) FROM version")
        try swap()
        for query in ["990001", "990002", "金丝雀甲"] {
            #expect(throws: ArchiveError(.integrity, "")) { try session("inspector1").file(Fixture.sanction(query)) }
            #expect(throws: ArchiveError(.integrity, "")) { try session("clerk1").showOfficer(query) }
        }
        #expect(try number("SELECT COUNT(*) FROM version") == count)
        try swap()
        #expect(try session("clerk1").showOfficer("990001").policeNo == "990001")
        #expect(try fixture.archive.check().isSound)
    }

    // MARK: Units and nodes

    @Test("A unit that is put below another for a minute gets no keys there")
    func movedUnit() throws {
        try session("sysadmin1").addUnits([Unit(id: "U03", parent: "U00", kind: "station", name: "三所")])
        let officer = Fixture.officer("990009", unit: "U03", name: "某丁", idNo: Fixture.idNumber(9))
        try change("UPDATE unit SET parent = 'U02' WHERE id = 'U03'")
        #expect(throws: ArchiveError(.integrity, "")) { try session("clerk1").addOfficers([officer]) }
        #expect(try number("SELECT COUNT(*) FROM key WHERE unit = 'U03'") == 0)
        try change("UPDATE unit SET parent = 'U00' WHERE id = 'U03'")
        try session("clerk1").addOfficers([officer])
        let above = try number("SELECT byKey FROM wrap WHERE key = \(node("roster", "U03")) AND byKey IS NOT NULL")
        #expect(try above == number("SELECT id FROM key WHERE kind = 'node' AND category = 'roster' AND unit = 'U00'"))
        #expect(try fixture.archive.check().isSound)
    }

    @Test("A unit that nobody may make gets no keys")
    func plantedUnit() throws {
        try fixture.forge(#require(fixture.identities["clerk2"]), "unit.add") {
            try $0.insertUnit(Unit(id: "U03", parent: "U02", kind: "station", name: "三所"))
        }
        #expect(throws: ArchiveError(.integrity, "")) {
            try session("clerk1").addOfficers([
                Fixture.officer("990009", unit: "U03", name: "某丁", idNo: Fixture.idNumber(9))
            ])
        }
    }

    @Test("Two nodes that were given each other's unit open nothing, and nothing is filed below the wrong one")
    func exchangedNodes() throws {
        func swap() throws {
            try change(
                """
                UPDATE key SET unit = CASE unit WHEN 'U01' THEN 'U02' ELSE 'U01' END
                WHERE kind = 'node' AND category = 'events' AND unit IN ('U01', 'U02')
                """)
        }
        try swap()
        let count = try number("SELECT COUNT(*) FROM version")
        for (user, number) in [("clerk1", "990001"), ("clerk1", "990003"), ("clerk2", "990003")] {
            #expect(throws: ArchiveError(.integrity, ""), "\(user) \(number)") {
                try session(user).file(Fixture.event(number, "某事"))
            }
        }
        #expect(try number("SELECT COUNT(*) FROM version") == count)
        #expect(try number("SELECT COUNT(*) FROM key WHERE category = 'events' AND kind = 'node'") == 3)
        try swap()
        try session("clerk1").file(Fixture.event("990001", "某事"))
        #expect(try fixture.archive.check().isSound)
    }

    @Test("A node for another unit, below the clerk's own, is not used", arguments: [true, false])
    func plantedNode(hasTrueOne: Bool) throws {
        let clerk = try session("clerk2")
        let unit = hasTrueOne ? "U01" : "U04"
        try session("sysadmin1").addUnits([Unit(id: "U04", parent: "U00", kind: "station", name: "四所")])
        try fixture.forge(clerk.identity, "dossier.open") { writer in
            let own = try #require(try clerk.graph.open(NodePlace(category: .roster, unit: "U02"), writer.db))
            _ = try clerk.graph.makeNode(at: NodePlace(category: .roster, unit: unit), below: own, in: writer)
        }
        try session("clerk1").addOfficers([
            Fixture.officer("990009", unit: unit, name: "某丁", idNo: Fixture.idNumber(9))
        ])
        #expect(try session("clerk1").showOfficer("990009").unit == unit)
        #expect(throws: ArchiveError(.notVisible, "")) { try session("clerk2").showOfficer("990009") }
        #expect(try rules().contains("check.place.second"))
    }

    // MARK: Imports

    @Test("Published rows that are listed as an open import stay, and are seen")
    func hidden() throws {
        let batch = try #require(try number("SELECT batch FROM version WHERE record >> 20 = \(sanctions())"))
        try change(
            "INSERT INTO openBatch (id, userId, startedAt, token) VALUES (?, 'clerk1', 'x', x'00')", [batch])
        let inspector = try session("inspector1")
        #expect(try inspector.records(of: "990001", kind: "sanction").records.count == 1)
        try inspector.file(Fixture.sanction("990002"))
        #expect(try number("SELECT COUNT(*) FROM version WHERE batch = \(batch)") == 1)
        #expect(try rules() == ["check.openBatch.published"])
    }

    // MARK: check

    @Test("A thousand remarks leave room for an error")
    func crowd() throws {
        try fixture.archive.engine.database.write { db in
            for batch in 1...1_200 {
                try db.execute(
                    sql: "INSERT INTO openBatch (id, userId, startedAt, token) VALUES (?, 'x', 'x', x'00')",
                    arguments: [batch])
            }
            try db.execute(sql: "UPDATE accessGrant SET note = x'00' WHERE id = 1")
        }
        let report = try fixture.archive.check()
        #expect(!report.isSound && report.findings.contains { $0.severity == .violation })
        #expect(report.findings.filter { $0.severity == .notice }.count == 1_000)
    }
}
