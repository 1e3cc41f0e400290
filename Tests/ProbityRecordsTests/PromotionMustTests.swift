import CanonicalJSON
import ProbityRecords
import Testing

@Suite("The four musts and what is beside them")
struct PromotionMustTests {
    private func verdict(_ candidate: PromotionCandidate, _ section: String, on: String = PromotionCandidate.on) throws
        -> PromotionVerdict?
    {
        try candidate.answer(on: on).verdict(of: section)
    }

    @Test("Everything in order is clear, for every move", arguments: PromotionMove.allCases)
    func clear(move: PromotionMove) throws {
        let answer = try PromotionCandidate().answer(move)
        #expect(answer.verdict == .clear && answer.until == nil)
        for reason in answer.reasons {
            #expect(reason.verdict == .clear)
            // What the roster says of the rank rests on no record of the file.
            #expect(
                (!reason.recordIDs.isEmpty || ["rank.years", "rank.range"].contains(reason.ruleID))
                    && !reason.edition.isEmpty && reason.source?.zh.isEmpty == false)
            #expect(!reason.confidence.isEmpty)
        }
        #expect(Set(answer.reasons.map(\.section)).isSuperset(of: ["must1", "must2", "must3", "must4", "appraisal"]))
    }

    @Test(
        "A missing record is hold, without a record to point at",
        arguments: [
            ("fileReview", ["must1"]), ("verification", ["must2"]), ("opinion", ["must3", "must4"]),
            ("appraisal", ["appraisal"]), ("training", ["training"]),
        ])
    func missing(kind: String, sections: [String]) throws {
        let answer = try PromotionCandidate(leavingOut: [kind]).answer()
        #expect(answer.verdict == .hold && answer.until == nil)
        let held = answer.reasons.filter { $0.verdict == .hold }
        #expect(Set(held.map(\.section)) == Set(sections))
        #expect(held.allSatisfy { $0.recordIDs.isEmpty })
    }

    @Test(
        "Must 1: consistent is clear, doubt and pending are hold, a falsified file is blocked",
        arguments: [
            ("consistent", PromotionVerdict.clear), ("doubt", .hold), ("pending", .hold), ("falsified", .blocked),
            ("a code of later", .hold),
        ])
    func fileReview(result: String, verdict: PromotionVerdict) throws {
        var candidate = PromotionCandidate(leavingOut: ["fileReview"])
        candidate.add("fileReview", ["reviewedOn": "2026-10-20", "result": .string(result)])
        let answer = try candidate.answer()
        #expect(answer.verdict(of: "must1") == verdict && answer.verdict == verdict && answer.until == nil)
    }

    @Test(
        "Must 2: what was found and what was decided about it",
        arguments: [
            ("r0", nil, PromotionVerdict.clear), ("r1", nil, .clear), ("pending", nil, .hold),
            ("pending", "accepted", .hold),
            ("r2", nil, .blocked), ("r2", "undecided", .blocked), ("r2", "adverse", .blocked),
            ("r2", "accepted", .clear),
            ("r2", "handled", .listed), ("r3", nil, .blocked), ("r3", "undecided", .blocked),
            ("r3", "adverse", .blocked),
            ("r3", "accepted", .clear), ("r4", nil, .blocked), ("r4", "undecided", .blocked),
            ("r4", "accepted", .clear),
        ] as [(String, String?, PromotionVerdict)])
    func verification(result: String, decision: String?, verdict: PromotionVerdict) throws {
        var candidate = PromotionCandidate(leavingOut: ["verification"])
        var values: [String: JSONValue] = ["checkedOn": "2026-08-01", "result": .string(result)]
        if let decision { values.merge(["decision": .string(decision), "decidedOn": "2026-08-10"]) { $1 } }
        candidate.add("verification", values, before: true)
        let answer = try candidate.answer()
        #expect(answer.verdict(of: "must2") == verdict && answer.verdict == (verdict == .listed ? .clear : verdict))
        // An adverse finding has no end of its own; loss of candidate status lasts 12 months from the decision.
        #expect(answer.until?.description == (decision == "adverse" ? "2027-08-10" : nil))
    }

    @Test("A decision about an omission counts from its own day")
    func decisionDay() throws {
        var candidate = PromotionCandidate(leavingOut: ["verification"])
        candidate.add(
            "verification",
            ["checkedOn": "2026-11-20", "result": "r2", "decision": "accepted", "decidedOn": "2026-11-30"],
            before: true)
        #expect(try verdict(candidate, "must2", on: "2026-11-29") == .blocked)
        #expect(try verdict(candidate, "must2", on: "2026-11-30") == .clear)
        #expect(try verdict(candidate, "must2", on: "2026-11-19") == .hold, "not checked yet")
    }

    @Test("An undecided omission stays open beside a later check that finds nothing; a decided one does not")
    func openOmission() throws {
        var candidate = PromotionCandidate(leavingOut: ["verification"])
        candidate.add(
            "verification", ["checkedOn": "2026-03-01", "result": "r3", "decision": "undecided"], before: true)
        candidate.add("verification", ["checkedOn": "2026-10-15", "result": "r0"], before: true)
        #expect(try verdict(candidate, "must2") == .blocked)
        var decided = PromotionCandidate(leavingOut: ["verification"])
        decided.add(
            "verification",
            ["checkedOn": "2024-03-01", "result": "r3", "decision": "adverse", "decidedOn": "2024-04-01"],
            before: true)
        decided.add("verification", ["checkedOn": "2026-10-15", "result": "r0"], before: true)
        #expect(try verdict(decided, "must2") == .listed && decided.answer().verdict == .clear)
    }

    @Test(
        "Musts 3 and 4 come from the discipline team's opinion",
        arguments: [
            ("noObjection", false, PromotionVerdict.clear, PromotionVerdict.clear),
            ("noObjection", true, .clear, .hold),
            ("pending", false, .hold, .clear), ("pending", true, .hold, .hold), ("objection", false, .blocked, .clear),
            ("objection", true, .blocked, .hold),
        ])
    func opinion(conclusion: String, leadOpen: Bool, third: PromotionVerdict, fourth: PromotionVerdict) throws {
        var candidate = PromotionCandidate(leavingOut: ["opinion"])
        let id = candidate.add(
            "opinion",
            ["repliedOn": "2026-11-01", "conclusion": .string(conclusion), "specificLeadOpen": .bool(leadOpen)])
        let answer = try candidate.answer()
        #expect(answer.verdict(of: "must3") == third && answer.verdict(of: "must4") == fourth)
        #expect(answer.verdict == max(third, fourth) && answer.until == nil)
        for reason in answer.reasons where ["must3", "must4"].contains(reason.section) {
            #expect(reason.recordIDs == [id])
        }
    }

    @Test("A reply after the question's date is not there yet, and the newest reply governs")
    func newestOpinion() throws {
        var candidate = PromotionCandidate()
        candidate.add("opinion", ["repliedOn": "2026-11-20", "conclusion": "objection", "specificLeadOpen": false])
        #expect(try verdict(candidate, "must3", on: "2026-11-19") == .clear)
        #expect(try verdict(candidate, "must3", on: "2026-11-20") == .blocked)
        candidate.add("opinion", ["repliedOn": "2026-11-21", "conclusion": "noObjection", "specificLeadOpen": false])
        #expect(try verdict(candidate, "must3", on: "2026-11-21") == .clear)
        candidate.add(
            "opinion", ["repliedOn": "2026-11-25", "conclusion": "objection", "specificLeadOpen": true],
            state: "withdrawn")
        #expect(try verdict(candidate, "must3") == .clear, "a misfiled reply is none")
    }

    @Test("Of answers of one day that contradict each other the worse one stands, whichever was filed last")
    func contradiction() throws {
        let cases: [(kind: String, section: String, good: [String: JSONValue], bad: [String: JSONValue])] = [
            ("fileReview", "must1", ["result": "consistent"], ["result": "falsified"]),
            (
                "opinion", "must3", ["conclusion": "noObjection", "specificLeadOpen": false],
                ["conclusion": "objection", "specificLeadOpen": false]
            ),
            (
                "opinion", "must4", ["conclusion": "noObjection", "specificLeadOpen": false],
                ["conclusion": "noObjection", "specificLeadOpen": true]
            ),
            ("appraisal", "appraisal", ["year": 2025, "grade": "excellent"], ["year": 2025, "grade": "incompetent"]),
        ]
        let dates = ["fileReview": "reviewedOn", "opinion": "repliedOn", "appraisal": "decidedOn"]
        for (kind, section, good, bad) in cases {
            let day: [String: JSONValue] = [dates[kind] ?? "": "2026-11-20"]
            for isGoodLast in [false, true] {
                var candidate = PromotionCandidate()
                var ids: [String] = []
                for values in isGoodLast ? [bad, good] : [good, bad] {
                    ids.append(candidate.add(kind, values.merging(day) { $1 }))
                }
                let answer = try candidate.answer()
                let reason = answer.reasons.first { $0.section == section }
                let adverse = ids[isGoodLast ? 0 : 1]
                #expect(
                    reason.map { $0.verdict >= .hold } ?? false && reason?.recordIDs == [adverse], "\(kind) \(section)")
                candidate.amend(adverse, state: "withdrawn", filedOn: "2026-11-21")
                #expect(try verdict(candidate, section) == .clear, "\(kind) \(section): corrected")
            }
        }
    }

    @Test(
        "An answer is valid through day 180 after its date",
        arguments: [
            ("fileReview", "reviewedOn", ["must1"]), ("verification", "checkedOn", ["must2"]),
            ("opinion", "repliedOn", ["must3", "must4"]),
        ])
    func validity(kind: String, field: String, sections: [String]) throws {
        var candidate = PromotionCandidate(leavingOut: [kind])
        var values: [String: JSONValue] = [field: "2026-06-04"]
        switch kind {
        case "fileReview": values["result"] = "consistent"
        case "verification": values["result"] = "r0"
        default: values.merge(["conclusion": "noObjection", "specificLeadOpen": false]) { $1 }
        }
        candidate.add(kind, values, before: true)
        for section in sections {
            #expect(try verdict(candidate, section, on: "2026-12-01") == .clear, "day 180")
            let late = try candidate.answer(on: "2026-12-02")
            #expect(late.verdict(of: section) == .hold, "day 181")
            #expect(late.reasons.first { $0.section == section }?.ruleID == "must.validity")
        }
    }

    @Test("An objection, a falsified file and an open lead do not become milder by age")
    func oldAdverse() throws {
        var candidate = PromotionCandidate(leavingOut: ["opinion", "fileReview"])
        candidate.add("opinion", ["repliedOn": "2025-01-01", "conclusion": "objection", "specificLeadOpen": true])
        candidate.add("fileReview", ["reviewedOn": "2025-01-01", "result": "falsified"])
        #expect(try verdict(candidate, "must3") == .blocked)
        #expect(try verdict(candidate, "must4") == .hold)
        #expect(try verdict(candidate, "must1") == .blocked)
    }

    @Test(
        "An adverse record that was filed after the reply makes it stale, whatever its own date",
        arguments: [
            ("sanction", ["measure": "a1", "decidedOn": "2021-01-01", "documentNo": "x"]),
            ("sanction", ["measure": "x3", "decidedOn": "2026-10-10", "documentNo": "x"]),
            ("admonition", ["decidedOn": "2020-01-01", "documentNo": "x"]),
            (
                "verification",
                ["checkedOn": "2026-08-01", "result": "r2", "decision": "accepted", "decidedOn": "2026-08-10"]
            ),
            ("verification", ["checkedOn": "2026-08-01", "result": "r4", "decision": "undecided"]),
        ] as [(String, [String: JSONValue])])
    func staleByAdverse(kind: String, values: [String: JSONValue]) throws {
        var after = PromotionCandidate()
        let id = after.add(kind, values, filedOn: PromotionCandidate.afterReply)
        for section in ["must3", "must4"] {
            let reason = try #require(try after.answer().reasons.first { $0.section == section })
            #expect(reason.verdict == .hold && reason.message == "promotion.staleAdverse")
            #expect(reason.recordIDs.last == id && reason.ruleID == "must.stale")
        }
        var before = PromotionCandidate()
        before.add(kind, values, before: true, filedOn: "2026-11-01")
        #expect(try verdict(before, "must3") == .clear && verdict(before, "must4") == .clear)
        after.add("opinion", ["repliedOn": "2026-11-30", "conclusion": "noObjection", "specificLeadOpen": false])
        #expect(try verdict(after, "must3") == .clear, "a new reply knows it")
    }

    @Test(
        "Complaints of any kind, talks, reports and clearances stale nothing and show nowhere",
        arguments: [
            ("complaint", "registered", ["receivedOn": "2026-11-10"]),
            ("complaint", "registered", ["receivedOn": "2026-11-10", "specificLead": false]),
            ("complaint", "archived", ["receivedOn": "2026-11-10", "specificLead": false, "outcome": "established"]),
            ("complaint", "outcome", ["receivedOn": "2026-11-10", "specificLead": true, "outcome": "untrue"]),
            ("complaint", "outcome", ["receivedOn": "2026-11-10", "specificLead": true, "outcome": "notEstablished"]),
            ("complaint", "outcome", ["receivedOn": "2026-11-10", "specificLead": true, "outcome": "mistaken"]),
            ("complaint", "outcome", ["receivedOn": "2026-11-10", "specificLead": true, "outcome": "falseAccusation"]),
            ("complaint", "notAccepted", ["receivedOn": "2026-11-10", "specificLead": true]),
            ("complaint", "disposed", ["receivedOn": "2026-11-10", "specificLead": true]),
            ("complaint", "outcome", ["receivedOn": "2026-11-10", "specificLead": true, "outcome": "established"]),
            ("talk", "verified", ["talkOn": "2026-11-10", "talkKind": "remind"]),
            ("clearance", "approved", ["clearedOn": "2026-11-10"]),
            ("majorEvent", "verified", ["reportDate": "2026-11-10", "eventKind": "me05"]),
            ("verification", "verified", ["checkedOn": "2026-08-01", "result": "r0"]),
            ("verification", "verified", ["checkedOn": "2026-08-01", "result": "r1", "decision": "accepted"]),
            ("sanction", "verified", ["measure": "a6", "decidedOn": "2026-11-10", "revokedOn": "2026-11-20"]),
            ("sanction", "withdrawn", ["measure": "a6", "decidedOn": "2026-11-10"]),
            ("incident", "verified", ["incidentOn": "2026-11-10"]),
        ] as [(String, String, [String: JSONValue])])
    func stalesNothing(kind: String, state: String, values: [String: JSONValue]) throws {
        var candidate = PromotionCandidate()
        candidate.add(kind, values, state: state, filedOn: "2026-11-20")
        #expect(try candidate.answer() == PromotionCandidate().answer())
    }

    @Test("What was filed by the same act as the reply is not later than it; the next line is")
    func sameAct() throws {
        let known = PromotionCandidate()
        let reply = try #require(known.facts.first { $0.kind == "opinion" })
        let line = try #require(reply.versions.first?.filedSequence)
        for (line, verdict) in [
            (line - 1, PromotionVerdict.clear), (line, .clear), (line + 1, .hold),
        ] {
            let sanction = RecordFact(
                recordID: "s", kind: "sanction",
                versions: [
                    RecordFact.Version(
                        state: "verified", occurredOn: try day("2026-10-10"), filedOn: try day("2026-11-01"),
                        filedSequence: line, values: ["measure": "x3", "decidedOn": "2026-10-10", "documentNo": "x"])
                ])
            let answer = PromotionCheck.evaluate(
                CandidateFacts(officerID: "o1", personCategory: "police", facts: known.facts + [sanction]),
                question: PromotionQuestion(on: try day(PromotionCandidate.on)), rules: try RuleSet.standard())
            #expect(answer.verdict(of: "must3") == verdict && answer.verdict(of: "must4") == verdict)
        }
    }

    @Test("Nothing on file is hold in every part, without an end")
    func nothing() throws {
        let empty = PromotionCandidate(leavingOut: ["fileReview", "verification", "opinion", "appraisal", "training"])
        let answer = try empty.answer()
        #expect(answer.verdict == .hold && answer.until == nil)
        #expect(
            answer.reasons.map(\.section) == ["must1", "must2", "must3", "must4", "appraisal", "training", "training"])
        #expect(answer.reasons.allSatisfy { $0.verdict == .hold && $0.recordIDs.isEmpty })
    }

    @Test(
        "The appraisal is that of the year before: competent and better is clear, less is blocked without end",
        arguments: [
            ("excellent", PromotionVerdict.clear), ("competent", .clear), ("basic", .blocked),
            ("incompetent", .blocked),
        ])
    func appraisal(grade: String, verdict: PromotionVerdict) throws {
        var candidate = PromotionCandidate(leavingOut: ["appraisal"])
        candidate.add("appraisal", ["year": 2025, "grade": .string(grade), "decidedOn": "2026-01-31"])
        let answer = try candidate.answer()
        #expect(answer.verdict(of: "appraisal") == verdict && answer.verdict == verdict && answer.until == nil)
    }

    @Test("With the new year the next appraisal is asked for, and a bad grade goes out of view")
    func appraisalYear() throws {
        var candidate = PromotionCandidate(leavingOut: ["appraisal"])
        candidate.add("appraisal", ["year": 2024, "grade": "basic", "decidedOn": "2025-01-31"])
        candidate.add("appraisal", ["year": 2025, "grade": "competent", "decidedOn": "2026-01-31"])
        candidate.add("appraisal", ["year": 2026, "grade": "basic", "decidedOn": "2027-01-31"])
        #expect(try verdict(candidate, "appraisal", on: "2025-12-31") == .blocked)
        #expect(try verdict(candidate, "appraisal", on: "2026-01-01") == .hold, "the grade is not decided yet")
        #expect(try verdict(candidate, "appraisal", on: "2026-01-30") == .hold)
        #expect(try verdict(candidate, "appraisal", on: "2026-01-31") == .clear)
        #expect(try verdict(candidate, "appraisal", on: "2026-12-31") == .clear)
        #expect(try verdict(candidate, "appraisal", on: "2027-01-01") == .hold)
        #expect(
            try verdict(candidate, "appraisal", on: "2027-01-31") == .blocked,
            "a new year may bring a bad grade into view")
    }

    @Test(
        "Promotion and rank ask for the certificate and the course; other moves do not",
        arguments: [
            (PromotionMove.promotion, 2), (.rank, 2), (.grade, 0), (.furtherUse, 0), (.equalMove, 0), (.exchange, 0),
        ])
    func training(move: PromotionMove, needed: Int) throws {
        let without = try PromotionCandidate(leavingOut: ["training"]).answer(move)
        #expect(without.reasons.filter { $0.section == "training" && $0.verdict == .hold }.count == needed)
        #expect(without.verdict == (needed > 0 ? .hold : .clear))
        var failed = PromotionCandidate(leavingOut: ["training"])
        failed.add("training", ["course": "promotionTraining", "completedOn": "2026-09-10", "passed": false])
        failed.add("training", ["course": "discipline", "completedOn": "2026-12-02", "passed": true])
        #expect(
            try failed.answer(move).reasons.filter { $0.section == "training" && $0.verdict == .hold }.count == needed,
            "not passed, or not completed by the question's date")
    }

    @Test("Auxiliaries and employees: not applicable, whatever is on file", arguments: ["auxiliary", "staff", ""])
    func notApplicable(category: String) throws {
        var candidate = PromotionCandidate()
        candidate.add(measure: "a6", "2026-06-01")
        candidate.personCategory = category
        let answer = try candidate.answer()
        #expect(answer.verdict == .notApplicable && answer.until == nil)
        #expect(
            answer.reasons.map(\.ruleID) == ["person"] && answer.reasons.allSatisfy { $0.source?.zh.isEmpty == false })
    }
}
