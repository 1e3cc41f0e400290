import CanonicalJSON
import ProbityRecords
import ProbitySchema
import Testing

@Suite("Rules as data")
struct RulesTests {
    private func rules(_ text: String) throws(SchemaError) -> RuleSet {
        try RuleSet(files: [("rules-a.json", Array(#"{"rules": [\#(text)]}"#.utf8))])
    }

    private func row(
        _ id: String = "must.validity", edition: String = "1", from: String = "2020-01-01", to: String? = nil,
        confidence: String = "P", value: String = #"{"days": 180}"#
    ) -> String {
        let end = to.map { #""\#($0)""# } ?? "null"
        return #"{"ruleId": "\#(id)", "edition": "\#(edition)", "effectiveFrom": "\#(from)", "effectiveTo": \#(end), "#
            + #""source": {"zh": "据", "en": "s"}, "confidence": "\#(confidence)", "value": \#(value)}"#
    }

    @Test("The embedded rules load, each with edition, source and confidence")
    func standard() throws {
        let rules = try RuleSet.standard()
        #expect(rules.allRules.count > 40)
        for (id, editions) in rules.allRules {
            for rule in editions {
                #expect(
                    rule.ruleID == id && !rule.edition.isEmpty && !rule.source.zh.isEmpty && !rule.source.en.isEmpty)
                #expect(["C", "L", "K", "S", "P", "U"].contains(rule.confidence))
            }
        }
    }

    @Test("The edition in force on a date is found, from its first day to its last")
    func editions() throws {
        let rules = try rules(
            [row(edition: "old", from: "2018-10-01", to: "2023-12-31"), row(edition: "new", from: "2024-01-01")].joined(
                separator: ","))
        #expect(try rules.rule("must.validity", on: day("2018-09-30")) == nil)
        #expect(try rules.rule("must.validity", on: day("2018-10-01"))?.edition == "old")
        #expect(try rules.rule("must.validity", on: day("2023-12-31"))?.edition == "old")
        #expect(try rules.rule("must.validity", on: day("2024-01-01"))?.edition == "new")
        #expect(try rules.rule("must.validity", on: day("9999-12-31"))?.edition == "new")
        #expect(rules.rule("must.validity", edition: "old")?.effectiveTo?.description == "2023-12-31")
        #expect(rules.rule("must.validity", edition: "none") == nil)
        #expect(try rules.rule("no.such", on: day("2024-01-01")) == nil)
    }

    @Test(
        "Two editions that share a day are refused, in whatever order they stand",
        arguments: [
            ("2018-01-01", "2023-12-31", "2023-12-31", nil), ("2024-01-01", nil, "2018-01-01", nil),
            ("2020-06-01", "2020-06-30", "2018-01-01", "2026-01-01"), ("2018-01-01", nil, "2030-01-01", nil),
        ] as [(String, String?, String, String?)])
    func overlapping(from: String, to: String?, otherFrom: String, otherTo: String?) {
        let text = row(edition: "1", from: from, to: to) + "," + row(edition: "2", from: otherFrom, to: otherTo)
        #expect(throws: SchemaError(file: "rules-a.json", field: "rules[1]", reason: "")) { try rules(text) }
    }

    @Test("One name is given to one edition only")
    func sameEdition() {
        let text = row(from: "2018-01-01", to: "2018-12-31") + "," + row(from: "2019-01-01")
        #expect(throws: SchemaError(file: "rules-a.json", field: "rules[1]", reason: "")) { try rules(text) }
    }

    @Test("A row that is not in order is refused, with its place")
    func refusedRows() {
        func refused(_ row: String, _ field: String) {
            #expect(throws: SchemaError(file: "rules-a.json", field: "rules[0]\(field)", reason: "")) { try rules(row) }
        }
        refused(row(from: "2020-02-30"), ".effectiveFrom")
        refused(row(to: "20260101"), ".effectiveTo")
        refused(row(from: "2020-01-02", to: "2020-01-01"), ".effectiveTo")
        refused(row(confidence: "X"), ".confidence")
        refused(row("no.such.rule"), ".value")
        refused(row().replacing(#""source": {"zh": "据", "en": "s"}, "#, with: ""), ".source")
        refused(row().replacing(#""en": "s""#, with: #""en": """#), ".source.en")
        refused(row().replacing(#""value""#, with: #""values""#), ".values")
    }

    @Test("A misspelt member or word inside a value is refused: it would silently bar nobody")
    func refusedValues() {
        func refused(_ id: String, _ value: String, _ field: String) {
            #expect(throws: SchemaError(file: "rules-a.json", field: "rules[0].value\(field)", reason: "")) {
                try rules(row(id, value: value))
            }
        }
        let impact = #"{"measure": "p1", "track": "party", "period": "fixed", "bars": {"promotion": 12}}"#
        #expect(throws: Never.self) { try rules(row("impact.p1", value: impact)) }
        refused("impact.p2", impact, ".measure")
        refused("impact.p1", impact.replacing("promotion", with: "promotoin"), ".bars.promotoin")
        refused("impact.p1", impact.replacing("12", with: "-1"), ".bars.promotion")
        refused("impact.p1", impact.replacing("12", with: "0"), ".bars.promotion")
        refused("impact.p1", impact.replacing("12", with: "\"12\""), ".bars.promotion")
        refused("impact.p1", impact.replacing("fixed", with: "fix"), ".period")
        refused("impact.p1", impact.replacing(#""party""#, with: #""Party""#), ".track")
        refused("impact.p1", impact.replacing(#""period""#, with: #""ended": "over", "period""#), ".ended")
        refused("impact.p1", impact.replacing("bars", with: "bar"), ".bar")
        refused("must.1", #"{"results": {"consistent": "clean"}}"#, ".results.consistent")
        refused("must.2", #"{"results": {}, "decisions": {"accepted": "ok"}}"#, ".decisions.accepted")
        refused("must.validity", #"{"day": 180}"#, ".day")
        refused("training", #"{"courses": {"promote": []}}"#, ".courses.promote")
        refused(
            "period.ended", #"{"verdict": "hold", "affects": "hold", "lifted": {"admin": "hold"}}"#, ".lifted.admin")
        refused("period.secondParty", #"{"combine": "sum"}"#, ".combine")
        refused("person", #"{"category": []}"#, ".category")
        refused("event.me01", #"{"eventKind": "me02", "basis": "after", "days": 1}"#, ".eventKind")
        refused("event.me01", #"{"eventKind": "me01", "basis": "later", "days": 1}"#, ".basis")
        refused("event.me01", #"{"eventKind": "me01", "basis": "after", "days": 1, "unit": "week"}"#, ".unit")
        refused(
            "event.me01", #"{"eventKind": "me01", "basis": "after", "days": 1, "occasions": {"a": {}}}"#,
            ".occasions.a.basis")
        refused("calendar", #"{"holidays": ["2026-10-07/2026-10-01"], "workdays": []}"#, ".holidays[0]")
        refused("calendar", #"{"holidays": [], "workdays": ["2026-13-01"]}"#, ".workdays[0]")
    }

    @Test("The canonical bytes follow the content, not the spelling of the files")
    func canonicalBytes() throws {
        let one = try rules(row())
        let spaced = try rules(row().replacing(": ", with: " :  "))
        let other = try rules(row(value: #"{"days": 181}"#))
        #expect(one.canonicalBytes == spaced.canonicalBytes)
        #expect(one.canonicalBytes != other.canonicalBytes)
        #expect(try RuleSet.standard().canonicalBytes == RuleSet.standard().canonicalBytes)
    }

    @Test("Every code that rules name is in its list, and every verdict word is given for every code that is there")
    func codesOfRules() throws {
        let catalogue = try KindCatalogue.standard()
        let texts = Schema.rules.map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
        for list in [
            "verifyResult", "verifyDecision", "fileReviewResult", "opinionConclusion", "appraisalGrade", "course",
            "habit",
        ] {
            for code in try #require(catalogue.codeList(list)).codes
            where code.code != "other" && code.code != "occasional" {
                #expect(texts.contains("\"\(code.code)\""), "\(list)/\(code.code)")
            }
        }
        for (id, _) in try RuleSet.standard().allRules where id.hasPrefix("event.") {
            #expect(try #require(catalogue.codeList("eventKind")).contains(String(id.dropFirst(6))))
        }
    }
}

@Suite("Working calendar")
struct RulesCalendarTests {
    private func calendar() throws -> WorkingCalendar { try RuleSet.standard().calendar }

    @Test(
        "Holidays, make-up days, weekends and ordinary days of 2026",
        arguments: [
            ("2026-01-01", false), ("2026-01-02", false), ("2026-01-04", true), ("2026-01-05", true),
            ("2026-01-10", false),
            ("2026-02-14", true), ("2026-02-16", false), ("2026-02-23", false), ("2026-02-24", true),
            ("2026-02-28", true),
            ("2026-04-06", false), ("2026-05-05", false), ("2026-05-09", true), ("2026-06-19", false),
            ("2026-09-20", true),
            ("2026-09-25", false), ("2026-10-07", false), ("2026-10-08", true), ("2026-10-10", true),
            ("2026-12-05", false),
        ])
    func days(date: String, isWorked: Bool) throws { #expect(try calendar().isWorkingDay(day(date)) == isWorked) }

    @Test(
        "Working days are counted over holidays and make-up days",
        arguments: [
            ("2026-09-30", 1, "2026-10-08"), ("2026-09-30", 3, "2026-10-10"), ("2026-09-30", 4, "2026-10-12"),
            ("2026-10-03", 1, "2026-10-08"), ("2026-10-08", -1, "2026-09-30"), ("2026-02-13", 1, "2026-02-14"),
            ("2026-02-14", 1, "2026-02-24"), ("2026-12-01", 0, "2026-12-01"), ("2026-12-05", 0, "2026-12-05"),
            ("2026-12-04", 15, "2026-12-25"), ("2026-05-01", -3, "2026-04-28"),
        ])
    func adding(start: String, count: Int, end: String) throws {
        #expect(try calendar().adding(workingDays: count, to: day(start)).description == end)
    }

    @Test("Counting days between and adding them agree", arguments: [1, 5, 15, 60, 240])
    func agree(count: Int) throws {
        let calendar = try calendar()
        var start = try day("2026-01-01")
        for _ in 0..<40 {
            start = start.adding(days: 7)
            #expect(calendar.workingDays(from: start, to: calendar.adding(workingDays: count, to: start)) == count)
            #expect(calendar.workingDays(from: calendar.adding(workingDays: -count, to: start), to: start) >= count - 1)
            #expect(calendar.workingDays(from: start, to: start) == 0)
            let end = start.adding(days: count)
            #expect(calendar.workingDays(from: end, to: start) == -calendar.workingDays(from: start, to: end))
        }
    }

    @Test("A year without its notice is counted by weekday; every loaded holiday lies in its own year")
    func unloaded() throws {
        let calendar = try calendar()
        #expect(try calendar.isWorkingDay(day("2031-10-01")))
        #expect(try !calendar.isWorkingDay(day("2031-10-04")))
        for year in 2025...2026 {
            let holidays = try (0..<366).map { try day("\(year)-01-01").adding(days: $0) }.filter {
                $0.year == year && $0.weekday.rawValue <= 5 && !calendar.isWorkingDay($0)
            }
            #expect((15...28).contains(holidays.count), "\(year): \(holidays.count) weekdays off")
        }
    }

    @Test("The end of the calendar ends the counting")
    func end() throws {
        let last = try day("9999-12-31")
        #expect(try calendar().adding(workingDays: 5, to: last) == last)
    }
}
