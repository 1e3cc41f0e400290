// Impact periods (影响期), domain.md §8.3 and §8.4. Four tracks run beside each other (党纪, 政务处分, 组织处理, 诫勉), each
// measure with its own clock; the longest governs because the answer's `until` is the latest end. Only a second Party
// sanction inside a Party period lengthens another period. How many months, and which moves are barred, is rule data of
// the edition that the decision cites, or of its day.

extension PromotionEvaluation {
    /// One measure's period, seen from the question.
    private struct Period {
        let record: CandidateRecord
        let measure: String
        /// The day of the decision, or the day on which it says it takes effect.
        let start: CivilDate
        /// Nil where the archive has no rule for the measure at all.
        let rule: Rule?
        let notes: [String]
        /// The rule by which the measure bars the move that is asked about; nil where it does not.
        let barredBy: Rule?
        /// First eligible day; nil while there is no end.
        var end: CivilDate?
    }

    /// The measures decided by the question's date, each as a reason.
    func periods() -> [PromotionReason] {
        var periods = measures.compactMap(period)
        periods.sort { ($0.start, $0.record.recordID) < ($1.start, $1.record.recordID) }
        addRemainders(&periods)
        let reasons = periods.map { milder(answer($0), $0.record) }
        return reasons + strayJudgements(beside: reasons)
    }

    /// Judgements on which no answer rests: of a document that no measure on file has, or given before the period was over. A
    /// slip of the pen must not pass in silence.
    private func strayJudgements(beside reasons: [PromotionReason]) -> [PromotionReason] {
        let documents = Set(measures.compactMap { $0.text("documentNo").map(Self.document) })
        let used = Set(reasons.flatMap(\.recordIDs))
        let answered = Set(
            judgements.filter { used.contains($0.recordID) }.compactMap { $0.text("sanctionNo").map(Self.document) })
        return judgements.sorted { $0.recordID < $1.recordID }.compactMap { judgement in
            let number = judgement.text("sanctionNo") ?? ""
            let isKnown = documents.contains(Self.document(number))
            guard !answered.contains(Self.document(number)) else { return nil }
            return reason(
                "impact", isKnown || judgement.text("effect") == "noEffect" ? .listed : .hold,
                isKnown ? "promotion.period.judgementEarly" : "promotion.period.judgementStray",
                ["document": number, "date": judgement.date.description], records: [judgement.recordID],
                rule: "period.ended")
        }
    }

    /// A document number as two persons type it: 〔2026〕, [2026] and （2026） are one.
    private static func document(_ text: String) -> String {
        var folded = Spelling.folded(text)
        for (other, bracket) in [("〔", "["), ("【", "["), ("(", "["), ("〕", "]"), ("】", "]"), (")", "]")] {
            folded = folded.replacing(other, with: bracket)
        }
        return folded
    }

    private func period(_ record: CandidateRecord) -> Period? {
        // 诫勉 is a kind of its own, because its procedure is; its row in the rules is w1.
        guard let measure = record.kind == .admonition ? "w1" : record.text("measure") else { return nil }
        let decided = record.date
        // A decision bars from its own day, and its period counts from the day on which it takes effect.
        let start = record.planned("effectiveOn") ?? decided
        let id = "impact.\(measure)"
        var notes: [String] = []
        var rule = record.text("citedEdition").flatMap { rules.rule(id, edition: $0) }
        if rule == nil {
            if record.text("citedEdition") != nil { notes.append("promotion.note.editionNotLoaded") }
            let found = rules.edition(id, decidedOn: decided)
            if found?.isOlderThanRule ?? false { notes.append("promotion.note.olderThanRule") }
            rule = found?.rule
        }
        guard let rule else {
            return Period(
                record: record, measure: measure, start: start, rule: nil, notes: notes, barredBy: nil, end: nil)
        }
        if let months = bounds(record, rule), !months.contains(record.integer("periodMonths") ?? months.lowerBound) {
            notes.append("promotion.note.outsideBounds")
        }
        // A period has its length whether or not it bars this move: a second Party sanction adds what remains of it.
        let own = rule.months(barring: question.move)
        let longest = rule.longestMonths.flatMap { firstEligibleDay(record, start, rule, months: $0) }
        var end = own.map { firstEligibleDay(record, start, rule, months: $0) } ?? longest
        var barredBy = own == nil ? nil : rule
        if let any = anyPeriod(rule), own == nil || end.map({ $0 <= question.on && longest != $0 }) ?? false {
            barredBy = any
            end = longest
        }
        return Period(
            record: record, measure: measure, start: start, rule: rule, notes: notes, barredBy: barredBy, end: end)
    }

    /// The rule by which every running period of a track keeps a candidate from 进一步使用, beside what the row of the measure
    /// itself names; an archive may switch it off.
    ///
    /// Source: 选拔任用条例 2019 Art. 24.
    private func anyPeriod(_ rule: Rule) -> Rule? {
        guard question.move == .furtherUse, rule.text("period") != RuleShape.Period.none.rawValue,
            let any = rules.rule("furtherUse.anyPeriod", on: question.on),
            any.texts("tracks").contains(rule.text("track") ?? "")
        else { return nil }
        return any
    }

    /// Nil while there is no end.
    private func firstEligibleDay(
        _ record: CandidateRecord, _ start: CivilDate, _ rule: Rule, months: Int
    ) -> CivilDate? {
        switch rule.text("period").flatMap(RuleShape.Period.init) {
        case .fixed: return start.adding(months: months)
        case .afterRights: return record.happened("rightsRestoredOn")?.adding(months: months)
        case .whileLasting: return record.happened("endedOn")
        case .decided:
            // Data outside the bounds is refused when it is filed. What is there all the same is never shortened.
            return record.integer("periodMonths").map {
                start.adding(months: max($0, bounds(record, rule)?.lowerBound ?? $0))
            }
        case .permanent, .some(.none), nil: return nil
        }
    }

    /// The bounds of a period that the decision states.
    private func bounds(_ record: CandidateRecord, _ rule: Rule) -> ClosedRange<Int>? {
        guard rule.text("period") == RuleShape.Period.decided.rawValue else { return nil }
        return CombinedPeriod(
            of: record.text("combinedMeasure"), count: record.integer("combinedCount"), decidedOn: record.date,
            rules: rules)?.months
    }

    /// A second Party sanction inside a Party period: what remained of the first is added to the second, by the rule of the
    /// day of the second.
    ///
    /// Source: 纪律处分条例 2023 Art. 21.
    private func addRemainders(_ periods: inout [Period]) {
        var running: CivilDate?
        for index in periods.indices
        where periods[index].rule?.text("track") == RuleShape.Track.party.rawValue {
            let (start, decided) = (periods[index].start, periods[index].record.date)
            let combination = rules.edition("period.secondParty", decidedOn: decided)?.rule.text("combine")
            // One decision that was filed twice is one.
            let isRepeated = periods[..<index].contains { isSameDecision($0, periods[index]) }
            if combination == RuleShape.Combination.remainderPlusNew.rawValue, !isRepeated, let before = running,
                before > start, let end = periods[index].end
            {
                periods[index].end = end.adding(days: before.daysSinceEpoch - start.daysSinceEpoch)
            }
            // What nobody here confirmed lengthens no other measure.
            guard !periods[index].record.isUnconfirmed else { continue }
            running = [running, periods[index].end].compactMap { $0 }.max()
        }
    }

    /// Whether two records are of one decision: the same measure under the same number on the same day.
    private func isSameDecision(_ one: Period, _ other: Period) -> Bool {
        one.measure == other.measure && one.record.date == other.record.date
            && one.record.text("documentNo") != nil
            && one.record.text("documentNo") == other.record.text("documentNo")
    }

    private func answer(_ period: Period) -> PromotionReason {
        let record = period.record
        var params = [
            "measure": record.kind == .admonition ? "kind/admonition" : "measure/\(period.measure)",
            "date": period.start.description, "document": record.text("documentNo") ?? "",
        ]
        if let cited = record.text("citedEdition") { params["cited"] = cited }
        var records = [record.recordID]
        // The verification that the measure rests on, by its document number.
        if let basis = record.text("basisNo"),
            let origin = verifications.first(where: { $0.text("documentNo") == basis })
        {
            records.append(origin.recordID)
            params["basis"] = basis
            params["basisResult"] = "verifyResult/\(origin.text("result") ?? "")"
        }
        func make(_ verdict: PromotionVerdict, _ message: String, until: CivilDate? = nil) -> PromotionReason {
            let rule = period.barredBy ?? period.rule
            return PromotionReason(
                section: "impact", verdict: verdict, message: message, params: params, notes: period.notes,
                recordIDs: records, ruleID: rule?.ruleID ?? "impact.\(period.measure)", edition: rule?.edition ?? "",
                source: rule?.source, confidence: rule?.confidence ?? "", until: until)
        }
        guard let rule = period.rule else {
            // A measure that no rule knows: only people can say whether it matters.
            let judgement = judgement(on: record, notBefore: period.start)
            if let judgement { records.append(judgement.recordID) }
            return judgement?.text("effect") == "noEffect"
                ? make(.listed, "promotion.period.noRuleJudged") : make(.hold, "promotion.period.noRule")
        }
        guard period.barredBy != nil else { return make(.listed, "promotion.period.other") }
        guard let end = period.end else { return make(.blocked, "promotion.period.open") }
        params["until"] = end.description
        if question.on < end { return make(.blocked, "promotion.period.running", until: end) }
        let ended = rules.rule("period.ended", on: question.on)
        if let judgement = judgement(on: record, notBefore: end) {
            records.append(judgement.recordID)
            return judgement.text("effect") == "noEffect"
                ? verified(make(.listed, "promotion.period.judged"), judgement)
                : make(verdict(ended?.text("affects")), "promotion.period.affects")
        }
        var verdict = verdict(rule.text("ended") ?? ended?.text("verdict"))
        // 政务处分法 Art. 26: lifted at the end without a new breach; an archive may let that stand for the judgement.
        if record.happened("liftedOn") != nil, let track = rule.text("track"),
            let lifted = ended?.entry("lifted", track)
        {
            verdict = self.verdict(lifted)
        }
        return make(verdict, verdict == .listed ? "promotion.period.over" : "promotion.period.ended")
    }

    /// The newest judgement whether a measure's period, once over, affects use (期满是否影响使用); of two of one day that
    /// contradict each other, the one that it does.
    private func judgement(on measure: CandidateRecord, notBefore day: CivilDate) -> CandidateRecord? {
        guard let document = measure.text("documentNo").map(Self.document) else { return nil }
        let judged = newest(
            judgements.filter { $0.text("sanctionNo").map(Self.document) == document && $0.date >= day })
        return judged.last { $0.text("effect") != "noEffect" } ?? judged.last
    }
}
