import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

extension DoorTests {
    /// The ledger's details, as somebody reads them who is an officer himself.
    @Suite("Ledger")
    struct LedgerDoor {
        @Test(
            "Nobody reads in the ledger what others did about himself; lines about complaints do not show whose they are"
        )
        func recusal() throws {
            let (house, kind) = try DoorTests.house("complaint")
            let talk = try #require(house.model.kinds["talk"])
            let (own, other) = (DoorHouse.subjectNumber, "990105")
            // Each act leaves the newest line.
            var lines: [UInt64: Bool] = [:]
            func act(isWithheld: Bool, _ body: () throws -> Void) throws {
                try body()
                lines[try house.fixture.ledgerSize() - 1] = isWithheld
            }
            try act(isWithheld: true) { _ = try house.file(kind, about: own) }
            try act(isWithheld: true) { _ = try house.file(kind, about: other) }
            try act(isWithheld: true) { _ = try house.file(talk, about: own) }
            try act(isWithheld: false) { _ = try house.file(talk, about: other) }
            try act(isWithheld: true) { _ = try house.session("clerk1").showOfficer(own) }
            try act(isWithheld: false) { _ = try house.session("clerk1").showOfficer(other) }

            let subject = try house.session(#require(house.subject).user)
            var query = LedgerQuery()
            query.limit = 20
            let read = try subject.auditLines(query)
            #expect(read.coverage.gaps.contains { $0.category == .audit && $0.cause == .withheld })
            let colleague = try house.session("inspector1").auditLines(query)
            #expect(colleague.coverage.isComplete)
            for (sequence, isWithheld) in lines {
                let line = try #require(read.lines.first { $0.leaf.sequence == sequence })
                #expect(line.isWithheld == isWithheld && (line.details == nil) == isWithheld, "\(line.leaf.act)")
                let whole = try #require(colleague.lines.first { $0.leaf.sequence == sequence })
                #expect(!whole.isWithheld && whole.details?["officer"] != nil, "\(line.leaf.act)")
            }

            let path = house.fixture.folder.path + "/export"
            _ = try subject.exportLedger(to: path, openings: true)
            #expect(try ExportVerifier.verify(folder: path).findings == [])
            let opened = String(decoding: try Files.read("\(path)/openings.jsonl"), as: UTF8.self)
            for (sequence, isWithheld) in lines {
                #expect(opened.contains("\"seq\":\(sequence),") != isWithheld, "\(sequence)")
            }
        }
    }
}
