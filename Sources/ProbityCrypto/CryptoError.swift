internal import COpenSSL

/// Why a cryptographic operation did not succeed. Equality looks at ``code`` only; ``reason`` never holds key material.
public struct CryptoError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The closed set of causes.
    public enum Code: String, Sendable {
        /// A tag, signature or passphrase is wrong. One code, the same for every cause.
        case authenticationFailure
        /// Bytes that should be a key or key file are not one.
        case invalidKey
        /// An argument or envelope has a wrong length or form.
        case invalidInput
        /// The suite or algorithm is not one of ours.
        case unsupported
        /// The parameters ask for more work or memory than the limits allow.
        case resourceLimit
        /// The library refused where it should not have.
        case internalFailure
    }

    /// What kind of failure.
    public let code: Code
    /// The rule that was broken, in words for a log; never a value.
    public let reason: String

    /// Makes an error; `reason` must not hold key material.
    public init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    public static func == (one: CryptoError, other: CryptoError) -> Bool { one.code == other.code }
    public var description: String { "\(code.rawValue): \(reason)" }

    static let authentication = CryptoError(.authenticationFailure, "authentication failed")

    /// Takes the library's error off its queue. Only the library's own words for the cause are kept.
    static func library(_ operation: StaticString) -> CryptoError {
        let number = ERR_get_error()
        ERR_clear_error()
        guard number != 0, let text = unsafe ERR_reason_error_string(number) else {
            return CryptoError(.internalFailure, "\(operation) failed")
        }
        return CryptoError(.internalFailure, "\(operation): \(unsafe String(cString: text))")
    }
}
