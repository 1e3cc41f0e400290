import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

// Rows of tables that everybody reads, put there under a line of one's own: they lock nobody out, hide nothing and stand
// before nothing true.

extension AdversaryTests {
    @Test(
        "An item is not taken in by a record with other words, in another's file, or of another act", arguments: 0..<4)
    func takenInElsewhere(how: Int) throws {
        let (meant, other) = (house.number(), house.number())
        let dropped = complaint.filing().merging(["content": "受贿十万元", "specificLead": true]) { $1 }
        let item = try house.session("clerk2").drop(.init(kind: "complaint", officer: meant, values: dropped))
        let inspector = try house.session("inspector1")
        for number in [meant, other] {
            _ = try inspector.file(.init(kind: "complaint", officer: number, values: complaint.filing()))
        }
        let file = how == 0 ? other : meant
        let values = how == 1 ? dropped.merging(["content": "上班迟到"]) { $1 } : dropped
        let intake = VersionContent.Intake(item: item, officer: how == 2 ? "甲" : meant)
        var honest: RecordID?
        if how == 3 {
            honest = try inspector.file(.init(kind: "complaint", officer: meant, values: values))
        }
        try plant(
            "complaint", about: file, by: "inspector1", state: "received", values: values, intake: intake,
            act: "complaint.take-in"
        ) { writer, record in
            let record = honest ?? record
            try writer.insertTrayIntake(
                tray: item.number, dossier: record.dossier, epoch: 1, record: record.number, wrapped: [0])
        }
        let second = try house.session("inspector2")
        #expect(try second.trayEntries().value.map(\.id) == [item])
        _ = try second.takeIn(item)
        #expect(try second.trayEntries().value.isEmpty)
        #expect(try signals(meant).count == 1)
    }

    @Test("Wraps of the ledger's key under a line of one's own lock nobody out")
    func wrapsForAll() throws {
        let clerk = try house.session("clerk1")
        let users = ["inspector1", "reviewer1", "promoter1", "auditor1"]
        let key = try #require(
            try house.fixture.archive.snapshot { try WrapTable.logWraps(to: "clerk1", $0).first?.key })
        try house.fixture.forge(clerk.identity, "record.add") { writer in
            for (index, user) in users.enumerated() {
                try writer.insertWrap(of: key, byUser: user, Array(repeating: UInt8(index), count: index * 40))
            }
        }
        for user in users {
            let identity = try house.session(user).identity
            #expect(throws: Never.self) { _ = try Session(house.fixture.archive, identity: identity) }
        }
    }

    @Test("A row of the queue that stands before the proposal whose number it names stops nobody from signing")
    func proposalBefore() throws {
        let record = try house.importPast(sanction, state: "verified")
        let clerk = try house.session("clerk1")
        try house.fixture.forge(clerk.identity, "record.approve") { writer in
            let next = try writer.nextProposal()
            for (offset, kind) in [ProposalRow.Kind.step, .denial, .grant].enumerated() {
                try writer.insertProposal(kind, first: next + 3, note: Array("row \(offset)".utf8))
            }
        }
        let waiting = try #require(try house.session("reviewer1").withdraw(record.id, reason: "误").proposal)
        #expect(try house.session("inspector2").proposals().value.damaged.contains(waiting))
        #expect(try house.session("inspector1").accept(waiting).missing == nil)
        #expect(try house.entry(record).content.state == "withdrawn")
    }

    @Test("A row of the tray in another form, or for another drop-box, hides no item", arguments: ["suite", "intake"])
    func trayRows(how: String) throws {
        let item = try house.session("clerk2").drop(
            .init(kind: "complaint", officer: house.number(), values: complaint.filing()))
        let clerk = try house.session("clerk1")
        let intake = try house.fixture.archive.snapshot { db in
            try Vouching(house.fixture.archive, db).intakeKey(of: how == "intake" ? .duty : .complaints).id
        }
        try house.fixture.forge(clerk.identity, "complaint.drop") { writer in
            try writer.insertTray(
                id: 77, category: .complaints, intake: intake, wrapped: [2] + Array(repeating: 0, count: 80),
                commitment: Array(repeating: 0, count: 32), sealed: [2])
        }
        let read = try house.session("inspector1").trayEntries()
        #expect(read.value.map(\.id) == [item])
        #expect(read.coverage.closable == [Coverage.Gap(.complaints, .setAside)])
        _ = try house.session("inspector1").takeIn(item)
    }

    @Test("A line with details that are none is listed, and told; the lines beside it are read")
    func detailsOfNone() throws {
        _ = try house.session("clerk1").showOfficer(house.number())
        try house.fixture.forge(house.session("clerk1").identity, "record.add") { _ in }
        let read = try house.session("auditor1").auditLines(LedgerQuery())
        #expect(read.value.lines.filter(\.isDamaged).map(\.leaf.act) == ["record.add"])
        #expect(read.value.lines.contains { $0.leaf.act == "officer.show" && $0.details?["query"] != nil })
        #expect(read.coverage.closable == [Coverage.Gap(.audit, .setAside)])
    }

    @Test("Nobody rewrites his own line: what it brought is not believed any more, and the list tells it")
    func rewrittenLine() throws {
        let number = house.number()
        let record = try house.importPast(sanction, state: "verified", about: number)
        try house.session("inspector2").advance(record.id, step: "verify", reason: "核")
        let forger = try house.session("inspector2")
        let sequence = try house.fixture.ledgerSize() - 1
        try house.fixture.archive.engine.database.write { database in
            let db = Connection(database)
            let old = try Ledger.leaf(sequence, db)
            let signer = NoteSigner(
                name: house.fixture.archive.header.names.user("inspector2"), key: forger.identity.signingKey)
            let leaf = LeafBody(
                sequence: old.sequence, time: old.time, actor: old.actor, keyID: old.keyID, act: "record.show",
                batch: old.batch, objects: old.objects, details: old.details, commitments: old.commitments,
                reads: old.reads, previousRoot: old.previousRoot)
            try database.execute(
                sql: "UPDATE leaf SET note = ? WHERE seq = ?",
                arguments: [Data(try SignedNote(text: leaf.text, signers: [signer]).bytes), Int64(sequence)])
        }
        // Somebody else, who has not seen the line before.
        let archive = try house.fixture.reopened()
        let inspector = try Session(archive, identity: house.session("inspector1").identity)
        inspector.purpose = Purpose("disciplineCase")
        let read = try inspector.records(of: number, kind: "sanction")
        #expect(read.coverage.closable.contains(Coverage.Gap(.sanctions, .setAside)))
        #expect(read.records.allSatisfy { $0.isAsFound }, "the confirmation is not believed")
        #expect(try !archive.check().isSound)
    }
}
