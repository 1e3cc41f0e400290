import CanonicalJSON
import GRDB
import ProbityRecords
import Testing

@testable import ProbityStore

// What somebody does alone, or writes with tools, to be overlooked by a promotion check.

extension AdversaryTests {
    func stepsThatWait(_ number: String) throws -> [PromotionReason] {
        try answer(number).reasons.filter { $0.message == "promotion.stepWaits" }
    }

    @Test("Whoever disowns the opinion that clears, and waits for a second signature, is not overlooked")
    func withdrawalWaits() throws {
        let number = house.number()
        try clearOpinion(number)
        #expect(try stepsThatWait(number) == [])
        let session = try house.session("inspector3")
        let opinion = try #require(try session.records(of: number, kind: "opinion").records.first)
        let matter = try #require(try session.withdraw(opinion.id, reason: "回复有误").proposal)
        let reason = try #require(try stepsThatWait(number).first)
        #expect(reason.verdict == .hold && reason.recordIDs == [opinion.id.text])
        #expect(reason.params["step"] == "transition/withdraw")
        try house.session("inspector4").deny(matter, reason: "无误")
        // Of the day asked about what was turned down on it is over.
        #expect(try stepsThatWait(number) == [])
    }

    @Test("A row of the queue that does not read makes no clear answer: what waits there cannot be told")
    func unreadQueue() throws {
        let number = house.number()
        try clearOpinion(number)
        #expect(try must("coverage", number) == [])
        let session = try house.session("inspector3")
        let opinion = try #require(try session.records(of: number, kind: "opinion").records.first)
        let matter = try #require(try session.withdraw(opinion.id, reason: "回复有误").proposal)
        try house.fixture.archive.engine.database.write {
            try $0.execute(sql: "UPDATE proposal SET note = randomblob(300) WHERE id = ?", arguments: [matter])
        }
        #expect(try must("coverage", number).map(\.verdict) == [.hold])
    }

    @Test("A case is filed on a specific lead: whoever files it says so, and it is open until it is decided")
    func caseFiled() throws {
        let number = house.number()
        var record = try house.file(complaint, about: number, by: "inspector2")
        for act in ["register", "accept"] { try advance(&record, act) }
        try advance(&record, "assess", ["specificLead": false])
        try advance(&record, "dispose", ["disposal": "preliminary", "handlers": "clerk1, reviewer1"])
        #expect(try signals(number) == [])
        #expect(throws: ArchiveError(.invalidEntry, "")) {
            try house.session("inspector1").advance(record.id, step: "fileCase", reason: "立案")
        }
        try advance(&record, "fileCase", ["specificLead": true])
        #expect(try signals(number).map(\.content.state) == ["raised"])
        #expect(try must("must4", number).contains { $0.verdict == .hold })
        // Handed on it stays open.
        try advance(&record, "refer", ["forwardedOn": "2026-11-20", "forwardedTo": "县监委"])
        #expect(try must("must4", number).contains { $0.verdict == .hold })
    }

    @Test("A version under an edition of its kind that nobody knows stands before nothing", arguments: [0, 2, 1 << 40])
    func unknownEdition(edition: Int) throws {
        let number = house.number()
        let record = try house.file(sanction, about: number, by: "inspector1")
        let before = try entry(record.id)
        try plant(
            "sanction", about: number, by: "reviewer1", behind: before, step: "verify", state: "verified",
            values: before.content.values, reason: "核", edition: edition)
        #expect(try house.session("inspector2").show(record.id).entry.content.state == "submitted")
        try demandSetAside(number, .sanctions, kind: "sanction")
    }

    @Test("A row whose kind is changed to one that no must asks for is told, not passed over")
    func otherKind() throws {
        let number = house.number()
        let training = try #require(house.model.kinds["training"])
        let record = try house.file(training, about: number)
        #expect(try must("coverage", number) == [])
        try house.fixture.archive.engine.database.write {
            try $0.execute(
                sql: "UPDATE version SET kind = 'dutyTrace' WHERE id = ?", arguments: [record.id.number])
        }
        #expect(try must("coverage", number).map(\.verdict) == [.hold])
    }

    @Test("A ledger line below the first, with a row of its act, stops nobody")
    func lineBelowZero() throws {
        let number = house.number()
        _ = try house.file(sanction, about: number, by: "inspector1")
        try house.fixture.archive.engine.database.write {
            try $0.execute(
                sql: "INSERT INTO leaf (seq, note, details, batch) SELECT -5, note, details, 77 FROM leaf WHERE seq = 3"
            )
            try $0.execute(
                sql: """
                    INSERT INTO version SELECT id + 1, id + 1, epoch, kind, state, occurredOn, dueOn, form, sealed, 77
                    FROM version ORDER BY id DESC LIMIT 1
                    """)
            try $0.execute(
                sql: """
                    INSERT INTO version SELECT id + 7, id + 7, epoch, kind, state, occurredOn, dueOn, form, sealed, 77
                    FROM version WHERE id >> 20 IN (SELECT dossier FROM officer)
                    """)
        }
        #expect(throws: Never.self) { try house.session("inspector2").showOfficer(number) }
        #expect(try !house.fixture.archive.check().isSound)
    }
}
