public import CanonicalJSON
import ProbityLedger
public import ProbityRecords

/// What became of a step: a version, or a proposal that waits for others.
public struct StepResult: Sendable {
    public let record: RecordID
    /// Number of the version that was filed, counting the record's first as 1; nil where the step waits.
    public let version: Int?
    /// The proposal that waits; nil where the step is in force.
    public let proposal: Int64?
    /// Whose signatures a proposal waits for.
    public let approval: Step.Approval?
    /// Users other than the proposer who could sign the proposal today, by name: their role, who they are and their grants
    /// allow it. Empty: it waits until somebody is granted the category.
    public let signers: [String]
}

extension Session {
    /// Files one record and returns its identifier. Filing needs no purpose.
    ///
    /// - Throws: ``ArchiveError`` `roleRefuses`, `recusal`, `notVisible`, `invalidEntry`, `reporterIdentity`, `stateForbids`.
    @discardableResult
    public func file(_ draft: RecordDraft) throws -> RecordID {
        try write(.recordAdd, [.kind: known(draft.kind, catalogue.kind(draft.kind) != nil), .query: draft.officer]) {
            run, writer in
            try file(draft, declaredKind(draft.kind), run, writer)
        }
    }

    /// The part of filing that taking in shares.
    ///
    /// - Parameter intake: the item of the tray that is filed.
    func file(
        _ draft: RecordDraft, _ kind: RecordKind, intake: VersionContent.Intake? = nil, _ run: ActRun,
        _ writer: RowWriter
    ) throws -> RecordID {
        guard kind.id != Session.officerKind else {
            throw ArchiveError(
                .invalidEntry, "officers are added with 'officer add'", subject: kind.id, rule: "officer.byAdd")
        }
        // Who may not file the kind at all learns nothing of whom he named.
        try demandRight(toFile: kind, run)
        let officer = try roster.locate(draft.officer, writer.db)
        try run.concerns(officer)
        let unit = try roster.entry(officer, writer.db).unit
        let context = try context(kind, officer: officer, unit: unit, writer.db)
        let outcome = try run.decide(kind) { () throws(WorkflowRefusal) in
            try Workflow.file(kind, values: draft.values, by: workflowActor, context)
        }
        let key = try vault.dossierKey(kind.category, officer: officer, unit: unit, in: writer)
        let id = try vault.insert(
            vault.content(outcome, kind, officer: officer, intake: intake), kind: kind, record: nil,
            version: vault.nextVersion(in: key.dossier, writer.db), key: key, in: writer)
        try signalLeads(after: kind, officer: officer, unit: unit, in: writer)
        run[.record] = RecordID(id).text
        return RecordID(id)
    }

    /// Corrects a record (更正): a new version with changed fields.
    ///
    /// - Parameters:
    ///   - kind: as whose kind the changes were read; another is refused. Nil asks nothing.
    ///   - changes: fields to set; null removes one.
    ///   - reason: why; a correction without a reason is refused.
    ///   - expected: number of the version that the caller read; nil takes whatever is newest.
    /// - Throws: ``ArchiveError`` as ``advance(_:step:changes:reason:)``; `changedSinceRead`.
    @discardableResult
    public func amend(
        _ record: RecordID, kind: String? = nil, changes: [String: JSONValue], reason: String,
        expected: Int? = nil
    ) throws -> StepResult {
        try write(.recordAmend, [.record: record.text, .reason: reason]) { run, writer in
            try take(Workflow.correctStep, record, kind, changes, reason, expected, run, writer)
        }
    }

    /// Withdraws a misfiled record (撤回): it never counts and stays visible.
    @discardableResult
    public func withdraw(_ record: RecordID, reason: String, expected: Int? = nil) throws -> StepResult {
        try write(.recordWithdraw, [.record: record.text, .reason: reason]) { run, writer in
            try take(Workflow.withdrawStep, record, nil, [:], reason, expected, run, writer)
        }
    }

    /// Takes one of the kind's steps (办理): another state, and the fields that the step brings.
    ///
    /// - Throws: ``ArchiveError`` `roleRefuses`, `needsSecondPerson`, `recusal`, `notVisible`, `stateForbids`, `invalidEntry`,
    ///   `reporterIdentity`; its `rule` tells them apart.
    @discardableResult
    public func advance(
        _ record: RecordID, step: String, kind: String? = nil, changes: [String: JSONValue] = [:], reason: String
    ) throws -> StepResult {
        try advance([record], step: step, kind: kind, changes: changes, reason: reason)[0]
    }

    /// Takes the same step of several records, all or none, as one act.
    @discardableResult
    public func advance(
        _ records: [RecordID], step: String, kind: String? = nil, changes: [String: JSONValue] = [:], reason: String
    ) throws -> [StepResult] {
        let names = records.map(\.text).joined(separator: " ")
        return try write(
            .recordAdvance,
            [
                .record: names, .reason: reason,
                .step: known(step, catalogue.codeList("transition")?.contains(step) ?? false),
            ]
        ) { run, writer in
            guard !records.isEmpty else {
                throw ArchiveError(.invalidEntry, "no record is named", subject: "record")
            }
            var officers: [String] = []
            return try records.map { record in
                // A refusal names everybody whose files were looked at before it, too.
                run[.officer] = nil
                defer {
                    if let officer = run[.officer], !officers.contains(officer) { officers.append(officer) }
                    run[.officer] = officers.isEmpty ? nil : officers.joined(separator: " ")
                }
                return try take(step, record, kind, changes, reason, nil, run, writer)
            }
        }
    }

    /// One step of one record: in force at once, or a proposal that waits for others.
    private func take(
        _ step: String, _ record: RecordID, _ expectedKind: String?, _ changes: [String: JSONValue],
        _ reason: String, _ expected: Int?, _ run: ActRun, _ writer: RowWriter
    ) throws -> StepResult {
        let entry = try vault.entry(record, writer.db)
        let kind = try declaredKind(entry.content.kind)
        let officer = entry.content.officer.number
        run[.kind] = kind.id
        try run.concerns(officer)
        guard !LineText.isBlank(reason) else {
            throw ArchiveError(.invalidEntry, "a new version needs a reason", subject: "reason", rule: "reason.missing")
        }
        guard expectedKind ?? kind.id == kind.id else {
            throw ArchiveError(
                .invalidEntry, "record \(record) is of another kind", subject: "kind", rule: "filing.kind",
                params: ["kind": "kind/\(kind.id)"])
        }
        if let expected, expected != entry.versionCount {
            throw ArchiveError(
                .changedSinceRead, "record \(record) has a newer version", subject: String(entry.versionCount),
                rule: "record.newer")
        }
        let unit = try roster.entry(officer, writer.db).unit
        let context = try context(
            kind, officer: officer, unit: unit, step: step, changes: changes, writer.db)
        let actor = try vault.actor(certificate, writer.db)
        let outcome = try run.decide(kind) { () throws(WorkflowRefusal) in
            try Workflow.take(step, of: kind, entry.standing, changes: changes, by: actor, context)
        }
        try demandNothingWaits(of: entry, writer.db)
        if let approval = outcome.approval {
            let proposal = try propose(outcome, of: entry, reason: reason, writer)
            run[.proposal] = String(proposal)
            let signers = try ProposalReader(vault, writer.db).signers(
                of: approval, outcome, of: kind, entry, proposedBy: user, unit: unit)
            return StepResult(
                record: record, version: nil, proposal: proposal, approval: approval, signers: signers)
        }
        _ = try insert(outcome, after: entry, kind, unit: unit, reason: reason, in: writer)
        return StepResult(
            record: record, version: entry.versionCount + 1, proposal: nil, approval: nil, signers: [])
    }

    /// Files the version that a step makes, and what follows from it.
    ///
    /// - Returns: the proposal that follows from it, as ``proposeLowering(after:officer:unit:in:)``.
    func insert(
        _ outcome: Workflow.Outcome, after entry: RecordEntry, _ kind: RecordKind, unit: String, reason: String,
        approval: SignedNote? = nil, in writer: RowWriter
    ) throws -> Int64? {
        let officer = entry.content.officer.number
        guard let key = try graph.dossierKey(entry.id.dossier, writer.db) else {
            throw ArchiveError(.notVisible, "no key for the dossier", rule: "key.missing")
        }
        let version = try vault.nextVersion(in: entry.id.dossier, writer.db)
        try vault.insert(
            vault.content(outcome, kind, officer: officer, reason: reason, approval: approval), kind: kind,
            record: entry.id.number, version: version, key: key, in: writer)
        if kind.category == .roster { roster.forget() }
        // What no reader would believe is not filed.
        guard try vault.entry(entry.id, writer.db).version.number == version else {
            throw ArchiveError(.integrity, "the step would come to a version that no reader believes")
        }
        return try proposeLowering(after: kind, officer: officer, unit: unit, in: writer)
    }

    // MARK: Parts that other acts use

    /// A code for a line's details: what is no code is somebody's text, and no line repeats it.
    func known(_ code: String, _ isCode: Bool) -> String { isCode ? code : "" }

    /// Who begins a record, or has the program take a step; for any other step see ``Vault/actor(_:_:)``.
    var workflowActor: WorkflowActor { WorkflowActor(user: user, role: role) }

    /// What the workflow needs to know beside a record about the officer and those whom changes name.
    ///
    /// - Parameter step: code of the step that is taken; nil for a first filing.
    func context(
        _ kind: RecordKind, officer: Int64, unit: String, step: String? = nil, changes: [String: JSONValue] = [:],
        _ db: Connection
    ) throws -> Workflow.Context {
        let asksForProtection = kind.steps.contains { $0.act == step && $0.guards.contains(.protectionMarked) }
        let named = kind.usersNamed(in: changes)
        let credentials = Credentials(archive, db)
        return Workflow.Context(
            policy: archive.policy, today: archive.now.date,
            leads: kind.asksForLeads ? try leadsToAnswer(officer: officer, unit: unit, db) : nil,
            protection: asksForProtection ? try protection(officer: officer, unit: unit, db) : nil,
            // Nobody handles what is about himself (回避).
            users: try named.filter { try credentials.certificate(of: $0).map { $0.officer != officer } ?? false })
    }

    /// The officer's protection as it is registered; nil where the user's keys do not open it, or something there was changed.
    private func protection(officer: Int64, unit: String, _ db: Connection) throws -> CaseProtection? {
        guard var protection = CaseProtection(on: archive.now.date, rules: try RuleSet.standard()) else { return nil }
        let category = ProbityRecords.Category.care
        guard try vault.nearestVisible(vault.place(category, unit: unit), db) != nil else { return nil }
        guard let dossier = try vault.trueDossier(category, officer: officer, unit: unit, db) else { return protection }
        guard try graph.dossierKey(dossier, db) != nil else { return nil }
        let (entries, setAside) = try vault.entries(in: dossier, category, officer: officer, db)
        if setAside.contains(.changed) { return nil }
        for entry in entries {
            protection.add(kind: entry.content.kind, state: entry.content.state, values: entry.content.values)
        }
        return protection
    }

    /// - Throws: ``ArchiveError`` `invalidEntry` for a kind that there is not.
    func declaredKind(_ id: String) throws -> RecordKind {
        guard let kind = catalogue.kind(id) else {
            throw ArchiveError(
                .invalidEntry, "there is no record kind \(id)", subject: "kind", rule: "kind.unknown",
                params: ["kind": id])
        }
        return kind
    }
}
