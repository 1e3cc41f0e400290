import CanonicalJSON

/// A rule over several fields of a kind (member `constraints` of a kind file).
///
///   {"id": "engagement.managed", "when": {"guests": ["managed"]}, "refuse": true, "source": "…", "confidence": "C"}
///
/// `when` names the values that make the rule apply (Condition.swift). What it demands is one of `refuse` (true), `require` and `forbid` (fields),
/// `differ` (two fields that may not name the same person), `order` (date fields: none lies before the first), `within`
/// (`{"from", "to", "months" or "days"}`: two date fields and how far apart they may lie), `lasting` (`{"from", "months",
/// "to"}`: a date field, an integer field of months, and the date field that may not lie before their end), `persons`
/// (`{"field", "count"}`: a text field that names at least so many), `among`
/// (`{"field", "values"}`: the only values a field may have), `notAfterToday` (date fields that may not lie ahead), `guard` (a
/// question that rules answer, by its name in ``NamedGuard``). `states` limits the rule to records in these states.
/// `severity` is `error` or `warning`. The sentence for people is the message `rule.<id>`.
public final class Constraint: Sendable {
    enum Demand: Sendable, Hashable {
        case refuse
        case require([String])
        case forbid([String])
        case differ(String, String)
        case order(String, [String])
        case within(from: String, to: String, months: Int, days: Int)
        case lasting(from: String, months: String, to: String)
        case persons(String, count: Int)
        case among(String, [JSONValue])
        case notAfterToday([String])
        case named(NamedGuard)
    }

    public let id: String
    let when: Condition
    let states: Set<String>
    let demand: Demand
    let severity: FieldProblem.Severity

    /// Date fields that may not lie ahead.
    var happened: [String] { if case .notAfterToday(let names) = demand { names } else { [] } }

    init(_ reader: SchemaReader, fields: [String: Field], states known: [String]) throws(SchemaError) {
        let demands = [
            "refuse", "require", "forbid", "differ", "order", "within", "lasting", "persons", "among", "notAfterToday",
            "guard",
        ]
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
        self.demand = try Self.demand(demand, demandReader, fields)
    }

    private static func demand(
        _ demand: String, _ reader: SchemaReader, _ fields: [String: Field]
    ) throws(SchemaError) -> Demand {
        func checked(_ name: String, _ type: Field.ValueType?, _ reader: SchemaReader) throws(SchemaError) -> String {
            guard let field = fields[name] else { throw reader.failure("the kind has no field '\(name)'") }
            guard type == nil || field.type == type else {
                throw reader.failure("'\(name)' is no \(type?.rawValue ?? "")")
            }
            return name
        }
        func name(_ member: String, _ type: Field.ValueType? = nil) throws(SchemaError) -> String {
            let member = try reader.required(member)
            return try checked(try member.text(), type, member)
        }
        func names(_ type: Field.ValueType? = nil, count: Int? = nil) throws(SchemaError) -> [String] {
            let names = try reader.texts()
            guard count == nil || names.count == count else { throw reader.failure("two fields are expected") }
            for name in names { _ = try checked(name, type, reader) }
            return names
        }
        switch demand {
        case "refuse":
            guard try reader.flag() else { throw reader.failure("true is expected") }
            return .refuse
        case "require": return .require(try names())
        case "forbid": return .forbid(try names())
        case "differ":
            let pair = try names(count: 2)
            return .differ(pair[0], pair[1])
        case "order":
            let dates = try names(.date)
            guard dates.count > 1 else { throw reader.failure("at least two fields are expected") }
            return .order(dates[0], Array(dates.dropFirst()))
        case "within":
            _ = try reader.members(["from", "to", "months", "days"])
            let from = try name("from", .date)
            let to = try name("to", .date)
            let months = try reader.optional("months")?.integer() ?? 0
            let days = try reader.optional("days")?.integer() ?? 0
            guard months >= 0, days >= 0, months + days > 0 else {
                throw reader.failure("months or days are expected")
            }
            return .within(from: from, to: to, months: months, days: days)
        case "lasting":
            _ = try reader.members(["from", "months", "to"])
            return .lasting(
                from: try name("from", .date), months: try name("months", .integer), to: try name("to", .date))
        case "persons":
            _ = try reader.members(["field", "count"])
            let count = try reader.required("count").integer()
            guard (2...9).contains(count) else { throw reader.failure("a count from 2 to 9 is expected") }
            return .persons(try name("field", .text), count: count)
        case "among":
            _ = try reader.members(["field", "values"])
            let values = try reader.required("values").elements().map(\.value)
            return .among(try name("field"), values)
        case "notAfterToday": return .notAfterToday(try names(.date))
        default: return .named(try reader.oneOf(NamedGuard.self))
        }
    }

    /// - Parameters:
    ///   - today: nil leaves unchecked what may not lie ahead.
    ///   - rules: what named guards ask; those embedded in the program when nil.
    func problems(
        _ values: [String: JSONValue], state: String, today: CivilDate? = nil, rules: RuleSet? = nil
    ) -> [FieldProblem] {
        guard states.contains(state), when.holds(values) else { return [] }
        func problem(_ field: String, _ code: FieldProblem.Code) -> FieldProblem {
            FieldProblem(field, code, severity: severity, rule: id)
        }
        func date(_ name: String) -> CivilDate? { values[name]?.string.flatMap { CivilDate($0) } }
        switch demand {
        case .refuse:
            return [problem(when.values.keys.sorted().first ?? "", .refusedByRule)]
        case .require(let names):
            return names.filter { values[$0] == nil }.map { problem($0, .requiredByRule) }
        case .forbid(let names):
            return names.filter { values[$0] != nil }.map { problem($0, .forbiddenByRule) }
        case .differ(let one, let other):
            guard let one = values[one], let another = values[other] else { return [] }
            let same = !Self.names(one).isDisjoint(with: Self.names(another))
            return same ? [problem(other, .samePerson)] : []
        case .order(let earlier, let later):
            // The spelling YYYY-MM-DD sorts as the dates do.
            guard let first = values[earlier]?.string else { return [] }
            return later.filter { values[$0]?.string.map { $0 < first } ?? false }.map { problem($0, .dateOrder) }
        case .within(let from, let to, let months, let days):
            guard let first = date(from), let second = date(to),
                first.adding(months: months).adding(days: days) < second
            else { return [] }
            return [problem(to, .tooFarApart)]
        case .lasting(let from, let months, let to):
            guard let first = date(from), let second = date(to),
                second < first.adding(months: Int(clamping: values[months]?.integer ?? 0))
            else { return [] }
            return [problem(to, .dateOrder)]
        case .persons(let name, let count):
            guard let value = values[name], Self.names(value).count < count else { return [] }
            return [problem(name, .requiredByRule)]
        case .among(let name, let accepted):
            return values[name].map(accepted.contains) ?? true ? [] : [problem(name, .outOfRange)]
        case .notAfterToday(let names):
            guard let today else { return [] }
            return names.filter { date($0).map { $0 > today } ?? false }.map { problem($0, .afterToday) }
        case .named(let question):
            // The embedded rules are damaged only where the program is: reading them said so when it began.
            guard let rules = rules ?? RuleSet.embedded, let found = question.problem(values, rules: rules) else {
                return []
            }
            return [FieldProblem(found.field, .outOfRange, severity: severity, rule: id, params: found.params)]
        }
    }

    /// The persons a text names, separated by commas, enumeration commas, semicolons, slashes or spaces.
    static func names(_ value: JSONValue?) -> Set<String> {
        let separators: Set<Character> = [",", "，", "、", ";", "；", "/", " ", "\n", "\u{3000}"]
        return Set((value?.string ?? "").split(whereSeparator: { separators.contains($0) }).map(String.init))
    }
}
