import CanonicalJSON
import ProbityRecords
import Testing

@Suite("The answer of the promotion check")
struct PromotionAnswerTests {
    private func busy() -> PromotionCandidate {
        var candidate = PromotionCandidate()
        candidate.add(measure: "p1", "2026-01-15", ["basisNo": "核1"])
        candidate.add(measure: "a1", "2026-04-01")
        candidate.add(measure: "p1", "2026-01-15", ["documentNo": "第二份"])
        candidate.add(measure: "x1", "2026-10-01", ["endedOn": "2026-10-20"], after: true)
        candidate.add(
            "verification", ["checkedOn": "2025-08-01", "result": "r2", "decision": "accepted", "documentNo": "核1"])
        candidate.add("complaint", ["receivedOn": "2026-11-10", "specificLead": true], state: "assessed")
        candidate.add("useJudgement", ["sanctionNo": "a1/2026-04-01", "judgedOn": "2026-11-01", "effect": "noEffect"])
        candidate.add("training", ["course": "discipline", "completedOn": "2026-05-08", "passed": true])
        return candidate
    }

    /// One who brings out the reasons that are seldom seen.
    private func unusual(rank: String?) -> PromotionCandidate {
        var candidate = PromotionCandidate()
        candidate.roster =
            rank.map { ["rank": .string($0), "rankSince": "2024-06-01", "postLevel": "sectionDeputy"] } ?? [:]
        candidate.unseen = Coverage(
            [.duty, .events, .sanctions].map { Coverage.Gap($0, .grantEnded, on: CivilDate("2026-10-31")) })
        candidate.add(measure: "p1", "2012-03-01", ["citedEdition": "1997"])
        candidate.add(measure: "a7", "2022-08-31", ["periodMonths": 60])
        if rank == "10" { candidate.add(measure: "x3", "2026-02-01") }
        let id = candidate.add("fileReview", ["reviewedOn": "2026-10-25", "result": "consistent"], asFound: true)
        if rank == "7" { candidate.amend(id, state: "corrected", filedOn: "2026-10-26") }
        candidate.add("leadSignal", ["raisedOn": "2026-11-10"], state: "raised")
        for (number, decision) in ["undecided", "handled", "adverse"].enumerated() {
            candidate.add(
                "verification",
                [
                    "checkedOn": .string("2025-11-2\(number)"), "result": "r2", "decision": .string(decision),
                    "decidedOn": "2025-12-10", "documentNo": .string("核\(number)"),
                ])
        }
        return candidate
    }

    private struct Shuffle: RandomNumberGenerator {
        var state: UInt64
        // SplitMix64: seeded, so that a failure repeats.
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    @Test("The same facts give the same bytes in whatever order they come", arguments: 1...20 as ClosedRange<UInt64>)
    func deterministic(seed: UInt64) throws {
        let candidate = busy()
        let expected = try candidate.answer().json.canonicalBytes
        var shuffle = Shuffle(state: seed)
        let facts = candidate.facts.shuffled(using: &shuffle)
        let answer = PromotionCheck.evaluate(
            CandidateFacts(officerID: "o1", personCategory: "police", facts: facts, roster: candidate.roster),
            question: PromotionQuestion(on: try day(PromotionCandidate.on)), rules: try RuleSet.standard())
        #expect(answer.json.canonicalBytes == expected, "seed \(seed)")
    }

    @Test("The canonical form of a short answer, byte for byte")
    func canonicalForm() throws {
        var candidate = PromotionCandidate()
        candidate.personCategory = "auxiliary"
        #expect(
            try candidate.answer().json.canonicalText
                == #"{"move":"promotion","officer":"o1","on":"2026-12-01","reasons":[{"confidence":"P","edition":"2026","#
                + #""message":"promotion.auxiliary","params":{},"records":[],"rule":"person","section":"person","source":"#
                + #""本系统默认：辅警、职工不适用","until":null,"verdict":"notApplicable"}],"#
                + #""until":null,"verdict":"notApplicable"}"#)
    }

    @Test("Every reason carries its rule, edition, source and confidence, and a sentence in both languages")
    func reasonsAreComplete() throws {
        var candidates = [PromotionCandidate(), busy()]
        candidates += ["fileReview", "verification", "opinion", "appraisal", "training"].map {
            PromotionCandidate(leavingOut: [$0])
        }
        candidates += [unusual(rank: "10"), unusual(rank: "7"), unusual(rank: "6"), unusual(rank: nil)]
        var reasons: [PromotionReason] = []
        for candidate in candidates {
            for move in PromotionMove.allCases {
                for on in ["2026-01-15", "2026-12-01", "2027-01-15", "2028-12-01"] {
                    reasons += try candidate.answer(on: on, move).reasons
                }
            }
        }
        for language in Language.allCases {
            let messages = try MessageCatalogue.standard(language)
            let keys = Set(messages.keys)
            for reason in reasons {
                #expect(
                    !reason.ruleID.isEmpty && !reason.edition.isEmpty
                        && reason.source.map { !$0[language].isEmpty } == true)
                #expect(["C", "L", "K", "S", "P", "U"].contains(reason.confidence))
                for key in [
                    reason.message, "promotion.section.\(reason.section)",
                    "promotion.verdict.\(reason.verdict.rawValue)",
                ] { #expect(keys.contains(key), "\(key)") }
                for key in [reason.message] + reason.notes {
                    #expect(keys.contains(key) && !messages.text(key, reason.params).contains("{"), "\(key)")
                }
            }
        }
    }

    @Test("Sentences of periods have all their values")
    func periodSentences() throws {
        let messages = try MessageCatalogue.standard(.en)
        for key in messages.keys where key.hasPrefix("promotion.period.") {
            let text = messages.text(
                key, ["measure": "m", "date": "d", "document": "n", "until": "u"])
            #expect(!text.contains("{"), "\(key)")
        }
    }

    @Test("No answer holds the officer's name, a number of his, or what a record tells")
    func noContent() throws {
        var candidate = PromotionCandidate()
        candidate.add(measure: "p1", "2026-01-15", ["facts": "受贿三万元", "statement": "本人申辩", "body": "县纪委"])
        candidate.add(
            "verification", ["checkedOn": "2026-08-01", "result": "r2", "difference": "车位未报告", "explanation": "忘记"],
            before: true)
        let text = try candidate.answer().json.canonicalText
        for content in ["受贿三万元", "本人申辩", "车位未报告", "忘记"] { #expect(!text.contains(content)) }
    }
}
