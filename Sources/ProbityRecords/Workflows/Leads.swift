public import CanonicalJSON

/// What an officer's leads come to for others (线索): whether one is open that is specific and checkable.
///
/// Only such a lead ever tells anything; which complaints count, and in which states, is the rule `lead`. A case is filed
/// (立案) on nothing less: its kind says so.
/// Source: 关于防止干部“带病提拔”的意见 2016 (“凡提必查”); domain.md §5.6, §8.4.
public struct LeadStanding: Sendable, Hashable {
    /// At least one specific, checkable lead is open.
    public private(set) var isOpen = false
    /// At least one was established.
    public private(set) var isEstablished = false

    /// The field of a complaint that says what it came to; nil where no rule is in force.
    public static func outcomeField(on date: CivilDate, _ rules: RuleSet) -> String? {
        rules.rule("lead", on: date)?.text("outcome")
    }

    /// Nobody has filed anything.
    public init() {}

    /// Takes one complaint into account, as its newest version says it.
    ///
    /// - Parameters:
    ///   - isAsFound: whether it was found in the old files and nobody here has confirmed it: it may be open, and establishes
    ///     nothing.
    ///   - isNews: whether what the complaint says was filed since others were last told; else nothing is established by it.
    ///   - date: the day whose rule counts.
    public mutating func add(
        state: String, values: [String: JSONValue], isAsFound: Bool = false, isNews: Bool, on date: CivilDate,
        _ rules: RuleSet
    ) {
        guard let rule = rules.rule("lead", on: date), let flag = rule.text("flag") else { return }
        let isSpecific = values[flag]?.bool ?? false
        if isSpecific, rule.texts("open").contains(state) { isOpen = true }
        // What old papers say of another organ's lead, nobody here can ask any more.
        guard !isAsFound else { return }
        if isSpecific, rule.texts("elsewhere").contains(state) { isOpen = true }
        let outcome = rule.text("outcome").flatMap { values[$0]?.string }
        guard rule.texts("decided").contains(state), let outcome else { return }
        if isSpecific, rule.texts("pending").contains(outcome) { isOpen = true }
        // What two persons found true was checkable, whatever was thought of it when it came in.
        if isNews, rule.texts("established").contains(outcome) { isEstablished = true }
    }
}
