import Glibc
import ProbityLedger
import ProbityRecords

/// Where the time of an act comes from; tests replace it.
public struct ArchiveClock: Sendable {
    /// Seconds since 1970-01-01T00:00:00Z.
    public let now: @Sendable () -> Int64

    public init(now: @escaping @Sendable () -> Int64) { self.now = now }

    public static let system = ArchiveClock { Int64(time(nil)) }
}

/// A point of ledger time, with its day as the domain's dates are. Civil dates and texts are those of Asia/Shanghai.
struct ArchiveTime: Comparable, Sendable {
    private let time: LedgerTime

    init(seconds: Int64) { time = LedgerTime(seconds: seconds) }

    /// Parses the text that ``text`` writes; nil for anything else, another offset too.
    init?(_ text: String) {
        guard let time = LedgerTime(text), time.text == text else { return nil }
        self.time = time
    }

    static func < (one: ArchiveTime, other: ArchiveTime) -> Bool { one.time < other.time }

    var seconds: Int64 { time.seconds }
    var date: CivilDate { CivilDate(daysSinceEpoch: time.daysSinceEpoch) }
    /// RFC 3339 with offset, whole seconds.
    var text: String { time.text }
}
