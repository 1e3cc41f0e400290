import CanonicalJSON
import ProbityCrypto
import ProbityRecords

/// Judges the rows of one import: whatever a single filing would refuse is refused here, row by row.
///
/// It remembers the digest of the rows that it let pass, so that no other rows are filed than those.
final class ImportJudge {
    private let kind: RecordKind
    private let actor: Actor
    private let roster: Roster
    private let vault: Vault
    private let today: CivilDate
    /// Officers by number: looking one up costs a keyed hash for every unit.
    private var officers = BoundedCache<String, Int64>(capacity: 65_536)
    /// Numbers and ID numbers of officers whom the file brings in.
    private var brought: Set<String> = []
    private var passed: RowStream

    init(_ kind: RecordKind, _ actor: Actor, _ roster: Roster, _ vault: Vault, today: CivilDate) {
        self.kind = kind
        self.actor = actor
        self.roster = roster
        self.vault = vault
        self.today = today
        passed = RowStream(kind)
    }

    /// What forbids filing a row; empty where nothing does.
    func problems(_ row: ImportRow, _ db: Connection) throws -> [RejectedRow.Problem] {
        guard case .values(let officer, let state, let values, let unread) = row else {
            guard case .rejected(let problems) = row else { return [] }
            return problems
        }
        guard let named = self.state(state) else {
            return [.init(field: "state", code: "import.stateUnknown", params: ["value": state ?? ""])]
        }
        let problems = fieldProblems(values, unread, state: named)
        if !problems.isEmpty { return problems.map { .init($0) } }
        let found =
            kind.id == "officer" ? try rosterProblems(values, db) : try officerProblems(officer ?? "", db)
        if found.isEmpty { passed.add(officer, state, values) }
        return found
    }

    /// The state that a row asks for; nil where no record of the kind may be filed in it by the actor.
    func state(_ text: String?) -> String? {
        guard let text else { return kind.initialState }
        guard let state = kind.state(named: text), kind.initialStates.contains(state) else { return nil }
        // As for a single filing: an officer's own reports are not approved by himself.
        let isHis = actor.role != .officer || actor.policy.decide(role: .officer, filing: kind, in: state).isAllowed
        return isHis ? state : nil
    }

    /// What could not be read, then what the kind refuses of the rest.
    private func fieldProblems(
        _ values: [String: JSONValue], _ unread: [FieldProblem], state: String
    ) -> [FieldProblem] {
        let unreadable = Set(unread.map(\.field))
        let found = kind.validate(values: values, state: state, today: today).filter {
            // A text that could not be read is no missing field.
            !unreadable.contains($0.field)
        }
        return (unread + found).filter { $0.severity == .error }
    }

    /// The officer of that number, whom the actor may file about.
    ///
    /// - Throws: ``ArchiveError`` `notVisible`, `invalidEntry`, `recusal`.
    func officer(_ number: String, _ db: Connection) throws -> Int64 {
        if let known = officers[number] { return known }
        let officer = try roster.locate(number, db)
        try actor.demandNoRecusal(officer)
        officers[number] = officer
        return officer
    }

    private func officerProblems(_ number: String, _ db: Connection) throws -> [RejectedRow.Problem] {
        func problem(_ code: String) -> [RejectedRow.Problem] {
            [.init(field: "policeNo", code: code, params: ["value": number])]
        }
        do {
            _ = try officer(number, db)
            return []
        } catch let error as ArchiveError {
            switch error.code {
            case .notVisible: return problem("import.officerUnknown")
            case .recusal: return problem("import.recusal")
            case .invalidEntry: return problem("import.officerAmbiguous")
            default: throw error
            }
        }
    }

    private func rosterProblems(_ values: [String: JSONValue], _ db: Connection) throws -> [RejectedRow.Problem] {
        var problems: [RejectedRow.Problem] = []
        for field in OfficerIndex.unique {
            guard let value = values[field.rawValue]?.string else { continue }
            if !brought.insert("\(field.rawValue)/\(OfficerIndex.normalized(value))").inserted {
                problems.append(.init(field: field.rawValue, code: "import.repeatedInFile"))
            } else if try !roster.officers(matching: value, in: field, db).isEmpty {
                problems.append(.init(field: field.rawValue, code: "import.officerExists"))
            }
        }
        if let unit = values["unit"]?.string {
            let isVisible = try vault.nearestVisible(NodePlace(category: .roster, unit: unit), db) != nil
            if try !isVisible || !UnitTable.has(unit, db) {
                problems.append(.init(field: "unit", code: "import.unitUnknown", params: ["value": unit]))
            }
        }
        return problems
    }

    /// Begins the comparison of the rows that are filed with those that passed; no more rows are judged.
    func comparison() -> Comparison { Comparison(kind, passed) }

    struct Comparison {
        private var filed: RowStream
        private var passed: RowStream

        fileprivate init(_ kind: RecordKind, _ passed: RowStream) {
            filed = RowStream(kind)
            self.passed = passed
        }

        mutating func add(_ row: ImportRow) {
            guard case .values(let officer, let state, let values, _) = row else { return }
            filed.add(officer, state, values)
        }

        /// - Throws: ``ArchiveError`` `changedSinceRead`.
        mutating func finish() throws {
            guard filed.digest() == passed.digest() else {
                throw ArchiveError(
                    .changedSinceRead, "the file changed while it was imported", rule: "import.changed")
            }
        }
    }
}

/// The digest of rows, one after the other: officer, state, and every field in the order of the kind, each with its type and
/// length.
private struct RowStream {
    private let fields: [String]
    private var hasher = SHA256()
    private var row: [UInt8] = []

    init(_ kind: RecordKind) { fields = kind.fields.map(\.name) }

    mutating func add(_ officer: String?, _ state: String?, _ values: [String: JSONValue]) {
        row.removeAll(keepingCapacity: true)
        append(officer)
        append(state)
        // A field that the kind does not have was refused in a row that passed.
        append(String(values.count))
        for field in fields {
            switch values[field] {
            case nil: row.append(0)
            case .string(let text)?:
                row.append(2)
                append(text)
            case let value?:
                row.append(1)
                append(value.canonicalText)
            }
        }
        hasher.update(row)
    }

    private mutating func append(_ text: String?) {
        let count = text.map { $0.utf8.count + 1 } ?? 0
        for shift in [24, 16, 8, 0] { row.append(UInt8(truncatingIfNeeded: count >> shift)) }
        if let text { row.append(contentsOf: text.utf8) }
    }

    mutating func digest() -> SHA256Digest { hasher.finish() }
}
