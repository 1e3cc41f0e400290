import CanonicalJSON

// The promotion check (凡提四必): facts and rules in, an answer out. Pure: no clock, no storage; the same facts (in any
// order), rules and question give the same bytes. It reports and people decide: nothing here ranks or scores a person.
// No complaint is a fact that it takes, verified or not: a lead is known only through the opinion and the signal of the
// discipline team.
//
// How rows become a verdict (domain.md §8.4)
//  1. Each part is clear, listed, not checked, hold or blocked; the answer is the worst of its parts, and what was not
//     checked holds it.
//  2. Missing, pending or stale is hold. An adverse finding about the person is blocked.
//  3. `until` is the latest end among the blocking reasons, nil when one of them has no end. A hold never moves it.
//  4. A period begins on the day of the decision and its first eligible day is that day n months later, clamped to the
//     month's end: blocked until the day before (ImpactPeriods.swift).
//  5. A period that is over is hold until somebody has judged that it does not affect use, and listed afterwards.
//  6. Only what was decided, received and filed by the end of the day asked about exists, in a state that counts
//     (CandidateRecord.swift). Only a revocation works backwards.
//  7. What could not be read holds, whatever else is clear.

public enum PromotionCheck {
    /// The kinds of records that an answer may rest on.
    public static let kinds = Set(CandidateKind.allCases.map(\.rawValue))

    /// Answers the four musts and everything beside them for one candidate.
    ///
    /// Source: 干部选拔任用工作条例 2019 Art. 24; domain.md §8.
    public static func evaluate(
        _ candidate: CandidateFacts, question: PromotionQuestion, rules: RuleSet
    ) -> PromotionAnswer {
        let evaluation = PromotionEvaluation(candidate, question: question, rules: rules)
        let unseen = evaluation.unseen()
        guard let persons = rules.rule("person", on: question.on)?.texts("categories") else {
            // Nobody is left out of a check because no rule says whom it is for.
            let none = evaluation.reason("person", .hold, "promotion.noRules", rule: "person")
            return PromotionAnswer(
                officerID: candidate.officerID, question: question, verdict: .hold, until: nil,
                reasons: unseen + [none])
        }
        guard persons.contains(candidate.personCategory) else {
            // A roster that could not be read does not make anybody an auxiliary.
            let isUnknown = candidate.personCategory.isEmpty && !unseen.isEmpty
            let other = evaluation.reason("person", .notApplicable, "promotion.auxiliary", rule: "person")
            return PromotionAnswer(
                officerID: candidate.officerID, question: question, verdict: isUnknown ? .hold : .notApplicable,
                until: nil, reasons: isUnknown ? unseen : [other])
        }
        let left = evaluation.reason("person", .hold, "promotion.left", rule: "person")
        var reasons = unseen + (candidate.hasLeft ? [left] : [])
        reasons += evaluation.waitingSteps() + [evaluation.fileReview()]
        reasons += evaluation.verification()
        reasons += evaluation.opinion()
        reasons += evaluation.periods()
        reasons += evaluation.accountability()
        reasons.append(evaluation.appraisal())
        reasons += evaluation.training()
        if question.move == .rank { reasons += evaluation.rank() }
        reasons += evaluation.unverifiedRecords()
        let blocking = reasons.filter { $0.verdict == .blocked }
        // Nobody knows the latest end where a part was out of reach.
        let isOpen = !unseen.isEmpty || blocking.contains { $0.until == nil }
        return PromotionAnswer(
            officerID: candidate.officerID, question: question,
            verdict: overall(reasons.map(\.verdict).max() ?? .hold),
            until: isOpen ? nil : blocking.compactMap(\.until).max(), reasons: reasons)
    }

    /// A listed part is a fact beside a clear answer; what was not checked is never clear.
    private static func overall(_ worst: PromotionVerdict) -> PromotionVerdict {
        switch worst {
        case .listed: .clear
        case .notChecked: .hold
        default: worst
        }
    }
}

/// One candidate's records as they stood on the day asked about, with the question and the rules; nothing changes after it
/// was made.
final class PromotionEvaluation {
    let question: PromotionQuestion
    let rules: RuleSet
    let roster: [String: JSONValue]
    let validity: Rule?
    private let coverage: Coverage
    /// Sanctions, measures and admonitions: the rows of domain.md §8.3.
    private(set) var measures: [CandidateRecord] = []
    private(set) var verifications: [CandidateRecord] = []
    private(set) var judgements: [CandidateRecord] = []
    private(set) var fileReviews: [CandidateRecord] = []
    private(set) var opinions: [CandidateRecord] = []
    private(set) var appraisals: [CandidateRecord] = []
    private(set) var trainings: [CandidateRecord] = []
    private(set) var signals: [CandidateRecord] = []
    private(set) var accountabilities: [CandidateRecord] = []
    /// What a correction that waits speaks of.
    private var waiting: [(recordID: String, kind: CandidateKind)] = []
    /// Steps of records that count here, proposed and not signed by the second person yet.
    private var proposed: [(recordID: String, kind: CandidateKind, step: String)] = []
    /// What was filed and nobody has verified.
    private var unverified: [(recordID: String, kind: CandidateKind, values: [String: JSONValue])] = []
    /// What makes an earlier answer stale: measures, differences, open or established leads.
    private(set) var adverse: [CandidateRecord] = []
    /// Results of a verification that are differences: r2–r4.
    private let differences: Set<String>

    init(_ candidate: CandidateFacts, question: PromotionQuestion, rules: RuleSet) {
        self.question = question
        self.rules = rules
        roster = candidate.roster
        coverage = candidate.unseen
        validity = rules.rule("must.validity", on: question.on)
        differences = rules.rule("must.2", on: question.on)?.codes("results", of: "blocked") ?? []
        var counting: [CandidateKind: CandidateRecord.Counting] = [:]
        var records: [CandidateRecord] = []
        for fact in candidate.facts {
            guard let kind = CandidateKind(rawValue: fact.kind) else { continue }
            let states = counting[kind] ?? CandidateRecord.Counting(kind, on: question.on, rules)
            counting[kind] = states
            if let record = CandidateRecord(fact, kind, on: question.on, states) {
                records.append(record)
                for step in fact.waiting where step.waits(on: question.on) {
                    proposed.append((fact.recordID, kind, step.step))
                }
            } else if CandidateRecord.takesBack(fact, on: question.on, states) {
                waiting.append((fact.recordID, kind))
            } else if CandidateRecord.waits(fact, on: question.on, states) {
                let newest = fact.versions.last { $0.existsFrom <= question.on }
                unverified.append((fact.recordID, kind, newest?.values ?? [:]))
            }
        }
        // The order in which storage gives the facts must not show in the answer.
        records.sort { ($0.firstFiled.sequence, $0.recordID) < ($1.firstFiled.sequence, $1.recordID) }
        for record in records {
            if let since = record.waitingSince, since <= question.on {
                waiting.append((record.recordID, record.kind))
            }
            guard record.date <= question.on else { continue }
            switch record.kind {
            case .sanction, .admonition: measures.append(record)
            case .verification: verifications.append(record)
            case .useJudgement: judgements.append(record)
            case .fileReview: fileReviews.append(record)
            case .opinion: opinions.append(record)
            case .appraisal: appraisals.append(record)
            case .training: trainings.append(record)
            case .leadSignal: signals.append(record)
            case .accountability: accountabilities.append(record)
            }
        }
        adverse = measures + verifications.filter { isDifference($0) } + signals.filter { isAdverse($0) }
    }

    /// Whether a check found the report incomplete: by its result, or by a decision that only such a one leads to.
    func isDifference(_ check: CandidateRecord) -> Bool {
        differences.contains(check.text("result") ?? "")
            || check.text("decision").flatMap { rules.rule("must.2", on: question.on)?.lossMonths($0) } != nil
    }

    func reason(
        _ section: String, _ verdict: PromotionVerdict, _ message: String, _ params: [String: String] = [:],
        records: [String] = [], rule id: String, until: CivilDate? = nil
    ) -> PromotionReason {
        let rule = rules.rule(id, on: question.on)
        return PromotionReason(
            section: section, verdict: verdict, message: message, params: params, recordIDs: records, ruleID: id,
            edition: rule?.edition ?? "", source: rule?.source, confidence: rule?.confidence ?? "",
            until: until)
    }

    /// A code without a rule is a question for people, never an answer.
    func verdict(_ text: String?) -> PromotionVerdict { text.flatMap(PromotionVerdict.init(rawValue:)) ?? .hold }

    /// Every part that the check reads and that was out of the reader's reach.
    func unseen() -> [PromotionReason] {
        let read = rules.rule("coverage", on: question.on)?.texts("categories")
        return coverage.gaps.filter { read?.contains($0.category.rawValue) ?? true }.map { gap in
            var params = ["category": "category/\(gap.category.rawValue)", "cause": "coverage/\(gap.cause.rawValue)"]
            if let on = gap.on { params["on"] = on.description }
            return reason("coverage", .hold, "promotion.notSeen", params, rule: "coverage")
        }
    }

    /// Why a part has nothing to rest on: nothing is on file, or what is waits to be verified. A hold either way.
    ///
    /// - Parameters:
    ///   - message: of a part where nothing is on file.
    ///   - waits: of one where something is.
    ///   - fits: whether a record of the kind with these values would be for the part.
    func missing(
        _ section: String, _ kind: CandidateKind, rule: String, _ message: String = "promotion.missing",
        waits: String = "promotion.waits", _ params: [String: String] = [:],
        where fits: ([String: JSONValue]) -> Bool = { _ in true }
    ) -> PromotionReason {
        let filed = unverified.filter { $0.kind == kind && fits($0.values) }.map(\.recordID).sorted()
        return reason(section, .hold, filed.isEmpty ? message : waits, params, records: filed, rule: rule)
    }

    /// What was filed and waits to be verified: it decides nothing, for the candidate or against him, and whoever asks sees
    /// that it is there.
    func unverifiedRecords() -> [PromotionReason] {
        unverified.sorted { $0.recordID < $1.recordID }.map {
            reason(
                $0.kind.section, .listed, "promotion.unverified", ["kind": "kind/\($0.kind.rawValue)"],
                records: [$0.recordID], rule: "facts.\($0.kind.rawValue)")
        }
    }

    /// Every correction, withdrawal or other step that waits for its second person: what it says is not in force, and not to be
    /// overlooked.
    func waitingSteps() -> [PromotionReason] {
        waiting.sorted { $0.recordID < $1.recordID }.map {
            reason(
                $0.kind.section, .hold, "promotion.correctionWaits", ["kind": "kind/\($0.kind.rawValue)"],
                records: [$0.recordID], rule: "facts.\($0.kind.rawValue)")
        }
            + proposed.sorted { $0.recordID < $1.recordID }.map {
                reason(
                    $0.kind.section, .hold, "promotion.stepWaits",
                    ["kind": "kind/\($0.kind.rawValue)", "step": "transition/\($0.step)"], records: [$0.recordID],
                    rule: "facts.\($0.kind.rawValue)")
            }
    }
}
