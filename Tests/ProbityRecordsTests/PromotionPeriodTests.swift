import CanonicalJSON
import ProbityRecords
import Testing

/// One row of the table of impact periods (domain.md §8.3) as tests see it.
struct PeriodRow: Sendable, CustomTestStringConvertible {
    let measure: String
    let months: Int
    let barred: Set<PromotionMove>
    var testDescription: String { measure }

    init(_ measure: String, _ months: Int, _ barred: Set<PromotionMove>) {
        (self.measure, self.months, self.barred) = (measure, months, barred)
    }
}

@Suite("Impact periods")
struct PromotionPeriodTests {
    // Every running period bars 进一步使用 (选拔任用条例 Art. 24), whatever the measure's own row names.
    static let fixed: [PeriodRow] = [
        PeriodRow("p1", 12, [.promotion, .grade, .furtherUse]),
        PeriodRow("p2", 18, [.promotion, .grade, .furtherUse]),
        PeriodRow("p2x", 24, [.promotion, .grade, .furtherUse, .equalMove]),
        PeriodRow("p3", 24, [.promotion, .grade, .furtherUse, .equalMove]),
        PeriodRow("p5", 60, [.promotion, .grade, .furtherUse, .equalMove]),
        PeriodRow("a1", 6, [.promotion, .grade, .rank, .furtherUse]),
        PeriodRow("a2", 12, [.promotion, .grade, .rank, .furtherUse]),
        PeriodRow("a3", 18, [.promotion, .grade, .rank, .furtherUse]),
        PeriodRow("a4", 24, [.promotion, .grade, .rank, .furtherUse]),
        PeriodRow("a5", 24, [.promotion, .grade, .rank, .furtherUse]),
        PeriodRow("w1", 6, [.promotion, .grade, .furtherUse]),
        PeriodRow("o2", 12, [.promotion, .grade, .furtherUse]),
        PeriodRow("o4", 24, [.promotion, .grade, .furtherUse]),
    ]
    static let everything = Set(PromotionMove.allCases)
    static let lasting: [PeriodRow] = [
        PeriodRow("x1", 0, everything), PeriodRow("x2", 0, everything),
        PeriodRow("o1", 0, [.promotion, .grade, .furtherUse]),
    ]

    private func candidate(_ measure: String, _ decidedOn: String, _ more: [String: JSONValue] = [:])
        -> PromotionCandidate
    {
        var candidate = PromotionCandidate()
        candidate.add(measure: measure, decidedOn, more)
        return candidate
    }

    private func before(_ date: String) throws -> String { try day(date).adding(days: -1).description }

    @Test("A period runs from the decision to the day before it ends", arguments: fixed)
    func fixedPeriods(row: PeriodRow) throws {
        for (start, isClamped) in [("2024-05-10", false), ("2024-08-31", row.months % 12 == 6)] {
            let end = try day(start).adding(months: row.months)
            #expect(try (end.day != day(start).day) == isClamped)
            let candidate = candidate(row.measure, start)
            for move in PromotionMove.allCases {
                let isBarred = row.barred.contains(move)
                let inside = try candidate.impact(on: start, move)
                #expect(inside.verdict == (isBarred ? .blocked : .listed), "\(move) on the day of the decision")
                #expect(inside.until == (isBarred ? end.description : nil))
                let last = try candidate.impact(on: end.adding(days: -1).description, move)
                #expect(last.verdict == (isBarred ? .blocked : .listed), "\(move) on the last day")
                let first = try candidate.impact(on: end.description, move)
                #expect(first.verdict == (isBarred ? .hold : .listed), "\(move) on the first eligible day")
                #expect(first.until == nil)
            }
            #expect(try candidate.impact(on: before(start)).verdict == nil, "not decided yet")
        }
    }

    @Test("Ordered resignation or removal bars any leadership post for 12 months, a higher post or grade for 24")
    func removal() throws {
        let candidate = candidate("o3", "2024-08-31")
        #expect(try candidate.impact(on: "2025-08-30", .equalMove).until == "2025-08-31")
        #expect(try candidate.impact(on: "2025-08-31", .equalMove).verdict == .hold)
        // 12 months by its own row; the period as a whole runs for 24, and a candidate for 进一步使用 is a 考察对象 too.
        #expect(try candidate.impact(on: "2025-08-30", .furtherUse).until == "2025-08-31")
        #expect(try candidate.impact(on: "2025-08-31", .furtherUse).until == "2026-08-31")
        #expect(try candidate.impact(on: "2026-08-31", .furtherUse).verdict == .hold)
        let local = try rules(replacing: PromotionEditionTests.anyPeriod, with: #""tracks": []"#)
        #expect(try candidate.impact(on: "2025-08-31", .furtherUse, rules: local).verdict == .hold)
        for move in [PromotionMove.promotion, .grade] {
            #expect(try candidate.impact(on: "2025-08-31", move).until == "2026-08-31")
        }
        for move in [PromotionMove.rank, .exchange] {
            #expect(try candidate.impact(on: "2024-09-01", move).verdict == .listed)
        }
    }

    @Test("The table of the rules is the table of the tests, for every measure of the code list")
    func table() throws {
        let rules = try RuleSet.standard()
        let measures = try #require(try KindCatalogue.standard().codeList("measure")).codes.map(\.code) + ["w1"]
        #expect(
            Set(rules.allRules.map(\.id).filter { $0.hasPrefix("impact.") }) == Set(measures.map { "impact.\($0)" }))
        let tested = Self.fixed + Self.lasting
        #expect(Set(measures).subtracting(tested.map(\.measure)) == ["p4", "a6", "a7", "x3", "o3"])
        for measure in measures {
            let rule = try #require(rules.rule("impact.\(measure)", on: day("2026-12-01")))
            #expect(!rule.source.zh.isEmpty && !rule.edition.isEmpty)
        }
    }

    @Test("The period counts from the day on which the decision takes effect, and bars from the decision")
    func effectiveOn() throws {
        let candidate = candidate("a1", "2026-04-01", ["effectiveOn": "2026-04-10"])
        #expect(try candidate.impact(on: "2026-03-31").verdict == nil)
        #expect(try candidate.impact(on: "2026-04-01").until == "2026-10-10")
        #expect(try candidate.impact(on: "2026-10-09").verdict == .blocked)
        #expect(try candidate.impact(on: "2026-10-10").verdict == .hold)
    }

    @Test("Probation has no end before rights are restored, and 24 months after that")
    func probation() throws {
        let open = candidate("p4", "2024-02-29", ["periodMonths": 12])
        for date in ["2024-02-29", "2025-02-28", "2026-12-01", "2030-01-01"] {
            let impact = try open.impact(on: date)
            #expect(impact.verdict == .blocked && impact.until == nil && impact.message == "promotion.period.open")
        }
        let restored = candidate("p4", "2022-02-28", ["periodMonths": 24, "rightsRestoredOn": "2024-02-29"])
        #expect(try restored.impact(on: "2024-02-28").until == nil, "not restored yet on the question's date")
        #expect(try restored.impact(on: "2024-02-28").verdict == .blocked)
        #expect(try restored.impact(on: "2024-02-29").until == "2026-02-28")
        #expect(try restored.impact(on: "2026-02-27", .equalMove).verdict == .blocked)
        #expect(try restored.impact(on: "2026-02-28", .equalMove).verdict == .hold)
        for move in [PromotionMove.rank, .exchange] {
            #expect(try restored.impact(on: "2025-01-01", move).verdict == .listed)
        }
    }

    @Test("Expulsion from the Party bars posts for 60 months; dismissal bars everything for ever")
    func expulsion() throws {
        #expect(try candidate("p5", "2024-01-31").impact(on: "2029-01-30").until == "2029-01-31")
        let dismissed = candidate("a6", "2021-01-01")
        for move in PromotionMove.allCases {
            let impact = try dismissed.impact(on: "2080-01-01", move)
            #expect(impact.verdict == .blocked && impact.until == nil)
        }
    }

    @Test(
        "A combined sanction lasts what it says, at least one period; beyond its bounds it is marked, never shortened",
        arguments: [
            (24, "", 0, 24), (48, "", 0, 48), (49, "", 0, 49), (60, "", 0, 60), (5, "", 0, 6), (1, "", 0, 6),
            (6, "", 0, 6),
            (12, "a2", 2, 12), (11, "a2", 2, 12), (24, "a2", 2, 24), (25, "a2", 2, 25), (36, "a3", 2, 36),
            (37, "a3", 2, 37),
            (60, "a3", 3, 60), (48, "a4", 3, 48), (40, "a4", 2, 40), (17, "a3", 2, 18), (500, "a1", 3, 500),
        ])
    func combined(decided: Int, of measure: String, count: Int, months: Int) throws {
        var more: [String: JSONValue] = ["periodMonths": .integer(Int64(decided))]
        if !measure.isEmpty {
            more.merge(["combinedMeasure": .string(measure), "combinedCount": .integer(Int64(count))]) { $1 }
        }
        let candidate = candidate("a7", "2022-08-31", more)
        let end = try day("2022-08-31").adding(months: months)
        let bounds = ["": 6...48, "a1": 6...18, "a2": 12...24, "a3": 18...(count == 2 ? 36 : 48), "a4": 24...48]
        let reason = try #require(try candidate.answer(on: "2022-08-31").reasons.first { $0.section == "impact" })
        #expect(
            reason.notes == (bounds[measure]?.contains(decided) ?? true ? [] : ["promotion.note.outsideBounds"]))
        #expect(try candidate.impact(on: "2022-08-31").until == end.description)
        #expect(try candidate.impact(on: end.adding(days: -1).description, .rank).verdict == .blocked)
        #expect(try candidate.impact(on: end.description, .rank).verdict == .hold)
        #expect(try candidate.impact(on: "2022-08-31", .equalMove).verdict == .listed)
    }

    @Test("A combined sanction without its months has no end")
    func combinedWithoutMonths() throws {
        #expect(try candidate("a7", "2022-08-31").impact(on: "2026-12-01").verdict == .blocked)
        #expect(try candidate("a7", "2022-08-31").impact(on: "2026-12-01").until == nil)
    }

    @Test("A measure that lasts until something ends bars its moves while it lasts", arguments: lasting)
    func lastingMeasures(row: PeriodRow) throws {
        let open = candidate(row.measure, "2026-06-30")
        let ended = candidate(row.measure, "2026-06-30", ["endedOn": "2026-09-30"])
        for move in PromotionMove.allCases {
            let barred = row.barred.contains(move)
            for date in ["2026-06-30", "2036-12-01"] {
                let impact = try open.impact(on: date, move)
                #expect(impact.verdict == (barred ? .blocked : .listed), "\(move) \(date)")
                #expect(impact.until == nil)
            }
            #expect(
                try ended.impact(on: "2026-09-29", move).verdict == (barred ? .blocked : .listed),
                "\(move) the day before")
            #expect(
                try ended.impact(on: "2026-09-30", move).verdict == (barred && row.measure == "o1" ? .hold : .listed),
                "\(move) the day it ended: 立案 and 停止执行职务 are listed, they need no judgement")
        }
    }

    @Test("Demotion in rank moves the rank clock only")
    func rankClock() throws {
        for move in PromotionMove.allCases {
            #expect(try candidate("x3", "2026-11-01").impact(on: "2026-11-02", move).verdict == .listed)
            let answer = try candidate("x3", "2026-10-01").answer(move)
            #expect(answer.verdict == (move == .rank ? .blocked : .clear))
            #expect(answer.until?.description == (move == .rank ? "2030-10-01" : nil))
        }
    }

    @Test("A second Party sanction inside a Party period adds what remains of the first")
    func secondParty() throws {
        var candidate = candidate("p1", "2025-01-15")
        candidate.add(measure: "p1", "2025-12-01")
        // 45 days remain of the first on 2025-12-01; they follow on 2026-12-01.
        #expect(try candidate.impact(on: "2026-01-15").until == "2027-01-15")
        #expect(try candidate.impact(on: "2027-01-14").verdict == .blocked)
        #expect(try candidate.impact(on: "2027-01-15").verdict == .hold)
        // A third stands on the lengthened second.
        candidate.add(measure: "p2", "2027-01-14")
        #expect(try candidate.impact(on: "2027-01-14").until == "2028-07-15")
    }

    @Test("One decision that was filed twice lengthens nothing, and another one of the same day does")
    func sameDecision() throws {
        var candidate = candidate("p1", "2026-01-15")
        let once = try candidate.impact(on: "2026-02-01").until
        candidate.add(measure: "p1", "2026-01-15")
        #expect(try candidate.impact(on: "2026-02-01").until == once)
        candidate.add(measure: "p1", "2026-01-15", ["documentNo": "another"])
        #expect(try candidate.impact(on: "2026-02-01").until == "2028-01-15")
    }

    @Test("On the first day after a Party period a second sanction stands alone")
    func secondPartyAfter() throws {
        var candidate = candidate("p1", "2025-01-15")
        candidate.add(measure: "p1", "2026-01-15")
        #expect(try candidate.impact(on: "2026-01-15").until == "2027-01-15")
        var inside = self.candidate("p1", "2025-01-15")
        inside.add(measure: "p1", "2026-01-14")
        #expect(try inside.impact(on: "2026-01-15").until == "2027-01-15", "one day remained, added to 2027-01-14")
    }

    @Test("What remains of a warning lengthens a removal for moves that the warning itself does not bar")
    func remainderForOtherMoves() throws {
        var candidate = candidate("p1", "2025-01-15")
        candidate.add(measure: "p3", "2025-12-01")
        #expect(try candidate.impact(on: "2026-12-01", .equalMove).until == "2028-01-15")
        #expect(try candidate.impact(on: "2026-12-01", .promotion).until == "2028-01-15")
    }

    @Test("A revoked first Party sanction lengthens nothing")
    func revokedFirst() throws {
        var candidate = candidate("p1", "2025-01-15", ["revokedOn": "2026-11-01", "revocationNo": "x"])
        candidate.add(measure: "p1", "2025-12-01")
        #expect(try candidate.impact(on: "2026-01-15").until == "2026-12-01")
    }

    @Test("Of two administrative sanctions the longest governs, without adding")
    func twoAdministrative() throws {
        var candidate = candidate("a3", "2026-01-01")
        candidate.add(measure: "a1", "2026-06-01")
        #expect(try candidate.answer().until?.description == "2027-07-01")
        #expect(try candidate.impact(on: "2026-11-30").until == "2027-07-01")
        #expect(
            try candidate.answer(on: "2026-12-01").reasons.filter { $0.section == "impact" }.map(\.verdict) == [
                .blocked, .hold,
            ])
    }

    @Test("Of different tracks the longest governs, and one without an end leaves none")
    func tracks() throws {
        var candidate = candidate("p1", "2026-06-01")
        candidate.add(measure: "a4", "2026-05-01")
        candidate.add(measure: "w1", "2026-09-01")
        candidate.add(measure: "o2", "2026-07-01")
        #expect(try candidate.answer().until?.description == "2028-05-01")
        #expect(
            try candidate.answer(.furtherUse).until?.description == "2028-05-01",
            "every running period bars it, the administrative one too")
        candidate.add(measure: "x1", "2026-10-01")
        #expect(try candidate.answer().until == nil)
        #expect(try candidate.answer().verdict == .blocked)
    }

    @Test("A hold never moves the end")
    func holdAndEnd() throws {
        var candidate = PromotionCandidate(leavingOut: ["opinion", "training", "appraisal"])
        candidate.add(measure: "p1", "2026-01-15")
        candidate.add(measure: "a1", "2026-01-01")
        let answer = try candidate.answer()
        #expect(answer.verdict == .blocked && answer.until?.description == "2027-01-15")
        #expect(answer.reasons.filter { $0.verdict == .hold }.allSatisfy { $0.until == nil })
    }

    @Test("A judgement on which no answer rests is told: another document's holds where it affects; brackets are one")
    func strayJudgement() throws {
        func told(_ number: String, _ effect: String, on day: String) throws -> [PromotionReason] {
            var candidate = PromotionCandidate()
            candidate.add(
                "sanction", ["measure": "a1", "decidedOn": "2026-04-01", "documentNo": "示例政务〔2026〕3号"])
            candidate.add(
                "useJudgement",
                ["sanctionNo": .string(number), "judgedOn": .string(day), "effect": .string(effect)])
            return try candidate.answer().reasons.filter { $0.message.hasPrefix("promotion.period.judge") }
        }
        for (effect, verdict) in [("noEffect", PromotionVerdict.listed), ("affects", .hold)] {
            let stray = try told("示例政务〔2025〕3号", effect, on: "2026-11-01")
            #expect(stray.map(\.message) == ["promotion.period.judgementStray"] && stray.map(\.verdict) == [verdict])
            let early = try told("示例政务〔2026〕3号", effect, on: "2026-09-01")
            #expect(early.map(\.message) == ["promotion.period.judgementEarly"] && early.map(\.verdict) == [.listed])
        }
        for number in ["示例政务[2026]3号", "示例政务（2026）３号", "示例政务【2026】3号"] {
            #expect(try told(number, "noEffect", on: "2026-11-01").map(\.message) == ["promotion.period.judged"])
        }
    }

    @Test("A period that is over is hold until somebody judged that it does not affect use")
    func judged() throws {
        var candidate = candidate("a1", "2026-04-01")
        func impact(_ on: String = "2026-12-01") throws -> (PromotionVerdict?, String?) {
            let impact = try candidate.impact(on: on)
            return (impact.verdict, impact.message)
        }
        #expect(try impact() == (.hold, "promotion.period.ended"))
        candidate.add("useJudgement", ["sanctionNo": "other", "judgedOn": "2026-10-10", "effect": "noEffect"])
        candidate.add("useJudgement", ["sanctionNo": "a1/2026-04-01", "judgedOn": "2026-09-30", "effect": "noEffect"])
        #expect(try impact() == (.hold, "promotion.period.ended"), "another's document, or before the end")
        let id = candidate.add(
            "useJudgement", ["sanctionNo": "a1/2026-04-01", "judgedOn": "2026-10-01", "effect": "noEffect"])
        #expect(try impact() == (.listed, "promotion.period.judged"))
        #expect(try candidate.answer().verdict == .clear)
        #expect(try candidate.answer().reasons.first { $0.section == "impact" }?.recordIDs.last == id)
        #expect(try impact("2026-09-30") == (.blocked, "promotion.period.running"), "no judgement shortens a period")
        candidate.add("useJudgement", ["sanctionNo": "a1/2026-04-01", "judgedOn": "2026-11-01", "effect": "affects"])
        #expect(try impact("2026-10-31") == (.listed, "promotion.period.judged"))
        #expect(try impact() == (.hold, "promotion.period.affects"), "the newest judgement governs")
        candidate.add(
            "useJudgement", ["sanctionNo": "a1/2026-04-01", "judgedOn": "2026-11-15", "effect": "noEffect"],
            state: "withdrawn")
        #expect(try impact() == (.hold, "promotion.period.affects"), "a misfiled judgement is none")
        candidate.add("useJudgement", ["sanctionNo": "a1/2026-04-01", "judgedOn": "2026-11-01", "effect": "noEffect"])
        #expect(
            try impact() == (.hold, "promotion.period.affects"), "of two of one day the one filed last does not win")
    }

    @Test("An archive may let a lifted administrative sanction stand as listed")
    func lifted() throws {
        let candidate = candidate("a1", "2026-04-01", ["liftedOn": "2026-10-01"])
        #expect(try candidate.impact(on: "2026-12-01").verdict == .hold, "the default asks for a judgement")
        let local = try rules(
            replacing: #""lifted": {"administrative": "hold"}"#, with: #""lifted": {"administrative": "listed"}"#)
        #expect(try candidate.impact(on: "2026-12-01", rules: local).verdict == .listed)
        #expect(try candidate.answer(rules: local).verdict == .clear)
        #expect(try candidate.impact(on: "2026-09-30", rules: local).verdict == .blocked, "lifting shortens nothing")
        #expect(
            try self.candidate("a1", "2026-04-01").impact(on: "2026-12-01", rules: local).verdict == .hold, "not lifted"
        )
        #expect(
            try self.candidate("p1", "2025-04-01", ["liftedOn": "2026-04-01"]).impact(on: "2026-12-01", rules: local)
                .verdict == .hold,
            "another track")
    }

    @Test("An archive may say per measure that its end needs a judgement, or that it needs none")
    func endedOverride() throws {
        let local = try rules(
            replacing: #""measure": "x1", "track": "process", "ended": "listed","#,
            with: #""measure": "x1", "track": "process","#)
        let candidate = candidate("x1", "2026-06-30", ["endedOn": "2026-09-30"])
        #expect(try candidate.impact(on: "2026-12-01", rules: local).verdict == .hold)
        #expect(try candidate.impact(on: "2026-12-01").verdict == .listed)
    }

    @Test("An archive may count a second Party sanction by the longest")
    func longest() throws {
        let local = try rules(replacing: "remainderPlusNew", with: "longest")
        var candidate = candidate("p1", "2025-01-15")
        candidate.add(measure: "p1", "2025-12-01")
        #expect(try candidate.impact(on: "2026-01-15", rules: local).until == "2026-12-01")
    }

    @Test("A revoked or misfiled measure is not listed, on any date", arguments: ["p1", "p4", "a6", "w1", "x1", "o2"])
    func revoked(measure: String) throws {
        var candidate = PromotionCandidate()
        candidate.add(measure: measure, "2026-06-01", ["revokedOn": "2026-11-01", "revocationNo": "示例撤1"], after: true)
        for date in ["2026-06-01", "2026-10-31", "2026-11-01", "2026-12-01"] {
            #expect(try candidate.impact(on: date).verdict == nil, "before and after the revocation")
        }
        #expect(try candidate.answer() == PromotionCandidate().answer())
    }

    @Test("A misfiled measure that was withdrawn counts for nothing")
    func withdrawn() throws {
        var candidate = PromotionCandidate()
        candidate.add("sanction", ["measure": "a6", "decidedOn": "2026-06-01", "documentNo": "x"], state: "withdrawn")
        #expect(try candidate.answer() == PromotionCandidate().answer())
    }

    @Test("An admonition names the verification it rests on")
    func basis() throws {
        var candidate = PromotionCandidate(leavingOut: ["verification"])
        let origin = candidate.add(
            "verification",
            [
                "checkedOn": "2026-08-01", "result": "r2", "decision": "handled", "decidedOn": "2026-08-10",
                "documentNo": "核7",
            ],
            before: true)
        candidate.add(measure: "w1", "2026-08-10", ["basisNo": "核7"])
        let reason = try #require(try candidate.answer().reasons.first { $0.section == "impact" })
        #expect(reason.until?.description == "2027-02-10" && reason.recordIDs.last == origin)
        #expect(reason.params["basis"] == "核7" && reason.params["basisResult"] == "verifyResult/r2")
    }
}
