internal import COpenSSL

/// A SHA-256 digest (FIPS 180-4): 32 bytes without an allocation of their own.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    /// Length of a digest.
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

    /// The 32 bytes.
    public var bytes: [UInt8] { unsafe withUnsafeBytes(of: words) { unsafe Array($0) } }

    /// The digests that stand one behind the other in `bytes`; nil where they are no multiple of 32.
    public static func several(_ bytes: [UInt8]) -> [SHA256Digest]? {
        guard bytes.count.isMultiple(of: byteCount) else { return nil }
        return unsafe bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / byteCount).map { place in
                var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
                unsafe withUnsafeMutableBytes(of: &words) {
                    unsafe $0.copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: bytes[place * byteCount..<(place + 1) * byteCount]))
                }
                return SHA256Digest(words: words)
            }
        }
    }

    /// The bytes of digests, one behind the other.
    public static func bytes(of digests: [SHA256Digest]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digests.count * byteCount)
        for digest in digests { unsafe withUnsafeBytes(of: digest.words) { unsafe bytes.append(contentsOf: $0) } }
        return bytes
    }

    /// The digest of `bytes`.
    public static func hash(_ bytes: [UInt8]) -> SHA256Digest {
        // Not the function SHA256, which looks its algorithm up by name each time.
        var hasher = SHA256()
        hasher.update(bytes)
        return hasher.finish()
    }

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
        unsafe String(unsafeUninitializedCapacity: 2 * SHA256Digest.byteCount) { text in
            unsafe withUnsafeBytes(of: words) { bytes in
                for unsafe(index, byte) in unsafe bytes.enumerated() {
                    unsafe text[2 * index] = SHA256Digest.digit(byte >> 4)
                    unsafe text[2 * index + 1] = SHA256Digest.digit(byte & 15)
                }
            }
            return 2 * SHA256Digest.byteCount
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value + (value < 10 ? 0x30 : 0x61 - 10) }

    fileprivate static func filling(_ body: (UnsafeMutablePointer<UInt8>) -> Void) -> SHA256Digest {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { buffer in
            if let start = buffer.baseAddress { unsafe body(start.assumingMemoryBound(to: UInt8.self)) }
        }
        return SHA256Digest(words: words)
    }
}

/// SHA-256 over bytes that come in pieces.
///
/// ```swift
/// var hasher = SHA256()
/// hasher.update(0x00)
/// hasher.update(leaf)
/// let leafHash = hasher.finish()
/// ```
public struct SHA256 {
    private var context = SHA256_CTX()

    /// A hasher of no bytes.
    public init() { unsafe SHA256_Init(&context) }

    /// Adds `bytes`.
    public mutating func update(_ bytes: [UInt8]) {
        _ = unsafe bytes.withUnsafeBytes { buffer in
            unsafe SHA256_Update(&context, buffer.baseAddress, buffer.count)
        }
    }

    /// Adds one byte.
    public mutating func update(_ byte: UInt8) {
        _ = unsafe withUnsafeBytes(of: byte) { unsafe SHA256_Update(&context, $0.baseAddress, 1) }
    }

    /// Adds the 32 bytes of `digest`.
    public mutating func update(_ digest: SHA256Digest) {
        _ = unsafe withUnsafeBytes(of: digest) {
            unsafe SHA256_Update(&context, $0.baseAddress, SHA256Digest.byteCount)
        }
    }

    /// The digest of everything added.
    public consuming func finish() -> SHA256Digest {
        var context = context
        return unsafe SHA256Digest.filling { unsafe SHA256_Final($0, &context) }
    }
}

/// HMAC with SHA-256 (RFC 2104, FIPS 198-1).
public enum HMACSHA256 {
    /// Length of a tag.
    public static let byteCount = 32

    /// The tag of `message` under a key that is not secret memory: of whatever length, also none.
    public static func authenticate(key: [UInt8], message: [UInt8]) -> [UInt8] {
        unsafe key.withUnsafeBytes { unsafe tag(key: $0, message: message) }
    }

    /// The tag of `message`.
    public static func authenticate(key: borrowing SecretBytes, message: [UInt8]) -> [UInt8] {
        unsafe key.withBytes { unsafe tag(key: $0, message: message) }
    }

    private static func tag(key: UnsafeRawBufferPointer, message: [UInt8]) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { tag, count in
            unsafe message.withUnsafeBytes { message in
                unsafe write(
                    key: key, prefix: UnsafeRawBufferPointer(start: nil, count: 0), message: message,
                    to: tag.baseAddress)
            }
            count = byteCount
        }
    }

    /// The tag of `prefix` ‖ `message`, to 32 bytes at `tag`.
    static func write(
        key: UnsafeRawBufferPointer, prefix: UnsafeRawBufferPointer, message: UnsafeRawBufferPointer,
        to tag: UnsafeMutableRawPointer?
    ) {
        // It fails for want of memory only, as allocations of Swift's own do, and a tag that is wrong must not be used.
        precondition(
            unsafe probity_hmac_sha256(
                Template.shared.context, key.baseAddress, key.count, prefix.baseAddress, prefix.count,
                message.baseAddress, message.count, tag) == 1, "HMAC-SHA-256 failed")
    }

    /// What every message's context is copied from.
    @safe private struct Template: @unchecked Sendable {
        // @unchecked: it is only copied from.
        let context: OpaquePointer
        static let shared = Template()

        private init() {
            guard let context = unsafe probity_hmac_template() else {
                preconditionFailure("libcrypto has no HMAC with SHA-256")
            }
            unsafe self.context = context
        }
    }
}
