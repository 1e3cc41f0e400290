public import CanonicalJSON

/// How late a report of a major event (个人重大事项) is.
///
/// Source: domain.md §3.2; the limits are rule data, most of them the bureau's own.
public struct EventLateness: Sendable, Equatable {
    /// Days from the event, or from the day it was known, to the report; negative for a report before the event.
    public let days: Int
    /// Whether they count from the day the event was known (知悉).
    public let isFromKnown: Bool
    /// The last day on which the report is in time.
    public let dueOn: CivilDate
    /// Days beyond ``dueOn``; 0 for a report in time.
    public let lateDays: Int
    public let rule: Rule

    /// Nil for values without the dates, or an event kind that no rule gives a limit.
    ///
    /// - Parameter values: of the kind `majorEvent`.
    public init?(values: [String: JSONValue], rules: RuleSet) {
        func date(_ field: String) -> CivilDate? { values[field]?.string.flatMap { CivilDate($0) } }
        guard let event = date("eventDate"), let reported = date("reportDate"), let kind = values["eventKind"]?.string,
            let rule = rules.rule("event.\(kind)", on: reported)
        else { return nil }
        self.rule = rule
        // A funeral cannot be reported beforehand: an occasion may have a limit of its own.
        let limit = values["occasion"]?.string.flatMap { rule.value["occasions"]?[$0] } ?? rule.value
        guard let count = limit["days"]?.integer.map({ Int($0) }),
            let basis = limit["basis"]?.string.flatMap(RuleShape.Basis.init)
        else { return nil }
        let known = basis == .before ? nil : date("knownDate")
        let start = known ?? event
        isFromKnown = known != nil
        let signed = basis == .before ? -count : count
        let due =
            switch limit["unit"]?.string.flatMap(RuleShape.Unit.init) {
            case .workingDay: rules.calendar.adding(workingDays: signed, to: start)
            case .day, nil: start.adding(days: signed)
            }
        dueOn = due
        days = reported.daysSinceEpoch - start.daysSinceEpoch
        lateDays = max(0, reported.daysSinceEpoch - due.daysSinceEpoch)
    }
}
