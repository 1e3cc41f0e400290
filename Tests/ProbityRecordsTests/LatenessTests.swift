import CanonicalJSON
import ProbityRecords
import ProbitySchema
import Testing

@Suite("Lateness of event reports")
struct LatenessTests {
    private func lateness(
        _ kind: String, event: String, reported: String, _ more: [String: JSONValue] = [:], rules: RuleSet? = nil
    ) throws -> EventLateness? {
        var values: [String: JSONValue] = [
            "eventKind": .string(kind), "eventDate": .string(event), "reportDate": .string(reported),
        ]
        values.merge(more) { $1 }
        return EventLateness(values: values, rules: try rules ?? RuleSet.standard())
    }

    @Test(
        "A report is in time through the last day of its limit",
        arguments: [
            ("me01", "2026-05-20", "2026-06-19", 0), ("me01", "2026-05-20", "2026-06-20", 1),
            ("me01", "2026-05-20", "2026-07-01", 12), ("me01", "2026-05-20", "2026-05-20", 0),
            ("me04", "2026-05-20", "2026-05-21", 0), ("me04", "2026-05-20", "2026-05-22", 1),
            ("me05", "2026-12-31", "2027-01-01", 0), ("me05", "2026-12-31", "2027-01-02", 1),
            ("me06", "2024-02-01", "2024-03-02", 0), ("me06", "2025-02-01", "2025-03-04", 1),
            ("me07", "2026-01-01", "2026-01-31", 0), ("me08", "2026-01-01", "2026-02-01", 1),
            ("me09", "2026-01-01", "2026-02-01", 1),
            ("me03", "2026-05-01", "2026-04-20", 0), ("me03", "2026-05-01", "2026-04-21", 0),
            ("me03", "2026-05-01", "2026-04-22", 1), ("me03", "2026-05-01", "2026-05-02", 11),
            ("me11", "2026-05-01", "2026-05-01", 0), ("me11", "2026-05-01", "2026-05-02", 1),
        ])
    func limits(kind: String, event: String, reported: String, late: Int) throws {
        let lateness = try #require(try lateness(kind, event: event, reported: reported))
        #expect(lateness.lateDays == late)
        #expect(try lateness.days == day(reported).daysSinceEpoch - day(event).daysSinceEpoch)
        #expect(try late == 0 || lateness.dueOn.adding(days: late) == day(reported))
        #expect(lateness.rule.ruleID == "event.\(kind)" && !lateness.rule.source.en.isEmpty)
    }

    @Test("The sample marriage report: 42 days, 12 late; the sample wedding: 11 days before, in time")
    func samples() throws {
        let marriage = try #require(try lateness("me01", event: "2026-05-20", reported: "2026-07-01"))
        #expect(marriage.days == 42 && marriage.lateDays == 12 && marriage.dueOn.description == "2026-06-19")
        let wedding = try #require(
            try lateness("me03", event: "2026-05-01", reported: "2026-04-20", ["occasion": "wedding"]))
        #expect(wedding.days == -11 && wedding.lateDays == 0)
    }

    @Test("The clock begins when the matter was known")
    func knownDate() throws {
        let lateness = try #require(
            try lateness("me04", event: "2026-05-01", reported: "2026-05-21", ["knownDate": "2026-05-20"]))
        #expect(lateness.days == 1 && lateness.lateDays == 0)
    }

    @Test("A funeral is reported afterwards", arguments: [("2026-05-08", 0), ("2026-05-09", 1)])
    func funeral(reported: String, late: Int) throws {
        #expect(
            try lateness("me03", event: "2026-05-01", reported: reported, ["occasion": "funeral"])?.lateDays == late)
    }

    @Test(
        "Matters without a limit, or without dates, have no lateness",
        arguments: ["me02", "me10", "me12", "me13", "me99"])
    func noLimit(kind: String) throws {
        #expect(try lateness(kind, event: "2026-01-01", reported: "2026-12-01") == nil)
        #expect(
            EventLateness(values: ["eventKind": "me01", "eventDate": "2026-01-01"], rules: try RuleSet.standard())
                == nil)
        #expect(EventLateness(values: [:], rules: try RuleSet.standard()) == nil)
    }

    @Test("A limit in working days runs over holidays, backward too")
    func workingDays() throws {
        let files = Schema.rules.filter { $0.name == "rules-events.json" || $0.name == "rules-calendar.json" }.map {
            let text = String(decoding: $0.bytes, as: UTF8.self)
                .replacing(
                    #""basis": "before", "days": 10,"#, with: #""basis": "before", "days": 3, "unit": "workingDay","#
                )
                .replacing(
                    #"{"basis": "after", "days": 7}"#, with: #"{"basis": "after", "days": 5, "unit": "workingDay"}"#)
            return (name: $0.name, bytes: Array(text.utf8))
        }
        let rules = try RuleSet(files: files)
        // 1 October and the days after it are holidays; 28, 29 and 30 September are worked on.
        let wedding = try #require(try lateness("me03", event: "2026-10-03", reported: "2026-09-29", rules: rules))
        #expect(wedding.dueOn.description == "2026-09-28" && wedding.lateDays == 1)
        let funeral = try #require(
            try lateness("me03", event: "2026-09-30", reported: "2026-10-13", ["occasion": "funeral"], rules: rules))
        #expect(funeral.dueOn.description == "2026-10-13" && funeral.lateDays == 0)
    }
}
