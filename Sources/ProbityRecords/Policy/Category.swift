/// A need-to-know class of content (门类); the boundary at which keys are separated.
///
/// Source: design.md §5.
public enum Category: String, Sendable, CaseIterable, Hashable {
    case roster, events, drinking, talks, complaints, reporter, sanctions, opinions, duty, care, governance, audit

    /// Whether kind, state and dates are sealed too, in one bureau-wide node: in a ten-man station a date alone names
    /// its man.
    public var isSealed: Bool {
        switch self {
        case .complaints, .reporter, .sanctions, .opinions: true
        case .roster, .events, .drinking, .talks, .duty, .care, .governance, .audit: false
        }
    }

    /// Whether the category holds dossiers of single officers; the others hold matters of units or of the ledger.
    public var isPerOfficer: Bool {
        switch self {
        case .governance, .audit: false
        default: true
        }
    }

    /// What the category is called (code list `category`).
    public func label(_ language: Language, in catalogue: KindCatalogue) -> String {
        catalogue.codeList("category")?.label(rawValue, language) ?? rawValue
    }
}
