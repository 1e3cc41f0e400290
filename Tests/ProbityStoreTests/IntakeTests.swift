import CanonicalJSON
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

/// What comes in from elsewhere: items of the tray, and records of old files.
@Suite("Intake")
struct IntakeTests {
    private static func rule(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch let error as ArchiveError { return error.rule } catch { return "\(error)" }
    }

    // MARK: The tray

    @Test("What was dropped is what is filed: no field of it is changed on the way, and an empty one may be filled in")
    func exactly() throws {
        let fixture = try Fixture()
        let inspector = try fixture.session("inspector1")
        let dropped = Fixture.complaint("990001")
        let item = try fixture.session("clerk1").drop(dropped)
        for (field, value) in dropped.values {
            for change in [value, .null, "inquiry"] as [JSONValue] {
                #expect(
                    IntakeTests.rule { try inspector.takeIn(item, changes: [field: change]) } == "tray.overwrites")
            }
        }
        let record = try inspector.takeIn(item, changes: ["receiptNo": "7"])
        let versions = try inspector.show(record).versions
        #expect(versions[0].values == dropped.values.merging(["receiptNo": "7"]) { $1 })
        #expect(versions[0].intake == .init(item: item, officer: "990001"))
        // What somebody else wrote nobody corrects alone.
        #expect(try inspector.amend(record, changes: ["content": "更正后"], reason: "更正").proposal != nil)
        #expect(try inspector.show(record).versions == versions)
        let own = try inspector.file(Fixture.complaint("990002"))
        #expect(try inspector.amend(own, changes: ["content": "更正后"], reason: "更正").proposal == nil)
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("An item that means one officer goes into nobody else's file, and the refusal does not tell whose it is")
    func whom() throws {
        let fixture = try Fixture()
        let (clerk, inspector) = (try fixture.session("clerk1"), try fixture.session("inspector1"))
        for text in ["990001", "９９０００１", "金丝雀甲", "一所 金丝雀甲（990001）", "（990001）", "990001。"] {
            let item = try clerk.drop(Fixture.complaint(text))
            let error = #expect(throws: ArchiveError.self) { try inspector.takeIn(item, officer: "990002") }
            #expect(error?.rule == "tray.otherOfficer", "\(text)")
            #expect(!"\(String(describing: error))".contains("990001"))
            #expect(
                IntakeTests.rule { _ = try inspector.identify(takingIn: item, officer: "990002") }
                    == "tray.otherOfficer")
            #expect(try inspector.identify(takingIn: item, officer: nil).officer.policeNo == "990001")
            let record = try inspector.takeIn(item)
            #expect(try inspector.showOfficer(inspector.show(record).entry.content.officer.text).policeNo == "990001")
        }
        // Nobody or several: the reader names one, of several one of them.
        let nobody = try clerk.drop(Fixture.complaint("无名氏"))
        #expect(IntakeTests.rule { try inspector.takeIn(nobody) } == "tray.officerNeeded")
        #expect(IntakeTests.rule { try inspector.takeIn(nobody, officer: "990002") } == nil)
        let several = try clerk.drop(Fixture.complaint("990001、990003"))
        #expect(IntakeTests.rule { try inspector.takeIn(several) } == "tray.officerNeeded")
        #expect(IntakeTests.rule { try inspector.takeIn(several, officer: "990002") } == "tray.otherOfficer")
        #expect(IntakeTests.rule { try inspector.takeIn(several, officer: "990003") } == nil)
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("An item stays open to the team after it was taken in, and to nobody whom it is about")
    func stays() throws {
        let fixture = try Fixture()
        let item = try fixture.session("clerk1").drop(Fixture.complaint("990003"))
        let inspector = try fixture.session("inspector1")
        #expect(try inspector.trayItem(item).record == nil)
        let record = try inspector.takeIn(item)
        let read = try inspector.trayItem(item)
        #expect(read.record == record && read.entry.officer == "990003")
        #expect(read.entry.values == Fixture.complaint("990003").values)
        #expect(throws: ArchiveError(.roleRefuses, "")) { try fixture.session("clerk1").trayItem(item) }
        let own = try inspector.showOfficer("990003").id
        let himself = try fixture.newcomer(
            "inspector9", .inspector, like: "inspector1", officer: own,
            Fixture.gifts([.roster, .complaints, .opinions]))
        #expect(throws: ArchiveError(.notVisible, "")) { try himself.trayItem(item) }
        #expect(throws: ArchiveError(.notVisible, "")) { try himself.trayItem(TrayID(1)) }
    }

    // MARK: Old files

    private static let sanction = Fixture.sanction("990002").values

    /// Brings in one record as found, and returns what was wrong with it.
    @discardableResult
    private func bring(
        _ session: Session, _ kind: String, _ values: [String: JSONValue], _ state: String
    ) throws -> [RejectedRow.Problem] {
        try session.importRecords(kind: kind, past: true, dryRun: false) {
            try $0(2, .values(officer: "990002", state: state, values))
        }.rejected.flatMap(\.problems)
    }

    @Test("What does not lie before the archive's first day is no old file, whichever of its dates says so")
    func notPast() throws {
        let fixture = try Fixture()
        let reviewer = try fixture.session("reviewer1")
        func problems(_ more: [String: JSONValue]) throws -> [String] {
            try bring(reviewer, "sanction", IntakeTests.sanction.merging(more) { $1 }, "verified").map {
                #expect($0.code == "import.notPast" && $0.params["date"] == "2026-11-20")
                return $0.field
            }
        }
        #expect(try problems(["decidedOn": "2026-11-20"]) == ["decidedOn"])
        #expect(try problems(["actOn": "2026-11-20", "liftedOn": "2026-11-20"]) == ["actOn", "liftedOn"])
        // A day later it is the first day of the ledger that counts, not the day of the import.
        fixture.clock.move(by: 86_000)
        #expect(try problems(["decidedOn": "2026-11-20"]) == ["decidedOn"])
        #expect(try problems(["decidedOn": "2026-11-19"]) == [])
    }

    private func answer(_ fixture: Fixture) throws -> PromotionAnswer {
        var answers: [PromotionAnswer] = []
        try fixture.session("promoter1").checkPromotion(["990002"], move: .promotion) { answers.append($0.answer) }
        return try #require(answers.first)
    }

    @Test("One person invents no sanction: as found it holds, and it blocks when somebody else has confirmed it")
    func confirmed() throws {
        let fixture = try Fixture()
        let reviewer = try fixture.session("reviewer1")
        try bring(reviewer, "sanction", IntakeTests.sanction, "verified")
        let entry = try #require(try reviewer.records(of: "990002", kind: "sanction").records.first)
        #expect(entry.isAsFound)
        let impact = try #require(try answer(fixture).reasons.first { $0.section == "impact" })
        #expect(impact.verdict == .hold && impact.notes == ["promotion.note.asFound"] && impact.until == nil)
        #expect(throws: ArchiveError(.needsSecondPerson, "")) {
            try reviewer.advance(entry.id, step: "verify", reason: "自己")
        }
        let inspector = try fixture.session("inspector1")
        try inspector.advance(entry.id, step: "verify", reason: "核对原件")
        let after = try #require(try reviewer.records(of: "990002", kind: "sanction").records.first)
        #expect(!after.isAsFound && after.content.state == "verified" && after.content.values == entry.content.values)
        #expect(try answer(fixture).reasons.filter { $0.section == "impact" }.map(\.verdict) == [.blocked])
        // Confirmed once, it is a record like any other.
        #expect(throws: ArchiveError(.stateForbids, "")) {
            try reviewer.advance(entry.id, step: "verify", reason: "再核")
        }
        // And one that was filed here has no such step.
        try fixture.verifySanction()
        let other = try #require(try reviewer.records(of: "990001", kind: "sanction").records.first)
        #expect(throws: ArchiveError(.stateForbids, "")) {
            try inspector.advance(other.id, step: "verify", reason: "再核")
        }
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("A complaint that is closed in the old files establishes nothing until another inspector has confirmed it")
    func closedLead() throws {
        for isConfirmed in [false, true] {
            let house = try DoorHouse()
            let inspector = try house.session("inspector1")
            let number = house.number()
            var values = Fixture.complaint(number).values
            values["specificLead"] = true
            let lead = try inspector.file(.init(kind: "complaint", officer: number, values: values))
            values.merge(["outcome": "established", "outcomeOn": "2026-07-01", "finding": "属实"]) { $1 }
            let report = try inspector.importRecords(kind: "complaint", past: true, dryRun: false) {
                try $0(2, .values(officer: number, state: "archived", values))
            }
            #expect(report.isPublished)
            let found = try #require(
                try inspector.records(of: number, kind: "complaint").records.first { $0.id != lead })
            #expect(throws: ArchiveError(.needsSecondPerson, "")) {
                try inspector.advance(found.id, step: "verify", reason: "自己")
            }
            if isConfirmed {
                try house.session("inspector2").advance(found.id, step: "verify", reason: "核对原件")
            }
            // The lead that is open is withdrawn: the signal says what was established.
            let waits = try inspector.withdraw(lead, reason: "误登")
            #expect(try house.session("inspector2").accept(#require(waits.proposal)).missing == nil)
            let promoter = try house.session("promoter1")
            let signal = try #require(try promoter.records(of: number, kind: "leadSignal").records.first)
            #expect(signal.content.values["established"] == (isConfirmed ? true : nil))
        }
    }

    // MARK: Beside others

    @Test("A lead that is filed while complaints are imported, and those that they bring, make one signal")
    func besides() throws {
        let house = try DoorHouse()
        let (importing, other) = (try house.session("inspector1"), try house.session("inspector2"))
        let numbers = (0..<4).map { _ in house.number() }
        var values = Fixture.complaint("").values
        values["specificLead"] = true
        let lead = values
        // One has a lead already that sinks meanwhile.
        let open = try other.file(.init(kind: "complaint", officer: numbers[2], values: lead))
        var looks = 0
        let report = try importing.importRecords(kind: "complaint", dryRun: false) { receive in
            for number in 0..<2_100 {
                var row = lead
                if number >= 3 { row["specificLead"] = false }
                try receive(
                    number + 2, .values(officer: numbers[number < 3 ? number : 3], state: nil, row))
            }
        } progress: { done, pass in
            guard pass == 2, done == 2_000 else { return }
            looks += 1
            #expect(throws: Never.self) {
                try other.file(.init(kind: "complaint", officer: numbers[0], values: lead))
                let waits = try other.withdraw(open, reason: "误登")
                _ = try house.session("inspector3").accept(#require(waits.proposal))
            }
        }
        #expect(report.isPublished && looks == 1)
        let promoter = try house.session("promoter1")
        for (index, number) in numbers.enumerated() {
            let signals = try promoter.records(of: number, kind: "leadSignal").records
            #expect(signals.map(\.content.state) == (index < 3 ? ["raised"] : []), "\(index)")
        }
        #expect(try house.fixture.archive.check().findings == [])
    }

    @Test("An import over midnight comes in and is read; one that takes days brings nothing in", arguments: [1, 3])
    func overDays(_ days: Int) throws {
        let house = try DoorHouse()
        let (importing, other) = (try house.session("inspector1"), try house.session("inspector2"))
        let number = house.number()
        func complaints() throws -> Int { try other.records(of: number, kind: "complaint").records.count }
        func bring() throws {
            _ = try importing.importRecords(kind: "complaint", dryRun: false) { receive in
                for row in 0..<2_100 {
                    try receive(row + 2, .values(officer: number, state: nil, Fixture.complaint("").values))
                }
            } progress: { done, pass in
                guard pass == 2, done == 2_000 else { return }
                for _ in 0..<days {
                    house.fixture.clock.move(by: 86_000)
                    #expect(throws: Never.self) { _ = try complaints() }
                }
            }
        }
        if days == 1 {
            try bring()
            #expect(try complaints() == 2_100)
        } else {
            #expect(throws: ArchiveError(.changedSinceRead, "")) { try bring() }
            #expect(try complaints() == 0)
        }
        #expect(try house.fixture.archive.check().findings == [])
    }

    // MARK: What has not happened, and who has left

    @Test("A complaint that is received tomorrow, and a report of tomorrow, are not filed")
    func tomorrow() throws {
        let fixture = try Fixture()
        var complaint = Fixture.complaint("990001").values
        complaint["receivedOn"] = "2026-11-21"
        var event = Fixture.event("990001", "x").values
        event["reportDate"] = "2026-11-21"
        for (user, kind, values) in [("inspector1", "complaint", complaint), ("clerk1", "majorEvent", event)] {
            let draft = RecordDraft(kind: kind, officer: "990001", values: values)
            #expect(throws: ArchiveError(.invalidEntry, "")) { try fixture.session(user).file(draft) }
        }
        #expect(throws: ArchiveError(.invalidEntry, "")) {
            try fixture.session("clerk1").drop(.init(kind: "complaint", officer: "990001", values: complaint))
        }
        fixture.clock.move(by: 86_400)
        #expect(throws: Never.self) {
            try fixture.session("inspector1").file(.init(kind: "complaint", officer: "990001", values: complaint))
        }
    }

    @Test("Of an officer who has left the promotion check says so, and filing asks with it")
    func left() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        #expect(try !clerk.identify("990002", filing: "majorEvent").hasLeft)
        try clerk.advance(clerk.showOfficer("990002").record, step: "leave", reason: "调离")
        #expect(try clerk.identify("990002", filing: "majorEvent").hasLeft)
        #expect(throws: Never.self) { try clerk.file(Fixture.event("990002", "离开之后补报")) }
        let reason = try #require(try answer(fixture).reasons.first { $0.section == "person" })
        #expect(reason.verdict == .hold && reason.message == "promotion.left")
    }
}
