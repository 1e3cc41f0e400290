import CanonicalJSON
import ProbityRecords
import ProbitySchema
import Testing

/// A candidate about whom everything is in order on 2026-12-01, and what a test adds to him.
struct PromotionCandidate {
    static let on = "2026-12-01"

    /// The day after the discipline team's reply: what is filed later than the reply is filed on it.
    static let afterReply = "2026-11-02"

    /// Facts by record identifier; later filings have higher ledger lines.
    var facts: [RecordFact] = []
    private var sequence: UInt64 = 100
    var personCategory = "police"
    var unseen = Coverage.complete
    /// Nothing in it stands against the next rank.
    var roster: [String: JSONValue] = ["rank": "9", "rankSince": "2015-01-01", "postLevel": "sectionDeputy"]

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

    /// The date that says when what a record tells came to be.
    private static func date(_ kind: String, _ values: [String: JSONValue]) -> CivilDate {
        let fields = [
            "sanction": "decidedOn", "admonition": "decidedOn", "verification": "checkedOn", "appraisal": "decidedOn",
            "useJudgement": "judgedOn", "fileReview": "reviewedOn", "opinion": "repliedOn", "training": "completedOn",
            "leadSignal": "raisedOn", "accountability": "decidedOn",
        ]
        let own = fields[kind].flatMap { values[$0]?.string }.flatMap { CivilDate($0) }
        return own ?? values.values.compactMap { $0.string.flatMap { CivilDate($0) } }.min()
            ?? CivilDate(daysSinceEpoch: 0)
    }

    /// Files a record after all others, on its own date, and returns its identifier.
    ///
    /// - Parameters:
    ///   - before: on a ledger line before the others.
    ///   - filedOn: the day of filing, where it is not the record's own date.
    @discardableResult
    mutating func add(
        _ kind: String, _ values: [String: JSONValue], state: String = "verified", before: Bool = false,
        filedOn: String? = nil, asFound: Bool = false
    ) -> String {
        sequence += 1
        let id = "\(kind)-\(facts.count + 1)"
        let occurredOn = Self.date(kind, values)
        let version = RecordFact.Version(
            state: state, occurredOn: occurredOn, filedOn: filedOn.flatMap { CivilDate($0) } ?? occurredOn,
            filedSequence: before ? sequence - 100 : sequence, asFound: asFound, values: values)
        facts.append(RecordFact(recordID: id, kind: kind, versions: [version]))
        return id
    }

    /// Files another version of a record.
    ///
    /// - Parameter values: what changes; null takes a value away.
    mutating func amend(
        _ id: String, _ values: [String: JSONValue] = [:], state: String = "verified", filedOn: String,
        asFound: Bool = false
    ) {
        sequence += 1
        guard let place = facts.firstIndex(where: { $0.recordID == id }), let last = facts[place].versions.last,
            let day = CivilDate(filedOn)
        else { return }
        let all = last.values.merging(values) { $1 }.filter { $0.value != .null }
        let version = RecordFact.Version(
            state: state, occurredOn: Self.date(facts[place].kind, all), filedOn: day, filedSequence: sequence,
            asFound: asFound, values: all)
        facts[place] = RecordFact(
            recordID: id, kind: facts[place].kind, versions: facts[place].versions + [version])
    }

    /// Files a measure of domain.md §8.3 on the day of its decision; `w1` is an admonition.
    ///
    /// - Parameter after: later than the discipline team's reply.
    @discardableResult
    mutating func add(measure: String, _ decidedOn: String, _ more: [String: JSONValue] = [:], after: Bool = false)
        -> String
    {
        var values: [String: JSONValue] = [
            "decidedOn": .string(decidedOn), "documentNo": .string("\(measure)/\(decidedOn)"),
        ]
        if measure != "w1" { values["measure"] = .string(measure) }
        values.merge(more) { $1 }
        let filedOn = after ? max(decidedOn, Self.afterReply) : decidedOn
        return add(measure == "w1" ? "admonition" : "sanction", values, before: !after, filedOn: filedOn)
    }

    var candidate: CandidateFacts {
        CandidateFacts(officerID: "o1", personCategory: personCategory, facts: facts, unseen: unseen, roster: roster)
    }

    func answer(
        on: String = PromotionCandidate.on, _ move: PromotionMove = .promotion, rules: RuleSet? = nil
    ) throws -> PromotionAnswer {
        PromotionCheck.evaluate(
            candidate, question: PromotionQuestion(on: try day(on), move: move), rules: try rules ?? RuleSet.standard())
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

/// The embedded rules with one text of theirs replaced, as an archive may set them.
func rules(replacing text: String, with other: String) throws -> RuleSet {
    var found = false
    let files = Schema.rules.filter { !["rules-access.json", "rules-identity.json"].contains($0.name) }.map {
        file in
        let before = String(decoding: file.bytes, as: UTF8.self)
        let after = before.replacing(text, with: other)
        found = found || before != after
        return (name: file.name, bytes: Array(after.utf8))
    }
    #expect(found)
    return try RuleSet(files: files)
}
