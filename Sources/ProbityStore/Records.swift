public import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
public import ProbityRecords

/// What is to be filed about one officer.
public struct RecordDraft: Sendable {
    public let kind: String
    /// Number, ID number, name or identifier of the officer.
    public let officer: String
    public let values: [String: JSONValue]
    /// One of the kind's initial states; nil takes its first.
    public let state: String?

    public init(kind: String, officer: String, values: [String: JSONValue], state: String? = nil) {
        self.kind = kind
        self.officer = officer
        self.values = values
        self.state = state
    }
}

/// What a search asks for; nil leaves a thing open.
public struct RecordQuery: Sendable {
    public var kind: String?
    public var state: String?
    public var since: CivilDate?
    public var until: CivilDate?
    public var limit = 50
    /// Records after this one, as the answer before named it.
    public var cursor: RecordID?

    public init() {}
}

extension Session {
    // MARK: Filing

    /// Files one record and returns its identifier. Filing needs no purpose.
    ///
    /// - Throws: ``ArchiveError`` `roleRefuses`, `recusal`, `notVisible`, `invalidEntry`.
    @discardableResult
    public func file(_ draft: RecordDraft) throws -> RecordID {
        try write("record.add") { writer, details in
            try file(draft, writer, &details)
        }
    }

    func file(_ draft: RecordDraft, _ writer: BatchWriter, _ details: inout ActDetails) throws -> RecordID {
        details.fields["kind"] = draft.kind
        details.fields["query"] = draft.officer
        let kind = try declaredKind(draft.kind)
        try demand(
            archive.policy.decide(role: role, act: .file, category: kind.category, kind: kind.id),
            "record.add \(kind.id)")
        guard kind.id != "officer" else {
            throw ArchiveError(.invalidEntry, "officers are added with 'officer add'", subject: "officer")
        }
        let officer = try locate(draft.officer, writer.db)
        details.fields["officer"] = OfficerID(officer).text
        try demandNoRecusal(officer)
        let state = draft.state ?? kind.initialState
        guard kind.initialStates.contains(state) else {
            throw ArchiveError(.invalidEntry, "a \(kind.id) does not begin in state \(state)", subject: "state")
        }
        // An officer files his own reports; that they are approved is for others to say.
        if role == .officer {
            try demand(archive.policy.decide(role: role, filing: kind, in: state), "record.add \(state)")
        }
        try demandValid(draft.values, kind, state)
        let key = try dossierKey(for: officer, kind.category, in: writer)
        let id = try insertVersion(
            content(draft.values, kind, state, officer: officer, reason: nil), kind: kind, record: nil,
            version: nextVersionID(key.dossier, writer.db), key: key, in: writer)
        details.fields["record"] = RecordID(id).text
        return RecordID(id)
    }

    func declaredKind(_ id: String) throws -> RecordKind {
        guard let kind = catalogue.kind(id) else {
            throw ArchiveError(.invalidEntry, "there is no record kind \(id)", subject: "kind")
        }
        return kind
    }

    func demandValid(_ values: [String: JSONValue], _ kind: RecordKind, _ state: String) throws {
        let problems = kind.validate(values: values, state: state, today: today).filter { $0.severity == .error }
        guard let problem = problems.first else { return }
        let code: ArchiveError.Code = problem.code == .reporterIdentity ? .reporterIdentity : .invalidEntry
        throw ArchiveError(code, "\(problem.field): \(problem.rule ?? problem.code.rawValue)", subject: problem.field)
    }

    func content(
        _ values: [String: JSONValue], _ kind: RecordKind, _ state: String, officer: Int64, reason: String?
    ) -> VersionContent {
        let now = archive.now.date
        let columns = kind.clearColumns(values: values, state: state, filedOn: now)
        return VersionContent(
            officer: OfficerID(officer), kind: kind.id, state: state, occurredOn: columns.occurredOn, filedOn: now,
            filedBy: user, reason: reason, values: values)
    }

    /// The dossier key of an officer in a category; node and dossier are made at first use.
    func dossierKey(for officer: Int64, _ category: ProbityRecords.Category, in writer: BatchWriter) throws
        -> DossierKey
    {
        let unit = try rosterEntry(officer, writer.db).unit
        let place = NodePlace(category: category, unit: category.isSealed ? rootUnit : unit)
        let node = try graph.node(at: place, in: writer)
        if let dossier = try dossier(category, officer: officer, unit: unit, writer.db) {
            guard let key = try graph.dossierKey(dossier, writer.db) else {
                throw ArchiveError(.notVisible, "no key for the dossier")
            }
            return key
        }
        return try graph.makeDossier(category, officer: officer, below: node, in: writer)
    }

    /// Files a new version of a record with changed fields.
    ///
    /// - Parameters:
    ///   - changes: fields to set; null removes one.
    ///   - reason: why; a correction without a reason is refused.
    ///   - expected: the version that the caller read; nil takes whatever is newest.
    @discardableResult
    public func amend(
        _ record: RecordID, changes: [String: JSONValue], reason: String, expected: RecordID? = nil
    ) throws -> RecordID {
        try write("record.amend") { writer, details in
            let (entry, kind) = try subject(record, reason, expected, writer, &details)
            try demand(
                archive.policy.decide(role: role, act: .file, category: kind.category, kind: kind.id), "record.amend")
            guard kind.id != "officer" else {
                throw ArchiveError(.stateForbids, "a roster entry is not amended in this version")
            }
            guard !entry.isWithdrawn else { throw ArchiveError(.stateForbids, "the record is withdrawn") }
            var values = entry.content.values
            for (field, value) in changes { values[field] = value == .null ? nil : value }
            try demandValid(values, kind, entry.content.state)
            return try append(values, entry.content.state, reason, to: entry, kind, writer)
        }
    }

    /// Withdraws a misfiled record: it never counts and stays visible.
    @discardableResult
    public func withdraw(_ record: RecordID, reason: String) throws -> RecordID {
        try write("record.withdraw") { writer, details in
            let (entry, kind) = try subject(record, reason, nil, writer, &details)
            try demand(
                archive.policy.decide(role: role, act: .file, category: kind.category, kind: kind.id), "record.withdraw"
            )
            guard kind.id != "officer" else {
                throw ArchiveError(.stateForbids, "a roster entry is not withdrawn")
            }
            guard !entry.isWithdrawn else { throw ArchiveError(.stateForbids, "the record is withdrawn already") }
            return try append(entry.content.values, RecordEntry.withdrawnState, reason, to: entry, kind, writer)
        }
    }

    /// Takes one of the kind's steps: another state, and the fields that the step brings.
    @discardableResult
    public func advance(_ record: RecordID, step: String, changes: [String: JSONValue], reason: String) throws
        -> RecordID
    {
        try write("record.advance") { writer, details in
            let (entry, kind) = try subject(record, reason, nil, writer, &details)
            details.fields["step"] = step
            let steps = kind.allowedTransitions(from: entry.content.state)
            guard let transition = steps.first(where: { $0.act == step }) else {
                throw ArchiveError(
                    .stateForbids, "the record's state \(entry.content.state) does not allow '\(step)'",
                    subject: steps.map(\.act).joined(separator: ", "))
            }
            try demand(archive.policy.decide(role: role, taking: transition, of: kind), "record.advance \(step)")
            var values = entry.content.values
            for (field, value) in changes { values[field] = value == .null ? nil : value }
            try demandValid(values, kind, transition.to)
            if let problem = kind.problems(taking: transition, values: values).first {
                throw ArchiveError(
                    .stateForbids, "the step '\(step)' needs the field \(problem.field)", subject: problem.field)
            }
            return try append(values, transition.to, reason, to: entry, kind, writer)
        }
    }

    private func subject(
        _ record: RecordID, _ reason: String, _ expected: RecordID?, _ writer: BatchWriter, _ details: inout ActDetails
    ) throws -> (RecordEntry, RecordKind) {
        details.fields["record"] = record.text
        details.fields["reason"] = reason
        let entry = try visibleEntry(record, writer.db)
        let kind = try declaredKind(entry.content.kind)
        details.fields["officer"] = entry.content.officer.text
        try demandNoRecusal(entry.content.officer.number)
        guard !reason.allSatisfy(\.isWhitespace) else {
            throw ArchiveError(.invalidEntry, "a new version needs a reason", subject: "reason")
        }
        if let expected, expected != entry.version {
            throw ArchiveError(.changedSinceRead, "record \(record) has a newer version", subject: entry.version.text)
        }
        return (entry, kind)
    }

    private func append(
        _ values: [String: JSONValue], _ state: String, _ reason: String, to entry: RecordEntry, _ kind: RecordKind,
        _ writer: BatchWriter
    ) throws -> RecordID {
        let dossier = entry.id.dossier
        guard let key = try graph.dossierKey(dossier, writer.db) else {
            throw ArchiveError(.notVisible, "no key for the dossier")
        }
        let version = try nextVersionID(dossier, writer.db)
        try insertVersion(
            content(values, kind, state, officer: entry.content.officer.number, reason: reason), kind: kind,
            record: entry.id.number, version: version, key: key, in: writer)
        return RecordID(version)
    }

    // MARK: Reading

    /// The record, if the user's keys and role show it to him; otherwise the same error as for one that does not exist.
    func visibleEntry(_ record: RecordID, _ db: Database) throws -> RecordEntry {
        let notVisible = ArchiveError(.notVisible, "no record of that identifier is visible")
        guard
            let name = try String.fetchOne(
                db,
                sql: """
                    SELECT category FROM dossier WHERE id = ? AND batch NOT IN (SELECT id FROM openBatch)
                    """, arguments: [record.dossier]), let category = ProbityRecords.Category(rawValue: name)
        else { throw notVisible }
        guard try graph.dossierKey(record.dossier, db) != nil else { throw notVisible }
        guard
            let entry = try entries(dossier: record.dossier, category: category, officer: nil, db)
                .first(where: { $0.id == record })
        else { throw notVisible }
        return entry
    }

    /// One record with all its versions.
    public func show(_ record: RecordID) throws -> (entry: RecordEntry, versions: [VersionContent]) {
        try look("record.show") { db, details in
            details.fields["record"] = record.text
            let entry = try visibleEntry(record, db)
            details.fields["officer"] = entry.content.officer.text
            try demandRead(entry.category)
            try demandNoRecusal(entry.content.officer.number)
            try demandPurpose(&details)
            return record
        } reveal: { db, record in
            (try visibleEntry(record, db), try versions(of: record, db))
        }
    }

    /// The records of one officer, as much as the reader may see, oldest first.
    ///
    /// - Parameter kind: only this kind; one of a category that the role does not read is refused, not left out.
    public func records(of query: String, kind: String? = nil) throws -> (officer: OfficerEntry, records: [RecordEntry])
    {
        try look("record.list") { db, details -> (Int64, [ProbityRecords.Category]) in
            details.fields["query"] = query
            details.fields["kind"] = kind ?? ""
            let categories = try readable(kind)
            let officer = try locate(query, db)
            details.fields["officer"] = OfficerID(officer).text
            try demandNoRecusal(officer)
            try demandPurpose(&details)
            details.fields["categories"] = categories.map(\.rawValue).joined(separator: " ")
            return (officer, categories)
        } reveal: { db, plan in
            let (officer, categories) = plan
            let entry = try rosterEntry(officer, db)
            var found: [RecordEntry] = []
            for category in categories { found += try records(in: category, of: entry, db) }
            return (entry, found.filter { kind == nil || $0.content.kind == kind }.sorted(by: Session.byDate))
        }
    }

    static func byDate(_ one: RecordEntry, _ other: RecordEntry) -> Bool {
        (one.content.occurredOn, one.id.number) < (other.content.occurredOn, other.id.number)
    }

    /// Categories that the role reads, or the one of `kind`.
    private func readable(_ kind: String?) throws -> [ProbityRecords.Category] {
        if let kind {
            let category = try declaredKind(kind).category
            try demandRead(category)
            return [category]
        }
        let categories = ProbityRecords.Category.allCases.filter { category in
            category.isPerOfficer && archive.policy.decide(role: role, act: .read, category: category).isAllowed
        }
        // Nobody who reads nothing gets an empty answer that looks like a clean file.
        if categories.isEmpty { try demandRead(.roster) }
        return categories
    }

    /// The officer's records in a category; none where the user has no key there or there is no dossier.
    func records(in category: ProbityRecords.Category, of officer: OfficerEntry, _ db: Database) throws -> [RecordEntry]
    {
        let place = NodePlace(category: category, unit: category.isSealed ? rootUnit : officer.unit)
        guard try nearestVisible(place, db) != nil,
            let dossier = try dossier(category, officer: officer.id.number, unit: officer.unit, db),
            try graph.dossierKey(dossier, db) != nil
        else { return [] }
        return try entries(dossier: dossier, category: category, officer: officer.id.number, db)
    }

    /// Records of all officers in the user's scope that fit, in the order of their numbers.
    ///
    /// - Returns: at most `limit` entries with their officers, and the cursor of the next page; nil at the end.
    public func search(_ query: RecordQuery) throws -> (
        found: [(officer: OfficerEntry, record: RecordEntry)], next: RecordID?
    ) {
        try look("search") { db, details -> [ProbityRecords.Category] in
            details.fields["query"] = [
                query.kind.map { "kind=\($0)" }, query.state.map { "state=\($0)" },
                query.since.map { "since=\($0)" }, query.until.map { "until=\($0)" },
            ].compactMap { $0 }.joined(separator: " ")
            let categories = try readable(query.kind)
            try demandPurpose(&details)
            return categories
        } reveal: { db, categories in
            try matches(query, categories, db)
        }
    }

    private func matches(
        _ query: RecordQuery, _ categories: [ProbityRecords.Category], _ db: Database
    ) throws -> (found: [(officer: OfficerEntry, record: RecordEntry)], next: RecordID?) {
        var found: [(officer: OfficerEntry, record: RecordEntry)] = []
        let marks = Array(repeating: "?", count: categories.count).joined(separator: ", ")
        let dossiers = try Row.fetchCursor(
            db,
            sql: """
                SELECT id, category FROM dossier WHERE category IN (\(marks)) AND id >= ?
                AND batch NOT IN (SELECT id FROM openBatch) ORDER BY id
                """,
            arguments: StatementArguments(categories.map(\.rawValue)) + [query.cursor?.dossier ?? 0])
        while let row = try dossiers.next() {
            let dossier: Int64 = row["id"]
            guard let category = ProbityRecords.Category(rawValue: row["category"]),
                try graph.dossierKey(dossier, db) != nil
            else { continue }
            for entry in try entries(dossier: dossier, category: category, officer: nil, db) {
                if let cursor = query.cursor, entry.id.number <= cursor.number { continue }
                guard query.kind == nil || entry.content.kind == query.kind,
                    query.state == nil || entry.content.state == query.state,
                    query.since.map({ entry.content.occurredOn >= $0 }) ?? true,
                    query.until.map({ entry.content.occurredOn <= $0 }) ?? true,
                    entry.content.officer.number != certificate.officer
                else { continue }
                if found.count == query.limit { return (found, found.last?.record.id) }
                found.append((try rosterEntry(entry.content.officer.number, db), entry))
            }
        }
        return (found, nil)
    }
}
