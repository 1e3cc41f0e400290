import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Synchronization
import Testing

@testable import ProbityStore

/// An archive with every role, two stations and three officers, without key files: deriving keys is not what is tested.
final class Fixture {
    let folder: TemporaryFolder
    /// Nil after ``closeArchive()``.
    private var opened: Archive?
    let identities: [String: Identity]
    let clock: TestClock
    /// What stands on paper elsewhere.
    let recoveryKey: X25519PrivateKey

    var path: String { folder.path + "/archive" }
    var archive: Archive {
        guard let opened else { preconditionFailure("the test has closed its archive") }
        return opened
    }

    /// Lets go of the archive, so that the file can be looked at and changed.
    func closeArchive() throws {
        try archive.engine.close()
        opened = nil
    }

    /// A clock that stands until it is moved.
    final class TestClock: Sendable {
        // 2026-11-20T10:00:00+08:00
        let seconds = Mutex<Int64>(1_795_140_000)
        var clock: ArchiveClock { ArchiveClock { self.seconds.withLock { $0 } } }
        func move(by amount: Int64) { seconds.withLock { $0 += amount } }
    }

    static let political: [ProbityRecords.Category] = [.roster, .events, .drinking, .talks, .duty, .care]

    static let members: [Ceremony.Member] = [
        .init(user: "sysadmin1", role: .sysadmin, unit: "U00", grants: []),
        .init(user: "secadmin1", role: .secadmin, unit: "U00", grants: []),
        .init(user: "auditor1", role: .auditor, unit: "U00", grants: [.audit]),
        .init(user: "clerk1", role: .clerk, unit: "U00", grants: political),
        .init(user: "clerk2", role: .clerk, unit: "U02", grants: political),
        .init(user: "reviewer1", role: .reviewer, unit: "U00", grants: political + [.sanctions]),
        .init(
            user: "promoter1", role: .promoter, unit: "U00", grants: [.roster, .events, .sanctions, .opinions, .duty]),
        .init(
            user: "inspector1", role: .inspector, unit: "U00",
            grants: [.roster, .events, .drinking, .talks, .complaints, .sanctions, .opinions, .care, .audit]),
        .init(user: "supervisor1", role: .supervisor, unit: "U00", grants: [.roster, .governance, .duty]),
        .init(user: "leader1", role: .leader, unit: "U00", grants: [.governance]),
        .init(user: "officer1", role: .officer, unit: "U00", grants: []),
    ]

    static let numbers = ["990001", "990002", "990003"]

    init(withRecords: Bool = true, members: [Ceremony.Member] = Fixture.members) throws {
        folder = try TemporaryFolder()
        clock = TestClock()
        recoveryKey = try X25519PrivateKey()
        let path = folder.path + "/archive"
        try Files.makeFolder(path)
        try Files.makeFolder(path + "/Keys")
        let ceremony = Ceremony(
            bureauID: "test", name: "测试县公安局",
            units: [
                Unit(id: "U00", parent: nil, kind: "bureau", name: "测试县公安局"),
                Unit(id: "U01", parent: "U00", kind: "station", name: "一所"),
                Unit(id: "U02", parent: "U00", kind: "station", name: "二所"),
            ], members: members, recoveryKey: recoveryKey.publicKey)
        var identities: [String: Identity] = [:]
        for member in members { identities[member.user] = try Identity.generate(user: member.user) }
        try Archive.found(at: path, ceremony, identities, clock.clock)
        self.identities = identities
        opened = try Fixture.open(path, identities["clerk1"], clock)
        if withRecords { try fill() }
    }

    private static func open(_ path: String, _ identity: Identity?, _ clock: TestClock) throws -> Archive {
        guard let identity else { throw ArchiveError(.notFound, "no such user") }
        return try Archive.open(at: path, identity: identity, clock: clock.clock, lockWaitSeconds: 5)
    }

    /// The archive as another program would open it, or a copy of it at `path`.
    func reopened(as user: String = "clerk1", at path: String? = nil) throws -> Archive {
        try Fixture.open(path ?? self.path, identities[user], clock)
    }

    func session(_ user: String, stateFolder: String? = nil) throws -> Session {
        guard let identity = identities[user] else { throw ArchiveError(.notFound, "no user \(user)") }
        let session = try Session(archive, identity: identity, stateFolder: stateFolder)
        session.purpose = archive.policy.purposes(session.role).first.map { Purpose(code: $0, reason: "test") }
        return session
    }

    /// A valid ID number (GB 11643-1999), another one for each index.
    static func idNumber(_ index: Int) -> String {
        let digits =
            Array("99010119900101").map { $0.wholeNumberValue ?? 0 } + [index / 100 % 10, index / 10 % 10, index % 10]
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
        let sum = zip(weights, digits).reduce(0) { $0 + $1.0 * $1.1 }
        return digits.map(String.init).joined() + String(Array("10X98765432")[sum % 11])
    }

    static func officer(_ number: String, unit: String, name: String, idNo: String) -> [String: JSONValue] {
        [
            "policeNo": .string(number), "name": .string(name), "idNo": .string(idNo), "sex": "1",
            "unit": .string(unit),
            "personCategory": "police", "politics": "01",
        ]
    }

    private func fill() throws {
        let clerk = try session("clerk1")
        try clerk.addOfficers([
            Fixture.officer("990001", unit: "U01", name: "金丝雀甲", idNo: "990101197803120018"),
            Fixture.officer("990002", unit: "U01", name: "金丝雀乙", idNo: "990101198207250136"),
            Fixture.officer("990003", unit: "U02", name: "金丝雀丙", idNo: "990101198811300275"),
        ])
        try clerk.file(Fixture.event("990001", "金丝雀叙述一"))
        try clerk.file(Fixture.event("990003", "金丝雀叙述二"))
        let inspector = try session("inspector1")
        try inspector.file(Fixture.sanction("990001"))
        try inspector.file(Fixture.complaint("990002"))
    }

    /// Verifies the sanction that every fixture begins with: before that it counts for nothing.
    func verifySanction() throws {
        let reviewer = try session("reviewer1")
        let sanction = try #require(try reviewer.records(of: "990001", kind: "sanction").records.first)
        try reviewer.advance(sanction.id, step: "verify", reason: "核对文书")
    }

    static func event(_ officer: String, _ text: String) -> RecordDraft {
        RecordDraft(
            kind: "majorEvent", officer: officer,
            values: [
                "eventKind": "me01", "eventDate": "2026-05-20", "reportDate": "2026-07-01",
                "description": .string(text),
            ])
    }

    static func sanction(_ officer: String) -> RecordDraft {
        RecordDraft(
            kind: "sanction", officer: officer,
            values: [
                "measure": "p1", "decidedOn": "2026-01-15", "documentNo": "测纪〔2026〕1号", "body": "县纪委",
                "politicsAtAct": "01", "politicsAtDecision": "01", "facts": "金丝雀事实",
            ])
    }

    static func complaint(_ officer: String) -> RecordDraft {
        RecordDraft(
            kind: "complaint", officer: officer,
            values: [
                "receivedOn": "2026-06-02", "channel": "letter", "complaintClass": "accusation",
                "reporterClass": "anonymous", "jurisdiction": "own", "content": "金丝雀投件内容",
            ])
    }

    /// Certifies `identity` with the signatures of `signers`, the first of whom proposes it.
    func certify(
        _ identity: Identity, _ role: Role, unit: String = "U00", officer: OfficerID? = nil, signers: [Session]
    ) throws {
        let request = try UserRequest.make(identity, bureauID: "test")
        let (proposal, text) = try signers[0].proposeUser(request: request, role: role, unit: unit, officer: officer)
        let acceptance = try UserAcceptance.make(ArchiveFolder(path), proposal: text, identity: identity).text
        for (index, signer) in signers.dropFirst().enumerated() {
            let missing = try signer.accept(proposal, acceptance: acceptance).missing
            #expect((missing == nil) == (index == signers.count - 2))
        }
    }

    /// A line that `identity` signs, in his own name or another's, with everything that the ledger asks for: made with
    /// other tools.
    func forge(
        _ identity: Identity, _ act: String, inNameOf actor: String? = nil, rows: (RowWriter) throws -> Void
    ) throws {
        let logKey = try session("clerk1").logKey
        try archive.engine.database.write { database in
            let db = Connection(database)
            let writer = try RowWriter(db)
            try rows(writer)
            let head = try Ledger.head(archive.header, archive.ledgerMemory, db)
            var tiles: [RowTile] = []
            let objects = try RowDigest.ofRows(writer.batch, db) { tiles.append($0) }
            for tile in tiles { try RowTileTable.insert(tile, batch: writer.batch, db) }
            let signer = NoteSigner(name: archive.header.names.user(identity.user), key: identity.signingKey)
            let leaf = LeafBody(
                sequence: head.size, time: archive.now.text, actor: actor ?? identity.user,
                keyID: signer.verifier.keyIDText, act: act, batch: writer.batch,
                objects: LeafBody.Objects(count: objects.count, root: objects.root),
                details: SHA256Digest.hash([UInt8]()), commitments: [:], reads: nil, previousRoot: head.root)
            _ = try Ledger.append(
                note: SignedNote(text: leaf.text, signers: [signer]).bytes, at: archive.now, details: [],
                batch: writer.batch,
                after: head, header: archive.header, logKey: logKey, archive.ledgerMemory, db)
        }
    }

    /// The newest ledger line.
    func lastLeaf() throws -> LeafBody {
        try archive.snapshot { db in
            let size = try Ledger.size(db)
            return try LeafBody(parsing: SignedNote(parsing: Ledger.leafNote(size - 1, db)).text)
        }
    }

    func ledgerSize() throws -> UInt64 { try archive.snapshot { try Ledger.size($0) } }

    /// Everything in the database as one digest.
    func fingerprint() throws -> String {
        try archive.raw { db in
            var hasher = SHA256()
            for table in Table.allCases.map(\.rawValue) + ["leaf", "node", "checkpoint", "openBatch", "rowTile"] {
                for row in try Row.fetchAll(db, sql: "SELECT * FROM \(table)") {
                    hasher.update(Array("\(table) \(row)".utf8))
                }
            }
            return hasher.finish().description
        }
    }
}

extension Session {
    /// The user's grants in force.
    var grants: [Grant] { graph.grants.inForce }
}

extension Archive {
    /// Reads the tables under the seam, as other tools would.
    func raw<T>(_ body: (Database) throws -> T) throws -> T { try engine.database.read(body) }
}
