import CanonicalJSON
import ProbityRecords
import ProbityStore

extension ListForm where Entry == Field {
    /// The fields of a kind: what each takes.
    static var fields: ListForm {
        ListForm(
            schema: "field",
            columns: [
                Column("field", title: "schema.column.field") { $1.named($0.name, $0.labels) },
                Column("type", title: "schema.column.type") { $1.text("field.type.\($0.type.rawValue)") },
                Column("required", title: "schema.column.required") { $0.isRequired ? $1.text("cli.yes") : "" },
                Column("allowed", title: "schema.column.allowed") { $1.allowed($0) },
            ], members: { field, _ in ["name": .string(field.name), "type": .string(field.type.rawValue)] })
    }
}

/// A way in which a record of a kind comes to be or changes.
struct KindStep {
    let kind: RecordKind
    let step: String
    let roles: Set<Role>
    /// Nil where the record begins.
    let from: [String]?
    let to: String?
    let approvals: [Step.Approval]
    let isForAsFound: Bool
    let isByProgram: Bool

    /// The first filing.
    static func filing(_ kind: RecordKind, by roles: Set<Role>) -> KindStep {
        KindStep(
            kind: kind, step: "file", roles: roles, from: nil, to: kind.initialState, approvals: [],
            isForAsFound: false,
            isByProgram: kind.isDerived)
    }

    static func step(_ step: Step, of kind: RecordKind) -> KindStep {
        KindStep(
            kind: kind, step: step.act, roles: step.roles, from: kind.states.filter(step.from.contains), to: step.to,
            approvals: step.approvals, isForAsFound: step.isForAsFound,
            isByProgram: kind.isDerived && step.approvals.isEmpty)
    }
}

extension ListForm where Entry == KindStep {
    /// The steps of a kind: who takes each, from which state to which.
    static var steps: ListForm {
        ListForm(
            schema: "step",
            columns: [
                Column("step", title: "schema.column.step") { entry, words in
                    let name = words.named(entry.step, words.labels(ofStep: entry.step))
                    return entry.isForAsFound ? words.text("schema.asFound", ["step": name]) : name
                },
                Column("from", title: "schema.column.from") { entry, words in
                    entry.from.map { words.list($0.map { words.state($0) }) } ?? "–"
                },
                Column("to", title: "schema.column.to") { entry, words in
                    entry.to.map { words.state($0) } ?? words.text("schema.unchanged")
                },
                Column("roles", title: "schema.column.roles") { entry, words in
                    entry.isByProgram ? words.text("schema.byProgram") : words.roles(entry.roles)
                },
                Column("signed", title: "schema.column.signed") { entry, words in
                    words.list(entry.approvals.map { words.signers($0, of: entry.kind) })
                },
            ], members: { entry, _ in ["step": .string(entry.step)] })
    }
}

extension Vocabulary {
    /// Something that people type by its name or by its code.
    func named(_ code: String, _ labels: Labels?) -> String {
        text("cli.typed", ["label": labels.map(label) ?? code, "code": code])
    }

    /// Whose signatures a step needs, and when.
    fileprivate func signers(_ approval: Step.Approval, of kind: RecordKind) -> String {
        let signers = text("schema.signers", ["roles": roles(approval.roles), "count": String(approval.count)])
        func name(_ field: String) -> String { kind.field(field).map { self.field($0) } ?? field }
        var conditions = kind.fields.compactMap { field -> String? in
            approval.conditions[field.name].map { values in
                let accepted = list(
                    values.map {
                        $0 == "*" ? text("schema.anyValue") : $0 == .null ? text("cli.noValue") : value($0, field)
                    })
                return text("schema.when", ["field": self.field(field), "value": accepted])
            }
        }
        conditions += approval.lowers.map { text("schema.lowers", ["field": name($0)]) }
        conditions += approval.excludedFields.map { text("schema.notNamed", ["field": name($0)]) }
        if approval.isForOthers { conditions.append(text("schema.forOthers")) }
        return conditions.isEmpty
            ? signers : text("schema.conditional", ["signers": signers, "conditions": list(conditions)])
    }

    fileprivate func labels(ofStep step: String) -> Labels? {
        catalogue.codeList("transition")?.codes.first { $0.code == step }?.labels
    }

    /// What a field takes beyond its type: its codes, bounds or form.
    fileprivate func allowed(_ field: Field) -> String {
        if let codes = field.codeList { return list(codes.codes.map { named($0.code, $0.labels) }) }
        switch (field.type, field.minimum, field.maximum) {
        case (.date, _, _): return "YYYY-MM-DD"
        case (.bool, _, _): return list([text("cli.yes"), text("cli.no")])
        case (_, let minimum?, let maximum?):
            return text("schema.range", ["minimum": String(minimum), "maximum": String(maximum)])
        case (_, let minimum?, nil): return text("schema.atLeast", ["minimum": String(minimum)])
        case (_, nil, let maximum?): return text("schema.atMost", ["maximum": String(maximum)])
        default: return field.pattern?.text ?? ""
        }
    }
}
