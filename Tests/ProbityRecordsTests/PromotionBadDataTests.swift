import CanonicalJSON
import ProbityRecords
import Testing

@Suite("Bad sanction data")
struct PromotionBadDataTests {
    private func problems(_ values: [String: JSONValue]) throws -> [String?] {
        var all: [String: JSONValue] = [
            "decidedOn": "2026-01-15", "documentNo": "示例1号", "body": "县纪委", "politicsAtAct": "01",
            "politicsAtDecision": "01",
        ]
        all.merge(values) { $1 }
        let kind = try #require(try KindCatalogue.standard().kind("sanction"))
        return kind.validate(values: all.filter { $0.value != .null }, today: try day("2026-12-01"))
            .filter { $0.severity == .error }.map(\.rule)
    }

    @Test(
        "A Party sanction on somebody who was a member neither at the act nor at the decision is refused",
        arguments: ["p1", "p2", "p2x", "p3", "p4", "p5"])
    func partyMember(measure: String) throws {
        let base: [String: JSONValue] = ["measure": .string(measure), "periodMonths": measure == "p4" ? 12 : .null]
        func refused(_ act: JSONValue, _ decision: JSONValue) throws -> Bool {
            try problems(base.merging(["politicsAtAct": act, "politicsAtDecision": decision]) { $1 }) == [
                "sanction.partyMember"
            ]
        }
        for (act, decision) in [("03", "13"), ("12", "12"), ("04", "03"), (nil, nil), ("13", nil), (nil, "03")]
            as [(String?, String?)]
        {
            #expect(
                try refused(act.map { .string($0) } ?? .null, decision.map { .string($0) } ?? .null),
                "\(act ?? "-") \(decision ?? "-")")
        }
        for (act, decision) in [("01", "13"), ("13", "01"), ("02", "03"), ("03", "02"), ("01", nil), (nil, "02")]
            as [(String?, String?)]
        {
            #expect(
                try !refused(act.map { .string($0) } ?? .null, decision.map { .string($0) } ?? .null),
                "\(act ?? "-") \(decision ?? "-")")
        }
    }

    @Test("Other tracks ask for no membership", arguments: ["a1", "a6", "o1", "o3", "x1", "x3"])
    func otherTracks(measure: String) throws {
        #expect(try problems(["measure": .string(measure), "politicsAtAct": "13", "politicsAtDecision": "13"]) == [])
    }

    @Test("Probation and combined sanctions state their months, a revocation its document")
    func required() throws {
        #expect(try problems(["measure": "p4"]) == ["sanction.probation"])
        #expect(try problems(["measure": "a7"]) == ["sanction.combined"])
        #expect(try problems(["measure": "a1", "revokedOn": "2026-02-01"]) == ["sanction.revocation"])
        #expect(try problems(["measure": "a7", "periodMonths": 18, "combinedMeasure": "a2", "combinedCount": 2]) == [])
        #expect(
            try problems(["measure": "a7", "periodMonths": 18, "combinedMeasure": "p1"]) == ["sanction.combinedOf"])
    }

    @Test("Nothing ends and no right is restored before the decision")
    func order() throws {
        #expect(try problems(["measure": "x1", "endedOn": "2026-01-14"]) == ["sanction.order"])
        #expect(try problems(["measure": "x1", "endedOn": "2026-01-15"]) == [])
        #expect(
            try problems(["measure": "p4", "periodMonths": 12, "rightsRestoredOn": "2026-01-14"]) == [
                "sanction.restored"
            ])
    }

    @Test("A cited edition is a year")
    func edition() throws {
        let kind = try #require(try KindCatalogue.standard().kind("sanction"))
        let values: [String: JSONValue] = [
            "measure": "a1", "decidedOn": "2026-01-15", "documentNo": "n", "body": "b", "citedEdition": "二〇一八",
        ]
        #expect(kind.validate(values: values).map(\.code) == [.badPattern])
    }

    @Test("Probation lasts 12 or 24 months", arguments: [1, 6, 11, 13, 18, 23, 25, 36, 60])
    func probationMonths(months: Int64) throws {
        #expect(
            try problems(["measure": "p4", "periodMonths": .integer(months)]) == ["sanction.probationMonths"])
        for right in [12, 24] as [Int64] {
            #expect(try problems(["measure": "p4", "periodMonths": .integer(right)]) == [])
        }
    }

    @Test(
        "Rights are restored when the probation is over, not before",
        arguments: [
            (12, "2025-02-27", false), (12, "2025-02-28", true), (24, "2026-02-27", false), (24, "2026-02-28", true),
        ])
    func restored(months: Int64, restoredOn: String, isRight: Bool) throws {
        let found = try problems([
            "measure": "p4", "decidedOn": "2024-02-29", "periodMonths": .integer(months),
            "rightsRestoredOn": .string(restoredOn),
        ])
        #expect(found == (isRight ? [] : ["sanction.restored"]))
    }

    @Test(
        "A combined period lies between one single period and the sum, at most 48 months",
        arguments: [
            ("a1", 2, 6...12), ("a2", 2, 12...24), ("a3", 2, 18...36), ("a3", 3, 18...48), ("a4", 2, 24...48),
            ("a5", 3, 24...48), ("a1", nil, 6...48), (nil, nil, 6...48),
        ] as [(String?, Int?, ClosedRange<Int>)])
    func combinedBounds(measure: String?, count: Int?, months: ClosedRange<Int>) throws {
        for stated in [1, 5, 6, 7, 11, 12, 13, 17, 18, 23, 24, 25, 36, 37, 47, 48, 49, 600] {
            let found = try problems([
                "measure": "a7", "periodMonths": .integer(Int64(stated)),
                "combinedMeasure": measure.map { .string($0) } ?? .null,
                "combinedCount": count.map { .integer(Int64($0)) } ?? .null,
            ])
            #expect(found == (months.contains(stated) ? [] : ["sanction.combinedBounds"]), "\(stated)")
        }
    }

    @Test("The refusal of a combined period names its bounds, in both languages")
    func combinedSentence() throws {
        let kind = try #require(try KindCatalogue.standard().kind("sanction"))
        let values: [String: JSONValue] = [
            "measure": "a7", "decidedOn": "2026-01-15", "documentNo": "n", "body": "b", "periodMonths": 40,
            "combinedMeasure": "a3", "combinedCount": 2,
        ]
        let problem = try #require(kind.validate(values: values).first)
        #expect(problem.field == "periodMonths" && problem.code == .outOfRange)
        for language in Language.allCases {
            let text = problem.text(try MessageCatalogue.standard(language), kind: kind)
            #expect(text.contains("18") && text.contains("36") && !text.contains("{"))
        }
    }

    @Test("Nothing is lifted or revoked before the decision")
    func endings() throws {
        for (field, rule) in [("liftedOn", "sanction.lifted"), ("revokedOn", "sanction.revoked")] {
            let base: [String: JSONValue] = ["measure": "a1", "revocationNo": "撤1"]
            #expect(try problems(base.merging([field: "2026-01-14"]) { $1 }) == [rule])
            #expect(try problems(base.merging([field: "2026-01-15"]) { $1 }) == [])
        }
    }

    @Test(
        "What has not happened is not filed",
        arguments: [
            ("sanction", ["decidedOn", "actOn", "rightsRestoredOn", "endedOn", "liftedOn", "revokedOn"]),
            ("admonition", ["decidedOn", "followUpOn", "revokedOn"]), ("verification", ["checkedOn", "decidedOn"]),
            ("opinion", ["repliedOn"]), ("fileReview", ["reviewedOn"]), ("useJudgement", ["judgedOn"]),
        ])
    func future(kind: String, fields: [String]) throws {
        let kind = try #require(try KindCatalogue.standard().kind(kind))
        for field in fields {
            func found(_ date: String) throws -> [String?] {
                kind.validate(values: [field: .string(date)], today: try day("2026-12-01"))
                    .filter { $0.code == .afterToday && $0.field == field }.map(\.rule)
            }
            #expect(try found("2026-12-02") == ["\(kind.id).future"], "\(field)")
            #expect(try found("2026-12-01") == [], "\(field)")
        }
        #expect(
            try problems(["measure": "a1", "effectiveOn": "2026-12-20"]) == [], "a decision may take effect later")
        // A year that was mistyped would bar him for ever.
        #expect(try problems(["measure": "a1", "effectiveOn": "2027-01-15"]) == [])
        #expect(try problems(["measure": "a1", "effectiveOn": "2062-01-16"]) == ["sanction.effectiveNear"])
    }
}
