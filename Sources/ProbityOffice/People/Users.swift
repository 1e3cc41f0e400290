import CanonicalJSON
import ProbityRecords
import ProbityStore

/// A certificate (证书) that was proposed for a newcomer.
public struct ProposedUser: Sendable, Equatable {
    /// The proposal's number.
    public let answer: Answer
    /// The certificate, for the newcomer to accept; it goes to him as a file.
    public let certificate: String
}

extension Desk {
    /// Proposes a certificate for a request (提出用户证书).
    ///
    /// - Parameters:
    ///   - role: code of a role.
    ///   - unit: the unit subtree he works for.
    ///   - officer: the officer he is, `O-…`; nil for none.
    ///   - request: the request's text.
    /// - Throws: ``OfficeError`` `usage`; the archive's refusals.
    public func proposeUser(
        role: String, unit: String, officer: String?, request: @autoclosure () throws -> String
    ) throws -> ProposedUser {
        let role = try Named.role(role)
        let request = try request()
        let (id, certificate) = try session.proposeUser(
            request: request, role: role, unit: unit, officer: officer.map(Named.officer))
        return ProposedUser(answer: proposed(id), certificate: certificate)
    }

    /// The answer to a proposal, with what has to happen next.
    func proposed(_ id: Int64) -> Answer {
        Answer(
            [String(id)], JSONAnswer("proposal", ["id": .integer(id)]),
            notes: [.remark(words.text("cli.proposed", ["id": String(id)]))])
    }

    /// Signs a proposed certificate or grant (会签); the last signature puts it in force.
    ///
    /// - Parameter acceptance: the newcomer's own, for a certificate.
    public func countersign(_ proposal: Int64, acceptance: String?) throws -> Answer {
        let missing = try session.countersign(proposal, acceptance: acceptance)
        return Answer(
            [missing.map { words.text("cli.stillMissing", ["missing": $0]) } ?? words.text("cli.inForce")],
            JSONAnswer(
                "countersign", ["inForce": .bool(missing == nil), "missing": missing.map { .string($0) } ?? .null]))
    }

    /// What waits for a signature (待会签).
    public func proposals() throws -> Listing { try ListForm.proposals.listing(session.proposals(), words) }

    /// Who are and were users.
    public func users() throws -> Listing { try ListForm.users.listing(session.users(), words) }

    /// Changes the passphrase of the user who sits here.
    public func changePassphrase(_ passphrase: borrowing Passphrase) throws -> Answer {
        try session.changePassphrase(passphrase.secret)
        return Answer(
            [words.text("cli.passphraseChanged", ["user": session.user])],
            JSONAnswer("passphrase", ["user": .string(session.user)]))
    }
}

extension ListForm where Entry == ProposalEntry {
    static var proposals: ListForm {
        ListForm(
            schema: "proposal",
            columns: [
                Column("proposal") { entry, _ in String(entry.id) }, Column("kind") { entry, _ in entry.kind },
                Column("user") { entry, _ in entry.user }, Column("summary") { entry, _ in entry.subject },
                Column("signers") { entry, _ in entry.signers.joined(separator: " ") },
                Column("missing") { entry, _ in entry.missing },
            ],
            members: { entry, _ in
                [
                    "id": .integer(entry.id), "kind": .string(entry.kind), "user": .string(entry.user),
                    "subject": .string(entry.subject), "signers": .array(entry.signers.map { .string($0) }),
                    "missing": .string(entry.missing),
                ]
            })
    }
}

extension ListForm where Entry == UserStanding {
    static var users: ListForm {
        ListForm(
            schema: "user",
            columns: [
                Column("user") { entry, _ in entry.certificate.user },
                Column("role") { entry, words in words.role(entry.certificate.role) },
                Column("unit") { entry, _ in entry.certificate.unit },
                Column("left") { entry, _ in entry.leftOn?.description ?? "" },
            ],
            members: { entry, _ in
                [
                    "user": .string(entry.certificate.user), "role": .string(entry.certificate.role.rawValue),
                    "unit": .string(entry.certificate.unit), "serial": .integer(entry.certificate.serial),
                    "left": entry.leftOn.map { .string($0.description) } ?? .null,
                ]
            })
    }
}
