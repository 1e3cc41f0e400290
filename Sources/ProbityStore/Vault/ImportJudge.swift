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
    private let workflow: Workflow.Context
    private let user: WorkflowActor
    /// Whether the rows are found in files of the time before the archive.
    private let isPast: Bool
    /// What the officer's leads come to, for kinds that ask.
    private let leads: (Int64, Connection) throws -> LeadStanding?
    /// Officers by number: looking one up costs a keyed hash for every unit.
    private var officers = BoundedCache<String, Int64>(capacity: 65_536)
    /// Numbers and ID numbers of officers whom the file brings in.
    private var brought: Set<String> = []
    private var passed: RowStream
    /// The day on which the archive began.
    private var firstDay: CivilDate?

    init(
        _ kind: RecordKind, _ actor: Actor, _ user: WorkflowActor, _ roster: Roster, _ vault: Vault, isPast: Bool,
        _ workflow: Workflow.Context, leads: @escaping (Int64, Connection) throws -> LeadStanding?
    ) {
        self.kind = kind
        self.actor = actor
        self.user = user
        self.roster = roster
        self.vault = vault
        self.isPast = isPast
        self.workflow = workflow
        self.leads = leads
        passed = RowStream(kind)
    }

    /// What forbids filing a row; empty where nothing does.
    func problems(_ row: ImportRow, _ db: Connection) throws -> [RejectedRow.Problem] {
        guard case .values(let officer, let state, let values, let unread) = row else {
            guard case .rejected(let problems) = row else { return [] }
            return problems
        }
        guard let start = start(state) else {
            let isPastState = state.flatMap(kind.state).map(kind.pastStates.contains) ?? false
            let code = isPastState ? "import.statePast" : "import.stateUnknown"
            return [.init(field: "state", code: code, params: ["value": state ?? ""])]
        }
        let (errors, unreadable) = (unread.filter { $0.severity == .error }, Set(unread.map(\.field)))
        var context = workflow
        if kind.asksForLeads {
            let found = try officerProblems(officer ?? "", db)
            guard found.isEmpty else { return errors.map { .init($0) } + found }
            context.leads = try leads(self.officer(officer ?? "", db), db)
        }
        do throws(WorkflowRefusal) {
            _ = try outcome(values, start, context)
            if !errors.isEmpty { return errors.map { .init($0) } }
        } catch {
            // A text that could not be read is no missing field.
            return errors.map { .init($0) } + problems(error).filter { !unreadable.contains($0.field) }
        }
        if case .past = start {
            let late = try notPast(values, db)
            guard late.isEmpty else { return late }
        }
        let found =
            kind.id == "officer" ? try rosterProblems(values, db) : try officerProblems(officer ?? "", db)
        if found.isEmpty { passed.add(officer, state, values) }
        return found
    }

    /// Where a record that a row brings in begins.
    enum Start {
        case initial
        case past(String)
    }

    /// The start that a row asks for; nil where no record of the import begins there.
    private func start(_ text: String?) -> Start? {
        guard let text else { return isPast ? kind.pastStates.first.map { .past($0) } ?? .initial : .initial }
        guard let state = kind.state(named: text) else { return nil }
        if state == kind.initialState { return .initial }
        return isPast && kind.pastStates.contains(state) ? .past(state) : nil
    }

    private func outcome(
        _ values: [String: JSONValue], _ start: Start, _ context: Workflow.Context
    ) throws(WorkflowRefusal) -> Workflow.Outcome {
        var past: String?
        if case .past(let state) = start { past = state }
        return try Workflow.file(kind, values: values, by: user, past: past, context)
    }

    /// The dates of what is said to be found in the old files, and does not lie before the archive began.
    private func notPast(_ values: [String: JSONValue], _ db: Connection) throws -> [RejectedRow.Problem] {
        if firstDay == nil { firstDay = try Ledger.firstDay(db) }
        guard let firstDay else { return [] }
        return kind.happenedFields.filter { name in
            // A record without its own date would be of the day on which it is entered.
            values[name]?.string.flatMap { CivilDate($0) }.map { $0 >= firstDay } ?? (name == kind.occurredOnField)
        }.map { .init(field: $0, code: "import.notPast", params: ["date": firstDay.description]) }
    }

    private func problems(_ refusal: WorkflowRefusal) -> [RejectedRow.Problem] {
        guard refusal.reason != .invalid else { return refusal.problems.map { .init($0) } }
        let error = ArchiveError(refusal, of: kind)
        return [
            .init(field: refusal.field, code: "error.workflow.\(refusal.reason.rawValue)", params: error.params)
        ]
    }

    /// A row that passed, as it is filed.
    struct Judged {
        let outcome: Workflow.Outcome
        let isAsFound: Bool
    }

    /// Decides a row that passed once more, where it is filed.
    ///
    /// - Parameter officer: nil in an import of officers.
    /// - Throws: ``ArchiveError`` `changedSinceRead`.
    func judged(
        _ state: String?, _ values: [String: JSONValue], officer: Int64?, _ db: Connection
    ) throws -> Judged {
        let changed = ArchiveError(.changedSinceRead, "the file changed while it was imported")
        guard let start = start(state) else { throw changed }
        guard kind.asksForLeads, let officer else {
            // That the values are those that passed is compared at the end (``Comparison``).
            if case .past(let state) = start {
                return Judged(
                    outcome: Workflow.Outcome(step: Workflow.fileStep, state: state, values: values), isAsFound: true)
            }
            return Judged(
                outcome: Workflow.Outcome(step: Workflow.fileStep, state: kind.initialState, values: values),
                isAsFound: false)
        }
        var context = workflow
        context.leads = try leads(officer, db)
        do throws(WorkflowRefusal) {
            let outcome = try outcome(values, start, context)
            return Judged(outcome: outcome, isAsFound: outcome.state != kind.initialState)
        } catch {
            throw ArchiveError(error, of: kind)
        }
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
        row.append(bigEndian: UInt32(values.count))
        for field in fields {
            switch values[field] {
            case nil: row.append(0)
            case .string(let text)?:
                row.append(2)
                append(text)
            case let value?:
                row.append(1)
                append(value.canonicalBytes)
            }
        }
        hasher.update(row)
    }

    private mutating func append(_ text: String?) {
        if let text { append(text.utf8) } else { row.append(bigEndian: UInt32(0)) }
    }

    private mutating func append(_ bytes: some Collection<UInt8>) {
        row.append(bigEndian: UInt32(bytes.count + 1))
        row.append(contentsOf: bytes)
    }

    mutating func digest() -> SHA256Digest { hasher.finish() }
}
