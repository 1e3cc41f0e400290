import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

/// Leaving (离任): what ends with it, what stays, and who may say so.
@Suite("Leaving")
struct LeaveTests {
    private func open(_ fixture: Fixture, _ user: String) throws -> Archive {
        try Archive.open(
            at: fixture.path, identity: #require(fixture.identities[user]), clock: fixture.clock.clock,
            lockWaitSeconds: 0.1)
    }

    @Test("Who has left opens nothing, begins no session, goes on with none, and is listed with the day")
    func leaving() throws {
        let fixture = try Fixture()
        let running = try fixture.session("clerk2")
        let size = try fixture.ledgerSize()
        let leaving = try fixture.session("secadmin1").leave("clerk2", reason: "调离")
        #expect(try fixture.ledgerSize() == size + 1)
        let leaf = try fixture.lastLeaf()
        #expect(leaf.act == "user.leave" && leaf.actor == "secadmin1" && leaf.objects?.count == 1)
        #expect(leaf.commitments.keys.sorted() == ["categories", "reason", "role", "unit", "user"])
        #expect(leaving.certificate.role == .clerk && leaving.certificate.unit == "U02")
        #expect(Set(leaving.held.map(\.category)) == Set(Fixture.political))
        #expect(leaving.held.allSatisfy { $0.unit == "U02" } && leaving.vacant.isEmpty && !leaving.roleIsVacant)

        #expect(throws: ArchiveError(.changedSinceRead, "")) { try running.showOfficer("990003") }
        #expect(throws: ArchiveError(.wrongPassphrase, "")) { try fixture.session("clerk2") }
        #expect(throws: ArchiveError(.wrongPassphrase, "")) { try fixture.reopened(as: "clerk2") }
        #expect(
            try PageKeyFile.all(fixture.path)[0].wraps.keys.sorted()
                == Fixture.members.map(\.user).filter { $0 != "clerk2" }.sorted())
        let security = try fixture.session("secadmin1")
        let entries = try security.users()
        #expect(entries.count == Fixture.members.count)
        #expect(entries.filter { $0.leftOn != nil }.map(\.certificate.user) == ["clerk2"])
        #expect(entries.first { $0.certificate.user == "clerk2" }?.leftOn == fixture.archive.today)
        #expect(try security.grantEntries(of: "clerk2").isEmpty && !security.grantEntries(of: "clerk1").isEmpty)
        #expect(throws: ArchiveError(.notVisible, "")) {
            try fixture.session("clerk1").proposeGrant(user: "clerk2", category: .events, unit: "U02")
        }
        #expect(try fixture.archive.check().findings == [])
        #expect(
            try fixture.session("auditor1").auditLines(LedgerQuery()).lines.contains { $0.details?["reason"] == "调离" })
        // What the archive is for everybody else is what it was.
        #expect(try fixture.session("clerk1").records(of: "990003").records.count == 2)
        let export = fixture.folder.path + "/export"
        _ = try fixture.session("auditor1").exportLedger(to: export)
        #expect(try ExportVerifier.verify(folder: export).findings == [])
        let note = export + "/certificates/clerk2-2.note"
        let text = try String(contentsOfFile: note, encoding: .utf8)
        try Data(text.replacing("clerk2", with: "clerk1").utf8).write(to: URL(filePath: note))
        #expect(
            try ExportVerifier.verify(folder: export).findings.contains { $0.rule == "export.certificate.signature" })
    }

    @Test("Every refusal says why, leaves its line, and changes nothing")
    func refusals() throws {
        let fixture = try Fixture(withRecords: false)
        let security = try fixture.session("secadmin1")
        try security.leave("clerk2", reason: "x")
        let pages = try PageKeyFile.all(fixture.path)
        let rows = { try fixture.archive.raw { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM certificate") } }
        let before = try rows()
        let cases: [(by: String, user: String, reason: String, ArchiveError.Code, rule: String?)] = [
            ("clerk1", "clerk2", "x", .roleRefuses, nil), ("sysadmin1", "clerk1", "x", .roleRefuses, nil),
            ("auditor1", "clerk1", "x", .roleRefuses, nil),
            ("secadmin1", "clerk1", "", .invalidEntry, "leave.reason"),
            ("secadmin1", "clerk1", " \u{3000}\u{200B}", .invalidEntry, "leave.reason"),
            ("secadmin1", "secadmin1", "x", .recusal, "leave.self"),
            ("secadmin1", "nobody", "x", .notVisible, "leave.unknown"),
            ("secadmin1", "clerk2", "x", .stateForbids, "leave.already"),
            ("secadmin1", "sysadmin1", "x", .stateForbids, "leave.lastAdministrator"),
            ("secadmin1", "auditor1", "x", .stateForbids, "leave.lastAdministrator"),
            ("secadmin1", "inspector1", "x", .stateForbids, "leave.vacancy"),
            ("secadmin1", "clerk1", "x", .stateForbids, "leave.vacancy"),
        ]
        for (by, user, reason, code, rule) in cases {
            let session = try fixture.session(by)
            do {
                // No acceptance makes the archive impossible to administer.
                try session.leave(user, reason: reason, acceptsVacancy: rule == "leave.lastAdministrator")
                Issue.record("\(user) has left")
            } catch let error as ArchiveError {
                #expect(error.code == code && (rule == nil || error.rule == rule), "\(by) \(user): \(error)")
                if user == "inspector1" { #expect(error.subject == "complaints U00, inspector") }
            }
            #expect(try fixture.lastLeaf().outcome == "refused:\(code.rawValue)" && fixture.lastLeaf().actor == by)
            #expect(try rows() == before && PageKeyFile.all(fixture.path) == pages)
        }
        #expect(try fixture.archive.check().findings == [])
        // When the line cannot be written, nobody leaves.
        fixture.archive.ledgerFault = { throw ArchiveError(.ledgerNotWritable, "injected") }
        #expect(throws: ArchiveError(.ledgerNotWritable, "")) { try security.leave("officer1", reason: "x") }
        fixture.archive.ledgerFault = nil
        #expect(try rows() == before && PageKeyFile.all(fixture.path) == pages)
        try security.leave("officer1", reason: "x")
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("A vacancy is named: a node that nobody else holds or has above him, and a role in which nobody serves")
    func vacancies() throws {
        let fixture = try Fixture()
        let security = try fixture.session("secadmin1")
        let leaving = try security.leave("inspector1", reason: "退休", acceptsVacancy: true)
        #expect(leaving.vacant.map(\.description) == ["complaints U00"] && leaving.roleIsVacant)
        #expect(leaving.held.count == 9)
        #expect(try fixture.archive.check().findings == [])
        // Complaints go on into the drop-box; nobody reads them.
        _ = try fixture.session("clerk1").drop(Fixture.complaint("990001"))
        // A grant that has ended covers nothing.
        let other = try Fixture()
        let grant = try other.session("clerk1").proposeGrant(
            user: "supervisor1", category: .duty, unit: "U00", until: other.archive.today)
        let secadmin = try other.session("secadmin1")
        #expect(try secadmin.accept(grant).missing == nil)
        other.clock.move(by: 3 * 86_400)
        secadmin.clockIsConfirmed = true
        #expect(try secadmin.leave("supervisor1", reason: "x", acceptsVacancy: true).vacant.isEmpty)
        #expect(
            try secadmin.leave("leader1", reason: "x", acceptsVacancy: true).vacant.map(\.description) == [
                "governance U00"
            ])
    }

    @Test("Neither a grant that has ended nor one below covers what somebody leaves")
    func coverage() throws {
        let fixture = try Fixture(withRecords: false)
        let security = try fixture.session("secadmin1")
        let ending = try fixture.session("clerk1").proposeGrant(
            user: "clerk2", category: .talks, unit: "U00", until: fixture.archive.today)
        #expect(try security.accept(ending).missing == nil)
        fixture.clock.move(by: 3 * 86_400)
        security.clockIsConfirmed = true
        for user in ["reviewer1", "inspector1"] { try security.leave(user, reason: "x", acceptsVacancy: true) }
        // All three are clerk2's below U02; one of them was, above it, until three days ago.
        let vacant = ["care U00", "drinking U00", "talks U00"]
        do {
            try security.leave("clerk1", reason: "x")
            Issue.record("clerk1 has left")
        } catch let error as ArchiveError {
            #expect(error.rule == "leave.vacancy" && error.subject == vacant.joined(separator: ", "))
        }
        #expect(
            try security.leave("clerk1", reason: "x", acceptsVacancy: true).vacant.map(\.description) == vacant)
        let last = try security.leave("clerk2", reason: "x", acceptsVacancy: true)
        #expect(last.held.map(\.description).contains("talks U00"))
        #expect(last.vacant.map(\.description) == ["care U02", "drinking U02", "talks U02"])
    }

    @Test("Who leaves while he works files nothing more, and what he was importing is not published")
    func running() throws {
        let fixture = try Fixture()
        let session = try fixture.session("clerk2")
        let security = try fixture.session("secadmin1")
        let rows = { try fixture.archive.raw { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM version") } }
        let before = try rows()
        #expect(throws: ArchiveError(.changedSinceRead, "")) {
            try session.importRecords(kind: "majorEvent", dryRun: false) { receive in
                try receive(2, .values(officer: "990003", state: nil, Fixture.event("990003", "x").values))
            } progress: { _, pass in
                guard pass == 2 else { return }
                #expect(throws: Never.self) { try security.leave("clerk2", reason: "x") }
            }
        }
        #expect(throws: ArchiveError(.changedSinceRead, "")) { try session.file(Fixture.event("990003", "y")) }
        #expect(try rows() == before && fixture.archive.status().openImportCount == 0)
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("Who leaves while his import runs signs no line for the dossiers that it would open")
    func importing() throws {
        let fixture = try Fixture()
        let session = try fixture.session("clerk2")
        let security = try fixture.session("secadmin1")
        let rows = {
            try fixture.archive.raw { db in
                try ["version", "dossier", "key"].map { try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \($0)") }
            }
        }
        let before = try rows()
        var pass = 0
        #expect(throws: ArchiveError(.changedSinceRead, "")) {
            // 990003 has no such dossier yet.
            try session.importRecords(kind: "training", dryRun: false) { receive in
                pass += 1
                if pass == 2 { try security.leave("clerk2", reason: "x") }
                let values: [String: JSONValue] = ["course": "other", "completedOn": "2026-03-01", "passed": true]
                try receive(2, .values(officer: "990003", state: nil, values))
            }
        }
        #expect(try pass == 2 && rows() == before && fixture.archive.status().openImportCount == 0)
        #expect(try fixture.lastLeaf().act == "user.leave")
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("A leaver who kept his files reads today's pages until the page key is rotated, and never begins a session")
    func keptKeys() throws {
        let fixture = try Fixture()
        let kept = fixture.archive.pageKey.file
        let copy = fixture.folder.path + "/copy"
        try FileManager.default.createDirectory(atPath: PageKeyFile.folder(copy), withIntermediateDirectories: true)
        try fixture.archive.copyDatabase(to: copy + "/archive.db", generation: 1).file.write(copy)
        try fixture.session("secadmin1").leave("clerk2", reason: "x")
        let event = try fixture.session("clerk1").file(Fixture.event("990003", "离任之后"))
        try fixture.closeArchive()
        #expect(throws: ArchiveError(.wrongPassphrase, "")) { try open(fixture, "clerk2") }
        // With the page key's file that he kept he reads the database of today; the program begins no session for him.
        try kept.write(fixture.path)
        let identity = try #require(fixture.identities["clerk2"])
        var archive: Archive? = try open(fixture, "clerk2")
        #expect(
            try archive?.raw {
                try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM version WHERE id = ?", arguments: [event.number])
            } == 1)
        #expect(throws: ArchiveError(.wrongPassphrase, "")) { try Session(#require(archive), identity: identity) }
        // With tools of his own he also opens what was filed since below a node that he held: its keys are what they were.
        let opened = try #require(archive).snapshot { db -> Bool in
            let archive = try #require(archive)
            let rules = Credentials(archive, db)
            let grants = HeldGrants(
                rows: [], all: try GrantTable.rows(of: "clerk2", db).map(rules.verified), day: archive.today)
            let graph = KeyGraph(archive, rootUnit: "U00", identity: identity, grants: grants)
            return try graph.dossierKey(event.dossier, db) != nil
        }
        #expect(opened)
        try #require(archive).engine.close()
        archive = nil
        // After a rotation his copy of the key opens nothing that stands there.
        var rotator: Archive? = try open(fixture, "sysadmin1")
        _ = try Session(#require(rotator), identity: #require(fixture.identities["sysadmin1"])).rotatePageKey()
        rotator = nil
        let rotated = try #require(try PageKeyFile.all(fixture.path).first)
        #expect(rotated.wraps["clerk2"] == nil && rotated.wraps.count == Fixture.members.count - 1)
        try kept.write(fixture.path)
        #expect(throws: ArchiveError(.integrity, "")) { try open(fixture, "clerk2") }
        #expect(try open(fixture, "clerk1").check().findings == [])
        // And what he copied while he served stays open to him, whatever is done here.
        let old = try fixture.reopened(as: "clerk2", at: copy)
        let session = try Session(old, identity: identity)
        session.purpose = Purpose("dailyManagement")
        #expect(try session.records(of: "990003").records.count == 2)
    }

    @Test("A crash between the line and the page key's file is a finding that the next session mends")
    func interrupted() throws {
        let fixture = try Fixture(withRecords: false)
        let before = fixture.archive.pageKey.file
        try fixture.session("secadmin1").leave("clerk2", reason: "x")
        try before.write(fixture.path)
        try fixture.closeArchive()
        let archive = try open(fixture, "clerk1")
        #expect(try archive.check().findings.map { "\($0.rule) \($0.detail)" } == ["check.pageKey clerk2"])
        #expect(throws: ArchiveError(.wrongPassphrase, "")) {
            try Session(open(fixture, "clerk2"), identity: #require(fixture.identities["clerk2"]))
        }
        #expect(try Session(archive, identity: #require(fixture.identities["clerk1"])).warnings == [])
        #expect(try archive.check().findings == [])
        #expect(throws: ArchiveError(.wrongPassphrase, "")) { try open(fixture, "clerk2") }
        // A backup wraps its own page key to those who serve.
        let key = try archive.copyDatabase(to: fixture.folder.path + "/copy.db", generation: 1)
        #expect(key.file.wraps["clerk2"] == nil && key.file.wraps.count == Fixture.members.count - 1)
    }

    @Test("The officer whose user has left may be another user")
    func sameOfficer() throws {
        let fixture = try Fixture()
        let officer = try fixture.session("clerk1").showOfficer("990001").id
        let signers = try [fixture.session("secadmin1"), fixture.session("clerk1")]
        try fixture.certify(Identity.generate(user: "clerk8"), .clerk, unit: "U01", officer: officer, signers: signers)
        let other = try Identity.generate(user: "clerk9")
        #expect(throws: ArchiveError(.invalidEntry, "")) {
            try fixture.certify(other, .clerk, unit: "U01", officer: officer, signers: signers)
        }
        try signers[0].leave("clerk8", reason: "x")
        try fixture.certify(other, .clerk, unit: "U01", officer: officer, signers: signers)
        #expect(try Session(fixture.archive, identity: other).certificate.officer == officer.number)
        #expect(try fixture.archive.check().findings == [])
        // Two at once are a finding, whoever signed for the second.
        let second = try Identity.generate(user: "clerk7")
        let header = fixture.archive.header
        let certificate = Certificate(
            user: "clerk7", serial: 1, role: .clerk, unit: "U01", officer: officer.number,
            signingKey: second.signingKey.publicKey, agreementKey: second.agreementKey.publicKey,
            validFrom: fixture.archive.today)
        let note = try SignedNote(
            text: certificate.text(archiveID: header.archiveID),
            signers: ([second] + signers.map(\.identity)).map {
                NoteSigner(name: header.names.user($0.user), key: $0.signingKey)
            })
        try signers[0].write(.approveAccept) { _, writer in
            try writer.insertCertificate(user: "clerk7", serial: 1, note: note.bytes)
        }
        let found = try fixture.archive.check().findings.first { $0.rule == "check.certificate.officer" }
        #expect(found?.place == officer.text && found?.detail == "clerk7 clerk9")
    }

    @Test("Who left may be certified again, with a new request, and has none of his old grants")
    func again() throws {
        let fixture = try Fixture()
        let security = try fixture.session("secadmin1")
        // A proposal that was open when he left is overtaken by the leave; he does not sign it himself.
        let early = try Identity.generate(user: "clerk2")
        let (overtaken, _) = try security.proposeUser(
            request: UserRequest.make(early, bureauID: "test"), role: .clerk, unit: "U02", officer: nil)
        #expect(throws: ArchiveError(.notVisible, "")) {
            try fixture.session("clerk2").accept(overtaken)
        }
        try security.leave("clerk2", reason: "x")
        #expect(throws: ArchiveError(.stateForbids, "")) { try fixture.session("clerk1").accept(overtaken) }
        let identity = try Identity.generate(user: "clerk2")
        try fixture.certify(
            identity, .clerk, unit: "U02",
            signers: [security, fixture.session("clerk1"), fixture.session("sysadmin1")])
        #expect(throws: ArchiveError(.wrongPassphrase, "")) { try fixture.session("clerk2") }
        let session = try Session(fixture.archive, identity: identity)
        #expect(session.certificate.serial == 3 && session.grants.isEmpty)
        #expect(try session.users().first { $0.certificate.user == "clerk2" }?.leftOn == nil)
        #expect(try Archive.open(at: fixture.path, identity: identity).header.bureauID == "test")
        #expect(try fixture.archive.check().findings == [])
        // And leave again.
        try security.leave("clerk2", reason: "y")
        #expect(throws: ArchiveError(.wrongPassphrase, "")) { try Session(fixture.archive, identity: identity) }
        #expect(try fixture.archive.check().findings == [])
    }
}
