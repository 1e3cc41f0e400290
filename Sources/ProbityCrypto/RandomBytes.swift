internal import COpenSSL
internal import Glibc
internal import Synchronization

/// Random bytes from OpenSSL's generator, which the operating system seeds.
public enum RandomBytes {
    static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guard buffer.count > 0 else { return }
        // A generator that fails must never be followed by a key of zeros: there is no way on.
        precondition(
            unsafe RAND_bytes(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(buffer.count)) == 1,
            "the random generator failed")
    }

    public static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        unsafe bytes.withUnsafeMutableBytes { unsafe fill($0) }
        return bytes
    }

    public static func uint64() -> UInt64 {
        bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
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

    mutating func draw() -> [UInt8] {
        let process = getpid()
        if next + NoncePool.nonceByteCount > buffer.count || owner != process {
            buffer = RandomBytes.bytes(NoncePool.nonceByteCount * 256)
            next = 0
            owner = process
        }
        defer { next += NoncePool.nonceByteCount }
        return Array(buffer[next..<next + NoncePool.nonceByteCount])
    }
}
