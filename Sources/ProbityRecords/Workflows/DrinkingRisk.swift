public import CanonicalJSON

/// The level of a drinking-risk registration (饮酒风险等级), L0 to L3: what is registered, counted by rule. It is no
/// judgement of a person, and a named person confirms it.
///
/// Source: domain.md §4.
public struct DrinkingLevel: Sendable, Equatable {
    /// 0 无风险, 1 一般, 2 较高, 3 重点关注对象.
    public let level: Int
    /// The rule that gave the level: the three factors, or the recent incident.
    public let rule: Rule

    /// Nil when no rule is in force on that day.
    ///
    /// - Parameters:
    ///   - values: of the kind `drinkingRisk`.
    ///   - date: the day on which the level is asked for.
    public init?(values: [String: JSONValue], on date: CivilDate, rules: RuleSet) {
        guard let factors = rules.rule("drinking.factors", on: date) else { return nil }
        func has(_ field: String, _ list: String) -> Bool {
            values[field]?.string.map { factors.texts(list).contains($0) } ?? false
        }
        if let incident = rules.rule("drinking.incident", on: date), let months = incident.number("months"),
            let last = values["verifiedIncidentOn"]?.string.flatMap({ CivilDate($0) }), last <= date,
            date < last.adding(months: months)
        {
            (level, rule) = (3, incident)
            return
        }
        rule = factors
        // Who does not drink carries no risk, whatever he drives and wherever he is invited.
        level = has("habit", "none") ? 0 : ["habit", "licence", "engagements"].filter { has($0, $0) }.count
    }
}
