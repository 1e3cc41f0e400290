public import CanonicalJSON
import ProbityRecords

extension Session {
    /// Files one record and returns its identifier. Filing needs no purpose.
    ///
    /// - Throws: ``ArchiveError`` `roleRefuses`, `recusal`, `notVisible`, `invalidEntry`.
    @discardableResult
    public func file(_ draft: RecordDraft) throws -> RecordID {
        try write(.recordAdd, [.kind: draft.kind, .query: draft.officer]) { run, writer in
            let kind = try declaredKind(draft.kind)
            try run.demandRight(in: kind.category, kind: kind.id, "record.add \(kind.id)")
            return try file(draft, kind, run, writer)
        }
    }

    /// The part of filing that taking in shares: who, in which state, what.
    func file(_ draft: RecordDraft, _ kind: RecordKind, _ run: ActRun, _ writer: RowWriter) throws -> RecordID {
        guard kind.id != "officer" else {
            throw ArchiveError(
                .invalidEntry, "officers are added with 'officer add'", subject: "officer", rule: "officer.byAdd")
        }
        let officer = try roster.locate(draft.officer, writer.db)
        try run.concerns(officer)
        let state = draft.state ?? kind.initialState
        guard kind.initialStates.contains(state) else {
            throw ArchiveError(
                .invalidEntry, "a \(kind.id) does not begin in state \(state)", subject: "state", rule: "state.initial",
                params: ["kind": "kind/\(kind.id)", "state": "state/\(state)"])
        }
        // An officer files his own reports; that they are approved is for others to say.
        if role == .officer {
            try run.demand(archive.policy.decide(role: role, filing: kind, in: state), "record.add \(state)")
        }
        try demandValid(draft.values, kind, state)
        let unit = try roster.entry(officer, writer.db).unit
        let key = try vault.dossierKey(kind.category, officer: officer, unit: unit, in: writer)
        let id = try vault.insert(
            vault.content(draft.values, kind, state, officer: officer), kind: kind, record: nil,
            version: vault.nextVersion(in: key.dossier, writer.db), key: key, in: writer)
        run[.record] = RecordID(id).text
        return RecordID(id)
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
        try change(.recordAmend, record, reason, expected) { run, entry, kind in
            try run.demandRight(in: kind.category, kind: kind.id, run.act.code)
            guard kind.id != "officer" else {
                throw ArchiveError(
                    .stateForbids, "a roster entry is not amended in this version", rule: "officer.noAmend")
            }
            guard !entry.isWithdrawn else {
                throw ArchiveError(.stateForbids, "the record is withdrawn", rule: "record.withdrawn")
            }
            let values = entry.content.values.changed(by: changes)
            try demandValid(values, kind, entry.content.state)
            return (values, entry.content.state)
        }
    }

    /// Withdraws a misfiled record: it never counts and stays visible.
    @discardableResult
    public func withdraw(_ record: RecordID, reason: String) throws -> RecordID {
        try change(.recordWithdraw, record, reason) { run, entry, kind in
            try run.demandRight(in: kind.category, kind: kind.id, run.act.code)
            guard kind.id != "officer" else {
                throw ArchiveError(.stateForbids, "a roster entry is not withdrawn", rule: "officer.noWithdraw")
            }
            guard !entry.isWithdrawn else {
                throw ArchiveError(.stateForbids, "the record is withdrawn already", rule: "record.withdrawn")
            }
            return (entry.content.values, RecordEntry.withdrawnState)
        }
    }

    /// Takes one of the kind's steps: another state, and the fields that the step brings.
    @discardableResult
    public func advance(_ record: RecordID, step: String, changes: [String: JSONValue], reason: String) throws
        -> RecordID
    {
        try change(.recordAdvance, record, reason) { run, entry, kind in
            run[.step] = step
            let steps = kind.allowedTransitions(from: entry.content.state)
            guard let transition = steps.first(where: { $0.act == step }) else {
                throw ArchiveError(
                    .stateForbids, "the record's state \(entry.content.state) does not allow '\(step)'",
                    subject: steps.map(\.act).joined(separator: ", "), rule: "step.notAllowed",
                    params: [
                        "state": "state/\(entry.content.state)",
                        "steps": steps.map { "transition/\($0.act)" }.joined(separator: ", "),
                    ])
            }
            try run.demand(archive.policy.decide(role: role, taking: transition, of: kind), "record.advance \(step)")
            let values = entry.content.values.changed(by: changes)
            try demandValid(values, kind, transition.to)
            if let problem = kind.problems(taking: transition, values: values).first {
                throw ArchiveError(
                    .stateForbids, "the step '\(step)' needs the field \(problem.field)", subject: problem.field,
                    rule: "step.needs",
                    params: ["step": "transition/\(step)", "field": "field/\(kind.id).\(problem.field)"])
            }
            return (values, transition.to)
        }
    }

    /// Files a new version of a record: `decide` says with which values and in which state.
    private func change(
        _ act: Act, _ record: RecordID, _ reason: String, _ expected: RecordID? = nil,
        _ decide: (ActRun, RecordEntry, RecordKind) throws -> (values: [String: JSONValue], state: String)
    ) throws -> RecordID {
        try write(act, [.record: record.text, .reason: reason]) { run, writer in
            let entry = try vault.entry(record, writer.db)
            let kind = try declaredKind(entry.content.kind)
            try run.concerns(entry.content.officer.number)
            guard !reason.allSatisfy(\.isWhitespace) else {
                throw ArchiveError(
                    .invalidEntry, "a new version needs a reason", subject: "reason", rule: "reason.missing")
            }
            if let expected, expected != entry.version {
                throw ArchiveError(
                    .changedSinceRead, "record \(record) has a newer version", subject: entry.version.text,
                    rule: "record.newer")
            }
            let (values, state) = try decide(run, entry, kind)
            guard let key = try graph.dossierKey(record.dossier, writer.db) else {
                throw ArchiveError(.notVisible, "no key for the dossier", rule: "key.missing")
            }
            let version = try vault.nextVersion(in: record.dossier, writer.db)
            try vault.insert(
                vault.content(values, kind, state, officer: entry.content.officer.number, reason: reason), kind: kind,
                record: record.number, version: version, key: key, in: writer)
            return RecordID(version)
        }
    }

    // MARK: Parts that other acts use

    /// - Throws: ``ArchiveError`` `invalidEntry` for a kind that there is not.
    func declaredKind(_ id: String) throws -> RecordKind {
        guard let kind = catalogue.kind(id) else {
            throw ArchiveError(
                .invalidEntry, "there is no record kind \(id)", subject: "kind", rule: "kind.unknown",
                params: ["kind": id])
        }
        return kind
    }

    /// - Throws: ``ArchiveError`` `invalidEntry` or `reporterIdentity`, whose subject is the field.
    func demandValid(_ values: [String: JSONValue], _ kind: RecordKind, _ state: String) throws {
        let problems = kind.validate(values: values, state: state, today: today).filter { $0.severity == .error }
        guard let problem = problems.first else { return }
        throw ArchiveError(problem, of: kind)
    }
}

extension [String: JSONValue] {
    /// The fields with some of them set; null removes one.
    func changed(by changes: [String: JSONValue]) -> [String: JSONValue] {
        var values = self
        for (field, value) in changes {
            // A nil literal would be the value null.
            if value == .null { values.removeValue(forKey: field) } else { values[field] = value }
        }
        return values
    }
}
