/// The form of police numbers (警号), by person category.
///
/// Published descriptions conflict and auxiliaries are numbered locally, so the patterns are data: an archive may
/// bring its own `rules-identity.json`. A number keeps its leading zeros and may be reissued; it is never a key.
/// Source: domain.md §1.3.
public struct PoliceNumberRule: Sendable, Hashable {
    private let patterns: [String: FieldPattern]

    /// Reads `rules-identity.json`: `{"rules": [{"ruleId", "edition", "effectiveFrom", "effectiveTo", "source",
    /// "confidence", "value": {"personCategory", "pattern"}}]}`.
    ///
    /// - Throws: ``SchemaError`` naming file and member.
    public init(file: String, bytes: [UInt8]) throws(SchemaError) {
        let reader = try SchemaReader(file: file, bytes: bytes)
        _ = try reader.members(["rules"])
        var patterns: [String: FieldPattern] = [:]
        for rule in try reader.required("rules").elements() {
            _ = try rule.members(["ruleId", "edition", "effectiveFrom", "effectiveTo", "source", "confidence", "value"])
            _ = try rule.required("ruleId").text()
            _ = try rule.required("source").text()
            _ = try Confidence.read(rule)
            _ = try rule.required("edition").text()
            let value = try rule.required("value")
            _ = try value.members(["personCategory", "pattern"])
            let text = try value.required("pattern")
            guard let pattern = FieldPattern(try text.text()) else {
                throw text.failure("no pattern of the small language")
            }
            guard patterns.updateValue(pattern, forKey: try value.required("personCategory").text()) == nil else {
                throw value.failure("the person category has a pattern already")
            }
        }
        guard !patterns.isEmpty else { throw try reader.required("rules").failure("a pattern is expected") }
        self.patterns = patterns
    }

    /// Whether `number` has the form of the person category, or of any when the category is not known.
    public func accepts(_ number: String, personCategory: String?) -> Bool {
        if let personCategory, let pattern = patterns[personCategory] { return pattern.matches(number) }
        return patterns.values.contains { $0.matches(number) }
    }

    /// The pattern in force for a person category.
    public func pattern(for personCategory: String) -> String? { patterns[personCategory]?.text }
}
