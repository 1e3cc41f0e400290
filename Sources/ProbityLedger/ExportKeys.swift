import CanonicalJSON
import ProbityCrypto

// Whose keys sign entries: verifier keys, the certificates that say whose they are, and who signed those.

extension ExportVerifier {
    /// A certificate in the folder, with the key that it is about.
    private struct Certified {
        let file: String
        let user: String
        let role: String
        let note: SignedNote
        let verifier: NoteVerifier
    }

    /// Roles whose signature a certificate needs besides its user's own.
    private static let administrators: Set<String> = ["sysadmin", "secadmin", "auditor"]

    private static func label(_ name: String, _ keyID: [UInt8]) -> String { name + "+" + Hex.text(keyID) }

    /// The users' verifier keys, by name and key ID, each checked against its certificate and its key file.
    mutating func userKeys(_ prefix: String?) throws -> [String: NoteVerifier] {
        var keys: [String: NoteVerifier] = [:]
        var byRawKey: [String: NoteVerifier] = [:]
        for line in lines(try text("vkeys") ?? "", of: "vkeys", "export.userKey.malformed") {
            do throws(LedgerError) {
                let verifier = try NoteVerifier(vkey: String(line))
                keys[ExportVerifier.label(verifier.name, verifier.keyID)] = verifier
                byRawKey[ExportVerifier.label(verifier.name, verifier.key.rawBytes)] = verifier
            } catch {
                found("vkeys", "export.userKey.malformed", error.reason)
            }
        }
        var certificates: [Certified] = []
        var leaves: [(file: String, user: String, note: SignedNote)] = []
        for name in names(in: "certificates/") {
            let note = ExportVerifier.note(try content(name) ?? [])
            let value = note.flatMap { ExportVerifier.json(Array($0.text.utf8)) }
            // That a user left: it has no key.
            if let note, name.hasSuffix(".note"), value?["type"] == "leave", let user = value?["user"]?.string {
                leaves.append((name, user, note))
                continue
            }
            guard let note, name.hasSuffix(".note"), let value, value["type"]?.string == "certificate",
                let user = value["user"]?.string,
                let role = value["role"]?.string, let key = value["signingKey"]?.string
            else {
                found(name, "export.certificate.malformed")
                continue
            }
            // The key counts under the name of the user whom the certificate names, and under no other: else a user could
            // certify his own key as somebody else's.
            let signer = (prefix ?? "") + user
            guard let verifier = byRawKey[signer + "+" + key], verifier.name.isSpelled(as: signer) else {
                found(name, "export.certificate.signature", "vkeys has no key of this user that is the certificate's")
                continue
            }
            certificates.append(Certified(file: name, user: user, role: role, note: note, verifier: verifier))
            let keyFile = "keys/" + name.dropFirst("certificates/".count).dropLast(".note".count) + ".pem"
            if try text(keyFile) != verifier.key.pem {
                found(keyFile, "export.userKey.malformed", "it is not the key of its certificate")
            }
        }
        var administrators: [NoteVerifier: String] = [:]
        for certificate in certificates where ExportVerifier.administrators.contains(certificate.role) {
            administrators[certificate.verifier] = certificate.user
        }
        var certified: Set<NoteVerifier> = []
        for certificate in certificates {
            let signers = ExportVerifier.signers(of: certificate.note, keys)
            // Possession, and an administrator who is somebody else.
            if let signers, signers.contains(certificate.verifier),
                signers.contains(where: { administrators[$0].map { $0 != certificate.user } ?? false })
            {
                certified.insert(certificate.verifier)
            } else {
                found(certificate.file, "export.certificate.signature")
            }
        }
        for leave in leaves {
            // One security administrator, who is somebody else.
            let signers = ExportVerifier.signers(of: leave.note, keys) ?? []
            let security = certificates.filter { $0.role == "secadmin" && signers.contains($0.verifier) }
            if !security.contains(where: { $0.user != leave.user }) {
                found(leave.file, "export.certificate.signature")
            }
        }
        for (key, verifier) in keys.sorted(by: { $0.key < $1.key }) where !certified.contains(verifier) {
            found("vkeys", "export.userKey.uncertified", key)
        }
        return keys
    }

    /// Who signed `note`; nil where one of its lines is wrong or of a key that the export does not have.
    private static func signers(of note: SignedNote, _ keys: [String: NoteVerifier]) -> Set<NoteVerifier>? {
        var signers: Set<NoteVerifier> = []
        for signature in note.signatures {
            guard let verifier = keys[label(signature.name, signature.keyID)],
                signature.name.isSpelled(as: verifier.name)
            else { return nil }
            // One look at a key covers all of its lines.
            guard signers.contains(verifier) || note.isSigned(by: verifier) else { return nil }
            signers.insert(verifier)
        }
        return signers
    }
}
