import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityRecords

// A step that waits for other users (审批). What they sign is one line of canonical JSON that says everything that was shown
// to them: which version it builds on, the step, the SHA-256 of what the record says afterwards (the values as canonical
// JSON), why. Note and values wait sealed under the record's dossier key, so that only who can open the file can read or sign:
//
//   sealed = nonce (24) ‖ XAES-256-GCM(dossier key, canonical JSON {"note", "values"}) ‖ tag (16)
//   associated data = "probity/proposal/v1" | suite | archive | dossier | epoch | number of the first row
//
// When the last signature is there the note goes into the version that it made, and whoever opens that version looks at the
// signatures again: a version that needs two persons and carries one is nobody's.

/// What is proposed about a record.
struct StepProposal: Equatable {
    let record: RecordID
    /// The version that it builds on.
    let base: RecordID
    let officer: OfficerID
    let kind: String
    let outcome: Workflow.Outcome
    let reason: String
    let proposedBy: String
    let proposedOn: CivilDate

    func text(archiveID: String) -> String {
        JSONValue.object([
            "v": .integer(1), "type": .string("step"), "archive": .string(archiveID), "record": .string(record.text),
            "base": .string(base.text), "officer": .string(officer.text), "kind": .string(kind),
            "step": .string(outcome.step), "state": .string(outcome.state),
            "values": .string(StepProposal.digest(outcome.values)),
            "reason": .string(reason), "by": .string(proposedBy), "on": .string(proposedOn.description),
        ]).canonicalText + "\n"
    }

    init(
        record: RecordID, base: RecordID, officer: OfficerID, kind: String, outcome: Workflow.Outcome, reason: String,
        proposedBy: String, proposedOn: CivilDate
    ) {
        self.record = record
        self.base = base
        self.officer = officer
        self.kind = kind
        self.outcome = outcome
        self.reason = reason
        self.proposedBy = proposedBy
        self.proposedOn = proposedOn
    }

    private static func digest(_ values: [String: JSONValue]) -> String {
        Hex.text(SHA256Digest.hash(JSONValue.object(values).canonicalBytes).bytes)
    }

    /// - Parameter values: what the record says after the step.
    /// - Throws: ``ArchiveError`` `integrity`, also where the text speaks of other values.
    init(text: String, values: [String: JSONValue], archiveID: String) throws {
        let value = try Certificate.line(text, type: "step", archiveID: archiveID)
        guard let record = value["record"]?.string.flatMap({ RecordID($0) }),
            let base = value["base"]?.string.flatMap({ RecordID($0) }),
            let officer = value["officer"]?.string.flatMap({ OfficerID($0) }), let kind = value["kind"]?.string,
            let step = value["step"]?.string, let state = value["state"]?.string,
            let reason = value["reason"]?.string, let by = value["by"]?.string,
            let on = value["on"]?.string.flatMap({ CivilDate($0) }),
            value["values"]?.string == StepProposal.digest(values)
        else { throw ArchiveError(.integrity, "a proposed step lacks a field or has one of another form") }
        self.init(
            record: record, base: base, officer: officer, kind: kind,
            outcome: Workflow.Outcome(step: step, state: state, values: values, approval: nil), reason: reason,
            proposedBy: by, proposedOn: on)
    }
}

extension Vault {
    private func proposalData(_ key: DossierKey, _ proposal: Int64) -> [UInt8] {
        Array(
            "probity/proposal/v1|\(Suite.intl.rawValue)|\(archive.header.archiveID)|\(key.dossier)|\(key.epoch)|\(proposal)"
                .utf8)
    }

    /// A proposed step that was opened.
    struct OpenedProposal {
        let proposal: StepProposal
        let note: SignedNote
        let place: ProposalRow.Place
    }

    /// Seals a proposed step as it waits.
    ///
    /// - Parameter first: number of the proposal's first row.
    func seal(_ note: SignedNote, _ values: [String: JSONValue], first: Int64, under key: DossierKey) throws -> [UInt8]
    {
        let body = JSONValue.object([
            "note": .string(String(decoding: note.bytes, as: UTF8.self)), "values": .object(values),
        ])
        return try key.cipher.seal(body.canonicalBytes, associatedData: proposalData(key, first))
    }

    /// Opens a proposed step that waits; nil where no key leads there.
    func open(_ row: ProposalRow, at place: ProposalRow.Place, _ db: Connection) throws -> OpenedProposal? {
        guard let key = try graph.dossierKey(place.dossier, epoch: place.epoch, db) else { return nil }
        let bytes = try Seal.opening("proposal \(row.first)") {
            try key.cipher.open(row.note, associatedData: proposalData(key, row.first))
        }
        guard let body = JSONReader.value(bytes), let text = body["note"]?.string, let values = body["values"]?.object,
            let note = Vault.parsed(text)
        else { throw ArchiveError(.integrity, "proposal \(row.first) has another form") }
        let proposal = try StepProposal(text: note.text, values: values, archiveID: archive.header.archiveID)
        guard proposal.record.dossier == place.dossier else {
            throw ArchiveError(.integrity, "proposal \(row.first) belongs to another dossier")
        }
        return OpenedProposal(proposal: proposal, note: note, place: place)
    }

    /// Nil for a text that is no signed note.
    private static func parsed(_ text: String) -> SignedNote? {
        do throws(LedgerError) { return try SignedNote(parsing: Array(text.utf8)) } catch { return nil }
    }

    /// Whether a version may stand where it stands, by the kind's declaration and the signatures that it carries.
    ///
    /// - Returns: who took the step; where several persons did, the one who proposed it.
    /// - Throws: ``ArchiveError`` `integrity`.
    func follow(_ version: OpenedVersion, after before: RecordEntry?, _ db: Connection) throws -> String {
        let content = version.content
        let place = "version \(RecordID(version.row.id))"
        guard let before else {
            let isLegal =
                content.isAsFound
                ? version.kind.pastStates.contains(content.state) : content.state == version.kind.initialState
            guard content.step == Workflow.fileStep, isLegal else {
                throw ArchiveError(.integrity, "\(place) begins where no record of its kind does")
            }
            return content.filedBy
        }
        func follow(by user: String?) throws(WorkflowRefusal) -> Step.Approval? {
            try Workflow.follow(
                content.step, of: version.kind, before.standing, to: content.state, values: content.values, by: user)
        }
        var approval: Step.Approval?
        do {
            approval = try follow(by: nil)
            // A note where none is asked for stands for nobody.
            if approval == nil { approval = try follow(by: content.filedBy) }
        } catch {
            throw ArchiveError(.integrity, "\(place) was made by no step of its kind")
        }
        guard let approval else { return content.filedBy }
        return try proposer(of: version, after: before, approval, place, db)
    }

    /// Looks at the signatures under a step that several persons took.
    private func proposer(
        of version: OpenedVersion, after before: RecordEntry, _ approval: Step.Approval, _ place: String,
        _ db: Connection
    ) throws -> String {
        let content = version.content
        guard let text = content.approval, let note = Vault.parsed(text) else {
            throw ArchiveError(.integrity, "\(place) lacks the signatures of those who approved it")
        }
        let signed = try StepProposal(
            text: note.text, values: content.values, archiveID: archive.header.archiveID)
        let expected = StepProposal(
            record: before.id, base: before.version, officer: content.officer, kind: content.kind,
            outcome: Workflow.Outcome(
                step: content.step, state: content.state, values: content.values, approval: nil),
            reason: content.reason ?? "", proposedBy: signed.proposedBy, proposedOn: signed.proposedOn)
        let signers = try Credentials(archive, db).signers(
            of: note, atLine: Int64(clamping: version.provenance.sequence))
        let approvers = Set(
            signers.filter { $0.user != signed.proposedBy && approval.roles.contains($0.role) }.map(\.user))
        guard signed == expected, signers.contains(where: { $0.user == signed.proposedBy }),
            approvers.contains(content.filedBy), approvers.count >= approval.count
        else { throw ArchiveError(.integrity, "\(place) lacks the signatures of those who approved it") }
        return signed.proposedBy
    }
}
