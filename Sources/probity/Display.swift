import CanonicalJSON
import ProbityRecords
import ProbityReports
import ProbityStore

/// How records are shown: labels of the reader's language, never an internal code where there is a word.
struct Display {
    let console: Console
    let catalogue: KindCatalogue
    let rules: RuleSet

    init(_ console: Console) throws {
        self.console = console
        self.catalogue = try KindCatalogue.standard()
        self.rules = try RuleSet.standard()
    }

    private var language: Language { console.language }

    func kind(_ id: String) -> String { catalogue.kind(id)?.labels[language] ?? id }
    func state(_ state: String) -> String { catalogue.stateLabel(state, language) }

    /// A value as text; codes by their names.
    func value(_ value: JSONValue, _ field: Field?) -> String {
        switch value {
        case .string(let text): return field?.codeList?.label(text, language) ?? text
        case .integer(let number): return String(number)
        case .bool(let flag): return console.text(flag ? "cli.yes" : "cli.no")
        case .array(let elements): return elements.map { self.value($0, field) }.joined(separator: "、")
        default: return value.canonicalText
        }
    }

    /// `list/code` as the code's name.
    func phrase(_ text: String) -> String {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return text }
        if parts[0] == "kind" { return kind(parts[1]) }
        return catalogue.codeList(parts[0])?.label(parts[1], language) ?? text
    }

    /// What rules say about a record beside its values: lateness, level.
    func derived(_ content: VersionContent) -> [(key: String, value: JSONValue, text: String)] {
        switch content.kind {
        case "majorEvent":
            guard let late = EventLateness(values: content.values, rules: rules) else { return [] }
            let text =
                late.lateDays > 0
                ? console.text("cli.late", ["days": String(late.days), "late": String(late.lateDays)])
                : console.text("cli.inTime", ["days": String(late.days)])
            return [
                ("days", .integer(Int64(late.days)), ""), ("lateDays", .integer(Int64(late.lateDays)), text),
                ("rule", .string(late.rule.ruleID), ""),
            ]
        case "drinkingRisk":
            guard let level = DrinkingLevel(values: content.values, on: content.occurredOn, rules: rules) else {
                return []
            }
            return [
                ("level", .string("L\(level.level)"), console.text("cli.drinkingLevel", ["level": "L\(level.level)"])),
                ("rule", .string(level.rule.ruleID), ""),
            ]
        default: return []
        }
    }

    func json(_ entry: RecordEntry) -> JSONValue {
        .object([
            "id": .string(entry.id.text), "version": .string(entry.version.text),
            "versions": .integer(Int64(entry.versionCount)), "category": .string(entry.category.rawValue),
            "kind": .string(entry.content.kind), "state": .string(entry.content.state),
            "officer": .string(entry.content.officer.text), "occurredOn": .string(entry.content.occurredOn.description),
            "filedOn": .string(entry.content.filedOn.description), "filedBy": .string(entry.content.filedBy),
            "dueOn": entry.dueOn.map { .string($0.description) } ?? .null, "values": .object(entry.content.values),
            "derived": .object(
                Dictionary(derived(entry.content).map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })),
        ])
    }

    func json(_ officer: OfficerEntry) -> JSONValue {
        var values = officer.values
        if let id = values["idNo"]?.string { values["idNo"] = .string(CitizenID.masked(id)) }
        return .object([
            "id": .string(officer.id.text), "record": .string(officer.record.text), "values": .object(values),
        ])
    }

    /// The fields of a record, a line each.
    func lines(_ content: VersionContent) -> [String] {
        guard let kind = catalogue.kind(content.kind) else { return [] }
        var table = TextTable(["", ""])
        for field in kind.fields {
            guard let value = content.values[field.name] else { continue }
            let text = field.format == .citizenID ? CitizenID.masked(value.string ?? "") : self.value(value, field)
            table.add(["  " + field.labels[language], text])
        }
        return Array(table.lines.dropFirst()) + derived(content).map(\.text).filter { !$0.isEmpty }.map { "  " + $0 }
    }

    /// One line for a list: date, kind, state, and the first words.
    func summary(_ content: VersionContent) -> String {
        guard let kind = catalogue.kind(content.kind) else { return "" }
        let codes = kind.fields.filter { $0.type == .code }.prefix(2).compactMap { field in
            content.values[field.name].map { value($0, field) }
        }
        return (codes + derived(content).map(\.text).filter { !$0.isEmpty }).joined(separator: " · ")
    }
}
