import CanonicalJSON
import ProbityRecords
import Testing

@Suite("What counts of a record, and on which day")
struct PromotionHistoryTests {
    private func verdict(_ candidate: PromotionCandidate, _ section: String, on: String = PromotionCandidate.on) throws
        -> PromotionVerdict?
    {
        try candidate.answer(on: on).verdict(of: section)
    }

    private static let adverse: [(String, [String: JSONValue])] = [
        ("sanction", ["measure": "p1", "decidedOn": "2026-06-01", "documentNo": "n"]),
        ("admonition", ["decidedOn": "2026-09-01", "documentNo": "n"]),
        ("verification", ["checkedOn": "2026-10-18", "result": "r3", "decision": "undecided"]),
        ("leadSignal", ["raisedOn": "2026-10-18"]),
    ]
    private static let favourable: [(String, [String: JSONValue], String)] = [
        ("fileReview", ["reviewedOn": "2026-10-20", "result": "consistent"], "must1"),
        ("verification", ["checkedOn": "2026-10-15", "result": "r0"], "must2"),
        ("opinion", ["repliedOn": "2026-11-01", "conclusion": "noObjection", "specificLeadOpen": false], "must3"),
        ("appraisal", ["year": 2025, "grade": "competent", "decidedOn": "2026-01-31"], "appraisal"),
        ("training", ["course": "discipline", "completedOn": "2026-05-08", "passed": true], "training"),
    ]

    @Test("A paper that nobody verified counts for nothing, against the candidate or for him", arguments: adverse)
    func submitted(kind: String, values: [String: JSONValue]) throws {
        let without = try PromotionCandidate().answer()
        for state in ["submitted", "draft", "corrected", "withdrawn"] {
            var candidate = PromotionCandidate()
            let id = candidate.add(kind, values, state: state)
            let answer = try candidate.answer()
            // It is named, so that nobody overlooks it, and decides nothing.
            let named = answer.reasons.filter { $0.recordIDs.contains(id) }
            #expect(named.map(\.message) == (state == "withdrawn" ? [] : ["promotion.unverified"]), "\(state)")
            #expect(named.allSatisfy { $0.verdict == .listed && $0.ruleID == "facts.\(kind)" })
            #expect(answer.verdict == without.verdict && answer.until == without.until, "\(state)")
            #expect(answer.reasons.filter { !$0.recordIDs.contains(id) } == without.reasons, "\(state)")
            // On the day before it was filed it was not there.
            candidate = PromotionCandidate()
            candidate.add(kind, values, state: state, filedOn: PromotionCandidate.on)
            #expect(try candidate.answer(on: "2026-11-30") == PromotionCandidate().answer(on: "2026-11-30"))
        }
    }

    @Test("A submitted answer clears no must", arguments: favourable)
    func submittedAnswer(kind: String, values: [String: JSONValue], section: String) throws {
        var candidate = PromotionCandidate(leavingOut: [kind])
        let id = candidate.add(kind, values, state: "submitted")
        #expect(try candidate.answer().verdict == .hold && verdict(candidate, section) == .hold)
        candidate.amend(id, filedOn: "2026-11-01")
        #expect(try candidate.answer().reasons.allSatisfy { !$0.recordIDs.contains(id) || $0.verdict == .clear })
    }

    @Test("A correction that waits leaves what was verified in force and holds; verified, it governs")
    func correctionWaits() throws {
        var candidate = PromotionCandidate()
        let id = candidate.add(measure: "a1", "2026-08-01")
        candidate.amend(id, ["decidedOn": "2026-01-01"], state: "corrected", filedOn: "2026-11-01")
        #expect(try candidate.impact(on: "2026-12-01").until == "2027-02-01", "the correction is not in force")
        let waits = try #require(
            try candidate.answer().reasons.first { $0.message == "promotion.correctionWaits" })
        #expect(waits.verdict == .hold && waits.recordIDs == [id] && waits.section == "impact")
        #expect(waits.ruleID == "facts.sanction" && waits.params["kind"] == "kind/sanction")
        candidate.amend(id, filedOn: "2026-11-01")
        #expect(try candidate.impact(on: "2026-12-01").verdict == .hold, "over since 2026-07-01")
        #expect(try candidate.answer().reasons.allSatisfy { $0.message != "promotion.correctionWaits" })
        // Of a favourable record too: what is being corrected is not to be relied on.
        var review = PromotionCandidate(leavingOut: ["fileReview"])
        let other = review.add("fileReview", ["reviewedOn": "2026-10-20", "result": "consistent"])
        review.amend(other, ["result": "falsified"], state: "corrected", filedOn: "2026-11-20")
        #expect(try review.answer().verdict == .hold && review.answer(on: "2026-11-19").verdict == .clear)
    }

    @Test("What was withdrawn by two persons is gone from the day of the withdrawal")
    func withdrawal() throws {
        var candidate = PromotionCandidate()
        let id = candidate.add(measure: "p1", "2026-06-01")
        candidate.amend(id, state: "withdrawn", filedOn: "2026-11-25")
        #expect(try candidate.answer(on: "2026-11-24").verdict == .blocked)
        #expect(try candidate.answer() == PromotionCandidate().answer())
    }

    @Test("What the old files say for the candidate is a hold until it is verified here", arguments: favourable)
    func asFound(kind: String, values: [String: JSONValue], section: String) throws {
        var candidate = PromotionCandidate(leavingOut: [kind])
        if kind == "training" {
            candidate.add(
                "training", ["course": "promotionTraining", "completedOn": "2026-09-10", "passed": true])
        }
        let id = candidate.add(kind, values, asFound: true)
        let held = try #require(try candidate.answer().reasons.first { $0.message == "promotion.asFound" })
        #expect(held.verdict == .hold && held.section == section && held.recordIDs == [id])
        #expect(held.ruleID == "facts.\(kind)")
        #expect(try candidate.answer().verdict == .hold)
        candidate.amend(id, filedOn: "2026-11-01")
        #expect(try candidate.answer().verdict == .clear, "verified here")
    }

    @Test("What they say against him holds and never blocks until it is confirmed here", arguments: adverse.dropLast())
    func asFoundAdverse(kind: String, values: [String: JSONValue]) throws {
        var candidate = PromotionCandidate()
        let id = candidate.add(kind, values, asFound: true)
        let answer = try candidate.answer()
        #expect(answer.verdict == .hold && answer.until == nil)
        #expect(
            answer.reasons.contains { $0.recordIDs.contains(id) && $0.notes.contains("promotion.note.asFound") })
        candidate.amend(id, filedOn: "2026-11-10")
        #expect(try candidate.answer().verdict == .blocked)
    }

    @Test("What was found in the old files stales an opinion by its own date, not by the day on which it was entered")
    func asFoundStaleness() throws {
        for (decided, isStale) in [("2020-03-01", false), ("2026-11-10", true)] {
            var candidate = PromotionCandidate()
            candidate.add(
                "sanction", ["measure": "a1", "decidedOn": .string(decided), "documentNo": "n"], filedOn: "2026-11-20",
                asFound: true)
            let stale = try candidate.answer().reasons.filter { $0.message == "promotion.staleAdverse" }
            #expect(stale.isEmpty != isStale, "\(decided)")
        }
    }

    @Test("A good grade in the old files does not hide a bad one that was verified here, and a bad one is a question")
    func asFoundGrade() throws {
        func grade(_ grade: String, _ decidedOn: String) -> [String: JSONValue] {
            ["year": 2025, "grade": .string(grade), "decidedOn": .string(decidedOn)]
        }
        var bad = PromotionCandidate(leavingOut: ["appraisal"])
        bad.add("appraisal", grade("basic", "2026-01-31"))
        bad.add("appraisal", grade("competent", "2026-02-15"), asFound: true)
        #expect(try verdict(bad, "appraisal") == .blocked)
        var good = PromotionCandidate()
        good.add("appraisal", grade("basic", "2026-02-15"), asFound: true)
        #expect(try verdict(good, "appraisal") == .hold)
    }

    @Test("A demotion in the old files makes no other of it milder, and restarts no clock by itself")
    func asFoundDemotion() throws {
        func rank(_ candidate: PromotionCandidate) throws -> PromotionVerdict? {
            try candidate.answer(.rank).verdict(of: "rank")
        }
        let found: [String: JSONValue] = ["measure": "x3", "decidedOn": "2026-03-01", "documentNo": "n"]
        var alone = PromotionCandidate()
        alone.add("sanction", found, asFound: true)
        #expect(try rank(alone) == .hold)
        var both = PromotionCandidate()
        both.add(measure: "x3", "2026-02-01")
        let blocked = try rank(both)
        both.add("sanction", found, asFound: true)
        #expect(try blocked == .blocked && rank(both) == .blocked)
    }

    @Test("A Party sanction in the old files lengthens no other until it is confirmed")
    func asFoundRemainder() throws {
        var candidate = PromotionCandidate()
        candidate.add(measure: "p1", "2026-06-01")
        let until = try candidate.answer().until
        let id = candidate.add(
            "sanction", ["measure": "p2", "decidedOn": "2026-01-15", "documentNo": "n"], asFound: true)
        #expect(try candidate.answer().until == until)
        candidate.amend(id, filedOn: "2026-11-10")
        #expect(try candidate.answer().until.map { $0 > until ?? $0 } == true)
    }

    @Test("Of an officer who has left the answer is a hold that says so")
    func left() throws {
        let facts = PromotionCandidate().facts
        let answer = PromotionCheck.evaluate(
            CandidateFacts(officerID: "o1", personCategory: "police", facts: facts, hasLeft: true),
            question: PromotionQuestion(on: try day(PromotionCandidate.on)), rules: try RuleSet.standard())
        #expect(answer.verdict == .hold)
        #expect(answer.reasons.filter { $0.verdict > .clear }.map(\.message) == ["promotion.left"])
    }

    @Test("A judgement as found in the old files does not lift a period")
    func asFoundJudgement() throws {
        var candidate = PromotionCandidate()
        candidate.add(measure: "a1", "2026-01-01")
        let judged: [String: JSONValue] = [
            "sanctionNo": "a1/2026-01-01", "judgedOn": "2026-08-01", "effect": "noEffect",
        ]
        candidate.add("useJudgement", judged, asFound: true)
        #expect(try candidate.answer().verdict == .hold)
        candidate.add("useJudgement", judged)
        #expect(try candidate.answer().verdict == .clear)
    }

    @Test("What was filed or decided after the day asked about is not there yet", arguments: adverse)
    func later(kind: String, values: [String: JSONValue]) throws {
        let state = kind == "leadSignal" ? "raised" : "verified"
        let expected = try PromotionCandidate().answer().json.canonicalBytes
        var filed = PromotionCandidate()
        filed.add(kind, values, state: state, filedOn: "2026-12-02")
        #expect(try filed.answer().json.canonicalBytes == expected)
        #expect(try filed.answer(on: "2026-12-02").verdict > .clear)
        // A signal is as old as its line: what day it says is nobody's to choose.
        guard kind != "leadSignal" else { return }
        var decided = PromotionCandidate()
        let later = values.mapValues { value in
            value.string.flatMap { CivilDate($0) } == nil ? value : "2026-12-05"
        }
        decided.add(kind, later, state: state, filedOn: "2026-11-20")
        #expect(try decided.answer().json.canonicalBytes == expected, "an opinion does not get stale by it either")
    }

    @Test("An answer that was filed after the day asked about is not there yet", arguments: favourable)
    func laterAnswer(kind: String, values: [String: JSONValue], section: String) throws {
        var candidate = PromotionCandidate(leavingOut: [kind])
        candidate.add(kind, values, filedOn: "2026-12-02")
        #expect(try verdict(candidate, section) == .hold)
    }

    @Test("An opinion is not stale because of a record that was not there on the day asked about")
    func staleByLater() throws {
        var candidate = PromotionCandidate()
        candidate.add(measure: "x3", "2026-10-01")
        let id = candidate.add(
            "sanction", ["measure": "x3", "decidedOn": "2026-10-02", "documentNo": "x"], filedOn: "2026-11-15")
        #expect(try candidate.answer(on: "2026-11-14").verdict == .clear)
        #expect(try verdict(candidate, "must3", on: "2026-11-15") == .hold)
        #expect(try candidate.answer(on: "2026-11-14").reasons.allSatisfy { !$0.recordIDs.contains(id) })
    }

    @Test("An old reply that is entered late is as old as its date")
    func lateReply() throws {
        var candidate = PromotionCandidate(leavingOut: ["opinion"])
        candidate.add(
            "sanction", ["measure": "x3", "decidedOn": "2026-09-01", "documentNo": "x"], filedOn: "2026-10-05")
        func reply(_ date: JSONValue, _ filedOn: String) throws -> PromotionVerdict? {
            var other = candidate
            other.add(
                "opinion", ["repliedOn": date, "conclusion": "noObjection", "specificLeadOpen": false],
                filedOn: filedOn)
            return try verdict(other, "must3")
        }
        #expect(try reply("2026-10-04", "2026-11-20") == .hold, "the sanction was filed after the reply")
        #expect(try reply("2026-10-05", "2026-11-20") == .hold, "on one day, and no line tells: the safe side")
        #expect(try reply("2026-10-05", "2026-10-05") == .clear, "on one day, and the sanction's line is before")
        #expect(try reply("2026-10-06", "2026-11-20") == .clear, "known to the reply")
    }

    @Test("A verification or a sanction that is changed after the reply stales it like a new one")
    func changed() throws {
        var found = PromotionCandidate(leavingOut: ["verification"])
        let check = found.add("verification", ["checkedOn": "2026-10-15", "result": "r0"])
        found.amend(
            check, ["result": "r2", "decision": "handled", "decidedOn": "2026-11-10", "documentNo": "核1"],
            filedOn: "2026-11-12")
        #expect(try verdict(found, "must3", on: "2026-11-11") == .clear)
        let stale = try #require(try found.answer().reasons.first { $0.section == "must3" })
        #expect(stale.message == "promotion.staleAdverse" && stale.recordIDs.last == check)
        var sanction = PromotionCandidate()
        let id = sanction.add(measure: "x3", "2026-10-01")
        sanction.amend(id, state: "corrected", filedOn: "2026-11-10")
        sanction.amend(id, filedOn: "2026-11-11")
        #expect(try verdict(sanction, "must3") == .clear, "verified again as it was")
        sanction.amend(id, ["facts": "更正"], filedOn: "2026-11-12")
        #expect(try verdict(sanction, "must3") == .hold)
    }

    @Test("What is taken back after the reply stales nothing")
    func takenBack() throws {
        var candidate = PromotionCandidate()
        let check = candidate.add(
            "verification", ["checkedOn": "2026-10-15", "result": "r3", "decision": "undecided"],
            filedOn: "2026-11-10")
        candidate.amend(check, ["result": "r0", "decision": .null], filedOn: "2026-11-20")
        #expect(try candidate.answer(on: "2026-11-19").verdict == .blocked)
        #expect(try candidate.answer().verdict == .clear)
    }

    @Test("Every must gets stale by what is filed after it; the measure a check led to is no news to the check")
    func everyMust() throws {
        var candidate = PromotionCandidate()
        candidate.add(
            "sanction", ["measure": "x3", "decidedOn": "2026-05-01", "documentNo": "x"], filedOn: "2026-10-25")
        #expect(try verdict(candidate, "must1") == .hold && verdict(candidate, "must2") == .hold)
        #expect(try verdict(candidate, "must3") == .clear, "the reply is of 2026-11-01")
        var led = PromotionCandidate(leavingOut: ["verification"])
        led.add(
            "verification",
            [
                "checkedOn": "2026-08-01", "result": "r2", "decision": "handled", "decidedOn": "2026-08-10",
                "documentNo": "核7",
            ])
        led.add(measure: "w1", "2026-08-10", ["basisNo": "核7"])
        #expect(
            try led.answer(on: "2026-08-20").reasons.filter { $0.section == "must2" }.map(\.verdict)
                == [.clear, .listed])
    }

    @Test("A revocation works backwards once it is verified, and waits until then")
    func revocation() throws {
        var candidate = PromotionCandidate()
        let id = candidate.add(measure: "a6", "2026-06-01")
        candidate.amend(
            id, ["revokedOn": "2026-11-05", "revocationNo": "撤1"], state: "corrected", filedOn: "2026-11-10")
        #expect(try candidate.answer().verdict == .blocked, "nobody verified it yet")
        candidate.amend(id, filedOn: "2026-11-12")
        for date in ["2026-06-01", "2026-11-04", "2026-11-11", "2026-12-01"] {
            #expect(try candidate.impact(on: date).verdict == nil, "\(date)")
        }
        #expect(try candidate.answer() == PromotionCandidate().answer())
    }
}

@Suite("What the reader could not see")
struct PromotionCoverageTests {
    static let read: [ProbityRecords.Category] = [.roster, .events, .duty, .sanctions, .opinions]

    @Test("A part that was not seen holds, whatever else is clear", arguments: read, Coverage.Cause.allCases)
    func holds(category: ProbityRecords.Category, cause: Coverage.Cause) throws {
        var candidate = PromotionCandidate()
        candidate.unseen = Coverage([Coverage.Gap(category, cause)])
        let answer = try candidate.answer()
        #expect(answer.verdict == .hold && answer.until == nil)
        let reason = try #require(answer.reasons.first)
        #expect(reason.section == "coverage" && reason.message == "promotion.notSeen" && reason.verdict == .hold)
        #expect(
            reason.params == ["category": "category/\(category.rawValue)", "cause": "coverage/\(cause.rawValue)"])
        #expect(reason.ruleID == "coverage" && reason.source?.zh.isEmpty == false)
    }

    @Test("What the check does not read may stay unseen")
    func others() throws {
        var candidate = PromotionCandidate()
        candidate.unseen = Coverage(
            ProbityRecords.Category.allCases.filter { !Self.read.contains($0) }.map { Coverage.Gap($0, .role) })
        #expect(try candidate.answer() == PromotionCandidate().answer())
    }

    @Test("A running period stays blocked, and nobody knows the latest end where a part was not seen")
    func end() throws {
        var candidate = PromotionCandidate()
        candidate.add(measure: "p1", "2026-06-01")
        candidate.unseen = Coverage([Coverage.Gap(.events, .grantEnded, on: CivilDate("2026-10-31"))])
        let answer = try candidate.answer()
        #expect(answer.verdict == .blocked && answer.until == nil)
        #expect(answer.reasons.first { $0.section == "impact" }?.until?.description == "2027-06-01")
        #expect(answer.reasons.first?.params["on"] == "2026-10-31")
    }

    @Test("A roster that could not be read makes nobody an auxiliary")
    func roster() throws {
        var candidate = PromotionCandidate()
        candidate.personCategory = ""
        candidate.unseen = Coverage([Coverage.Gap(.roster, .noKey)])
        #expect(try candidate.answer().verdict == .hold)
        candidate.personCategory = "auxiliary"
        #expect(try candidate.answer().verdict == .notApplicable)
    }
}

@Suite("The discipline team's signal of an open lead")
struct PromotionLeadTests {
    private func parts(_ candidate: PromotionCandidate, on: String = PromotionCandidate.on) throws
        -> [PromotionVerdict?]
    {
        let answer = try candidate.answer(on: on)
        return [answer.verdict(of: "must3"), answer.verdict(of: "must4")]
    }

    @Test("A raised signal holds must 4 whatever the opinion says, tells no content and never blocks")
    func raised() throws {
        var candidate = PromotionCandidate()
        let id = candidate.add("leadSignal", ["raisedOn": "2026-10-25"], state: "raised")
        let answer = try candidate.answer()
        #expect(answer.verdict == .hold && answer.until == nil)
        let reason = try #require(answer.reasons.first { $0.section == "must4" })
        #expect(reason.message == "promotion.leadRaised" && reason.recordIDs == [id] && reason.params.isEmpty)
        #expect(try parts(candidate) == [.clear, .hold], "the opinion of 2026-11-01 knew it")
    }

    @Test("A lead that is raised after the reply makes the opinion stale too")
    func raisedAfter() throws {
        var candidate = PromotionCandidate()
        candidate.add("leadSignal", ["raisedOn": "2026-11-10"], state: "raised")
        #expect(try parts(candidate) == [.hold, .hold])
        #expect(try parts(candidate, on: "2026-11-09") == [.clear, .clear])
    }

    @Test("Lowered without finding is nothing; lowered as established makes an older opinion stale")
    func lowered() throws {
        for (established, after) in [(false, PromotionVerdict.clear), (true, .hold)] {
            var candidate = PromotionCandidate()
            let id = candidate.add("leadSignal", ["raisedOn": "2026-11-05"], state: "raised")
            candidate.amend(
                id, ["loweredOn": "2026-11-20", "established": .bool(established)], state: "lowered",
                filedOn: "2026-11-20")
            #expect(try parts(candidate, on: "2026-11-19") == [.hold, .hold])
            #expect(try parts(candidate) == [after, after])
            candidate.add(
                "opinion", ["repliedOn": "2026-11-25", "conclusion": "noObjection", "specificLeadOpen": false])
            #expect(try parts(candidate) == [.clear, .clear], "a new reply knows it")
            candidate.amend(id, state: "withdrawn", filedOn: "2026-11-26")
            #expect(try candidate.answer().verdict == .clear)
        }
    }

    @Test("A lead that was established is not forgotten when another is raised, and lowered without finding")
    func raisedAgain() throws {
        var candidate = PromotionCandidate()
        let id = candidate.add("leadSignal", ["raisedOn": "2026-11-03"], state: "raised")
        candidate.amend(
            id, ["loweredOn": "2026-11-05", "established": true], state: "lowered", filedOn: "2026-11-05")
        #expect(try parts(candidate, on: "2026-11-05") == [.hold, .hold])
        candidate.amend(
            id, ["raisedOn": "2026-11-06", "loweredOn": .null, "established": .null], state: "raised",
            filedOn: "2026-11-06")
        candidate.amend(
            id, ["loweredOn": "2026-11-08", "established": false], state: "lowered", filedOn: "2026-11-08")
        #expect(try parts(candidate) == [.hold, .hold])
        candidate.add(
            "opinion", ["repliedOn": "2026-11-07", "conclusion": "noObjection", "specificLeadOpen": false])
        #expect(try parts(candidate) == [.clear, .clear], "a reply after the finding knows it")
    }

    @Test("A lead that the opinion tells and a signal tell one thing")
    func both() throws {
        var candidate = PromotionCandidate(leavingOut: ["opinion"])
        candidate.add("leadSignal", ["raisedOn": "2026-10-25"], state: "raised")
        #expect(try parts(candidate) == [.hold, .hold], "no opinion at all")
        candidate.add("opinion", ["repliedOn": "2026-11-01", "conclusion": "noObjection", "specificLeadOpen": true])
        let reason = try #require(try candidate.answer().reasons.first { $0.section == "must4" })
        #expect(reason.message == "promotion.leadOpen")
    }
}
