import ProbityRecords
import Synchronization
import Testing

@testable import ProbityStore

@Suite("Drawn numbers")
struct DrawnNumberTests {
    /// Random bits that come so many times each.
    private final class Repeating: Sendable {
        private let drawn = Mutex<UInt64>(0)
        private let times: UInt64
        init(times: UInt64) { self.times = times }
        func next() -> UInt64 {
            drawn.withLock { count in
                defer { count += 1 }
                return (count / times + 1) << 40
            }
        }
    }

    private static let officers = (1...3).map { index in
        Fixture.officer("88000\(index)", unit: "U01", name: "重号\(index)", idNo: Fixture.idNumber(index))
    }

    @Test("A number that is drawn twice is drawn again: for officers, dossiers and items of the tray")
    func drawnAgain() throws {
        let fixture = try Fixture(withRecords: false)
        let clerk = try fixture.session("clerk1")
        let source = Repeating(times: 7)
        try DrawnNumber.$source.withValue({ source.next() }) {
            let added = try clerk.addOfficers(DrawnNumberTests.officers)
            #expect(Set(added).count == 3)
            for number in ["880001", "880002", "880003"] { try clerk.file(Fixture.event(number, "第一件")) }
            let dropped = try (0..<4).map { _ in try clerk.drop(Fixture.complaint("880001")) }
            #expect(Set(dropped).count == 4)
        }
        #expect(try clerk.records(of: "880003").records.count == 2)
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("A source that draws one number only is an error of the machine, not damage of the archive")
    func bounded() throws {
        let fixture = try Fixture(withRecords: false)
        let clerk = try fixture.session("clerk1")
        let size = try fixture.ledgerSize()
        DrawnNumber.$source.withValue({ 1 << 40 }) {
            #expect(throws: ArchiveError(.inputOutput, "")) { try clerk.addOfficers(DrawnNumberTests.officers) }
        }
        #expect(try fixture.ledgerSize() == size)
        #expect(try clerk.addOfficers(DrawnNumberTests.officers).count == 3)
        #expect(try fixture.archive.check().findings == [])
    }
}
