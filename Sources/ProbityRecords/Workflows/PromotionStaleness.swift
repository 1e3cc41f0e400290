// When an answer to a must is no longer good enough (domain.md §8.4): it is too old, or something adverse was filed or
// changed after it, so that it cannot have known it. An answer is as old as its own date, not as its filing: an old reply
// that is entered late is an old reply.

extension PromotionEvaluation {
    /// An answer is valid through day `days` after its date.
    func isStale(_ date: CivilDate) -> Bool {
        guard let days = validity?.number("days") else { return true }
        return question.on.daysSinceEpoch - date.daysSinceEpoch > days
    }

    /// The clear answer of a must as it is, or the reason why it no longer stands.
    ///
    /// An answer against the candidate does not get better by being old, and stays as it is.
    func upheld(_ answer: PromotionReason, _ record: CandidateRecord) -> PromotionReason {
        guard answer.verdict == .clear else { return verified(answer, record) }
        if isStale(record.date) {
            return reason(
                answer.section, .hold, "promotion.stale",
                ["date": record.date.description, "days": String(validity?.number("days") ?? 0)],
                records: [record.recordID], rule: "must.validity")
        }
        if let adverse = adverse(after: record, in: answer.section) {
            return reason(
                answer.section, .hold, "promotion.staleAdverse", records: [record.recordID, adverse.recordID],
                rule: "must.stale")
        }
        return verified(answer, record)
    }

    /// An answer that rests on a record as found in the old files, and that nobody here confirmed: what it says for the
    /// candidate does not clear him, and what it says against him is a question for people.
    func verified(_ answer: PromotionReason, _ record: CandidateRecord) -> PromotionReason {
        guard answer.verdict < .hold, record.isUnconfirmed else { return milder(answer, record) }
        return reason(
            answer.section, .hold, "promotion.asFound", ["date": record.date.description], records: answer.recordIDs,
            rule: "facts.\(record.kind.rawValue)")
    }

    /// An answer against the candidate is at most a hold where it rests on such a record.
    func milder(_ answer: PromotionReason, _ record: CandidateRecord) -> PromotionReason {
        guard record.isUnconfirmed, answer.verdict >= .hold else { return answer }
        return answer.held(note: "promotion.note.asFound")
    }

    /// An adverse record that was filed or changed after `answer` was given.
    private func adverse(after answer: CandidateRecord, in section: String) -> CandidateRecord? {
        let kinds = rules.rule("must.stale", on: question.on)?.texts("sections", section) ?? []
        return adverse.first {
            kinds.contains($0.kind.rawValue) && $0.recordID != answer.recordID && !restsOn($0, answer)
                && news($0).contains { isLater($0, than: answer) }
        }
    }

    private func isLater(_ filing: CandidateRecord.Filing, than answer: CandidateRecord) -> Bool {
        if filing.on != answer.date { return filing.on > answer.date }
        // Within one day the lines tell, where the answer was filed on the day it was given. Entered later, its line says
        // nothing of that day: what was filed then counts as not known.
        return answer.firstFiled.on != answer.date || filing.sequence > answer.firstFiled.sequence
    }

    /// The measure that a verification led to is no news to it.
    private func restsOn(_ measure: CandidateRecord, _ answer: CandidateRecord) -> Bool {
        answer.kind == .verification && measure.text("basisNo") != nil
            && measure.text("basisNo") == answer.text("documentNo")
    }

    /// When a record against the candidate was filed or changed: a signal with each lead that was established, and the one
    /// that is open.
    private func news(_ record: CandidateRecord) -> [CandidateRecord.Filing] {
        guard record.kind == .leadSignal else { return [record.changed] }
        return record.established + (isRaised(record) ? [record.changed] : [])
    }

    /// An open lead, or one that was ever closed as established.
    func isAdverse(_ signal: CandidateRecord) -> Bool { !news(signal).isEmpty }
}
