import CanonicalJSON

/// Which days are worked on (工作日历): Monday to Friday, but for the holidays and make-up working days (调休) that the
/// State Council publishes for each year and Schema/Rules/rules-calendar.json holds.
///
/// A year that is not loaded is counted by weekday alone.
public struct WorkingCalendar: Sendable, Hashable {
    private let holidays: Set<CivilDate>
    private let workdays: Set<CivilDate>

    /// - Parameter editions: rows of the rule `calendar`, one a year; checked when they were read.
    init(_ editions: [Rule]) {
        func days(_ member: String) -> Set<CivilDate> {
            var days: Set<CivilDate> = []
            for span in editions.flatMap({ $0.texts(member) }).compactMap(WorkingCalendar.span) {
                for day in span.lowerBound.daysSinceEpoch...span.upperBound.daysSinceEpoch {
                    days.insert(CivilDate(daysSinceEpoch: day))
                }
            }
            return days
        }
        holidays = days("holidays")
        workdays = days("workdays")
    }

    /// `YYYY-MM-DD` or `YYYY-MM-DD/YYYY-MM-DD`, at most a year long.
    static func span(_ text: String) -> ClosedRange<CivilDate>? {
        let ends = text.split(separator: "/", omittingEmptySubsequences: false).map { CivilDate(String($0)) }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last,
            last.daysSinceEpoch - first.daysSinceEpoch < 366
        else { return nil }
        return first...last
    }

    /// Whether `date` is a working day.
    public func isWorkingDay(_ date: CivilDate) -> Bool {
        if workdays.contains(date) { return true }
        if holidays.contains(date) { return false }
        return date.weekday.rawValue <= CivilDate.Weekday.friday.rawValue
    }

    /// The `count`-th working day after `date`, before it for a negative count; `date` itself, worked on or not, for zero.
    ///
    /// - Precondition: `count` lies within ±10,000; deadlines are weeks.
    public func adding(workingDays count: Int, to date: CivilDate) -> CivilDate {
        precondition((-10_000...10_000).contains(count))
        var date = date
        var left = abs(count)
        while left > 0 {
            let next = date.adding(days: count.signum())
            // The calendar's first or last day: there is no further one.
            if next == date { break }
            date = next
            if isWorkingDay(date) { left -= 1 }
        }
        return date
    }

    /// How many working days lie after `start`, up to `end` itself; negative when `end` is earlier.
    public func workingDays(from start: CivilDate, to end: CivilDate) -> Int {
        guard start <= end else { return -workingDays(from: end, to: start) }
        return (start.daysSinceEpoch..<end.daysSinceEpoch).reduce(0) { count, day in
            count + (isWorkingDay(CivilDate(daysSinceEpoch: day + 1)) ? 1 : 0)
        }
    }
}
