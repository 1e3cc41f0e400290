public import CanonicalJSON

extension RecordKind {
    /// The kind's values as a JSON Schema, for integrators.
    ///
    /// Rules over several fields are stated as `if`/`then` where JSON Schema can say them; those about persons, the
    /// order of dates or a single state are checked by the program only.
    ///
    /// Source: JSON Schema draft 2020-12.
    public func jsonSchema(_ language: Language) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        for field in fields { properties[field.name] = Self.schema(field, language) }
        var schema: [String: JSONValue] = [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": .string("urn:probity:kind:\(id)"),
            "title": .string(labels[language]),
            "$comment": .string(source),
            "type": "object",
            "additionalProperties": false,
            "properties": .object(properties),
            "required": .array(fields.filter(\.isRequired).map { .string($0.name) }),
        ]
        let rules = constraints.compactMap { conditional($0) }
        if !rules.isEmpty { schema["allOf"] = .array(rules) }
        return .object(schema)
    }

    private static func schema(_ field: Field, _ language: Language) -> JSONValue {
        var schema: [String: JSONValue] = ["title": .string(field.labels[language])]
        func codes(_ list: CodeList) -> JSONValue {
            .array(list.codes.map { ["const": .string($0.code), "title": .string($0.labels[language])] })
        }
        switch field.type {
        case .text, .longText:
            schema["type"] = "string"
            schema["minLength"] = 1
            schema["maxLength"] = .integer(Int64(field.maximumLength))
            if let pattern = field.pattern { schema["pattern"] = .string(pattern.text) }
            if field.format == .citizenID { schema["pattern"] = "^[0-9]{17}[0-9X]$" }
        case .date:
            schema["type"] = "string"
            schema["format"] = "date"
        case .integer:
            schema["type"] = "integer"
            if let minimum = field.minimum { schema["minimum"] = .integer(Int64(minimum)) }
            if let maximum = field.maximum { schema["maximum"] = .integer(Int64(maximum)) }
        case .decimal:
            schema["type"] = "string"
            schema["pattern"] = "^-?(0|[1-9][0-9]*)([.][0-9]+)?$"
        case .bool:
            schema["type"] = "boolean"
        case .code:
            schema["type"] = "string"
            if let list = field.codeList { schema["oneOf"] = codes(list) }
        case .codes:
            schema["type"] = "array"
            schema["minItems"] = 1
            schema["uniqueItems"] = true
            if let list = field.codeList { schema["items"] = ["type": "string", "oneOf": codes(list)] }
        case .officerRef, .recordRef:
            schema["type"] = "string"
            schema["pattern"] = "^[0-9A-Za-z._:/-]{1,64}$"
        }
        return .object(schema)
    }

    private func conditional(_ constraint: Constraint) -> JSONValue? {
        guard constraint.severity == .error, constraint.states == Set(states) else { return nil }
        func names(_ fields: [String]) -> JSONValue { .array(fields.map { .string($0) }) }
        let then: JSONValue
        switch constraint.demand {
        case .refuse: then = false
        case .require(let fields): then = ["required": names(fields)]
        case .forbid(let fields): then = ["not": ["anyOf": .array(fields.map { ["required": names([$0])] })]]
        case .among(let field, let values): then = ["properties": .object([field: ["enum": .array(values)]])]
        case .differ, .order, .within, .lasting, .persons, .notAfterToday, .named: return nil
        }
        let conditions = constraint.when.values.sorted { $0.key < $1.key }.map { condition($0.key, $0.value) }
        if conditions.isEmpty { return then }
        return ["$comment": .string(constraint.id), "if": ["allOf": .array(conditions)], "then": then]
    }

    /// That the field has one of the values; `null` stands for its absence, `"*"` for its presence.
    private func condition(_ name: String, _ accepted: [JSONValue]) -> JSONValue {
        let present: JSONValue = ["required": [.string(name)]]
        var choices: [JSONValue] = []
        if accepted.contains(.null) { choices.append(["not": present]) }
        if accepted.contains("*") { choices.append(present) }
        let values = accepted.filter { $0 != .null && $0 != "*" }
        if !values.isEmpty {
            let one: JSONValue = ["enum": .array(values)]
            let holds: JSONValue = field(name)?.type == .codes ? ["contains": one] : one
            choices.append(["required": [.string(name)], "properties": .object([name: holds])])
        }
        return choices.count == 1 ? choices[0] : ["anyOf": .array(choices)]
    }
}
