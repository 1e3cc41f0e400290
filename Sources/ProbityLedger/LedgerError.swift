/// Why a proof, note, checkpoint, leaf or export cannot be read or made. Equality looks at ``code`` only.
public struct LedgerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds of failure; the set is closed.
    public enum Code: String, Sendable {
        /// The bytes are not of the format.
        case malformed
        /// A size or position lies outside the tree.
        case outOfRange
        /// A proof or hash does not lead where it should.
        case mismatch
        /// A signature that has to be there is missing or wrong.
        case signature
        /// Longer than the format allows.
        case tooLong
    }

    /// What kind of failure it is; the only thing that equality looks at.
    public let code: Code
    /// The rule that does not hold, and where; never a value from a record.
    public let reason: String

    public init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    public static func == (one: LedgerError, other: LedgerError) -> Bool { one.code == other.code }
    public var description: String { "\(code.rawValue): \(reason)" }
}
