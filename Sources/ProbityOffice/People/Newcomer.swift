import CanonicalJSON
import ProbityStore

/// Keys that somebody made for himself, and his request (申请) for a certificate.
public struct CertificateRequest: Sendable, Equatable {
    let user: String
    /// The request, for the security administrator; it goes to him as a file.
    public let text: String

    /// What is to be done with the file that it was written to.
    public func answer(file: String, _ wording: Wording) -> Answer {
        Answer(
            [wording.text("cli.requested", ["user": user, "file": file])],
            JSONAnswer("request", ["user": .string(user), "file": .string(file)]))
    }
}

/// A certificate that was proposed for somebody, and what he signs if he accepts it (本人确认).
public struct CertificateAcceptance: Sendable, Equatable {
    let user: String
    /// The question to be answered with yes before ``text`` is handed on.
    public let question: String
    public let text: String

    /// What is to be done with the file that it was written to.
    public func answer(file: String, _ wording: Wording) -> Answer {
        Answer(
            [wording.text("cli.accepted", ["file": file])],
            JSONAnswer("acceptance", ["user": .string(user), "file": .string(file)]))
    }
}

extension Visit {
    /// Makes the user's own keys in the archive's folder, and a request for a certificate.
    ///
    /// - Parameter passphrase: gives a new passphrase for a user.
    public func requestCertificate(_ passphrase: PassphraseSource) throws -> CertificateRequest {
        let folder = try ArchiveFolder(archivePath())
        let identity = try Identity.generate(user: userName())
        try identity.save(in: Archive.keysFolder(folder.path), passphrase: passphrase(identity.user).secret)
        return CertificateRequest(
            user: identity.user, text: try UserRequest.make(identity, bureauID: folder.bureauID))
    }

    /// Signs the certificate that was proposed for the user, who hands it on after he has said yes.
    ///
    /// - Parameter proposal: the certificate's text.
    public func acceptance(
        of proposal: @autoclosure () throws -> String, _ wording: Wording, _ passphrase: PassphraseSource
    ) throws -> CertificateAcceptance {
        let folder = try ArchiveFolder(archivePath())
        let proposal = try proposal()
        let identity = try unlock(at: archivePath(), passphrase)
        let (certificate, text) = try UserAcceptance.make(folder, proposal: proposal, identity: identity)
        return CertificateAcceptance(
            user: certificate.user,
            question: wording.text(
                "cli.acceptQuestion",
                [
                    "user": certificate.user, "role": try Vocabulary(wording).role(certificate.role),
                    "unit": certificate.unit, "officer": certificate.officer.map { OfficerID($0).text } ?? "–",
                ]), text: text)
    }
}
