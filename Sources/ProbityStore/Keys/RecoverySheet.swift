public import ProbityCrypto
import ProbityLedger

/// The recovery key (恢复密钥) as it stands on paper: four lines that a person can read aloud and type back.
///
/// A line is its number, 13 characters of Crockford's base 32 for 8 bytes of the key, and 2 check characters, the first ten
/// bits of SHA-256("probity/recovery/v1" ‖ number ‖ the 8 bytes). Base 32 without I, L, O and U is what people copy with
/// the fewest mistakes; the check says which line was copied wrong. docs/formats.md, "Recovery sheet".
public final class RecoverySheet: Sendable {
    /// Number of lines.
    public static let lineCount = 4
    private static let bytesPerLine = 8

    private let secret: SecretBytes
    /// What goes into the archive.
    public let publicKey: X25519PublicKey

    /// A sheet of a new key.
    public init() throws {
        let key = try X25519PrivateKey()
        self.secret = try key.rawSecret()
        self.publicKey = key.publicKey
    }

    /// The sheet whose four lines were typed.
    ///
    /// - Throws: ``ArchiveError`` `invalidEntry`, whose subject is the number of the line that is wrong.
    public init(typed lines: [String]) throws {
        guard lines.count == RecoverySheet.lineCount else {
            throw ArchiveError(.invalidEntry, "a recovery sheet has \(RecoverySheet.lineCount) lines", subject: "0")
        }
        var bytes: [UInt8] = []
        defer { for index in bytes.indices { bytes[index] = 0 } }
        for (index, line) in lines.enumerated() {
            guard let part = RecoverySheet.bytes(ofTyped: line, number: index + 1) else {
                throw ArchiveError(
                    .invalidEntry, "line \(index + 1) of the recovery sheet was copied wrong",
                    subject: String(index + 1))
            }
            bytes += part
        }
        let secret = SecretBytes(copying: bytes)
        self.publicKey = try X25519PrivateKey(rawSecret: secret.copy()).publicKey
        self.secret = secret
    }

    /// The private key, for whoever opens what is wrapped to the sheet.
    public func privateKey() throws -> X25519PrivateKey { try X25519PrivateKey(rawSecret: secret.copy()) }

    /// The lines, from 1 to 4. They are the key: they go to paper or a terminal and nowhere else.
    public var lines: [String] {
        let bytes = secret.revealed()
        return (1...RecoverySheet.lineCount).map { number in
            let part = Array(bytes[(number - 1) * RecoverySheet.bytesPerLine..<number * RecoverySheet.bytesPerLine])
            let word = Base32.text(Int64(bitPattern: RecoverySheet.number(part)), prefix: "")
            let characters = Array(word)
            return
                "\(number)  \(String(characters[..<4]))-\(String(characters[4..<8]))-\(String(characters[8...]))-\(RecoverySheet.check(part, number))"
        }
    }

    /// Whether `line` is the line of that number, however it is grouped or cased.
    public func matches(_ line: String, number: Int) -> Bool {
        guard (1...RecoverySheet.lineCount).contains(number),
            let typed = RecoverySheet.bytes(ofTyped: line, number: number)
        else { return false }
        let start = (number - 1) * RecoverySheet.bytesPerLine
        return areEqualInConstantTime(
            typed, Array(secret.revealed()[start..<start + RecoverySheet.bytesPerLine]))
    }

    private static func number(_ part: [UInt8]) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }

    private static func check(_ part: [UInt8], _ number: Int) -> String {
        let digest = SHA256Digest.hash(
            Array("probity/recovery/v1".utf8), [UInt8(truncatingIfNeeded: number)], part
        ).bytes
        let bits = UInt16(digest[0]) << 2 | UInt16(digest[1]) >> 6
        return String(Base32.text(Int64(bits), prefix: "").suffix(2))
    }

    private static func bytes(ofTyped line: String, number: Int) -> [UInt8]? {
        // As Crockford's decoding has it: what looks alike means the same.
        var word = line.uppercased().filter { !$0.isWhitespace && $0 != "-" }.map { character -> Character in
            switch character {
            case "O": "0"
            case "I", "L": "1"
            default: character
            }
        }
        // The line's own number may be typed along.
        if word.count == 16, word.first == Character(String(number)) { word.removeFirst() }
        guard word.count == 15, let value = Base32.unsigned(String(word[..<13]).utf8) else { return nil }
        let part = (0..<bytesPerLine).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) }
        return check(part, number) == String(word[13...]) ? part : nil
    }
}
