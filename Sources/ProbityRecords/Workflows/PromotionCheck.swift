public import CanonicalJSON

// The promotion check (凡提四必): facts and rules in, an answer out. Pure: no clock, no storage; the same facts, rules and
// question give the same bytes. It reports and people decide: nothing here ranks or scores a person, and an unverified
// complaint is no fact that it takes.
//
// How rows become a verdict (domain.md §8.4)
//  1. Each part is clear, listed, hold or blocked; the answer is the worst of its parts.
//  2. Missing, pending or stale is hold. An adverse finding about the person is blocked.
//  3. `until` is the latest end among the blocking reasons, nil when one of them has no end. A hold never moves it.
//  4. A period begins on the day of the decision and its first eligible day is that day n months later, clamped to the
//     month's end: blocked until the day before.
//  5. A period that is over is hold until somebody has judged that it does not affect use, and listed afterwards.

/// What the officer is to do (拟任事项).
public enum PromotionMove: String, Sendable, CaseIterable {
    /// 提任 to a higher post.
    case promotion
    /// 晋升职级.
    case grade
    /// 晋升警衔.
    case rank
    /// 进一步使用.
    case furtherUse
    /// 平级任职 in a leadership post.
    case equalMove
    /// 交流.
    case exchange
}

/// What is asked about a candidate.
public struct PromotionQuestion: Sendable, Equatable {
    public let on: CivilDate
    public let move: PromotionMove

    public init(on: CivilDate, move: PromotionMove = .promotion) {
        self.on = on
        self.move = move
    }
}

/// An officer and the records that the check may use.
public struct CandidateFacts: Sendable {
    public let officerID: String
    public let personCategory: String
    public let facts: [RecordFact]

    public init(officerID: String, personCategory: String, facts: [RecordFact]) {
        self.officerID = officerID
        self.personCategory = personCategory
        self.facts = facts
    }
}

public enum PromotionVerdict: String, Sendable, Comparable {
    case notApplicable, clear, listed, hold, blocked

    private var weight: Int {
        switch self {
        case .notApplicable: 0
        case .clear: 1
        case .listed: 2
        case .hold: 3
        case .blocked: 4
        }
    }

    public static func < (one: PromotionVerdict, other: PromotionVerdict) -> Bool { one.weight < other.weight }
}

/// One part of an answer.
public struct PromotionReason: Sendable, Equatable {
    /// must1 … must4, impact, appraisal, training or person.
    public let section: String
    public let verdict: PromotionVerdict
    /// Key of the sentence in the message catalogue, and what goes into it.
    public let message: String
    public let params: [String: String]
    public let recordIDs: [String]
    public let ruleID: String
    public let edition: String
    public let source: String
    public let confidence: String
    /// First day on which the reason no longer blocks.
    public let until: CivilDate?

    var json: JSONValue {
        .object([
            "section": .string(section), "verdict": .string(verdict.rawValue), "message": .string(message),
            "params": .object(params.mapValues { .string($0) }), "records": .array(recordIDs.map { .string($0) }),
            "rule": .string(ruleID), "edition": .string(edition), "source": .string(source),
            "confidence": .string(confidence), "until": until.map { .string($0.description) } ?? .null,
        ])
    }
}

/// The answer about one candidate.
public struct PromotionAnswer: Sendable, Equatable {
    public let officerID: String
    public let question: PromotionQuestion
    public let verdict: PromotionVerdict
    public let until: CivilDate?
    public let reasons: [PromotionReason]

    /// Canonical members of the answer; the caller adds the checkpoint and the digest of the rules.
    public var json: JSONValue {
        .object([
            "officer": .string(officerID), "on": .string(question.on.description),
            "move": .string(question.move.rawValue),
            "verdict": .string(verdict.rawValue), "until": until.map { .string($0.description) } ?? .null,
            "reasons": .array(reasons.map(\.json)),
        ])
    }

    public func verdict(of section: String) -> PromotionVerdict? {
        reasons.filter { $0.section == section }.map(\.verdict).max()
    }
}

public enum PromotionCheck {
    /// Answers the four musts and everything beside them for one candidate.
    ///
    /// Source: 干部选拔任用工作条例 2019 Art. 24; domain.md §8.
    public static func evaluate(
        _ candidate: CandidateFacts, question: PromotionQuestion, rules: RuleSet
    ) -> PromotionAnswer {
        let evaluation = Evaluation(
            facts: candidate.facts.filter(\.counts), question: question, rules: rules,
            validityDays: rules.rule("must.validity", on: question.on)?.number("days"))
        var reasons: [PromotionReason] = []
        guard candidate.personCategory == "police" else {
            reasons.append(
                evaluation.reason("person", .notApplicable, "promotion.auxiliary", rule: "must.1"))
            return PromotionAnswer(
                officerID: candidate.officerID, question: question, verdict: .notApplicable, until: nil,
                reasons: reasons)
        }
        reasons.append(evaluation.fileReview())
        reasons.append(evaluation.verification())
        reasons += evaluation.opinion()
        reasons += evaluation.periods()
        reasons.append(evaluation.appraisal())
        reasons += evaluation.training()
        let verdict = reasons.map(\.verdict).filter { $0 != .notApplicable }.max() ?? .clear
        let blocking = reasons.filter { $0.verdict == .blocked }
        let until = blocking.contains { $0.until == nil } ? nil : blocking.compactMap(\.until).max()
        // A listed part is a fact beside a clear answer.
        return PromotionAnswer(
            officerID: candidate.officerID, question: question, verdict: verdict == .listed ? .clear : verdict,
            until: until, reasons: reasons)
    }
}

private struct Evaluation {
    let facts: [RecordFact]
    let question: PromotionQuestion
    let rules: RuleSet
    let validityDays: Int?

    func reason(
        _ section: String, _ verdict: PromotionVerdict, _ message: String, _ params: [String: String] = [:],
        records: [String] = [], rule id: String, until: CivilDate? = nil
    ) -> PromotionReason {
        reason(
            section, verdict, message, params, records: records, rule: rules.rule(id, on: question.on), id: id,
            until: until)
    }

    private func reason(
        _ section: String, _ verdict: PromotionVerdict, _ message: String, _ params: [String: String],
        records: [String],
        rule: Rule?, id: String, until: CivilDate?
    ) -> PromotionReason {
        PromotionReason(
            section: section, verdict: verdict, message: message, params: params, recordIDs: records, ruleID: id,
            edition: rule?.edition ?? "", source: rule?.source ?? "", confidence: rule?.confidence ?? "", until: until)
    }

    private func of(_ kind: String) -> [RecordFact] { facts.filter { $0.kind == kind } }

    /// The newest fact of a kind by one of its dates, not after the question's date.
    private func latest(_ kind: String, by field: String) -> (fact: RecordFact, date: CivilDate)? {
        var newest: (fact: RecordFact, date: CivilDate)?
        for fact in of(kind) {
            guard let date = fact.date(field), date <= question.on else { continue }
            if let known = newest, (known.date, known.fact.filedSequence) >= (date, fact.filedSequence) { continue }
            newest = (fact, date)
        }
        return newest
    }

    private func verdict(_ text: String?) -> PromotionVerdict {
        text.flatMap(PromotionVerdict.init(rawValue:)) ?? .hold
    }

    private func isStale(_ date: CivilDate) -> Bool {
        guard let validityDays else { return true }
        return question.on.daysSinceEpoch - date.daysSinceEpoch > validityDays
    }

    private func stale(_ section: String, _ date: CivilDate, _ record: String) -> PromotionReason {
        reason(
            section, .hold, "promotion.stale", ["date": date.description, "days": String(validityDays ?? 0)],
            records: [record], rule: "must.validity")
    }

    // MARK: Musts

    func fileReview() -> PromotionReason {
        guard let (fact, date) = latest("fileReview", by: "reviewedOn") else {
            return reason("must1", .hold, "promotion.missing", rule: "must.1")
        }
        let result = fact.text("result") ?? ""
        let verdict = verdict(rules.rule("must.1", on: question.on)?.entry("results", result))
        if verdict == .clear, isStale(date) { return stale("must1", date, fact.recordID) }
        return reason(
            "must1", verdict, "promotion.answer", ["date": date.description, "result": "fileReviewResult/\(result)"],
            records: [fact.recordID], rule: "must.1")
    }

    func verification() -> PromotionReason {
        guard let (fact, date) = latest("verification", by: "checkedOn") else {
            return reason("must2", .hold, "promotion.missing", rule: "must.2")
        }
        let result = fact.text("result") ?? ""
        let rule = rules.rule("must.2", on: question.on)
        var verdict = verdict(rule?.entry("results", result))
        // What was decided about a difference governs; a decision after the question's date is not there yet.
        if verdict == .blocked, let decision = fact.text("decision"),
            fact.date("decidedOn").map({ $0 <= question.on }) ?? true, let decided = rule?.entry("decisions", decision)
        {
            verdict = self.verdict(decided)
        }
        if verdict == .clear, isStale(date) { return stale("must2", date, fact.recordID) }
        return reason(
            "must2", verdict, "promotion.answer", ["date": date.description, "result": "verifyResult/\(result)"],
            records: [fact.recordID], rule: "must.2")
    }

    /// Musts 3 and 4: both are answered by the discipline team's opinion; the leads themselves stay where they are.
    func opinion() -> [PromotionReason] {
        guard let (fact, date) = latest("opinion", by: "repliedOn") else {
            return [
                reason("must3", .hold, "promotion.missing", rule: "must.3"),
                reason("must4", .hold, "promotion.missing", rule: "must.4"),
            ]
        }
        let conclusion = fact.text("conclusion") ?? ""
        var third = verdict(rules.rule("must.3", on: question.on)?.entry("results", conclusion))
        let isOpen = fact.flag("specificLeadOpen")
        var fourth = verdict(rules.rule("must.4", on: question.on)?.entry("results", isOpen ? "open" : "none"))
        var message = "promotion.answer"
        var params = ["date": date.description, "result": "opinionConclusion/\(conclusion)"]
        var fourthMessage = isOpen ? "promotion.leadOpen" : "promotion.leadNone"
        var fourthParams: [String: String] = [:]
        var records = [fact.recordID]
        if isStale(date) {
            let days = ["date": date.description, "days": String(validityDays ?? 0)]
            if third == .clear { (third, message, params) = (.hold, "promotion.stale", days) }
            if fourth == .clear { (fourth, fourthMessage, fourthParams) = (.hold, "promotion.stale", days) }
        } else if let adverse = adverse(after: fact) {
            records.append(adverse.recordID)
            if third == .clear { (third, message, params) = (.hold, "promotion.staleAdverse", [:]) }
            if fourth == .clear { (fourth, fourthMessage) = (.hold, "promotion.staleAdverse") }
        }
        return [
            reason("must3", third, message, params, records: records, rule: "must.3"),
            reason("must4", fourth, fourthMessage, fourthParams, records: records, rule: "must.4"),
        ]
    }

    /// An adverse record that was filed after the opinion, so that the opinion cannot have known it.
    private func adverse(after opinion: RecordFact) -> RecordFact? {
        facts.first { fact in
            guard fact.filedSequence > opinion.filedSequence else { return false }
            switch fact.kind {
            case "sanction", "admonition": return true
            case "verification":
                let rule = rules.rule("must.2", on: question.on)
                return verdict(rule?.entry("results", fact.text("result") ?? "")) == .blocked
            default: return false
            }
        }
    }

    // MARK: Impact periods

    private struct Period {
        let fact: RecordFact
        let measure: String
        let track: String
        let start: CivilDate
        let rule: Rule
        /// First eligible day for the move; nil while there is no end.
        var end: CivilDate?
        /// Whether the measure bars the move at all.
        let bars: Bool
    }

    func periods() -> [PromotionReason] {
        var reasons: [PromotionReason] = []
        var periods: [Period] = []
        for fact in facts where fact.kind == "sanction" || fact.kind == "admonition" {
            let measure = fact.kind == "admonition" ? "w1" : fact.text("measure") ?? ""
            guard let decided = fact.date("decidedOn") else { continue }
            let start = fact.date("effectiveOn") ?? decided
            guard start <= question.on else { continue }
            let id = "impact.\(measure)"
            guard let rule = rules.rule(id, on: decided) else {
                reasons.append(
                    reason(
                        "impact", .hold, "promotion.period.noRule", params(fact, measure, start),
                        records: [fact.recordID],
                        rule: nil, id: id, until: nil))
                continue
            }
            periods.append(period(fact, measure, start, rule))
        }
        periods.sort { ($0.start, $0.fact.recordID) < ($1.start, $1.fact.recordID) }
        combineParty(&periods)
        return reasons + periods.map(answer)
    }

    private func params(_ fact: RecordFact, _ measure: String, _ start: CivilDate) -> [String: String] {
        [
            "measure": measure == "w1" ? "kind/admonition" : "measure/\(measure)", "date": start.description,
            "document": fact.text("documentNo") ?? "",
        ]
    }

    private func period(_ fact: RecordFact, _ measure: String, _ start: CivilDate, _ rule: Rule) -> Period {
        let months = rule.value["bars"]?[question.move.rawValue]?.integer.map { Int($0) }
        let track = rule.value["track"]?.string ?? ""
        var end: CivilDate?
        switch rule.value["period"]?.string {
        case "fixed": end = months.map { start.adding(months: $0) }
        case "whileLasting": end = fact.date("endedOn").flatMap { $0 <= question.on ? $0 : nil }
        case "afterRights":
            end = fact.date("rightsRestoredOn").flatMap { restored in
                restored <= question.on ? months.map { restored.adding(months: $0) } : nil
            }
        case "decided":
            if let decided = fact.values["periodMonths"]?.integer {
                let limit = rule.number("maximumMonths") ?? Int(decided)
                end = start.adding(months: min(max(Int(decided), rule.number("minimumMonths") ?? 0), limit))
            }
        default: end = nil
        }
        return Period(
            fact: fact, measure: measure, track: track, start: start, rule: rule, end: end, bars: months != nil)
    }

    /// A second Party sanction inside a Party period: what remained of the first is added to the second.
    private func combineParty(_ periods: inout [Period]) {
        guard let rule = rules.rule("period.secondParty", on: question.on),
            rule.value["combine"]?.string == "remainderPlusNew"
        else { return }
        var running: CivilDate?
        for index in periods.indices where periods[index].track == "party" {
            let start = periods[index].start
            if let before = running, before > start, let end = periods[index].end {
                periods[index].end = end.adding(days: before.daysSinceEpoch - start.daysSinceEpoch)
            }
            running = [running, periods[index].end].compactMap { $0 }.max()
        }
    }

    private func answer(_ period: Period) -> PromotionReason {
        var params = params(period.fact, period.measure, period.start)
        let id = "impact.\(period.measure)"
        var records = [period.fact.recordID]
        // The verification or case that the measure rests on, by its document number.
        if let basis = period.fact.text("basisNo"),
            let origin = facts.first(where: { $0.kind == "verification" && $0.text("documentNo") == basis })
        {
            records.append(origin.recordID)
            params["basis"] = basis
            params["basisResult"] = "verifyResult/\(origin.text("result") ?? "")"
        }
        func make(_ verdict: PromotionVerdict, _ message: String, until: CivilDate? = nil) -> PromotionReason {
            reason(
                "impact", verdict, message, params, records: records, rule: period.rule, id: id, until: until)
        }
        guard period.bars else { return make(.listed, "promotion.period.other") }
        guard let end = period.end else { return make(.blocked, "promotion.period.open") }
        params["until"] = end.description
        if question.on < end { return make(.blocked, "promotion.period.running", until: end) }
        let judged = of("useJudgement").contains { judgement in
            judgement.text("sanctionNo") == period.fact.text("documentNo") && judgement.text("effect") == "noEffect"
                && judgement.date("judgedOn").map { $0 >= end && $0 <= question.on } ?? false
        }
        if judged { return make(.listed, "promotion.period.judged") }
        return make(
            verdict(rules.rule("period.ended", on: question.on)?.value["verdict"]?.string), "promotion.period.ended")
    }

    // MARK: Beside the musts

    func appraisal() -> PromotionReason {
        let year = Int64(question.on.year - 1)
        let candidates = of("appraisal").filter {
            $0.values["year"]?.integer == year && ($0.date("decidedOn").map { $0 <= question.on } ?? false)
        }
        guard let fact = candidates.max(by: { $0.filedSequence < $1.filedSequence }), let grade = fact.text("grade")
        else {
            return reason("appraisal", .hold, "promotion.missing", rule: "appraisal")
        }
        return reason(
            "appraisal", verdict(rules.rule("appraisal", on: question.on)?.entry("results", grade)), "promotion.answer",
            ["date": String(year), "result": "appraisalGrade/\(grade)"], records: [fact.recordID], rule: "appraisal")
    }

    func training() -> [PromotionReason] {
        let needed = rules.rule("training", on: question.on)?.texts("courses", question.move.rawValue) ?? []
        return needed.map { course in
            let passed = of("training").filter {
                $0.text("course") == course && $0.flag("passed")
                    && ($0.date("completedOn").map { $0 <= question.on } ?? false)
            }
            guard let fact = passed.max(by: { $0.occurredOn < $1.occurredOn }) else {
                return reason(
                    "training", .hold, "promotion.missingCourse", ["course": "course/\(course)"], rule: "training")
            }
            return reason(
                "training", .clear, "promotion.answer",
                ["date": fact.occurredOn.description, "result": "course/\(course)"], records: [fact.recordID],
                rule: "training")
        }
    }
}
