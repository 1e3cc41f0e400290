import ProbityCrypto
import ProbityLedger
import ProbityRecords
import Testing

@testable import ProbityStore

/// What the gate does not take.
@Suite("Refused input")
struct RefusedInputTests {
    private func refusal(_ body: () throws -> Void) -> ArchiveError? {
        do { try body() } catch { return error as? ArchiveError }
        return nil
    }

    @Test("A grant whose last day is past is refused; one that ends today is not")
    func pastGrant() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let today = fixture.archive.today
        let refused = refusal {
            _ = try clerk.proposeGrant(user: "clerk2", category: .talks, unit: "U01", until: today.adding(days: -1))
        }
        #expect(refused?.code == .invalidEntry && refused?.rule == "grant.past")
        #expect(try clerk.proposeGrant(user: "clerk2", category: .talks, unit: "U01", until: today) > 0)
    }

    @Test(
        "A unit's identifier is 1 to 32 letters, digits, dots, hyphens and underscores",
        arguments: [
            ("", false), (" ", false), ("U 03", false), ("U/03", false), ("单位", false), ("-U", false), (".", false),
            (String(repeating: "U", count: 33), false), ("U\n3", false), ("U03", true), ("990101000000", true),
            ("u-3.b_1", true), (String(repeating: "U", count: 32), true),
        ])
    func unitIDs(id: String, isGood: Bool) throws {
        let fixture = try Fixture(withRecords: false)
        let refused = refusal {
            try fixture.session("sysadmin1").addUnits([Unit(id: id, parent: "U00", kind: "station", name: "三所")])
        }
        #expect((refused == nil) == isGood)
        if !isGood { #expect(refused?.code == .invalidEntry && refused?.rule == "unit.idForm") }
        #expect(Unit.isValidID(id) == isGood)
    }

    @Test("A unit has a name")
    func unitName() throws {
        let fixture = try Fixture(withRecords: false)
        let refused = refusal {
            try fixture.session("sysadmin1").addUnits([Unit(id: "U03", parent: "U00", kind: "station", name: " ")])
        }
        #expect(refused?.rule == "unit.nameMissing")
    }

    @Test(
        "What is no request for a certificate is refused as one, whatever it is", arguments: ["", "x", "{}\n\n— a b\n"])
    func noRequest(text: String) throws {
        let fixture = try Fixture(withRecords: false)
        let refused = refusal {
            _ = try fixture.session("secadmin1").proposeUser(request: text, role: .clerk, unit: "U00", officer: nil)
        }
        #expect(refused?.code == .invalidEntry && refused?.rule == "request.malformed")
    }

    @Test("Nobody is certified with a key under which everybody signs, or with which everybody reads")
    func weakKeys() throws {
        let fixture = try Fixture(withRecords: false)
        let security = try fixture.session("secadmin1")
        let identity = try Identity.generate(user: "clerk9")
        let request = try UserRequest.make(identity, bureauID: "test")
        let own = Hex.text(identity.agreementKey.publicKey.rawBytes)
        let signer = NoteSigner(name: NoteNames(bureauID: "test").user("clerk9"), key: identity.signingKey)
        for weak in ["00", "01", "ec"] {
            let key = weak + String(repeating: weak == "ec" ? "ff" : "00", count: 30) + (weak == "ec" ? "7f" : "00")
            let text = try SignedNote(parsing: Array(request.utf8)).text.replacing(own, with: key)
            let note = String(decoding: try SignedNote(text: text, signers: [signer]).bytes, as: UTF8.self)
            let refused = refusal {
                _ = try security.proposeUser(request: note, role: .clerk, unit: "U00", officer: nil)
            }
            #expect(refused?.rule == "request.weakKey")
            // Nor does a certificate with one count that an administrator signed all the same.
            let certificate = Certificate(
                user: "clerk9", serial: 1, role: .clerk, unit: "U00", officer: nil,
                signingKey: identity.signingKey.publicKey,
                agreementKey: try X25519PublicKey(rawBytes: #require(Hex.bytes(key))), validFrom: fixture.archive.today)
            let archiveID = fixture.archive.header.archiveID
            #expect(throws: ArchiveError(.integrity, "")) {
                try Certificate(text: certificate.text(archiveID: archiveID), archiveID: archiveID)
            }
        }
    }

    @Test("A user is an officer who is there, or none")
    func unknownOfficer() throws {
        let fixture = try Fixture()
        let request = try UserRequest.make(Identity.generate(user: "officer9"), bureauID: "test")
        let security = try fixture.session("secadmin1")
        let refused = refusal {
            _ = try security.proposeUser(request: request, role: .officer, unit: "U00", officer: OfficerID(5))
        }
        #expect(refused?.code == .invalidEntry && refused?.rule == "user.officerUnknown")
        let officer = try fixture.session("clerk1").showOfficer("990001").id
        #expect(throws: Never.self) {
            _ = try security.proposeUser(request: request, role: .officer, unit: "U00", officer: officer)
        }
    }
}
