import CanonicalJSON
import ProbityRecords
import Testing

@Suite("Which edition of a rule a measure is judged by")
struct PromotionEditionTests {
    /// The tracks of which every running period bars 进一步使用, as the rule data says it.
    static let anyPeriod =
        #""tracks": ["party", "administrative", "admonition", "organisational", "process"]"#

    private func candidate(_ measure: String, _ decidedOn: String, _ more: [String: JSONValue] = [:])
        -> PromotionCandidate
    {
        var candidate = PromotionCandidate()
        candidate.add(measure: measure, decidedOn, more)
        return candidate
    }

    @Test("A warning's own row bars further use only from the edition of 2023", arguments: ["p1", "p2"])
    func editions(measure: String) throws {
        let old = candidate(measure, "2023-12-31")
        let local = try rules(replacing: Self.anyPeriod, with: #""tracks": []"#)
        #expect(try old.impact(on: "2024-01-02", .furtherUse, rules: local).verdict == .listed)
        let barred = try #require(
            try old.answer(on: "2024-01-02", .furtherUse).reasons.first { $0.section == "impact" })
        #expect(barred.verdict == .blocked && barred.ruleID == "furtherUse.anyPeriod" && barred.confidence == "U")
        #expect(try old.impact(on: "2024-01-02").verdict == .blocked)
        #expect(try old.answer(on: "2024-01-02").reasons.first { $0.section == "impact" }?.edition == "2018")
        let new = candidate(measure, "2024-01-01")
        #expect(try new.impact(on: "2024-01-02", .furtherUse).verdict == .blocked)
        #expect(try new.answer(on: "2024-01-02").reasons.first { $0.section == "impact" }?.edition == "2023")
    }

    @Test(
        "A running period of any track bars further use, and an archive may switch that off", arguments: ["a5", "o4"])
    func anyPeriod(measure: String) throws {
        let candidate = candidate(measure, "2026-06-01")
        let impact = try candidate.impact(on: "2026-12-01", .furtherUse)
        #expect(impact.verdict == .blocked && impact.until == "2028-06-01")
        let local = try rules(replacing: Self.anyPeriod, with: #""tracks": ["party"]"#)
        #expect(try candidate.impact(on: "2026-12-01", .furtherUse, rules: local).verdict == .listed)
        #expect(try candidate.impact(on: "2026-12-01", .equalMove).verdict == .listed, "other moves as before")
    }

    @Test("A decision that cites an edition is judged by it; one that is not loaded by that of its date, and says so")
    func citedEdition() throws {
        let old = candidate("p1", "2024-02-01", ["citedEdition": "2018"])
        let local = try rules(replacing: Self.anyPeriod, with: #""tracks": []"#)
        #expect(try old.impact(on: "2024-02-02", .furtherUse, rules: local).verdict == .listed)
        #expect(try old.answer(on: "2024-02-02").reasons.first { $0.section == "impact" }?.edition == "2018")
        #expect(
            try candidate("p1", "2024-02-01").impact(on: "2024-02-02", .furtherUse, rules: local).verdict == .blocked)
        let unknown = candidate("p1", "2024-02-01", ["citedEdition": "1997"])
        #expect(try unknown.impact(on: "2024-02-02").until == "2025-02-01", "no edition turns blocked into hold")
        let reason = try #require(try unknown.answer(on: "2024-02-02").reasons.first { $0.section == "impact" })
        #expect(reason.edition == "2023" && reason.notes == ["promotion.note.editionNotLoaded"])
        #expect(reason.params["cited"] == "1997")
    }

    @Test(
        "A measure older than every edition is judged by the oldest one and marked; a judgement does not end it early",
        arguments: [
            ("a6", "2010-03-01", [:], nil), ("x1", "2020-06-01", [:], nil),
            ("p4", "2018-09-01", ["periodMonths": 12], nil), ("a4", "2020-06-30", [:], "2022-06-30"),
            ("w1", "2014-12-01", [:], "2015-06-01"), ("o2", "2021-03-18", [:], "2022-03-18"),
        ] as [(String, String, [String: JSONValue], String?)])
    func olderThanRules(measure: String, decidedOn: String, more: [String: JSONValue], until: String?) throws {
        var candidate = candidate(measure, decidedOn, more)
        let inside = try day(decidedOn).adding(days: 1).description
        #expect(try candidate.impact(on: inside).verdict == .blocked)
        #expect(try candidate.impact(on: inside).until == until)
        let reason = try #require(try candidate.answer(on: inside).reasons.first { $0.section == "impact" })
        #expect(reason.notes == ["promotion.note.olderThanRule"] && !reason.edition.isEmpty)
        candidate.add(
            "useJudgement",
            ["sanctionNo": .string("\(measure)/\(decidedOn)"), "judgedOn": "2026-11-01", "effect": "noEffect"])
        #expect(try candidate.impact(on: "2026-12-01").verdict == (until == nil ? .blocked : .listed))
    }
}
