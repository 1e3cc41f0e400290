import CanonicalJSON

// The promotion check (凡提四必): facts and rules in, an answer out. Pure: no clock, no storage; the same facts (in any
// order), rules and question give the same bytes. It reports and people decide: nothing here ranks or scores a person.
// No complaint is a fact that it takes, verified or not: a lead is known only through the opinion of the discipline team.
//
// How rows become a verdict (domain.md §8.4)
//  1. Each part is clear, listed, hold or blocked; the answer is the worst of its parts.
//  2. Missing, pending or stale is hold. An adverse finding about the person is blocked.
//  3. `until` is the latest end among the blocking reasons, nil when one of them has no end. A hold never moves it.
//  4. A period begins on the day of the decision and its first eligible day is that day n months later, clamped to the
//     month's end: blocked until the day before (ImpactPeriods.swift).
//  5. A period that is over is hold until somebody has judged that it does not affect use, and listed afterwards.

public enum PromotionCheck {
    /// Answers the four musts and everything beside them for one candidate.
    ///
    /// Source: 干部选拔任用工作条例 2019 Art. 24; domain.md §8.
    public static func evaluate(
        _ candidate: CandidateFacts, question: PromotionQuestion, rules: RuleSet
    ) -> PromotionAnswer {
        let evaluation = PromotionEvaluation(facts: candidate.facts, question: question, rules: rules)
        let persons = rules.rule("person", on: question.on)
        guard persons?.texts("categories").contains(candidate.personCategory) ?? false else {
            let reason = evaluation.reason("person", .notApplicable, "promotion.auxiliary", rule: "person")
            return PromotionAnswer(
                officerID: candidate.officerID, question: question, verdict: .notApplicable, until: nil,
                reasons: [reason])
        }
        var reasons = [evaluation.fileReview(), evaluation.verification()]
        reasons += evaluation.opinion()
        reasons += evaluation.periods()
        reasons.append(evaluation.appraisal())
        reasons += evaluation.training()
        let verdict = reasons.map(\.verdict).max() ?? .hold
        let blocking = reasons.filter { $0.verdict == .blocked }
        let until = blocking.contains { $0.until == nil } ? nil : blocking.compactMap(\.until).max()
        // A listed part is a fact beside a clear answer.
        return PromotionAnswer(
            officerID: candidate.officerID, question: question, verdict: verdict == .listed ? .clear : verdict,
            until: until, reasons: reasons)
    }
}

/// One candidate's facts, sorted by kind once, with the question and the rules.
struct PromotionEvaluation {
    let question: PromotionQuestion
    let rules: RuleSet
    /// Sanctions, measures and admonitions: the rows of domain.md §8.3.
    private(set) var measures: [RecordFact] = []
    private(set) var verifications: [RecordFact] = []
    private(set) var judgements: [RecordFact] = []
    private var fileReviews: [RecordFact] = []
    private var opinions: [RecordFact] = []
    private var appraisals: [RecordFact] = []
    private var trainings: [RecordFact] = []
    private let validity: Rule?

    init(facts: [RecordFact], question: PromotionQuestion, rules: RuleSet) {
        self.question = question
        self.rules = rules
        self.validity = rules.rule("must.validity", on: question.on)
        for fact in facts where fact.counts {
            switch fact.kind {
            case "sanction", "admonition": measures.append(fact)
            case "verification": verifications.append(fact)
            case "useJudgement": judgements.append(fact)
            case "fileReview": fileReviews.append(fact)
            case "opinion": opinions.append(fact)
            case "appraisal": appraisals.append(fact)
            case "training": trainings.append(fact)
            default: continue
            }
        }
        // The order in which storage gives the facts must not show in the answer.
        Self.order(&measures)
        Self.order(&verifications)
        Self.order(&judgements)
        Self.order(&fileReviews)
        Self.order(&opinions)
        Self.order(&appraisals)
        Self.order(&trainings)
    }

    private static func order(_ facts: inout [RecordFact]) {
        facts.sort { ($0.filedSequence, $0.recordID) < ($1.filedSequence, $1.recordID) }
    }

    func reason(
        _ section: String, _ verdict: PromotionVerdict, _ message: String, _ params: [String: String] = [:],
        records: [String] = [], rule id: String
    ) -> PromotionReason {
        let rule = rules.rule(id, on: question.on)
        return PromotionReason(
            section: section, verdict: verdict, message: message, params: params, recordIDs: records, ruleID: id,
            edition: rule?.edition ?? "", source: rule?.source ?? "", confidence: rule?.confidence ?? "", until: nil)
    }

    /// A code without a rule is a question for people, never an answer.
    func verdict(_ text: String?) -> PromotionVerdict { text.flatMap(PromotionVerdict.init(rawValue:)) ?? .hold }

    /// The newest of the facts by one of its dates, not after the question's date.
    private func latest(_ facts: [RecordFact], by field: String) -> (fact: RecordFact, date: CivilDate)? {
        var newest: (fact: RecordFact, date: CivilDate)?
        for fact in facts {
            guard let date = fact.date(field), date <= question.on else { continue }
            // Of one day the one filed last.
            if let known = newest, known.date > date { continue }
            newest = (fact, date)
        }
        return newest
    }

    // MARK: Validity

    /// An answer is valid through day `days` after its date.
    private func isStale(_ date: CivilDate) -> Bool {
        guard let days = validity?.number("days") else { return true }
        return question.on.daysSinceEpoch - date.daysSinceEpoch > days
    }

    private func staleParams(_ date: CivilDate) -> [String: String] {
        ["date": date.description, "days": String(validity?.number("days") ?? 0)]
    }

    private func stale(_ section: String, _ date: CivilDate, _ record: String) -> PromotionReason {
        reason(section, .hold, "promotion.stale", staleParams(date), records: [record], rule: "must.validity")
    }

    // MARK: Musts

    /// Must 1: the cadre file is reviewed (干部档案“凡提必审”).
    func fileReview() -> PromotionReason {
        guard let (fact, date) = latest(fileReviews, by: "reviewedOn") else {
            return reason("must1", .hold, "promotion.missing", rule: "must.1")
        }
        let result = fact.text("result") ?? ""
        let verdict = verdict(rules.rule("must.1", on: question.on)?.entry("results", result))
        if verdict == .clear, isStale(date) { return stale("must1", date, fact.recordID) }
        return reason(
            "must1", verdict, "promotion.answer", ["date": date.description, "result": "fileReviewResult/\(result)"],
            records: [fact.recordID], rule: "must.1")
    }

    /// Must 2: the personal-matters report is verified (个人有关事项报告“凡提必核”).
    func verification() -> PromotionReason {
        let rule = rules.rule("must.2", on: question.on)
        func answer(_ fact: RecordFact, _ date: CivilDate, _ verdict: PromotionVerdict) -> PromotionReason {
            reason(
                "must2", verdict, "promotion.answer",
                ["date": date.description, "result": "verifyResult/\(fact.text("result") ?? "")"],
                records: [fact.recordID], rule: "must.2")
        }
        // An omission or concealment that nobody has decided stays open, whatever a later check of other matters says.
        let open = verifications.filter { isOpenDifference($0, rule) }
        if let (fact, date) = latest(open, by: "checkedOn") {
            return answer(fact, date, verdict(rule?.entry("results", fact.text("result") ?? "")))
        }
        guard let (fact, date) = latest(verifications, by: "checkedOn") else {
            return reason("must2", .hold, "promotion.missing", rule: "must.2")
        }
        var verdict = verdict(rule?.entry("results", fact.text("result") ?? ""))
        // What was decided about a difference governs.
        if verdict == .blocked { verdict = self.verdict(decision(fact).flatMap { rule?.entry("decisions", $0) }) }
        if verdict == .clear, isStale(date) { return stale("must2", date, fact.recordID) }
        return answer(fact, date, verdict)
    }

    /// What was decided about a difference; nil before the day of the decision.
    private func decision(_ verification: RecordFact) -> String? {
        guard verification.date("decidedOn").map({ $0 <= question.on }) ?? true else { return nil }
        return verification.text("decision")
    }

    private func isAdverse(_ verification: RecordFact, _ rule: Rule?) -> Bool {
        verdict(rule?.entry("results", verification.text("result") ?? "")) == .blocked
    }

    private func isOpenDifference(_ verification: RecordFact, _ rule: Rule?) -> Bool {
        guard isAdverse(verification, rule) else { return false }
        return decision(verification).map { rule?.texts("open").contains($0) ?? true } ?? true
    }

    /// Musts 3 and 4: both are answered by the discipline team's opinion (纪检监察机关意见“凡提必听”; 线索具体的信访举报
    /// “凡提必查”); the leads themselves stay where they are.
    func opinion() -> [PromotionReason] {
        guard let (fact, date) = latest(opinions, by: "repliedOn") else {
            return [
                reason("must3", .hold, "promotion.missing", rule: "must.3"),
                reason("must4", .hold, "promotion.missing", rule: "must.4"),
            ]
        }
        let conclusion = fact.text("conclusion") ?? ""
        let isOpen = fact.flag("specificLeadOpen")
        let answers: [PromotionReason] = [
            reason(
                "must3", verdict(rules.rule("must.3", on: question.on)?.entry("results", conclusion)),
                "promotion.answer", ["date": date.description, "result": "opinionConclusion/\(conclusion)"],
                records: [fact.recordID], rule: "must.3"),
            reason(
                "must4", verdict(rules.rule("must.4", on: question.on)?.entry("results", isOpen ? "open" : "none")),
                isOpen ? "promotion.leadOpen" : "promotion.leadNone", records: [fact.recordID], rule: "must.4"),
        ]
        let adverse = isStale(date) ? nil : adverse(after: fact)
        return answers.map { answer in
            // An opinion that is against the candidate does not get better by being old.
            guard answer.verdict == .clear else { return answer }
            if isStale(date) { return stale(answer.section, date, fact.recordID) }
            guard let adverse else { return answer }
            return reason(
                answer.section, .hold, "promotion.staleAdverse", records: [fact.recordID, adverse.recordID],
                rule: "must.stale")
        }
    }

    /// An adverse record that was filed after the opinion, so that the opinion cannot have known it.
    private func adverse(after opinion: RecordFact) -> RecordFact? {
        let rule = rules.rule("must.stale", on: question.on)
        let kinds = rule?.texts("kinds") ?? []
        func isLater(_ fact: RecordFact) -> Bool {
            fact.filedSequence > opinion.filedSequence && kinds.contains(fact.kind)
        }
        let second = rules.rule("must.2", on: question.on)
        return measures.first(where: isLater)
            ?? verifications.first { isLater($0) && isAdverse($0, second) }
    }

    // MARK: Beside the musts

    /// The appraisal of the year before the question's date.
    func appraisal() -> PromotionReason {
        let year = question.on.year - 1
        guard let (fact, _) = latest(appraisals.filter { $0.integer("year") == year }, by: "decidedOn"),
            let grade = fact.text("grade")
        else { return reason("appraisal", .hold, "promotion.missing", rule: "appraisal") }
        return reason(
            "appraisal", verdict(rules.rule("appraisal", on: question.on)?.entry("results", grade)), "promotion.answer",
            ["date": String(year), "result": "appraisalGrade/\(grade)"], records: [fact.recordID], rule: "appraisal")
    }

    /// The certificate and the compulsory course that the move asks for.
    func training() -> [PromotionReason] {
        let needed = rules.rule("training", on: question.on)?.texts("courses", question.move.rawValue) ?? []
        return needed.map { course in
            let passed = trainings.filter { $0.text("course") == course && $0.flag("passed") }
            guard let (fact, date) = latest(passed, by: "completedOn") else {
                return reason(
                    "training", .hold, "promotion.missingCourse", ["course": "course/\(course)"], rule: "training")
            }
            return reason(
                "training", .clear, "promotion.answer", ["date": date.description, "result": "course/\(course)"],
                records: [fact.recordID], rule: "training")
        }
    }
}
