import CanonicalJSON
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import Testing

@testable import ProbityStore

/// What a writer signs: the rows that it inserted, under a number that nobody knew before.
@Suite("Writers")
struct WriterTests {
    /// The copy of an event of another officer's, as somebody with tools and the page key writes it.
    private func plant(_ batch: Int64, _ db: Connection) throws {
        try db.execute(
            """
            INSERT INTO version (id, record, epoch, kind, state, occurredOn, dueOn, form, sealed, batch)
            SELECT MAX(id) + 1, MAX(id) + 1, 1, kind, state, occurredOn, dueOn, form, sealed, ?
            FROM version WHERE kind = 'majorEvent'
            """, [.integer(batch)])
    }

    @Test("A row that was planted ahead under the number after the last is signed by nobody, and check finds it")
    func plantedAhead() throws {
        let fixture = try Fixture()
        // What the number of the next act was before: one more than any that there is.
        let last = try #require(try fixture.archive.snapshot { try $0.integer("SELECT MAX(batch) FROM leaf") })
        try fixture.archive.engine.database.write { try plant(last + 1, Connection($0)) }
        try fixture.session("clerk1").file(Fixture.event("990001", "之后"))
        let leaf = try fixture.lastLeaf()
        #expect(leaf.batch != last + 1 && leaf.objects?.count == 1)
        #expect(try fixture.archive.check().findings.map(\.rule) == ["check.rows.unledgered"])
    }

    @Test("A row that stands under an act's own number and is not the act's own stops the act")
    func foreignRow() throws {
        let fixture = try Fixture()
        let before = try fixture.fingerprint()
        // Nobody foresees the number; whoever does all the same gets no signature.
        #expect(throws: ArchiveError(.integrity, "")) {
            try fixture.session("sysadmin1").write(.unitAdd) { _, writer in
                try writer.insertUnit(Unit(id: "U99", parent: "U00", kind: "station", name: "x"))
                try plant(writer.batch, writer.db)
            }
        }
        #expect(try fixture.fingerprint() == before)
        #expect(try fixture.archive.snapshot { try !UnitTable.has("U99", $0) })
        #expect(try fixture.archive.check().findings == [])
    }

    @Test(
        "Numbers of batches order as the acts do, are never the one after the last, and any reader of JSON reads them")
    func numbers() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        for number in 0..<20 { try clerk.file(Fixture.event("990001", "第\(number)件")) }
        let batches = try fixture.archive.snapshot {
            try $0.all("SELECT batch FROM leaf WHERE batch IS NOT NULL ORDER BY seq") { $0.integer(0) }
        }
        #expect(batches == batches.sorted() && Set(batches).count == batches.count)
        #expect(batches.allSatisfy { (1..<1 << 53).contains($0) })
        #expect(zip(batches, batches.dropFirst()).allSatisfy { $0 + 1 != $1 })
        // 24 random bits: twenty alike, or all even, is no accident.
        #expect(Set(batches.map { $0 & 0xFF_FFFF }).count > 15)
    }

    @Test("The root over the rows as they were inserted is the root over the rows as they stand, in whatever order")
    func tally() throws {
        let fixture = try Fixture()
        let archive = fixture.archive
        try archive.engine.database.writeWithoutTransaction { database in
            try database.inTransaction {
                let db = Connection(database)
                let writer = try RowWriter(db)
                for id in ["U9", "U10", "单位", "U", "u"] {
                    try writer.insertUnit(Unit(id: id, parent: "U00", kind: "station", name: "名\(id)"))
                }
                for number in [7, 3, 9, 1 << 40, 2] as [Int64] {
                    try writer.insertOfficerTag([UInt8](repeating: 7, count: 32), officer: number)
                    try writer.insertOfficerTag(RandomBytes.bytes(32), officer: number)
                    try writer.insertDossierKey(number, epoch: 300, node: 1, wrapped: RandomBytes.bytes(9))
                    try writer.insertDossierKey(number, epoch: 2, node: 1, wrapped: [])
                    try writer.insertVersion(
                        id: number, record: number, epoch: 1, clear: nil, sealed: RandomBytes.bytes(100))
                }
                let digest = try writer.digest()
                #expect(digest.count == 30 && digest.tables == [.unit, .officerTag, .dossierKey, .version])
                #expect(try RowDigest.ofRows(writer.batch, db) == digest)
                return .rollback
            }
        }
        #expect(try archive.check().findings == [])
    }

    @Test("It is so for texts with NUL, of any script, and for the smallest and largest numbers")
    func awkward() throws {
        let fixture = try Fixture()
        try fixture.archive.engine.database.writeWithoutTransaction { database in
            try database.inTransaction {
                let db = Connection(database)
                let writer = try RowWriter(db)
                try db.execute("PRAGMA defer_foreign_keys = ON")
                for id in ["", "a\0b", "a", "a\0", "\0", "é", "e\u{301}", "😀", "\u{FFFF}", "\u{FFFD}", "zz", "Z", " "] {
                    try writer.insertUnit(Unit(id: id, parent: "U00", kind: "s\0t", name: "\(id)\0名"))
                }
                for number in [Int64.min, -1, 0, 1, Int64.max] as [Int64] {
                    try writer.insert(
                        .trayIntake, [.integer(number), .integer(number), .integer(number), .integer(0), .blob([])])
                    try writer.insertDossierKey(number, epoch: -5, node: 1, wrapped: [0])
                    try writer.insertDossierKey(number, epoch: 5, node: 1, wrapped: [])
                    try writer.insertDossierKey(number, epoch: .max, node: 1, wrapped: [])
                    try writer.insertOfficerTag([UInt8](repeating: 255, count: 32), officer: number)
                    try writer.insertOfficer(number, dossier: number)
                }
                for first in [Int64.min, -1, .max] {
                    try writer.insertProposal(
                        .step, first: first, place: .init(dossier: first, epoch: first), note: [], release: [])
                }
                try writer.insertProposal(.denial, note: [], release: nil)
                let digest = try writer.digest()
                #expect(try RowDigest.ofRows(writer.batch, db) == digest)
                return .rollback
            }
        }
    }
}
