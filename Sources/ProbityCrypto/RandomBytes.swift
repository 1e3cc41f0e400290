internal import COpenSSL
internal import Glibc
internal import Synchronization

/// Random bytes from OpenSSL's generator, which the operating system seeds. A generator that fails ends the process.
public enum RandomBytes {
    static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guard buffer.count > 0 else { return }
        // A generator that fails must never be followed by a key of zeros: there is no way on.
        precondition(
            unsafe RAND_bytes(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(buffer.count)) == 1,
            "the random generator failed")
    }

    /// `count` random bytes, for values that are not secret; a key comes from ``SecretBytes/init(randomByteCount:)``.
    public static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        unsafe bytes.withUnsafeMutableBytes { unsafe fill($0) }
        return bytes
    }

    /// A random number, each as likely as the other.
    public static func uint64() -> UInt64 {
        var number: UInt64 = 0
        unsafe withUnsafeMutableBytes(of: &number) { unsafe fill($0) }
        return number
    }
}

/// Nonces drawn from a buffer: one call of the generator for each costs more than the seal that it serves.
///
/// A nonce must never come twice, so the buffer is thrown away in a forked child, which would hold the same bytes.
struct NoncePool: ~Copyable {
    static let shared = Mutex(NoncePool())
    static let nonceByteCount = 24

    private var buffer: [UInt8] = []
    private var next = 0
    private var owner: pid_t = 0
    /// How often the buffer was filled.
    private(set) var filledCount = 0

    /// Writes the next nonce to `nonce`, which has 24 bytes.
    mutating func draw(into nonce: UnsafeMutableRawBufferPointer, process: pid_t = getpid()) {
        precondition(nonce.count == NoncePool.nonceByteCount, "a nonce has 24 bytes")
        if next + NoncePool.nonceByteCount > buffer.count || owner != process {
            buffer = RandomBytes.bytes(NoncePool.nonceByteCount * 256)
            next = 0
            owner = process
            filledCount += 1
        }
        unsafe nonce.copyBytes(from: buffer[next..<next + NoncePool.nonceByteCount])
        next += NoncePool.nonceByteCount
    }
}
