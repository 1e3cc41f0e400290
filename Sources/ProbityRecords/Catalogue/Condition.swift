import CanonicalJSON

/// Values that a record has or has not, as a rule or a step names them (member `when`).
///
/// Names fields with the values that make it hold: one value or an array of them; in a field of several codes one of them is
/// enough; `null` means the field is absent and `"*"` that it is present. All members must hold; without members it always
/// does.
struct Condition: Sendable, Hashable {
    let values: [String: [JSONValue]]

    static let always = Condition(values: [:])

    private init(values: [String: [JSONValue]]) { self.values = values }

    /// - Parameter member: the member `when`; nil holds always.
    init(_ member: SchemaReader?, fields: [String: Field]) throws(SchemaError) {
        var values: [String: [JSONValue]] = [:]
        for (name, condition) in try member?.entries() ?? [] {
            guard let field = fields[name] else { throw condition.failure("the kind has no such field") }
            let accepted = condition.value.array ?? [condition.value]
            for case .string(let text) in accepted where text != "*" {
                if let list = field.codeList, !list.contains(text) {
                    throw condition.failure("'\(text)' is not in the list \(list.id)")
                }
            }
            values[name] = accepted
        }
        self.values = values
    }

    func holds(_ record: [String: JSONValue]) -> Bool {
        values.allSatisfy { Condition.holds(record[$0.key], $0.value) }
    }

    private static func holds(_ value: JSONValue?, _ accepted: [JSONValue]) -> Bool {
        guard let value else { return accepted.contains(.null) }
        if accepted.contains("*") || accepted.contains(value) { return true }
        return value.array?.contains(where: accepted.contains) ?? false
    }
}
