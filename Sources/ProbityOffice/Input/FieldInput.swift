import CanonicalJSON
import ProbityRecords

/// Fields of a record as people type them (`FIELD=VALUE`, in either language), read into values of a kind.
struct FieldInput {
    let kind: RecordKind
    /// By field name.
    private let texts: [String: String]
    private let wording: Wording

    /// - Throws: ``OfficeError`` for a text that is no `FIELD=VALUE`, and for a field that the kind does not have.
    init(_ fields: [String], of kind: RecordKind, _ wording: Wording) throws {
        var texts: [String: String] = [:]
        for field in fields {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw OfficeError(.usage, "cli.fieldForm", ["field": parts[0]]) }
            let name = try Named.field(parts[0], of: kind, wording.language)
            guard texts.updateValue(parts[1], forKey: name) == nil else {
                throw OfficeError(.usage, "cli.fieldTwice", ["field": parts[0]])
            }
        }
        self.kind = kind
        self.texts = texts
        self.wording = wording
    }

    /// The values of a whole record, and what is said about them that does not forbid filing.
    ///
    /// - Parameter today: refuses birth dates after this day.
    /// - Throws: ``OfficeError`` `invalidEntry` or `reporterIdentity` with a sentence for each problem.
    func values(today: CivilDate) throws -> (
        values: [String: JSONValue], warnings: [String]
    ) {
        let parsed = kind.parse(texts: texts, today: today)
        let sentences = parsed.problems.map { $0.text(wording.messages, kind: kind) }
        guard parsed.isValid else {
            let isReporter = parsed.problems.contains { $0.code == .reporterIdentity }
            throw OfficeError(
                isReporter ? .reporterIdentity : .invalidEntry, "cli.entryInvalid",
                ["kind": kind.labels[wording.language]], details: sentences)
        }
        return (parsed.values, sentences)
    }

    /// The fields of a record to change: an empty text removes one, which null says.
    ///
    /// - Throws: ``OfficeError`` `invalidEntry` for a text that cannot be read. The gate validates the whole.
    func changes() throws -> [String: JSONValue] {
        let read = kind.read(texts: texts).values
        var changes: [String: JSONValue] = [:]
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            changes[name] = text.isEmpty ? .null : read[name]
            guard changes[name] != nil else {
                throw OfficeError(
                    .invalidEntry, "cli.fieldValue",
                    ["field": kind.field(name)?.labels[wording.language] ?? name])
            }
        }
        return changes
    }
}
