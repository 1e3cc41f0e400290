// Must 2: the personal-matters report is verified (个人有关事项报告“凡提必核”). Source: 查核结果处理办法 2017; domain.md §3.3,
// §8.4.
//
//  1. A difference (漏报, 隐瞒不报, 来源不明) that nobody has decided is blocked without an end, whatever a later check of
//     other matters says.
//  2. Explained is as good as consistent. Decided by a measure is listed, and the measure's own period governs. Loss of
//     candidate status (取消资格) blocks for its months from the decision and is listed afterwards.
//  3. What clears is the newest check that found nothing, or an explained difference. A difference that was decided by a
//     measure clears only where there is no such check, and then as the oldest of them: a second omission that was handled
//     must not make the first look fresh.

extension PromotionEvaluation {
    func verification() -> [PromotionReason] {
        let rule = rules.rule("must.2", on: question.on)
        var reasons: [PromotionReason] = []
        var clean: [CandidateRecord] = []
        var handled: [CandidateRecord] = []
        for record in verifications {
            guard isDifference(record) else {
                clean.append(record)
                continue
            }
            let decision = decision(record)
            let outcome = self.verdict(rule?.entry("decisions", decision))
            if let lost = loss(record, decision) {
                reasons.append(milder(lost, record))
                if lost.verdict < .blocked { handled.append(record) }
            } else if outcome == .clear {
                clean.append(record)
            } else if outcome == .listed {
                reasons.append(verified(measured(record, decision), record))
                handled.append(record)
            } else {
                reasons.append(milder(answer(record, outcome, "promotion.verification.open", decision), record))
            }
        }
        // An explained difference governs with its decision, anything else with its result.
        func verdict(_ record: CandidateRecord) -> PromotionVerdict {
            isDifference(record) ? .clear : self.verdict(rule?.entry("results", record.text("result") ?? ""))
        }
        // Of two of one day the worse.
        if let governing = newest(clean).max(by: { verdict($0) <= verdict($1) }) {
            reasons.insert(upheld(answer(governing, verdict(governing), "promotion.answer", nil), governing), at: 0)
        } else if let governing = handled.min(by: { $0.date < $1.date }) {
            reasons.insert(upheld(answer(governing, .clear, "promotion.answer", nil), governing), at: 0)
        } else if reasons.isEmpty {
            reasons.append(missing("must2", .verification, rule: "must.2"))
        }
        return reasons
    }

    /// A difference that was dealt with by a measure, whose period is the measure's own: where no measure of its number is on
    /// file, the answer says so. It is no hold, because then a measure that is added would improve an answer.
    private func measured(_ record: CandidateRecord, _ decision: String) -> PromotionReason {
        let measures = carriedOut(record.text("documentNo") ?? "")
        let reason = answer(record, .listed, "promotion.verification.decided", decision, measures: measures)
        return measures.isEmpty ? reason.noted("promotion.note.noMeasure") : reason
    }

    private func answer(
        _ record: CandidateRecord, _ verdict: PromotionVerdict, _ message: String, _ decision: String?,
        measures: [String] = []
    ) -> PromotionReason {
        var params = [
            "date": record.date.description, "result": "verifyResult/\(record.text("result") ?? "")",
        ]
        if let decision { params["decision"] = "verifyDecision/\(decision)" }
        return reason("must2", verdict, message, params, records: [record.recordID] + measures, rule: "must.2")
    }

    /// Loss of candidate status; nil where the decision is another. The months are those of the decision's day.
    private func loss(_ record: CandidateRecord, _ decision: String) -> PromotionReason? {
        guard let decided = record.happened("decidedOn"),
            let rule = rules.edition("must.2", decidedOn: decided)?.rule, let months = rule.lossMonths(decision)
        else { return nil }
        let until = decided.adding(months: months)
        let isOver = question.on >= until
        return PromotionReason(
            section: "must2", verdict: isOver ? .listed : .blocked,
            message: isOver ? "promotion.verification.over" : "promotion.verification.lost",
            params: [
                "date": decided.description, "result": "verifyResult/\(record.text("result") ?? "")",
                "decision": "verifyDecision/\(decision)", "until": until.description,
            ],
            recordIDs: [record.recordID], rule: rule, until: isOver ? nil : until)
    }

    /// What was decided about a difference; undecided before the day of the decision.
    private func decision(_ record: CandidateRecord) -> String {
        guard record.planned("decidedOn") == nil || record.happened("decidedOn") != nil else { return "undecided" }
        return record.text("decision") ?? "undecided"
    }
}
