import CanonicalJSON
import GRDB
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

extension Fixture {
    /// Categories of a newcomer, each at a unit and until a day; nil for no end.
    typealias Gift = (category: ProbityRecords.Category, unit: String, until: CivilDate?)

    static func gifts(_ categories: [ProbityRecords.Category], _ unit: String = "U00") -> [Gift] {
        categories.map { ($0, unit, nil) }
    }

    /// A user who is certified after the ceremony, with grants from a serving holder of his role.
    func newcomer(
        _ user: String, _ role: Role, like serving: String, officer: OfficerID? = nil, _ gifts: [Gift] = []
    ) throws -> Session {
        let identity = try Identity.generate(user: user)
        let content = role.isAdministrator ? [] : [try session(serving)]
        let second = officer == nil ? [try session("sysadmin1")] : []
        try certify(identity, role, officer: officer, signers: [session("secadmin1")] + content + second)
        for gift in gifts { try give(user, gift, from: serving) }
        let session = try Session(archive, identity: identity)
        session.purpose = archive.policy.purposes(role).first.map { Purpose(code: $0, reason: "test") }
        return session
    }

    func give(_ user: String, _ gift: Gift, from serving: String) throws {
        // Nobody proposes a grant that is over: one that has ended was made before.
        let isOver = gift.until.map { $0 < archive.today } ?? false
        let before: Int64 = isOver ? 40 * 86_400 : 0
        clock.move(by: -before)
        defer {
            clock.move(by: before)
            confirmClock(isOver)
        }
        let proposal = try session(serving).proposeGrant(
            user: user, category: gift.category, unit: gift.unit, until: gift.until)
        #expect(try session("secadmin1").accept(proposal).missing == nil)
    }

    /// A line at the present day behind one that was made long before.
    private func confirmClock(_ isNeeded: Bool) {
        guard isNeeded else { return }
        do {
            let session = try session("sysadmin1")
            session.clockIsConfirmed = true
            _ = try session.listUnits()
        } catch { Issue.record(error) }
    }

    /// The details of the newest line of an act.
    func details(_ act: String) throws -> [String: String] {
        var query = LedgerQuery()
        query.act = act
        query.limit = 1
        return try #require(try session("auditor1").auditLines(query).lines.first?.details)
    }
}

@Suite("No answer without its coverage")
struct CoverageTests {
    typealias Gap = Coverage.Gap

    @Test("The records of one officer say which categories no key opened, and which the role does not read")
    func records() throws {
        let fixture = try Fixture()
        let yesterday = fixture.archive.today.adding(days: -1)
        let session = try fixture.newcomer(
            "inspector9", .inspector, like: "inspector1",
            Fixture.gifts([.roster, .events]) + [(.sanctions, "U00", yesterday), (.care, "U02", nil)])
        let role = [Gap(.reporter, .role), Gap(.duty, .role)]
        let closed = [
            Gap(.drinking, .noKey, units: ["U01"]), Gap(.talks, .noKey, units: ["U01"]), Gap(.complaints, .noKey),
            Gap(.sanctions, .grantEnded, on: yesterday), Gap(.opinions, .noKey), Gap(.care, .noKey, units: ["U01"]),
        ]
        let read = try session.records(of: "990001")
        #expect(read.coverage == Coverage(role + closed) && read.coverage.closable == closed)
        #expect(Set(read.records.map(\.category)) == [.roster, .events])
        // The line claims what was read and nothing more.
        let line = try fixture.details("record.list")
        #expect(line["categories"] == "roster events" && line["coverage"] == read.coverage.code)
        #expect(line["coverage"]?.contains("sanctions:grantEnded@\(yesterday)") == true)
        // A colleague with all keys has the sanction, and only his role's own limits.
        let whole = try fixture.session("inspector1").records(of: "990001")
        #expect(whole.coverage == Coverage(role) && whole.records.contains { $0.category == .sanctions })
        #expect(
            try fixture.details("record.list")["categories"]
                == "roster events drinking talks complaints sanctions opinions care")
        // A kind that was named is the whole question.
        let named = try session.records(of: "990001", kind: "sanction")
        #expect(named.records.isEmpty && named.coverage.gaps == [Gap(.sanctions, .grantEnded, on: yesterday)])
        #expect(try fixture.details("record.list")["categories"] == "")
        #expect(try session.records(of: "990001", kind: "majorEvent").coverage == .complete)
        // Whether anything lies there makes no difference: 990001 has a sanction, 990002 a complaint, 990003 neither.
        #expect(try session.records(of: "990002").coverage == read.coverage)
        #expect(
            try session.records(of: "990003", kind: "sanction").coverage == named.coverage
                && session.records(of: "990003", kind: "helpMeasure").coverage == .complete)
        #expect(try fixture.archive.check().findings.filter { $0.severity != .notice } == [])
    }

    @Test("Whoever holds no key to any roster is told that, and not that there is no such officer")
    func noRoster() throws {
        let fixture = try Fixture()
        let session = try fixture.newcomer("inspector9", .inspector, like: "inspector1", Fixture.gifts([.sanctions]))
        for query in ["990001", "990999"] {
            let error = #expect(throws: ArchiveError(.notVisible, "")) { try session.records(of: query) }
            #expect(error?.rule == "key.category" && error?.params["category"] == "category/roster")
        }
        let error = #expect(throws: ArchiveError(.notVisible, "")) {
            try fixture.session("inspector1").records(of: "990999")
        }
        #expect(error?.rule == "officer.unknown")
    }

    @Test("A search tells the limits of a scope from a category that no key opens")
    func search() throws {
        let fixture = try Fixture()
        let station = try fixture.session("clerk2").search(RecordQuery())
        #expect(station.coverage.closable.isEmpty && !station.found.isEmpty)
        #expect(
            station.coverage.gaps.filter { $0.cause == .scope }
                == [.roster, .events, .drinking, .talks, .duty, .care].map {
                    Gap($0, .scope, units: ["U00"], except: ["U02"])
                })
        let reviewer = try fixture.newcomer("reviewer9", .reviewer, like: "reviewer1", Fixture.gifts([.roster], "U01"))
        var query = RecordQuery()
        query.kind = "sanction"
        let closed = try reviewer.search(query)
        #expect(closed.found.isEmpty && closed.coverage.gaps == [Gap(.sanctions, .noKey)])
        #expect(
            try fixture.details("search") == [
                "query": "kind=sanction", "categories": "", "coverage": "sanctions:noKey", "purpose": "dailyManagement",
                "reason": "test",
            ])
        let open = try fixture.session("reviewer1").search(query)
        #expect(open.found.count == 1 && open.coverage == .complete)
        query.kind = "officer"
        #expect(try reviewer.search(query).coverage.gaps == [Gap(.roster, .scope, units: ["U00"], except: ["U01"])])
        // A sanction of an officer outside his roster has no name to stand under; that is told and stops nothing.
        let wide = try fixture.newcomer(
            "reviewer8", .reviewer, like: "reviewer1", Fixture.gifts([.sanctions]) + Fixture.gifts([.roster], "U02"))
        query.kind = "sanction"
        let nameless = try wide.search(query)
        #expect(
            nameless.found.isEmpty
                && nameless.coverage.gaps == [Gap(.roster, .scope, units: ["U00"], except: ["U02"])])
        try fixture.session("inspector1").file(Fixture.sanction("990003"))
        #expect(try wide.search(query).found.map(\.officer.policeNo) == ["990003"])
        #expect(try fixture.session("reviewer1").search(query).found.count == 2)
        query.kind = "officer"
        // A grant that ended beside one that stands is told, and does not spoil the daily search.
        let today = fixture.archive.today
        try fixture.give("reviewer9", (.roster, "U02", today.adding(days: -3)), from: "reviewer1")
        #expect(
            try reviewer.search(query).coverage.gaps
                == [Gap(.roster, .scope, units: ["U00"], except: ["U01"], on: today.adding(days: -3))])
    }

    @Test("A dossier inside the scope that does not open is a gap, one outside is not looked for")
    func closedDossier() throws {
        let fixture = try Fixture()
        try fixture.archive.engine.database.write { db in
            try db.execute(
                sql: """
                    DELETE FROM dossierKey WHERE dossier IN (SELECT id FROM dossier WHERE category = 'events')
                    AND node IN (SELECT id FROM key WHERE unit = 'U01')
                    """)
        }
        var query = RecordQuery()
        query.kind = "majorEvent"
        let read = try fixture.session("clerk1").search(query)
        #expect(read.found.count == 1 && read.coverage.closable == [Gap(.events, .setAside)])
        let one = try fixture.session("clerk1").records(of: "990001", kind: "majorEvent")
        #expect(one.records.isEmpty && one.coverage.gaps == [Gap(.events, .setAside)])
        #expect(try fixture.session("clerk1").records(of: "990003", kind: "majorEvent").coverage == .complete)
    }

    @Test("The roster says which units were out of reach, and a look-up by name that there may be namesakes there")
    func roster() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk2")
        func gaps(_ session: Session, _ unit: String?) throws -> [Gap] {
            try session.listOfficers(unit: unit) { _ in }.coverage.gaps
        }
        let scope = Gap(.roster, .scope, units: ["U00"], except: ["U02"])
        #expect(try gaps(clerk, nil) == [scope] && gaps(clerk, "U02") == [])
        #expect(try fixture.details("officer.list")["coverage"] == nil)
        #expect(try gaps(clerk, "U01") == [Gap(.roster, .noKey, units: ["U01"])])
        #expect(try fixture.details("officer.list")["coverage"] == "roster:noKey(U01)")
        #expect(try gaps(clerk, "U00") == [Gap(.roster, .noKey, units: ["U00"], except: ["U02"])])
        #expect(throws: ArchiveError(.notVisible, "")) { try gaps(clerk, "U77") }
        for unit in [nil, "U00", "U01"] { #expect(try gaps(fixture.session("clerk1"), unit) == []) }
        #expect(try clerk.showOfficer("990003").coverage == .complete)
        #expect(try clerk.showOfficer("金丝雀丙").coverage.gaps == [scope])
        #expect(try fixture.session("clerk1").showOfficer("金丝雀丙").coverage == .complete)
        let bare = try fixture.newcomer("clerk9", .clerk, like: "clerk1")
        #expect(try gaps(bare, nil) == [Gap(.roster, .noKey)])
    }

    @Test("Who reads his own file only has no list of others, and no key to his own")
    func ownFileOnly() throws {
        let fixture = try Fixture()
        let officer = try fixture.session("officer1")
        #expect(throws: ArchiveError(.roleRefuses, "")) { try officer.search(RecordQuery()) }
        #expect(throws: ArchiveError(.roleRefuses, "")) { _ = try officer.listOfficers { _ in } }
        #expect(try fixture.lastLeaf().outcome == "refused:roleRefuses")
        let own = try officer.explain(.read, .events, kind: nil)
        #expect(own.decision.isAllowed && own.ownFileOnly && !own.isReached && own.grants.isEmpty)
        #expect(own.coverage.gaps == [Gap(.events, .noKey)])
        let clerk = try fixture.session("clerk1").explain(.read, .events, kind: nil)
        #expect(clerk.decision.isAllowed && !clerk.ownFileOnly && clerk.isReached && clerk.coverage == .complete)
        let today = fixture.archive.today
        let ended = try fixture.newcomer(
            "clerk9", .clerk, like: "clerk1", [(.events, "U00", today.adding(days: -1))]
        ).explain(.file, .events, kind: nil)
        #expect(ended.decision.isAllowed && !ended.isReached && ended.grants.map(\.isInForce) == [false])
        #expect(ended.coverage.gaps == [Gap(.events, .grantEnded, on: today.adding(days: -1))])
    }

    @Test(
        "Figures say where they end: scope, missing keys, what is never counted by unit, what the role does not count")
    func figures() throws {
        let fixture = try Fixture()
        let station = try StatisticsTests.counter(fixture, "clerk2")
        let events = try StatisticsTests.query(kinds: ["majorEvent"])
        #expect(try station.statistics(events).coverage.gaps == [Gap(.events, .scope, units: ["U00"], except: ["U02"])])
        let unit = try StatisticsTests.query(unit: "U01")
        let team = try StatisticsTests.counter(fixture, "inspector1").statistics(unit).coverage
        #expect(team.closable.isEmpty)
        #expect(
            team.gaps.filter { $0.cause == .bureauOnly }
                == [.complaints, .sanctions, .opinions].map { Gap($0, .bureauOnly) })
        let reviewer = try fixture.newcomer("reviewer9", .reviewer, like: "reviewer1", Fixture.gifts([.events]))
        reviewer.purpose = Purpose("statistics")
        let all = try reviewer.statistics(StatisticsTests.query())
        #expect(all.counted == [.events])
        #expect(
            all.coverage.closable == [.roster, .drinking, .talks, .sanctions, .duty, .care].map { Gap($0, .noKey) })
        #expect(try fixture.details("report.counts")["coverage"] == all.coverage.code)
    }

    @Test("A ledger line that the reader's keys do not open is listed without its details, and told")
    func ledger() throws {
        let fixture = try Fixture()
        let auditor = try fixture.newcomer("auditor9", .auditor, like: "auditor1")
        let closed = try auditor.auditLines(LedgerQuery())
        #expect(closed.coverage.gaps == [Gap(.audit, .noKey)] && closed.lines.count > 5)
        #expect(closed.lines.allSatisfy { $0.details == nil })
        let open = try fixture.session("auditor1").auditLines(LedgerQuery())
        #expect(open.coverage == .complete && open.lines.allSatisfy { $0.details != nil })
        #expect(open.lines.first { $0.leaf.actor == "auditor9" }?.details?["coverage"] == "audit:noKey")
        #expect(throws: ArchiveError(.roleRefuses, "")) { try fixture.session("clerk1").auditLines(LedgerQuery()) }
    }

    @Test(
        "A promotion answer without the sanctions is a hold and never clear, whether the grant is missing or has ended")
    func promotion() throws {
        let fixture = try Fixture()
        func ask(_ session: Session, _ officers: [String]?) throws -> [PromotionResult] {
            var results: [PromotionResult] = []
            try session.checkPromotion(officers, move: .promotion) { results.append($0) }
            return results.sorted { $0.officer.policeNo < $1.officer.policeNo }
        }
        try fixture.verifySanction()
        let yesterday = fixture.archive.today.adding(days: -1)
        let others = Fixture.gifts([.roster, .events, .opinions, .duty])
        let missing = try fixture.newcomer("promoter8", .promoter, like: "promoter1", others)
        let ended = try fixture.newcomer(
            "promoter9", .promoter, like: "promoter1", others + [(.sanctions, "U00", yesterday)])
        for (session, gap) in [
            (missing, Gap(.sanctions, .noKey)), (ended, Gap(.sanctions, .grantEnded, on: yesterday)),
        ] {
            for queries in [["990001", "990003"], nil] {
                let results = try ask(session, queries)
                #expect(results.allSatisfy { $0.coverage.closable == [gap] && $0.answer.verdict >= .hold })
                #expect(results.allSatisfy { $0.json["verdict"] == .string($0.answer.verdict.rawValue) })
                #expect(results.allSatisfy { $0.json["coverage"]?["gaps"]?.array?.count == 1 })
                let line = try fixture.details("promote.check")
                #expect(line["coverage"] == gap.code && line["categories"] == "events duty opinions")
            }
        }
        let whole = try ask(fixture.session("promoter1"), ["990001"])
        #expect(whole.map(\.answer.verdict) == [.blocked] && whole.map(\.coverage) == [.complete])
        #expect(try fixture.details("promote.check")["coverage"] == nil)
        // Everybody of one station: the others are named as out of reach, and no file of his candidates is.
        let station = try fixture.newcomer(
            "promoter7", .promoter, like: "promoter1",
            Fixture.gifts([.roster, .events, .duty], "U02") + Fixture.gifts([.sanctions, .opinions]))
        var numbers: [String] = []
        let everybody = try station.checkPromotion(nil, move: .promotion) {
            numbers.append($0.officer.policeNo)
            #expect($0.coverage == .complete)
        }
        #expect(numbers == ["990003"] && everybody.value == 1)
        #expect(everybody.coverage.gaps == [Gap(.roster, .scope, units: ["U00"], except: ["U02"])])
    }

    @Test("What recusal withholds is said by who the reader is, before and after something about him comes in")
    func withheld() throws {
        let fixture = try Fixture()
        let own = try fixture.session("clerk1").showOfficer("990003").id
        let session = try fixture.newcomer(
            "inspector9", .inspector, like: "inspector1", officer: own,
            Fixture.gifts([.roster, .events, .complaints, .sanctions]))
        func told() throws -> [Coverage] {
            session.purpose = Purpose("statistics")
            let counted = try session.statistics(StatisticsTests.query(kinds: ["complaint"])).coverage
            session.purpose = Purpose("disciplineCase")
            return try [
                counted, session.search(RecordQuery()).coverage, session.trayEntries().coverage,
                session.listOfficers { _ in }.coverage,
            ]
        }
        let before = try told()
        #expect(before.allSatisfy { $0.gaps.contains { $0.cause == .withheld } })
        try fixture.session("inspector1").file(Fixture.complaint("990003"))
        try fixture.session("clerk1").drop(Fixture.complaint("990003"))
        #expect(try told() == before)
        // Nothing is withheld from whoever is no officer.
        let other = try fixture.session("inspector1").search(RecordQuery()).coverage
        #expect(!other.gaps.contains { $0.cause == .withheld })
    }
}

@Suite("Recusal in the tray")
struct TrayRecusalTests {
    @Test("An item about the reader is withheld however he is written, and his colleague has it")
    func spellings() throws {
        let fixture = try Fixture()
        let idNo = try #require((0...999).map(Fixture.idNumber).first { $0.hasSuffix("X") })
        try fixture.session("clerk1").addOfficers([
            Fixture.officer("990004", unit: "U02", name: "丁四", idNo: idNo),
            Fixture.officer("990005", unit: "U01", name: "丁四海", idNo: Fixture.idNumber(7)),
        ])
        let own = try fixture.session("clerk1").showOfficer("990004").id
        let himself = try fixture.newcomer(
            "inspector9", .inspector, like: "inspector1", officer: own,
            Fixture.gifts([.roster, .complaints, .opinions]))
        let colleague = try fixture.session("inspector1")
        let spellings = [
            "990004", "９９０００４", " 990 004 ", "丁四", "丁 四", "丁　四", idNo, idNo.lowercased(), own.text,
            own.text.lowercased(), "丁四（990004）", "二所 丁四", "警号：９９０００４", "（990004）", "“丁四”", "丁四。", "民警丁四", "丁四同志",
            "警号990004", "990004号", "丁\u{200B}四", "9900-04", "99\u{AD}0004", "警号９９ ０００４", "警号 990 004 民警",
            "警号:99,0004", "九九〇〇〇四", "⑨⑨000④", "99O0O4", "丁·四", "丁.四", "丁、四", "丁/四", "丁_四", "丁（四）", "丁　　四 民警",
            "东岭所 丁 四", "姓名：丁 四", "丁4",
        ]
        let about = try spellings.map { try fixture.session("clerk1").drop(Fixture.complaint($0)) }
        let others = try ["990005", "丁四海", "丁四海（990005）", "990001", "无名氏"].map {
            try fixture.session("clerk1").drop(Fixture.complaint($0))
        }
        #expect(try Set(himself.trayEntries().value.map(\.id)) == Set(others))
        #expect(try Set(colleague.trayEntries().value.map(\.id)) == Set(about + others))
        // To him there is no such item, also when he names somebody else for it.
        let none = #expect(throws: ArchiveError.self) { try himself.takeIn(TrayID(1)) }
        for item in about {
            for officer in [nil, "990001"] {
                let refusal = #expect(throws: ArchiveError.self) { try himself.takeIn(item, officer: officer) }
                #expect(refusal == none && refusal?.reason == none?.reason)
                #expect(try fixture.lastLeaf().outcome == "refused:notVisible")
            }
        }
        #expect(try colleague.takeIn(about[0]).text.hasPrefix("R-"))
        #expect(try colleague.takeIn(about[4]).text.hasPrefix("R-"))
        #expect(try himself.takeIn(others[0]).text.hasPrefix("R-"))
    }

    @Test("Who cannot open his own roster entry gets no tray: nobody could tell what is about him")
    func blind() throws {
        let fixture = try Fixture()
        let own = try fixture.session("clerk1").showOfficer("990003").id
        try fixture.session("clerk1").drop(Fixture.complaint("990001"))
        let himself = try fixture.newcomer(
            "inspector9", .inspector, like: "inspector1", officer: own, Fixture.gifts([.complaints]))
        #expect(throws: ArchiveError(.notVisible, "")) { try himself.trayEntries() }
        // Without the key of the tray there is nothing to see, and that is told.
        let bare = try fixture.newcomer("inspector8", .inspector, like: "inspector1", Fixture.gifts([.roster]))
        let read = try bare.trayEntries()
        #expect(read.value.isEmpty && read.coverage.closable == [Coverage.Gap(.complaints, .noKey)])
        #expect(try fixture.details("complaint.tray")["coverage"] == "complaints:noKey")
        #expect(try fixture.session("inspector1").trayEntries().value.count == 1)
    }
}
