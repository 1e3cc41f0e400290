import CanonicalJSON
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

// The time of a line is its actor's claim. What he says of another day is seen on the day that others' lines allow.

extension AdversaryTests {
    private static let day: Int64 = 86_400

    /// What one user does while his clock is off by `days`, and he says that it is right.
    private func off<T>(by days: Int64, _ user: String, _ body: (Session) throws -> T) throws -> T {
        let session = try house.session(user)
        house.fixture.clock.move(by: days * Self.day)
        session.clockIsConfirmed = true
        defer {
            house.fixture.clock.move(by: -days * Self.day)
            session.clockIsConfirmed = false
        }
        return try body(session)
    }

    /// The day that counts for the newest line.
    private func dayOfNewest() throws -> CivilDate {
        let session = try house.session("promoter1")
        return try house.fixture.archive.snapshot { db in
            let leaf = try Ledger.leaf(try Ledger.size(db) - 1, db)
            let claimed = try #require(ArchiveTime(leaf.time)?.date)
            return try session.vault.days.day(
                claimed, line: leaf.sequence, of: leaf.actor, Vouching(house.fixture.archive, db), db)
        }
    }

    @Test("A lead under a line of another year is open today: an own line of today behind it hides nothing")
    func datedAhead() throws {
        let number = house.number()
        try clearOpinion(number)
        #expect(try must("must4", number).map(\.verdict) == [.clear])
        let lead = complaint.filing().merging(["specificLead": true, "receivedOn": "2026-11-20"]) { $1 }
        _ = try off(by: 1500, "inspector1") {
            try $0.file(.init(kind: "complaint", officer: number, values: lead))
        }
        _ = try house.session("inspector1").listUnits()
        #expect(try must("must4", number).contains { $0.verdict == .hold })
        for user in ["clerk1", "reviewer1", "clerk2"] { _ = try house.session(user).listUnits() }
        #expect(try must("must4", number).contains { $0.verdict == .hold })
    }

    @Test("A step that waits under a line of another year waits today")
    func proposedAhead() throws {
        let number = house.number()
        try clearOpinion(number)
        let session = try house.session("inspector3")
        let opinion = try #require(try session.records(of: number, kind: "opinion").records.first)
        _ = try off(by: 1500, "inspector3") { try $0.withdraw(opinion.id, reason: "回复有误") }
        _ = try session.listUnits()
        #expect(try stepsThatWait(number).count == 1)
    }

    @Test("A line is of a day between those of two others before it and behind it, whatever it says")
    func between() throws {
        let today = house.fixture.archive.today
        for user in ["clerk1", "reviewer1", "inspector1"] { _ = try house.session(user).listUnits() }
        for (days, counted) in [(0, today), (1500, today), (-40, today.adding(days: -1)), (-1, today.adding(days: -1))]
            as [(Int64, CivilDate)]
        {
            _ = try off(by: days, "inspector2") { try $0.listUnits() }
            #expect(try dayOfNewest() == counted, "\(days)")
        }
        // One colleague who is wrong moves nobody's day.
        for days in [Int64(1500), -40] {
            _ = try off(by: days, "inspector4") { try $0.listUnits() }
            _ = try off(by: 0, "inspector2") { try $0.listUnits() }
            #expect(try dayOfNewest() == today)
        }
        // Later the lines behind it tell.
        _ = try off(by: 30, "inspector2") { try $0.listUnits() }
        let line = try house.fixture.ledgerSize() - 1
        for user in ["clerk1", "reviewer1"] { _ = try off(by: 0, user) { try $0.listUnits() } }
        house.fixture.clock.move(by: 200 * Self.day)
        defer { house.fixture.clock.move(by: -200 * Self.day) }
        let counted = try house.fixture.archive.snapshot { db in
            try house.session("promoter1").vault.days.day(
                today.adding(days: 30), line: line, of: "inspector2", Vouching(house.fixture.archive, db), db)
        }
        #expect(counted == today.adding(days: 1))
    }

    @Test("Lines in others' names that they did not sign tell no day")
    func inOthersNames() throws {
        let today = house.fixture.archive.today
        for user in ["clerk1", "reviewer1"] { _ = try house.session(user).listUnits() }
        let identity = try house.session("inspector2").identity
        try off(by: -40, "inspector2") { session in
            for name in ["inspector3", "inspector4"] {
                try house.fixture.forge(identity, "unit.list", inNameOf: name) { _ in }
            }
            _ = try session.listUnits()
        }
        #expect(try dayOfNewest() == today.adding(days: -1))
    }
}
