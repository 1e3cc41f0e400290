import CanonicalJSON
import ProbityRecords

/// A candidate about whom everything is in order on 2026-12-01, and what a test adds to him.
struct PromotionCandidate {
    static let on = "2026-12-01"

    /// Facts by record identifier; later filings have higher ledger lines.
    private(set) var facts: [RecordFact] = []
    private var sequence: UInt64 = 100
    var personCategory = "police"

    /// - Parameter leavingOut: kinds that are missing.
    init(leavingOut: Set<String> = []) {
        for (kind, values) in [
            ("fileReview", ["reviewedOn": "2026-10-20", "result": "consistent"]),
            ("verification", ["checkedOn": "2026-10-15", "kind": "v2", "result": "r0"]),
            ("opinion", ["repliedOn": "2026-11-01", "conclusion": "noObjection", "specificLeadOpen": false]),
            ("appraisal", ["year": 2025, "grade": "competent", "decidedOn": "2026-01-31"]),
            ("training", ["course": "promotionTraining", "completedOn": "2026-09-10", "passed": true]),
            ("training", ["course": "discipline", "completedOn": "2026-05-08", "passed": true]),
        ] as [(String, [String: JSONValue])] where !leavingOut.contains(kind) {
            add(kind, values)
        }
    }

    /// Files a record after all others and returns its identifier.
    @discardableResult
    mutating func add(_ kind: String, _ values: [String: JSONValue], state: String = "verified", before: Bool = false)
        -> String
    {
        sequence += 1
        let id = "\(kind)-\(facts.count + 1)"
        let occurredOn =
            values.values.compactMap { $0.string.flatMap { CivilDate($0) } }.min() ?? CivilDate(daysSinceEpoch: 0)
        facts.append(
            RecordFact(
                recordID: id, kind: kind, state: state, occurredOn: occurredOn,
                filedSequence: before ? sequence - 100 : sequence, values: values))
        return id
    }

    /// Files a measure of domain.md §8.3 before the opinion, so that the opinion knew it; `w1` is an admonition.
    @discardableResult
    mutating func add(measure: String, _ decidedOn: String, _ more: [String: JSONValue] = [:], after: Bool = false)
        -> String
    {
        var values: [String: JSONValue] = [
            "decidedOn": .string(decidedOn), "documentNo": .string("\(measure)/\(decidedOn)"),
        ]
        if measure != "w1" { values["measure"] = .string(measure) }
        values.merge(more) { $1 }
        return add(measure == "w1" ? "admonition" : "sanction", values, before: !after)
    }

    func answer(
        on: String = PromotionCandidate.on, _ move: PromotionMove = .promotion, rules: RuleSet? = nil
    ) throws -> PromotionAnswer {
        PromotionCheck.evaluate(
            CandidateFacts(officerID: "o1", personCategory: personCategory, facts: facts),
            question: PromotionQuestion(on: try day(on), move: move), rules: try rules ?? RuleSet.standard())
    }

    /// The answer with everything else in order on any date: what the periods alone come to.
    func impact(
        on: String, _ move: PromotionMove = .promotion, rules: RuleSet? = nil
    ) throws -> (verdict: PromotionVerdict?, until: String?, message: String?) {
        let answer = try answer(on: on, move, rules: rules)
        let worst = answer.reasons.filter { $0.section == "impact" }.max { $0.verdict < $1.verdict }
        return (worst?.verdict, answer.until?.description, worst?.message)
    }
}

/// A date of a test, which is never misspelt.
func day(_ text: String) throws -> CivilDate {
    guard let date = CivilDate(text) else { throw UnreadableDate(text: text) }
    return date
}

struct UnreadableDate: Error { let text: String }

extension PromotionAnswer {
    /// The worst verdict among the reasons of a section; nil when it has none.
    func verdict(of section: String) -> PromotionVerdict? {
        reasons.filter { $0.section == section }.map(\.verdict).max()
    }
}
