import CanonicalJSON
import Foundation
import ProbityRecords
import Synchronization
import Testing

@testable import ProbityStore

/// Officers who come in from two sides at once: nobody is in the roster twice.
@Suite("Two at the roster")
struct RosterClaimTests {
    private static func rows(_ officers: [[String: JSONValue]]) -> Session.RowSource {
        { receive in
            for (index, values) in officers.enumerated() {
                try receive(index + 2, .values(officer: nil, state: nil, values))
            }
        }
    }

    private static let officers = (0..<40).map { index in
        Fixture.officer("77\(1000 + index)", unit: "U01", name: "双录\(index)", idNo: Fixture.idNumber(index))
    }

    private func count(_ fixture: Fixture) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        _ = try fixture.session("reviewer1").listOfficers { counts[$0.policeNo, default: 0] += 1 }
        return counts
    }

    @Test(
        "Both imports have judged their rows before either files: one comes in, the other ends with invalidEntry",
        arguments: [false, true])
    func bothJudged(sameIDNumberOnly: Bool) throws {
        let fixture = try Fixture(withRecords: false)
        let first = try fixture.session("clerk1")
        let archive = try fixture.reopened(as: "reviewer1")
        // Another program, and another person's numbers for the same persons.
        let second = try Session(archive, identity: #require(fixture.identities["clerk1"]))
        let others = RosterClaimTests.officers.enumerated().map { index, values in
            sameIDNumberOnly ? values.merging(["policeNo": .string("66\(1000 + index)")]) { $1 } : values
        }
        var isNested = false
        // The first pass of the second import has ended when the first import is made from begin to end.
        #expect(throws: ArchiveError(.invalidEntry, "")) {
            _ = try second.importRecords(kind: "officer", dryRun: false) { receive in
                try RosterClaimTests.rows(others)(receive)
                guard !isNested else { return }
                isNested = true
                let report = try first.importRecords(
                    kind: "officer", dryRun: false, rows: RosterClaimTests.rows(RosterClaimTests.officers))
                #expect(report.isPublished)
            }
        }
        let counts = try count(fixture)
        #expect(counts.count == 40 && counts.values.allSatisfy { $0 == 1 })
        #expect(try fixture.archive.check().isSound)
    }

    @Test("While an import files its chunks, nobody adds an officer; afterwards the same one is refused")
    func addBesideImport() throws {
        let fixture = try Fixture(withRecords: false)
        let first = try fixture.session("clerk1")
        let archive = try Archive.open(
            at: fixture.path, identity: #require(fixture.identities["clerk1"]), clock: fixture.clock.clock,
            lockWaitSeconds: 0.1)
        let second = try Session(archive, identity: #require(fixture.identities["clerk1"]))
        var tried = 0
        _ = try first.importRecords(
            kind: "officer", dryRun: false, rows: RosterClaimTests.rows(RosterClaimTests.officers)
        ) { _, pass in
            guard pass == 2 else { return }
            tried += 1
            #expect(throws: ArchiveError(.locked, "")) { try second.addOfficers([RosterClaimTests.officers[7]]) }
        }
        #expect(tried > 0)
        #expect(throws: ArchiveError(.invalidEntry, "")) { try second.addOfficers([RosterClaimTests.officers[7]]) }
        #expect(try count(fixture)["771007"] == 1)
    }

    @Test("Threads that import and add the same officers at once: each person is there once")
    func threads() throws {
        let fixture = try Fixture(withRecords: false)
        let group = DispatchGroup()
        let done = Mutex(0)
        for index in 0..<6 {
            nonisolated(unsafe) let session = try fixture.session("clerk1")
            DispatchQueue.global().async(group: group) {
                do {
                    if index.isMultiple(of: 2) {
                        let report = try unsafe session.importRecords(
                            kind: "officer", dryRun: false, rows: RosterClaimTests.rows(RosterClaimTests.officers))
                        if report.isPublished { done.withLock { $0 += 1 } }
                    } else {
                        try unsafe session.addOfficers(RosterClaimTests.officers)
                        done.withLock { $0 += 1 }
                    }
                } catch let error as ArchiveError {
                    #expect(error.code == .invalidEntry, "\(error)")
                } catch {
                    Issue.record(error)
                }
            }
        }
        group.wait()
        #expect(done.withLock { $0 } == 1)
        let counts = try count(fixture)
        #expect(counts.count == 40 && counts.values.allSatisfy { $0 == 1 })
        #expect(try fixture.archive.check().isSound)
    }
}
