/// A JSON value (RFC 8259) inside I-JSON's limits (RFC 7493): unique member names, valid Unicode, integers up to 2^53.
///
/// Everything that Probity signs, hashes or seals is a value in its canonical spelling (RFC 8785), so that two programs
/// that mean the same write the same bytes.
///
/// Departs from RFC 8259 §8.3 in one point: names are Swift strings, which are equal where Unicode's canonical equivalence
/// makes them so. Two names in one object that differ only in normalisation are refused as a repeated name. Texts are
/// written as they were read, never normalised.
public indirect enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// A number written without fraction or exponent, at most 2^53 in magnitude.
    case integer(Int64)
    /// Any other finite number. A whole one inside 2^53 is written as an integer is, and read back as one.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue {
    /// The member `key` of an object; nil where there is none or the value is no object.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    /// The text; nil for any other value.
    public var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The integer; nil for any other value, a ``number(_:)`` among them.
    public var integer: Int64? {
        guard case .integer(let number) = self else { return nil }
        return number
    }

    /// The truth value; nil for any other value.
    public var bool: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }

    /// The elements; nil for any other value.
    public var array: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members; nil for any other value.
    public var object: [String: JSONValue]? {
        guard case .object(let members) = self else { return nil }
        return members
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}

/// Why a text is not JSON that Probity accepts. The reason names a byte offset, never the text.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The rule that the text breaks.
    public let reason: String
    /// Offset in bytes from the start of the text.
    public let offset: Int

    public init(reason: String, offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    public var description: String { "\(reason) at byte \(offset)" }
}
