import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

/// What figures are counted with.
@Suite("Counting")
struct CountingTests {
    @Test("The table of units holds what a dictionary holds, whatever the dossiers and their numbers")
    func dossierUnits() {
        var random = SeededGenerator(seed: 42)
        for spread in [1, 1 << 20, 0x9E37_79B9] as [Int64] {
            var units = DossierUnits()
            var expected: [Int64: Int] = [:]
            for _ in 0..<5000 {
                let dossier = Int64.random(in: 1..<4000, using: &random) &* spread
                let unit = Int.random(in: 0..<20, using: &random)
                // One that is set again, or taken out, is what it was set to last.
                units.set(dossier, unit == 0 ? nil : unit)
                expected[dossier] = unit == 0 ? nil : unit
            }
            for number in 0..<4001 as Range<Int64> { #expect(units[number &* spread] == expected[number &* spread]) }
            #expect(Dictionary(uniqueKeysWithValues: units.all.map { ($0.dossier, $0.unit) }) == expected)
        }
    }

    @Test("They are counted from covering indexes: no row of a table is visited, nothing is sorted")
    func coveringIndex() throws {
        let fixture = try Fixture()
        func plan(_ sql: String, _ arguments: StatementArguments) throws -> [String] {
            try fixture.archive.raw { db in
                try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(sql)", arguments: arguments).map { $0["detail"] }
            }
        }
        #expect(
            try plan(VersionTable.counted, ["talk", "2026-01-01", "2026-12-31"]) == [
                "SEARCH version USING COVERING INDEX versionCount (kind=? AND occurredOn>? AND occurredOn<?)"
            ])
        #expect(
            try plan(VersionTable.later, ["talk"]) == [
                "SEARCH version USING COVERING INDEX versionLater (kind=?)"
            ])
        let dossiers = try plan(DossierTable.places, ["talks"])
        #expect(dossiers.count == 2 && dossiers.allSatisfy { $0.contains("USING COVERING INDEX") }, "\(dossiers)")
        // Sealed versions are in neither index.
        let sealed = try fixture.archive.raw { db in
            try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM version WHERE kind IS NULL")
        }
        #expect(sealed == 2)
    }
}
