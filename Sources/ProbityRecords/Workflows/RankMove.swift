import CanonicalJSON

// The rank move (晋升警衔) also asks years in rank, the post's range, selection, training and demotion. Source:
// 人民警察警衔条例 Art. 7, 8, 14, 15, 17, 21; domain.md §1.2, §8.4. What the roster does not say is not checked, never clear.

extension PromotionEvaluation {
    func rank() -> [PromotionReason] {
        let order = rules.rule("rank.order", on: question.on)?.texts("ranks") ?? []
        guard let rank = roster["rank"]?.string, let place = order.firstIndex(of: rank) else {
            return [reason("rank", .notChecked, "promotion.rank.unknown", rule: "rank.order")]
        }
        guard place > 0 else { return [reason("rank", .notChecked, "promotion.rank.highest", rule: "rank.order")] }
        var reasons: [PromotionReason] = []
        if rules.rule("rank.selection", on: question.on)?.texts("from").contains(rank) ?? false {
            // 选升 is a choice of people, of which the archive keeps nothing.
            reasons.append(
                reason(
                    "rank", .notChecked, "promotion.rank.selection", ["rank": "rank/\(rank)"], rule: "rank.selection"))
        } else {
            reasons.append(years(in: rank))
        }
        reasons.append(range(for: order[place - 1], order))
        let courses = rules.rule("rank.training", on: question.on)?.texts("courses", rank) ?? []
        reasons += courses.map { course($0, "rank", rule: "rank.training") }
        return reasons
    }

    /// The term in the present rank, whose clock a demotion (警衔降级) starts anew; one that nobody here confirmed is a question.
    private func years(in rank: String) -> PromotionReason {
        let sure = years(in: rank, after: measures.filter { !$0.isUnconfirmed })
        let doubtful = measures.filter(\.isUnconfirmed)
        guard sure.verdict == .clear, !doubtful.isEmpty else { return sure }
        let other = years(in: rank, after: doubtful)
        return other.verdict == .blocked ? other.held(note: "promotion.note.asFound") : sure
    }

    private func years(in rank: String, after measures: [CandidateRecord]) -> PromotionReason {
        guard let since = roster["rankSince"]?.string.flatMap({ CivilDate($0) }), since <= question.on,
            let years = rules.rule("rank.years", on: question.on)?.number("years", rank)
        else { return reason("rank", .notChecked, "promotion.rank.sinceUnknown", rule: "rank.years") }
        let demotions = rules.rule("rank.demotion", on: question.on)?.texts("measures") ?? []
        func start(_ measure: CandidateRecord) -> CivilDate { measure.planned("effectiveOn") ?? measure.date }
        let last = measures.filter { $0.text("measure").map(demotions.contains) ?? false }
            .max { (start($0), $0.recordID) < (start($1), $1.recordID) }
        var (from, id, records) = (since, "rank.years", [String]())
        if let last, start(last) > since { (from, id, records) = (start(last), "rank.demotion", [last.recordID]) }
        let until = from.adding(months: years * 12)
        let params = [
            "rank": "rank/\(rank)", "date": from.description, "years": String(years), "until": until.description,
        ]
        guard question.on < until else {
            return reason("rank", .clear, "promotion.rank.yearsReached", params, records: records, rule: "rank.years")
        }
        let message = records.isEmpty ? "promotion.rank.years" : "promotion.rank.yearsAfterDemotion"
        return reason("rank", .blocked, message, params, records: records, rule: id, until: until)
    }

    /// Whether the next rank lies in the range of the officer's post.
    private func range(for next: String, _ order: [String]) -> PromotionReason {
        guard let post = roster["postLevel"]?.string,
            let highest = rules.rule("rank.range", on: question.on)?.entry("highest", post),
            let limit = order.firstIndex(of: highest), let place = order.firstIndex(of: next)
        else { return reason("rank", .notChecked, "promotion.rank.postUnknown", rule: "rank.range") }
        let isInside = place >= limit
        return reason(
            "rank", isInside ? .clear : .blocked,
            isInside ? "promotion.rank.inRange" : "promotion.rank.aboveRange",
            ["rank": "rank/\(next)", "post": "postLevel/\(post)", "highest": "rank/\(highest)"], rule: "rank.range")
    }
}
