public import CanonicalJSON

extension RecordKind {
    /// What is wrong with a record's values; empty when nothing is.
    ///
    /// - Parameters:
    ///   - values: the fields that have a value; an absent field is left out, not null.
    ///   - state: the state the record is or will be in; the default initial state when nil.
    ///   - today: refuses birth dates, and whatever else cannot lie ahead, after this day; nil leaves that unchecked.
    ///   - rules: what the guards of the kind ask; those embedded in the program when nil.
    /// - Returns: problems in the order of the kind's fields, then those of its rules. Warnings do not forbid filing.
    public func validate(
        values: [String: JSONValue], state: String? = nil, today: CivilDate? = nil, rules: RuleSet? = nil
    ) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        for name in values.keys.filter({ field($0) == nil }).sorted() {
            problems.append(problem(unknown: name))
        }
        for field in fields {
            guard let value = values[field.name] else {
                if field.isRequired { problems.append(FieldProblem(field.name, .missing)) }
                continue
            }
            if let problem = check(field, value, values, today) { problems.append(problem) }
            if field.format == .citizenID, let warning = sexWarning(field, value, values) { problems.append(warning) }
        }
        for constraint in constraints {
            problems += constraint.problems(values, state: state ?? initialState, today: today, rules: rules)
        }
        return problems
    }

    /// Whether each value is of a field that the kind has, and of its type: what a reader asks. Bounds, formats and the kind's
    /// rules are asked where a record is filed, and may change afterwards.
    public func hasForm(of values: [String: JSONValue]) -> Bool {
        values.allSatisfy { name, value in
            guard let type = fieldTypes[name] else { return false }
            switch (type, value) {
            case (.text, .string), (.longText, .string), (.decimal, .string), (.code, .string), (.officerRef, .string),
                (.recordRef, .string), (.integer, .integer), (.bool, .bool), (.codes, .array):
                return true
            case (.date, .string(let text)): return CivilDate(text) != nil
            default: return false
            }
        }
    }

    /// What is wrong with a field that the kind does not have.
    func problem(unknown name: String) -> FieldProblem {
        let isReporter = refusesReporterIdentity && ReporterIdentity.isFieldName(name)
        return FieldProblem(name, isReporter ? .reporterIdentity : .unknownField)
    }

    private func check(
        _ field: Field, _ value: JSONValue, _ values: [String: JSONValue], _ today: CivilDate?
    ) -> FieldProblem? {
        func problem(_ code: FieldProblem.Code, _ params: [String: String] = [:]) -> FieldProblem {
            FieldProblem(field.name, code, params: params)
        }
        switch (field.type, value) {
        case (.text, .string(let text)), (.longText, .string(let text)):
            return checkText(field, text, values, today)
        case (.date, .string(let text)):
            return CivilDate(text) == nil ? problem(.badDate) : nil
        case (.integer, .integer(let number)):
            let low = field.minimum.map { Int64($0) } ?? .min
            let high = field.maximum.map { Int64($0) } ?? .max
            guard low <= high, (low...high).contains(number) else {
                return problem(
                    .outOfRange,
                    [
                        "minimum": field.minimum.map { String($0) } ?? "…",
                        "maximum": field.maximum.map { String($0) } ?? "…",
                    ])
            }
            return nil
        case (.decimal, .string(let text)):
            return Decimals.isCanonical(text) ? nil : problem(.badDecimal)
        case (.bool, .bool): return nil
        case (.code, .string(let code)):
            guard let list = field.codeList, list.contains(code) else {
                return problem(.notInList, ["list": field.codeList?.id ?? ""])
            }
            return nil
        case (.codes, .array(let elements)):
            let codes = elements.compactMap(\.string)
            guard codes.count == elements.count, !codes.isEmpty, Set(codes).count == codes.count else {
                return problem(.wrongType, ["type": field.type.rawValue])
            }
            guard let list = field.codeList, codes.allSatisfy(list.contains) else {
                return problem(.notInList, ["list": field.codeList?.id ?? ""])
            }
            return nil
        case (.officerRef, .string(let text)), (.recordRef, .string(let text)):
            return References.isReference(text) ? nil : problem(.badReference)
        default:
            return problem(.wrongType, ["type": field.type.rawValue])
        }
    }

    private func checkText(
        _ field: Field, _ text: String, _ values: [String: JSONValue], _ today: CivilDate?
    ) -> FieldProblem? {
        guard !text.isEmpty else { return FieldProblem(field.name, .missing) }
        guard text.utf8.count <= field.maximumLength || text.unicodeScalars.count <= field.maximumLength else {
            return FieldProblem(field.name, .tooLong, params: ["maximum": String(field.maximumLength)])
        }
        let isLong = field.type == .longText
        if LineText.hasControl(text, allowsLines: isLong) { return FieldProblem(field.name, .controlCharacter) }
        if let pattern = field.pattern, !pattern.matches(text) {
            return FieldProblem(field.name, .badPattern, params: ["pattern": pattern.text])
        }
        switch field.format {
        case .citizenID:
            do {
                let id = try CitizenID(text, today: today)
                // One number has one spelling, or the blind index would miss it.
                guard id.text == text else {
                    return FieldProblem(field.name, .citizenID, params: ["why": "characters"])
                }
            } catch {
                return FieldProblem(field.name, .citizenID, params: ["why": error.rawValue])
            }
        case .policeNo:
            let category = values["personCategory"]?.string
            guard policeNumbers.accepts(text, personCategory: category) else {
                return FieldProblem(
                    field.name, .policeNumber, params: ["pattern": category.flatMap(policeNumbers.pattern) ?? ""])
            }
        case nil: break
        }
        if refusesReporterIdentity ? ReporterIdentity.isSuspected(in: text) : ReporterIdentity.isNamed(in: text) {
            return FieldProblem(field.name, .reporterIdentity)
        }
        return nil
    }

    private func sexWarning(_ field: Field, _ value: JSONValue, _ values: [String: JSONValue]) -> FieldProblem? {
        guard let text = value.string, let sex = values["sex"]?.string, sex == "1" || sex == "2" else { return nil }
        do {
            return try CitizenID(text).sexCode == sex
                ? nil : FieldProblem(field.name, .citizenIDSex, severity: .warning)
        } catch {
            return nil  // A number that is wrong has been reported as an error already.
        }
    }
}

/// Decimal numbers as text: `-` optional, no leading zeros, at least one digit on each side of a point.
enum Decimals {
    static func isCanonical(_ text: String) -> Bool { canonical(text) == text }

    /// The canonical spelling of a number as people type it, thousands separators included; nil for anything else.
    static func canonical(_ input: String) -> String? {
        var text = Substring(input.filter { $0 != "," && $0 != "_" })
        var sign = ""
        if text.first == "-" {
            sign = "-"
            text = text.dropFirst()
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), text.utf8.count <= 40,
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        let whole = parts[0].drop(while: { $0 == "0" })
        let magnitude = (whole.isEmpty ? "0" : String(whole)) + (parts.count == 2 ? "." + parts[1] : "")
        let isZero = magnitude.utf8.allSatisfy { $0 == 0x30 || $0 == 0x2E }
        return (isZero ? "" : sign) + magnitude
    }
}

/// Identifiers of officers and records inside values.
enum References {
    static func isReference(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
                    || $0 == 0x2E || $0 == 0x5F || $0 == 0x3A || $0 == 0x2F
            }
    }
}
