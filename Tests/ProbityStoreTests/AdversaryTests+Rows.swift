import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

// Rows of records, of the queue and of the tray that are not what an act made: each worked before readers compared a row with
// its ledger line (RowTiles.swift).

extension AdversaryTests {
    @Test("A reviewer does not verify his own sanction in an inspector's name, under a line of his")
    func verifiedByOther() throws {
        let number = house.number()
        _ = try house.file(sanction, about: house.number(), by: "inspector1")
        let record = try house.file(sanction, about: number, by: "reviewer1")
        let before = try entry(record.id)
        try plant(
            "sanction", about: number, by: "reviewer1", behind: before, step: "verify", state: "verified",
            values: before.content.values, inNameOf: "inspector1", batch: batch(of: "inspector1"), reason: "核对文书")
        let after = try house.session("inspector2").show(record.id).entry
        #expect(after.content.state == "submitted")
        try demandSetAside(number, .sanctions, kind: "sanction")
        #expect(try must("coverage", number).map(\.verdict) == [.hold])
        #expect(try !house.fixture.archive.check().isSound)
    }

    @Test("A reviewer does not verify in an inspector's name that a verified sanction is corrected away")
    func correctedAway() throws {
        let number = house.number()
        let values = sanction.filing().merging(["decidedOn": "2026-11-01"]) { $1 }
        let id = try house.session("inspector1").file(.init(kind: "sanction", officer: number, values: values))
        try house.session("inspector2").advance(id, step: "verify", reason: "核")
        let blocked = try must("impact", number)
        #expect(blocked.contains { $0.verdict >= .hold })
        let reviewer = try house.session("reviewer1")
        try reviewer.amend(id, changes: ["revokedOn": "2026-11-02", "revocationNo": "伪"], reason: "撤销")
        let before = try entry(id)
        try plant(
            "sanction", about: number, by: "reviewer1", behind: before, step: "verify", state: "verified",
            values: before.content.values, inNameOf: "inspector2", batch: batch(of: "inspector2"), reason: "核")
        #expect(try must("impact", number).contains { $0.recordIDs.contains(id.text) && $0.verdict >= .hold })
        #expect(try must("coverage", number).map(\.verdict) == [.hold])
    }

    @Test("An inspector alone gives no verified opinion that clears")
    func ownOpinion() throws {
        let number = house.number()
        _ = try house.file(sanction, about: house.number(), by: "inspector2")
        let values = opinion.filing().merging([
            "specificLeadOpen": false, "conclusion": "noObjection", "repliedOn": "2026-11-20",
        ]) { $1 }
        let id = try house.session("inspector1").file(.init(kind: "opinion", officer: number, values: values))
        let before = try entry(id)
        try plant(
            "opinion", about: number, by: "inspector1", behind: before, step: "verify", state: "verified",
            values: before.content.values, inNameOf: "inspector2", batch: batch(of: "inspector2"), reason: "核")
        #expect(try (must("must3", number) + must("must4", number)).allSatisfy { $0.verdict != .clear })
        try demandSetAside(number, .opinions, kind: "opinion")
    }

    @Test("Who is an officer himself files nothing in his own file, in colleagues' names")
    func ownFile() throws {
        let own = DoorHouse.subjectNumber
        let subject = try house.session(#require(house.subject).user)
        for name in ["inspector1", "inspector2"] { _ = try house.file(sanction, about: house.number(), by: name) }
        let values = opinion.filing().merging([
            "specificLeadOpen": false, "conclusion": "noObjection", "repliedOn": "2026-11-20",
        ]) { $1 }
        // Somebody has filed something there before.
        _ = try house.session("inspector3").file(
            .init(kind: "opinion", officer: own, values: opinion.filing().merging(["specificLeadOpen": true]) { $1 }))
        let id = try plant(
            "opinion", about: own, by: subject.user, state: "submitted", values: values, inNameOf: "inspector1",
            batch: batch(of: "inspector1"))
        #expect(throws: ArchiveError(.notVisible, "")) { try house.session("inspector3").show(id) }
        #expect(try demandSetAside(own, .opinions, kind: "opinion").count == 1)
        let found = try (must("must3", own) + must("must4", own)).filter { $0.verdict != .listed }
        #expect(found.allSatisfy { $0.verdict == .hold }, "\(found)")
    }

    @Test("A promoter gives no opinion of the discipline team, in inspectors' names")
    func promotersOpinion() throws {
        let number = house.number()
        for name in ["inspector1", "inspector2"] { _ = try house.file(sanction, about: house.number(), by: name) }
        _ = try house.session("inspector4").file(
            .init(kind: "opinion", officer: number, values: opinion.filing().merging(["specificLeadOpen": true]) { $1 })
        )
        let values = opinion.filing().merging([
            "specificLeadOpen": false, "conclusion": "noObjection", "repliedOn": "2026-11-20",
        ]) { $1 }
        let id = try plant(
            "opinion", about: number, by: "promoter1", state: "submitted", values: values, inNameOf: "inspector1",
            batch: batch(of: "inspector1"))
        #expect(throws: ArchiveError(.notVisible, "")) { try house.session("inspector4").show(id) }
        #expect(try demandSetAside(number, .opinions, kind: "opinion").count == 1)
        #expect(try must("must3", number).allSatisfy { $0.verdict != .clear })
    }

    @Test("What was turned down does not come into force under an older line of one approver")
    func deniedBefore() throws {
        let number = "990105"
        _ = try house.file(sanction, about: house.number(), by: "inspector1")
        let record = try house.importPast(sanction, state: "verified", about: number)
        let old = try batch(of: "inspector1")
        let reviewer = try house.session("reviewer1")
        let id = try #require(try reviewer.withdraw(record.id, reason: "事由").proposal)
        let note = try #require(
            try house.fixture.archive.snapshot { try ProposalReader(reviewer.vault, $0).numbered(id)?.note })
        try house.session("inspector2").deny(id, reason: "不同意")
        let before = try entry(record.id)
        try plant(
            "sanction", about: number, by: "inspector1", behind: before, step: "withdraw", state: "withdrawn",
            values: before.content.values, batch: old, note: note.adding(house.session("inspector1").ownSigner),
            reason: "事由")
        #expect(try house.session("promoter1").records(of: number).records.allSatisfy { !$0.isWithdrawn })
        try demandSetAside(number, .sanctions, kind: "sanction")
    }

    @Test("No complaint is dropped in a colleague's name, under a line of his")
    func droppedInName() throws {
        // Under a line of another's: the tray asks only who signed it.
        _ = try house.session("clerk2").drop(
            .init(kind: "complaint", officer: house.number(), values: complaint.filing()))
        let (clerk, batch) = (try house.session("clerk1"), try batch(of: "clerk2"))
        let kind = try clerk.declaredKind("complaint")
        var id: TrayID?
        try house.fixture.archive.engine.database.write { database in
            id = try Tray(archive: house.fixture.archive, vault: clerk.vault, roster: clerk.roster).drop(
                complaint.filing(), kind, officer: "990105", by: "clerk2",
                in: RowWriter(Connection(database), batch: batch, RowTally()))
        }
        let item = try #require(id)
        let inspector = try house.session("inspector1")
        #expect(throws: ArchiveError(.integrity, "")) { try inspector.trayItem(item) }
        let read = try inspector.trayEntries()
        #expect(!read.value.contains { $0.id == item })
        #expect(read.coverage.closable == [Coverage.Gap(.complaints, .setAside)])
    }

    @Test(
        "A clerk takes no item out of the tray that he cannot read",
        arguments: ["no line", "own line", "another's line"])
    func buried(how: String) throws {
        let item = try house.session("clerk2").drop(
            .init(kind: "complaint", officer: house.number(), values: complaint.filing()))
        let inspector = try house.session("inspector1")
        #expect(try inspector.trayEntries().value.map(\.id) == [item])
        func bury(_ writer: RowWriter) throws {
            try writer.insertTrayIntake(tray: item.number, dossier: 1, epoch: 1, record: 1 << 20, wrapped: [0])
        }
        if how == "own line" {
            try house.fixture.forge(house.session("clerk1").identity, "record.add", rows: bury)
        } else {
            let batch = how == "no line" ? 999 : try batch(of: "clerk2")
            try house.fixture.archive.engine.database.write { database in
                try bury(RowWriter(Connection(database), batch: batch, RowTally()))
            }
        }
        let read = try inspector.trayEntries()
        #expect(read.value.map(\.id) == [item])
        _ = try inspector.takeIn(item)
        #expect(try inspector.trayEntries().value.isEmpty)
        #expect(try !house.fixture.archive.check().isSound)
    }

    @Test(
        "Who proposed a withdrawal that two signed does not turn it down afterwards, under an older line of his"
    )
    func deniedAfterwards() throws {
        let number = "990105"
        _ = try house.file(sanction, about: house.number(), by: "reviewer1")
        let record = try house.importPast(sanction, state: "verified", about: number)
        let old = try batch(of: "reviewer1")
        let reviewer = try house.session("reviewer1")
        let id = try #require(try reviewer.withdraw(record.id, reason: "事由").proposal)
        #expect(try house.session("inspector1").accept(id).missing == nil)
        #expect(try house.session("promoter1").records(of: number).records.contains { $0.isWithdrawn })
        try house.fixture.archive.engine.database.write { database in
            let writer = RowWriter(Connection(database), batch: old, RowTally())
            let proposal = try #require(try ProposalReader(reviewer.vault, writer.db).numbered(id))
            let text = Denial(of: id, proposal.note.text, by: "reviewer1", reason: "x").text(
                archiveID: house.fixture.archive.header.archiveID)
            let place = try #require(try ProposalTable.rows(of: id, writer.db).first?.place)
            let key = try #require(try reviewer.graph.dossierKey(place.dossier, writer.db))
            try writer.insertProposal(
                .denial, first: id, place: place,
                note: reviewer.vault.seal(
                    SignedNote(text: text, signers: [reviewer.ownSigner]), [:], first: id, under: key))
        }
        #expect(try house.session("promoter1").records(of: number).records.contains { $0.isWithdrawn })
    }

    @Test(
        "One record under the highest number keeps nobody from filing about the officer"
    )
    func fullDossier() throws {
        let number = house.number()
        _ = try house.session("inspector2").file(
            .init(kind: "complaint", officer: number, values: complaint.filing()))
        try plant(
            "complaint", about: number, by: "inspector1", state: "received", values: complaint.filing(),
            version: (1 << 20) - 1)
        #expect(try house.session("inspector2").records(of: number, kind: "complaint").records.count == 2)
        var record = try lead(number)
        try advance(&record, "register")
        #expect(try entry(record.id).content.state == "registered")
        #expect(try house.session("inspector2").records(of: number, kind: "complaint").records.count == 3)
    }

    @Test("A proposal under the highest number keeps nobody from proposing")
    func fullQueue() throws {
        let record = try house.file(sanction, about: "990105", by: "inspector1")
        try house.session("inspector2").advance(record.id, step: "verify", reason: "核")
        try house.fixture.archive.engine.database.write { database in
            try database.execute(
                sql: """
                    INSERT INTO proposal (id, kind, first, note, batch)
                    VALUES (9223372036854775807, 'grant', 9223372036854775807, x'00', 1)
                    """)
        }
        let id = try #require(try house.session("inspector1").withdraw(record.id, reason: "误").proposal)
        #expect(id < 1_000)
        #expect(try house.session("inspector3").proposals().value.entries.contains { $0.id == id })
    }

    @Test("One item that does not open, in a line of a clerk's, does not shut the tray")
    func trayShut() throws {
        let item = try house.session("clerk2").drop(
            .init(kind: "complaint", officer: house.number(), values: complaint.filing()))
        let clerk = try house.session("clerk1")
        try house.fixture.forge(clerk.identity, "complaint.drop") { writer in
            let row = try #require(try TrayTable.row(item.number, writer.db))
            try writer.insertTray(
                id: item.number &+ 1, category: .complaints, intake: row.intake, wrapped: row.wrapped,
                commitment: row.commitment, sealed: row.sealed)
        }
        let read = try house.session("inspector1").trayEntries()
        #expect(read.value.map(\.id) == [item] && read.coverage.closable == [Coverage.Gap(.complaints, .setAside)])
    }

    @Test("A promoter's one bad row among the opinions keeps nobody from filing a complaint about the officer")
    func blockedByPromoter() throws {
        let number = house.number()
        try clearOpinion(number)
        let review = try #require(house.model.kinds["fileReview"])
        try plant("fileReview", about: number, by: "promoter1", state: "verified", values: review.filing())
        _ = try lead(number)
        #expect(try must("must4", number).first?.message == "promotion.leadRaised")
        #expect(try must("coverage", number).map(\.verdict) == [.hold])
    }
}
