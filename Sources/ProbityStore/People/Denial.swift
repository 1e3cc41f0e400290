import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityRecords

/// What somebody signs who turns a matter down (不同意), or takes back what he proposed.
///
/// It stands in a row behind the matter's others; of a step sealed under the dossier key, as the step is.
struct Denial: Equatable {
    /// Number of the proposal's first row.
    let proposal: Int64
    /// SHA-256 of the text that was turned down, in hex.
    let digest: String
    let user: String
    let reason: String

    init(of proposal: Int64, _ text: String, by user: String, reason: String) {
        self.proposal = proposal
        digest = Denial.digest(text)
        self.user = user
        self.reason = reason
    }

    static func digest(_ text: String) -> String { Hex.text(SHA256Digest.hash(Array(text.utf8)).bytes) }

    func text(archiveID: String) -> String {
        JSONValue.object([
            "v": .integer(1), "type": .string("denial"), "archive": .string(archiveID), "proposal": .integer(proposal),
            "of": .string(digest), "by": .string(user), "reason": .string(reason),
        ]).canonicalText + "\n"
    }

    /// - Throws: ``ArchiveError`` `integrity`.
    init(text: String, archiveID: String) throws {
        let value = try Certificate.line(text, type: "denial", archiveID: archiveID)
        guard let proposal = value["proposal"]?.integer, let digest = value["of"]?.string,
            let user = value["by"]?.string, let reason = value["reason"]?.string
        else { throw ArchiveError(.integrity, "a denial lacks a field or has one of another form") }
        (self.proposal, self.digest, self.user, self.reason) = (proposal, digest, user, reason)
    }
}

extension ProposalReader {
    /// A denial whose signer served when he signed; whether he was entitled to is another question.
    struct SignedDenial {
        let signer: Certificate
        let reason: String
        let on: CivilDate
        /// The ledger line that brought it.
        let line: Int64
    }

    /// The denials of a text under a number, oldest first. Rows that are not what they should be are none.
    func denials(of id: Int64, _ text: String) throws -> [SignedDenial] {
        try ProposalTable.rows(of: id, db).compactMap { try $0.kind == .denial ? denial($0, of: text) : nil }
    }

    /// What a denial's row says of a proposal's text; nil where it is none.
    func denial(_ row: ProposalRow, of text: String) throws -> SignedDenial? {
        try sound { () throws -> SignedDenial? in
            let note = try row.place.map { try vault.openNote(row, at: $0, db)?.note } ?? credentials.parsed(row.note)
            guard let note, let line = try LeafTable.line(ofBatch: row.mark.batch, db) else { return nil }
            let denial = try Denial(text: note.text, archiveID: archive.header.archiveID)
            guard denial.proposal == row.first, denial.digest == Denial.digest(text),
                let signer = try credentials.signers(of: note, atLine: line).first(where: { $0.user == denial.user })
            else { return nil }
            return SignedDenial(signer: signer, reason: denial.reason, on: try day(of: row), line: line)
        } ?? nil
    }
}
