import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityTestSupport
import Testing

@Suite("Export verification: keys and certificates")
struct ExportKeysTests {
    @Test("A verifier key without a certificate is found")
    func uncertified() throws {
        let fixture = try ExportFixture(size: 2)
        let stranger = try ExportUser("mallory", role: "clerk")
        let rules = try fixture.rules { $0.files["vkeys"]? += Array((stranger.signer.verifier.vkey + "\n").utf8) }
        #expect(rules == ["export.userKey.uncertified"])
    }

    @Test("A certificate speaks for the user it names and for nobody else")
    func borrowedName() throws {
        // Mallory signs her own certificate in the clerk's name, so that her key verifies the clerk's entries.
        let mallory = try ExportUser("mallory", role: "clerk")
        let asClerk = try ExportUser("clerk1", role: "clerk", key: mallory.key)
        var fixture = try ExportFixture(size: 2)
        let root = MerkleTree.root(of: fixture.entries.prefix(1).map(MerkleTree.leafHash))
        try fixture.make([fixture.entries[0], ExportFixture.entry(1, root, asClerk)])
        fixture.files["certificates/mallory-1.note"] =
            try SignedNote(text: mallory.certificate(), signers: [asClerk.signer, fixture.security.signer]).bytes
        fixture.files["keys/mallory-1.pem"] = Array(try mallory.key.publicKey.pem.utf8)
        fixture.files["vkeys"]? += Array((asClerk.signer.verifier.vkey + "\n").utf8)
        fixture.seal()
        #expect(try !fixture.verify().isSound)
    }

    @Test("A leave needs the signature of a security administrator who is somebody else")
    func leave() throws {
        let fixture = try ExportFixture(size: 2)
        let (clerk, security, auditor) = (fixture.clerk, fixture.security, fixture.auditor)
        let stranger = try ExportUser("stranger", role: "secadmin")
        for (user, signers, isRight) in [
            ("clerk1", [security], true), ("auditor1", [security], true), ("clerk1", [security, auditor], true),
            ("clerk1", [clerk], false), ("clerk1", [auditor], false), ("secadmin1", [security], false),
            ("clerk1", [stranger], false), ("clerk1", [security, stranger], false),
        ] {
            let text = #"{"archive":"a","on":"2026-12-01","serial":2,"type":"leave","user":"\#(user)","v":1}"# + "\n"
            let rules = try fixture.rules {
                $0.files["certificates/\(user)-2.note"] = try SignedNote(text: text, signers: signers.map(\.signer))
                    .bytes
            }
            #expect(rules == (isRight ? [] : ["export.certificate.signature"]), "\(user) \(signers.map(\.id))")
        }
    }

    @Test("A certificate needs its user's signature and another administrator's")
    func countersignature() throws {
        let fixture = try ExportFixture(size: 2)
        let (clerk, security, auditor) = (fixture.clerk, fixture.security, fixture.auditor)
        let others = [(security, [security, auditor]), (auditor, [auditor, security])]
        let stranger = try ExportUser("stranger", role: "secadmin")
        for (signers, isRight) in [
            ([clerk, security], true), ([clerk, auditor], true), ([clerk, security, auditor], true),
            ([clerk], false), ([security], false), ([clerk, clerk], false), ([clerk, stranger], false),
        ] {
            let rules = try fixture.rules { try $0.writeUsers([(clerk, signers)] + others) }
            #expect(rules.isEmpty == isRight, "\(signers.map(\.id)): \(rules)")
            if !isRight { #expect(rules.contains("export.certificate.signature")) }
        }
        // A clerk does not certify anybody, and an administrator not himself.
        let second = try ExportUser("clerk2", role: "clerk")
        let rules = try fixture.rules {
            try $0.writeUsers([(clerk, [clerk, security]), (second, [second, clerk])] + others)
        }
        #expect(rules == ["export.certificate.signature", "export.userKey.uncertified"])
        let alone = try fixture.rules {
            try $0.writeUsers([(clerk, [clerk, security]), (security, [security]), (auditor, [auditor, security])])
        }
        #expect(alone.contains("export.certificate.signature"))
    }

    @Test("A user whose certificate was renewed for the same key has both")
    func renewed() throws {
        let fixture = try ExportFixture(size: 2)
        let (clerk, security) = (fixture.clerk, fixture.security)
        let rules = try fixture.rules {
            $0.files["certificates/clerk1-2.note"] =
                try SignedNote(text: clerk.certificate(serial: 2), signers: [clerk.signer, security.signer]).bytes
            $0.files["keys/clerk1-2.pem"] = Array(try clerk.key.publicKey.pem.utf8)
            $0.files["vkeys"]? += Array((clerk.signer.verifier.vkey + "\n").utf8)
        }
        #expect(rules == [])
    }

    @Test("The key files say the same as the verifier keys")
    func keyFiles() throws {
        let fixture = try ExportFixture(size: 2)
        let other = Array(try fixture.security.key.publicKey.pem.utf8)
        #expect(try fixture.rules { $0.files["keys/clerk1-1.pem"] = other } == ["export.userKey.malformed"])
        #expect(try fixture.rules { $0.files["keys/log.pem"] = other } == ["export.logKey.pem"])
    }
}
