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
