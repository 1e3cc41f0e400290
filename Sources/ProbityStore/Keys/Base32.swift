/// Crockford's base 32: no I, L, O or U, so that a number survives being read aloud.
enum Base32 {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    /// What each character of the alphabet, in either case, means; 32 for every other byte.
    private static let digits: [UInt8] = {
        var digits = [UInt8](repeating: 32, count: 256)
        for (digit, character) in alphabet.enumerated() {
            digits[Int(character)] = UInt8(digit)
            if character >= UInt8(ascii: "A") { digits[Int(character | 0x20)] = UInt8(digit) }
        }
        return digits
    }()

    static func text(_ number: Int64, prefix: String) -> String {
        let value = UInt64(bitPattern: number)
        var characters = Array(prefix.utf8)
        for place in 0..<13 {
            characters.append(alphabet[Int(truncatingIfNeeded: (value >> (60 - 5 * UInt64(place))) & 31)])
        }
        return String(decoding: characters, as: UTF8.self)
    }

    /// The number behind `prefix`, in either case; nil for anything else.
    static func number(_ text: String, prefix: String) -> Int64? {
        guard text.utf8.count == prefix.utf8.count + 13,
            zip(text.utf8, prefix.utf8).allSatisfy({ $0 == $1 || $0 == $1 | 0x20 })
        else { return nil }
        return unsigned(text.utf8.dropFirst(prefix.utf8.count)).flatMap { Int64(exactly: $0) }
    }

    /// The number of 13 characters; nil for anything else.
    static func unsigned(_ characters: some Collection<UInt8>) -> UInt64? {
        guard characters.count == 13 else { return nil }
        var value: UInt64 = 0
        for (index, character) in characters.enumerated() {
            let digit = digits[Int(character)]
            // Sixty-five bits do not fit.
            guard digit < (index == 0 ? 16 : 32) else { return nil }
            value = value << 5 | UInt64(digit)
        }
        return value
    }
}
