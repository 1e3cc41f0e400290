public import CanonicalJSON
import ProbityCrypto
import ProbityLedger
public import ProbityRecords

/// The answer about one candidate, with what makes it repeatable.
public struct PromotionResult: Sendable {
    public let officer: OfficerEntry
    public let answer: PromotionAnswer
    /// What of the candidate's file the answer does not rest on.
    public let coverage: Coverage
    /// Size and root of the ledger that the answer was read at, and the digest of the rules.
    public let ledgerSize: UInt64
    public let rulesDigest: String

    /// The answer in canonical form: the same ledger, rules and question give the same bytes.
    public var json: JSONValue {
        guard case .object(var members) = answer.json else { return answer.json }
        members["coverage"] = coverage.json
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
    ///
    /// - Parameter queries: numbers, ID numbers, names or identifiers, answered in this order; nil takes everybody in the
    ///   user's scope, unit by unit, in the order of police numbers.
    /// - Returns: how many there were, and who was out of reach where everybody was asked for; what was out of reach of a
    ///   candidate's file is in his result.
    @discardableResult
    public func checkPromotion(
        _ queries: [String]?, move: PromotionMove, receive: (PromotionResult) throws -> Void
    ) throws -> Reading<Int> {
        struct Plan {
            let candidates: [(officer: OfficerEntry, file: Reading<[FilePart]>)]?
            let units: [Unit]
            let coverage: Coverage
            let size: UInt64
        }
        let rules = try RuleSet.standard()
        let digest = SHA256Digest.hash(rules.canonicalBytes).description
        let question = PromotionQuestion(on: questionDate ?? archive.now.date, move: move)
        let details: [Act.Field: String] = [
            .query: queries?.joined(separator: " ") ?? "*", .on: question.on.description, .rules: digest,
        ]
        return try look(.promoteCheck, details) { run, db -> Plan in
            let officers = try queries.map { try roster.locate($0, db) }
            try run.concerns(officers ?? [])
            try run.demandPurpose()
            let size = try Ledger.size(db)
            if let officers {
                run[.officers] = officers.map { OfficerID($0).text }.joined(separator: " ")
                let candidates = try officers.map { id in
                    let officer = try roster.entry(id, db)
                    return (officer: officer, file: try vault.file(of: officer, Session.categories, db))
                }
                let open = Set(candidates.flatMap { $0.file.value.map(\.category) })
                run.reads(
                    Session.categories.filter(open.contains), Coverage(candidates.flatMap(\.file.coverage.gaps)))
                return Plan(candidates: candidates, units: [], coverage: .complete, size: size)
            }
            let organisation = try Organisation(db)
            let people = try vault.reach(.roster, organisation, db)
            let reaches = try Session.categories.map { try vault.reach($0, organisation, db) }
            let coverage = Coverage([people.gap].compactMap(\.self) + actor.withheld([.roster]))
            run.reads(
                reaches.filter { !$0.units.isEmpty }.map(\.category), coverage.adding(reaches.compactMap(\.gap)))
            return Plan(candidates: nil, units: people.units, coverage: coverage, size: size)
        } reveal: { db, plan in
            func answer(_ officer: OfficerEntry, _ file: Reading<[FilePart]>) throws {
                // What the roster says later is not there yet.
                let then =
                    question.on < archive.now.date
                    ? try roster.entry(officer.id.number, asOf: question.on, db) : officer
                let facts = try vault.histories(in: file.value, of: officer, kinds: PromotionCheck.kinds, db)
                let coverage = file.coverage.adding(facts.coverage.gaps)
                let candidate = CandidateFacts(
                    officerID: officer.id.text, personCategory: then.personCategory,
                    facts: facts.value, unseen: coverage, roster: then.values, hasLeft: then.hasLeft)
                try receive(
                    PromotionResult(
                        officer: officer, answer: PromotionCheck.evaluate(candidate, question: question, rules: rules),
                        coverage: coverage, ledgerSize: plan.size, rulesDigest: digest))
            }
            if let candidates = plan.candidates {
                for (officer, file) in candidates { try answer(officer, file) }
                return Reading(candidates.count, plan.coverage)
            }
            var count = 0
            var coverage = plan.coverage
            for unit in plan.units {
                let listed = try roster.officers(of: unit.id, db)
                coverage = coverage.adding(listed.coverage.gaps)
                // His own file is left out (回避).
                let others = listed.value.filter { !actor.isHimself($0) }
                for officer in try roster.inOrderOfNumber(others, db) {
                    try answer(officer, vault.file(of: officer, Session.categories, db))
                }
                count += others.count
            }
            return Reading(count, coverage)
        }
    }
}
