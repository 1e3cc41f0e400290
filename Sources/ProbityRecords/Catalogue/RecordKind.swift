public import CanonicalJSON

// Format of Schema/Kinds/kind-<id>.json, and of kind-<id>.<edition>.json for an edition that another has followed. Members
// marked * may be left out; any other member is refused.
//
//   id            the kind's name, as in the file name
//   edition*      1, and one more for each change of the form: what was filed under a former edition is read under it
//   category      a category of design.md §5; decides under which key the content is sealed
//   section       s01…s19, the part of the integrity file (domain.md §2)
//   labels        {"zh", "en"}
//   source        standard, law or rule the form is taken from
//   fields        [{"name", "type", "codes"*, "required"*, "sensitivity"*, "labels", "aliases"*, "pattern"*, "format"*,
//                 "minimum"*, "maximum"*}]; types in Field.ValueType, sensitivity open|internal|workSecret|sensitive
//   states        [state]; every state is a code of the list `state`
//   initial       the state in which a record is filed
//   past*         states in which records of the time before the archive are imported, as found in the old files (旧档);
//                 the first is the default
//   file*         {"sets": [field]}: what a first filing may say, where the rest is for the steps; without it, everything.
//                 Records found in old files (`past`) say what was found
//   steps         how a record changes, see Step.swift
//   lock*         {"states", "only" (acts)}: in these states no other step begins
//   guards*       names of rules in code that every version of the kind must pass, see Workflow.swift
//   derived*      true: the program files it beside other records; people take only its steps that wait for others
//   occurredOn*   name of the date field that is the record's date; without it, or without a value, it is the day of
//                 filing
//   dueOn*        name of a date field, or {"field", "days" | "months", "states"*}: so long after that date, shown while
//                 the record is in one of these states
//   form*         the four forms (domain.md §7): 1…4, the name of an integer field, or {"field", "values": {code: 1…4}}
//   constraints*  rules over several fields, see Constraint.swift
//   refusesReporterIdentity*  true: texts with a number, an account or a contact that may be a reporter's are refused, too

/// A record kind (种类): the declared form of a record. Validation, import columns, forms and the JSON Schema come from
/// it.
public final class RecordKind: Sendable {
    enum DueRule: Sendable, Hashable {
        case field(String)
        case after(field: String, days: Int, months: Int, states: Set<String>)
    }

    enum FormRule: Sendable, Hashable {
        case fixed(Int)
        case field(String)
        case values(field: String, [String: Int])
    }

    public let id: String
    /// Counts the declarations of the kind, from 1: what was filed under one is read under it.
    public let edition: Int
    public let category: Category
    /// Part of the integrity file, s01…s19.
    public let section: String
    public let labels: Labels
    public let source: String
    public let fields: [Field]
    public let states: [String]
    /// The state in which a record is filed.
    public let initialState: String
    /// States in which a record of the time before the archive is imported; the first is the default.
    public let pastStates: [String]
    /// What a first filing may say.
    let filed: Step.Fields
    public let steps: [Step]
    /// Fields that name users who do not take or approve a step, in the order of the kind file.
    let userFields: [String]
    /// Rules in code that every version passes.
    let guards: Set<WorkflowGuard>
    /// Whether filing it asks what the officer's leads come to.
    public var asksForLeads: Bool { !guards.isDisjoint(with: [.leadsAnswered, .leadsClosed]) }
    /// Whether the program files it beside other records, and nobody by hand.
    public let isDerived: Bool
    /// Name of the field that holds the record's date.
    public let occurredOnField: String?
    public let constraints: [Constraint]
    /// Date fields that say what has happened: the record's own date, and those that may not lie ahead.
    public let happenedFields: [String]
    public let refusesReporterIdentity: Bool
    let dueRule: DueRule?
    let formRule: FormRule?
    let policeNumbers: PoliceNumberRule
    private let fieldIndex: [String: Int]
    /// Types by name, for whoever needs no more of a field.
    let fieldTypes: [String: Field.ValueType]
    private let stateList: CodeList

    /// The field called `name`.
    public func field(_ name: String) -> Field? { fieldIndex[name].map { fields[$0] } }

    /// The state that a person means by `text`: its code, or its name in either language.
    public func state(named text: String) -> String? {
        stateList.code(for: Spelling.trimmed(text)).flatMap { states.contains($0) ? $0 : nil }
    }

    /// The users that changes name in fields whose users do not take or approve a step.
    public func usersNamed(in changes: [String: JSONValue]) -> Set<String> {
        userFields.reduce(into: []) { $0.formUnion(Constraint.names(changes[$1])) }
    }

    /// The states as names to choose from.
    public var stateNames: Names { stateList.names(among: states) }

    /// The steps that begin in `state`; those of one role, or of all where it is nil.
    public func steps(from state: String, role: Role? = nil) -> [Step] {
        steps.filter { $0.from.contains(state) && (role.map($0.roles.contains) ?? true) }
    }

    /// Reads one file. - Throws: ``SchemaError`` naming file and member.
    init(
        file: String, bytes: [UInt8], codeLists: [String: CodeList], policeNumbers: PoliceNumberRule
    ) throws(SchemaError) {
        let reader = try SchemaReader(file: file, bytes: bytes)
        _ = try reader.members([
            "id", "edition", "category", "section", "labels", "source", "fields", "states", "initial", "past", "file",
            "steps",
            "lock",
            "guards", "derived", "occurredOn", "dueOn", "form", "constraints", "refusesReporterIdentity",
        ])
        let idReader = try reader.required("id")
        id = try idReader.text()
        edition = try reader.optional("edition")?.integer() ?? 1
        guard edition > 0 else { throw reader.failure("editions are counted from 1") }
        guard file == "kind-\(id).json" || file == "kind-\(id).\(edition).json" else {
            throw idReader.failure("the file must be named kind-\(id).json, or kind-\(id).\(edition).json")
        }
        category = try reader.required("category").oneOf(Category.self)
        section = try Self.code(try reader.required("section"), in: codeLists["section"])
        labels = try reader.required("labels").labels()
        source = try reader.required("source").text()
        self.policeNumbers = policeNumbers
        guard let stateList = codeLists["state"] else { throw reader.failure("the code list 'state' is missing") }
        self.stateList = stateList

        var fields: [Field] = []
        var byName: [String: Field] = [:]
        var index: [String: Int] = [:]
        for element in try reader.required("fields").elements() {
            let field = try Field(element, codeLists: codeLists)
            guard byName.updateValue(field, forKey: field.name) == nil else {
                throw element.failure("a field of this name stands before")
            }
            index[field.name] = fields.count
            fields.append(field)
        }
        self.fields = fields
        fieldIndex = index
        fieldTypes = byName.mapValues(\.type)
        try Self.checkHeaders(fields, try reader.required("fields"))

        var states: [String] = []
        for state in try reader.required("states").elements() { states.append(try Self.code(state, in: stateList)) }
        guard !states.isEmpty, Set(states).count == states.count else {
            throw try reader.required("states").failure("states must be given, each once")
        }
        self.states = states
        let initial = try reader.required("initial")
        initialState = try initial.text()
        pastStates = try reader.optional("past")?.texts() ?? []
        guard ([initialState] + pastStates).allSatisfy(states.contains), !pastStates.contains(initialState) else {
            throw initial.failure("an initial or past state must be one of the states, each once")
        }
        if let file = reader.optional("file") {
            _ = try file.members(["sets"])
            filed = try Step.Fields(try file.required("sets"), byName)
            for field in fields where field.isRequired && !filed.contains(field.name) {
                throw file.failure("a first filing needs '\(field.name)'")
            }
        } else {
            filed = .all
        }
        var steps: [Step] = []
        for element in try reader.required("steps").elements() {
            steps.append(try Step(element, states: states, fields: byName, filed: filed, codeLists: codeLists))
        }
        self.steps = steps
        let excluding = Set(steps.flatMap(\.excludingFields))
        userFields = fields.map(\.name).filter(excluding.contains)
        try reader.optional("lock").map { (member) throws(SchemaError) in try Self.checkLock(member, steps, states) }
        guards = try WorkflowGuard.set(reader.optional("guards"))
        isDerived = try reader.optional("derived")?.flag() ?? false

        occurredOnField = try reader.optional("occurredOn").map { (member) throws(SchemaError) in
            try Self.dateField(member, byName)
        }
        dueRule = try reader.optional("dueOn").map { (member) throws(SchemaError) in
            try Self.dueRule(member, byName, states)
        }
        formRule = try reader.optional("form").map { (member) throws(SchemaError) in try Self.formRule(member, byName) }
        var constraints: [Constraint] = []
        for element in try reader.optional("constraints")?.elements() ?? [] {
            constraints.append(try Constraint(element, fields: byName, states: states))
        }
        self.constraints = constraints
        let happened = Set(constraints.flatMap(\.happened) + [occurredOnField].compactMap(\.self))
        happenedFields = fields.map(\.name).filter(happened.contains)
        refusesReporterIdentity = try reader.optional("refusesReporterIdentity")?.flag() ?? false
    }

    private static func code(_ reader: SchemaReader, in list: CodeList?) throws(SchemaError) -> String {
        let code = try reader.text()
        guard let list, list.contains(code) else { throw reader.failure("'\(code)' is not in its code list") }
        return code
    }

    /// A column header must mean one field only.
    private static func checkHeaders(_ fields: [Field], _ reader: SchemaReader) throws(SchemaError) {
        var seen: [String: String] = [:]
        for field in fields {
            for text in [field.name, field.labels.zh, field.labels.en] + field.aliases {
                let other = seen.updateValue(field.name, forKey: Spelling.folded(text))
                guard other == nil || other == field.name else {
                    throw reader.failure("the header '\(text)' means both \(other ?? "") and \(field.name)")
                }
            }
        }
    }

    private static func dateField(_ reader: SchemaReader, _ fields: [String: Field]) throws(SchemaError) -> String {
        let name = try reader.text()
        guard fields[name]?.type == .date else { throw reader.failure("'\(name)' is no date field of the kind") }
        return name
    }

    /// A locked state (锁定): what is closed changes by the steps that are named, and by no other.
    private static func checkLock(
        _ reader: SchemaReader, _ steps: [Step], _ known: [String]
    ) throws(SchemaError) {
        _ = try reader.members(["states", "only"])
        let states = try reader.required("states").texts()
        guard !states.isEmpty, states.allSatisfy(known.contains) else {
            throw reader.failure("the states of a lock must be states of the kind")
        }
        let only = try reader.required("only").texts()
        for step in steps where !step.from.isDisjoint(with: states) && !only.contains(step.act) {
            throw reader.failure("the step '\(step.act)' begins in a locked state")
        }
    }

    private static func dueRule(
        _ reader: SchemaReader, _ fields: [String: Field], _ known: [String]
    ) throws(SchemaError) -> DueRule {
        if reader.value.string != nil { return .field(try dateField(reader, fields)) }
        _ = try reader.members(["field", "days", "months", "states"])
        let field = try dateField(try reader.required("field"), fields)
        let days = try reader.optional("days")?.integer() ?? 0
        let months = try reader.optional("months")?.integer() ?? 0
        guard days >= 0, months >= 0, (days == 0) || (months == 0) else {
            throw reader.failure("days or months is expected, not both")
        }
        let states = try reader.optional("states")?.texts() ?? known
        guard states.allSatisfy(known.contains) else { throw reader.failure("the kind has no such state") }
        return .after(field: field, days: days, months: months, states: Set(states))
    }

    private static func formRule(_ reader: SchemaReader, _ fields: [String: Field]) throws(SchemaError) -> FormRule {
        if reader.value.integer != nil {
            let form = try reader.integer()
            guard (1...4).contains(form) else { throw reader.failure("a form is 1, 2, 3 or 4") }
            return .fixed(form)
        }
        if reader.value.string != nil {
            let name = try reader.text()
            guard fields[name]?.type == .integer else {
                throw reader.failure("'\(name)' is no integer field of the kind")
            }
            return .field(name)
        }
        _ = try reader.members(["field", "values"])
        let name = try reader.required("field").text()
        guard let list = fields[name]?.codeList else { throw reader.failure("'\(name)' is no code field of the kind") }
        var values: [String: Int] = [:]
        for (code, form) in try reader.required("values").entries() {
            guard list.contains(code) else { throw form.failure("'\(code)' is not in the list \(list.id)") }
            values[code] = try form.integer()
            guard let value = values[code], (1...4).contains(value) else {
                throw form.failure("a form is 1, 2, 3 or 4")
            }
        }
        return .values(field: name, values)
    }
}
