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

/// Something that waits, with the signatures that it has gathered.
struct Proposal {
    enum Subject {
        case certificate(Certificate)
        case grant(Grant)
        case step(Vault.OpenedProposal)
    }

    /// The number of the first row, by which people know the proposal.
    let id: Int64
    /// The text with all its signatures.
    let note: SignedNote
    let subject: Subject
    /// Whether it can still come into force.
    let isOpen: Bool

    /// The user concerned; for a step, who proposed it.
    var user: String {
        switch subject {
        case .certificate(let certificate): certificate.user
        case .grant(let grant): grant.user
        case .step(let opened): opened.proposal.proposedBy
        }
    }

    /// The proposals whose text the user can open, by number.
    static func all(_ vault: Vault, _ db: Connection) throws -> [Proposal] {
        let credentials = Credentials(vault.archive, db)
        var order: [Int64] = []
        var rows: [Int64: [ProposalRow]] = [:]
        for row in try ProposalTable.all(db) {
            if rows[row.first] == nil { order.append(row.first) }
            rows[row.first, default: []].append(row)
        }
        return try order.compactMap { try Proposal(rows[$0] ?? [], vault, credentials, db) }
    }

    /// The proposal of this number.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where there is none, or none that the user's keys open.
    static func numbered(_ id: Int64, _ vault: Vault, _ db: Connection) throws -> Proposal {
        let rows = try ProposalTable.rows(of: id, db)
        guard let proposal = try Proposal(rows, vault, Credentials(vault.archive, db), db) else {
            throw ArchiveError(
                .notVisible, "there is no proposal \(id), or no key opens it", subject: String(id),
                rule: "proposal.unknown")
        }
        return proposal
    }

    /// Nil for rows that no key of the user's opens.
    private init?(_ rows: [ProposalRow], _ vault: Vault, _ credentials: Credentials, _ db: Connection) throws {
        guard let first = rows.first, let last = rows.last(where: { $0.kind != .denial }), first.id == first.first
        else { return nil }
        id = first.id
        let isDenied = rows.contains { $0.kind == .denial }
        let archiveID = vault.archive.header.archiveID
        switch first.kind {
        case .certificate:
            note = try credentials.parsed(last.note)
            let certificate = try Certificate(text: note.text, archiveID: archiveID)
            subject = .certificate(certificate)
            isOpen =
                try !isDenied && CertificateTable.newestSerial(of: certificate.user, db) ?? 0 < certificate.serial
        case .grant:
            note = try credentials.parsed(last.note)
            let text = note.text
            let grant = try Grant(text: text, archiveID: archiveID)
            subject = .grant(grant)
            isOpen =
                try !isDenied
                && !GrantTable.rows(of: grant.user, db).contains { try credentials.parsed($0.note).text == text }
        case .step:
            guard let place = last.place, let opened = try vault.open(last, at: place, db) else { return nil }
            note = opened.note
            subject = .step(opened)
            let newest = try VersionTable.newest(of: opened.proposal.record.number, db)
            isOpen = !isDenied && newest == opened.proposal.base.number
        case .denial: return nil
        }
    }

    /// Of what is signed.
    var fingerprint: String { Fingerprint.text(Array(note.text.utf8)) }
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
