public import CanonicalJSON
import ProbityCrypto
import ProbityLedger
public import ProbityRecords

/// What waits for other users (待审批), as somebody sees it who may sign or has proposed it.
public struct ProposalEntry: Sendable {
    /// What it is about.
    public enum Matter: Sendable {
        case certificate(Certificate)
        case grant(GrantEntry)
        case step(StepMatter)
    }

    public let id: Int64
    public let matter: Matter
    /// Who has signed so far; the first proposed it.
    public let signers: [String]
    /// Whose signature it waits for next.
    public let missing: MissingSignature
    /// The first half of the SHA-256 of the text that is signed: two persons compare it before they sign.
    public let fingerprint: String
    public let proposedOn: CivilDate
    public let fate: ProposalFate
}

/// What the queue holds for a user.
public struct ProposalQueue: Sendable {
    /// What he may sign, and what he proposed; of that also what has come to an end lately.
    public let entries: [ProposalEntry]
    /// Numbers of proposals with rows that are not what they should be: each was left out as far as that goes.
    public let damaged: [Int64]
}

/// What came of a proposal.
public enum ProposalFate: Sendable, Hashable {
    case waiting, inForce
    /// The record, certificate or grant it builds on was replaced.
    case overtaken
    /// Whoever proposed the step has left since, or has another certificate.
    case lapsed
    case denied(by: String, on: CivilDate, reason: String)
}

/// A step of a record that waits.
public struct StepMatter: Sendable {
    /// The record as it stands.
    public let record: RecordEntry
    public let officer: OfficerEntry
    /// Code of the step (code list `transition`).
    public let step: String
    /// The state after it.
    public let state: String
    /// What it changes: the field, what the record says now, what it will say.
    public let changes: [Change]
    public let reason: String
    public let proposedBy: String
    public let proposedOn: CivilDate

    public struct Change: Sendable {
        public let field: String
        public let before: JSONValue?
        public let after: JSONValue?
    }
}

/// Whose signature something still lacks.
public enum MissingSignature: Sendable, Hashable {
    /// Of a certificate or grant.
    case credential(MissingCredential)
    /// Of a step: so many more of these roles.
    case approvers(roles: Set<Role>, count: Int)
}

/// A signature that a certificate, a leave or a grant lacks.
public enum MissingCredential: String, Sendable, Hashable, CustomStringConvertible {
    case own, administrators, security, roleHolder, secondAdministrator, endedCertificate

    public var description: String {
        switch self {
        case .own: "the user's own signature"
        case .administrators: "the administrators' signatures"
        case .security: "the security administrator's signature"
        case .roleHolder: "the signature of a serving holder of the role"
        case .secondAdministrator: "a second administrator's signature"
        case .endedCertificate: "a certificate that it ends"
        }
    }
}

/// A proposed step that was opened.
struct OpenedProposal {
    let proposal: StepProposal
    /// By which whoever proposed it served then.
    let proposer: Certificate
    let place: ProposalRow.Place
}

/// Something that waits, with the signatures that it has gathered.
struct Proposal {
    enum Subject {
        case certificate(Certificate)
        case grant(Grant)
        case step(OpenedProposal)
    }

    /// The number of the first row, by which people know the proposal.
    let id: Int64
    /// The text with all its signatures.
    let note: SignedNote
    let subject: Subject
    /// Who made it.
    let proposedBy: String
    let proposedOn: CivilDate
    let fate: ProposalFate
    /// When it came to an end, where that is known.
    let closedOn: CivilDate?

    /// Whether it can still come into force.
    var isOpen: Bool { fate == .waiting }

    /// The user concerned; for a step, who proposed it.
    var user: String {
        switch subject {
        case .certificate(let certificate): certificate.user
        case .grant(let grant): grant.user
        case .step: proposedBy
        }
    }

    /// Of what is signed.
    var fingerprint: String { Fingerprint.text(Array(note.text.utf8)) }
}

/// Reads proposals as one user's keys open them.
///
/// Everybody who can write to the file can write rows here. A row counts for what its signatures say: a signature's row that
/// is not over the proposal's text, and a denial of nobody entitled, are set aside and told.
struct ProposalReader {
    let vault: Vault
    let credentials: Credentials
    let db: Connection

    init(_ vault: Vault, _ db: Connection) {
        self.vault = vault
        self.db = db
        credentials = Credentials(vault.archive, db)
    }

    var archive: Archive { vault.archive }

    /// What there is.
    struct Found {
        var proposals: [Proposal] = []
        var damaged: [Int64] = []
        /// Dossiers of steps that the user's keys do not open.
        var closed: Set<Int64> = []
    }

    /// - Parameter dossier: reads only the steps of one; those of others are not even opened.
    func all(of dossier: Int64? = nil) throws -> Found {
        var order: [Int64] = []
        var rows: [Int64: [ProposalRow]] = [:]
        for row in try ProposalTable.all(of: dossier, db) {
            if rows[row.first] == nil { order.append(row.first) }
            rows[row.first, default: []].append(row)
        }
        var found = Found()
        for id in order {
            let (proposal, isDamaged) = try read(rows[id] ?? [])
            if let proposal {
                found.proposals.append(proposal)
            } else if !isDamaged, let place = rows[id]?.first(where: { $0.id == id })?.place {
                found.closed.insert(place.dossier)
            }
            if isDamaged { found.damaged.append(id) }
        }
        return found
    }

    /// The proposal of this number; nil where there is none, or none that the user's keys open.
    func numbered(_ id: Int64) throws -> Proposal? { try read(ProposalTable.rows(of: id, db)).proposal }

    /// Nil where `body` met bytes that are not what they should be.
    func sound<T>(_ body: () throws -> T) throws -> T? {
        do {
            return try body()
        } catch let error as ArchiveError where error.code == .integrity || error.code == .unsupported {
            return nil
        } catch is CryptoError {
            return nil
        } catch is LedgerError {
            return nil
        }
    }

    /// - Returns: no proposal for rows that no key of the user's opens, or whose first is damaged.
    private func read(_ rows: [ProposalRow]) throws -> (proposal: Proposal?, isDamaged: Bool) {
        if rows.isEmpty { return (nil, false) }
        // Numbers are drawn in order: what stands before the row that begins it was put there.
        guard let first = rows.first(where: { $0.id == $0.first }), first.kind != .denial,
            let line = try sound({ try self.line(of: first) }),
            let begun = try sound({ try open(first, begunAt: line) })
        else { return (nil, true) }
        guard var (note, subject) = begun else { return (nil, false) }
        let by: String
        if case .step(let opened) = subject {
            by = opened.proposal.proposedBy
        } else {
            by = note.signatures.first.flatMap { archive.header.names.userID($0.name) } ?? ""
        }
        var isDamaged = rows.contains { $0.id < first.id }
        for row in rows where row.id > first.id && row.kind != .denial {
            let next = row.kind == first.kind ? try sound { try open(row, begunAt: line) } : nil
            guard let next, let (signed, opened) = next, signed.text == note.text,
                let joined = try sound({ try joined(note, signed, opened) })
            else {
                isDamaged = true
                continue
            }
            (note, subject) = (joined, opened)
        }
        var ended: (fate: ProposalFate, on: CivilDate?)?
        for row in rows where row.id > first.id && row.kind == .denial {
            let denial = try denial(row, of: note.text)
            guard let denial,
                let isEntitled = try sound({ try denial.signer.user == by || concerns(subject, denial.signer) }),
                isEntitled
            else {
                isDamaged = true
                continue
            }
            ended = ended ?? (.denied(by: denial.signer.user, on: denial.on, reason: denial.reason), denial.on)
        }
        guard let day = try sound({ try self.day(of: first) }),
            let close = try sound({ try ended ?? end(subject, note) })
        else { return (nil, true) }
        return (
            Proposal(
                id: first.id, note: note, subject: subject, proposedBy: by, proposedOn: day, fate: close.fate,
                closedOn: close.on), isDamaged
        )
    }

    /// A note with the signatures of another row of the same text that hold today: no row takes away what another brought.
    ///
    /// A wrong signature in somebody's name would make the note invalid for him, so it is left out.
    private func joined(_ note: SignedNote, _ other: SignedNote, _ subject: Proposal.Subject) throws -> SignedNote {
        var newcomer: Certificate?
        if case .certificate(let certificate) = subject { newcomer = certificate }
        return try other.signatures.reduce(note) { note, signature in
            guard !note.signatures.contains(signature) else { return note }
            let alone = try SignedNote(text: note.text, signatures: [signature])
            return try credentials.signers(of: alone, subject: newcomer).isEmpty ? note : note.adding(signature)
        }
    }

    /// A row's text with its signatures; nil for a step that no key of the user's opens.
    ///
    /// - Parameter line: the ledger line of the proposal's first row.
    private func open(_ row: ProposalRow, begunAt line: Int64) throws -> (SignedNote, Proposal.Subject)? {
        switch row.kind {
        case .certificate:
            let note = try credentials.parsed(row.note)
            return (note, .certificate(try Certificate(text: note.text, archiveID: archive.header.archiveID)))
        case .grant:
            let note = try credentials.parsed(row.note)
            return (note, .grant(try Grant(text: note.text, archiveID: archive.header.archiveID)))
        case .step:
            guard let place = row.place else { throw ArchiveError(.integrity, "a step stands nowhere") }
            guard let (note, step) = try vault.open(row, at: place, db) else { return nil }
            // Nobody proposes in another's name.
            let signers = try credentials.signers(of: note, atLine: line)
            guard let proposer = signers.first(where: { $0.user == step.proposedBy }) else {
                throw ArchiveError(.integrity, "a step is proposed by somebody who did not sign it")
            }
            return (note, .step(OpenedProposal(proposal: step, proposer: proposer, place: place)))
        case .denial, nil:
            throw ArchiveError(.integrity, "a proposal of an unknown kind stands in the archive")
        }
    }

    /// The ledger line that brought a row; the next one for what the act under way has made.
    private func provenance(of row: ProposalRow) throws -> Provenance {
        try vault.provenance(of: row.mark, db)
    }

    private func line(of row: ProposalRow) throws -> Int64 { Int64(clamping: try provenance(of: row).sequence) }

    /// The day on which a row was written, as far as others can tell (``LineDays``).
    func day(of row: ProposalRow) throws -> CivilDate {
        let provenance = try provenance(of: row)
        return try vault.days.day(
            provenance.day ?? archive.now.date, line: provenance.sequence, of: provenance.actor,
            Vouching(archive, db, credentials), db)
    }

    /// What became of a proposal that nobody turned down.
    private func end(_ subject: Proposal.Subject, _ note: SignedNote) throws -> (fate: ProposalFate, on: CivilDate?) {
        switch subject {
        case .certificate(let certificate):
            if try CertificateTable.newestSerial(of: certificate.user, db) ?? 0 < certificate.serial {
                return (.waiting, nil)
            }
            let isInForce = try CertificateTable.rows(of: certificate.user, db).contains {
                try credentials.parsed($0.note).text == note.text
            }
            return (isInForce ? .inForce : .overtaken, nil)
        case .grant(let grant):
            let isInForce = try GrantTable.rows(of: grant.user, db).contains {
                try credentials.parsed($0.note).text == note.text
            }
            return (isInForce ? .inForce : .waiting, nil)
        case .step(let opened):
            var (isBehind, after): (Bool, VersionContent?) = (false, nil)
            try walk(opened.proposal) { entry, version in
                if isBehind, after == nil { after = version.content }
                if entry.version == opened.proposal.base { isBehind = true }
            }
            guard after != nil else { return (try stands(opened) ? .waiting : .lapsed, nil) }
            let isInForce = try after?.approval.map { try credentials.parsed(Array($0.utf8)).text == note.text }
            return (isInForce ?? false ? .inForce : .overtaken, after?.filedOn)
        }
    }

    private func walk(
        _ step: StepProposal, _ receive: (RecordEntry, Vault.OpenedVersion) throws -> Void
    ) throws {
        guard let category = try DossierTable.category(of: step.record.dossier, db) else {
            throw ArchiveError(.integrity, "a step is proposed of no dossier")
        }
        _ = try vault.walk(
            step.record.dossier, category, officer: step.officer.number, record: step.record, db, receive)
    }

    /// The record as it stood when a step of it was proposed.
    func base(of step: StepProposal) throws -> RecordEntry {
        var found: RecordEntry?
        try walk(step) { entry, _ in if entry.version == step.base { found = entry } }
        guard let found, found.content.kind == step.kind else {
            throw ArchiveError(.integrity, "a proposed step names another officer, kind or version than its record")
        }
        return found
    }

    /// Whether a step can still come into force: it leads somewhere, and whoever proposed it serves as he did then. What he
    /// signed under another certificate does not count when the step is read.
    private func stands(_ opened: OpenedProposal) throws -> Bool {
        guard try credentials.certificate(of: opened.proposer.user) == opened.proposer else { return false }
        return try approval(of: opened, base(of: opened.proposal)) != nil
    }

    /// The signatures that a step needs; nil where it leads nowhere.
    func approval(of opened: OpenedProposal, _ base: RecordEntry) throws -> Step.Approval? {
        let (step, proposer) = (opened.proposal, opened.proposer)
        guard let kind = archive.catalogue.kind(step.kind), vault.mayHandle(step.officer, proposer) else { return nil }
        let actor = try vault.actor(proposer, db)
        do throws(WorkflowRefusal) {
            return try Workflow.follow(
                step.outcome.step, of: kind, base.standing, to: step.outcome.state, values: step.outcome.values,
                by: actor, on: step.proposedOn, archive.policy
            ).approval
        } catch { return nil }
    }

    /// Whether a matter is a user's to see and to turn down: he may sign it, or could if it did not name him. A step that names
    /// everybody who may sign would wait for ever otherwise.
    func concerns(_ subject: Proposal.Subject, _ user: Certificate) throws -> Bool {
        guard case .step(let opened) = subject else { return try maySign(subject, user) }
        guard let approval = try approval(of: opened, base(of: opened.proposal)) else { return false }
        return vault.mayHandle(opened.proposal.officer, user) && approval.roles.contains(user.role)
            && opened.proposal.proposedBy != user.user
    }

    /// Whether a user may sign a matter, by his role and who he is.
    func maySign(_ subject: Proposal.Subject, _ signer: Certificate) throws -> Bool {
        switch subject {
        case .certificate(let certificate):
            return certificate.user != signer.user && (signer.role.isAdministrator || signer.role == certificate.role)
        case .grant(let grant):
            return grant.user != signer.user
                && archive.policy.decide(role: signer.role, act: .countersign).isAllowed
        case .step(let opened):
            let step = opened.proposal
            let base = try base(of: step)
            // Nobody handles what is proposed about himself (回避).
            guard vault.mayHandle(step.officer, signer), let kind = archive.catalogue.kind(step.kind),
                let approval = try approval(of: opened, base)
            else { return false }
            let actor = try vault.actor(signer, db)
            do throws(WorkflowRefusal) {
                try Workflow.mayApprove(
                    approval, of: kind, step: step.outcome.step, base.standing, values: step.outcome.values,
                    proposedBy: step.proposedBy, by: actor, archive.policy)
                return true
            } catch { return false }
        }
    }
}

extension SignedNote {
    /// The signature by which the user of `certificate` accepts it; nil where the note carries it already.
    ///
    /// - Throws: ``ArchiveError`` `invalidEntry` where `acceptance` is not his signature under this certificate.
    func acceptance(
        _ acceptance: String, of certificate: Certificate, _ names: NoteNames
    ) throws -> SignedNote.Signature? {
        let name = names.user(certificate.user)
        let given: SignedNote
        do {
            given = try SignedNote(parsing: Array(acceptance.utf8))
        } catch {
            throw ArchiveError(
                .invalidEntry, "this is no acceptance: \(error.reason)", subject: "accepted",
                rule: "acceptance.malformed")
        }
        guard given.text == text, given.isSigned(by: NoteVerifier(name: name, key: certificate.signingKey)),
            let signature = given.signatures.first(where: { $0.name == name })
        else {
            throw ArchiveError(
                .invalidEntry, "this is not the signature of \(certificate.user) under this proposal",
                subject: "accepted", rule: "acceptance.other", params: ["user": certificate.user])
        }
        return signatures.contains { $0.name == name } ? nil : signature
    }
}
