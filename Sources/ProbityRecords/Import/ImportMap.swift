/// Which column of a table goes into which field of a kind.
///
/// A header may be a field's name, its label in either language or an alias; case, spacing and full-width letters do
/// not matter. A table of records other than officers has one column more that names the officer by police number. A
/// column `state` may say which state a record is filed in.
///
///     let map = try ImportMap.reading(kind: talk, header: ["警号", "谈话种类", "谈话日期"]).get()
///     let row = map.row(["990004", "约谈", "2026/5/11"])
public struct ImportMap: Sendable, Hashable {
    /// What is wrong with a header row.
    public struct Problem: Error, Sendable, Hashable {
        public enum Code: String, Sendable, CaseIterable {
            /// The header means no field of the kind.
            case unknownHeader
            /// Two columns mean the same field.
            case duplicateHeader
            /// No column means a required field, or the officer.
            case missingHeader
            /// A column would bring the reporter's identity into a record.
            case reporterIdentity
            /// The header cell is empty although the column has values.
            case emptyHeader
        }

        public let code: Code
        /// Position of the column, from 0; nil for a column that is missing.
        public let column: Int?
        /// The header as written, or the name of the field that is missing.
        public let header: String

        public init(code: Code, column: Int?, header: String) {
            self.code = code
            self.column = column
            self.header = header
        }

        /// The sentence for people. A column that is missing is called by the field's label, which is read as well.
        public func text(_ messages: MessageCatalogue, kind: RecordKind) -> String {
            let missing = header == ImportMap.officerColumn ? ImportMap.officerLabels : kind.field(header)?.labels
            let shown = code == .missingHeader ? missing?[messages.language] ?? header : header
            return messages.text(
                "import.\(code.rawValue)", ["header": shown, "column": column.map { String($0 + 1) } ?? ""])
        }
    }

    /// The problems of a header row, in the order of the columns, missing ones last.
    public struct Refusal: Error, Sendable, Hashable {
        public let problems: [Problem]
    }

    /// One row: the officer's number and the state where the table names them, and the texts by field name.
    public struct Row: Sendable, Hashable {
        public let officer: String?
        /// As written; nil where the table has no such column or the cell is empty. See ``RecordKind/state(named:)``.
        public let state: String?
        public let texts: [String: String]
    }

    private enum Target: Sendable, Hashable {
        case field(String)
        case officer
        case state
        case skipped
    }

    /// Name of the column that names the officer.
    public static let officerColumn = "policeNo"
    static let officerLabels = Labels(zh: "警号", en: "police number")
    private static let officerHeaders = Set(
        [officerColumn, officerLabels.zh, officerLabels.en, "人员警号", "officer", "police no"].map(Spelling.folded))
    private static let stateHeaders = Set(["state", "status", "状态", "办理状态"].map(Spelling.folded))

    private let targets: [Target]

    /// Reads a header row.
    ///
    /// - Parameters:
    ///   - renames: further headers by what they mean: a field's name, `policeNo` for the officer, `state`, or an empty
    ///     text for a column to skip. They win over the kind's own headers.
    /// - Returns: the map, or everything that is wrong with the row.
    public static func reading(
        kind: RecordKind, header: [String], renames: [String: String] = [:]
    ) -> Result<ImportMap, Refusal> {
        let namesOfficer = kind.field(officerColumn) == nil
        var known: [String: Target] = [:]
        for header in stateHeaders { known[header] = .state }
        if namesOfficer { for header in officerHeaders { known[header] = .officer } }
        for field in kind.fields {
            for text in [field.name, field.labels.zh, field.labels.en] + field.aliases {
                known[Spelling.folded(text)] = .field(field.name)
            }
        }
        for (header, meaning) in renames {
            let target = meaning.isEmpty ? .skipped : known[Spelling.folded(meaning)]
            if let target { known[Spelling.folded(header)] = target }
        }
        var problems: [Problem] = []
        var targets: [Target] = []
        var seen: Set<Target> = []
        for (column, text) in header.enumerated() {
            let folded = Spelling.folded(text)
            var target = known[folded]
            if kind.refusesReporterIdentity, ReporterIdentity.isFieldName(text) {
                problems.append(Problem(code: .reporterIdentity, column: column, header: text))
            } else if folded.isEmpty {
                problems.append(Problem(code: .emptyHeader, column: column, header: text))
            } else if target == nil {
                problems.append(Problem(code: .unknownHeader, column: column, header: text))
            } else if let found = target, found != .skipped, !seen.insert(found).inserted {
                problems.append(Problem(code: .duplicateHeader, column: column, header: text))
                target = .skipped
            }
            targets.append(target ?? .skipped)
        }
        if namesOfficer, !seen.contains(.officer) {
            problems.append(Problem(code: .missingHeader, column: nil, header: officerColumn))
        }
        for field in kind.fields where field.isRequired && !seen.contains(.field(field.name)) {
            problems.append(Problem(code: .missingHeader, column: nil, header: field.name))
        }
        guard problems.isEmpty else { return .failure(Refusal(problems: problems)) }
        return .success(ImportMap(targets: targets))
    }

    private init(targets: [Target]) { self.targets = targets }

    /// Takes a row apart. Cells that are missing at its end count as empty.
    ///
    /// - Returns: nil when the row has more cells than the header, because then no cell's place can be trusted.
    public func row(_ cells: [String]) -> Row? {
        guard cells.count <= targets.count else { return nil }
        var officer: String?
        var state: String?
        var texts: [String: String] = [:]
        for (target, cell) in zip(targets, cells) {
            switch target {
            case .field(let name): texts[name] = cell
            case .officer: officer = Spelling.halfWidth(cell)
            case .state: state = Spelling.trimmed(cell)
            case .skipped: continue
            }
        }
        return Row(officer: officer, state: state.flatMap { $0.isEmpty ? nil : $0 }, texts: texts)
    }
}

extension RecordKind {
    /// The header row of a blank import table, in one language.
    ///
    /// - Parameter language: nil for the English field names, which never change.
    public func templateHeader(_ language: Language?) -> [String] {
        let officer =
            field(ImportMap.officerColumn) == nil
            ? [language.map { ImportMap.officerLabels[$0] } ?? ImportMap.officerColumn] : []
        return officer + fields.map { field in language.map { field.labels[$0] } ?? field.name }
    }
}
