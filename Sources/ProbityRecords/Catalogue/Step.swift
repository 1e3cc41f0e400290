public import CanonicalJSON

// Members of an entry of `steps` in a kind file. Those marked * may be left out.
//
//   act         code of the list `transition`; `correct` is what `record amend` takes, `withdraw` what `record withdraw` takes
//   from        one state or an array of them
//   to*         the state afterwards; left out where the step leaves the state as it is
//   roles       who may take it
//   when*       values that the record must have before the step or after it, see Condition.swift; of several steps of one act
//               and state the first whose `when` holds is taken: nobody leaves its rules by the change itself
//   sets*       the fields that it may change, "*" for all, or "filed" for those of a first filing; left out: none
//   clears*     the fields of the round that is over, which it empties: what begins anew is not fulfilled by old values
//   postpones*  date fields of those that it sets: it brings only a later day, which has not passed
//   requires*   fields that must have a value after it
//   guards*     names of rules in code that it must pass, see Workflow.swift
//   not*        who may not take it though his role may: "filer", or a field that names users
//   approvals*  [{"roles", "count"*, "when"*, "lowers"*, "unless"*, "not"*}]: signatures of other users that it needs before
//               it is in force; of several that apply the greatest count. `lowers` names protections (fields of true and
//               false): it applies where the step ends one. `unless` is "own": it does not apply to a record in which nobody
//               but whoever takes the step has had a hand
//   asFound*    true: the step is there only for a record as found in the old files (旧档) that nobody here has confirmed yet
//   source*     the rule that it follows

/// A step (办理动作) by which a record changes, and who may take it.
public final class Step: Sendable {
    /// Somebody who may not take or approve a step, though his role may.
    enum Exclusion: Sendable, Hashable {
        /// Whoever filed or corrected what the step is about.
        case filer
        /// Whoever the field names.
        case named(String)

        var field: String? { if case .named(let field) = self { field } else { nil } }
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

        /// - Parameters:
        ///   - member: nil stands for none.
        ///   - filed: what "filed" means; nil where it means nothing.
        init(_ member: SchemaReader?, _ fields: [String: Field], filed: Fields? = nil) throws(SchemaError) {
            switch (member?.value.string, filed) {
            case ("*", _): self = .all
            case ("filed", let filed?): self = filed
            default:
                self = .some(
                    Set(try member.map { (member) throws(SchemaError) in try Step.names(member, fields) } ?? []))
            }
        }
    }

    /// Signatures of other users (审批) that a step needs. Whoever takes the step is never one of them.
    public struct Approval: Sendable, Hashable {
        public let roles: Set<Role>
        public let count: Int
        let when: Condition
        /// Protections of which the step must end one; none where it is asked whatever the step ends.
        public let lowers: [String]
        /// Whether it is asked only where others than the taker have had a hand in the record.
        public let isForOthers: Bool
        let not: Set<Exclusion>

        /// The values that the record must have after the step for it to be asked, by field.
        public var conditions: [String: [JSONValue]] { when.values }
        /// Fields whose users do not sign.
        public var excludedFields: [String] { not.compactMap(\.field).sorted() }

        fileprivate func applies(
            from before: [String: JSONValue], to after: [String: JSONValue], isOwn: Bool
        ) -> Bool {
            guard when.holds(after), !(isForOthers && isOwn) else { return false }
            return lowers.isEmpty || lowers.contains { before[$0]?.bool == true && after[$0]?.bool != true }
        }
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
    /// Rules in code that the step must pass, beside those of its kind.
    public let guards: Set<WorkflowGuard>
    let when: Condition
    let sets: Fields
    /// Fields that are empty after it, in the order of the kind file.
    let clears: [String]
    let postpones: [String]
    let not: Set<Exclusion>
    public let approvals: [Approval]
    /// Whether it is there only for records as found in the old files that nobody here has confirmed yet.
    public let isForAsFound: Bool

    /// Fields whose users do not take or approve it.
    var excludingFields: [String] {
        not.union(approvals.flatMap(\.not)).compactMap(\.field)
    }

    /// Whether the step is the one for a record with these values before it, or these after it.
    func isFor(_ before: [String: JSONValue], or after: [String: JSONValue]) -> Bool {
        when.holds(after) || when.holds(before)
    }

    /// The state after the step from `state`.
    public func state(after state: String) -> String { to ?? state }

    /// Whether the step may bring a value of the field.
    public func mayChange(_ field: String) -> Bool { sets.contains(field) && !clears.contains(field) }

    /// The signatures that the step needs where it leads from some values to others.
    ///
    /// - Parameter isOwn: whether nobody but the taker has had a hand in the record.
    func approval(from before: [String: JSONValue], to after: [String: JSONValue], isOwn: Bool) -> Approval? {
        approvals.filter { $0.applies(from: before, to: after, isOwn: isOwn) }.max { $0.count < $1.count }
    }

    init(
        _ reader: SchemaReader, states: [String], fields: [String: Field], filed: Fields,
        codeLists: [String: CodeList]
    ) throws(SchemaError) {
        _ = try reader.members([
            "act", "from", "to", "roles", "when", "sets", "clears", "postpones", "requires", "guards", "not",
            "approvals", "asFound", "source",
        ])
        from = Set(try reader.required("from").textOrTexts())
        to = try reader.optional("to")?.text()
        for state in from.sorted() + [to].compactMap({ $0 }) where !states.contains(state) {
            throw reader.failure("the kind has no state '\(state)'")
        }
        func names(_ member: String, _ type: Field.ValueType? = nil) throws(SchemaError) -> [String] {
            try reader.optional(member).map { (member) throws(SchemaError) in
                try Step.names(member, fields, type)
            } ?? []
        }
        let actReader = try reader.required("act")
        act = try actReader.text()
        guard codeLists["transition"]?.contains(act) ?? false else {
            throw actReader.failure("'\(act)' is not in its code list")
        }
        roles = try Step.roles(reader)
        when = try Condition(reader.optional("when"), fields: fields)
        sets = try Fields(reader.optional("sets"), fields, filed: filed)
        clears = try names("clears")
        postpones = try names("postpones", .date)
        requires = try names("requires")
        // Which step is meant is told by the values before it clears any.
        for name in clears where requires.contains(name) || when.values[name] != nil {
            throw reader.failure("the step clears '\(name)' and asks for it")
        }
        for name in postpones where !sets.contains(name) || clears.contains(name) {
            throw reader.failure("the step postpones '\(name)' and does not set it")
        }
        guards = try WorkflowGuard.set(reader.optional("guards"))
        not = try Step.exclusions(reader, fields)
        var approvals: [Approval] = []
        for element in try reader.optional("approvals")?.elements() ?? [] {
            _ = try element.members(["roles", "count", "when", "lowers", "unless", "not"])
            let count = try element.optional("count")?.integer() ?? 1
            guard (1...5).contains(count) else { throw element.failure("a count from 1 to 5 is expected") }
            let unless = element.optional("unless")
            if let unless, unless.value.string != "own" { throw unless.failure("'own' is expected") }
            approvals.append(
                Approval(
                    roles: try Step.roles(element), count: count,
                    when: try Condition(element.optional("when"), fields: fields),
                    lowers: try element.optional("lowers").map { (member) throws(SchemaError) in
                        try Step.names(member, fields, .bool)
                    } ?? [],
                    isForOthers: unless != nil,
                    not: try Step.exclusions(element, fields)))
        }
        self.approvals = approvals
        isForAsFound = try reader.optional("asFound")?.flag() ?? false
        source = try reader.optional("source")?.text()
    }

    /// Fields of the kind, of one type where it is given.
    private static func names(
        _ member: SchemaReader, _ fields: [String: Field], _ type: Field.ValueType? = nil
    ) throws(SchemaError) -> [String] {
        let names = try member.texts()
        for name in names where fields[name] == nil || type.map({ fields[name]?.type != $0 }) ?? false {
            throw member.failure("the kind has no \(type.map { "\($0.rawValue) " } ?? "")field '\(name)'")
        }
        return names
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
