import CanonicalJSON

/// One edition of a rule (规则) with where it comes from and how sure we are of it.
public struct Rule: Sendable, Hashable {
    public let ruleID: String
    public let edition: String
    /// The first day on which the edition is in force.
    public let effectiveFrom: CivilDate
    /// The last day on which the edition is in force; nil while it is.
    public let effectiveTo: CivilDate?
    /// Law, standard or bureau rule that it follows, by the name that a reader knows it by.
    public let source: Labels
    /// A mark of domain.md, first page: C, L, K, S, P or U.
    public let confidence: String
    let value: JSONValue

    func isInForce(on date: CivilDate) -> Bool { effectiveFrom <= date && (effectiveTo.map { date <= $0 } ?? true) }

    /// Whether there is a day on which both editions are in force.
    func overlaps(_ other: Rule) -> Bool {
        isInForce(on: other.effectiveFrom) || other.isInForce(on: effectiveFrom)
    }

    /// The text that the member `map` of the value gives for `code`.
    func entry(_ map: String, _ code: String) -> String? { value[map]?[code]?.string }

    /// The codes to which the member `map` of the value gives `text`.
    func codes(_ map: String, of text: String) -> Set<String> {
        Set((value[map]?.object ?? [:]).filter { $0.value.string == text }.keys)
    }

    func texts(_ member: String, _ key: String) -> [String] { (value[member]?[key]?.array ?? []).compactMap(\.string) }
    func texts(_ member: String) -> [String] { (value[member]?.array ?? []).compactMap(\.string) }
    func text(_ member: String) -> String? { value[member]?.string }
    func number(_ member: String) -> Int? { value[member]?.integer.map { Int($0) } }

    /// The number that the member `map` of the value gives for `code`.
    func number(_ map: String, _ code: String) -> Int? { value[map]?[code]?.integer.map { Int($0) } }

    /// Months for which a decision about a verification takes candidate status; nil where it does not.
    func lossMonths(_ decision: String) -> Int? { number("lossMonths", decision) }

    /// Months for which an impact rule bars `move`; nil when it does not.
    func months(barring move: PromotionMove) -> Int? { number("bars", move.rawValue) }

    /// The longest of the periods that an impact rule sets; nil where it bars no move.
    var longestMonths: Int? { PromotionMove.allCases.compactMap { months(barring: $0) }.max() }
}
