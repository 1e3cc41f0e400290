import ProbityRecords
import ProbityStore

/// About whom and for what the four musts (凡提四必) are asked.
public struct PromotionInquiry: Sendable {
    /// Nil for everybody in the user's scope.
    let officers: [String]?
    let move: PromotionMove

    /// - Parameters:
    ///   - officers: numbers, ID numbers, names or identifiers.
    ///   - everybody: instead of naming any.
    ///   - move: code of what is planned (拟任事项), for example `promotion`.
    /// - Throws: ``OfficeError`` `usage`.
    public init(officers: [String], everybody: Bool, move: String) throws {
        guard everybody != !officers.isEmpty else { throw OfficeError(.usage, "cli.officerOrAll") }
        self.officers = everybody ? nil : officers
        self.move = try Named.move(move)
    }
}

/// The answer about one candidate. Of several candidates every headline comes first, the details behind them all.
public struct CandidateAnswer: Sendable, Equatable {
    /// Number and name.
    public let candidate: String
    /// Number, name, unit, verdict and until when, in one line.
    public let headline: String
    /// Every reason with its rule and records.
    public let details: [String]
    /// The answer for programs.
    public let json: JSONAnswer
    public let outcome: Outcome
}

extension Desk {
    /// Answers the four musts for one candidate after the other; a batch is one act.
    ///
    /// - Parameter receive: gets the candidates in the order in which they were named; everybody unit by unit, in that
    ///   of police numbers.
    /// - Returns: how it ended, by the worst of the answers, with what is to be said below them: who was not among the
    ///   candidates though everybody was asked for.
    public func checkPromotion(_ inquiry: PromotionInquiry, receive: (CandidateAnswer) throws -> Void) throws -> (
        outcome: Outcome, notes: [Answer.Note]
    ) {
        var worst: PromotionVerdict?
        let read = try session.checkPromotion(inquiry.officers, move: inquiry.move) { result in
            worst = max(worst ?? .notApplicable, result.answer.verdict)
            let inWords = PromotionWords(result, words)
            try receive(
                CandidateAnswer(
                    candidate: "\(result.officer.policeNo)  \(result.officer.name)", headline: inWords.headline,
                    details: inWords.details, json: JSONAnswer(asIs: result.json),
                    outcome: Outcome(result.answer.verdict)))
        }
        let notice = CoverageNotice(read.coverage, words)
        // Nobody was asked about and nobody could be: that is no clear answer.
        let all = Outcome(worst ?? .clear)
        let outcome = all == .done && notice.outcome != .done ? .promotionPending : all
        return (outcome, notice.notes + [.remark(words.text("promotion.peopleDecide"))])
    }
}

extension Outcome {
    init(_ verdict: PromotionVerdict) {
        switch verdict {
        case .blocked: self = .promotionFindings
        // A question that the check does not answer is answered by people, never clear.
        case .hold, .notApplicable: self = .promotionPending
        case .clear, .listed, .notChecked: self = .done
        }
    }
}

/// The answer about one candidate in words: his verdict, then every reason with its rule and records.
struct PromotionWords {
    let headline: String
    let details: [String]

    init(_ result: PromotionResult, _ words: Vocabulary) {
        let answer = result.answer
        let verdict = words.text("promotion.verdict.\(answer.verdict.rawValue)")
        let until = answer.until.map { words.text("promotion.until", ["date": $0.description]) } ?? ""
        let count = Set(answer.reasons.filter { PromotionWords.isWaiting($0) }.flatMap(\.recordIDs)).count
        headline = words.text(
            "promotion.headline",
            [
                "number": result.officer.policeNo, "name": result.officer.name, "unit": result.officer.unit,
                "verdict": verdict, "until": until, "on": answer.question.on.description,
                "move": words.phrase("move/\(answer.question.move.rawValue)"),
                "waiting": count == 0 ? "" : words.text("promotion.waitingCount", ["count": String(count)]),
            ])
        var lines: [String] = []
        // What nobody has filed is one line, not one a part: it must not bury what was filed.
        let unseen = answer.reasons.filter { $0.message == PromotionWords.notSeen }.compactMap { $0.params["category"] }
        // Where a category could not be read nobody knows what is missing in it: its notice stands for that.
        let reasons = answer.reasons.filter { reason in
            guard [PromotionWords.missing, PromotionWords.missingCourse].contains(reason.message),
                let id = PromotionWords.kinds[reason.section], let kind = words.catalogue.kind(id)
            else { return true }
            return !unseen.contains("category/\(kind.category.rawValue)")
        }
        let missing = reasons.filter { $0.message == PromotionWords.missing }
        // A part that says of a record that it waits needs no second line that says so.
        let waiting = Set(reasons.filter { PromotionWords.waits.contains($0.message) }.flatMap(\.recordIDs))
        for reason in reasons where reason.message != PromotionWords.missing {
            if reason.message == PromotionWords.unverified, waiting.isSuperset(of: reason.recordIDs) { continue }
            lines += PromotionWords.lines(reason, words)
        }
        if !missing.isEmpty {
            let parts = missing.map { words.text("promotion.section.\($0.section)") }
            let verdict = words.text("promotion.verdict.hold")
            lines.append("  [\(verdict)] \(words.text(PromotionWords.missing)): \(words.list(parts))")
        }
        details = lines
    }

    private static let missing = "promotion.missing"
    private static let missingCourse = "promotion.missingCourse"
    private static let waits: Set = ["promotion.waits", "promotion.waitsCourse"]
    private static let unverified = "promotion.unverified"
    /// Whether a reason speaks of what was filed and nobody has verified.
    private static func isWaiting(_ reason: PromotionReason) -> Bool {
        reason.message == unverified || waits.contains(reason.message)
    }
    private static let notSeen = "promotion.notSeen"
    /// Of which kind the record is whose absence a section tells.
    private static let kinds = [
        "must1": "fileReview", "must2": "verification", "must3": "opinion", "must4": "opinion",
        "appraisal": "appraisal", "training": "training", "rank": "training",
    ]
    /// Before the code of why a part was not seen.
    private static let cause = "coverage/"

    private static func lines(_ reason: PromotionReason, _ words: Vocabulary) -> [String] {
        let params = reason.params.mapValues { value in
            value.hasPrefix(cause) ? words.text("promotion.cause.\(value.dropFirst(cause.count))") : words.phrase(value)
        }
        var text = words.text(reason.message, params)
        if let on = params["on"] { text += "（\(on)）" }
        text += reason.notes.map { "；" + words.text($0, params) }.joined()
        if reason.params["basis"] != nil {
            text +=
                "；"
                + words.text(
                    "promotion.basis", ["document": params["basis"] ?? "", "result": params["basisResult"] ?? ""])
        }
        let verdict = words.text("promotion.verdict.\(reason.verdict.rawValue)")
        let section = words.text("promotion.section.\(reason.section)")
        let records = reason.recordIDs.joined(separator: ", ")
        return [
            "  [\(verdict)] \(section): \(text)",
            "      "
                + words.text(
                    "promotion.source",
                    [
                        "edition": reason.edition.isEmpty ? "–" : reason.edition,
                        "source": reason.source.map(words.label) ?? "–",
                        "confidence": words.confidence(reason.confidence), "records": records.isEmpty ? "–" : records,
                    ]),
        ]
    }
}
