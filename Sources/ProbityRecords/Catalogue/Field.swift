/// One field (字段) of a record kind.
public final class Field: Sendable {
    /// The type of a field's value, with its spelling in a record's canonical JSON.
    public enum ValueType: String, Sendable, CaseIterable {
        /// One line of text.
        case text
        /// A civil date, as the string `YYYY-MM-DD`.
        case date
        /// A JSON integer.
        case integer
        /// A decimal number, as a string: amounts must not pass through binary fractions.
        case decimal
        case bool
        /// One code of a list, as a string.
        case code
        /// Several codes of a list, as an array of strings without repetition.
        case codes
        /// The identifier of an officer, as a string.
        case officerRef
        /// The identifier of a record, as a string.
        case recordRef
        /// Text of several lines.
        case longText
    }

    /// How far a value may travel inside the bureau (domain.md §11): 公开, 内部, 工作秘密, 敏感.
    public enum Sensitivity: String, Sendable, CaseIterable {
        case open, `internal`, workSecret, sensitive
    }

    /// A check that a pattern cannot express.
    public enum Format: String, Sendable, CaseIterable {
        /// 居民身份证号, see ``CitizenID``.
        case citizenID
        /// 警号, see ``PoliceNumberRule``.
        case policeNo
    }

    public let name: String
    public let type: ValueType
    /// The list of a `code` or `codes` field.
    public let codeList: CodeList?
    public let isRequired: Bool
    public let sensitivity: Sensitivity
    public let labels: Labels
    /// Other column headers accepted on import.
    public let aliases: [String]
    public let pattern: FieldPattern?
    public let format: Format?
    /// Bounds of an integer.
    public let minimum: Int?
    public let maximum: Int?

    /// Longest value in Unicode scalars.
    public var maximumLength: Int { type == .longText ? 20_000 : 500 }

    static let members: Set<String> = [
        "name", "type", "codes", "required", "sensitivity", "labels", "aliases", "pattern", "format", "minimum",
        "maximum",
    ]

    init(_ reader: SchemaReader, codeLists: [String: CodeList]) throws(SchemaError) {
        _ = try reader.members(Self.members)
        let nameReader = try reader.required("name")
        name = try nameReader.text()
        guard Self.isName(name) else {
            throw nameReader.failure("a name is letters and digits and begins with a small letter")
        }
        type = try reader.required("type").oneOf(ValueType.self)
        switch (type, reader.optional("codes")) {
        case (.code, let list?), (.codes, let list?):
            guard let found = codeLists[try list.text()] else { throw list.failure("there is no such code list") }
            codeList = found
        case (.code, nil), (.codes, nil): throw try reader.required("codes").failure("a code field names its list")
        case (_, let list?): throw list.failure("only a field of codes has a list")
        case (_, nil): codeList = nil
        }
        isRequired = try reader.optional("required")?.flag() ?? false
        sensitivity = try reader.optional("sensitivity")?.oneOf(Sensitivity.self) ?? .internal
        labels = try reader.required("labels").labels()
        aliases = try reader.optional("aliases")?.texts() ?? []
        if let patternReader = reader.optional("pattern") {
            guard type == .text, let pattern = FieldPattern(try patternReader.text()) else {
                throw patternReader.failure("no pattern of the small language, or not on a text field")
            }
            self.pattern = pattern
        } else {
            pattern = nil
        }
        format = try reader.optional("format")?.oneOf(Format.self)
        minimum = try reader.optional("minimum")?.integer()
        maximum = try reader.optional("maximum")?.integer()
        guard type == .integer || (minimum == nil && maximum == nil) else {
            throw reader.failure("only an integer has bounds")
        }
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, (0x61...0x7A).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
        }
    }
}
