import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityRecords

// A step that waits for other users (审批). What they sign is one line of canonical JSON that says everything that was shown
// to them: the proposal's number, which version it builds on, the step, the SHA-256 of what the record says afterwards (the
// values as canonical JSON), why. Note and values wait sealed under the record's dossier key, so that only who can open the file can read or sign:
//
//   sealed = nonce (24) ‖ XAES-256-GCM(dossier key, canonical JSON {"note", "values"}) ‖ tag (16)
//   associated data = "probity/proposal/v1" | suite | archive | dossier | epoch | number of the first row
//
// When the last signature is there the note goes into the version that it made, and whoever opens that version looks at the
// signatures again: a version that needs two persons and carries one, or that somebody entitled had turned down, is nobody's.

/// What is proposed about a record.
struct StepProposal: Equatable {
    /// Of the proposal's first row.
    let number: Int64
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
            "v": .integer(1), "type": .string("step"), "archive": .string(archiveID), "proposal": .integer(number),
            "record": .string(record.text), "base": .string(base.text), "officer": .string(officer.text),
            "kind": .string(kind),
            "step": .string(outcome.step), "state": .string(outcome.state),
            "values": .string(StepProposal.digest(outcome.values)),
            "reason": .string(reason), "by": .string(proposedBy), "on": .string(proposedOn.description),
        ]).canonicalText + "\n"
    }

    init(
        number: Int64, record: RecordID, base: RecordID, officer: OfficerID, kind: String, outcome: Workflow.Outcome,
        reason: String, proposedBy: String, proposedOn: CivilDate
    ) {
        self.number = number
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
        guard let number = value["proposal"]?.integer, let record = value["record"]?.string.flatMap({ RecordID($0) }),
            let base = value["base"]?.string.flatMap({ RecordID($0) }),
            let officer = value["officer"]?.string.flatMap({ OfficerID($0) }), let kind = value["kind"]?.string,
            let step = value["step"]?.string, let state = value["state"]?.string,
            let reason = value["reason"]?.string, let by = value["by"]?.string,
            let on = value["on"]?.string.flatMap({ CivilDate($0) }),
            value["values"]?.string == StepProposal.digest(values)
        else { throw ArchiveError(.integrity, "a proposed step lacks a field or has one of another form") }
        self.init(
            number: number, record: record, base: base, officer: officer, kind: kind,
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

    /// Opens what a proposal's row seals; nil where no key leads there.
    func openNote(
        _ row: ProposalRow, at place: ProposalRow.Place, _ db: Connection
    ) throws -> (note: SignedNote, values: [String: JSONValue])? {
        guard let key = try graph.dossierKey(place.dossier, db) else { return nil }
        let bytes = try Seal.opening("proposal \(row.first)") {
            try key.cipher.open(row.note, associatedData: proposalData(key, row.first))
        }
        guard let body = JSONReader.value(bytes), let text = body["note"]?.string, let values = body["values"]?.object,
            let note = Vault.parsed(text)
        else { throw ArchiveError(.integrity, "proposal \(row.first) has another form") }
        return (note, values)
    }

    /// Opens a proposed step that waits; nil where no key leads there.
    func open(
        _ row: ProposalRow, at place: ProposalRow.Place, _ db: Connection
    ) throws -> (note: SignedNote, step: StepProposal)? {
        guard let (note, values) = try openNote(row, at: place, db) else { return nil }
        let proposal = try StepProposal(text: note.text, values: values, archiveID: archive.header.archiveID)
        guard proposal.record.dossier == place.dossier, proposal.number == row.first else {
            throw ArchiveError(.integrity, "proposal \(row.first) belongs to another dossier or number")
        }
        return (note, proposal)
    }

    /// Nil for a text that is no signed note.
    private static func parsed(_ text: String) -> SignedNote? {
        do throws(LedgerError) { return try SignedNote(parsing: Array(text.utf8)) } catch { return nil }
    }

    /// Who took the step of a version.
    struct Taking {
        /// Where several persons did, the one who proposed it.
        let user: String
        var approvers: Set<String> = []
        /// Nil for a first filing.
        var step: Step?
    }

    /// Whether a version may stand where it stands, by the kind's declaration, who took its step and the signatures that it
    /// carries.
    ///
    /// - Throws: ``ArchiveError`` `integrity`.
    func follow(_ version: OpenedVersion, after before: RecordEntry?, _ db: Connection) throws -> Taking {
        let content = version.content
        var place: String { "version \(RecordID(version.row.id))" }
        guard let filer = version.provenance.filer else {
            throw ArchiveError(.integrity, "\(place) was filed by nobody who served")
        }
        // Nobody handles his own file (回避).
        guard mayHandle(content.officer, filer.role, own: version.provenance.officer) else {
            throw ArchiveError(.integrity, "\(place) was filed by whom it is about")
        }
        let line = Int64(clamping: version.provenance.sequence)
        guard before.map({ $0.content.kind == content.kind }) ?? (version.row.record == version.row.id) else {
            throw ArchiveError(.integrity, "\(place) is of another kind or record than what it stands behind")
        }
        guard let before else {
            do {
                try Workflow.begin(
                    content.step, of: version.kind, in: content.state, values: content.values, by: filer,
                    isAsFound: content.isAsFound, archive.policy)
            } catch {
                throw ArchiveError(.integrity, "\(place) begins where no record of its kind does")
            }
            return Taking(user: content.filedBy)
        }
        func follow(by actor: WorkflowActor) throws -> Workflow.Following {
            do {
                return try Workflow.follow(
                    content.step, of: version.kind, before.standing, to: content.state, values: content.values,
                    by: actor, on: content.filedOn, archive.policy)
            } catch {
                throw ArchiveError(.integrity, "\(place) was made by no step of its kind")
            }
        }
        guard let text = content.approval, let note = Vault.parsed(text) else {
            let following = try follow(by: filer)
            guard following.approval == nil else { throw Vault.unsigned(place) }
            return Taking(user: content.filedBy, step: following.step)
        }
        let signed = try StepProposal(
            text: note.text, values: content.values, archiveID: archive.header.archiveID)
        let signers = try Credentials(archive, db).signers(of: note, atLine: line)
        guard let proposer = signers.first(where: { $0.user == signed.proposedBy }),
            mayHandle(content.officer, proposer)
        else { throw Vault.unsigned(place) }
        let following = try follow(by: actor(proposer, atLine: line, db))
        // A note where none is asked for stands for nobody.
        guard let approval = following.approval else {
            let alone = try follow(by: filer)
            guard alone.approval == nil else { throw Vault.unsigned(place) }
            return Taking(user: content.filedBy, step: alone.step)
        }
        func approves(_ signer: Certificate) throws -> Bool {
            try mayHandle(content.officer, signer)
                && mayApprove(
                    approval, version, before, proposedBy: proposer.user, by: actor(signer, atLine: line, db))
        }
        let approvers = Set(try signers.filter(approves).map(\.user))
        let expected = StepProposal(
            number: signed.number, record: before.id, base: before.version, officer: content.officer,
            kind: content.kind,
            outcome: Workflow.Outcome(
                step: content.step, state: content.state, values: content.values, approval: nil),
            reason: content.reason ?? "", proposedBy: signed.proposedBy, proposedOn: signed.proposedOn)
        guard signed == expected, approvers.contains(content.filedBy), approvers.count >= approval.count else {
            throw Vault.unsigned(place)
        }
        for denial in try ProposalReader(self, db).denials(of: signed.number, note.text)
        where denial.line < line && mayHandle(content.officer, denial.signer)
            && (denial.signer.user == proposer.user || approval.roles.contains(denial.signer.role))
        {
            throw ArchiveError(.integrity, "\(place) was turned down before it was filed")
        }
        return Taking(user: proposer.user, approvers: approvers, step: following.step)
    }

    private static func unsigned(_ place: String) -> ArchiveError {
        ArchiveError(.integrity, "\(place) lacks the signatures of those who approved it")
    }

    func mayHandle(_ officer: OfficerID, _ certificate: Certificate) -> Bool {
        mayHandle(officer, certificate.role, own: certificate.officer)
    }

    private func mayHandle(_ officer: OfficerID, _ role: Role, own: Int64?) -> Bool {
        if own != officer.number, role != .officer { return true }
        return archive.policy.recusal(
            role: role, user: own.map { OfficerID($0).text }, subjects: [officer.text], relatives: []
        ).isAllowed
    }

    /// Whether a signature under a version counts.
    private func mayApprove(
        _ approval: Step.Approval, _ version: OpenedVersion, _ before: RecordEntry, proposedBy proposer: String,
        by actor: WorkflowActor
    ) -> Bool {
        do throws(WorkflowRefusal) {
            try Workflow.mayApprove(
                approval, of: version.kind, step: version.content.step, before.standing,
                values: version.content.values, proposedBy: proposer, by: actor, archive.policy)
            return true
        } catch { return false }
    }
}
