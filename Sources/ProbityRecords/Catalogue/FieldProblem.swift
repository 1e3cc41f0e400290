/// One thing that is wrong with a record's values.
///
/// It names field and rule and never repeats what was typed: problems travel to logs and refusals, values must not.
public struct FieldProblem: Sendable, Hashable {
    public enum Severity: String, Sendable, CaseIterable { case error, warning }

    public enum Code: String, Sendable, CaseIterable {
        /// A required field has no value.
        case missing
        /// The kind has no such field.
        case unknownField
        /// The JSON type is not the field's.
        case wrongType
        case notInList, badDate, badInteger, badDecimal, badBool, badReference
        /// The text does not have the form the field demands.
        case badPattern
        case outOfRange, tooLong
        /// A control character, or a line break in a field of one line.
        case controlCharacter
        /// 警号 does not have the form configured for the person's category.
        case policeNumber
        /// 居民身份证号 is wrong: length, digits, date or check digit.
        case citizenID
        /// The 17th digit of the 居民身份证号 disagrees with the sex given; a warning, because registers hold mistakes.
        case citizenIDSex
        /// A rule of the kind demands this field here.
        case requiredByRule
        /// A rule of the kind forbids this field here.
        case forbiddenByRule
        /// A rule of the kind refuses the record as a whole.
        case refusedByRule
        /// Two fields that must name different persons name the same one.
        case samePerson
        /// A name that is no serving user's, where the user named may not sign.
        case notUser
        /// A date lies before one it must follow.
        case dateOrder
        /// Two dates lie further apart than a rule allows.
        case tooFarApart
        /// A date lies ahead that cannot.
        case afterToday
        /// The text seems to name the reporter, whose identity never enters a record.
        case reporterIdentity
    }

    /// Name of the field; empty for the record as a whole.
    public let field: String
    public let code: Code
    public let severity: Severity
    /// Identifier of the kind's rule, for the codes that come from one.
    public let rule: String?
    /// Values for the message's placeholders: list names, bounds, never what was typed.
    public let params: [String: String]

    public init(
        _ field: String, _ code: Code, severity: Severity = .error, rule: String? = nil, params: [String: String] = [:]
    ) {
        self.field = field
        self.code = code
        self.severity = severity
        self.rule = rule
        self.params = params
    }

    /// Key of the sentence in the message catalogue.
    public var messageKey: String {
        if let rule { return "rule.\(rule)" }
        return "problem.\(code.rawValue)"
    }

    /// The sentence for people, with field, list and reason called by their names.
    public func text(_ messages: MessageCatalogue, kind: RecordKind) -> String {
        var params = params
        let field = kind.field(field)
        params["field"] = field?.labels[messages.language] ?? self.field
        if let list = field?.codeList {
            params["list"] = list.labels[messages.language]
            params["codes"] = list.offer(messages)
        }
        if let why = params["why"] { params["why"] = messages.text("citizenID.\(why)") }
        return messages.text(messageKey, params)
    }
}
