import ProbityRecords

// Refusals that several acts share. What else an act refuses is said where it does.

extension ArchiveError {
    /// A field that the kind refuses: `invalidEntry` or `reporterIdentity`, whose subject is the field.
    init(_ problem: FieldProblem, of kind: RecordKind) {
        var params = problem.params
        let field = kind.field(problem.field)
        params["field"] = field == nil ? problem.field : "field/\(kind.id).\(problem.field)"
        if let list = field?.codeList {
            params["list"] = "list/\(list.id)"
            params["codes"] = "codes/\(list.id)"
        }
        if let why = params["why"] { params["why"] = "message/citizenID.\(why)" }
        self.init(
            problem.code == .reporterIdentity ? .reporterIdentity : .invalidEntry,
            "\(problem.field): \(problem.rule ?? problem.code.rawValue)", subject: problem.field,
            rule: problem.messageKey, params: params)
    }

    /// There is no such unit. The organisation tree is open to every user, so the refusal says which there are.
    init(noUnit unit: String, _ code: Code, _ organisation: Organisation) {
        self.init(
            code, "there is no unit \(unit)", subject: unit, rule: "unit.unknown", params: ["unit": unit],
            misnomer: Misnomer(unit, of: organisation.names))
    }

    /// No key of the user's leads to a place: the same answer whether or not there is something.
    init(noKeyFor place: NodePlace) {
        self.init(
            .notVisible, "no key for \(place.category.rawValue) at unit \(place.unit)", rule: "key.unit",
            params: ["category": "category/\(place.category.rawValue)", "unit": place.unit])
    }
}
