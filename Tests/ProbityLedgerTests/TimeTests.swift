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
            #expect(LedgerTime(text)?.seconds == seconds, "seed \(seed): \(text)")
        }
        #expect(LedgerTime("1970-01-01T00:00:00Z")?.seconds == 0)
        #expect(LedgerTime("0000-01-01T00:00:00Z")?.seconds == -62_167_219_200)
    }

    @Test(
        "What is written is Shanghai's civil time, and reads back as the same instant",
        arguments: 1...10 as ClosedRange<UInt64>)
    func texts(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime]
        formatter.timeZone = TimeZone(secondsFromGMT: 8 * 3600)
        for _ in 0..<200 {
            let time = LedgerTime(seconds: .random(in: -10_000_000_000..<200_000_000_000, using: &random))
            let foundation = formatter.string(from: Date(timeIntervalSince1970: Double(time.seconds)))
            #expect(time.text == foundation, "seed \(seed)")
            #expect(LedgerTime(time.text) == time, "seed \(seed)")
            #expect(time.daysSinceEpoch == Int(((Double(time.seconds) + 28_800) / 86_400).rounded(.down)))
        }
    }

    @Test(
        "A clock of any value is written in four digits of a year",
        arguments: [
            (.min, "0001-01-01T00:00:00+08:00"), (-62_135_625_600, "0001-01-01T00:00:00+08:00"),
            (-62_135_625_601, "0001-01-01T00:00:00+08:00"), (-28_801, "1969-12-31T23:59:59+08:00"),
            (-28_800, "1970-01-01T00:00:00+08:00"), (0, "1970-01-01T08:00:00+08:00"),
            (951_753_600, "2000-02-29T00:00:00+08:00"), (253_402_271_999, "9999-12-31T23:59:59+08:00"),
            (253_402_272_000, "9999-12-31T23:59:59+08:00"), (.max, "9999-12-31T23:59:59+08:00"),
        ] as [(Int64, String)])
    func bounds(seconds: Int64, text: String) { #expect(LedgerTime(seconds: seconds).text == text) }

    @Test(
        "A text of another form is none",
        arguments: [
            "", "2026-12-01", "2026-12-01T08:00:00", "2026-12-01t08:00:00Z", "2026-12-01 08:00:00Z",
            "2026-12-01T08:00:00z", "2026-12-01T08:00:00+0800", "2026-12-01T08:00:00.5Z", "2026-12-01T08:00:60Z",
            "2026-12-01T24:00:00Z", "2026-12-01T08:60:00Z", "2026-13-01T08:00:00Z", "2026-00-01T08:00:00Z",
            "2026-02-29T08:00:00Z", "2026-12-00T08:00:00Z", "2026-12-01T+8:00:00Z", "2026-12-01T08.00:00+08:00",
            "2026-12-01T08:00:00+24:00", "2026-12-01T08:00:00+08:60", "2026-12-01T08:00:00~08:00",
        ])
    func otherForms(text: String) { #expect(LedgerTime(text) == nil) }
}
