import Foundation
import ProbityTestSupport
import Testing

@testable import ProbityLedger

@Suite("Times of leaves")
struct TimeTests {
    @Test("Instants agree with Foundation's calendar", arguments: 1...10 as ClosedRange<UInt64>)
    func instants(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime]
        for _ in 0..<200 {
            let seconds = Int64.random(in: -10_000_000_000..<10_000_000_000, using: &random)
            let minutes = Int.random(in: -719...719, using: &random)
            formatter.timeZone = TimeZone(secondsFromGMT: minutes * 60)
            let text = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(RFC3339.seconds(text) == seconds, "seed \(seed): \(text)")
        }
        #expect(RFC3339.seconds("1970-01-01T00:00:00Z") == 0)
        #expect(RFC3339.seconds("0000-01-01T00:00:00Z") == -62_167_219_200)
    }
}
