public import CanonicalJSON

/// Whether an officer is protected for his work on a case against gangs (扫黑除恶民警办案保障): measures on a complaint about
/// him need more signatures and a conflict check. What is registered counts, whatever the complaint says.
///
/// Source: seed 12; domain.md §5.6; the rule `protection`.
public struct CaseProtection: Sendable {
    public private(set) var isRunning = false
    /// The field of a complaint that says that the officer is protected.
    public let mark: String
    private let rule: Rule
    private let day: CivilDate

    /// Nil when no rule is in force on that day.
    public init?(on day: CivilDate, rules: RuleSet) {
        guard let rule = rules.rule("protection", on: day), let mark = rule.text("mark") else { return nil }
        self.rule = rule
        self.mark = mark
        self.day = day
    }

    /// Takes one record of the officer into account, as its newest version says it.
    public mutating func add(kind: String, state: String, values: [String: JSONValue]) {
        guard kind == rule.text("kind"), rule.texts("states").contains(state) else { return }
        func date(_ name: String) -> CivilDate? {
            rule.text(name).flatMap { values[$0]?.string }.flatMap { CivilDate($0) }
        }
        // Without a day that ends it, it goes on.
        if date("from").map({ $0 <= day }) ?? true, date("until").map({ day <= $0 }) ?? true { isRunning = true }
    }
}
