public import CanonicalJSON

// Members of an entry of `steps` in a kind file. Those marked * may be left out.
//
//   act         code of the list `transition`; `correct` is what `record amend` takes, `withdraw` what `record withdraw` takes
//   from        one state or an array of them
//   to*         the state afterwards; left out where the step leaves the state as it is
//   roles       who may take it
//   when*       values that the record must have after the step, see Condition.swift; of several steps of one act and state
//               the one whose `when` holds is taken
//   sets*       the fields that it may change, or "*" for all; left out: none
//   requires*   fields that must have a value after it
//   not*        who may not take it though his role may: "filer", or a field that names users
//   approvals*  [{"roles", "count"*, "when"*, "not"*}]: signatures of other users that it needs before it is in force; of
//               several that apply the greatest count
//   asFound*    true: the step is there only for a record as found in the old files (旧档) that nobody here has confirmed yet
//   source*     the rule that it follows

/// A step (办理动作) by which a record changes, and who may take it.
public struct Step: Sendable, Hashable {
    /// Somebody who may not take or approve a step, though his role may.
    enum Exclusion: Sendable, Hashable {
        /// Whoever filed or corrected what the step is about.
        case filer
        /// Whoever the field names.
        case named(String)
    }

    enum Fields: Sendable, Hashable {
        case all
        case some(Set<String>)

        func contains(_ field: String) -> Bool {
            switch self {
            case .all: true
            case .some(let names): names.contains(field)
            }
        }
    }

    /// Signatures of other users (审批) that a step needs. Whoever takes the step is never one of them.
    public struct Approval: Sendable, Hashable {
        public let roles: Set<Role>
        public let count: Int
        let when: Condition
        let not: Set<Exclusion>
    }

    /// Code of the step (code list `transition`).
    public let act: String
    public let from: Set<String>
    /// Nil where the state stays.
    public let to: String?
    public let roles: Set<Role>
    /// Fields that must have a value after the step.
    public let requires: [String]
    public let source: String?
    let when: Condition
    let sets: Fields
    let not: Set<Exclusion>
    public let approvals: [Approval]
    /// Whether it is there only for records as found in the old files that nobody here has confirmed yet.
    let isForAsFound: Bool

    /// The state after the step from `state`.
    public func state(after state: String) -> String { to ?? state }

    /// Whether the step may change the field.
    public func mayChange(_ field: String) -> Bool { sets.contains(field) }

    /// The signatures that the step needs where it leaves a record with these values.
    public func approval(for values: [String: JSONValue]) -> Approval? {
        approvals.filter { $0.when.holds(values) }.max { $0.count < $1.count }
    }

    init(
        _ reader: SchemaReader, states: [String], fields: [String: Field], codeLists: [String: CodeList]
    ) throws(SchemaError) {
        _ = try reader.members([
            "act", "from", "to", "roles", "when", "sets", "requires", "not", "approvals", "asFound", "source",
        ])
        from = Set(try reader.required("from").textOrTexts())
        to = try reader.optional("to")?.text()
        for state in from.sorted() + [to].compactMap({ $0 }) where !states.contains(state) {
            throw reader.failure("the kind has no state '\(state)'")
        }
        func names(_ member: SchemaReader) throws(SchemaError) -> [String] {
            let names = try member.texts()
            for name in names where fields[name] == nil { throw member.failure("the kind has no field '\(name)'") }
            return names
        }
        let actReader = try reader.required("act")
        act = try actReader.text()
        guard codeLists["transition"]?.contains(act) ?? false else {
            throw actReader.failure("'\(act)' is not in its code list")
        }
        roles = try Step.roles(reader)
        when = try Condition(reader.optional("when"), fields: fields)
        if let sets = reader.optional("sets") {
            self.sets = sets.value.string == "*" ? .all : .some(Set(try names(sets)))
        } else {
            self.sets = .some([])
        }
        requires = try reader.optional("requires").map { (member) throws(SchemaError) in try names(member) } ?? []
        not = try Step.exclusions(reader, fields)
        var approvals: [Approval] = []
        for element in try reader.optional("approvals")?.elements() ?? [] {
            _ = try element.members(["roles", "count", "when", "not"])
            let count = try element.optional("count")?.integer() ?? 1
            guard (1...5).contains(count) else { throw element.failure("a count from 1 to 5 is expected") }
            approvals.append(
                Approval(
                    roles: try Step.roles(element), count: count,
                    when: try Condition(element.optional("when"), fields: fields),
                    not: try Step.exclusions(element, fields)))
        }
        self.approvals = approvals
        isForAsFound = try reader.optional("asFound")?.flag() ?? false
        source = try reader.optional("source")?.text()
    }

    private static func roles(_ reader: SchemaReader) throws(SchemaError) -> Set<Role> {
        var roles: Set<Role> = []
        for role in try reader.required("roles").elements() { roles.insert(try role.oneOf(Role.self)) }
        guard !roles.isEmpty else { throw try reader.required("roles").failure("nobody could take it") }
        return roles
    }

    private static func exclusions(
        _ reader: SchemaReader, _ fields: [String: Field]
    ) throws(SchemaError) -> Set<Exclusion> {
        var found: Set<Exclusion> = []
        for element in try reader.optional("not")?.elements() ?? [] {
            let name = try element.text()
            guard name == "filer" || fields[name]?.type == .text else {
                throw element.failure("'filer' or a text field is expected")
            }
            found.insert(name == "filer" ? .filer : .named(name))
        }
        return found
    }
}
