import CanonicalJSON
import Foundation
import GRDB
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

@Suite("Imports")
struct ImportTests {
    private static func source(_ count: Int, broken: Int? = nil) -> Session.RowSource {
        { receive in
            for number in 0..<count {
                if number == broken {
                    try receive(number + 2, .rejected([.init(field: "eventDate", code: "problem.missing")]))
                } else {
                    let officer = Fixture.numbers[number % 3]
                    try receive(
                        number + 2, .values(officer: officer, state: nil, Fixture.event(officer, "第\(number)条").values))
                }
            }
        }
    }

    @Test("All rows come in with one leaf, or none")
    func allOrNothing() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let before = try clerk.search(RecordQuery()).found.count
        let refused = try clerk.importRecords(
            kind: "majorEvent", dryRun: false, rows: ImportTests.source(5000, broken: 4321))
        #expect(refused.rejectedCount == 1 && refused.rejected.first?.number == 4323 && !refused.isPublished)
        #expect(try clerk.search(RecordQuery()).found.count == before)
        let dry = try clerk.importRecords(kind: "majorEvent", dryRun: true, rows: ImportTests.source(100))
        #expect(dry.rejectedCount == 0 && !dry.isPublished)
        let done = try clerk.importRecords(kind: "majorEvent", dryRun: false, rows: ImportTests.source(5000))
        #expect(done.isPublished && done.rowCount == 5000)
        let leaf = try fixture.lastLeaf()
        #expect(leaf.act == "import" && leaf.objects?.count == 5000)
        #expect(try clerk.records(of: "990001", kind: "majorEvent").records.count == 1 + 1667)
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("A row with an unknown officer is named, and an import of somebody else's scope is refused row by row")
    func unknownOfficers() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk2")
        let report = try clerk.importRecords(kind: "majorEvent", dryRun: false, rows: ImportTests.source(3))
        #expect(report.rejected.map(\.number) == [2, 3])
        #expect(report.rejected.allSatisfy { $0.problems.first?.code == "import.officerUnknown" })
        #expect(!report.isPublished)
    }

    @Test("While an import runs, others read and file, and see nothing of it")
    func invisible() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let other = try fixture.reopened()
        let reader = try Session(other, identity: #require(fixture.identities["reviewer1"]))
        reader.purpose = Purpose("dailyManagement")
        var looks = 0
        _ = try clerk.importRecords(kind: "appraisal", dryRun: false) { receive in
            for number in 0..<4500 {
                try receive(
                    number + 2,
                    .values(
                        officer: Fixture.numbers[number % 3], state: nil,
                        ["year": 2020, "grade": "competent", "decidedOn": "2021-01-31"]))
            }
        } progress: { done, pass in
            guard pass == 2, done < 4500 else { return }
            looks += 1
            #expect(throws: Never.self) {
                #expect(try reader.records(of: "990001", kind: "appraisal").records.isEmpty)
                let check = try other.check()
                #expect(check.isSound, "\(check.findings)")
            }
        }
        #expect(looks == 2)
        #expect(try reader.records(of: "990001", kind: "appraisal").records.count == 1500)
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("What a dead import left is invisible, told by check, and swept by the next writer")
    func sweep() throws {
        let fixture = try Fixture()
        let before = try fixture.archive.raw { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM version") }
        try fixture.archive.engine.database.write { db in
            try db.execute(
                sql: "INSERT INTO openBatch (id, userId, startedAt, token) VALUES (900, 'clerk1', 'x', x'00')")
            try db.execute(
                sql: """
                    INSERT INTO version (id, record, epoch, kind, state, occurredOn, dueOn, form, sealed, batch)
                    SELECT MAX(id) + 1, MAX(id) + 1, 1, 'x', 'x', 'x', NULL, NULL, x'00', 900 FROM version
                    """)
        }
        let report = try fixture.archive.check()
        #expect(report.isSound && report.findings.map(\.rule) == ["check.openBatch.dead"])
        let clerk = try fixture.session("clerk1")
        _ = try clerk.records(of: "990003")
        try clerk.file(Fixture.event("990001", "之后"))
        #expect(
            try fixture.archive.raw { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM version") } == (before ?? 0)
                + 1)
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("Officers come in all or none; a number that is there or repeated is refused")
    func officers() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let rows: [[String: JSONValue]] = [
            Fixture.officer("990004", unit: "U01", name: "丁", idNo: "99010119980517115X"),
            Fixture.officer("990004", unit: "U01", name: "戊", idNo: "990101200002291129"),
            Fixture.officer("990001", unit: "U77", name: "己", idNo: "990101199306060412"),
        ]
        func source(_ rows: [[String: JSONValue]]) -> Session.RowSource {
            { receive in
                for (index, row) in rows.enumerated() { try receive(index + 2, .values(officer: nil, state: nil, row)) }
            }
        }
        let refused = try clerk.importRecords(kind: "officer", dryRun: false, rows: source(rows))
        #expect(refused.rejected.map(\.number) == [3, 4])
        #expect(
            refused.rejected.flatMap { $0.problems.map(\.code) } == [
                "import.repeatedInFile", "import.officerExists", "import.unitUnknown",
            ])
        #expect(throws: ArchiveError(.notVisible, "")) { try clerk.showOfficer("990004") }
        let done = try clerk.importRecords(kind: "officer", dryRun: false, rows: source([rows[0]]))
        #expect(done.isPublished)
        #expect(try clerk.showOfficer("990004").name == "丁")
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("A writer waits a bounded time and then says who holds the lock")
    func lock() throws {
        let fixture = try Fixture()
        let other = try Archive.open(
            at: fixture.path, identity: #require(fixture.identities["clerk1"]), clock: fixture.clock.clock,
            lockWaitSeconds: 0.2)
        let waiting = try Session(other, identity: #require(fixture.identities["reviewer1"]))
        waiting.purpose = Purpose("dailyManagement")
        try fixture.archive.transact("clerk1 record.add") { _ in
            do {
                _ = try waiting.showOfficer("990001")
                Issue.record("the reader got past the lock")
            } catch let error as ArchiveError {
                #expect(error.code == .locked)
                #expect(error.subject?.hasPrefix("clerk1 record.add, pid ") ?? false)
            }
        }
        #expect(throws: Never.self) { try waiting.showOfficer("990001") }
    }

    // MARK: What the gate asks of rows

    private static func rows(_ rows: [ImportRow]) -> Session.RowSource {
        { receive in for (index, row) in rows.enumerated() { try receive(index + 2, row) } }
    }

    @Test(
        "Rows that a front end has not judged are judged by the gate: fields, rules, states, and what could not be read"
    )
    func judged() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let good = Fixture.event("990001", "好").values
        func problems(_ row: ImportRow, kind: String = "majorEvent") throws -> [RejectedRow.Problem] {
            let report = try clerk.importRecords(kind: kind, dryRun: false, rows: ImportTests.rows([row]))
            #expect(!report.isPublished)
            return report.rejected.flatMap(\.problems)
        }
        var bad = good
        bad["eventKind"] = nil
        bad["mood"] = "x"
        #expect(
            try problems(.values(officer: "990001", state: nil, bad)) == [
                .init(field: "mood", code: "problem.unknownField"), .init(field: "eventKind", code: "problem.missing"),
            ])
        // What could not be read comes first, and is not missing besides.
        var unread = good
        unread["eventDate"] = nil
        #expect(
            try problems(
                .values(
                    officer: "990001", state: nil, unread,
                    unread: [FieldProblem("eventDate", .badDate)])) == [
                    .init(field: "eventDate", code: "problem.badDate")
                ])
        // The number of an officer who is not there is no matter before the row is right.
        #expect(try problems(.values(officer: "999999", state: nil, bad)).count == 2)
        #expect(
            try problems(.values(officer: "990001", state: "已审结", good)) == [
                .init(field: "state", code: "import.stateUnknown", params: ["value": "已审结"])
            ])
        let officer = Fixture.officer("990009", unit: "U01", name: "某", idNo: "110101199003070000")
        #expect(
            try problems(.values(officer: nil, state: nil, officer), kind: "officer").map(\.code) == [
                "problem.citizenID"
            ])
        #expect(try fixture.archive.check().findings == [])
    }

    @Test(
        "Rows that changed between the passes are not filed, though each would do",
        arguments: ["value", "fewer", "more"])
    func changedBetween(how: String) throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let before = try clerk.search(RecordQuery()).found.count
        var pass = 0
        let error = #expect(throws: ArchiveError.self) {
            try clerk.importRecords(kind: "majorEvent", dryRun: false) { receive in
                pass += 1
                let count = pass == 1 || how == "value" ? 3 : how == "fewer" ? 2 : 4
                for number in 0..<count {
                    let text = pass == 2 && number == 1 && how == "value" ? "换了" : "第\(number)条"
                    try receive(
                        number + 2,
                        .values(officer: "990001", state: nil, Fixture.event("990001", text).values))
                }
            }
        }
        #expect(error?.code == .changedSinceRead)
        #expect(try clerk.search(RecordQuery()).found.count == before)
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("An officer whom the first pass did not look up is asked about in the second: his own file is not filed into")
    func secondPassRecusal() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let judge = ImportJudge(
            try clerk.declaredKind("majorEvent"),
            Actor(
                certificate: try ownCertificate(fixture, "990001"), policy: fixture.archive.policy),
            clerk.workflowActor, clerk.roster, clerk.vault, isPast: false,
            Workflow.Context(policy: fixture.archive.policy, today: clerk.archive.today), leads: { _, _ in nil })
        try fixture.archive.snapshot { db in
            #expect(throws: ArchiveError(.recusal, "")) { try judge.officer("990001", db) }
            #expect(throws: Never.self) { try judge.officer("990002", db) }
        }
    }

    @Test("An officer imports his own reports in no state that is for others to give, as he files them in none")
    func ownReports() throws {
        let fixture = try Fixture()
        let officer = try fixture.session("officer1")
        let kind = try #require(fixture.archive.catalogue.kind("majorEvent"))
        let verified = try #require(kind.pastStates.first)
        func codes(_ session: Session, _ state: String, past: Bool) throws -> [String] {
            let row = ImportRow.values(officer: "990001", state: state, Fixture.event("990001", "x").values)
            return try session.importRecords(kind: kind.id, past: past, dryRun: false, rows: ImportTests.rows([row]))
                .rejected.flatMap(\.problems).map(\.code)
        }
        #expect(try codes(officer, verified, past: true) == ["error.workflow.notInitial"])
        #expect(try codes(officer, verified, past: false) == ["import.statePast"])
        #expect(try codes(officer, kind.initialState, past: true) == ["import.officerUnknown"])
        // A clerk brings in what was verified long ago, where he says that it is of the past.
        let clerk = try fixture.session("clerk1")
        #expect(try codes(clerk, verified, past: false) == ["import.statePast"])
        #expect(try codes(clerk, "withdrawn", past: true) == ["import.stateUnknown"])
        #expect(try codes(clerk, verified, past: true) == [])
    }

    /// The certificate of a clerk who is the officer of that number.
    private func ownCertificate(_ fixture: Fixture, _ number: String) throws -> Certificate {
        let clerk = try fixture.session("clerk1")
        let certificate = clerk.certificate
        return Certificate(
            user: "clerk1", serial: 1, role: .clerk, unit: "U00", officer: try clerk.showOfficer(number).id.number,
            signingKey: certificate.signingKey, agreementKey: certificate.agreementKey,
            validFrom: certificate.validFrom)
    }

    // MARK: Imports that die, or are taken for dead

    @Test("An import of officers that died is swept by the next act, and stops none")
    func deadOfficers() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let kind = try clerk.declaredKind("officer")
        let tables = ["officer", "officerTag", "dossier", "dossierKey", "version", "openBatch"]
        func counts() throws -> [Int64?] {
            try fixture.archive.snapshot { db in try tables.map { try db.integer("SELECT COUNT(*) FROM \($0)") } }
        }
        let before = try counts()
        // The first chunk of an import whose program was killed then: nobody claims the batch any more.
        try fixture.archive.transact("test") { db in
            let writer = try RowWriter(db)
            try OpenBatchTable.open(writer.batch, user: "clerk1", startedAt: "x", token: [1], db)
            let values = Fixture.officer("990004", unit: "U01", name: "丁", idNo: "99010119980517115X")
            _ = try clerk.roster.add(
                Workflow.Outcome(step: "file", state: kind.initialState, values: values), kind, writer,
                structure: writer)
        }
        #expect(try counts() != before)
        #expect(try fixture.archive.check().findings.map(\.rule) == ["check.openBatch.dead"])
        try fixture.session("clerk1").file(Fixture.event("990001", "之后"))
        var after = try counts()
        after[4] = after[4].map { $0 - 1 }
        #expect(after == before)
        #expect(try fixture.archive.check().findings == [])
        // The number that it would have brought in is free.
        #expect(throws: Never.self) {
            try fixture.session("clerk1").addOfficers([
                Fixture.officer("990004", unit: "U01", name: "丁", idNo: "99010119980517115X")
            ])
        }
    }

    @Test(
        "An import that was swept while it stood still ends and publishes no part, also where its number is another's now",
        arguments: [false, true], [2000, 4500])
    func swept(isTaken: Bool, after count: Int) throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let before = try clerk.search(RecordQuery()).found.count
        let error = #expect(throws: ArchiveError.self) {
            _ = try clerk.importRecords(kind: "majorEvent", dryRun: false, rows: ImportTests.source(4500)) {
                done, pass in
                guard pass == 2, done == count else { return }
                // Another engine lost the import's claim: somebody clears it away, and perhaps gets its number.
                do {
                    try fixture.archive.transact("test") { db in
                        let batch = try #require(try OpenBatchTable.all(db).first)
                        try OpenBatchTable.remove(batch, db)
                        if isTaken {
                            try OpenBatchTable.open(batch, user: "clerk2", startedAt: "x", token: [9], db)
                        }
                    }
                } catch { Issue.record("\(error)") }
            }
        }
        #expect(error?.code == .changedSinceRead)
        #expect(try clerk.search(RecordQuery()).found.count == before)
        // What has the number now is left alone by the import that lost it, and swept by the next act.
        #expect(try fixture.archive.snapshot { try OpenBatchTable.all($0) }.count == (isTaken ? 1 : 0))
        try clerk.file(Fixture.event("990001", "之后"))
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("A row that somebody puts under the number of a running import stops its publication")
    func plantedInImport() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let error = #expect(throws: ArchiveError.self) {
            _ = try clerk.importRecords(kind: "majorEvent", dryRun: false, rows: ImportTests.source(2100)) {
                done, pass in
                guard pass == 2, done == 2000 else { return }
                do {
                    try fixture.archive.transact("test") { db in
                        let batch = try #require(try OpenBatchTable.all(db).first)
                        try db.execute(
                            """
                            INSERT INTO version (id, record, epoch, kind, state, occurredOn, dueOn, form, sealed, batch)
                            SELECT MAX(id) + 1, MAX(id) + 1, 1, 'x', 'x', 'x', NULL, NULL, x'00', ? FROM version
                            """, [.integer(batch)])
                    }
                } catch { Issue.record("\(error)") }
            }
        }
        #expect(error?.code == .integrity)
        #expect(try fixture.archive.check().findings == [])
    }

    @Test(
        "A number that somebody else brings in during the first pass, in a unit without officers before, is not filed twice"
    )
    func staleUnits() throws {
        let fixture = try Fixture()
        try fixture.session("sysadmin1").addUnits([Unit(id: "U03", parent: "U00", kind: "station", name: "三所")])
        let clerk = try fixture.session("clerk1")
        let other = try Session(fixture.reopened(), identity: #require(fixture.identities["clerk1"]))
        var pass = 0
        let error = #expect(throws: ArchiveError.self) {
            _ = try clerk.importRecords(kind: "officer", dryRun: false) { receive in
                pass += 1
                try receive(
                    2,
                    .values(
                        officer: nil, state: nil,
                        Fixture.officer("990050", unit: "U01", name: "甲甲", idNo: Fixture.idNumber(50))))
                if pass == 1 {
                    try other.addOfficers([
                        Fixture.officer("990050", unit: "U03", name: "乙乙", idNo: Fixture.idNumber(51))
                    ])
                }
            }
        }
        #expect(error?.code == .invalidEntry)
        // One officer bears the number, whoever brought him in.
        #expect(try clerk.showOfficer("990050").name == "乙乙")
        #expect(try fixture.archive.check().findings == [])
    }
}
