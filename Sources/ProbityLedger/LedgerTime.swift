/// A point of the ledger's time: whole seconds, read from RFC 3339 with any offset, written with that of Asia/Shanghai.
///
/// Civil parts are those of Asia/Shanghai, UTC+08:00 without daylight saving.
public struct LedgerTime: Comparable, Hashable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z.
    public let seconds: Int64

    /// The instant `seconds` after 1970-01-01T00:00:00Z.
    public init(seconds: Int64) { self.seconds = seconds }

    /// Reads the part of RFC 3339 that leaves use: whole seconds and an offset.
    ///
    /// Nil for a text of another form, and for a leap second, which no clock here tells.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        let offset: Int64
        switch bytes.count {
        case 20 where bytes[19] == UInt8(ascii: "Z"): offset = 0
        case 25 where bytes[22] == UInt8(ascii: ":"):
            guard let hours = LedgerTime.number(bytes[20..<22]), hours < 24,
                let minutes = LedgerTime.number(bytes[23..<25]), minutes < 60,
                bytes[19] == UInt8(ascii: "+") || bytes[19] == UInt8(ascii: "-")
            else { return nil }
            offset = (bytes[19] == UInt8(ascii: "-") ? -1 : 1) * (hours * 3600 + minutes * 60)
        default: return nil
        }
        guard bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = LedgerTime.number(bytes[0..<4]),
            let month = LedgerTime.number(bytes[5..<7]), (1...12).contains(month),
            let day = LedgerTime.number(bytes[8..<10]), (1...LedgerTime.length(month, year)).contains(day),
            let hour = LedgerTime.number(bytes[11..<13]), hour < 24,
            let minute = LedgerTime.number(bytes[14..<16]), minute < 60,
            let second = LedgerTime.number(bytes[17..<19]), second < 60
        else { return nil }
        seconds = LedgerTime.days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    }

    public static func < (one: LedgerTime, other: LedgerTime) -> Bool { one.seconds < other.seconds }

    /// Days from 1970-01-01 to the civil day, held inside the years 1 to 9999, which four digits can write.
    public var daysSinceEpoch: Int { Int(LedgerTime.floor(localSeconds, 86_400)) }

    /// RFC 3339, whole seconds, `+08:00`; held inside the years 1 to 9999.
    public var text: String {
        let (year, month, day) = LedgerTime.civil(Int64(daysSinceEpoch))
        let ofDay = localSeconds - Int64(daysSinceEpoch) * 86_400
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let century = two(year / 100) + two(year % 100)
        return
            "\(century)-\(two(month))-\(two(day))T\(two(ofDay / 3600)):\(two(ofDay / 60 % 60)):\(two(ofDay % 60))+08:00"
    }

    private static let offsetSeconds: Int64 = 8 * 3600
    private static let first = days(1, 1, 1) * 86_400
    private static let last = days(9999, 12, 31) * 86_400 + 86_399

    /// What a clock in Asia/Shanghai shows. A clock may say anything: bounded first, so that nothing overflows.
    private var localSeconds: Int64 {
        min(max(seconds, LedgerTime.first - LedgerTime.offsetSeconds), LedgerTime.last - LedgerTime.offsetSeconds)
            + LedgerTime.offsetSeconds
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var number: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return number
    }

    private static func length(_ month: Int64, _ year: Int64) -> Int64 {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days since 1970-01-01, counted in years that begin in March, so that the leap day comes last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        // Year 0 with month 1 or 2 gives -1: floor, not truncate.
        let leapDays = floor(shifted, 4) - floor(shifted, 100) + floor(shifted, 400)
        return shifted * 365 + leapDays + dayOfYear - 719_468
    }

    /// The day that ``days(_:_:_:)`` counts.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Howard Hinnant's civil_from_days. Year 1 begins 306 days after 1 March of year 0, so no day here is negative.
        let shifted = days + 719_468
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let isNextYear = month > 9
        return (
            shifted / 146_097 * 400 + yearOfEra + (isNextYear ? 1 : 0), isNextYear ? month - 9 : month + 3,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }

    private static func floor(_ number: Int64, _ divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : -((divisor - 1 - number) / divisor)
    }
}
