/// A day of the Gregorian calendar, as documents write it. No time and no time zone: a civil date in Asia/Shanghai.
public struct CivilDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// A day of the week, numbered as GB/T 7408 (ISO 8601) does: Monday is 1.
    public enum Weekday: Int, Sendable, CaseIterable {
        case monday = 1, tuesday, wednesday, thursday, friday, saturday, sunday
    }

    /// Days since 1970-01-01.
    public let daysSinceEpoch: Int
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to 31.
    public let day: Int

    /// Nil for a day that does not exist, or a year outside 1 to 9999.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= CivilDate.dayCount(year: year, month: month)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.daysSinceEpoch = CivilDate.days(year: year, month: month, day: day)
    }

    /// The date that is `daysSinceEpoch` days after 1970-01-01, held inside the years 1 to 9999.
    public init(daysSinceEpoch days: Int) {
        let days = min(max(days, CivilDate.firstDay), CivilDate.lastDay)
        // Howard Hinnant's civil_from_days: eras of 400 years that begin on 1 March.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        self.year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        self.month = month
        self.day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        self.daysSinceEpoch = days
    }

    /// Reads `YYYY-MM-DD`; nil for anything else.
    public init?(_ text: String) {
        guard text.utf8.count == 10 else { return nil }
        // A check of every candidate reads millions of dates: no array of bytes is made for one.
        var (year, month, day) = (0, 0, 0)
        var index = 0
        for byte in text.utf8 {
            defer { index += 1 }
            if index == 4 || index == 7 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let digit = Int(byte - UInt8(ascii: "0"))
            switch index {
            case ..<4: year = year * 10 + digit
            case ..<7: month = month * 10 + digit
            default: day = day * 10 + digit
            }
        }
        self.init(year: year, month: month, day: day)
    }

    private static let firstDay = days(year: 1, month: 1, day: 1)
    private static let lastDay = days(year: 9999, month: 12, day: 31)

    private static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Days in a month of the Gregorian calendar, 28 to 31.
    public static func dayCount(year: Int, month: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The date `days` days later, held inside the years 1 to 9999.
    public func adding(days: Int) -> CivilDate {
        let span = CivilDate.lastDay - CivilDate.firstDay
        return CivilDate(daysSinceEpoch: daysSinceEpoch + min(max(days, -span), span))
    }

    /// The same day `months` later, or the last day of that month where it has no such day; held inside the years 1 to
    /// 9999.
    ///
    /// Source: domain.md §8.3 (the clamp at a month's end is unconfirmed there).
    public func adding(months: Int) -> CivilDate {
        let (first, last) = (12, 9999 * 12 + 11)
        let total = min(max(year * 12 + month - 1 + min(max(months, -last), last), first), last)
        let (year, month) = (total / 12, total % 12 + 1)
        let day = min(day, CivilDate.dayCount(year: year, month: month))
        return CivilDate(daysSinceEpoch: CivilDate.days(year: year, month: month, day: day))
    }

    /// The day of the week.
    public var weekday: Weekday {
        // 1970-01-01 was a Thursday.
        let index = ((daysSinceEpoch + 3) % 7 + 7) % 7
        return Weekday.allCases[index]
    }

    public static func < (one: CivilDate, other: CivilDate) -> Bool { one.daysSinceEpoch < other.daysSinceEpoch }
    public static func == (one: CivilDate, other: CivilDate) -> Bool { one.daysSinceEpoch == other.daysSinceEpoch }
    public func hash(into hasher: inout Hasher) { hasher.combine(daysSinceEpoch) }

    /// `YYYY-MM-DD`.
    public var description: String {
        func digit(_ number: Int) -> UInt8 { UInt8(ascii: "0") + UInt8(number % 10) }
        let dash = UInt8(ascii: "-")
        let text = [
            digit(year / 1000), digit(year / 100), digit(year / 10), digit(year), dash, digit(month / 10), digit(month),
            dash, digit(day / 10), digit(day),
        ]
        return String(decoding: text, as: UTF8.self)
    }
}
