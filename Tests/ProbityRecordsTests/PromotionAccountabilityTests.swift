import CanonicalJSON
import ProbityRecords
import Testing

@Suite("Promotion check: accountability")
struct PromotionAccountabilityTests {
    private func candidate(_ mode: String, state: String = "verified") -> PromotionCandidate {
        var candidate = PromotionCandidate()
        candidate.add(
            "accountability",
            ["decidedOn": "2026-10-10", "grade": "main", "mode": .string(mode), "documentNo": "问〔2026〕2号"],
            state: state, before: true)
        return candidate
    }

    private func reasons(_ candidate: PromotionCandidate, on: String = PromotionCandidate.on) throws
        -> [PromotionReason]
    {
        try candidate.answer(on: on).reasons.filter { $0.message.hasPrefix("promotion.accountability") }
    }

    @Test("A circular is listed; what is carried out by a measure holds until the measure is on file, and never blocks")
    func modes() throws {
        for (mode, verdict) in [
            ("circular", PromotionVerdict.listed), ("admonition", .hold), ("adjustment", .hold), ("discipline", .hold),
        ] {
            let answer = try candidate(mode).answer()
            #expect(try reasons(candidate(mode)).map(\.verdict) == [verdict], "\(mode)")
            #expect(answer.verdict == (verdict == .listed ? .clear : .hold), "\(mode)")
            #expect(try reasons(candidate(mode), on: "2026-10-09").isEmpty, "not decided yet")
        }
    }

    @Test("With the measure on file the accountability is listed beside it, and the measure's period governs")
    func carriedOut() throws {
        for field in ["documentNo", "basisNo"] {
            var candidate = candidate("adjustment")
            candidate.add(measure: "o2", "2026-10-10", [field: "问〔2026〕2号"])
            #expect(try reasons(candidate).map(\.verdict) == [.listed], "\(field)")
            #expect(try candidate.answer().verdict == .blocked)
        }
        var other = candidate("adjustment")
        other.add(measure: "a1", "2025-01-10")
        #expect(try reasons(other).map(\.verdict) == [.hold], "another number")
    }

    @Test("What is not verified is listed as such, and what was withdrawn or revoked is nothing")
    func states() throws {
        #expect(try reasons(candidate("adjustment", state: "submitted")).isEmpty)
        #expect(
            try candidate("adjustment", state: "submitted").answer().reasons.contains {
                $0.message == "promotion.unverified"
            })
        #expect(try reasons(candidate("adjustment", state: "withdrawn")).isEmpty)
        var revoked = PromotionCandidate()
        revoked.add(
            "accountability",
            [
                "decidedOn": "2026-10-10", "grade": "main", "mode": "adjustment", "documentNo": "x",
                "revokedOn": "2026-11-01",
            ], before: true)
        #expect(try reasons(revoked).isEmpty && revoked.answer().verdict == .clear)
    }
}
