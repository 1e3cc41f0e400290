import CanonicalJSON
import ProbityRecords
import ProbityStore

extension Vocabulary {
    /// The members of a record for programs.
    func members(_ entry: RecordEntry) -> [String: JSONValue] {
        let content = entry.content
        return [
            "id": .string(entry.id.text), "version": .integer(Int64(entry.versionCount)),
            "category": .string(entry.category.rawValue),
            "kind": .string(content.kind), "state": .string(content.state), "officer": .string(content.officer.text),
            "occurredOn": .string(content.occurredOn.description), "filedOn": .string(content.filedOn.description),
            "filedBy": .string(content.filedBy), "dueOn": entry.dueOn.map { .string($0.description) } ?? .null,
            "values": .object(catalogue.shown(content.values, of: content.kind)),
            "derived": DerivedFacts(content, self).json, "asFound": .bool(entry.isAsFound),
            "inForce": entry.inForce.map { .object(catalogue.shown($0.values, of: content.kind)) } ?? .null,
        ]
    }

    /// The members of a version of a record for programs.
    func members(_ version: VersionContent) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "state": .string(version.state), "filedOn": .string(version.filedOn.description),
            "filedBy": .string(version.filedBy),
            "proposedBy": version.proposedBy.map { .string($0) } ?? .null,
            "reason": version.reason.map { .string($0) } ?? .null, "asFound": .bool(version.isAsFound),
            "values": .object(catalogue.shown(version.values, of: version.kind)),
        ]
        if let intake = version.intake {
            members["intake"] = .object([
                "item": .string(intake.item.text), "officer": .string(CitizenID.masked(in: intake.officer)),
            ])
        }
        return members
    }

    /// Who took the step of a version: where two did, both.
    func takers(of version: VersionContent) -> String {
        version.proposedBy.map { text("cli.takers", ["proposer": $0, "user": version.filedBy]) } ?? version.filedBy
    }

    /// Which item of the tray a version was, and whom it named; empty for any other.
    func intake(_ version: VersionContent) -> String {
        version.intake.map {
            text("cli.intake", ["item": $0.item.text, "officer": CitizenID.masked(in: $0.officer)])
        } ?? ""
    }

    /// The state of a version.
    func state(of version: VersionContent) -> String { state(version.state, isAsFound: version.isAsFound) }

    /// The state of a record.
    func state(of record: RecordEntry) -> String { state(record.content.state, isAsFound: record.isAsFound) }

    /// A state that stood in the old files (旧档) says so: it must not look like somebody's signature here.
    private func state(_ state: String, isAsFound: Bool) -> String {
        isAsFound ? text("cli.asFound", ["state": self.state(state)]) : self.state(state)
    }

    /// An officer's name, and that he has left (离册).
    func name(_ officer: OfficerEntry) -> String {
        officer.hasLeft ? text("cli.leftName", ["name": officer.name]) : officer.name
    }

    /// The members of a roster entry for programs.
    func members(_ officer: OfficerEntry) -> [String: JSONValue] {
        [
            "left": .bool(officer.hasLeft),
            "id": .string(officer.id.text), "record": .string(officer.record.text),
            "values": .object(catalogue.shown(officer.values, of: "officer")),
        ]
    }

    /// What a version changes in the one before it, field by field: as it was and as it is.
    func changes(from before: [String: JSONValue], to after: [String: JSONValue], of kind: String) -> String {
        (catalogue.kind(kind)?.fields ?? []).filter { before[$0.name] != after[$0.name] }.map { field in
            func shown(_ values: [String: JSONValue]) -> String {
                values[field.name].map { value($0, field) } ?? text("cli.noValue")
            }
            return text("cli.change", ["field": self.field(field), "before": shown(before), "after": shown(after)])
        }.joined(separator: text("cli.listSeparator"))
    }

    /// The fields of a record that have a value, in the order of the form.
    func fields(_ values: [String: JSONValue], of kind: String) -> [RecordView.Field] {
        (catalogue.kind(kind)?.fields ?? []).compactMap { field in
            values[field.name].map {
                RecordView.Field(name: field.name, label: self.field(field), text: value($0, field))
            }
        }
    }

    /// Lists of what something came to (办理结果、查核结果), of which each code has a mark and words of its own in
    /// the message catalogue: 属实 and 失实 look alike, and mean the opposite.
    private static let outcomes: Set<String> = ["outcome", "verifyResult"]

    private static func isOutcome(_ field: Field) -> Bool { field.codeList.map { outcomes.contains($0.id) } ?? false }

    /// How a matter ended, in words that nobody takes for the opposite.
    private func outcomes(_ content: VersionContent, _ kind: RecordKind) -> [String] {
        kind.fields.filter(Vocabulary.isOutcome).compactMap { field in
            content.values[field.name]?.string.map { code in
                text("\(field.codeList?.id ?? "").shown.\(code)", ["outcome": value(.string(code), field)])
            }
        }
    }

    /// What became of a matter, where a date or a yes or no of its kind says it and a list must not hide it: revoked, lifted,
    /// not passed, not proven. Which fields those are, the message catalogue says.
    private func marks(_ content: VersionContent, _ kind: RecordKind) -> [String] {
        kind.fields.compactMap { field in
            let key: String
            switch (field.type, content.values[field.name]) {
            case (.date, .string?): key = "mark.\(kind.id).\(field.name)"
            case (.bool, .bool(let flag)?): key = "mark.\(kind.id).\(field.name).\(flag)"
            default: return nil
            }
            return wording.messages.contains(key)
                ? text(key, ["value": value(content.values[field.name] ?? .null, field)]) : nil
        }
    }

    /// The words of a list's line beside date, kind and state. Of a record whose correction waits, what is in force.
    func summary(_ entry: RecordEntry) -> String { summary(entry.inForce ?? entry.content) }

    /// The first codes, what became of it, and what rules say.
    func summary(_ content: VersionContent) -> String {
        guard let kind = catalogue.kind(content.kind) else { return "" }
        let codes = kind.fields.filter { $0.type == .code && !Vocabulary.isOutcome($0) }.prefix(2).compactMap { field in
            content.values[field.name].map { value($0, field) }
        }
        return (codes + outcomes(content, kind) + marks(content, kind) + DerivedFacts(content, self).sentences)
            .joined(separator: " · ")
    }
}
