public import CanonicalJSON

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
    /// The day asked about; what was decided later is not there yet.
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
    /// A code of the list `personCategory`.
    public let personCategory: String
    /// In any order, of any kind: kinds that no rule reads are passed over.
    public let facts: [RecordFact]
    /// What the reader could not see. It never improves an answer: every gap in what the check reads is a hold.
    public let unseen: Coverage
    /// The officer's values in the roster: rank, rankSince, postLevel and the others of the kind `officer`.
    public let roster: [String: JSONValue]
    /// Whether the roster says that he has left.
    public let hasLeft: Bool

    public init(
        officerID: String, personCategory: String, facts: [RecordFact], unseen: Coverage = .complete,
        roster: [String: JSONValue] = [:], hasLeft: Bool = false
    ) {
        self.hasLeft = hasLeft
        self.officerID = officerID
        self.personCategory = personCategory
        self.facts = facts
        self.unseen = unseen
        self.roster = roster
    }
}

/// What a part of the answer comes to, from the mildest to the worst.
public enum PromotionVerdict: String, Sendable, Comparable {
    /// The check is not for this category of persons.
    case notApplicable
    case clear
    /// A fact beside a clear answer.
    case listed
    /// The archive holds no data that would answer it; the answer as a whole is then at best a hold.
    case notChecked
    /// Missing, pending, stale, or waiting for a human judgement.
    case hold
    /// An adverse finding about the person, or a period that is running.
    case blocked

    private var weight: Int {
        switch self {
        case .notApplicable: 0
        case .clear: 1
        case .listed: 2
        case .notChecked: 3
        case .hold: 4
        case .blocked: 5
        }
    }

    public static func < (one: PromotionVerdict, other: PromotionVerdict) -> Bool { one.weight < other.weight }
}

/// One part of an answer: what was found, in which records, by which rule.
public struct PromotionReason: Sendable, Equatable {
    /// must1 … must4, impact, appraisal, training, rank, coverage or person.
    public let section: String
    public let verdict: PromotionVerdict
    /// Key of the sentence in the message catalogue, and what goes into it.
    public let message: String
    public let params: [String: String]
    /// Keys of sentences that say how the reason was judged where that was not by the ordinary edition of its rule.
    public let notes: [String]
    /// The records that it rests on; none when the point is that one is missing.
    public let recordIDs: [String]
    public let ruleID: String
    public let edition: String
    /// What the rule follows, as the rule names it; nil where there is no rule.
    public let source: Labels?
    public let confidence: String
    /// First day on which the reason no longer blocks.
    public let until: CivilDate?

    init(
        section: String, verdict: PromotionVerdict, message: String, params: [String: String], notes: [String] = [],
        recordIDs: [String], ruleID: String, edition: String, source: Labels?, confidence: String, until: CivilDate?
    ) {
        self.section = section
        self.verdict = verdict
        self.message = message
        self.params = params
        self.notes = notes
        self.recordIDs = recordIDs
        self.ruleID = ruleID
        self.edition = edition
        self.source = source
        self.confidence = confidence
        self.until = until
    }

    /// A reason that rests on an edition found already.
    init(
        section: String, verdict: PromotionVerdict, message: String, params: [String: String], notes: [String] = [],
        recordIDs: [String], rule: Rule, until: CivilDate?
    ) {
        self.init(
            section: section, verdict: verdict, message: message, params: params, notes: notes, recordIDs: recordIDs,
            ruleID: rule.ruleID, edition: rule.edition, source: rule.source, confidence: rule.confidence, until: until)
    }

    /// The same reason as a hold, with why it is no more.
    func held(note: String) -> PromotionReason { noted(note, .hold, until: nil) }

    /// The same reason with something that people should know.
    func noted(_ note: String) -> PromotionReason { noted(note, verdict, until: until) }

    private func noted(_ note: String, _ verdict: PromotionVerdict, until: CivilDate?) -> PromotionReason {
        PromotionReason(
            section: section, verdict: verdict, message: message, params: params, notes: notes + [note],
            recordIDs: recordIDs, ruleID: ruleID, edition: edition, source: source, confidence: confidence, until: until
        )
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "section": .string(section), "verdict": .string(verdict.rawValue), "message": .string(message),
            "params": .object(params.mapValues { .string($0) }), "records": .array(recordIDs.map { .string($0) }),
            "rule": .string(ruleID), "edition": .string(edition), "source": .string(source?.zh ?? ""),
            "confidence": .string(confidence), "until": until.map { .string($0.description) } ?? .null,
        ]
        if !notes.isEmpty { members["notes"] = .array(notes.map { .string($0) }) }
        return .object(members)
    }
}

/// The answer about one candidate. It reports facts and rules; people decide.
public struct PromotionAnswer: Sendable, Equatable {
    public let officerID: String
    public let question: PromotionQuestion
    /// The worst of the parts.
    public let verdict: PromotionVerdict
    /// The latest end among the blocking reasons; nil when one of them has no end, when nothing blocks, or when a part was
    /// out of the reader's reach.
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
}
