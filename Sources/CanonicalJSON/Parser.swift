extension JSONValue {
    /// Reads one JSON text (RFC 8259), strictly.
    ///
    /// - Parameter maximumDepth: how deep arrays and objects may nest; a hostile text must not exhaust the stack.
    /// - Throws: ``JSONError`` for a syntax error, a repeated member name, invalid UTF-8, a lone surrogate, an integer
    ///   beyond 2^53 that is not the canonical spelling of a double, a number that is not finite, or bytes after the value.
    public init(parsing bytes: [UInt8], maximumDepth: Int = 64) throws(JSONError) {
        var parser = try Parser(bytes: bytes, depthLeft: maximumDepth)
        parser.skipSpace()
        self = try parser.value()
        try parser.end()
    }

    /// Reads one object whose members stand in the order of their names (RFC 8785 §3.2.3), and hands on each: for what is read
    /// by the thousand, where a dictionary that is asked once for each name is most of the work.
    ///
    /// - Throws: ``JSONError`` as ``init(parsing:maximumDepth:)``, and for names in another order.
    public static func members(
        parsing bytes: [UInt8], maximumDepth: Int = 64, _ receive: (_ name: String, _ value: JSONValue) -> Void
    ) throws(JSONError) {
        var parser = try Parser(bytes: bytes, depthLeft: maximumDepth)
        parser.skipSpace()
        guard parser.current == UInt8(ascii: "{") else { throw parser.failure("no object") }
        var last: String?
        try parser.members { (name, value, start) throws(JSONError) in
            guard last.map({ JSONValue.precedes($0, name) }) ?? true else {
                throw JSONError(reason: "member names in another order", offset: start)
            }
            last = name
            receive(name, value)
        }
        try parser.end()
    }
}

private struct Parser {
    let bytes: [UInt8]
    var index = 0
    var depthLeft: Int

    init(bytes: [UInt8], depthLeft: Int) throws(JSONError) {
        do { _ = try UTF8Span(validating: bytes.span) } catch {
            throw JSONError(reason: "invalid UTF-8", offset: error.byteOffsets.lowerBound)
        }
        self.bytes = bytes
        self.depthLeft = depthLeft
    }

    mutating func end() throws(JSONError) {
        skipSpace()
        guard index == bytes.count else { throw failure("bytes after the value") }
    }

    func failure(_ reason: String) -> JSONError { JSONError(reason: reason, offset: index) }

    var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    mutating func value() throws(JSONError) -> JSONValue {
        guard let byte = current else { throw failure("no value") }
        switch byte {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try word("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try word("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try word("null")
            return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw failure("no value")
        }
    }

    mutating func word(_ word: StaticString) throws(JSONError) {
        for character in "\(word)".utf8 {
            guard current == character else { throw failure("no value") }
            index += 1
        }
    }

    mutating func enter() throws(JSONError) {
        guard depthLeft > 0 else { throw failure("nested too deep") }
        depthLeft -= 1
        index += 1
        skipSpace()
    }

    mutating func leave() {
        depthLeft += 1
        index += 1
    }

    mutating func object() throws(JSONError) -> JSONValue {
        var members: [String: JSONValue] = [:]
        try self.members { (name, value, start) throws(JSONError) in
            // As many as the content of most records has: growing costs more than the room.
            if members.isEmpty { members.reserveCapacity(8) }
            // Two members of one name are how two readers come to see two different texts.
            guard members.updateValue(value, forKey: name) == nil else {
                throw JSONError(reason: "repeated member name", offset: start)
            }
        }
        return .object(members)
    }

    /// - Parameter receive: gets each member and where it begins.
    mutating func members(_ receive: (String, JSONValue, Int) throws(JSONError) -> Void) throws(JSONError) {
        try enter()
        if current == UInt8(ascii: "}") { return leave() }
        while true {
            guard current == UInt8(ascii: "\"") else { throw failure("no member name") }
            let start = index
            let name = try string()
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw failure("no colon") }
            index += 1
            skipSpace()
            try receive(name, try value(), start)
            skipSpace()
            switch current {
            case UInt8(ascii: ","):
                index += 1
                skipSpace()
            case UInt8(ascii: "}"): return leave()
            default: throw failure("no comma or closing brace")
            }
        }
    }

    mutating func array() throws(JSONError) -> JSONValue {
        try enter()
        var elements: [JSONValue] = []
        if current == UInt8(ascii: "]") {
            leave()
            return .array(elements)
        }
        while true {
            elements.append(try value())
            skipSpace()
            switch current {
            case UInt8(ascii: ","):
                index += 1
                skipSpace()
            case UInt8(ascii: "]"):
                leave()
                return .array(elements)
            default: throw failure("no comma or closing bracket")
            }
        }
    }

    mutating func string() throws(JSONError) -> String {
        // Most strings have no escape and are taken in one piece. A span of a copy, because this one is being changed.
        let bytes = bytes
        let span = bytes.span
        let start = index + 1
        var end = start
        while end < span.count {
            let byte = span[end]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            end += 1
        }
        index = end
        if current == UInt8(ascii: "\"") {
            index += 1
            // The whole text is valid, so is what stands between two characters of ASCII.
            return String(copying: unsafe UTF8Span(unchecked: span.extracting(start..<end)))
        }
        var content = Array(bytes[start..<end])
        while true {
            guard let byte = current else { throw failure("unterminated string") }
            guard byte >= 0x20 else { throw failure("control character in a string") }
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                try escape(into: &content)
            } else {
                content.append(byte)
                index += 1
            }
        }
        index += 1
        // An escape brings whole characters.
        return String(copying: unsafe UTF8Span(unchecked: content.span))
    }

    mutating func escape(into content: inout [UInt8]) throws(JSONError) {
        index += 1
        guard let byte = current else { throw failure("unterminated string") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            var code = UInt32(try codeUnit())
            if (0xD800..<0xDC00).contains(code) {
                guard current == UInt8(ascii: "\\"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "u")
                else {
                    throw failure("lone surrogate")
                }
                index += 2
                let low = UInt32(try codeUnit())
                guard (0xDC00..<0xE000).contains(low) else { throw failure("lone surrogate") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("lone surrogate") }
            content.append(contentsOf: Character(scalar).utf8)
        default: throw failure("unknown escape")
        }
    }

    mutating func codeUnit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = current else { throw failure("unterminated escape") }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw failure("no hexadecimal digit")
            }
            unit = unit << 4 | UInt16(digit)
            index += 1
        }
        return unit
    }

    mutating func number() throws(JSONError) -> JSONValue {
        let start = index
        if current == UInt8(ascii: "-") { index += 1 }
        let first = index
        try digits()
        guard bytes[first] != UInt8(ascii: "0") || index == first + 1 else { throw failure("leading zero") }
        var whole = true
        if current == UInt8(ascii: ".") {
            whole = false
            index += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            whole = false
            index += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        // The magnitude, since Int64.min has no absolute value: a hostile text must not trap.
        if whole, text != "-0", let number = Int64(text), number.magnitude <= 1 << 53 { return .integer(number) }
        guard let number = Double(text), number.isFinite else {
            throw JSONError(reason: "number is not finite", offset: start)
        }
        // RFC 7493 §2.2: beyond 2^53 readers disagree about an integer's value. The spelling that RFC 8785 gives to a
        // double is the exception: what the writer writes can be read.
        guard !whole || text == "-0" || JSONValue.text(of: number) == text else {
            throw JSONError(reason: "integer beyond 2^53", offset: start)
        }
        return .number(number)
    }

    mutating func digits() throws(JSONError) {
        let start = index
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { index += 1 }
        guard index > start else { throw failure("no digit") }
    }
}
