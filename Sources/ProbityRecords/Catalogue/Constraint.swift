import CanonicalJSON

/// A rule over several fields of a kind (member `constraints` of a kind file).
///
///   {"id": "engagement.managed", "when": {"guests": ["managed"]}, "refuse": true, "source": "…", "confidence": "C"}
///
/// `when` names the values that make the rule apply (Condition.swift). What it demands is one of `refuse` (true), `require` and `forbid` (fields),
/// `differ` (two fields that may not name the same person), `order` (two date fields, the earlier first), `within`
/// (`{"from", "to", "months" or "days"}`: two date fields and how far apart they may lie). `states` limits the rule to
/// records in these states. `severity` is `error` or `warning`. The sentence for people is the message `rule.<id>`.
public struct Constraint: Sendable, Hashable {
    enum Demand: Sendable, Hashable {
        case refuse
        case require([String])
        case forbid([String])
        case differ(String, String)
        case order(String, String)
        case within(from: String, to: String, months: Int, days: Int)
    }

    public let id: String
    let when: Condition
    let states: Set<String>
    let demand: Demand
    let severity: FieldProblem.Severity

    init(_ reader: SchemaReader, fields: [String: Field], states known: [String]) throws(SchemaError) {
        let demands = ["refuse", "require", "forbid", "differ", "order", "within"]
        let members = try reader.members(
            Set(["id", "when", "states", "severity", "source", "confidence"] + demands))
        id = try reader.required("id").text()
        _ = try reader.required("source").text()
        _ = try Confidence.read(reader)
        severity = try reader.optional("severity")?.oneOf(FieldProblem.Severity.self) ?? .error
        when = try Condition(reader.optional("when"), fields: fields)
        let states = try reader.optional("states")?.texts() ?? known
        for state in states where !known.contains(state) {
            throw try reader.required("states").failure("the kind has no state '\(state)'")
        }
        self.states = Set(states)
        let given = demands.filter { members[$0] != nil }
        guard given.count == 1, let demand = given.first else {
            throw reader.failure("exactly one of \(demands.joined(separator: ", ")) is expected")
        }
        let demandReader = try reader.required(demand)
        if demand == "refuse" {
            guard try demandReader.flag() else { throw demandReader.failure("true is expected") }
            self.demand = .refuse
            return
        }
        if demand == "within" {
            _ = try demandReader.members(["from", "to", "months", "days"])
            let names = [try demandReader.required("from").text(), try demandReader.required("to").text()]
            for name in names where fields[name]?.type != .date { throw demandReader.failure("'\(name)' is no date") }
            let months = try demandReader.optional("months")?.integer() ?? 0
            let days = try demandReader.optional("days")?.integer() ?? 0
            guard months >= 0, days >= 0, months + days > 0 else {
                throw demandReader.failure("months or days are expected")
            }
            self.demand = .within(from: names[0], to: names[1], months: months, days: days)
            return
        }
        let names = try demandReader.texts()
        for name in names where fields[name] == nil { throw demandReader.failure("the kind has no field '\(name)'") }
        switch demand {
        case "require": self.demand = .require(names)
        case "forbid": self.demand = .forbid(names)
        default:
            guard names.count == 2 else { throw demandReader.failure("two fields are expected") }
            if demand == "order" {
                for name in names where fields[name]?.type != .date {
                    throw demandReader.failure("'\(name)' is no date")
                }
                self.demand = .order(names[0], names[1])
            } else {
                self.demand = .differ(names[0], names[1])
            }
        }
    }

    func problems(_ values: [String: JSONValue], state: String) -> [FieldProblem] {
        guard states.contains(state), when.holds(values) else { return [] }
        func problem(_ field: String, _ code: FieldProblem.Code) -> FieldProblem {
            FieldProblem(field, code, severity: severity, rule: id)
        }
        switch demand {
        case .refuse:
            return [problem(when.values.keys.sorted().first ?? "", .refusedByRule)]
        case .require(let names):
            return names.filter { values[$0] == nil }.map { problem($0, .requiredByRule) }
        case .forbid(let names):
            return names.filter { values[$0] != nil }.map { problem($0, .forbiddenByRule) }
        case .differ(let one, let other):
            let same = !Self.names(values[one]).isDisjoint(with: Self.names(values[other]))
            return same ? [problem(other, .samePerson)] : []
        case .order(let earlier, let later):
            // The spelling YYYY-MM-DD sorts as the dates do.
            guard let first = values[earlier]?.string, let second = values[later]?.string, second < first else {
                return []
            }
            return [problem(later, .dateOrder)]
        case .within(let from, let to, let months, let days):
            guard let first = values[from]?.string.flatMap({ CivilDate($0) }),
                let second = values[to]?.string.flatMap({ CivilDate($0) }),
                first.adding(months: months).adding(days: days) < second
            else { return [] }
            return [problem(to, .tooFarApart)]
        }
    }

    /// The persons a text names, separated by commas, enumeration commas, semicolons, slashes or spaces.
    static func names(_ value: JSONValue?) -> Set<String> {
        let separators: Set<Character> = [",", "，", "、", ";", "；", "/", " ", "\n", "\u{3000}"]
        return Set((value?.string ?? "").split(whereSeparator: { separators.contains($0) }).map(String.init))
    }
}
