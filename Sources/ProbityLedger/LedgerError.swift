/// Why a proof, note, checkpoint, leaf or export cannot be read or made. Equality looks at ``code`` only.
public struct LedgerError: Error, Equatable, Sendable, CustomStringConvertible {
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

    public let code: Code
    public let reason: String

    public init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    public static func == (one: LedgerError, other: LedgerError) -> Bool { one.code == other.code }
    public var description: String { "\(code.rawValue): \(reason)" }
}
