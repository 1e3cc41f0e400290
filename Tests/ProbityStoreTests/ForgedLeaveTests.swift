import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

/// Leaves that nobody signed who may, and keys that were kept.
@Suite("Forged leaves")
struct ForgedLeaveTests {
    private func leaveNote(_ user: String, serial: Int64, by identity: Identity, _ fixture: Fixture) throws -> [UInt8] {
        let header = fixture.archive.header
        let leave = Leave(user: user, serial: serial, date: fixture.archive.today)
        let signer = NoteSigner(name: header.names.user(identity.user), key: identity.signingKey)
        return try SignedNote(text: leave.text(archiveID: header.archiveID), signers: [signer]).bytes
    }

    @Test("A leave that no security administrator signed, or that is another's, is found and is no leave")
    func forged() throws {
        for forger in ["clerk1", "sysadmin1", "clerk2"] {
            let fixture = try Fixture(withRecords: false)
            let identity = try #require(fixture.identities[forger])
            let note = try leaveNote("clerk2", serial: 2, by: identity, fixture)
            try fixture.forge(identity, "user.leave") {
                try $0.insertCertificate(user: "clerk2", serial: 2, note: note)
            }
            let rules = try fixture.archive.check().findings.map(\.rule)
            #expect(rules.contains("check.certificate") && rules.contains("check.act.role"), "\(forger)")
            #expect(throws: ArchiveError(.integrity, "")) { try fixture.session("clerk2") }
        }
        // The security administrator's own key does not end what is not there, or with another number, or himself.
        for (user, serial) in [("clerk2", 3), ("clerk2", 1), ("secadmin1", 2), ("nobody", 1)] as [(String, Int64)] {
            let fixture = try Fixture(withRecords: false)
            let identity = try #require(fixture.identities["secadmin1"])
            let note = try leaveNote(user, serial: serial, by: identity, fixture)
            try fixture.forge(identity, "user.leave") {
                try $0.insertCertificate(user: user, serial: serial == 1 && user == "clerk2" ? 2 : serial, note: note)
            }
            let rules = try fixture.archive.check().findings.map(\.rule)
            #expect(rules.contains("check.certificate"), "\(user) \(serial)")
        }
        // Nor what he signed for another archive, or in other than the one spelling.
        for change in ["archive", "spelling"] {
            let fixture = try Fixture(withRecords: false)
            let header = fixture.archive.header
            let identity = try #require(fixture.identities["secadmin1"])
            let leave = Leave(user: "clerk2", serial: 2, date: fixture.archive.today)
            let other = String(repeating: "0", count: header.archiveID.utf8.count)
            let text = leave.text(archiveID: change == "archive" ? other : header.archiveID)
            let signer = NoteSigner(name: header.names.user("secadmin1"), key: identity.signingKey)
            let note = try SignedNote(
                text: change == "spelling" ? text.replacing(":2", with: ": 2") : text, signers: [signer]
            ).bytes
            try fixture.forge(identity, "user.leave") {
                try $0.insertCertificate(user: "clerk2", serial: 2, note: note)
            }
            #expect(try fixture.archive.check().findings.map(\.rule).contains("check.certificate"), "\(change)")
            #expect(throws: ArchiveError(.integrity, "")) { try fixture.session("clerk2") }
        }
        // A real one, under another user's name, without its line, or changed in any of its bytes.
        let fixture = try Fixture(withRecords: false)
        try fixture.session("secadmin1").leave("clerk2", reason: "x")
        let row = try #require(
            try fixture.archive.raw {
                try Row.fetchOne(
                    $0, sql: "SELECT id, note, batch FROM certificate WHERE userId = 'clerk2' AND serial = 2")
            })
        let id: Int64 = row["id"]
        let note: Data = row["note"]
        func found(_ sql: String, _ arguments: StatementArguments) throws -> [String] {
            try fixture.archive.engine.database.write { try $0.execute(sql: sql, arguments: arguments) }
            let rules = try fixture.archive.check().findings.map(\.rule)
            try fixture.archive.engine.database.write { db in
                try db.execute(sql: "DELETE FROM certificate WHERE id >= ?", arguments: [id])
                try db.execute(
                    sql: "INSERT INTO certificate (id, userId, serial, note, batch) VALUES (?, 'clerk2', 2, ?, ?)",
                    arguments: [id, note, row["batch"] as Int64])
            }
            return rules
        }
        #expect(try found("UPDATE certificate SET userId = 'clerk1' WHERE id = ?", [id]).contains("check.certificate"))
        #expect(try found("DELETE FROM certificate WHERE id = ?", [id]).contains("check.rows"))
        #expect(try found("UPDATE certificate SET batch = 999 WHERE id = ?", [id]).contains("check.rows.unledgered"))
        for place in stride(from: 0, to: note.count, by: 5) {
            var changed = note
            changed[place] ^= 1
            let rules = try found("UPDATE certificate SET note = ? WHERE id = ?", [changed, id])
            #expect(rules.contains("check.rows"), "byte \(place)")
        }
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("A key that was kept signs nothing after its owner left: no line, no certificate, no grant")
    func keptSigningKey() throws {
        let fixture = try Fixture()
        let successor = try Identity.generate(user: "secadmin2")
        try fixture.certify(
            successor, .secadmin, signers: [fixture.session("secadmin1"), fixture.session("sysadmin1")])
        let security = try Session(fixture.archive, identity: successor)
        let old = try #require(fixture.identities["secadmin1"])
        // What waits for one more signature has lost his.
        let newcomer = try Identity.generate(user: "clerk9")
        let request = try UserRequest.make(newcomer, bureauID: "test")
        let (proposal, text) = try fixture.session("secadmin1").proposeUser(
            request: request, role: .clerk, unit: "U01", officer: nil)
        let acceptance = try UserAcceptance.make(ArchiveFolder(fixture.path), proposal: text, identity: newcomer).text
        let grant = try fixture.session("clerk2").proposeGrant(user: "clerk1", category: .events, unit: "U02")
        try security.leave("secadmin1", reason: "x")
        try security.leave("clerk2", reason: "x")
        #expect(try fixture.archive.check().findings == [])
        _ = try fixture.session("clerk1").accept(proposal, acceptance: acceptance)
        #expect(try fixture.session("sysadmin1").accept(proposal).missing == .credential(.security))
        #expect(try security.accept(proposal).missing == nil)
        #expect(throws: ArchiveError(.changedSinceRead, "")) { try security.accept(grant) }
        #expect(try Session(fixture.archive, identity: newcomer).role == .clerk)
        #expect(try fixture.archive.check().findings == [])
        // With tools of his own he signs a line all the same, and a leave under it.
        let note = try leaveNote("promoter1", serial: 2, by: old, fixture)
        try fixture.forge(old, "user.leave") {
            try $0.insertCertificate(user: "promoter1", serial: 2, note: note)
        }
        let rules = try fixture.archive.check().findings.map(\.rule)
        #expect(rules.contains("check.certificate") && rules.contains("check.leaf.actor"))
        // So does a holder who left with the drop-box that he makes.
        let other = try Fixture()
        let inspector = try #require(other.identities["inspector1"])
        try other.session("secadmin1").leave("inspector1", reason: "x", acceptsVacancy: true)
        try other.forge(inspector, "dossier.open") {
            _ = try $0.insertKey(
                .intake, at: NodePlace(category: .complaints, unit: "U00"),
                publicKey: X25519PrivateKey().publicKey.rawBytes)
        }
        let archive = try other.reopened()
        let clerk = try Session(archive, identity: #require(other.identities["clerk1"]))
        let item = try clerk.drop(Fixture.complaint("990001"))
        let used = try archive.snapshot { try TrayTable.row(item.number, $0)?.intake }
        #expect(try used == archive.snapshot { try Vouching(archive, $0).intakeKey(of: .complaints).id })
        #expect(try archive.check().findings.map(\.rule).contains("check.leaf.actor"))
    }

    @Test("A certificate that has ended is none again under a later number: check finds it, and nobody acts by it")
    func replayed() throws {
        let fixture = try Fixture(withRecords: false)
        let security = try fixture.session("secadmin1")
        let identity = try Identity.generate(user: "clerk9")
        try fixture.certify(
            identity, .clerk, unit: "U01",
            signers: [security, fixture.session("clerk1"), fixture.session("sysadmin1")])
        try security.leave("clerk9", reason: "x")
        let note = try #require(
            try fixture.archive.raw {
                try Data.fetchOne($0, sql: "SELECT note FROM certificate WHERE userId = 'clerk9' AND serial = 1")
            })
        // Its signatures are good: whoever made them serves still. An accomplice signs the line.
        try fixture.forge(#require(fixture.identities["clerk1"]), "approve.accept") {
            try $0.insertCertificate(user: "clerk9", serial: 3, note: [UInt8](note))
        }
        #expect(try fixture.archive.check().findings.map(\.rule).contains("check.certificate"))
        #expect(throws: ArchiveError(.integrity, "")) { try Session(fixture.archive, identity: identity) }
        // The page key goes to nobody on its account: the next session says so, and a new key is not made.
        let clerk = try fixture.session("clerk1")
        #expect(fixture.archive.pageKey.file.wraps["clerk9"] == nil)
        #expect(clerk.warnings.count == 1 && clerk.warnings.allSatisfy { $0.contains("certificate of clerk9") })
        #expect(throws: ArchiveError(.integrity, "")) {
            try fixture.archive.copyDatabase(to: fixture.folder.path + "/copy.db", generation: 2)
        }
        #expect(throws: ArchiveError(.integrity, "")) { try security.leave("clerk9", reason: "x") }
    }

    @Test("What somebody signed while he served stays in force when he has left")
    func signedBefore() throws {
        let fixture = try Fixture()
        let grant = try fixture.session("clerk1").proposeGrant(user: "clerk2", category: .events, unit: "U01")
        let security = try fixture.session("secadmin1")
        #expect(try security.accept(grant).missing == nil)
        let newcomer = try Identity.generate(user: "clerk9")
        try fixture.certify(
            newcomer, .clerk, unit: "U01",
            signers: [security, fixture.session("clerk1"), fixture.session("sysadmin1")])
        try security.leave("clerk1", reason: "x")
        let session = try fixture.session("clerk2")
        #expect(session.grants.contains { $0.place.unit == "U01" })
        #expect(try Session(fixture.archive, identity: newcomer).role == .clerk)
        #expect(try fixture.session("reviewer1").records(of: "990001").records.count >= 1)
        let archive = try fixture.reopened(as: "sysadmin1")
        #expect(try archive.check().findings == [])
    }
}
