import CanonicalJSON
import ProbityRecords
import Testing

@Suite("Must 2, decision by decision")
struct PromotionVerificationTests {
    private func candidate(_ checks: [(checkedOn: String, result: String, decision: String?, decidedOn: String?)])
        -> PromotionCandidate
    {
        var candidate = PromotionCandidate(leavingOut: ["verification"])
        for (number, check) in checks.enumerated() {
            var values: [String: JSONValue] = [
                "checkedOn": .string(check.checkedOn), "result": .string(check.result),
                "documentNo": .string("核\(number)"),
            ]
            if let decision = check.decision { values["decision"] = .string(decision) }
            if let decidedOn = check.decidedOn { values["decidedOn"] = .string(decidedOn) }
            candidate.add("verification", values)
        }
        return candidate
    }

    private func parts(_ candidate: PromotionCandidate, on: String = PromotionCandidate.on) throws
        -> [PromotionVerdict]
    {
        try candidate.answer(on: on).reasons.filter { $0.section == "must2" }.map(\.verdict)
    }

    @Test("Decided by a measure: clear, with the decision listed")
    func handled() throws {
        let candidate = candidate([("2026-08-01", "r2", "handled", "2026-08-10")])
        #expect(try parts(candidate) == [.clear, .listed] && candidate.answer().verdict == .clear)
        let listed = try #require(
            try candidate.answer().reasons.first { $0.message == "promotion.verification.decided" })
        #expect(listed.params["decision"] == "verifyDecision/handled" && listed.params["result"] == "verifyResult/r2")
        #expect(try parts(candidate, on: "2026-08-09") == [.blocked], "undecided until its day")
        #expect(try parts(candidate, on: "2027-01-29") == [.hold, .listed], "180 days after the check")
    }

    @Test("Loss of candidate status blocks whatever the result says, and of two checks of one day the worse counts")
    func contradicting() throws {
        for result in ["r0", "r1", "pending"] {
            let lost = candidate([("2026-10-01", result, "adverse", "2026-10-10")])
            #expect(try lost.answer().verdict == .blocked && lost.answer().until?.description == "2027-10-10")
        }
        for order in [["pending", "r0"], ["r0", "pending"]] {
            #expect(try parts(candidate(order.map { ("2026-10-01", $0, nil, nil) })) == [.hold], "\(order)")
        }
        let kind = try #require(try KindCatalogue.standard().kind("verification"))
        func rules(_ values: [String: JSONValue]) -> [String?] {
            kind.validate(
                values: values.merging(["kind": "v2", "checkedOn": "2026-10-01", "documentNo": "1"]) { $1 },
                today: CivilDate("2026-12-01")
            ).filter { $0.severity == .error }.map(\.rule)
        }
        #expect(rules(["result": "r1", "decision": "adverse", "decidedOn": "2026-10-02"]) == ["verification.lost"])
        #expect(rules(["result": "r3", "decision": "adverse", "decidedOn": "2024-01-01"]) == ["verification.order"])
        #expect(rules(["result": "r3", "decision": "adverse", "decidedOn": "2026-10-02"]) == [])
    }

    @Test("Decided by a measure: the answer names it, or says that none is on file")
    func measure() throws {
        var candidate = PromotionCandidate(leavingOut: ["verification"])
        candidate.add(
            "verification",
            [
                "checkedOn": "2026-08-01", "result": "r2", "decision": "handled", "decidedOn": "2026-08-10",
                "documentNo": "核7",
            ])
        func reason(_ values: [String: JSONValue]?, state: String = "verified") throws -> PromotionReason {
            var with = candidate
            if let values {
                with.add("sanction", ["measure": "x3", "decidedOn": "2026-08-10"].merging(values) { $1 }, state: state)
            }
            return try #require(try with.answer().reasons.first { $0.message == "promotion.verification.decided" })
        }
        for (values, state) in [
            (nil, "verified"), (["documentNo": "核8"], "verified"), (["documentNo": "核7"], "submitted"),
        ] as [([String: JSONValue]?, String)] {
            let said = try reason(values, state: state)
            #expect(said.notes == ["promotion.note.noMeasure"] && said.recordIDs.count == 1 && said.verdict == .listed)
        }
        for values in [["documentNo": "核7"], ["documentNo": "降1", "basisNo": "核7"]] as [[String: JSONValue]] {
            let said = try reason(values)
            #expect(said.notes.isEmpty && said.recordIDs.count == 2, "\(values)")
        }
    }

    @Test("Loss of candidate status blocks for 12 months from the decision, whatever later checks say")
    func loss() throws {
        let candidate = candidate([
            ("2025-11-20", "r3", "adverse", "2025-12-10"), ("2026-10-15", "r0", nil, nil),
        ])
        #expect(try parts(candidate) == [.clear, .blocked] && candidate.answer().until?.description == "2026-12-10")
        #expect(try candidate.answer(on: "2026-12-09").verdict == .blocked)
        let over = try candidate.answer(on: "2026-12-10")
        #expect(over.verdict == .clear && over.until == nil)
        #expect(over.reasons.contains { $0.message == "promotion.verification.over" && $0.verdict == .listed })
    }

    @Test("Loss of candidate status that is over clears nothing by itself: a check is needed")
    func lossAlone() throws {
        let candidate = candidate([("2025-11-01", "r3", "adverse", "2025-11-30")])
        #expect(try parts(candidate, on: "2026-11-29") == [.blocked])
        #expect(try parts(candidate, on: "2026-11-30") == [.hold, .listed])
    }

    @Test("A second omission that was handled improves nothing")
    func second() throws {
        // The first one stays what it is.
        for (first, before) in [
            (("2026-03-01", "r3", "undecided", nil), [PromotionVerdict.blocked]),
            (("2026-03-01", "r3", "adverse", "2026-04-01"), [.blocked]),
            (("2026-03-01", "r0", nil, nil), [.hold]),
            (("2026-03-01", "r2", "handled", "2026-03-10"), [.hold, .listed]),
            (("2026-10-01", "pending", nil, nil), [.hold]),
        ] as [((String, String, String?, String?), [PromotionVerdict])] {
            let alone = candidate([first])
            #expect(try parts(alone) == before)
            let both = candidate([first, ("2026-10-20", "r2", "handled", "2026-10-25")])
            #expect(try both.answer().verdict >= alone.answer().verdict, "\(first)")
            #expect(try parts(both).max() == before.filter { $0 != .listed }.max(), "\(first)")
        }
    }

    @Test("A later clean check clears beside an omission that was handled")
    func cleanCheck() throws {
        let candidate = candidate([
            ("2026-03-01", "r2", "handled", "2026-03-10"), ("2026-10-15", "r0", nil, nil),
        ])
        #expect(try parts(candidate) == [.clear, .listed] && candidate.answer().verdict == .clear)
    }
}
