import CanonicalJSON
import ProbityRecords
import ProbityStore

/// What rules say about a record beside its values: how late a report is, which level a registration comes to.
struct DerivedFacts {
    /// One fact.
    struct Fact: Equatable {
        let key: String
        let value: JSONValue
    }

    let facts: [Fact]
    /// The facts as sentences.
    let sentences: [String]

    init(_ content: VersionContent, _ words: Vocabulary) {
        switch content.kind {
        case "majorEvent":
            guard let late = EventLateness(values: content.values, rules: words.rules) else { break }
            facts = [
                Fact(key: "days", value: .integer(Int64(late.days))),
                Fact(key: "lateDays", value: .integer(Int64(late.lateDays))),
                Fact(key: "rule", value: .string(late.rule.ruleID)),
            ]
            let key = late.days < 0 ? "cli.before" : late.isFromKnown ? "cli.sinceKnown" : "cli.sinceEvent"
            let when = words.text(key, ["days": String(abs(late.days))])
            sentences = [
                late.lateDays > 0
                    ? words.text("cli.late", ["when": when, "late": String(late.lateDays)])
                    : words.text("cli.inTime", ["when": when])
            ]
            return
        case "drinkingRisk":
            guard let risk = DrinkingLevel(values: content.values, on: content.occurredOn, rules: words.rules) else {
                break
            }
            facts = [
                Fact(key: "level", value: .string("L\(risk.level)")),
                Fact(key: "rule", value: .string(risk.rule.ruleID)),
            ]
            sentences = [words.text("cli.drinkingLevel", ["level": "L\(risk.level)"])]
            return
        default: break
        }
        (facts, sentences) = ([], [])
    }

    var json: JSONValue { .object(facts.reduce(into: [:]) { $0[$1.key] = $1.value }) }
}
