public import CanonicalJSON

/// How late a report of a major event (个人重大事项) is.
public struct EventLateness: Sendable, Equatable {
    /// Days from the event, or from the day it was known, to the report; negative for a report before the event.
    public let days: Int
    /// Days beyond the limit; 0 for a report in time.
    public let lateDays: Int
    public let rule: Rule

    /// Nil for values without the dates, or an event kind that no rule gives a limit.
    ///
    /// - Parameter values: of the kind `majorEvent`.
    public init?(values: [String: JSONValue], rules: RuleSet) {
        func date(_ field: String) -> CivilDate? { values[field]?.string.flatMap { CivilDate($0) } }
        guard let event = date("eventDate"), let reported = date("reportDate"), let kind = values["eventKind"]?.string,
            let rule = rules.rule("event.\(kind)", on: reported), let limit = rule.number("days")
        else { return nil }
        self.rule = rule
        if rule.value["basis"]?.string == "before" {
            days = reported.daysSinceEpoch - event.daysSinceEpoch
            lateDays = max(0, days + limit)
        } else {
            days = reported.daysSinceEpoch - (date("knownDate") ?? event).daysSinceEpoch
            lateDays = max(0, days - limit)
        }
    }
}

/// The level of a drinking-risk registration (饮酒风险等级), L0 to L3: what is registered, counted by rule. It is no
/// judgement of a person, and a named person confirms it.
public struct DrinkingLevel: Sendable, Equatable {
    /// 0 无风险, 1 一般, 2 较高, 3 重点关注对象.
    public let level: Int
    public let rule: Rule

    /// - Parameters:
    ///   - values: of the kind `drinkingRisk`.
    ///   - date: the day on which the level is asked for.
    /// Source: domain.md §4.
    public init?(values: [String: JSONValue], on date: CivilDate, rules: RuleSet) {
        guard let rule = rules.rule("drinking.factors", on: date) else { return nil }
        func has(_ field: String) -> Bool { values[field]?.string.map { rule.texts(field).contains($0) } ?? false }
        self.rule = rule
        let count = ["habit", "licence", "engagements"].filter(has).count
        let months = rules.rule("drinking.incident", on: date)?.number("months") ?? 0
        let recent = values["verifiedIncidentOn"]?.string.flatMap { CivilDate($0) }.map {
            date < $0.adding(months: months)
        }
        if recent ?? false {
            level = 3
        } else if values["habit"]?.string.map({ rule.texts("none").contains($0) }) ?? false {
            level = 0
        } else {
            level = count
        }
    }
}
