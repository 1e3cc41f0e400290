public import CanonicalJSON

/// What a version shows outside its seal: the columns that lists and statistics select on.
///
/// In a sealed category (``Category/isSealed``) the store writes none of them and filters after decrypting.
public struct ClearColumns: Sendable, Hashable {
    public let kind: String
    public let state: String
    public let occurredOn: CivilDate
    /// The day until which something is still to be done; nil when nothing is.
    public let dueOn: CivilDate?
    /// One of the four forms (四种形态), 1…4.
    public let form: Int?

    public init(kind: String, state: String, occurredOn: CivilDate, dueOn: CivilDate?, form: Int?) {
        self.kind = kind
        self.state = state
        self.occurredOn = occurredOn
        self.dueOn = dueOn
        self.form = form
    }
}

extension RecordKind {
    /// The clear columns of a version with these values.
    ///
    /// - Parameter filedOn: the day of filing; stands for the record's date where the kind has none or it is not known.
    /// - Precondition: `values` are valid for the kind; a value that is not counts as absent.
    public func clearColumns(values: [String: JSONValue], state: String, filedOn: CivilDate) -> ClearColumns {
        func date(_ field: String) -> CivilDate? { values[field]?.string.flatMap { CivilDate($0) } }
        let due: CivilDate?
        switch dueRule {
        case nil: due = nil
        case .field(let name): due = date(name)
        case .after(let name, let days, let months, let states):
            due = states.contains(state) ? date(name).map { $0.adding(months: months).adding(days: days) } : nil
        }
        let form: Int?
        switch formRule {
        case nil: form = nil
        case .fixed(let number): form = number
        case .field(let name): form = values[name]?.integer.map { Int($0) }
        case .values(let name, let byCode): form = values[name]?.string.flatMap { byCode[$0] }
        }
        return ClearColumns(
            kind: id, state: state, occurredOn: occurredOnField.flatMap(date) ?? filedOn, dueOn: due, form: form)
    }
}
