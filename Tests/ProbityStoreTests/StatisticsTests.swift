import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

@Suite("Figures")
struct StatisticsTests {
    private static func date(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

    static func query(
        _ from: String = "2026-01-01", _ until: String = "2026-12-31", kinds: [String] = [], unit: String? = nil
    ) throws -> StatisticsQuery {
        var query = try StatisticsQuery(from: date(from), until: date(until))
        query.kinds = kinds
        query.unit = unit
        return query
    }

    static func counter(_ fixture: Fixture, _ user: String) throws -> Session {
        let session = try fixture.session(user)
        session.purpose = Purpose("statistics:月报")
        return session
    }

    /// The same figures, made the long way: every record that the user may see is opened.
    private static func recount(_ session: Session, _ query: StatisticsQuery, units: Set<String>? = nil) throws
        -> [String: Int]
    {
        var all = RecordQuery()
        all.limit = 10_000
        var figures: [String: Int] = [:]
        for (officer, record) in try session.search(all).found {
            let kind = try #require(session.archive.catalogue.kind(record.content.kind))
            let unit = kind.category.isSealed ? "U00" : officer.unit
            guard query.from <= record.content.occurredOn, record.content.occurredOn <= query.until,
                query.kinds.isEmpty || query.kinds.contains(kind.id), units?.contains(unit) ?? true
            else { continue }
            let form = kind.clearColumns(
                values: record.content.values, state: record.content.state, filedOn: record.content.filedOn
            ).form
            figures["\(kind.id) \(form ?? 0) \(unit) \(record.content.state)", default: 0] += 1
        }
        return figures
    }

    private static func figures(_ statistics: Reading<Statistics>) -> [String: Int] {
        Dictionary(
            uniqueKeysWithValues: statistics.cells.map {
                ("\($0.kind) \($0.form ?? 0) \($0.unit) \($0.state)", $0.count)
            })
    }

    /// Files, corrects, moves in time, advances and withdraws at random.
    private static func fill(_ fixture: Fixture, _ random: inout SeededGenerator) throws {
        func day() -> JSONValue {
            .string("2026-0\(Int.random(in: 1...9, using: &random))-1\(Int.random(in: 0...9, using: &random))")
        }
        let clerk = try fixture.session("clerk1")
        let inspector = try fixture.session("inspector1")
        let reviewer = try fixture.session("reviewer1")
        try fixture.session("sysadmin1").addUnits([Unit(id: "U11", parent: "U01", kind: "squad", name: "一所警组")])
        try clerk.addOfficers(
            (0..<6).map {
                Fixture.officer(
                    "99010\($0)", unit: ["U11", "U11", "U02", "U01", "U00", "U11"][$0], name: "人\($0)",
                    idNo: Fixture.idNumber(100 + $0))
            })
        let numbers = Fixture.numbers + (0..<6).map { "99010\($0)" }
        for _ in 0..<90 {
            let officer = numbers[Int.random(in: 0..<numbers.count, using: &random)]
            let draft: RecordDraft
            var (session, dated, step) = (clerk, "", "")
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                draft = RecordDraft(
                    kind: "training", officer: officer,
                    values: ["course": "other", "completedOn": day(), "passed": true])
                (dated, step) = ("completedOn", "verify")
            case 1:
                draft = RecordDraft(
                    kind: "talk", officer: officer,
                    values: [
                        "talkKind": ["heartTalk", "remind"][Int.random(in: 0...1, using: &random)], "talkOn": day(),
                        "interviewers": "所长", "matter": "谈心",
                    ])
                (dated, step) = ("talkOn", "followUp")
            case 2:
                draft = RecordDraft(
                    kind: "dutyTrace", officer: officer,
                    values: ["performedOn": day(), "area": "team", "item": "检查", "evidence": "照片"])
                (dated, step) = ("performedOn", "verify")
            case 3:
                draft = Fixture.sanction(officer)
                (session, dated, step) = (inspector, "decidedOn", "verify")
            case 4:
                draft = Fixture.complaint(officer)
                (session, dated, step) = (inspector, "receivedOn", "register")
            default:
                var values = Fixture.event(officer, "事项").values
                (values["eventDate"], values["reportDate"]) = ("2026-01-01", day())
                draft = RecordDraft(kind: "majorEvent", officer: officer, values: values)
                (dated, step) = ("reportDate", "verify")
            }
            let record = try session.file(draft)
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let other = day()
                if try session.show(record).entry.content.values[dated] != other {
                    try session.amend(record, changes: [dated: other], reason: "日期有误")
                }
            }
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where draft.kind != "complaint":
                // A talk is withdrawn by others than clerks; a reminder waits for a second signature.
                try (draft.kind == "talk" ? inspector : session).withdraw(record, reason: "重复登记")
            case 1:
                let changes: [String: JSONValue] = step == "register" ? ["receiptNo": "收〔2026〕1号"] : [:]
                // What was filed is verified by somebody else.
                try (step == "verify" ? reviewer : session).advance(record, step: step, changes: changes, reason: "办理")
            default: break
            }
        }
    }

    @Test(
        "They are those of a recount that opens every record, for every role and scope, whatever was corrected or withdrawn",
        arguments: [1, 20_261_120] as [UInt64])
    func recount(seed: UInt64) throws {
        let fixture = try Fixture()
        var random = SeededGenerator(seed: seed)
        try StatisticsTests.fill(fixture, &random)
        let months = (1...9).map {
            ("2026-0\($0)-01", "2026-0\($0)-\($0 == 2 ? 28 : [4, 6, 9].contains($0) ? 30 : 31)")
        }
        var compared = 0
        for (user, units) in [
            ("clerk1", nil), ("clerk2", nil), ("reviewer1", nil), ("inspector1", nil), ("supervisor1", nil),
        ] as [(String, Set<String>?)] {
            let session = try StatisticsTests.counter(fixture, user)
            for (from, until) in months + [("2026-01-01", "2026-12-31"), ("2026-03-07", "2026-05-21")] {
                let query = try StatisticsTests.query(from, until)
                let expected = try StatisticsTests.recount(session, query, units: units)
                #expect(
                    try StatisticsTests.figures(session.statistics(query)) == expected, "seed \(seed) \(user) \(from)")
                compared += expected.count
            }
        }
        #expect(compared > 200, "seed \(seed)")
        // One unit and those below it.
        let clerk = try StatisticsTests.counter(fixture, "clerk1")
        let below = try StatisticsTests.query(unit: "U01")
        #expect(
            try StatisticsTests.figures(clerk.statistics(below))
                == StatisticsTests.recount(clerk, below, units: ["U01", "U11"]), "seed \(seed)")
        // Who holds no key counts the same, of what is not sealed; the clerk, who reads all of that, recounts for him.
        let leader = try StatisticsTests.counter(fixture, "leader1")
        let year = try StatisticsTests.query()
        let counted = try leader.statistics(year)
        #expect(try StatisticsTests.figures(counted) == StatisticsTests.recount(clerk, year), "seed \(seed)")
        #expect(counted.coverage.gaps.filter { $0.category == .sanctions } == [Coverage.Gap(.sanctions, .role)])
        #expect(counted.coverage.closable.isEmpty)
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("The first and the last day belong to the period, sealed or not, and the days beside them do not")
    func bounds() throws {
        let fixture = try Fixture()
        // One record of each kind, of 1 July, 15 January and 2 June.
        let session = try StatisticsTests.counter(fixture, "inspector1")
        for (kind, day, before, after) in [
            ("majorEvent", "2026-07-01", "2026-06-30", "2026-07-02"),
            ("sanction", "2026-01-15", "2026-01-14", "2026-01-16"),
            ("complaint", "2026-06-02", "2026-06-01", "2026-06-03"),
        ] {
            for (from, until, isInside) in [
                (day, day, true), (before, day, true), (day, after, true), ("2026-01-01", before, false),
                (after, "2026-12-31", false),
            ] {
                let cells = try session.statistics(StatisticsTests.query(from, until, kinds: [kind])).cells
                #expect(cells.isEmpty == !isInside, "\(kind) \(from) \(until)")
            }
        }
    }

    @Test("An import that is not published is not counted, and is as soon as it is")
    func unpublished() throws {
        let fixture = try Fixture()
        let other = try fixture.reopened()
        let counter = try Session(other, identity: #require(fixture.identities["reviewer1"]))
        counter.purpose = Purpose("statistics")
        let query = try StatisticsTests.query(kinds: ["appraisal"])
        var looks = 0
        _ = try fixture.session("clerk1").importRecords(kind: "appraisal", dryRun: false) { receive in
            for number in 0..<4100 {
                try receive(
                    number + 2,
                    .values(
                        officer: Fixture.numbers[number % 3], state: nil,
                        ["year": 2025, "grade": "competent", "decidedOn": "2026-01-31"]))
            }
        } progress: { done, pass in
            guard pass == 2, done < 4100 else { return }
            looks += 1
            #expect(throws: Never.self) {
                let counted = try counter.statistics(query)
                #expect(counted.cells.isEmpty)
            }
        }
        #expect(looks == 2)
        #expect(try counter.statistics(query).cells.map(\.count) == [2734, 1366])
    }

    @Test("A correction that is not published yet leaves the record as it was")
    func unpublishedCorrection() throws {
        let fixture = try Fixture()
        let query = try StatisticsTests.query(kinds: ["majorEvent"])
        let clerk = try StatisticsTests.counter(fixture, "clerk1")
        let before = try clerk.statistics(query)
        try fixture.archive.engine.database.write { db in
            try db.execute(
                sql: "INSERT INTO openBatch (id, userId, startedAt, token) VALUES (900, 'clerk1', 'x', x'00')")
            try db.execute(
                sql: """
                    INSERT INTO version (id, record, epoch, kind, state, occurredOn, dueOn, form, sealed, batch)
                    SELECT id + 1, record, epoch, kind, 'verified', '2020-01-01', NULL, NULL, sealed, 900 FROM version
                    WHERE kind = 'majorEvent'
                    """)
        }
        #expect(try clerk.statistics(query) == before)
        #expect(before.cells.map(\.count) == [1, 1])
    }

    @Test("The newest version is the one of the highest number, in whatever order the batches come")
    func batchOrder() throws {
        let fixture = try Fixture()
        try fixture.archive.engine.database.write { db in
            for (number, state, batch) in [(1, "corrected", 901), (2, "verified", 900)] {
                try db.execute(
                    sql: """
                        INSERT INTO version (id, record, epoch, kind, state, occurredOn, dueOn, form, sealed, batch)
                        SELECT id + ?, record, epoch, kind, ?, occurredOn, NULL, NULL, sealed, ? FROM version
                        WHERE kind = 'majorEvent' AND id = record
                        """, arguments: [number, state, batch])
            }
        }
        let counted = try StatisticsTests.counter(fixture, "clerk1").statistics(
            StatisticsTests.query(kinds: ["majorEvent"]))
        #expect(counted.cells.map(\.state) == ["verified", "verified"] && counted.cells.map(\.count) == [1, 1])
    }

    @Test("Every refusal leaves its line, and so does what was counted")
    func refusals() throws {
        let fixture = try Fixture()
        func query(
            _ from: String = "2026-01-01", _ until: String = "2026-12-31", kinds: [String] = [], unit: String? = nil
        ) throws -> StatisticsQuery { try StatisticsTests.query(from, until, kinds: kinds, unit: unit) }
        let cases: [(user: String, purpose: String, StatisticsQuery, ArchiveError.Code)] = try [
            ("sysadmin1", "statistics", query(), .roleRefuses), ("secadmin1", "statistics", query(), .roleRefuses),
            ("auditor1", "audit", query(), .roleRefuses), ("officer1", "ownFile", query(), .roleRefuses),
            ("clerk1", "statistics", query(kinds: ["complaint"]), .roleRefuses),
            ("clerk1", "statistics", query(kinds: ["talk", "complaint"]), .roleRefuses),
            ("supervisor1", "statistics", query(kinds: ["sanction"]), .roleRefuses),
            ("leader1", "statistics", query(kinds: ["complaint"]), .roleRefuses),
            ("leader1", "statistics", query("2026-05-01", "2026-05-30"), .roleRefuses),
            ("leader1", "statistics", query("2026-05-02", "2026-05-31"), .roleRefuses),
            ("leader1", "statistics", query("2026-05-20", "2026-05-20", kinds: ["talk"]), .roleRefuses),
            // Sealed: whoever holds no key of it counts nothing.
            ("leader1", "statistics", query(kinds: ["sanction"]), .notVisible),
            ("inspector1", "statistics", query(kinds: ["complaint"], unit: "U01"), .notVisible),
            // A kind that was named is never left out in silence.
            ("leader1", "statistics", query(kinds: ["talk", "sanction"]), .notVisible),
            // Outside the scope is as if it were not there.
            ("clerk2", "statistics", query(unit: "U01"), .notVisible),
            ("clerk2", "statistics", query(unit: "U00"), .notVisible),
            ("clerk1", "statistics", query(unit: "U77"), .notVisible),
            ("leader1", "statistics", query(unit: "U77"), .notVisible),
            ("clerk1", "", query(), .purposeMissing), ("clerk1", "dailyManagement", query(), .purposeMissing),
            ("promoter1", "statistics", query(), .purposeMissing),
            ("promoter1", "promotionReview", query(), .purposeMissing),
            ("clerk1", "statistics", query(kinds: ["nonsense"]), .invalidEntry),
            ("clerk1", "statistics", query("2026-05-02", "2026-05-01"), .invalidEntry),
        ]
        for (user, purpose, query, code) in cases {
            let session = try fixture.session(user)
            session.purpose = purpose.isEmpty ? nil : Purpose(purpose)
            let size = try fixture.ledgerSize()
            #expect(throws: ArchiveError(code, ""), "\(user) \(query)") { try session.statistics(query) }
            let leaf = try fixture.lastLeaf()
            #expect(leaf.act == "report.counts" && leaf.outcome == "refused:\(code.rawValue)" && leaf.actor == user)
            #expect(try fixture.ledgerSize() == size + 1)
        }
        let clerk = try StatisticsTests.counter(fixture, "clerk1")
        let order = try clerk.statistics(query()).cells.map { cell in
            clerk.catalogue.kinds.firstIndex { $0.id == cell.kind } ?? -1
        }
        #expect(order.count > 1 && order == order.sorted())
        let leaf = try fixture.lastLeaf()
        #expect(leaf.act == "report.counts" && leaf.outcome == "done" && leaf.batch == nil && leaf.reads != nil)
        #expect(Set(leaf.commitments.keys) == ["query", "unit", "categories", "coverage", "purpose", "reason"])
        _ = try clerk.statistics(query("2026-05-01", "2026-07-31", kinds: ["talk", "majorEvent"], unit: "U01"))
        // The auditors read what was asked, and what of it was counted.
        var lines = LedgerQuery()
        lines.act = "report.counts"
        let details = try #require(try fixture.session("auditor1").auditLines(lines).lines.first).details
        #expect(
            details == [
                "query": "from=2026-05-01 until=2026-07-31 kinds=talk,majorEvent", "unit": "U01",
                "categories": "events talks", "purpose": "statistics", "reason": "月报",
            ])
    }

    @Test("A leader counts below his own unit, and nothing beside it")
    func subtree() throws {
        let fixture = try Fixture()
        try fixture.session("clerk1").file(Fixture.event("990002", "事项"))
        let session = try StatisticsTests.newcomer(fixture, "leader2", .leader, unit: "U01", like: "leader1")
        let counted = try session.statistics(StatisticsTests.query(kinds: ["majorEvent"]))
        #expect(counted.cells.map(\.unit) == ["U01"] && counted.cells.map(\.count) == [2])
        #expect(counted.units.map(\.name) == ["一所"])
        #expect(
            counted.coverage == Coverage([Coverage.Gap(.events, .role, units: ["U00"], except: ["U01"])]))
        let below = try session.statistics(StatisticsTests.query(kinds: ["majorEvent"], unit: "U01"))
        #expect(below.value == counted.value && below.coverage == .complete)
        for unit in ["U02", "U00"] {
            let query = try StatisticsTests.query(kinds: ["majorEvent"], unit: unit)
            #expect(throws: ArchiveError(.notVisible, "")) { try session.statistics(query) }
        }
    }

    /// A user who is certified after the ceremony, with grants from a serving holder.
    private static func newcomer(
        _ fixture: Fixture, _ user: String, _ role: Role, unit: String, like serving: String, officer: OfficerID? = nil,
        grants: [ProbityRecords.Category] = []
    ) throws -> Session {
        let identity = try Identity.generate(user: user)
        let security = try fixture.session("secadmin1")
        let second = try officer == nil ? [fixture.session("sysadmin1")] : []
        try fixture.certify(
            identity, role, unit: unit, officer: officer, signers: [security, fixture.session(serving)] + second)
        for category in grants {
            let grant = try fixture.session(serving).proposeGrant(user: user, category: category, unit: unit)
            #expect(try security.accept(grant).missing == nil)
        }
        let session = try Session(fixture.archive, identity: identity)
        session.purpose = Purpose("statistics")
        return session
    }

    @Test("Who reads does not count his own file: not even that there is a complaint about himself")
    func ownFile() throws {
        let fixture = try Fixture()
        try fixture.session("clerk1").file(Fixture.event("990002", "事项"))
        let own = try fixture.session("clerk1").showOfficer("990002").id
        let session = try StatisticsTests.newcomer(
            fixture, "inspector9", .inspector, unit: "U00", like: "inspector1", officer: own,
            grants: [.roster, .events, .complaints, .sanctions])
        let query = try StatisticsTests.query(kinds: ["complaint", "majorEvent", "sanction", "officer"])
        let counted = try session.statistics(query)
        let all = try StatisticsTests.counter(fixture, "inspector1").statistics(query)
        func count(_ statistics: Reading<Statistics>, _ kind: String) -> Int {
            statistics.cells.filter { $0.kind == kind }.reduce(0) { $0 + $1.count }
        }
        for (kind, expected) in ["complaint": (0, 1), "majorEvent": (2, 3), "sanction": (1, 1), "officer": (2, 3)] {
            #expect(count(counted, kind) == expected.0 && count(all, kind) == expected.1, "\(kind)")
        }
        let asked: [ProbityRecords.Category] = [.roster, .events, .complaints, .sanctions]
        #expect(counted.coverage == Coverage(asked.map { Coverage.Gap($0, .withheld) }) && all.coverage == .complete)
        // Who only counts has no key that tells which file is his: it is among the others, and nothing else is said.
        let counter = try StatisticsTests.newcomer(
            fixture, "leader9", .leader, unit: "U00", like: "leader1",
            officer: fixture.session("clerk1").showOfficer("990001").id)
        #expect(try counter.statistics(StatisticsTests.query(kinds: ["majorEvent"])).coverage == .complete)
        // What he holds no key for is left out, and told.
        #expect(
            try session.statistics(StatisticsTests.query()).coverage.closable
                == [.drinking, .talks, .opinions, .care].map { Coverage.Gap($0, .noKey) })
    }

    @Test("A second key of a dossier, under another unit, moves no figure")
    func secondKey() throws {
        let fixture = try Fixture()
        let clerk = try StatisticsTests.counter(fixture, "clerk1")
        let query = try StatisticsTests.query(kinds: ["majorEvent"])
        let before = try clerk.statistics(query).cells
        #expect(before.map(\.unit) == ["U01", "U02"])
        try fixture.archive.engine.database.write { db in
            try db.execute(
                sql: """
                    INSERT INTO dossierKey (dossier, epoch, node, wrapped, batch)
                    SELECT dossier, 2, (SELECT id FROM key WHERE category = 'events' AND kind = 'node' AND unit = 'U02'),
                        wrapped, batch
                    FROM dossierKey
                    WHERE node = (SELECT id FROM key WHERE category = 'events' AND kind = 'node' AND unit = 'U01')
                    """)
        }
        #expect(try clerk.statistics(query).cells == before)
    }

    @Test("A state or form that the kind does not have stops the count: integrity")
    func damage() throws {
        for change in ["state = 'nonsense'", "form = 5", "form = -1"] {
            let fixture = try Fixture()
            try fixture.archive.engine.database.write {
                try $0.execute(sql: "UPDATE version SET \(change) WHERE kind = 'majorEvent'")
            }
            #expect(throws: ArchiveError(.integrity, ""), "\(change)") {
                try StatisticsTests.counter(fixture, "clerk1").statistics(StatisticsTests.query())
            }
        }
    }
}
