import CanonicalJSON
import Testing

@testable import ProbityRecords

/// Builds facts; the sequence of filing is the order of the calls.
private struct Facts {
    var list: [RecordFact] = []

    mutating func add(_ kind: String, _ values: [String: JSONValue], state: String = "verified") {
        let number = UInt64(list.count)
        list.append(
            RecordFact(
                recordID: "R\(number)", kind: kind, state: state, occurredOn: CivilDate(daysSinceEpoch: 20_000),
                filedSequence: number, values: values))
    }

    /// Everything that a clear answer on 2026-12-01 needs.
    static var clear: Facts {
        var facts = Facts()
        facts.add("fileReview", ["reviewedOn": "2026-10-20", "result": "consistent"])
        facts.add("verification", ["checkedOn": "2026-10-15", "result": "r0"])
        facts.add("appraisal", ["year": 2025, "grade": "competent", "decidedOn": "2026-01-31"])
        facts.add("training", ["course": "promotionTraining", "completedOn": "2026-09-10", "passed": true])
        facts.add("training", ["course": "discipline", "completedOn": "2026-05-08", "passed": true])
        facts.add("opinion", ["repliedOn": "2026-11-01", "conclusion": "noObjection", "specificLeadOpen": false])
        return facts
    }

    static func sanction(_ measure: String, _ decided: String, _ more: [String: JSONValue] = [:]) -> [String: JSONValue]
    {
        ["measure": .string(measure), "decidedOn": .string(decided), "documentNo": .string("N-\(measure)-\(decided)")]
            .merging(more) { $1 }
    }
}

@Suite("Promotion check")
struct PromotionCheckTests {
    private func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

    private func answer(
        _ facts: Facts, _ on: String, _ move: PromotionMove = .promotion, category: String = "police"
    ) throws -> PromotionAnswer {
        PromotionCheck.evaluate(
            CandidateFacts(officerID: "O", personCategory: category, facts: facts.list),
            question: PromotionQuestion(on: try day(on), move: move), rules: try RuleSet.standard())
    }

    /// Facts of a clear candidate at any date, with a sanction filed before the opinion.
    private func with(_ sanctions: [[String: JSONValue]], kind: String = "sanction") -> Facts {
        var facts = Facts()
        for sanction in sanctions { facts.add(kind, sanction) }
        for fact in Facts.clear.list { facts.add(fact.kind, fact.values) }
        return facts
    }

    @Test("Every part clear gives clear, with a record, rule, edition and source for each")
    func clear() throws {
        let answer = try answer(Facts.clear, "2026-12-01")
        #expect(answer.verdict == .clear && answer.until == nil)
        for reason in answer.reasons {
            #expect(!reason.recordIDs.isEmpty && !reason.edition.isEmpty && !reason.source.isEmpty, "\(reason)")
        }
        #expect(answer.json.canonicalBytes == (try self.answer(Facts.clear, "2026-12-01")).json.canonicalBytes)
    }

    @Test(
        "A period blocks to the day before its end and not on the day, clamped to the month's end",
        arguments: [
            ("p1", "2026-01-15", "2027-01-15"), ("p2", "2024-02-29", "2025-08-29"), ("p2x", "2024-02-29", "2026-02-28"),
            ("p3", "2025-03-31", "2027-03-31"), ("p5", "2024-02-29", "2029-02-28"), ("a1", "2026-08-31", "2027-02-28"),
            ("a2", "2026-01-15", "2027-01-15"), ("a3", "2026-01-31", "2027-07-31"), ("a4", "2026-01-15", "2028-01-15"),
            ("a5", "2026-01-15", "2028-01-15"), ("o2", "2026-01-15", "2027-01-15"), ("o3", "2026-01-15", "2028-01-15"),
            ("o4", "2026-01-15", "2028-01-15"),
        ])
    func periodEdges(measure: String, decided: String, end: String) throws {
        let facts = with([Facts.sanction(measure, decided)])
        let last = try day(end).adding(days: -1).description
        for on in [decided, last] {
            let answer = try answer(facts, on)
            #expect(try answer.verdict == .blocked && answer.until == day(end), "\(measure) on \(on)")
        }
        let after = try answer(facts, end)
        #expect(after.verdict(of: "impact") == .hold && after.until == nil, "\(measure) on \(end)")
        let before = try answer(facts, try day(decided).adding(days: -1).description)
        #expect(before.verdict(of: "impact") == nil, "\(measure) before its decision")
    }

    @Test("The admonition's six months, and the verification it rests on")
    func admonition() throws {
        var facts = with([["decidedOn": "2026-08-31", "documentNo": "A", "basisNo": "V"]], kind: "admonition")
        #expect(try answer(facts, "2027-02-27").until == day("2027-02-28"))
        facts.add(
            "verification",
            [
                "checkedOn": "2026-08-01", "result": "r2", "decision": "handled", "decidedOn": "2026-08-31",
                "documentNo": "V",
            ])
        let reason = try #require(try answer(facts, "2026-12-01").reasons.first { $0.section == "impact" })
        #expect(reason.recordIDs.count == 2 && reason.params["basisResult"] == "verifyResult/r2")
    }

    @Test("A period that is over holds until somebody judged, on or after its end, that it does not affect use")
    func judgement() throws {
        let sanction = Facts.sanction("a1", "2026-04-01")
        var facts = with([sanction])
        #expect(try answer(facts, "2026-12-01").verdict == .hold)
        let judgement: [String: JSONValue] = [
            "sanctionNo": "N-a1-2026-04-01", "judgedOn": "2026-09-30", "effect": "noEffect",
        ]
        facts.add("useJudgement", judgement)
        #expect(try answer(facts, "2026-12-01").verdict == .hold, "judged before the period was over")
        facts.add("useJudgement", judgement.merging(["judgedOn": "2026-10-01", "effect": "affects"]) { $1 })
        #expect(try answer(facts, "2026-12-01").verdict == .hold, "judged to affect use")
        facts.add("useJudgement", judgement.merging(["judgedOn": "2026-10-01"]) { $1 })
        let answer = try answer(facts, "2026-12-01")
        #expect(answer.verdict == .clear && answer.verdict(of: "impact") == .listed)
    }

    @Test("Probation has no end before rights are restored, and 24 months after")
    func probation() throws {
        let open = try answer(with([Facts.sanction("p4", "2024-06-01", ["periodMonths": 12])]), "2026-12-01")
        #expect(open.verdict == .blocked && open.until == nil)
        let restored = with([
            Facts.sanction("p4", "2024-06-01", ["periodMonths": 12, "rightsRestoredOn": "2025-06-01"])
        ])
        #expect(try answer(restored, "2026-12-01").until == day("2027-06-01"))
        #expect(try answer(restored, "2025-05-31").until == nil)
    }

    @Test(
        "A combined sanction lasts what was decided, within 48 months",
        arguments: [(6, "2026-07-15"), (48, "2030-01-15"), (60, "2030-01-15")])
    func combined(months: Int, end: String) throws {
        let facts = with([Facts.sanction("a7", "2026-01-15", ["periodMonths": .integer(Int64(months))])])
        #expect(try answer(facts, try day(end).adding(days: -1).description).until == day(end))
        #expect(try answer(facts, end).verdict(of: "impact") == .hold)
    }

    @Test("Dismissal is for good")
    func permanent() throws {
        let answer = try answer(with([Facts.sanction("a6", "2021-01-15")]), "2050-01-01")
        #expect(answer.verdict == .blocked && answer.until == nil)
    }

    @Test("What lasts blocks while it lasts, without an end", arguments: ["o1", "x1", "x2"])
    func lasting(measure: String) throws {
        let running = try answer(with([Facts.sanction(measure, "2026-10-01")]), "2026-12-01")
        #expect(running.verdict == .blocked && running.until == nil)
        let ended = with([Facts.sanction(measure, "2026-10-01", ["endedOn": "2026-11-30"])])
        #expect(try answer(ended, "2026-11-29").until == nil && answer(ended, "2026-11-29").verdict == .blocked)
        #expect(try answer(ended, "2026-11-30").verdict != .blocked)
    }

    @Test("Investigation bars even an exchange; a demotion in rank bars nothing of itself")
    func bars() throws {
        #expect(try answer(with([Facts.sanction("x1", "2026-10-01")]), "2026-12-01", .exchange).verdict == .blocked)
        #expect(
            try answer(with([Facts.sanction("p1", "2026-10-01")]), "2026-12-01", .exchange).verdict(of: "impact")
                == .listed)
        #expect(try answer(with([Facts.sanction("x3", "2026-10-01")]), "2026-12-01").verdict(of: "impact") == .listed)
        for measure in ["p2x", "p3"] {
            #expect(
                try answer(with([Facts.sanction(measure, "2026-10-01")]), "2026-12-01", .equalMove).verdict == .blocked)
        }
        for measure in ["p1", "p2", "a1", "a5", "o2", "o4"] {
            #expect(
                try answer(with([Facts.sanction(measure, "2026-10-01")]), "2026-12-01", .equalMove).verdict(
                    of: "impact")
                    == .listed)
        }
        #expect(
            try answer(with([Facts.sanction("o3", "2026-01-15")]), "2026-12-01", .equalMove).until == day("2027-01-15"))
    }

    @Test("The edition in force on the decision's own date judges it: 进一步使用 is barred by a warning from 2024 only")
    func editions() throws {
        let old = try answer(with([Facts.sanction("p1", "2023-12-31")]), "2024-06-01", .furtherUse)
        #expect(old.verdict(of: "impact") == .listed && old.reasons.first { $0.section == "impact" }?.edition == "2018")
        let new = try answer(with([Facts.sanction("p1", "2024-01-01")]), "2024-06-01", .furtherUse)
        #expect(new.verdict == .blocked && new.reasons.first { $0.section == "impact" }?.edition == "2023")
        let none = try answer(with([Facts.sanction("a1", "2019-01-01")]), "2019-02-01")
        #expect(none.reasons.contains { $0.message == "promotion.period.noRule" && $0.verdict == .hold })
    }

    @Test("A second Party sanction inside a Party period adds what remained; administrative ones take the longest")
    func combinations() throws {
        let party = with([Facts.sanction("p1", "2026-01-15"), Facts.sanction("p2", "2026-11-15")])
        // 61 days remained on 2026-11-15; 18 months later is 2028-05-15.
        #expect(try answer(party, "2026-12-01").until == day("2028-05-15").adding(days: 61))
        let apart = with([Facts.sanction("p1", "2025-01-15"), Facts.sanction("p1", "2026-01-15")])
        #expect(try answer(apart, "2026-12-01").until == day("2027-01-15"))
        let administrative = with([Facts.sanction("a1", "2026-11-01"), Facts.sanction("a3", "2026-10-01")])
        #expect(try answer(administrative, "2026-12-01").until == day("2028-04-01"))
        let tracks = with([Facts.sanction("p1", "2026-01-15"), Facts.sanction("a4", "2026-01-15")])
        #expect(try answer(tracks, "2026-12-01").until == day("2028-01-15"))
        let endless = with([Facts.sanction("p1", "2026-01-15"), Facts.sanction("x1", "2026-11-15")])
        #expect(try answer(endless, "2026-12-01").until == nil)
    }

    @Test("A revoked or withdrawn record is not listed and makes nothing stale, whatever the question's date")
    func revoked() throws {
        var facts = Facts.clear
        facts.add("sanction", Facts.sanction("p1", "2026-01-15", ["revokedOn": "2026-11-30", "revocationNo": "X"]))
        facts.add("sanction", Facts.sanction("p2", "2026-01-15"), state: "withdrawn")
        for on in ["2026-12-01", "2026-11-15"] {
            let answer = try answer(facts, on)
            #expect(answer.verdict == .clear && answer.verdict(of: "impact") == nil)
        }
    }

    @Test("Nothing filed is hold in every part, and a hold has no end")
    func missing() throws {
        let answer = try answer(Facts(), "2026-12-01")
        #expect(answer.verdict == .hold && answer.until == nil)
        #expect(answer.reasons.allSatisfy { $0.verdict == .hold })
        #expect(Set(answer.reasons.map(\.section)) == ["must1", "must2", "must3", "must4", "appraisal", "training"])
    }

    @Test(
        "Each answer of the musts has its verdict",
        arguments: [
            ("fileReview", "reviewedOn", "result", "doubt", "must1", PromotionVerdict.hold),
            ("fileReview", "reviewedOn", "result", "pending", "must1", .hold),
            ("fileReview", "reviewedOn", "result", "falsified", "must1", .blocked),
            ("verification", "checkedOn", "result", "pending", "must2", .hold),
            ("verification", "checkedOn", "result", "r1", "must2", .clear),
            ("verification", "checkedOn", "result", "r3", "must2", .blocked),
            ("verification", "checkedOn", "result", "r4", "must2", .blocked),
            ("opinion", "repliedOn", "conclusion", "objection", "must3", .blocked),
            ("opinion", "repliedOn", "conclusion", "pending", "must3", .hold),
        ])
    func mustAnswers(
        kind: String, date: String, field: String, code: String, section: String, verdict: PromotionVerdict
    ) throws {
        var facts = Facts.clear
        facts.add(kind, [date: "2026-11-20", field: .string(code)])
        let answer = try answer(facts, "2026-12-01")
        #expect(answer.verdict(of: section) == verdict)
        if verdict == .blocked { #expect(answer.verdict == .blocked && answer.until == nil) }
    }

    @Test("What was decided about an omission governs, from the day it was decided")
    func decisions() throws {
        for (decision, verdict) in [
            ("undecided", PromotionVerdict.blocked), ("adverse", .blocked), ("handled", .hold), ("accepted", .clear),
        ] {
            var facts = Facts.clear
            facts.add(
                "verification",
                ["checkedOn": "2026-11-02", "result": "r2", "decision": .string(decision), "decidedOn": "2026-11-10"])
            facts.add("opinion", ["repliedOn": "2026-11-15", "conclusion": "noObjection", "specificLeadOpen": false])
            #expect(try answer(facts, "2026-12-01").verdict(of: "must2") == verdict, "\(decision)")
            #expect(
                try answer(facts, "2026-11-09").verdict(of: "must2") == .blocked, "\(decision) before it was decided")
        }
    }

    @Test("A must is valid through day 180 and stale on day 181")
    func validity() throws {
        // 2026-11-01 + 180 days = 2027-04-30.
        #expect(try answer(Facts.clear, "2027-04-30").verdict(of: "must3") == .clear)
        #expect(try answer(Facts.clear, "2027-05-01").verdict(of: "must3") == .hold)
        #expect(try answer(Facts.clear, "2027-05-01").verdict(of: "must4") == .hold)
        // 2026-10-20 + 180 = 2027-04-18.
        #expect(try answer(Facts.clear, "2027-04-18").verdict(of: "must1") == .clear)
        #expect(try answer(Facts.clear, "2027-04-19").verdict(of: "must1") == .hold)
    }

    @Test("An adverse record filed after the opinion makes it stale; one filed before, a talk or an honour does not")
    func staleness() throws {
        var later = Facts.clear
        later.add("sanction", Facts.sanction("a1", "2020-08-01"))
        #expect(try answer(later, "2026-12-01").verdict(of: "must3") == .hold)
        #expect(try answer(later, "2026-12-01").verdict(of: "must4") == .hold)
        #expect(try answer(with([Facts.sanction("a1", "2020-08-01")]), "2026-12-01").verdict(of: "must3") == .clear)
        var harmless = Facts.clear
        harmless.add("majorEvent", ["eventKind": "me01"])
        harmless.add("verification", ["checkedOn": "2026-11-20", "result": "r0"])
        harmless.add("training", ["course": "other", "completedOn": "2026-11-20", "passed": true])
        #expect(try answer(harmless, "2026-12-01").verdict == .clear)
        var omission = Facts.clear
        omission.add("verification", ["checkedOn": "2026-11-20", "result": "r2", "decision": "undecided"])
        #expect(try answer(omission, "2026-12-01").verdict(of: "must3") == .hold)
    }

    @Test("An open specific lead holds and never blocks, and a complaint is no fact that the check takes")
    func leads() throws {
        var facts = Facts.clear
        facts.add("opinion", ["repliedOn": "2026-11-20", "conclusion": "noObjection", "specificLeadOpen": true])
        let answer = try answer(facts, "2026-12-01")
        #expect(answer.verdict == .hold && answer.verdict(of: "must4") == .hold && answer.until == nil)
        var complaint = Facts.clear
        complaint.add("complaint", ["specificLead": true, "content": "x"], state: "received")
        #expect(try self.answer(complaint, "2026-12-01") == self.answer(Facts.clear, "2026-12-01"))
    }

    @Test("The grade of the year before the question counts; a new year brings a missing one")
    func appraisal() throws {
        #expect(try answer(Facts.clear, "2026-12-31").verdict(of: "appraisal") == .clear)
        #expect(try answer(Facts.clear, "2027-01-01").verdict(of: "appraisal") == .hold)
        for (grade, verdict) in [("excellent", PromotionVerdict.clear), ("basic", .blocked), ("incompetent", .blocked)]
        {
            var facts = Facts.clear
            facts.add("appraisal", ["year": 2025, "grade": .string(grade), "decidedOn": "2026-02-01"])
            #expect(try answer(facts, "2026-12-01").verdict(of: "appraisal") == verdict)
        }
    }

    @Test("A course that was failed or comes later is missing; moves that need none ask for none")
    func training() throws {
        var facts = Facts.clear
        facts.list.removeAll { $0.kind == "training" }
        facts.add("training", ["course": "promotionTraining", "completedOn": "2026-09-10", "passed": false])
        facts.add("training", ["course": "discipline", "completedOn": "2027-05-08", "passed": true])
        #expect(
            try answer(facts, "2026-12-01").reasons.filter { $0.section == "training" && $0.verdict == .hold }.count
                == 2)
        #expect(try answer(facts, "2026-12-01", .exchange).verdict(of: "training") == nil)
    }

    @Test("A hold beside a block does not move its end")
    func holdAndBlock() throws {
        var facts = Facts()
        facts.add("sanction", Facts.sanction("p1", "2026-01-15"))
        let answer = try answer(facts, "2026-12-01")
        #expect(try answer.verdict == .blocked && answer.until == day("2027-01-15"))
    }

    @Test("Auxiliaries and employees are not asked", arguments: ["auxiliary", "staff"])
    func auxiliaries(category: String) throws {
        let answer = try answer(with([Facts.sanction("a6", "2021-01-15")]), "2026-12-01", category: category)
        #expect(answer.verdict == .notApplicable && answer.until == nil && answer.reasons.count == 1)
    }

    @Test("A Party sanction on somebody who was a member neither at the act nor at the decision is refused as bad data")
    func partyMembership() throws {
        let kind = try #require(try KindCatalogue.standard().kind("sanction"))
        let values = Facts.sanction("p1", "2026-01-15", ["body": "县纪委"])
        func isRefused(_ act: String?, _ decision: String?) -> Bool {
            var values = values
            values["politicsAtAct"] = act.map { .string($0) }
            values["politicsAtDecision"] = decision.map { .string($0) }
            return kind.validate(values: values).contains { $0.rule == "sanction.partyMember" }
        }
        #expect(isRefused("13", "13") && isRefused(nil, nil) && isRefused("03", nil))
        #expect(!isRefused("01", "13") && !isRefused("13", "01") && !isRefused("02", "02"))
    }
}

@Suite("Lateness and drinking level")
struct DerivedTests {
    @Test(
        "A report is late from the day after the limit",
        arguments: [
            ("me01", "2026-05-20", "2026-07-01", 42, 12), ("me01", "2026-05-20", "2026-06-19", 30, 0),
            ("me01", "2026-05-20", "2026-06-20", 31, 1), ("me03", "2026-05-01", "2026-04-20", -11, 0),
            ("me03", "2026-05-01", "2026-04-21", -10, 0), ("me03", "2026-05-01", "2026-04-22", -9, 1),
            ("me04", "2026-05-01", "2026-05-02", 1, 0), ("me04", "2026-05-01", "2026-05-03", 2, 1),
        ])
    func lateness(kind: String, event: String, reported: String, days: Int, late: Int) throws {
        let result = try #require(
            EventLateness(
                values: ["eventKind": .string(kind), "eventDate": .string(event), "reportDate": .string(reported)],
                rules: try RuleSet.standard()))
        #expect(result.days == days && result.lateDays == late)
    }

    @Test("The days count from when the event was known, and a kind without a limit is never late")
    func known() throws {
        let rules = try RuleSet.standard()
        let values: [String: JSONValue] = [
            "eventKind": "me01", "eventDate": "2026-01-01", "knownDate": "2026-06-20", "reportDate": "2026-07-01",
        ]
        #expect(EventLateness(values: values, rules: rules)?.lateDays == 0)
        #expect(EventLateness(values: values.merging(["eventKind": "me13"]) { $1 }, rules: rules) == nil)
    }

    @Test(
        "The level counts the three factors; none is L0, and a verified incident within 24 months is L3",
        arguments: [
            ("none", "held", "high", nil, 0), ("occasional", "none", "low", nil, 0), ("regular", "none", "low", nil, 1),
            ("regular", "held", "low", nil, 2), ("heavy", "held", "medium", nil, 2),
            ("regular", "held", "high", nil, 3),
            ("regular", "suspended", "high", nil, 2), ("none", "none", "low", "2024-01-21", 3),
            ("none", "none", "low", "2024-01-20", 0),
        ] as [(String, String, String, String?, Int)])
    func level(habit: String, licence: String, engagements: String, incident: String?, level: Int) throws {
        var values: [String: JSONValue] = [
            "habit": .string(habit), "licence": .string(licence), "engagements": .string(engagements),
        ]
        if let incident { values["verifiedIncidentOn"] = .string(incident) }
        let date = try #require(CivilDate("2026-01-20"))
        #expect(try DrinkingLevel(values: values, on: date, rules: RuleSet.standard())?.level == level)
    }
}

@Suite("Civil dates")
struct CivilDateTests {
    @Test(
        "Months are added clamped to the month's end",
        arguments: [
            ("2024-02-29", 12, "2025-02-28"), ("2026-01-31", 1, "2026-02-28"), ("2026-08-31", 6, "2027-02-28"),
            ("2026-12-15", 1, "2027-01-15"), ("2026-01-15", -1, "2025-12-15"),
        ])
    func months(from: String, months: Int, to: String) throws {
        #expect(try #require(CivilDate(from)).adding(months: months).description == to)
    }

    @Test("Days since the epoch and dates are inverse over four centuries")
    func inverse() {
        var previous = CivilDate(daysSinceEpoch: -80_000)
        for day in -79_999...80_000 {
            let date = CivilDate(daysSinceEpoch: day)
            #expect(date.daysSinceEpoch == day && date > previous)
            if date.day == 1 { #expect(CivilDate(year: date.year, month: date.month, day: 1) == date) }
            previous = date
        }
        #expect(CivilDate(daysSinceEpoch: 0).description == "1970-01-01")
        #expect(CivilDate("2026-11-23")?.weekday == .monday)
    }

    @Test(
        "What is no date is refused",
        arguments: ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-01", "20260101", "", "2026-01-01 "])
    func refused(text: String) { #expect(CivilDate(text) == nil) }
}
