public import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
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
        try look("promote.check") { db, details -> Plan in
            details.fields["query"] = queries?.joined(separator: " ") ?? "*"
            details.fields["on"] = question.on.description
            details.fields["rules"] = digest
            try demandAct(.promotionCheck)
            let officers = try queries?.map { try locate($0, db) }
            for officer in officers ?? [] { try demandNoRecusal(officer) }
            try demandPurpose(&details)
            if let officers { details.fields["officers"] = officers.map { OfficerID($0).text }.joined(separator: " ") }
            return Plan(
                officers: officers, units: officers == nil ? try visibleUnits(.roster, db) : [],
                size: try LedgerTable.size(db))
        } reveal: { db, plan in
            func answer(_ id: Int64) throws {
                let officer = try rosterEntry(id, db)
                var facts: [RecordFact] = []
                for category in [ProbityRecords.Category.events, .duty, .sanctions, .opinions] {
                    for entry in try records(in: category, of: officer, db) {
                        facts.append(
                            RecordFact(
                                recordID: entry.id.text, kind: entry.content.kind, state: entry.content.state,
                                occurredOn: entry.content.occurredOn, filedSequence: entry.firstFiledSequence,
                                values: entry.content.values))
                    }
                }
                let candidate = CandidateFacts(
                    officerID: officer.id.text, personCategory: officer.personCategory, facts: facts)
                try receive(
                    PromotionResult(
                        officer: officer, answer: PromotionCheck.evaluate(candidate, question: question, rules: rules),
                        ledgerSize: plan.size, rulesDigest: digest))
            }
            if let officers = plan.officers {
                for officer in officers { try answer(officer) }
                return
            }
            for unit in plan.units {
                for officer in try officerIDs(unit: unit, db) where officer != certificate.officer {
                    try answer(officer)
                }
            }
        }
    }
}
