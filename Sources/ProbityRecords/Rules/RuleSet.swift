import CanonicalJSON
import ProbitySchema

// Format of Schema/Rules/rules-{impact,musts,facts,rank,leads,events,drinking,calendar}.json:
//
//   {"rules": [{"ruleId", "edition", "effectiveFrom", "effectiveTo", "source": {"zh", "en"}, "confidence",
//              "value": {…}}]}
//
// Rows of one ruleId are its editions, of which no two are in force on one day; a decision is judged by the edition in force
// on its own date. Numbers of law stand here and nowhere in code. What each value holds: RuleShape.swift.

/// The rules that questions are answered by, in all their editions.
public struct RuleSet: Sendable {
    private let editions: [String: [Rule]]
    /// All rows, canonical: what an answer's digest of the rules is taken over.
    public let canonicalBytes: [UInt8]
    /// Which days are worked on (工作日历), from the rows of the rule `calendar`.
    public let calendar: WorkingCalendar

    /// - Throws: ``SchemaError`` naming file and member.
    public init(files: [KindCatalogue.File]) throws(SchemaError) {
        var editions: [String: [Rule]] = [:]
        var all: [JSONValue] = []
        for file in files {
            let reader = try SchemaReader(file: file.name, bytes: file.bytes)
            _ = try reader.members(["rules"])
            for row in try reader.required("rules").elements() {
                let rule = try RuleSet.read(row)
                let others = editions[rule.ruleID, default: []]
                if others.contains(where: { $0.edition == rule.edition }) {
                    throw row.failure("the edition \(rule.edition) of \(rule.ruleID) is there twice")
                }
                if others.contains(where: { $0.overlaps(rule) }) {
                    throw row.failure("two editions of \(rule.ruleID) are in force on one day")
                }
                editions[rule.ruleID] = others + [rule]
                all.append(row.value)
            }
        }
        self.editions = editions
        self.canonicalBytes = JSONValue.array(all).canonicalBytes
        self.calendar = WorkingCalendar(editions["calendar"] ?? [])
    }

    private static func read(_ row: SchemaReader) throws(SchemaError) -> Rule {
        _ = try row.members(["ruleId", "edition", "effectiveFrom", "effectiveTo", "source", "confidence", "value"])
        let from = try row.required("effectiveFrom")
        guard let effectiveFrom = CivilDate(try from.text()) else { throw from.failure("no date") }
        var effectiveTo: CivilDate?
        if let to = row.optional("effectiveTo") {
            guard let date = CivilDate(try to.text()) else { throw to.failure("no date") }
            guard date >= effectiveFrom else { throw to.failure("an edition ends before it begins") }
            effectiveTo = date
        }
        let id = try row.required("ruleId").text()
        let value = try row.required("value")
        try RuleShape.check(id, value)
        return Rule(
            ruleID: id, edition: try row.required("edition").text(), effectiveFrom: effectiveFrom,
            effectiveTo: effectiveTo, source: try row.required("source").labels(),
            confidence: try Confidence.read(row), value: value.value)
    }

    /// The rules embedded in the program, read once.
    ///
    /// - Throws: ``SchemaError`` when an embedded file is damaged.
    public static func standard() throws(SchemaError) -> RuleSet { try reading.get() }

    /// The rules embedded in the program; nil where a file of them is damaged, which ``standard()`` reports.
    static var embedded: RuleSet? {
        if case .success(let rules) = reading { rules } else { nil }
    }

    private static let reading: Result<RuleSet, SchemaError> = Result { () throws(SchemaError) in
        var files: [KindCatalogue.File] = []
        for area in ["impact", "musts", "facts", "rank", "leads", "events", "drinking", "calendar"] {
            files.append(try Schema.rule("rules-\(area).json"))
        }
        return try RuleSet(files: files)
    }

    /// The edition of a rule that was in force on `date`.
    public func rule(_ id: String, on date: CivilDate) -> Rule? {
        editions[id]?.first { $0.isInForce(on: date) }
    }

    /// The edition of a rule by its name, whenever it was in force: what a decision cites.
    public func rule(_ id: String, edition: String) -> Rule? {
        editions[id]?.first { $0.edition == edition }
    }

    /// The edition of a rule for a decision of `day`: the one in force, else the last before it. A decision older than every
    /// edition is judged by the oldest, and marked.
    ///
    /// Source: domain.md §8.4.
    func edition(_ id: String, decidedOn day: CivilDate) -> (rule: Rule, isOlderThanRule: Bool)? {
        if let rule = rule(id, on: day) { return (rule, false) }
        let known = (editions[id] ?? []).sorted { $0.effectiveFrom < $1.effectiveFrom }
        if let before = known.last(where: { $0.effectiveFrom <= day }) { return (before, false) }
        return known.first.map { ($0, true) }
    }

    /// Every rule there is, by name, each with its editions in the order of the files.
    public var allRules: [(id: String, editions: [Rule])] {
        editions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
