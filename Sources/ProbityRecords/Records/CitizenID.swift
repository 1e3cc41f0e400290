/// A citizen identity number (居民身份证号), checked.
///
/// Eighteen characters: six of region, eight of birth date, three of sequence (odd = male), one of check. The region
/// is not looked up: codes are retired, numbers live on.
///
///     let id = try CitizenID("990101197803120018")
///     id.masked      // "990101********0018"
///
/// Source: GB 11643-1999.
public struct CitizenID: Sendable, Hashable {
    /// Why a text is no citizen ID.
    public enum Problem: String, Error, Sendable, CaseIterable {
        /// Not eighteen characters.
        case length
        /// Something else than digits, or than a digit or X at the end.
        case characters
        /// The birth date does not exist or lies before 1880.
        case birthDate
        /// The birth date lies after the day given.
        case future
        case checkDigit
    }

    /// The number, with an upper-case X.
    public let text: String
    public let birthDate: CivilDate

    /// Reads a number, typed with or without surrounding space, full-width digits or a small x.
    ///
    /// - Parameter today: a later birth date is refused; nil leaves that unchecked.
    /// - Throws: ``Problem``.
    public init(_ input: String, today: CivilDate? = nil) throws(Problem) {
        let text = Spelling.halfWidth(input).uppercased()
        let bytes = Array(text.utf8)
        guard bytes.count == 18 else { throw .length }
        var digits: [Int] = []
        for byte in bytes.dropLast() {
            guard (0x30...0x39).contains(byte) else { throw .characters }
            digits.append(Int(byte - 0x30))
        }
        guard let last = bytes.last, (0x30...0x39).contains(last) || last == 0x58 else { throw .characters }
        func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + $1 } }
        guard let birthDate = CivilDate(year: number(6..<10), month: number(10..<12), day: number(12..<14)),
            birthDate.year >= 1880
        else { throw .birthDate }
        if let today, today < birthDate { throw .future }
        guard Self.checkCharacter(digits) == last else { throw .checkDigit }
        self.text = text
        self.birthDate = birthDate
    }

    /// ISO 7064 MOD 11-2 over the first seventeen digits (GB 11643-1999 §4.2.3).
    static func checkCharacter(_ digits: [Int]) -> UInt8 {
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
        let sum = zip(weights, digits).reduce(0) { $0 + $1.0 * $1.1 }
        return Array("10X98765432".utf8)[sum % 11]
    }

    /// Code of the sex (GB/T 2261.1) that the number says: `1` male, `2` female.
    public var sexCode: String {
        let sequence = Array(text.utf8)[16] - 0x30
        return sequence.isMultiple(of: 2) ? "2" : "1"
    }

    /// The number as lists and screens show it.
    public var masked: String { Self.masked(text) }

    /// Hides the birth date of a number, checked or not: `990101********1234`.
    ///
    /// A text too short to leave something hidden between six characters and four is hidden whole.
    public static func masked(_ text: String) -> String {
        guard text.count > 10 else { return String(repeating: "*", count: text.count) }
        return text.prefix(6) + String(repeating: "*", count: text.count - 10) + text.suffix(4)
    }

    /// A text that somebody typed, with every number in it masked, and whatever is as long as one: a wrong digit or the old form
    /// of 15 digits makes it nobody else's.
    public static func masked(in text: String) -> String {
        var masked = ""
        var rest = text[...]
        while let first = rest.first {
            guard isOfWord(first) else {
                masked.append(rest.removeFirst())
                continue
            }
            let word = rest.prefix(while: isOfWord)
            masked += isNumber(word) || isShaped(word) ? Self.masked(String(word)) : String(word)
            rest = rest.dropFirst(word.count)
        }
        return masked
    }

    private static func isShaped(_ word: Substring) -> Bool {
        func isDigit(_ character: Character) -> Bool { character.wholeNumberValue != nil }
        return [15, 18].contains(word.count) && word.dropLast().allSatisfy(isDigit)
            && (word.last.map { isDigit($0) || "xX".contains($0) } ?? false)
    }

    private static func isOfWord(_ character: Character) -> Bool { character.isLetter || character.isNumber }

    /// Whether a text is a number and nothing else.
    static func isNumber(_ text: some StringProtocol) -> Bool {
        do throws(Problem) {
            _ = try CitizenID(String(text))
            return true
        } catch { return false }
    }
}

extension CitizenID: CustomStringConvertible, CustomDebugStringConvertible {
    /// Masked, so that a number does not reach a log by accident.
    public var description: String { masked }
    public var debugDescription: String { masked }
}
