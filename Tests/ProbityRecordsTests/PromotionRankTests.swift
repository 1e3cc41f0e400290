import CanonicalJSON
import ProbityRecords
import Testing

@Suite("The rank move")
struct PromotionRankTests {
    private func candidate(_ rank: String, since: String?, post: String?) -> PromotionCandidate {
        var candidate = PromotionCandidate()
        candidate.roster = ["rank": .string(rank)]
        if let since { candidate.roster["rankSince"] = .string(since) }
        if let post { candidate.roster["postLevel"] = .string(post) }
        return candidate
    }

    private func reason(_ candidate: PromotionCandidate, _ rule: String, on: String = PromotionCandidate.on) throws
        -> PromotionReason?
    {
        try candidate.answer(on: on, .rank).reasons.first { $0.section == "rank" && $0.ruleID == rule }
    }

    @Test(
        "Years in rank: three up to 一级警司, four up to 一级警督",
        arguments: [
            ("13", 3), ("12", 3), ("11", 3), ("10", 3), ("9", 4), ("8", 4), ("7", 4),
        ])
    func years(rank: String, years: Int) throws {
        let candidate = candidate(rank, since: "2020-02-29", post: "divisionChief")
        let end = try day("2020-02-29").adding(months: years * 12)
        let last = try candidate.answer(on: end.adding(days: -1).description, .rank)
        #expect(last.verdict == .blocked && last.until == end)
        let reason = try #require(try reason(candidate, "rank.years", on: end.description))
        #expect(reason.verdict == .clear && reason.source?.en.contains("Art. 14") == true)
    }

    @Test(
        "The next rank lies in the range of the post, or it is blocked",
        arguments: [
            ("divisionChief", "7", PromotionVerdict.clear), ("divisionDeputy", "7", .clear),
            ("sectionChief", "7", .clear), ("sectionDeputy", "8", .clear), ("sectionDeputy", "7", .blocked),
            ("sectionDeputy", "9", .clear), ("unitChief", "9", .notChecked), ("bureauChief", "7", .notChecked),
        ])
    func range(post: String, rank: String, verdict: PromotionVerdict) throws {
        let candidate = candidate(rank, since: "2015-01-01", post: post)
        #expect(try reason(candidate, "rank.range")?.verdict == verdict)
        let overall: PromotionVerdict = verdict == .notChecked ? .hold : verdict
        #expect(try candidate.answer(.rank).verdict == overall && candidate.answer(.rank).until == nil)
    }

    @Test("Above 一级警督 ranks are given by selection, of which the archive has no data", arguments: ["6", "5", "4"])
    func selection(rank: String) throws {
        let candidate = candidate(rank, since: "2000-01-01", post: "divisionChief")
        #expect(try reason(candidate, "rank.selection")?.verdict == .notChecked)
        #expect(try reason(candidate, "rank.years") == nil)
        #expect(try candidate.answer(.rank).verdict != .clear)
    }

    @Test("What the roster does not say is not checked, and the answer is a hold at best")
    func missing() throws {
        var empty = PromotionCandidate()
        empty.roster = [:]
        #expect(try reason(empty, "rank.order")?.message == "promotion.rank.unknown")
        #expect(try empty.answer(.rank).verdict == .hold && empty.answer(.promotion).verdict == .clear)
        let undated = candidate("9", since: nil, post: "sectionChief")
        #expect(try reason(undated, "rank.years")?.verdict == .notChecked && undated.answer(.rank).verdict == .hold)
        let later = candidate("9", since: "2026-12-02", post: "sectionChief")
        #expect(try reason(later, "rank.years")?.verdict == .notChecked, "not given yet on the day asked about")
        let unposted = candidate("9", since: "2015-01-01", post: nil)
        #expect(try reason(unposted, "rank.range")?.verdict == .notChecked)
        #expect(try candidate("1", since: "2015-01-01", post: "divisionChief").answer(.rank).verdict == .hold)
    }

    @Test("A demotion in rank starts the clock anew, from its decision")
    func demotion() throws {
        var candidate = candidate("10", since: "2018-01-01", post: "sectionChief")
        #expect(try candidate.answer(.rank).verdict == .clear)
        let id = candidate.add(measure: "x3", "2025-06-01")
        let reason = try #require(try reason(candidate, "rank.demotion"))
        #expect(reason.verdict == .blocked && reason.until?.description == "2028-06-01" && reason.recordIDs == [id])
        #expect(reason.message == "promotion.rank.yearsAfterDemotion" && reason.source?.en.contains("Art. 21") == true)
        #expect(try candidate.answer(.promotion).verdict == .clear, "the rank clock only")
        // The roster says since when the lower rank is held: nothing is counted twice.
        candidate.roster["rankSince"] = "2025-06-10"
        #expect(try candidate.answer(.rank).until?.description == "2028-06-10")
    }

    @Test("警司 to 警督 and 警督 to 警监 ask for the training, by their own article", arguments: ["9", "6", "8", "10"])
    func training(rank: String) throws {
        var candidate = PromotionCandidate(leavingOut: ["training"])
        candidate.roster = ["rank": .string(rank), "rankSince": "2015-01-01", "postLevel": "divisionChief"]
        #expect(try reason(candidate, "rank.training")?.verdict == (["9", "6"].contains(rank) ? .hold : nil))
        candidate.add("training", ["course": "promotionTraining", "completedOn": "2026-09-10", "passed": true])
        #expect(try reason(candidate, "rank.training")?.verdict == (["9", "6"].contains(rank) ? .clear : nil))
    }
}
