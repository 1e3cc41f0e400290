import CanonicalJSON
import Foundation
import ProbityRecords

/// What kinds, states, codes and values are called: labels of the reader's language, never an internal code where there
/// is a word.
struct Vocabulary: Sendable {
    let wording: Wording
    let catalogue: KindCatalogue
    let rules: RuleSet

    init(_ wording: Wording) throws(SchemaError) {
        self.wording = wording
        catalogue = try KindCatalogue.standard()
        rules = try RuleSet.standard()
    }

    var language: Language { wording.language }

    func text(_ key: String, _ params: [String: String] = [:]) -> String { wording.text(key, params) }

    /// The sentence for `key`; nil where the catalogue has none: what comes from an archive may be of a later version.
    func known(_ key: String) -> String? { wording.messages.contains(key) ? text(key) : nil }

    func list(_ parts: [String]) -> String { parts.joined(separator: text("cli.listSeparator")) }
    func label(_ labels: Labels) -> String { labels[language] }
    /// How sure the rules are of a source, by its mark.
    func confidence(_ mark: String) -> String { known("confidence.\(mark)") ?? "–" }

    func kind(_ id: String) -> String { catalogue.kind(id)?.labels[language] ?? id }
    func kind(_ kind: RecordKind) -> String { kind.labels[language] }
    func state(_ state: String) -> String { catalogue.stateLabel(state, language) }
    func step(_ step: String) -> String { catalogue.codeList("transition")?.label(step, language) ?? step }
    func roles(_ roles: Set<Role>) -> String {
        list(Role.allCases.filter(roles.contains).map { role($0) })
    }
    func role(_ role: Role) -> String { role.label(language, in: catalogue) }
    func category(_ category: ProbityRecords.Category) -> String { category.label(language, in: catalogue) }
    func field(_ field: Field) -> String { field.labels[language] }

    /// A value as text, in the form that its field's declaration lets through; codes by their names.
    func value(_ value: JSONValue, _ field: Field?) -> String {
        switch field?.shown(value) ?? value {
        case .string(let text): field?.codeList?.label(text, language) ?? text
        case .integer(let number): String(number)
        case .bool(let flag): text(flag ? "cli.yes" : "cli.no")
        case .array(let elements): list(elements.map { self.value($0, field) })
        case let other: other.canonicalText
        }
    }

    /// `list/code` as the code's name.
    func phrase(_ text: String) -> String {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return text }
        if parts[0] == "kind" { return kind(parts[1]) }
        return catalogue.codeList(parts[0])?.label(parts[1], language) ?? text
    }

    /// Lists whose codes people type: the code stands behind its name.
    private static let typed: Set<String> = ["purpose", "transition"]

    /// A parameter of an ``ArchiveError``: references by their names, joined by ", ", each perhaps with words around it;
    /// anything else as it is.
    func phrases(_ text: String) -> String {
        text.components(separatedBy: ", ").map { item in
            item.components(separatedBy: " ").map(reference).joined(separator: " ")
        }.joined(separator: self.text("cli.listSeparator"))
    }

    private func reference(_ text: String) -> String {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return text }
        let (list, code) = (parts[0], parts[1])
        switch list {
        case "message": return self.text(code)
        case "list": return catalogue.codeList(code)?.labels[language] ?? code
        case "codes": return catalogue.codeList(code)?.offer(wording.messages) ?? code
        case "kind": return kind(code)
        case "field":
            let names = code.split(separator: ".", maxSplits: 1).map(String.init)
            guard names.count == 2, let field = catalogue.kind(names[0])?.field(names[1]) else { return code }
            return self.field(field)
        default:
            guard let codes = catalogue.codeList(list) else { return text }
            // What somebody typed that is no code stands for itself.
            guard let label = codes.label(code, language) else { return code }
            return Vocabulary.typed.contains(list)
                ? self.text("cli.typed", ["label": label, "code": code]) : label
        }
    }
}
