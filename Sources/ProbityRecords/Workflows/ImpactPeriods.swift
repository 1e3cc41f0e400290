import CanonicalJSON

// Impact periods (影响期), domain.md §8.3 and §8.4. Four tracks run beside each other (党纪, 政务处分, 组织处理, 诫勉), each
// measure with its own clock; the longest governs because the answer's `until` is the latest end. Only a second Party
// sanction inside a Party period lengthens another period. How many months, and which moves are barred, is rule data.

extension PromotionEvaluation {
    /// One measure's period, seen from the question.
    private struct Period {
        let fact: RecordFact
        let measure: String
        /// The day of the decision, or the day on which it says it takes effect.
        let start: CivilDate
        /// The edition that the decision cites, else the one in force on its day; nil when none applies.
        let rule: Rule?
        /// Whether the measure bars the move that is asked about.
        let bars: Bool
        /// First eligible day; nil while there is no end.
        var end: CivilDate?
    }

    /// The measures decided by the question's date, each as a reason.
    func periods() -> [PromotionReason] {
        var periods = measures.compactMap(period)
        periods.sort { ($0.start, $0.fact.recordID) < ($1.start, $1.fact.recordID) }
        addRemainders(&periods)
        return periods.map(answer)
    }

    private func period(_ fact: RecordFact) -> Period? {
        // 诫勉 is a kind of its own, because its procedure is; its row in the rules is w1.
        guard let measure = fact.kind == "admonition" ? "w1" : fact.text("measure"),
            let decided = fact.date("decidedOn")
        else { return nil }
        let start = fact.date("effectiveOn") ?? decided
        // Decided is enough: a decision that takes effect next week is no reason to promote this week.
        guard min(start, decided) <= question.on else { return nil }
        let id = "impact.\(measure)"
        let rule =
            if let cited = fact.text("citedEdition") { rules.rule(id, edition: cited) } else {
                rules.rule(id, on: decided)
            }
        guard let rule else {
            return Period(fact: fact, measure: measure, start: start, rule: nil, bars: true, end: nil)
        }
        let barring = rule.months(barring: question.move)
        // A period has its length whether or not it bars this move: a second Party sanction adds what remains of it.
        let months = barring ?? PromotionMove.allCases.compactMap { rule.months(barring: $0) }.max()
        return Period(
            fact: fact, measure: measure, start: start, rule: rule, bars: barring != nil,
            end: months.flatMap { end(fact, start, rule, months: $0) })
    }

    private func end(_ fact: RecordFact, _ start: CivilDate, _ rule: Rule, months: Int) -> CivilDate? {
        /// An event that has not happened by the question's date ends nothing.
        func happened(_ field: String) -> CivilDate? { fact.date(field).flatMap { $0 <= question.on ? $0 : nil } }
        switch rule.text("period").flatMap(RuleShape.Period.init) {
        case .fixed: return start.adding(months: months)
        case .afterRights: return happened("rightsRestoredOn")?.adding(months: months)
        case .whileLasting: return happened("endedOn")
        case .decided: return fact.integer("periodMonths").map { start.adding(months: combined($0, fact, rule, start)) }
        case .permanent, .some(.none), nil: return nil
        }
    }

    /// The period of a combined sanction: between a single period and the sum, never above the maximum.
    ///
    /// Source: 政务处分法 2020 Art. 15.
    private func combined(_ decided: Int, _ fact: RecordFact, _ rule: Rule, _ start: CivilDate) -> Int {
        var least = rule.number("minimumMonths") ?? 0
        var most = rule.number("maximumMonths") ?? decided
        if let measure = fact.text("combinedMeasure"),
            let single = rules.rule("impact.\(measure)", on: start).flatMap({ one in
                PromotionMove.allCases.compactMap { one.months(barring: $0) }.max()
            })
        {
            least = max(least, single)
            if let count = fact.integer("combinedCount") { most = min(most, single * min(max(count, 1), 100)) }
        }
        return max(least, min(decided, most))
    }

    /// A second Party sanction inside a Party period: what remained of the first is added to the second.
    ///
    /// Source: 纪律处分条例 2023 Art. 21.
    private func addRemainders(_ periods: inout [Period]) {
        guard
            rules.rule("period.secondParty", on: question.on)?.text("combine")
                == RuleShape.Combination.remainderPlusNew.rawValue
        else { return }
        var running: CivilDate?
        for index in periods.indices
        where periods[index].rule?.text("track") == RuleShape.Track.party.rawValue {
            let start = periods[index].start
            if let before = running, before > start, let end = periods[index].end {
                periods[index].end = end.adding(days: before.daysSinceEpoch - start.daysSinceEpoch)
            }
            running = [running, periods[index].end].compactMap { $0 }.max()
        }
    }

    private func answer(_ period: Period) -> PromotionReason {
        let fact = period.fact
        var params = [
            "measure": fact.kind == "admonition" ? "kind/admonition" : "measure/\(period.measure)",
            "date": period.start.description, "document": fact.text("documentNo") ?? "",
        ]
        var records = [fact.recordID]
        // The verification that the measure rests on, by its document number.
        if let basis = fact.text("basisNo"),
            let origin = verifications.first(where: { $0.text("documentNo") == basis })
        {
            records.append(origin.recordID)
            params["basis"] = basis
            params["basisResult"] = "verifyResult/\(origin.text("result") ?? "")"
        }
        func make(_ verdict: PromotionVerdict, _ message: String, until: CivilDate? = nil) -> PromotionReason {
            PromotionReason(
                section: "impact", verdict: verdict, message: message, params: params, recordIDs: records,
                ruleID: "impact.\(period.measure)", edition: period.rule?.edition ?? "",
                source: period.rule?.source ?? "", confidence: period.rule?.confidence ?? "", until: until)
        }
        guard let rule = period.rule else {
            // Older than the rules that are loaded: only people can say whether it still matters.
            let judgement = judgement(on: fact, notBefore: period.start)
            if let judgement { records.append(judgement.recordID) }
            return judgement?.text("effect") == "noEffect"
                ? make(.listed, "promotion.period.noRuleJudged") : make(.hold, "promotion.period.noRule")
        }
        guard period.bars else { return make(.listed, "promotion.period.other") }
        guard let end = period.end else { return make(.blocked, "promotion.period.open") }
        params["until"] = end.description
        if question.on < end { return make(.blocked, "promotion.period.running", until: end) }
        let ended = rules.rule("period.ended", on: question.on)
        if let judgement = judgement(on: fact, notBefore: end) {
            records.append(judgement.recordID)
            return judgement.text("effect") == "noEffect"
                ? make(.listed, "promotion.period.judged")
                : make(verdict(ended?.text("affects")), "promotion.period.affects")
        }
        var verdict = verdict(rule.text("ended") ?? ended?.text("verdict"))
        // 政务处分法 Art. 26: lifted at the end without a new breach; an archive may let that stand for the judgement.
        if fact.date("liftedOn").map({ $0 <= question.on }) ?? false, let track = rule.text("track"),
            let lifted = ended?.entry("lifted", track)
        {
            verdict = self.verdict(lifted)
        }
        return make(verdict, verdict == .listed ? "promotion.period.over" : "promotion.period.ended")
    }

    /// The newest judgement whether a measure's period, once over, affects use (期满是否影响使用).
    private func judgement(on measure: RecordFact, notBefore day: CivilDate) -> RecordFact? {
        guard let document = measure.text("documentNo") else { return nil }
        var newest: (fact: RecordFact, date: CivilDate)?
        for fact in judgements where fact.text("sanctionNo") == document {
            guard let date = fact.date("judgedOn"), date >= day, date <= question.on else { continue }
            if let known = newest, known.date > date { continue }
            newest = (fact, date)
        }
        return newest?.fact
    }
}
