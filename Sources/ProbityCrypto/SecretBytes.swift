internal import COpenSSL

/// Bytes that must not spread: locked memory, one owner, wiped at the end of its life, lent only to a closure.
///
/// It has no description, no equality operator and no copy but the one asked for by name.
@safe public struct SecretBytes: ~Copyable, @unchecked Sendable {
    // @unchecked: the memory is written only while the initializer runs; afterwards it is read only, until deinit.
    private let memory: UnsafeMutableRawPointer
    /// Number of bytes.
    public let count: Int

    // One arena for the process, made before the first secret: 4 MiB hold 65,000 keys of XAES-256-GCM with their subkeys.
    private static let arena: Void = probity_secure_heap_init(4 << 20)

    private init(allocating count: Int) {
        SecretBytes.arena
        guard let memory = unsafe probity_secret_allocate(max(count, 1)) else {
            // Out of memory for a few bytes: Swift's own allocations end the process in this case too.
            preconditionFailure("no memory for a secret")
        }
        unsafe self.memory = memory
        self.count = count
    }

    /// `byteCount` bytes from the operating system's generator.
    public init(randomByteCount byteCount: Int) {
        self.init(allocating: byteCount)
        unsafe RandomBytes.fill(UnsafeMutableRawBufferPointer(start: memory, count: count))
    }

    /// Copies `bytes`; the caller still has to wipe the original.
    public init(copying bytes: some Collection<UInt8>) {
        self.init(allocating: bytes.count)
        unsafe UnsafeMutableRawBufferPointer(start: memory, count: count).copyBytes(from: bytes)
    }

    /// `byteCount` zero bytes that `fill` overwrites.
    init(byteCount: Int, filling fill: (UnsafeMutableRawBufferPointer) throws(CryptoError) -> Void) throws(CryptoError)
    {
        self.init(allocating: byteCount)
        try unsafe fill(UnsafeMutableRawBufferPointer(start: memory, count: byteCount))
    }

    /// Lends the bytes to `body`, which must not keep the pointer.
    public func withBytes<Result: ~Copyable, Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result)
        throws(Failure) -> Result
    {
        try unsafe body(UnsafeRawBufferPointer(start: memory, count: count))
    }

    /// The bytes as an array, for derived values that are stored and not secret themselves.
    ///
    /// The array is ordinary memory: neither locked nor wiped.
    public func revealed() -> [UInt8] { unsafe withBytes { unsafe Array($0) } }

    /// `secret` with bytes behind it that are not secret.
    public init(_ secret: borrowing SecretBytes, followedBy bytes: [UInt8]) {
        self.init(allocating: secret.count + bytes.count)
        unsafe memory.copyMemory(from: secret.memory, byteCount: secret.count)
        unsafe UnsafeMutableRawBufferPointer(start: memory + secret.count, count: bytes.count).copyBytes(from: bytes)
    }

    /// The first `count` bytes, or all where there are fewer, as a secret of its own.
    public func prefix(_ count: Int) -> SecretBytes {
        let secret = SecretBytes(allocating: min(count, self.count))
        unsafe secret.memory.copyMemory(from: memory, byteCount: secret.count)
        return secret
    }

    /// What stands behind the first `count` bytes and is not secret.
    public func revealed(after count: Int) -> [UInt8] { unsafe withBytes { unsafe Array($0.dropFirst(count)) } }

    /// A second owner of the same bytes, in memory of its own.
    public func copy() -> SecretBytes {
        let copy = SecretBytes(allocating: count)
        unsafe copy.memory.copyMemory(from: memory, byteCount: count)
        return copy
    }

    /// Compares in time that depends on the lengths only.
    public func isEqual(to other: borrowing SecretBytes) -> Bool {
        unsafe count == other.count && CRYPTO_memcmp(memory, other.memory, count) == 0
    }

    deinit { unsafe probity_secret_free(memory, max(count, 1)) }
}

/// Comparison in constant time for values that are not secret themselves but decide about authenticity.
public func areEqualInConstantTime(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    guard one.count == other.count else { return false }
    return unsafe one.withUnsafeBytes { left in
        unsafe other.withUnsafeBytes { right in
            unsafe left.count == 0 || CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
        }
    }
}

/// OPENSSL_cleanse, which the compiler may not leave out.
func probityCleanse(_ start: UnsafeMutableRawPointer, _ count: Int) { unsafe OPENSSL_cleanse(start, count) }

/// The memory of the process as a place for secrets.
public enum SecretMemory {
    /// Keeps the memory of this process out of core files and crash handlers. Call it before the first secret is read.
    public static func forbidCoreFiles() {
        // Where the kernel refuses, the program is no worse off than any other.
        _ = probity_forbid_core_files()
    }
}
