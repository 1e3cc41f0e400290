import CanonicalJSON
import ProbityRecords
import Testing

@Suite("Drinking-risk levels")
struct DrinkingTests {
    private func level(_ values: [String: JSONValue], on: String = "2026-12-01") throws -> DrinkingLevel? {
        DrinkingLevel(values: values, on: try day(on), rules: try RuleSet.standard())
    }

    @Test(
        "The level is the number of factors, and who does not drink has none",
        arguments: [
            ("none", "none", "low", 0), ("none", "held", "high", 0), ("none", "held", "low", 0),
            ("occasional", "none", "low", 0), ("occasional", "held", "low", 1), ("occasional", "held", "high", 2),
            ("occasional", "suspended", "high", 1), ("regular", "none", "low", 1), ("regular", "held", "low", 2),
            ("regular", "held", "medium", 2), ("regular", "none", "high", 2), ("regular", "suspended", "high", 2),
            ("regular", "held", "high", 3), ("heavy", "held", "high", 3), ("heavy", "none", "low", 1),
        ])
    func factors(habit: String, licence: String, engagements: String, expected: Int) throws {
        let level = try #require(
            try level(["habit": .string(habit), "licence": .string(licence), "engagements": .string(engagements)]))
        #expect(level.level == expected && level.rule.ruleID == "drinking.factors")
    }

    @Test(
        "A verified incident of the last 24 months gives level 3",
        arguments: [
            ("2024-12-02", 3), ("2024-12-01", 0), ("2026-12-01", 3), ("2026-12-02", 0), ("2020-01-01", 0),
        ])
    func incident(on: String, expected: Int) throws {
        let level = try #require(
            try level(["habit": "none", "licence": "held", "engagements": "low", "verifiedIncidentOn": .string(on)]))
        #expect(level.level == expected)
        #expect(level.rule.ruleID == (expected == 3 ? "drinking.incident" : "drinking.factors"))
    }

    @Test("The 24 months end at the end of a shorter month")
    func clamped() throws {
        let values: [String: JSONValue] = ["habit": "none", "verifiedIncidentOn": "2024-02-29"]
        #expect(try level(values, on: "2026-02-27")?.level == 3)
        #expect(try level(values, on: "2026-02-28")?.level == 0)
    }

    @Test("Before the rule there is no level")
    func noRule() throws { #expect(try level(["habit": "regular"], on: "1999-12-31") == nil) }
}
