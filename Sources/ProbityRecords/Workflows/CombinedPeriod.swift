import CanonicalJSON

/// Between what bounds the period of a combined administrative sanction (合并政务处分, a7) lies: one single period and the
/// sum, never above the maximum.
///
/// Source: 政务处分法 2020 Art. 15.
struct CombinedPeriod {
    let months: ClosedRange<Int>

    /// - Parameters:
    ///   - measure: what was combined; nil where the record does not say.
    ///   - count: how many of them; nil where the record does not say.
    ///   - day: of the decision, whose editions apply.
    init?(of measure: String?, count: Int?, decidedOn day: CivilDate, rules: RuleSet) {
        guard let rule = rules.edition("impact.a7", decidedOn: day)?.rule else { return nil }
        var least = rule.number("minimumMonths") ?? 0
        var most = rule.number("maximumMonths") ?? .max
        if let measure, let single = rules.edition("impact.\(measure)", decidedOn: day)?.rule.longestMonths {
            least = max(least, single)
            if let count { most = min(most, single * min(max(count, 1), 100)) }
        }
        months = least...max(least, most)
    }
}

/// Guards that a constraint of a kind names, because what they ask is rule data (see Constraint.swift).
enum NamedGuard: String, CaseIterable {
    /// A combined sanction states a period inside its bounds.
    case combinedPeriod
    /// What is decided about a year is decided in it or later.
    case yearDecided

    func problem(_ values: [String: JSONValue], rules: RuleSet) -> (field: String, params: [String: String])? {
        switch self {
        case .yearDecided:
            guard let decided = values["decidedOn"]?.string.flatMap({ CivilDate($0) }),
                let year = values["year"]?.integer, year > decided.year
            else { return nil }
            return ("year", [:])
        case .combinedPeriod:
            guard let decided = values["decidedOn"]?.string.flatMap({ CivilDate($0) }),
                let stated = values["periodMonths"]?.integer,
                let bounds = CombinedPeriod(
                    of: values["combinedMeasure"]?.string, count: values["combinedCount"]?.integer.map { Int($0) },
                    decidedOn: decided, rules: rules),
                !bounds.months.contains(Int(clamping: stated))
            else { return nil }
            return (
                "periodMonths",
                ["minimum": String(bounds.months.lowerBound), "maximum": String(bounds.months.upperBound)]
            )
        }
    }
}
