internal import COpenSSL

/// A SHA-256 digest (FIPS 180-4): 32 bytes without an allocation of their own.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    public static let byteCount = 32
    private let words: (UInt64, UInt64, UInt64, UInt64)

    private init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// - Throws: ``CryptoError`` `invalidInput` unless there are 32 bytes.
    public init(bytes: some Collection<UInt8>) throws(CryptoError) {
        guard bytes.count == SHA256Digest.byteCount else {
            throw CryptoError(.invalidInput, "a SHA-256 digest has 32 bytes, not \(bytes.count)")
        }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { unsafe $0.copyBytes(from: bytes) }
        self.words = words
    }

    public var bytes: [UInt8] { unsafe withUnsafeBytes(of: words) { unsafe Array($0) } }

    /// The digest of the concatenation of `parts`.
    public static func hash(_ parts: [UInt8]...) -> SHA256Digest {
        var hasher = SHA256()
        for part in parts { hasher.update(part) }
        return hasher.finish()
    }

    public static func == (one: SHA256Digest, other: SHA256Digest) -> Bool { one.words == other.words }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.3)
    }

    /// Lower-case hexadecimal.
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    fileprivate static func filling(_ body: (UnsafeMutablePointer<UInt8>) -> Void) -> SHA256Digest {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { buffer in
            if let start = buffer.baseAddress { unsafe body(start.assumingMemoryBound(to: UInt8.self)) }
        }
        return SHA256Digest(words: words)
    }
}

/// SHA-256 over bytes that come in pieces.
public struct SHA256 {
    private var context = SHA256_CTX()

    public init() { unsafe SHA256_Init(&context) }

    public mutating func update(_ bytes: [UInt8]) {
        _ = unsafe bytes.withUnsafeBytes { buffer in
            unsafe SHA256_Update(&context, buffer.baseAddress, buffer.count)
        }
    }

    public mutating func update(_ byte: UInt8) {
        _ = unsafe withUnsafeBytes(of: byte) { unsafe SHA256_Update(&context, $0.baseAddress, 1) }
    }

    public mutating func update(_ digest: SHA256Digest) {
        _ = unsafe withUnsafeBytes(of: digest) {
            unsafe SHA256_Update(&context, $0.baseAddress, SHA256Digest.byteCount)
        }
    }

    public consuming func finish() -> SHA256Digest {
        var context = context
        return unsafe SHA256Digest.filling { unsafe SHA256_Final($0, &context) }
    }
}

/// HMAC with SHA-256 (RFC 2104, FIPS 198-1).
public enum HMACSHA256 {
    public static func authenticate(key: [UInt8], message: [UInt8]) -> [UInt8] {
        unsafe key.withUnsafeBytes { unsafe tag(key: $0, message: message) }
    }

    public static func authenticate(key: borrowing SecretBytes, message: [UInt8]) -> [UInt8] {
        unsafe key.withBytes { unsafe tag(key: $0, message: message) }
    }

    public static func isValid(_ tag: [UInt8], key: [UInt8], message: [UInt8]) -> Bool {
        areEqualInConstantTime(tag, authenticate(key: key, message: message))
    }

    private static func tag(key: UnsafeRawBufferPointer, message: [UInt8]) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        // A NULL key would mean "the key of the last call" to HMAC; an empty key is a pointer with length 0.
        let empty: [UInt8] = [0]
        unsafe empty.withUnsafeBytes { placeholder in
            unsafe message.withUnsafeBufferPointer { message in
                _ = unsafe HMAC(
                    EVP_sha256(), key.baseAddress ?? placeholder.baseAddress, Int32(key.count), message.baseAddress,
                    message.count, &tag, &count)
            }
        }
        precondition(count == 32, "HMAC-SHA-256 gives 32 bytes")
        return tag
    }
}
