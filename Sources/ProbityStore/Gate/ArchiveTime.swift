import Glibc
import ProbityRecords

/// Where the time of an act comes from; tests replace it.
public struct ArchiveClock: Sendable {
    /// Seconds since 1970-01-01T00:00:00Z.
    public let now: @Sendable () -> Int64

    public init(now: @escaping @Sendable () -> Int64) { self.now = now }

    public static let system = ArchiveClock { Int64(time(nil)) }
}

/// A point of ledger time. Civil dates and texts are those of Asia/Shanghai, UTC+08:00 without daylight saving.
struct ArchiveTime: Comparable, Sendable {
    let seconds: Int64
    static let offsetSeconds: Int64 = 8 * 3600

    init(seconds: Int64) { self.seconds = seconds }

    /// Parses the text that ``text`` writes; nil for anything else.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 25, text.hasSuffix("+08:00"), bytes[10] == UInt8(ascii: "T"),
            let date = CivilDate(String(decoding: bytes[..<10], as: UTF8.self)),
            let hour = Int64(String(decoding: bytes[11..<13], as: UTF8.self)), hour < 24,
            let minute = Int64(String(decoding: bytes[14..<16], as: UTF8.self)), minute < 60,
            let second = Int64(String(decoding: bytes[17..<19], as: UTF8.self)), second < 60,
            hour >= 0, minute >= 0, second >= 0
        else { return nil }
        self.seconds =
            Int64(date.daysSinceEpoch) * 86_400 + hour * 3600 + minute * 60 + second - ArchiveTime.offsetSeconds
    }

    static func < (one: ArchiveTime, other: ArchiveTime) -> Bool { one.seconds < other.seconds }

    var date: CivilDate {
        let local = seconds + ArchiveTime.offsetSeconds
        let day = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        return CivilDate(daysSinceEpoch: Int(day))
    }

    /// RFC 3339 with offset, whole seconds.
    var text: String {
        let local = seconds + ArchiveTime.offsetSeconds
        let ofDay = local - Int64(date.daysSinceEpoch) * 86_400
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(date)T\(two(ofDay / 3600)):\(two(ofDay / 60 % 60)):\(two(ofDay % 60))+08:00"
    }
}
