import CanonicalJSON

/// The kinds that the promotion check reads. Any other is passed over: a complaint never counts, a lead is known through
/// the discipline team's opinion and signal only.
enum CandidateKind: String, CaseIterable {
    case sanction, admonition, verification, useJudgement, fileReview, opinion, appraisal, training, leadSignal
    case accountability

    /// The field that says when what the record tells came to be; nil where it is the day of filing: a signal's own date is
    /// nobody's to choose.
    var dateField: String? {
        switch self {
        case .sanction, .admonition, .appraisal, .accountability: "decidedOn"
        case .verification: "checkedOn"
        case .useJudgement: "judgedOn"
        case .fileReview: "reviewedOn"
        case .opinion: "repliedOn"
        case .training: "completedOn"
        case .leadSignal: nil
        }
    }

    /// Where a doubt about such a record stands in the answer.
    var section: String {
        switch self {
        case .sanction, .admonition, .useJudgement, .accountability: "impact"
        case .verification: "must2"
        case .fileReview: "must1"
        case .opinion: "must3"
        case .leadSignal: "must4"
        case .appraisal: "appraisal"
        case .training: "training"
        }
    }
}

/// A record as it stood at the end of the day asked about.
///
/// It counts with its newest version in a state that the rule `facts.<kind>` names. A correction that waits to be verified
/// leaves that version in force and is a reason to hold; a state that ends a record (withdrawn) leaves nothing of it.
struct CandidateRecord {
    /// A place in the order of filings.
    struct Filing: Comparable {
        let on: CivilDate
        let sequence: UInt64

        /// What was found in the old files was known where they lay, since its own date: when somebody entered it is no news.
        init(_ version: RecordFact.Version, of kind: CandidateKind) {
            on = version.asFound ? min(version.date(of: kind), version.filedOn) : version.filedOn
            sequence = version.filedSequence
        }

        static func < (one: Filing, other: Filing) -> Bool {
            (one.on, one.sequence) < (other.on, other.sequence)
        }
    }

    /// In which states a kind counts, from the rule `facts.<kind>`. Without one every state counts, and holds.
    struct Counting {
        let isKnown: Bool
        private let states: [String]
        private let ends: [String]
        let holdsAsFound: Bool

        init(_ kind: CandidateKind, on day: CivilDate, _ rules: RuleSet) {
            let rule = rules.rule("facts.\(kind.rawValue)", on: day)
            isKnown = rule != nil
            states = rule?.texts("states") ?? []
            ends = rule?.texts("ends") ?? []
            holdsAsFound = rule?.text("asFound") == RuleShape.AsFound.hold.rawValue
        }

        func counts(_ version: RecordFact.Version) -> Bool { !isKnown || states.contains(version.state) }
        func ends(_ version: RecordFact.Version) -> Bool { ends.contains(version.state) }
    }

    let recordID: String
    let kind: CandidateKind
    let firstFiled: Filing
    /// When what is in force was filed: a change files it anew, verifying the same values again does not.
    let changed: Filing
    /// The state in force.
    let state: String
    /// The day of what is in force.
    let date: CivilDate
    /// The earlier of ``date`` and that of a correction that waits; nil where none does.
    let waitingSince: CivilDate?
    /// It was found in the old files, and nobody here has confirmed it: whatever it tells comes to a hold.
    let isUnconfirmed: Bool
    /// When a lead was established, each time; what came after takes none of it back.
    let established: [Filing]
    private let values: [String: JSONValue]
    private let day: CivilDate

    /// Nil where the record counts for nothing on `day`.
    init?(_ fact: RecordFact, _ kind: CandidateKind, on day: CivilDate, _ states: Counting) {
        var inForce: RecordFact.Version?
        var changed: Filing?
        var first: Filing?
        var waiting: RecordFact.Version?
        var established: [Filing] = []
        for version in fact.versions where version.existsFrom <= day {
            first = first ?? Filing(version, of: kind)
            if states.counts(version) {
                if inForce?.values != version.values || inForce?.state != version.state {
                    changed = Filing(version, of: kind)
                    let isSaid = version.values["established"]?.bool ?? false
                    if isSaid, inForce?.values["established"] != true { established.append(Filing(version, of: kind)) }
                }
                inForce = version
                waiting = states.isKnown ? nil : version
            } else if states.ends(version) {
                inForce = nil
                waiting = nil
            } else if inForce != nil {
                waiting = version
            }
        }
        guard let inForce, let changed, let first else { return nil }
        if inForce.values["revokedOn"] != nil || Self.isRevoked(fact, states) { return nil }
        recordID = fact.recordID
        self.kind = kind
        firstFiled = first
        self.changed = changed
        state = inForce.state
        date = inForce.date(of: kind)
        waitingSince = waiting.map { min($0.date(of: kind), inForce.date(of: kind)) }
        isUnconfirmed = inForce.asFound && states.holdsAsFound
        self.established = established
        values = inForce.values
        self.day = day
    }

    /// Whether a record that never counted by `day` may come to count: it was filed by then, is not ended, and waits to be
    /// verified. It decides nothing, and is not to be overlooked.
    static func waits(_ fact: RecordFact, on day: CivilDate, _ states: Counting) -> Bool {
        let filed = fact.versions.filter { $0.existsFrom <= day }
        guard let newest = filed.last, !states.ends(newest), !filed.contains(where: states.counts) else { return false }
        return !isRevoked(fact, states)
    }

    /// Whether a correction waits that takes back what ended the record: the revocation of its decision.
    static func takesBack(_ fact: RecordFact, on day: CivilDate, _ states: Counting) -> Bool {
        let filed = fact.versions.filter { $0.existsFrom <= day }
        guard let newest = filed.last, let counted = filed.last(where: states.counts), !states.counts(newest) else {
            return false
        }
        return !states.ends(newest) && counted.values["revokedOn"] != nil && newest.values["revokedOn"] == nil
    }

    /// Whether a decision on the record was revoked. A revocation cancels the measure from its start, so it works backwards:
    /// it is the one thing filed after the day that counts. It does once its version is in force.
    private static func isRevoked(_ fact: RecordFact, _ states: Counting) -> Bool {
        fact.versions.last(where: states.counts)?.values["revokedOn"] != nil
    }

    func text(_ field: String) -> String? { values[field]?.string }
    func flag(_ field: String) -> Bool { values[field]?.bool ?? false }
    func integer(_ field: String) -> Int? { values[field]?.integer.map { Int($0) } }

    /// A date of the record, where it has come by the day asked about: an event of later has not happened.
    func happened(_ field: String) -> CivilDate? {
        values[field]?.string.flatMap { CivilDate($0) }.flatMap { $0 <= day ? $0 : nil }
    }

    /// A date that may lie ahead, such as the day on which a decision takes effect.
    func planned(_ field: String) -> CivilDate? { values[field]?.string.flatMap { CivilDate($0) } }
}

extension RecordFact.Version {
    /// When what it tells came to be.
    fileprivate func date(of kind: CandidateKind) -> CivilDate {
        guard let field = kind.dateField else { return filedOn }
        return values[field]?.string.flatMap { CivilDate($0) } ?? occurredOn
    }
}
