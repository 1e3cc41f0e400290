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

}
