import ProbityCrypto
import ProbityLedger
import ProbityRecords

/// A certificate or grant that waits for a signature.
public struct ProposalEntry: Sendable {
    public let id: Int64
    /// "certificate" or "grant".
    public let kind: String
    public let user: String
    /// Role of a certificate, or category and unit of a grant.
    public let subject: String
    public let signers: [String]
    public let missing: String
}

/// A certificate or grant that waits, with the signatures that it has gathered: rows of one text, each with one more.
struct Proposal {
    /// What is proposed.
    enum Subject {
        case certificate(Certificate)
        case grant(Grant)
    }

    /// The number of the first row, by which people know the proposal.
    let id: Int64
    /// The text with all its signatures.
    let note: SignedNote
    let subject: Subject
    let missing: String?
    /// Whether it can still come into force.
    let isOpen: Bool

    var user: String {
        switch subject {
        case .certificate(let certificate): certificate.user
        case .grant(let grant): grant.user
        }
    }

    /// All proposals there ever were, by number.
    static func all(_ archive: Archive, _ db: Connection) throws -> [Proposal] {
        let credentials = Credentials(archive, db)
        var texts: [String] = []
        var rows: [String: (first: ProposalRow, note: SignedNote)] = [:]
        for row in try ProposalTable.all(db) {
            let note = try credentials.parsed(row.note)
            if rows[note.text] == nil { texts.append(note.text) }
            rows[note.text] = (rows[note.text]?.first ?? row, note)
        }
        return try texts.compactMap { rows[$0] }.map { row in
            try Proposal(row.first, row.note, archive, credentials, db)
        }
    }

    /// The proposal that has a row of this number.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where there is none.
    static func numbered(_ id: Int64, _ archive: Archive, _ db: Connection) throws -> Proposal {
        let credentials = Credentials(archive, db)
        let rows = try ProposalTable.all(db).map { (row: $0, note: try credentials.parsed($0.note)) }
        guard let text = rows.first(where: { $0.row.id == id })?.note.text,
            let first = rows.first(where: { $0.note.text == text })?.row,
            let note = rows.last(where: { $0.note.text == text })?.note
        else {
            throw ArchiveError(
                .notVisible, "there is no proposal \(id)", subject: String(id), rule: "proposal.unknown")
        }
        return try Proposal(first, note, archive, credentials, db)
    }

    private init(
        _ first: ProposalRow, _ note: SignedNote, _ archive: Archive, _ credentials: Credentials, _ db: Connection
    ) throws {
        id = first.id
        self.note = note
        if first.kind == "certificate" {
            let certificate = try Certificate(text: note.text, archiveID: archive.header.archiveID)
            subject = .certificate(certificate)
            missing = try credentials.missing(certificate, note, isCeremony: false)
            isOpen = try CertificateTable.newestSerial(of: certificate.user, db) ?? 0 < certificate.serial
        } else {
            let grant = try Grant(text: note.text, archiveID: archive.header.archiveID)
            subject = .grant(grant)
            missing = "the security administrator's signature"
            isOpen = try !GrantTable.rows(of: grant.user, db).contains {
                try credentials.parsed($0.note).text == note.text
            }
        }
    }

    /// As people see it in a list.
    func entry(_ names: NoteNames) -> ProposalEntry {
        let (kind, words) =
            switch subject {
            case .certificate(let certificate): ("certificate", "\(certificate.role.rawValue) \(certificate.unit)")
            case .grant(let grant): ("grant", "\(grant.place.category.rawValue) \(grant.place.unit)")
            }
        return ProposalEntry(
            id: id, kind: kind, user: user, subject: words,
            signers: note.signatures.compactMap { names.userID($0.name) }, missing: missing ?? "")
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
