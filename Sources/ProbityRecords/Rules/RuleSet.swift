import CanonicalJSON
import ProbitySchema

// Format of Schema/Rules/rules-{impact,musts,events,drinking}.json:
//
//   {"rules": [{"ruleId", "edition", "effectiveFrom", "effectiveTo", "source", "confidence", "value": {…}}]}
//
// Rows of one ruleId are its editions; a decision is judged by the edition in force on its own date. Numbers of law stand
// here and nowhere in code. Marks of confidence: domain.md, first page.

/// One edition of a rule (规则) with where it comes from and how sure we are of it.
public struct Rule: Sendable, Hashable {
    public let ruleID: String
    public let edition: String
    public let effectiveFrom: CivilDate
    /// The last day on which the edition is in force; nil while it is.
    public let effectiveTo: CivilDate?
    public let source: String
    public let confidence: String
    let value: JSONValue

    func isInForce(on date: CivilDate) -> Bool { effectiveFrom <= date && (effectiveTo.map { date <= $0 } ?? true) }

    /// The text that the member `map` of the value gives for `code`.
    func entry(_ map: String, _ code: String) -> String? { value[map]?[code]?.string }

    func texts(_ member: String, _ key: String) -> [String] { (value[member]?[key]?.array ?? []).compactMap(\.string) }
    func texts(_ member: String) -> [String] { (value[member]?.array ?? []).compactMap(\.string) }
    func number(_ member: String) -> Int? { value[member]?.integer.map { Int($0) } }
}

/// The rules that questions are answered by, in all their editions.
public struct RuleSet: Sendable {
    private let editions: [String: [Rule]]
    /// All rows, canonical: what an answer's digest of the rules is taken over.
    public let canonicalBytes: [UInt8]

    /// - Throws: ``SchemaError`` naming file and member.
    public init(files: [KindCatalogue.File]) throws(SchemaError) {
        var editions: [String: [Rule]] = [:]
        var all: [JSONValue] = []
        for file in files {
            let reader = try SchemaReader(file: file.name, bytes: file.bytes)
            _ = try reader.members(["rules"])
            for row in try reader.required("rules").elements() {
                _ = try row.members([
                    "ruleId", "edition", "effectiveFrom", "effectiveTo", "source", "confidence", "value",
                ])
                let from = try row.required("effectiveFrom")
                guard let effectiveFrom = CivilDate(try from.text()) else { throw from.failure("no date") }
                var effectiveTo: CivilDate?
                if let to = row.optional("effectiveTo") {
                    guard let date = CivilDate(try to.text()) else { throw to.failure("no date") }
                    effectiveTo = date
                }
                let rule = Rule(
                    ruleID: try row.required("ruleId").text(), edition: try row.required("edition").text(),
                    effectiveFrom: effectiveFrom, effectiveTo: effectiveTo, source: try row.required("source").text(),
                    confidence: try row.required("confidence").text(), value: try row.required("value").value)
                let others = editions[rule.ruleID, default: []]
                if others.contains(where: { $0.isInForce(on: effectiveFrom) }) {
                    throw row.failure("two editions of \(rule.ruleID) are in force on \(effectiveFrom)")
                }
                editions[rule.ruleID] = others + [rule]
                all.append(row.value)
            }
        }
        self.editions = editions
        self.canonicalBytes = JSONValue.array(all).canonicalBytes
    }

    /// The rules embedded in the program, read once.
    ///
    /// - Throws: ``SchemaError`` when an embedded file is damaged.
    public static func standard() throws(SchemaError) -> RuleSet { try embedded.get() }

    private static let embedded: Result<RuleSet, SchemaError> = Result { () throws(SchemaError) in
        var files: [KindCatalogue.File] = []
        for name in ["rules-impact.json", "rules-musts.json", "rules-events.json", "rules-drinking.json"] {
            files.append(try Schema.rule(name))
        }
        return try RuleSet(files: files)
    }

    /// The edition of a rule that was in force on `date`.
    public func rule(_ id: String, on date: CivilDate) -> Rule? {
        editions[id]?.first { $0.isInForce(on: date) }
    }
}
