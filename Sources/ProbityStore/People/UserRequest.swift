import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityRecords

/// A request for a certificate (证书申请): made on the user's side, signed with his own new key.
public struct UserRequest {
    let user: String
    let signingKey: Ed25519PublicKey
    let agreementKey: X25519PublicKey
    private let note: SignedNote

    /// Reads a request; whether it is signed is another question.
    ///
    /// - Throws: ``ArchiveError`` `invalidEntry`.
    init(_ request: String) throws {
        do {
            note = try SignedNote(parsing: Array(request.utf8))
        } catch {
            throw ArchiveError(
                .invalidEntry, "this is not a user's request: \(error.reason)", subject: "request",
                rule: "request.malformed")
        }
        guard let value = JSONReader.value(Array(note.text.utf8)), value["type"]?.string == "request",
            let name = value["user"]?.string, UserID.isValid(name),
            let signing = value["signingKey"]?.string.flatMap(Hex.bytes),
            let agreement = value["agreementKey"]?.string.flatMap(Hex.bytes)
        else {
            throw ArchiveError(
                .invalidEntry, "this is not a user's request", subject: "request", rule: "request.malformed")
        }
        user = name
        signingKey = try Ed25519PublicKey(rawBytes: signing)
        agreementKey = try X25519PublicKey(rawBytes: agreement)
        // Under such a key anybody signs in his name, or reads what is sealed to him.
        guard signingKey.isSound, agreementKey.isSound else {
            throw ArchiveError(
                .invalidEntry, "the request has a key of small order", subject: "request", rule: "request.weakKey")
        }
    }

    /// - Throws: ``ArchiveError`` `invalidEntry` where the request is not signed with the key that it names.
    func demandSigned(_ names: NoteNames) throws {
        guard note.isSigned(by: NoteVerifier(name: names.user(user), key: signingKey)) else {
            throw ArchiveError(
                .invalidEntry, "the request is not signed with the key that it names", subject: "request",
                rule: "request.unsigned")
        }
    }

    /// The request as text: one signed note.
    public static func make(_ identity: Identity, bureauID: String) throws -> String {
        let text =
            JSONValue.object([
                "v": .integer(1), "type": .string("request"), "user": .string(identity.user),
                "signingKey": .string(Hex.text(identity.signingKey.publicKey.rawBytes)),
                "agreementKey": .string(Hex.text(identity.agreementKey.publicKey.rawBytes)),
            ]).canonicalText + "\n"
        let signer = NoteSigner(name: NoteNames(bureauID: bureauID).user(identity.user), key: identity.signingKey)
        return String(decoding: try SignedNote(text: text, signers: [signer]).bytes, as: UTF8.self)
    }
}

/// A newcomer's signature under the certificate that was proposed for him (本人确认).
///
/// He makes it on his own account, with keys that nobody else opens, from a file that the security administrator gave him:
/// the archive is not opened to him yet. He hands it on as a file.
public enum UserAcceptance {
    /// The certificate in `proposal`, and the note that accepts it.
    ///
    /// - Parameter proposal: the certificate with the security administrator's signature, as ``Session/proposeUser`` gave it.
    /// - Throws: ``ArchiveError`` `invalidEntry` where `proposal` is no certificate of this archive for the keys' owner;
    ///   `integrity` where it names other keys than his.
    public static func make(_ folder: ArchiveFolder, proposal: String, identity: Identity) throws -> (
        certificate: Certificate, text: String
    ) {
        let note: SignedNote
        let certificate: Certificate
        do {
            note = try SignedNote(parsing: Array(proposal.utf8))
            certificate = try Certificate(text: note.text, archiveID: folder.archiveID)
        } catch {
            throw ArchiveError(
                .invalidEntry, "this is not a proposed certificate of this archive", subject: "proposal",
                rule: "proposal.malformed")
        }
        guard certificate.user == identity.user else {
            throw ArchiveError(
                .invalidEntry, "the proposed certificate is for \(certificate.user)", subject: "proposal",
                rule: "proposal.otherUser", params: ["user": certificate.user])
        }
        guard certificate.signingKey == identity.signingKey.publicKey,
            certificate.agreementKey == identity.agreementKey.publicKey
        else { throw ArchiveError(.integrity, "the proposed certificate names other keys than those of the user") }
        let signer = NoteSigner(
            name: NoteNames(bureauID: folder.bureauID).user(identity.user), key: identity.signingKey)
        let accepted = try SignedNote(text: note.text, signers: [signer])
        return (certificate, String(decoding: accepted.bytes, as: UTF8.self))
    }
}
