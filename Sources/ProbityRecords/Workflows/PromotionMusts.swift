import CanonicalJSON

// Musts 1, 3 and 4, and what is asked beside the musts. Must 2 is in PromotionVerification.swift.

extension PromotionEvaluation {
    /// The newest of the records by its date; of one day the one filed last. One that nobody here confirmed stands for those
    /// that were confirmed only where there are none.
    func latest(_ records: [CandidateRecord]) -> CandidateRecord? { newest(records).last }

    /// As above, all of that day, in the order of filing.
    func newest(_ records: [CandidateRecord]) -> [CandidateRecord] {
        let confirmed = records.filter { !$0.isUnconfirmed }
        let known = confirmed.isEmpty ? records : confirmed
        let day = known.map(\.date).max()
        return known.filter { $0.date == day }
    }

    /// What the newest records answer; nil where there is none. Records of one day that answer otherwise contradict each other,
    /// and which of them was filed last proves nothing: the worse answer stands, until one of them is corrected or withdrawn.
    private func worst(
        _ records: [CandidateRecord], _ answer: (CandidateRecord) -> PromotionReason
    ) -> PromotionReason? {
        var worst: PromotionReason?
        for reason in newest(records).map(answer) where worst.map({ $0.verdict <= reason.verdict }) ?? true {
            worst = reason
        }
        return worst
    }

    /// Must 1: the cadre file is reviewed (干部档案“凡提必审”).
    func fileReview() -> PromotionReason {
        worst(fileReviews) { record in
            let result = record.text("result") ?? ""
            let verdict = verdict(rules.rule("must.1", on: question.on)?.entry("results", result))
            return upheld(
                reason(
                    "must1", verdict, "promotion.answer",
                    ["date": record.date.description, "result": "fileReviewResult/\(result)"],
                    records: [record.recordID], rule: "must.1"),
                record)
        } ?? missing("must1", .fileReview, rule: "must.1")
    }

    /// Musts 3 and 4: both are answered by the discipline team's opinion (纪检监察机关意见“凡提必听”; 线索具体的信访举报
    /// “凡提必查”), and must 4 by its signal that a lead is open; the leads themselves stay where they are.
    func opinion() -> [PromotionReason] {
        let third =
            worst(opinions) { record in
                let conclusion = record.text("conclusion") ?? ""
                return upheld(
                    reason(
                        "must3", verdict(rules.rule("must.3", on: question.on)?.entry("results", conclusion)),
                        "promotion.answer",
                        ["date": record.date.description, "result": "opinionConclusion/\(conclusion)"],
                        records: [record.recordID], rule: "must.3"),
                    record)
            } ?? missing("must3", .opinion, rule: "must.3")
        var fourth =
            worst(opinions) { record in
                let isOpen = record.flag("specificLeadOpen")
                return upheld(
                    reason(
                        "must4", leadVerdict(isOpen ? "open" : "none"),
                        isOpen ? "promotion.leadOpen" : "promotion.leadNone", records: [record.recordID],
                        rule: "must.4"),
                    record)
            } ?? missing("must4", .opinion, rule: "must.4")
        let raised = signals.filter(isRaised).map(\.recordID)
        if !raised.isEmpty, fourth.message != "promotion.leadOpen" {
            // What the opinion says of leads is older than the signal, or was wrong.
            fourth = reason(
                "must4", max(leadVerdict("raised"), .hold), "promotion.leadRaised", records: raised, rule: "must.4")
        }
        return [third, fourth]
    }

    /// A lead is not a finding: whatever the rules say, it never blocks.
    private func leadVerdict(_ code: String) -> PromotionVerdict {
        min(verdict(rules.rule("must.4", on: question.on)?.entry("results", code)), .hold)
    }

    /// Whether a signal of the discipline team stands: at least one specific lead about the officer is open.
    func isRaised(_ signal: CandidateRecord) -> Bool {
        signal.state == "raised" || signal.happened("loweredOn") == nil
    }

    /// The appraisal of the year before the question's date.
    func appraisal() -> PromotionReason {
        let year = question.on.year - 1
        let records = appraisals.filter { $0.integer("year") == year }
        func answer(_ record: CandidateRecord) -> PromotionReason {
            let grade = record.text("grade") ?? ""
            return reason(
                "appraisal", verdict(rules.rule("appraisal", on: question.on)?.entry("results", grade)),
                "promotion.answer", ["date": String(year), "result": "appraisalGrade/\(grade)"],
                records: [record.recordID], rule: "appraisal")
        }
        guard let governing = worst(records, { verified(answer($0), $0) }) else {
            return missing("appraisal", .appraisal, rule: "appraisal") { $0["year"]?.integer == Int64(year) }
        }
        // A bad grade in the old files that speaks against the one that was confirmed here is a question.
        let doubtful = latest(records.filter { $0.isUnconfirmed && answer($0).verdict > .clear })
        guard governing.verdict == .clear, let doubtful else { return governing }
        return verified(answer(doubtful), doubtful)
    }

    /// Every accountability (问责). Its periods are those of the measures by which it was carried out, which are records of
    /// their own: where none of them is on file, only people can say what it comes to.
    ///
    /// Source: 问责条例 2019 Art. 8; 选拔任用条例 2019 Art. 24.
    func accountability() -> [PromotionReason] {
        accountabilities.map { record in
            let (mode, document) = (record.text("mode") ?? "", record.text("documentNo") ?? "")
            let carriedOut = carriedOut(document)
            let needed = verdict(rules.rule("accountability", on: question.on)?.entry("results", mode))
            let isMet = needed < .hold || !carriedOut.isEmpty
            return milder(
                reason(
                    "impact", isMet ? min(needed, .listed) : needed,
                    isMet ? "promotion.accountability" : "promotion.accountability.open",
                    [
                        "mode": "accountabilityMode/\(mode)", "date": record.date.description, "document": document,
                    ], records: [record.recordID] + carriedOut, rule: "accountability"),
                record)
        }
    }

    /// The measures on file by which a decision was carried out: of its number, or resting on it.
    func carriedOut(_ document: String) -> [String] {
        measures.filter { [$0.text("documentNo"), $0.text("basisNo")].contains(document) }.map(\.recordID)
    }

    /// The certificate and the compulsory course that the move asks for.
    func training() -> [PromotionReason] {
        let needed = rules.rule("training", on: question.on)?.texts("courses", question.move.rawValue) ?? []
        return needed.map { course($0, "training", rule: "training") }
    }

    /// Whether a course was passed.
    func course(_ course: String, _ section: String, rule: String) -> PromotionReason {
        guard let record = latest(trainings.filter { $0.text("course") == course && $0.flag("passed") }) else {
            return missing(
                section, .training, rule: rule, "promotion.missingCourse", waits: "promotion.waitsCourse",
                ["course": "course/\(course)"]
            ) { $0["course"]?.string == course && $0["passed"]?.bool == true }
        }
        return verified(
            reason(
                section, .clear, "promotion.answer",
                ["date": record.date.description, "result": "course/\(course)"], records: [record.recordID],
                rule: rule),
            record)
    }
}
