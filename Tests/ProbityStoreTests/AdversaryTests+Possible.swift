import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

// What one user still can with tools of his own. Each test passes while the attack works: whoever closes it turns the test
// round and moves it (docs/threat-model.md, "A user with tools of his own").

extension AdversaryTests {
    @Test(
        "An inspector with tools of his own files, or assesses, a specific lead without a signal",
        arguments: [false, true])
    func silentLead(isTray: Bool) throws {
        let number = house.number()
        try clearOpinion(number)
        _ = try house.session("inspector1").file(
            .init(
                kind: "complaint", officer: number, values: complaint.filing().merging(["specificLead": false]) { $1 }))
        let values = complaint.filing().merging(["specificLead": true]) { $1 }
        try plant("complaint", about: number, by: "inspector1", state: "received", values: values)
        #expect(try signals(number) == [])
        #expect(try must("must4", number).map(\.verdict) == [.clear])
        #expect(try house.fixture.archive.check().findings == [])
    }

    @Test("A reviewer files a sanction and verifies it in an inspector's name, under a line of his")
    func verifiedByOther() throws {
        let number = house.number()
        _ = try house.file(sanction, about: house.number(), by: "inspector1")
        let record = try house.file(sanction, about: number, by: "reviewer1")
        let before = try entry(record.id)
        try plant(
            "sanction", about: number, by: "reviewer1", behind: before, step: "verify", state: "verified",
            values: before.content.values, inNameOf: "inspector1", batch: batch(of: "inspector1"), reason: "核对文书")
        let after = try house.session("inspector2").show(record.id).entry
        #expect(after.content.state == "verified" && after.content.filedBy == "inspector1")
        let reasons = try must("impact", number)
        #expect(reasons.contains { $0.recordIDs.contains(record.id.text) && $0.verdict >= .hold }, "\(reasons)")
        #expect(try !house.fixture.archive.check().isSound)
    }

    @Test("A reviewer corrects a verified sanction away and verifies that in an inspector's name")
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
        #expect(try !must("impact", number).contains { $0.verdict >= .hold })
        #expect(!(try answer(number).reasons.contains { $0.recordIDs.contains(id.text) }))
    }

    @Test("An inspector alone gives a verified opinion that clears")
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
        #expect(try (must("must3", number) + must("must4", number)).map(\.verdict) == [.clear, .clear])
    }

    @Test("Who is an officer himself files and verifies in his own file, in colleagues' names")
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
        try plant(
            "opinion", about: own, by: subject.user, behind: entry(id), step: "verify", state: "verified",
            values: values,
            inNameOf: "inspector2", batch: batch(of: "inspector2"), reason: "核")
        let found = try (must("must3", own) + must("must4", own)).filter { $0.verdict != .listed }
        #expect(found.map(\.verdict) == [.clear, .clear], "\(found)")
    }

    @Test("A promoter alone gives the discipline team's verified opinion, in two inspectors' names")
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
        try plant(
            "opinion", about: number, by: "promoter1", behind: entry(id), step: "verify", state: "verified",
            values: values, inNameOf: "inspector3", batch: batch(of: "inspector3", orMake: house), reason: "核")
        #expect(try house.session("inspector4").show(id).entry.content.state == "verified")
        #expect(try must("must3", number).contains { $0.message == "promotion.answer" && $0.recordIDs == [id.text] })
    }

    @Test("What was turned down comes into force under an older line of one approver")
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
        #expect(try house.session("promoter1").records(of: number).records.contains { $0.isWithdrawn })
    }

    @Test("A complaint is dropped in a colleague's name, under a line of his")
    func droppedInName() throws {
        // Under a line of another's: the tray asks only who signed it.
        _ = try house.session("clerk2").drop(
            .init(kind: "complaint", officer: house.number(), values: complaint.filing()))
        let (clerk, batch) = (try house.session("clerk1"), try batch(of: "clerk2"))
        let kind = try clerk.declaredKind("complaint")
        var id: TrayID?
        try house.fixture.archive.engine.database.write { database in
            id = try Tray(archive: house.fixture.archive, vault: clerk.vault).drop(
                complaint.filing(), kind, officer: "990105", by: "clerk2",
                in: RowWriter(Connection(database), batch: batch, RowTally()))
        }
        let entry = try house.session("inspector1").trayItem(#require(id)).entry
        #expect(entry.filedBy == "clerk2")
    }

    @Test(
        "A clerk takes an item out of the tray that he cannot read",
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
        #expect(read.value.isEmpty && read.coverage.isComplete)
        #expect(throws: ArchiveError(.stateForbids, "")) { try inspector.takeIn(item) }
        #expect(try !house.fixture.archive.check().isSound)
    }

    @Test(
        "An inspector takes an item in as something else than was dropped, into another's file, and check finds nothing"
    )
    func takenInElsewhere() throws {
        let (meant, other) = (house.number(), house.number())
        let item = try house.session("clerk2").drop(
            .init(
                kind: "complaint", officer: meant,
                values: complaint.filing().merging(["content": "受贿十万元", "specificLead": true]) { $1 }))
        let inspector = try house.session("inspector1")
        _ = try inspector.file(.init(kind: "complaint", officer: other, values: complaint.filing()))
        let values = complaint.filing().merging(["content": "上班迟到"]) { $1 }
        let id = try plant(
            "complaint", about: other, by: "inspector1", state: "received", values: values,
            intake: .init(item: item, officer: meant), act: "complaint.take-in"
        ) { writer, record in
            try writer.insertTrayIntake(
                tray: item.number, dossier: record.dossier, epoch: 1, record: record.number, wrapped: [0])
        }
        let second = try house.session("inspector2")
        #expect(try second.trayEntries().value.isEmpty)
        #expect(try second.show(id).entry.content.values["content"] == "上班迟到")
        #expect(try signals(meant) == [])
        #expect(try house.fixture.archive.check().findings == [])
    }

    @Test("The signal's batch leads a promoter to the officer's file of complaints: how many, when, by whom")
    func linked() throws {
        let number = house.number()
        _ = try house.session("inspector1").file(
            .init(
                kind: "complaint", officer: number, values: complaint.filing().merging(["specificLead": false]) { $1 }))
        _ = try lead(number)
        _ = try lead(house.number())
        let promoter = try house.session("promoter1")
        let signal = try #require(try signals(number).first)
        // With the page key and his own keys.
        let found = try house.fixture.archive.snapshot { db in
            try db.all(
                """
                SELECT o.id, l.note FROM version s JOIN version c ON c.batch = s.batch AND c.id <> s.id
                JOIN dossier d ON d.id = c.id >> 20 AND d.category = 'complaints'
                JOIN version o ON o.id >> 20 = d.id JOIN leaf l ON l.batch = o.batch WHERE s.record = ?
                """, [.integer(signal.id.number)]
            ) { ($0.integer(0), $0.bytes(1)) }
        }
        let actors = try found.map { try LeafBody(parsing: SignedNote(parsing: $0.1).text).actor }
        #expect(actors == ["inspector1", "inspector2"])
        #expect(promoter.role == .promoter)
    }

    @Test(
        "Who proposed a withdrawal that two signed turns it down afterwards, under an older line of his: the file is shut"
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
        #expect(throws: ArchiveError(.integrity, "")) { try house.session("promoter1").records(of: number) }
    }

    @Test(
        "One record under the highest number: nobody files another complaint about the officer, and check finds nothing"
    )
    func fullDossier() throws {
        let number = house.number()
        _ = try house.session("inspector2").file(
            .init(kind: "complaint", officer: number, values: complaint.filing()))
        try plant(
            "complaint", about: number, by: "inspector1", state: "received", values: complaint.filing(),
            version: (1 << 20) - 1)
        #expect(try house.session("inspector2").records(of: number, kind: "complaint").records.count == 2)
        #expect(throws: ArchiveError(.invalidEntry, "")) { try lead(number) }
        #expect(try house.fixture.archive.check().findings == [])
    }

    @Test("A proposal under the highest number: nobody proposes anything any more")
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
        #expect(throws: (any Error).self) { try house.session("inspector1").withdraw(record.id, reason: "误") }
    }

    @Test("A clearance of today, and a control measure that no leader signed, planted as found in old files")
    func foundToday() throws {
        let number = house.number()
        let clearance = try #require(house.model.kinds["clearance"])
        let measure = try #require(house.model.kinds["helpMeasure"])
        let cleared = try plant(
            "clearance", about: number, by: "inspector1", state: "closed",
            values: clearance.filing().merging([
                "clearedOn": "2026-11-20", "decidedBy": "局党委", "documentNo": "1",
            ]) { $1 }, isAsFound: true)
        #expect(try house.session("inspector2").show(cleared).entry.content.state == "closed")
        let controlled = try plant(
            "helpMeasure", about: number, by: "inspector1", state: "active",
            values: measure.filing().merging(["level": "control", "startOn": "2026-11-20"]) { $1 }, isAsFound: true)
        let entry = try house.session("inspector2").show(controlled).entry
        #expect(entry.content.state == "active" && entry.isAsFound)
        #expect(try house.fixture.archive.check().findings == [])
    }

    @Test("One item that does not open, in a line of a clerk's, and nobody lists the tray")
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
        #expect(throws: ArchiveError.self) { try house.session("inspector1").trayEntries() }
        #expect(try house.fixture.archive.check().findings == [])
    }

    @Test("A promoter's one bad row among the opinions, and nobody files a complaint about the officer")
    func blockedByPromoter() throws {
        let number = house.number()
        try clearOpinion(number)
        let review = try #require(house.model.kinds["fileReview"])
        try plant("fileReview", about: number, by: "promoter1", state: "verified", values: review.filing())
        #expect(throws: ArchiveError(.integrity, "")) { try lead(number) }
        #expect(throws: ArchiveError(.integrity, "")) {
            try house.session("inspector3").file(
                .init(kind: "complaint", officer: number, values: complaint.filing()))
        }
        #expect(try house.fixture.archive.check().findings == [])
    }
}
