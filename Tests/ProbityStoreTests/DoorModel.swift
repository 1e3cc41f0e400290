import CanonicalJSON
import ProbitySchema

/// What the declarations say about a change, read once more from their bytes by a reader of its own: neither the workflow, nor
/// the catalogue, nor the access policy is asked.
///
/// It knows roles by their names, states by their codes and conditions as they stand in the file.
struct DoorModel: Sendable {
    /// Why something is refused, as a user learns it.
    enum Refusal: String, Sendable {
        case notVisible, recusal, role, secondPerson, state, invalid
    }

    enum Answer: Sendable, Equatable, CustomStringConvertible {
        case now(String)
        case waits(String, roles: Set<String>, count: Int)
        case refused(Refusal)

        var description: String {
            switch self {
            case .now(let state): "in force, \(state)"
            case .waits(let state, let roles, let count): "waits for \(count) of \(roles.sorted()) to be \(state)"
            case .refused(let refusal): "refused: \(refusal)"
            }
        }

        var isRefused: Bool { if case .refused = self { true } else { false } }
    }

    struct Field: Sendable {
        let name: String
        let type: String
        let codes: [String]
        let isRequired: Bool
        let pattern: String?
        let range: ClosedRange<Int64>
    }

    struct Approval: Sendable {
        let roles: Set<String>
        let count: Int
        let when: JSONValue?
        var lowers: [String] = []
        var isForOthers = false
        let not: [String]
    }

    struct Step: Sendable {
        let act: String
        let from: Set<String>
        let to: String?
        let roles: Set<String>
        let when: JSONValue?
        /// Nil for all.
        let sets: Set<String>?
        var clears: [String] = []
        var postpones: [String] = []
        let requires: [String]
        let not: [String]
        let approvals: [Approval]
        /// Only for what was found in old files and nobody has confirmed.
        var isForAsFound = false

        /// Whether it takes these changes: what it empties anyhow may be emptied.
        func mayChange(_ changes: [String: JSONValue]) -> Bool {
            let names = changes.filter { !($0.value == .null && clears.contains($0.key)) }.keys
            return sets?.isSuperset(of: names) ?? true
        }
    }

    struct Kind: Sendable {
        let id: String
        let category: String
        let fields: [Field]
        let states: [String]
        let initial: String
        let past: [String]
        /// What a first filing may say; nil for everything.
        let filed: Set<String>?
        let steps: [Step]
        let constraints: [JSONValue]
        let isDerived: Bool

        func field(_ name: String) -> Field? { fields.first { $0.name == name } }

        func steps(_ act: String, from state: String, isAsFound: Bool = false) -> [Step] {
            steps.filter { $0.act == act && $0.from.contains(state) && (isAsFound || !$0.isForAsFound) }
        }

        func steps(_ act: String, from record: Standing) -> [Step] {
            steps(act, from: record.state, isAsFound: record.isAsFound)
        }
    }

    /// Whoever does something, as far as the declarations tell people apart.
    struct Person: Sendable {
        let user: String
        let role: String
        /// Whether the record is about himself.
        var isSubject = false
    }

    /// A record as it stands.
    struct Standing: Sendable {
        var state: String
        var values: [String: JSONValue]
        var filers: Set<String>
        /// Whoever took, proposed or signed a step.
        var hands: Set<String>
        var isAsFound: Bool

        init(
            state: String, values: [String: JSONValue], filers: Set<String>, hands: Set<String>? = nil,
            isAsFound: Bool = false
        ) {
            (self.state, self.values, self.filers, self.hands) = (state, values, filers, hands ?? filers)
            self.isAsFound = isAsFound
        }
    }

    let kinds: [String: Kind]
    /// Members of a role in the access rules.
    private let rights: [String: JSONValue]
    /// Every code of the list of steps.
    let acts: [String]

    static let standard = Result { try DoorModel() }

    init() throws {
        var lists: [String: [String]] = [:]
        for file in Schema.codeLists {
            let list = try JSONValue(parsing: file.bytes)
            lists[list["id"]?.string ?? ""] = (list["codes"]?.array ?? []).compactMap { $0["code"]?.string }
        }
        var kinds: [String: Kind] = [:]
        for file in Schema.kinds {
            let kind = DoorModel.kind(try JSONValue(parsing: file.bytes), lists)
            kinds[kind.id] = kind
        }
        self.kinds = kinds
        acts = lists["transition"] ?? []
        let access = try Schema.rules.filter { $0.name == "rules-access.json" }.map { try JSONValue(parsing: $0.bytes) }
        rights = access.first?["roles"]?.object ?? [:]
    }

    // MARK: Reading

    private static func texts(_ value: JSONValue?) -> [String] {
        if let text = value?.string { return [text] }
        return (value?.array ?? []).compactMap(\.string)
    }

    private static func kind(_ json: JSONValue, _ lists: [String: [String]]) -> Kind {
        let filed = (json["file"]?["sets"]).map { Set(texts($0)) }
        return Kind(
            id: json["id"]?.string ?? "", category: json["category"]?.string ?? "",
            fields: (json["fields"]?.array ?? []).map { field in
                Field(
                    name: field["name"]?.string ?? "", type: field["type"]?.string ?? "",
                    codes: field["codes"]?.string.flatMap { lists[$0] } ?? [],
                    isRequired: field["required"]?.bool ?? false, pattern: field["pattern"]?.string,
                    range: (field["minimum"]?.integer ?? 0)...(field["maximum"]?.integer ?? 1_000_000))
            }, states: texts(json["states"]), initial: json["initial"]?.string ?? "", past: texts(json["past"]),
            filed: filed, steps: (json["steps"]?.array ?? []).map { step($0, filed) },
            constraints: json["constraints"]?.array ?? [],
            isDerived: json["derived"]?.bool ?? false)
    }

    private static func step(_ json: JSONValue, _ filed: Set<String>?) -> Step {
        let sets = json["sets"]?.string
        return Step(
            act: json["act"]?.string ?? "", from: Set(texts(json["from"])), to: json["to"]?.string,
            roles: Set(texts(json["roles"])), when: json["when"],
            sets: sets == "*" ? nil : sets == "filed" ? filed : Set(texts(json["sets"])),
            clears: texts(json["clears"]), postpones: texts(json["postpones"]), requires: texts(json["requires"]),
            not: texts(json["not"]),
            approvals: (json["approvals"]?.array ?? []).map {
                Approval(
                    roles: Set(texts($0["roles"])), count: Int($0["count"]?.integer ?? 1), when: $0["when"],
                    lowers: texts($0["lowers"]), isForOthers: $0["unless"]?.string == "own", not: texts($0["not"]))
            }, isForAsFound: json["asFound"]?.bool ?? false)
    }

    // MARK: The matrix

    private func has(_ role: String, _ member: String, _ category: String) -> Bool {
        DoorModel.texts(rights[role]?[member]).contains(category)
    }

    /// Categories of which somebody in the role can be given a key: no key opens only one's own file.
    func keys(_ role: String) -> [String] {
        guard rights[role]?["scope"]?.string != "own" else { return [] }
        return DoorModel.texts(rights[role]?["read"])
    }

    /// Whether somebody in the role opens the file of an officer in a category.
    func opens(_ role: String, _ category: String) -> Bool { Set(keys(role)).isSuperset(of: ["roster", category]) }

    func mayFile(_ role: String, _ kind: Kind) -> Bool {
        has(role, "file", kind.category)
            || DoorModel.texts(rights[role]?["fileKinds"]?[kind.category]).contains(kind.id)
    }

    /// Whether the role works in the category at all.
    func works(_ role: String, _ kind: Kind) -> Bool { mayFile(role, kind) || has(role, "approve", kind.category) }

    func mayDrop(_ role: String, _ kind: Kind) -> Bool { has(role, "tray", kind.category) }

    func mayTakeIn(_ role: String, _ kind: Kind) -> Bool {
        has(role, "read", kind.category) && has(role, "file", kind.category)
    }

    // MARK: Answers

    /// What becomes of a first filing.
    ///
    /// - Parameter past: the state that an import of the past asks for.
    func file(_ kind: Kind, _ values: [String: JSONValue], by person: Person, past: String? = nil) -> Answer {
        guard mayFile(person.role, kind) else { return .refused(.role) }
        guard opens(person.role, kind.category) else { return .refused(.notVisible) }
        guard !person.isSubject else { return .refused(.recusal) }
        guard !kind.isDerived else { return .refused(.role) }
        guard past.map(kind.past.contains) ?? true else { return .refused(.invalid) }
        let state = past ?? kind.initial
        if past == nil, let filed = kind.filed, !filed.isSuperset(of: values.keys) { return .refused(.invalid) }
        return problems(kind, values, state).isEmpty ? .now(state) : .refused(.invalid)
    }

    /// What becomes of a step.
    func take(
        _ act: String, _ kind: Kind, _ record: Standing, _ changes: [String: JSONValue], by person: Person
    ) -> Answer {
        guard opens(person.role, kind.category) else { return .refused(.notVisible) }
        guard !person.isSubject else { return .refused(.recusal) }
        guard !kind.isDerived else { return .refused(.role) }
        var values = DoorModel.values(record.values, changes)
        let steps = kind.steps(act, from: record)
        guard !steps.isEmpty else { return .refused(.state) }
        guard steps.contains(where: { $0.roles.contains(person.role) }), works(person.role, kind) else {
            return .refused(.role)
        }
        guard
            let step = steps.first(where: {
                DoorModel.holds($0.when, values) || DoorModel.holds($0.when, record.values)
            })
        else { return .refused(.state) }
        guard step.roles.contains(person.role) else { return .refused(.role) }
        guard step.mayChange(changes) else { return .refused(.invalid) }
        values = values.filter { !step.clears.contains($0.key) }
        if act == "correct", values == record.values { return .refused(.invalid) }
        if isExcluded(person.user, step.not, record, values) { return .refused(.secondPerson) }
        guard step.requires.allSatisfy({ values[$0] != nil }) else { return .refused(.invalid) }
        for name in step.postpones {
            let (before, after) = (record.values[name]?.string ?? "", values[name]?.string ?? "")
            if after <= before || after < DoorModel.today { return .refused(.invalid) }
        }
        let state = step.to ?? record.state
        guard problems(kind, values, state).isEmpty else { return .refused(.invalid) }
        guard let approval = approval(step, record, values, by: person.user) else { return .now(state) }
        return .waits(state, roles: approval.roles, count: approval.count)
    }

    /// Whose signature is refused under a step that somebody proposed; nil where it counts.
    func sign(
        _ step: Step, _ kind: Kind, _ record: Standing, _ values: [String: JSONValue], proposedBy proposer: String,
        by person: Person
    ) -> Refusal? {
        guard opens(person.role, kind.category) else { return .notVisible }
        // What does not concern him, or concerns himself, is not there for him.
        guard !person.isSubject else { return .notVisible }
        guard person.user != proposer else { return .secondPerson }
        guard let approval = approval(step, record, values, by: proposer), approval.roles.contains(person.role),
            works(person.role, kind)
        else { return .notVisible }
        return isExcluded(person.user, approval.not, record, values) ? .secondPerson : nil
    }

    func approval(
        _ step: Step, _ record: Standing, _ values: [String: JSONValue], by user: String
    ) -> Approval? {
        step.approvals.filter { approval in
            guard DoorModel.holds(approval.when, values), !(approval.isForOthers && record.hands == [user]) else {
                return false
            }
            return approval.lowers.isEmpty
                || approval.lowers.contains { record.values[$0] == true && values[$0] != true }
        }.max { $0.count < $1.count }
    }

    /// The day of the archives that are tried.
    static let today = "2026-11-20"

    /// What a step leaves.
    static func values(after step: Step, _ record: Standing, _ changes: [String: JSONValue]) -> [String: JSONValue] {
        values(record.values, changes).filter { !step.clears.contains($0.key) }
    }

    /// Who counts as the filer of what stands there after a step.
    func filers(
        after step: Step, _ record: Standing, _ values: [String: JSONValue], by user: String
    ) -> Set<String> {
        if step.not.contains("filer") { return [] }
        let changed = Set(record.values.keys).union(values.keys).filter { record.values[$0] != values[$0] }
        return changed.isSubset(of: step.clears) ? record.filers : record.filers.union([user])
    }

    /// Whether a step leaves what was found in old files confirmed: by somebody else, or by signatures under what it brings.
    func confirms(_ step: Step, _ record: Standing, _ values: [String: JSONValue], by user: String) -> Bool {
        step.not.contains("filer") || approval(step, record, values, by: user) != nil && !step.requires.isEmpty
    }

    private func isExcluded(
        _ user: String, _ not: [String], _ record: Standing, _ values: [String: JSONValue]
    ) -> Bool {
        not.contains { name in
            if name == "filer" { return record.filers.contains(user) }
            return [record.values[name], values[name]].contains { DoorModel.names($0).contains(user) }
        }
    }

    static func values(_ values: [String: JSONValue], _ changes: [String: JSONValue]) -> [String: JSONValue] {
        values.merging(changes) { $1 }.filter { $0.value != .null }
    }

    private static func names(_ value: JSONValue?) -> [String] {
        (value?.string ?? "").split { " ,，、;；/\n\u{3000}".contains($0) }.map(String.init)
    }

    static func holds(_ condition: JSONValue?, _ values: [String: JSONValue]) -> Bool {
        for (field, wanted) in condition?.object ?? [:] {
            let options = wanted.array ?? [wanted]
            let found: Bool
            switch values[field] {
            case nil: found = options.contains(.null)
            case .array(let codes)?: found = options.contains("*") || codes.contains { options.contains($0) }
            case let value?: found = options.contains("*") || options.contains(value)
            }
            if !found { return false }
        }
        return true
    }

    // MARK: Rules over values

    /// Fields and rules that refuse the values in a state.
    func problems(_ kind: Kind, _ values: [String: JSONValue], _ state: String) -> [String] {
        var found = values.keys.filter { kind.field($0) == nil }
        found += kind.fields.filter { $0.isRequired && values[$0.name] == nil }.map(\.name)
        for rule in kind.constraints where rule["severity"]?.string != "warning" {
            guard rule["states"] == nil || DoorModel.texts(rule["states"]).contains(state),
                DoorModel.holds(rule["when"], values), DoorModel.breaks(rule, values)
            else { continue }
            found.append(rule["id"]?.string ?? "")
        }
        return found
    }

    private static func breaks(_ rule: JSONValue, _ values: [String: JSONValue]) -> Bool {
        if rule["refuse"]?.bool == true { return true }
        if rule["require"] != nil { return texts(rule["require"]).contains { values[$0] == nil } }
        if rule["forbid"] != nil { return texts(rule["forbid"]).contains { values[$0] != nil } }
        if rule["differ"] != nil {
            let both = texts(rule["differ"]).map { Set(names(values[$0])) }
            return !both[0].isDisjoint(with: both[1])
        }
        if rule["order"] != nil {
            let names = texts(rule["order"])
            guard let first = values[names[0]]?.string else { return false }
            return names.dropFirst().contains { values[$0]?.string.map { $0 < first } ?? false }
        }
        guard let within = rule["within"], let from = values[within["from"]?.string ?? ""]?.string,
            let to = values[within["to"]?.string ?? ""]?.string
        else { return false }
        // The only such rule counts in months, and the days that are tried here are in every month.
        let months = { (date: String) in (Int64(date.prefix(4)) ?? 0) * 12 + (Int64(date.dropFirst(5).prefix(2)) ?? 0) }
        let (distance, limit) = (months(to) - months(from), within["months"]?.integer ?? 0)
        return distance > limit || (distance == limit && to.suffix(2) > from.suffix(2))
    }
}
