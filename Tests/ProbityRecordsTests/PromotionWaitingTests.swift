import ProbityRecords
import Testing

/// Steps that one person proposed and nobody has signed yet.
@Suite("Promotion check: steps that wait")
struct PromotionWaitingTests {
    @Test("A step that waits for a second signature holds from the day on which it was proposed")
    func waitingStep() throws {
        var candidate = PromotionCandidate()
        #expect(try candidate.answer().verdict == .clear)
        for (place, fact) in candidate.facts.enumerated() {
            func wait(until day: String?) throws {
                let waiting = RecordFact.Waiting(
                    step: "withdraw", proposedOn: try #require(CivilDate("2026-11-10")),
                    endedOn: day.flatMap { CivilDate($0) })
                candidate.facts[place] = RecordFact(
                    recordID: fact.recordID, kind: fact.kind, versions: fact.versions, waiting: [waiting])
            }
            try wait(until: "2026-11-15")
            #expect(try candidate.answer(on: "2026-11-15").verdict == .clear, "turned down")
            #expect(try candidate.answer(on: "2026-11-14").verdict == .hold, "what came of it was not known then")
            try wait(until: nil)
            let held = try candidate.answer()
            #expect(held.verdict == .hold)
            #expect(held.reasons.filter { $0.message == "promotion.stepWaits" }.map(\.recordIDs) == [[fact.recordID]])
            #expect(try candidate.answer(on: "2026-11-09").verdict == .clear)
            candidate.facts[place] = fact
        }
    }
}
