import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

@Suite("Grants are asked at each act")
struct GrantEndTests {
    private static let day: Int64 = 86_400

    /// A station's clerk with a second station until tomorrow, at work all the time, and his colleague without an end.
    private func atWork() throws -> (Fixture, Session, Session) {
        let fixture = try Fixture()
        let until = fixture.archive.today.adding(days: 1)
        for category in [ProbityRecords.Category.roster, .events] {
            try fixture.give("clerk2", (category, "U01", until), from: "clerk1")
        }
        return (fixture, try fixture.session("clerk2"), try fixture.session("clerk1"))
    }

    @Test("A grant that ends between two acts of one session opens nothing any more, for reading and for filing")
    func ends() throws {
        let (fixture, session, colleague) = try atWork()
        var query = RecordQuery()
        query.kind = "majorEvent"
        let record = try session.records(of: "990001", kind: "majorEvent").records[0].id
        try session.file(Fixture.event("990001", "一"))
        #expect(try session.search(query).found.count == 3)
        for _ in 0..<2 {
            fixture.clock.move(by: GrantEndTests.day)
            _ = try colleague.users()
        }
        #expect(throws: ArchiveError(.notVisible, "")) { try session.show(record) }
        #expect(throws: ArchiveError(.notVisible, "")) { try session.records(of: "990001") }
        #expect(throws: ArchiveError(.notVisible, "")) { try session.file(Fixture.event("990001", "二")) }
        #expect(throws: ArchiveError(.notVisible, "")) { try session.withdraw(record, reason: "三") }
        let until = fixture.archive.today.adding(days: -1)
        let read = try session.search(query)
        #expect(read.found.map(\.officer.policeNo) == ["990003"])
        #expect(
            read.coverage.gaps
                == [Coverage.Gap(.events, .scope, units: ["U00"], except: ["U02"], on: until)])
        // What he holds without an end goes on, and so does his colleague.
        try session.file(Fixture.event("990003", "四"))
        #expect(try colleague.records(of: "990001", kind: "majorEvent").records.count == 2)
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("One colleague who dates his lines ahead ends nobody's grant, in a running session or a new one")
    func datedAhead() throws {
        let (fixture, session, colleague) = try atWork()
        fixture.clock.move(by: 1000 * GrantEndTests.day)
        colleague.clockIsConfirmed = true
        for _ in 0..<3 { _ = try colleague.users() }
        fixture.clock.move(by: -1000 * GrantEndTests.day)
        for again in [session, try fixture.session("clerk2")] {
            #expect(try again.records(of: "990001", kind: "majorEvent").records.count == 1)
        }
    }

    @Test("A clock that is set back revives no grant: the day that two others tell counts")
    func setBack() throws {
        let (fixture, session, colleague) = try atWork()
        let other = try fixture.session("inspector1")
        #expect(try session.records(of: "990001", kind: "majorEvent").records.count == 1)
        for _ in 0..<2 {
            fixture.clock.move(by: GrantEndTests.day)
            _ = try other.users()
            _ = try colleague.users()
        }
        fixture.clock.move(by: -3 * GrantEndTests.day)
        for again in [session, try fixture.session("clerk2")] {
            #expect(throws: ArchiveError(.notVisible, "")) { try again.records(of: "990001") }
            #expect(throws: ArchiveError(.notVisible, "")) { try again.file(Fixture.event("990001", "二")) }
            #expect(try again.records(of: "990003").records.count == 2)
            // His own lines, the refused ones among them, stand at the time of his clock and change nothing.
            for _ in 0..<3 {
                #expect(throws: ArchiveError(.notVisible, "")) { try again.records(of: "990001") }
            }
        }
        #expect(throws: ArchiveError(.notVisible, "")) { try fixture.session("clerk2").records(of: "990001") }
        // Who has no end to his grant works on with a wrong clock.
        #expect(try colleague.records(of: "990001", kind: "majorEvent").records.count == 1)
    }

    @Test("A grant that is signed while the session runs opens its place with the next act")
    func begins() throws {
        let fixture = try Fixture()
        let session = try fixture.session("clerk2")
        #expect(throws: ArchiveError(.notVisible, "")) { try session.records(of: "990001") }
        for category in [ProbityRecords.Category.roster, .events] {
            try fixture.give("clerk2", (category, "U01", nil), from: "clerk1")
        }
        let read = try session.records(of: "990001")
        #expect(read.records.count == 2 && read.coverage.closable.map(\.category) == [.drinking, .talks, .duty, .care])
        try session.file(Fixture.event("990001", "一"))
        #expect(try fixture.session("clerk1").records(of: "990001", kind: "majorEvent").records.count == 2)
    }

    @Test("A row under a user's name that no second person signed stops his running session, as it begins none")
    func planted() throws {
        let fixture = try Fixture()
        let session = try fixture.session("clerk2")
        _ = try session.records(of: "990003")
        let place = NodePlace(category: .events, unit: "U00")
        let holder = try fixture.session("clerk1")
        try holder.write(.approveAccept) { _, writer in
            try writer.insertGrant(user: "clerk2", place: place, note: [1, 2, 3])
        }
        #expect(throws: ArchiveError(.integrity, "")) { try session.records(of: "990003") }
        #expect(throws: ArchiveError(.integrity, "")) { try fixture.session("clerk2") }
    }
}
