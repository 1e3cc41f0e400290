public import CanonicalJSON
import ProbityCrypto
import ProbityLedger
public import ProbityRecords

/// The answer about one candidate, with what makes it repeatable.
public struct PromotionResult: Sendable {
    public let officer: OfficerEntry
    public let answer: PromotionAnswer
    /// Size and root of the ledger that the answer was read at, and the digest of the rules.
    public let ledgerSize: UInt64
    public let rulesDigest: String

    /// The answer in canonical form: the same ledger, rules and question give the same bytes.
    public var json: JSONValue {
        guard case .object(var members) = answer.json else { return answer.json }
        members["ledgerSize"] = .integer(Int64(ledgerSize))
        members["rules"] = .string(rulesDigest)
        members["policeNo"] = .string(officer.policeNo)
        members["name"] = .string(officer.name)
        return .object(members)
    }
}

extension Session {
    /// What the promotion check reads of a candidate.
    private static let categories: [ProbityRecords.Category] = [.events, .duty, .sanctions, .opinions]

    /// Answers the four musts for candidates, one at a time to `receive`.
    ///
    /// The leaf names the candidates and the rules before anything is read; a batch is one act.
    /// - Parameter queries: numbers, ID numbers, names or identifiers; nil takes everybody in the user's scope.
    public func checkPromotion(
        _ queries: [String]?, move: PromotionMove, receive: (PromotionResult) throws -> Void
    ) throws {
        struct Plan {
            let officers: [Int64]?
            let units: [String]
            let size: UInt64
        }
        let rules = try RuleSet.standard()
        let digest = SHA256Digest.hash(rules.canonicalBytes).description
        let question = PromotionQuestion(on: today, move: move)
        let details: [Act.Field: String] = [
            .query: queries?.joined(separator: " ") ?? "*", .on: question.on.description, .rules: digest,
        ]
        try look(.promoteCheck, details) { run, db -> Plan in
            let officers = try queries?.map { try roster.locate($0, db) }
            try run.concerns(officers ?? [])
            try run.demandPurpose()
            if let officers { run[.officers] = officers.map { OfficerID($0).text }.joined(separator: " ") }
            return Plan(
                officers: officers, units: officers == nil ? try vault.visibleUnits(.roster, db) : [],
                size: try Ledger.size(db))
        } reveal: { db, plan in
            func answer(_ officer: OfficerEntry) throws {
                let candidate = CandidateFacts(
                    officerID: officer.id.text, personCategory: officer.personCategory,
                    facts: try Session.categories.flatMap { try vault.histories(in: $0, of: officer, db) },
                    roster: officer.values)
                try receive(
                    PromotionResult(
                        officer: officer, answer: PromotionCheck.evaluate(candidate, question: question, rules: rules),
                        ledgerSize: plan.size, rulesDigest: digest))
            }
            if let officers = plan.officers {
                for officer in officers { try answer(roster.entry(officer, db)) }
                return
            }
            // In the order of police numbers, which people see; that of the hidden numbers says nothing to anybody.
            var candidates: [OfficerEntry] = []
            for unit in plan.units {
                for officer in try roster.officers(of: unit, db) where !actor.isHimself(officer) {
                    candidates.append(try roster.entry(officer, db))
                }
            }
            candidates.sort { ($0.policeNo, $0.id.text) < ($1.policeNo, $1.id.text) }
            for officer in candidates { try answer(officer) }
        }
    }
}
