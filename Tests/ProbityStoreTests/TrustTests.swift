import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

/// Somebody with write access to the file, and for the harder cases with a user's keys and tools of his own.
@Suite("What the ledger vouches for")
struct TrustTests {
    private static let complaints = NodePlace(category: .complaints, unit: "U00")

    private func session(_ fixture: Fixture, _ user: String) throws -> Session {
        let archive = try fixture.reopened()
        let session = try Session(archive, identity: #require(fixture.identities[user]))
        session.purpose = archive.policy.purposes(session.role).first.map { Purpose(code: $0, reason: "test") }
        return session
    }

    /// A drop-box of the attacker's, newer than the real one.
    private func plant(_ category: ProbityRecords.Category, batch: Int64, _ db: Database) throws {
        let key = try X25519PrivateKey().publicKey
        try db.execute(
            sql: """
                INSERT INTO key (id, kind, category, unit, epoch, publicKey, batch)
                SELECT MAX(id) + 1, 'intake', ?, 'U00', 99, ?, ? FROM key
                """, arguments: [category.rawValue, Data(key.rawBytes), batch])
    }

    @Test("A planted drop-box takes nothing: no ledger line, somebody else's line, or a batch hidden as an import")
    func plantedRow() throws {
        for category in [ProbityRecords.Category.complaints, .audit] {
            let fixture = try Fixture()
            var taken: [TrayID] = []
            let last = try fixture.archive.raw { try Int64.fetchOne($0, sql: "SELECT MAX(batch) FROM leaf") } ?? 0
            let ceremony = try fixture.archive.snapshot { try ArchiveTable.ceremonyBatch($0) }
            for batch in [999, last, ceremony] {
                try fixture.archive.engine.database.write { try plant(category, batch: batch, $0) }
                // A row under the ceremony's number takes nothing from those that the ceremony made.
                taken.append(try session(fixture, "clerk1").drop(Fixture.complaint("990001")))
                #expect(try !fixture.archive.check().isSound)
                try fixture.archive.engine.database.write { try $0.execute(sql: "DELETE FROM key WHERE epoch = 99") }
            }
            // Hidden as a running import it is not there at all.
            try fixture.archive.engine.database.write { db in
                try plant(category, batch: 999, db)
                try db.execute(
                    sql: "INSERT INTO openBatch (id, userId, startedAt, token) VALUES (999, 'x', 'x', x'00')")
            }
            taken.append(try session(fixture, "clerk1").drop(Fixture.complaint("990001")))
            #expect(try Set(session(fixture, "inspector1").trayEntries().value.map(\.id)) == Set(taken))
        }
    }

    @Test("A drop-box whose line a user signed who holds nothing there takes nothing either, and check says so")
    func plantedAct() throws {
        let fixture = try Fixture()
        try fixture.session("promoter1").write(.dossierOpen) { _, writer in
            _ = try writer.insertKey(
                .intake, at: TrustTests.complaints, publicKey: X25519PrivateKey().publicKey.rawBytes)
        }
        try demandTrueDropBox(fixture)
        #expect(Set(try fixture.archive.check().findings.map(\.rule)) == ["check.key.holder", "check.place.second"])
    }

    @Test("Who held the node by a grant that has ended, or before he had new keys, makes no drop-box there")
    func formerHolder() throws {
        let fixture = try Fixture()
        let security = try fixture.session("secadmin1")
        func plant(_ session: Session, _ place: NodePlace) throws {
            try session.write(.dossierOpen) { _, writer in
                _ = try writer.insertKey(.intake, at: place, publicKey: X25519PrivateKey().publicKey.rawBytes)
            }
        }
        func holders(_ fixture: Fixture) throws -> Int {
            try fixture.archive.check().findings.filter { $0.rule == "check.key.holder" }.count
        }
        let until = fixture.archive.today
        let grant = try fixture.session("clerk1").proposeGrant(
            user: "clerk2", category: .events, unit: "U01", until: until)
        #expect(try security.accept(grant).missing == nil)
        let place = NodePlace(category: .events, unit: "U01")
        try plant(fixture.session("clerk2"), place)
        #expect(try holders(fixture) == 0)
        fixture.clock.move(by: 86_400)
        try plant(fixture.session("clerk2"), place)
        #expect(try holders(fixture) == 1)

        let identity = try Identity.generate(user: "clerk2")
        try fixture.certify(
            identity, .clerk, unit: "U02",
            signers: [security, fixture.session("clerk1"), fixture.session("sysadmin1")])
        try plant(Session(fixture.archive, identity: identity), NodePlace(category: .events, unit: "U02"))
        #expect(try holders(fixture) == 2)
    }

    @Test("A drop-box whose line names a holder, and is signed by another user, takes nothing")
    func plantedInNameOfHolder() throws {
        let fixture = try Fixture()
        try fixture.forge(#require(fixture.identities["promoter1"]), "dossier.open", inNameOf: "inspector1") {
            _ = try $0.insertKey(
                .intake, at: TrustTests.complaints, publicKey: X25519PrivateKey().publicKey.rawBytes)
        }
        try demandTrueDropBox(fixture)
        #expect(try fixture.archive.check().findings.map(\.rule).contains("check.leaf.signature"))
    }

    @Test(
        "The copy of a grant under another name or place makes nobody a holder, and check says so",
        arguments: ["user", "category", "unit"])
    func borrowedGrant(column: String) throws {
        let fixture = try Fixture()
        let security = try fixture.session("secadmin1")
        let inspector = try fixture.session("inspector1")
        let newcomer = try Identity.generate(user: "inspector2")
        try fixture.certify(newcomer, .inspector, signers: [security, inspector, fixture.session("sysadmin1")])
        // A real grant, made after the ceremony; one column of its copy is another's.
        let place = column == "unit" ? NodePlace(category: .talks, unit: "U00") : TrustTests.complaints
        let grant = try inspector.proposeGrant(
            user: "inspector2", category: column == "user" ? .complaints : .talks,
            unit: column == "unit" ? "U01" : "U00")
        #expect(try security.accept(grant).missing == nil)
        let user = column == "user" ? "promoter1" : "inspector2"
        let identity = try #require(column == "user" ? fixture.identities[user] : newcomer)
        try fixture.archive.engine.database.write { db in
            try db.execute(
                sql: """
                    INSERT INTO accessGrant (userId, category, unit, note, batch)
                    SELECT ?, ?, ?, note, batch FROM accessGrant WHERE userId = 'inspector2'
                    """, arguments: [user, place.category.rawValue, place.unit])
        }
        try fixture.forge(identity, "dossier.open") {
            _ = try $0.insertKey(.intake, at: place, publicKey: X25519PrivateKey().publicKey.rawBytes)
        }
        try demandTrueDropBox(fixture)
        let rules = try fixture.archive.check().findings.map(\.rule)
        #expect(rules.contains("check.grant") && rules.contains("check.key.holder"))
        #expect(throws: ArchiveError(.integrity, "")) { try Session(fixture.archive, identity: identity) }
    }

    /// What is dropped goes where the ceremony's key is, whatever else stands there.
    private func demandTrueDropBox(_ fixture: Fixture) throws {
        let id = try session(fixture, "clerk1").drop(Fixture.complaint("990001"))
        #expect(try session(fixture, "inspector1").trayEntries().value.map(\.id) == [id])
        let used = try fixture.archive.raw {
            try Int64.fetchOne($0, sql: "SELECT intake FROM tray WHERE id = ?", arguments: [id.number])
        }
        let first = try fixture.archive.raw {
            try Int64.fetchOne($0, sql: "SELECT MIN(id) FROM key WHERE kind = 'intake' AND category = 'complaints'")
        }
        #expect(used == first)
    }

    @Test("A second node and drop-box that a holder makes changes nothing, and check finds them")
    func second() throws {
        let fixture = try Fixture()
        try fixture.session("inspector1").write(.dossierOpen) { _, writer in
            let graph = try fixture.session("inspector1").graph
            let above: NodeSecret = try #require(try graph.open(TrustTests.complaints, writer.db))
            _ = try graph.makeNode(at: TrustTests.complaints, below: above, in: writer)
        }
        try demandTrueDropBox(fixture)
        #expect(Set(try fixture.archive.check().findings.map(\.rule)) == ["check.place.second"])
    }

    @Test(
        "Another recovery key or log key in the header begins no session", arguments: ["recoveryKey", "logKey", "name"])
    func header(column: String) throws {
        let fixture = try Fixture()
        let key = try X25519PrivateKey().publicKey.rawBytes
        try fixture.archive.engine.database.write {
            try $0.execute(
                sql: "UPDATE archive SET \(column) = ?", arguments: [column == "name" ? "x" : Data(key)])
        }
        #expect(throws: ArchiveError(.integrity, "")) { try session(fixture, "clerk1") }
    }

    @Test("A line that says what its actor's role never does, or adds rows that such acts never add, is found")
    func acts() throws {
        let fixture = try Fixture()
        // The gate itself refuses such a line…
        #expect(throws: ArchiveError(.integrity, "")) {
            try fixture.session("clerk1").write(.recordAdd) { run, writer in
                try run.demandRight(in: .events)
                try run.concerns([])
                try writer.insertUnit(Unit(id: "U99", parent: "U00", kind: "station", name: "x"))
            }
        }
        // …so somebody with other tools signs it.
        for (user, act) in [("clerk1", "record.add"), ("inspector1", "unit.add"), ("sysadmin1", "unit.add")] {
            try fixture.forge(#require(fixture.identities[user]), act) {
                try $0.insertUnit(Unit(id: "X-\(user)", parent: "U00", kind: "station", name: "x"))
            }
        }
        let report = try fixture.archive.check()
        #expect(report.findings.map(\.rule) == ["check.act.rows", "check.act.role"])
    }

    @Test("A version or a tray item that names another filer than the signer of its line is not shown")
    func filer() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let entry = try clerk.records(of: "990001").records[0]
        let forged = VersionContent(
            officer: entry.content.officer, entry.content.columns, edition: entry.content.edition,
            filedOn: entry.content.filedOn, filedBy: "reviewer1", step: "correct", reason: "x",
            values: entry.content.values)
        let kind = try #require(fixture.archive.catalogue.kind(entry.content.kind))
        try clerk.write(.recordAmend) { run, writer in
            try run.demand(.allow, "x")
            try run.concerns([])
            let key = try #require(try clerk.graph.dossierKey(entry.id.dossier, writer.db))
            try clerk.vault.insert(
                forged, kind: kind, record: entry.id.number,
                version: clerk.vault.nextVersion(in: entry.id.dossier, writer.db), key: key, in: writer)
        }
        let read = try clerk.records(of: "990001")
        #expect(read.records.contains { $0.version == entry.version } && !read.coverage.closable.isEmpty)
        #expect(try clerk.show(entry.id).entry.version == entry.version)
        #expect(try clerk.records(of: "990003").records.count == 2)
    }

    @Test("New keys under an old name open nothing of the old grants, and new grants give it back")
    func replacedKeys() throws {
        let fixture = try Fixture()
        let security = try fixture.session("secadmin1")
        let identity = try Identity.generate(user: "clerk2")
        try fixture.certify(
            identity, .clerk, unit: "U02",
            signers: [security, fixture.session("clerk1"), fixture.session("sysadmin1")])
        #expect(throws: ArchiveError(.wrongPassphrase, "")) { try fixture.session("clerk2") }
        let bare = try Session(fixture.archive, identity: identity)
        bare.purpose = Purpose("dailyManagement")
        #expect(bare.grants.isEmpty)
        #expect(throws: ArchiveError(.notVisible, "")) { try bare.showOfficer("990003") }
        for category in [ProbityRecords.Category.roster, .events] {
            let grant = try fixture.session("clerk1").proposeGrant(user: "clerk2", category: category, unit: "U02")
            #expect(try security.accept(grant).missing == nil)
        }
        let session = try Session(fixture.archive, identity: identity)
        session.purpose = Purpose("dailyManagement")
        #expect(try session.records(of: "990003").records.count == 2)
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("Half of somebody's keys begins no session")
    func halfKeys() throws {
        let fixture = try Fixture(withRecords: false)
        let real = try #require(fixture.identities["clerk1"])
        let other = try Identity.generate(user: "clerk1")
        for (signing, agreement) in [(other, real), (real, other)] {
            let identity = Identity(
                user: "clerk1", signingKey: signing.signingKey, agreementKey: agreement.agreementKey)
            #expect(throws: ArchiveError(.wrongPassphrase, "")) { try Session(fixture.archive, identity: identity) }
        }
    }

    @Test("A grant opens its place from its first day to its last, and no longer")
    func lastDay() throws {
        let fixture = try Fixture()
        let first = fixture.archive.today
        let holder = try fixture.session("clerk1")
        for category in [ProbityRecords.Category.roster, .events] {
            let grant = try holder.proposeGrant(
                user: "clerk2", category: category, unit: "U01", until: first.adding(days: 1))
            #expect(try fixture.session("secadmin1").accept(grant).missing == nil)
        }
        for isOpen in [true, true, false] {
            let session = try fixture.session("clerk2")
            #expect(session.grants.contains { $0.place.unit == "U01" } == isOpen)
            if isOpen {
                #expect(try session.records(of: "990001").records.count == 2)
            } else {
                #expect(throws: ArchiveError(.notVisible, "")) { try session.records(of: "990001") }
            }
            fixture.clock.move(by: 86_400)
        }
        // A clock that was set back opens nothing before its time.
        let grant = Grant(
            to: holder.certificate, place: TrustTests.complaints, key: 1, wrap: [], notBefore: first, notAfter: nil)
        #expect(!grant.isInForce(on: first.adding(days: -1)) && grant.isInForce(on: first.adding(days: 999)))
    }

    @Test("A grant that lacks a signature, or whose wrap is another one, is found and begins no session")
    func unsignedGrants() throws {
        let cases: [(signers: [String], isWrapSigned: Bool, isSound: Bool)] = [
            (["clerk1", "secadmin1"], true, true), (["clerk1", "secadmin1"], false, false),
            (["clerk1"], true, false), (["clerk1", "sysadmin1"], true, false), (["secadmin1"], true, false),
            (["sysadmin1", "secadmin1"], true, false),
            // His own signature is none for himself.
            (["clerk2", "secadmin1"], true, false),
        ]
        for (signers, isWrapSigned, isSound) in cases {
            let fixture = try Fixture(withRecords: false)
            let header = fixture.archive.header
            let holder = try fixture.session("clerk1")
            let place = NodePlace(category: .events, unit: "U00")
            let certificate = try fixture.session("clerk2").certificate
            try holder.write(.approveAccept) { _, writer in
                let node = try holder.graph.node(at: place, in: writer)
                let wrap = try holder.graph.wrap(node, to: certificate)
                let grant = Grant(
                    to: certificate, place: place, key: node.keyID, wrap: isWrapSigned ? wrap : [0],
                    notBefore: fixture.archive.today, notAfter: nil)
                let note = try SignedNote(
                    text: grant.text(archiveID: header.archiveID),
                    signers: signers.map {
                        NoteSigner(name: header.names.user($0), key: try #require(fixture.identities[$0]).signingKey)
                    })
                try writer.insertWrap(of: node.keyID, byUser: "clerk2", wrap)
                try writer.insertGrant(user: "clerk2", place: place, note: note.bytes)
            }
            #expect(try fixture.archive.check().findings.map(\.rule) == (isSound ? [] : ["check.grant"]), "\(signers)")
            if isSound {
                #expect(try fixture.session("clerk2").grants.contains { $0.place == place })
            } else {
                #expect(throws: ArchiveError(.integrity, ""), "\(signers)") { try fixture.session("clerk2") }
            }
        }
    }

    @Test("Nobody is granted anything on his own proposal, and nothing once his certificate was replaced or has ended")
    func proposedGrants() throws {
        let fixture = try Fixture(withRecords: false)
        let security = try fixture.session("secadmin1")
        let clerk = try fixture.session("clerk1")
        #expect(throws: ArchiveError(.needsSecondPerson, "")) {
            try clerk.proposeGrant(user: "clerk1", category: .events, unit: "U02")
        }
        // With tools of his own he proposes it all the same.
        let own = try clerk.write(.accessGrant) { run, writer in
            try run.demandRight(in: .events)
            let node = try clerk.graph.node(at: NodePlace(category: .events, unit: "U02"), in: writer)
            let wrap = try clerk.graph.wrap(node, to: clerk.certificate)
            let grant = Grant(
                to: clerk.certificate, place: node.place, key: node.keyID, wrap: wrap,
                notBefore: fixture.archive.today, notAfter: nil)
            let note = try SignedNote(
                text: grant.text(archiveID: fixture.archive.header.archiveID),
                signers: [NoteSigner(name: fixture.archive.header.names.user("clerk1"), key: clerk.identity.signingKey)]
            )
            return try writer.insertProposal(.grant, note: note.bytes, release: wrap)
        }
        let late = try fixture.session("clerk1").proposeGrant(user: "clerk2", category: .events, unit: "U01")
        func rows() throws -> [Int?] {
            try fixture.archive.raw { db in
                try ["accessGrant", "wrap"].map { try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \($0)") }
            }
        }
        let before = try rows()
        #expect(throws: ArchiveError(.changedSinceRead, "")) { try security.accept(own) }
        try security.leave("clerk2", reason: "x")
        #expect(throws: ArchiveError(.changedSinceRead, "")) { try security.accept(late) }
        #expect(try rows() == before)
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("A grant may be renewed before and after its last day")
    func renewal() throws {
        let fixture = try Fixture()
        let security = try fixture.session("secadmin1")
        let clerk = try fixture.session("clerk1")
        let until = fixture.archive.today
        let first = try clerk.proposeGrant(user: "clerk2", category: .events, unit: "U01", until: until)
        #expect(try security.accept(first).missing == nil)
        let second = try clerk.proposeGrant(user: "clerk2", category: .events, unit: "U01", until: until)
        #expect(try security.accept(second).missing == nil)
        fixture.clock.move(by: 86_400)
        let third = try clerk.proposeGrant(user: "clerk2", category: .events, unit: "U01")
        #expect(try security.accept(third).missing == nil)
        #expect(try fixture.archive.check().findings == [])
    }
}
