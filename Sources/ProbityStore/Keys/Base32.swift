/// Crockford's base 32: no I, L, O or U, so that a number survives being read aloud.
enum Base32 {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    static func text(_ number: Int64, prefix: String) -> String {
        let value = UInt64(bitPattern: number)
        let characters = (0..<13).map { alphabet[Int(truncatingIfNeeded: (value >> (60 - 5 * UInt64($0))) & 31)] }
        return prefix + String(decoding: characters, as: UTF8.self)
    }

    static func number(_ text: String, prefix: String) -> Int64? {
        let upper = text.uppercased()
        guard upper.hasPrefix(prefix) else { return nil }
        return unsigned(String(upper.dropFirst(prefix.count))).flatMap { Int64(exactly: $0) }
    }

    /// The number of 13 characters, upper case; nil for anything else.
    static func unsigned(_ text: String) -> UInt64? {
        let characters = Array(text.utf8)
        guard characters.count == 13 else { return nil }
        var value: UInt64 = 0
        for (index, character) in characters.enumerated() {
            guard let digit = alphabet.firstIndex(of: character), index > 0 || digit < 16 else { return nil }
            value = value << 5 | UInt64(digit)
        }
        return value
    }
}
