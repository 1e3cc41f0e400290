import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

@Suite("Forged certificates")
struct ForgedCertificateTests {
    @Test("Certificates that vouch for each other and lead back to no ceremony count for nothing")
    func forgedCertificates() throws {
        let fixture = try Fixture()
        let header = fixture.archive.header
        let forged = try ["evil-sec": Role.secadmin, "evil-sys": .sysadmin, "evil-insp": .inspector].map {
            (try Identity.generate(user: $0.key), $0.value)
        }
        let signers = forged.map {
            NoteSigner(name: header.names.user($0.0.user), key: $0.0.signingKey)
        }
        // The attacker has write access, and a clerk's identity with which to make the rows look like an act.
        try fixture.session("clerk1").write(.approveAccept) { _, writer in
            for (identity, role) in forged {
                let certificate = Certificate(
                    user: identity.user, serial: 1, role: role, unit: "U00", officer: nil,
                    signingKey: identity.signingKey.publicKey, agreementKey: identity.agreementKey.publicKey,
                    validFrom: fixture.archive.today)
                let note = try SignedNote(text: certificate.text(archiveID: header.archiveID), signers: signers)
                try writer.insertCertificate(user: identity.user, serial: 1, note: note.bytes)
            }
        }
        for (identity, _) in forged {
            #expect(throws: ArchiveError(.integrity, "")) { try Session(fixture.archive, identity: identity) }
        }
        let report = try fixture.archive.check()
        #expect(report.findings.filter { $0.rule == "check.certificate" }.count == 3)
    }

    @Test("A certificate that leads back to no ceremony makes its keys nobody's: what they sign is not signed")
    func forgedSigner() throws {
        let fixture = try Fixture(withRecords: false)
        let header = fixture.archive.header
        let forged = try Identity.generate(user: "secadmin1")
        let signer = NoteSigner(name: header.names.user("secadmin1"), key: forged.signingKey)
        let certificate = Certificate(
            user: "secadmin1", serial: 2, role: .secadmin, unit: "U00", officer: nil,
            signingKey: forged.signingKey.publicKey, agreementKey: forged.agreementKey.publicKey,
            validFrom: fixture.archive.today)
        let leave = Leave(user: "clerk2", serial: 2, date: fixture.archive.today)
        try fixture.session("clerk1").write(.approveAccept) { _, writer in
            for (user, text) in [
                ("secadmin1", certificate.text(archiveID: header.archiveID)),
                ("clerk2", leave.text(archiveID: header.archiveID)),
            ] {
                let note = try SignedNote(text: text, signers: [signer])
                try writer.insertCertificate(user: user, serial: 2, note: note.bytes)
            }
        }
        let lacks = try fixture.archive.check().findings.filter { $0.rule == "check.certificate" }.map(\.detail)
        #expect(lacks.count == 2 && lacks.last?.contains("the security administrator's signature") == true)
    }

    @Test("Administrators alone certify nobody who reads")
    func administratorsAlone() throws {
        let fixture = try Fixture(withRecords: false)
        let identity = try Identity.generate(user: "inspector9")
        let (proposal, text) = try fixture.session("secadmin1").proposeUser(
            request: UserRequest.make(identity, bureauID: "test"), role: .inspector, unit: "U00", officer: nil)
        let acceptance = try UserAcceptance.make(ArchiveFolder(fixture.path), proposal: text, identity: identity).text
        for user in ["sysadmin1", "auditor1"] {
            #expect(try fixture.session(user).accept(proposal, acceptance: acceptance).missing != nil)
        }
        #expect(throws: ArchiveError(.wrongPassphrase, "")) { try Session(fixture.archive, identity: identity) }
        #expect(try fixture.session("inspector1").accept(proposal).missing == nil)
        #expect(try Session(fixture.archive, identity: identity).role == .inspector)
    }
}
