import CanonicalJSON
import Testing

@testable import ProbityRecords

@Suite("The promotion check: what is on file and waits to be verified")
struct PromotionWaitsTests {
    private static let filings: [(kind: String, values: [String: JSONValue], sections: [String])] = [
        ("fileReview", ["reviewedOn": "2026-10-20", "result": "consistent"], ["must1"]),
        ("verification", ["checkedOn": "2026-10-15", "kind": "v2", "result": "r0"], ["must2"]),
        (
            "opinion", ["repliedOn": "2026-11-01", "conclusion": "noObjection", "specificLeadOpen": false],
            ["must3", "must4"]
        ),
        ("appraisal", ["year": 2025, "grade": "competent", "decidedOn": "2026-01-31"], ["appraisal"]),
    ]

    @Test(
        "A part whose only record waits to be verified is a hold that names it, not one that says that nothing is there"
    )
    func waits() throws {
        for (kind, values, sections) in PromotionWaitsTests.filings {
            var candidate = PromotionCandidate(leavingOut: [kind])
            let nothing = try candidate.answer()
            let id = candidate.add(kind, values, state: "submitted")
            let waiting = try candidate.answer()
            for section in sections {
                let before = try #require(nothing.reasons.first { $0.section == section })
                #expect(before.message == "promotion.missing" && before.recordIDs.isEmpty)
                let after = try #require(waiting.reasons.first { $0.section == section })
                #expect(after.message == "promotion.waits" && after.recordIDs == [id], "\(kind) \(section)")
                #expect(after.verdict == .hold && before.ruleID == after.ruleID)
            }
            #expect(nothing.verdict == .hold && waiting.verdict == .hold)
        }
    }

    @Test("A course that waits is named for the course that it is, and one that was failed stands for none")
    func courses() throws {
        func messages(_ values: [String: JSONValue]) throws -> [String] {
            var candidate = PromotionCandidate(leavingOut: ["training"])
            candidate.add("training", values, state: "submitted")
            return try candidate.answer().reasons.filter { $0.section == "training" && $0.verdict == .hold }.map {
                "\($0.message) \($0.params["course"] ?? "")"
            }.sorted()
        }
        #expect(
            try messages(["course": "discipline", "completedOn": "2026-05-08", "passed": true])
                == ["promotion.missingCourse course/promotionTraining", "promotion.waitsCourse course/discipline"])
        #expect(
            try messages(["course": "discipline", "completedOn": "2026-05-08", "passed": false])
                == ["promotion.missingCourse course/discipline", "promotion.missingCourse course/promotionTraining"])
    }

    @Test("An appraisal of another year, a withdrawn record and one filed after the day are nothing on file")
    func others() throws {
        for (values, state, filedOn) in [
            (["year": 2024, "grade": "competent", "decidedOn": "2025-01-31"], "submitted", nil),
            (["year": 2025, "grade": "competent", "decidedOn": "2026-01-31"], "withdrawn", nil),
            (["year": 2025, "grade": "competent", "decidedOn": "2026-01-31"], "submitted", "2026-12-02"),
        ] as [([String: JSONValue], String, String?)] {
            var candidate = PromotionCandidate(leavingOut: ["appraisal"])
            candidate.add("appraisal", values, state: state, filedOn: filedOn)
            let part = try #require(try candidate.answer().reasons.first { $0.section == "appraisal" })
            #expect(part.message == "promotion.missing" && part.recordIDs.isEmpty, "\(values) \(state)")
        }
    }

    @Test("What is verified clears whatever else waits")
    func verified() throws {
        var candidate = PromotionCandidate()
        for filing in PromotionWaitsTests.filings { candidate.add(filing.kind, filing.values, state: "submitted") }
        let answer = try candidate.answer()
        #expect(answer.verdict == .clear)
        #expect(!answer.reasons.contains { $0.message == "promotion.waits" })
    }

    @Test("A correction that takes a revocation back is a hold while it waits, and none any more once it is withdrawn")
    func takenBack() throws {
        var candidate = PromotionCandidate()
        let id = candidate.add(
            "sanction", ["measure": "a3", "decidedOn": "2026-04-01", "documentNo": "1"], before: true)
        #expect(try candidate.answer().verdict == .blocked)
        candidate.amend(id, ["revokedOn": "2026-05-01", "revocationNo": "2"], filedOn: "2026-05-02")
        #expect(try candidate.answer().verdict == .clear)
        candidate.amend(id, ["revokedOn": .null, "revocationNo": .null], state: "corrected", filedOn: "2026-06-01")
        let waiting = try candidate.answer()
        #expect(waiting.verdict == .hold && waiting.until == nil)
        let reason = try #require(waiting.reasons.first { $0.message == "promotion.correctionWaits" })
        #expect(reason.recordIDs == [id] && reason.section == "impact")
        candidate.amend(id, filedOn: "2026-06-02")
        #expect(try candidate.answer().verdict == .blocked)
    }
}
