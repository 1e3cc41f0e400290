extension JSONValue {
    /// The value in the spelling of RFC 8785, UTF-8.
    ///
    /// - Precondition: every ``number(_:)`` is finite; JSON has no spelling for the others.
    public var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        write(to: &bytes)
        return bytes
    }

    /// The value in the spelling of RFC 8785.
    public var canonicalText: String { String(decoding: canonicalBytes, as: UTF8.self) }

    fileprivate func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .integer(let number): bytes.append(contentsOf: String(number).utf8)
        case .number(let number): bytes.append(contentsOf: JSONValue.text(of: number).utf8)
        case .string(let text): JSONValue.write(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            // RFC 8785 §3.2.3: names are ordered by their UTF-16 code units, which differs from UTF-8 order above U+FFFF.
            let sorted = members.sorted { JSONValue.precedes($0.key, $1.key) }
            for (index, member) in sorted.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONValue.write(member.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Whether one name stands before another by their UTF-16 code units, told from their UTF-8.
    ///
    /// Bytes order as code units do but for one case: what needs a surrogate pair (a first byte of F0 or more) stands before
    /// U+E000 to U+FFFF (a first byte of EE or EF).
    static func precedes(_ one: String, _ other: String) -> Bool {
        let (first, second) = (one.utf8Span.span, other.utf8Span.span)
        for index in 0..<min(first.count, second.count) {
            let (byte, against) = (first[index], second[index])
            if byte == against { continue }
            if byte >= 0xEE, against >= 0xEE, (byte >= 0xF0) != (against >= 0xF0) { return byte >= 0xF0 }
            return byte < against
        }
        return first.count < second.count
    }

    /// RFC 8785 §3.2.2.2: the shortest escapes, lower-case hex, everything else as it is.
    fileprivate static func write(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        // Nearly no text has anything to escape.
        guard hasEscapes(text) else {
            bytes.append(contentsOf: text.utf8)
            bytes.append(UInt8(ascii: "\""))
            return
        }
        for byte in text.utf8 {
            switch byte {
            case 0x22: bytes.append(contentsOf: [0x5C, 0x22])
            case 0x5C: bytes.append(contentsOf: [0x5C, 0x5C])
            case 0x08: bytes.append(contentsOf: [0x5C, UInt8(ascii: "b")])
            case 0x09: bytes.append(contentsOf: [0x5C, UInt8(ascii: "t")])
            case 0x0A: bytes.append(contentsOf: [0x5C, UInt8(ascii: "n")])
            case 0x0C: bytes.append(contentsOf: [0x5C, UInt8(ascii: "f")])
            case 0x0D: bytes.append(contentsOf: [0x5C, UInt8(ascii: "r")])
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(hexDigits[Int(byte >> 4)])
                bytes.append(hexDigits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func hasEscapes(_ text: String) -> Bool {
        let span = text.utf8Span.span
        for index in span.indices {
            let byte = span[index]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { return true }
        }
        return false
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    /// ECMAScript's Number::toString, as RFC 8785 §3.2.2.3 asks. Swift's description has the same shortest digits and
    /// another layout, so only the digits and the exponent are taken from it.
    static func text(of number: Double) -> String {
        precondition(number.isFinite, "JSON has no spelling for a number that is not finite")
        if number == 0 { return "0" }
        if number < 0 { return "-" + text(of: -number) }
        var digits = ""
        var exponent = 0  // of the digits read as 0.d1d2d3…
        var seenPoint = false
        var pointAt = 0
        var scientific = 0
        let description = number.description
        if let mark = description.firstIndex(of: "e") {
            scientific = Int(description[description.index(after: mark)...]) ?? 0
        }
        for character in description.prefix(while: { $0 != "e" }) {
            if character == "." {
                seenPoint = true
                continue
            }
            digits.append(character)
            if !seenPoint { pointAt += 1 }
        }
        let leading = digits.prefix(while: { $0 == "0" }).count
        digits.removeFirst(leading)
        while digits.hasSuffix("0") { digits.removeLast() }
        exponent = pointAt - leading + scientific
        let count = digits.count
        // The four cases of Number::toString with k = count, n = exponent.
        if count <= exponent, exponent <= 21 { return digits + String(repeating: "0", count: exponent - count) }
        if 0 < exponent, exponent <= 21 { return "\(digits.prefix(exponent)).\(digits.dropFirst(exponent))" }
        if -6 < exponent, exponent <= 0 { return "0." + String(repeating: "0", count: -exponent) + digits }
        let power = exponent - 1
        let sign = power < 0 ? "-" : "+"
        let fraction = count > 1 ? ".\(digits.dropFirst())" : ""
        return "\(digits.prefix(1))\(fraction)e\(sign)\(abs(power))"
    }
}

/// Writes one object as ``JSONValue/canonicalBytes`` does, member by member in the order of their names (RFC 8785 §3.2.3): for
/// what is written by the thousand. ``JSONValue/members(parsing:maximumDepth:_:)`` reads it.
public struct CanonicalObject {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]
    private var last: String?

    public init() { bytes.reserveCapacity(1024) }

    /// Adds a member; none where there is no value.
    ///
    /// - Precondition: its name stands behind those before it.
    public mutating func add(_ name: String, _ value: JSONValue?) {
        guard let value else { return }
        precondition(last.map { JSONValue.precedes($0, name) } ?? true, "a member stands before another of its name")
        if last != nil { bytes.append(UInt8(ascii: ",")) }
        last = name
        JSONValue.write(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        value.write(to: &bytes)
    }

    /// The object.
    public consuming func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
