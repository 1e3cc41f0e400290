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

    public init(officerID: String, personCategory: String, facts: [RecordFact]) {
        self.officerID = officerID
        self.personCategory = personCategory
        self.facts = facts
    }
}

/// What a part of the answer comes to, from the mildest to the worst.
public enum PromotionVerdict: String, Sendable, Comparable {
    /// The check is not for this category of persons.
    case notApplicable
    case clear
    /// A fact beside a clear answer.
    case listed
    /// Missing, pending, stale, or waiting for a human judgement.
    case hold
    /// An adverse finding about the person, or a period that is running.
    case blocked

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

/// One part of an answer: what was found, in which records, by which rule.
public struct PromotionReason: Sendable, Equatable {
    /// must1 … must4, impact, appraisal, training or person.
    public let section: String
    public let verdict: PromotionVerdict
    /// Key of the sentence in the message catalogue, and what goes into it.
    public let message: String
    public let params: [String: String]
    /// The records that it rests on; none when the point is that one is missing.
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

/// The answer about one candidate. It reports facts and rules; people decide.
public struct PromotionAnswer: Sendable, Equatable {
    public let officerID: String
    public let question: PromotionQuestion
    /// The worst of the parts.
    public let verdict: PromotionVerdict
    /// The latest end among the blocking reasons; nil when one of them has no end, or when nothing blocks.
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
