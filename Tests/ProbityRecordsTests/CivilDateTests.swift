import ProbityRecords
import Testing

@Suite("Civil dates at their edges")
struct CivilDateEdgeTests {
    @Test("Every day from 1890 to 2110 is its number's day again, one after the other, with the weekdays in turn")
    func roundTrip() throws {
        var date = try day("1890-01-01")
        var weekday = date.weekday
        let end = try day("2110-12-31")
        while date < end {
            let next = CivilDate(daysSinceEpoch: date.daysSinceEpoch + 1)
            #expect(next.daysSinceEpoch == date.daysSinceEpoch + 1)
            #expect(CivilDate(next.description) == next)
            #expect(CivilDate(year: next.year, month: next.month, day: next.day) == next)
            #expect(next.weekday.rawValue == weekday.rawValue % 7 + 1)
            (date, weekday) = (next, next.weekday)
        }
    }

    @Test("Known days have their known numbers and weekdays")
    func known() throws {
        #expect(try day("1970-01-01").daysSinceEpoch == 0)
        #expect(try day("1970-01-01").weekday == .thursday)
        #expect(try day("2000-03-01").daysSinceEpoch == 11_017)
        #expect(try day("2026-12-01").weekday == .tuesday)
        #expect(try day("1969-12-31").daysSinceEpoch == -1)
        #expect(try day("0001-01-01").weekday == .monday)
    }

    @Test(
        "A leap day exists in leap years only",
        arguments: [("2024", true), ("2026", false), ("2000", true), ("1900", false)])
    func leapDays(year: String, exists: Bool) { #expect((CivilDate("\(year)-02-29") != nil) == exists) }

    @Test(
        "Text that is no date is refused",
        arguments: [
            "", "2026-1-1", "2026-13-01", "2026-00-01", "2026-01-00", "2026-04-31", "2026/01/01", "2026-01-01 ",
            " 2026-01-01",
            "20260101", "2026-01-0x", "０２６-01-01", "0000-01-01", "2026-01+01", "-026-01-01", "２026-01-01",
        ])
    func refused(text: String) { #expect(CivilDate(text) == nil) }

    @Test(
        "Months are added to the same day, clamped to the month's end",
        arguments: [
            ("2026-01-15", 12, "2027-01-15"), ("2026-08-31", 6, "2027-02-28"), ("2023-08-31", 6, "2024-02-29"),
            ("2024-02-29", 12, "2025-02-28"), ("2024-02-29", 48, "2028-02-29"), ("2026-01-31", 1, "2026-02-28"),
            ("2026-03-31", 18, "2027-09-30"), ("2026-12-31", 2, "2027-02-28"), ("2026-05-31", -3, "2026-02-28"),
            ("2026-01-01", -1, "2025-12-01"), ("2026-01-01", 0, "2026-01-01"),
        ])
    func months(start: String, count: Int, end: String) throws {
        #expect(try day(start).adding(months: count).description == end)
    }

    @Test(
        "No count leads out of the calendar, and none traps",
        arguments: [Int.max, Int.min, 200_000, -200_000, 5_000_000])
    func extremes(count: Int) throws {
        let date = try day("2026-12-01")
        for moved in [date.adding(months: count), date.adding(days: count), CivilDate(daysSinceEpoch: count)] {
            #expect(CivilDate(moved.description) == moved)
            #expect((moved > date) == (count > 0))
        }
    }

    @Test("Dates are ordered as days are")
    func order() throws {
        #expect(try day("2026-01-31") < day("2026-02-01"))
        #expect(try day("2025-12-31") < day("2026-01-01"))
        #expect(try Set([day("2026-01-01"), day("2026-01-01").adding(days: 31).adding(months: -1)]).count == 1)
    }
}
