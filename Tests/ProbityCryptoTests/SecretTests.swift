import Testing

@testable import ProbityCrypto

@Suite("Secrets and randomness")
struct SecretTests {
    @Test("A secret is what was copied into it; a copy is equal and another secret is not")
    func equality() {
        let secret = SecretBytes(copying: [1, 2, 3])
        #expect(secret.count == 3)
        #expect(secret.revealed() == [1, 2, 3])
        let copy = secret.copy()
        let isSame = copy.isEqual(to: secret)
        #expect(isSame)
        for other: [UInt8] in [[], [1, 2], [1, 2, 4], [1, 2, 3, 0]] {
            let isOther = secret.isEqual(to: SecretBytes(copying: other))
            #expect(!isOther)
        }
        let empty = SecretBytes(copying: [])
        let isEmpty = empty.isEqual(to: SecretBytes(randomByteCount: 0))
        #expect(isEmpty)
    }

    @Test("A secret that could not be filled is not there, and its error comes through")
    func failedFilling() {
        #expect(throws: CryptoError(.internalFailure, "")) {
            _ = try unsafe SecretBytes(byteCount: 32) { _ throws(CryptoError) in
                throw CryptoError(.internalFailure, "not filled")
            }
        }
    }

    @Test("More secrets than the locked memory holds are made all the same")
    func manySecrets() throws {
        // The arena has 4 MiB. What does not fit comes from ordinary memory, wiped like the rest.
        final class Holder {
            let secret: SecretBytes
            init(_ byte: UInt8) { secret = SecretBytes(copying: [UInt8](repeating: byte, count: 4_096)) }
        }
        let holders = (0..<1_500).map { Holder(UInt8($0 & 0xFF)) }
        for (index, holder) in holders.enumerated() {
            #expect(holder.secret.revealed() == [UInt8](repeating: UInt8(index & 0xFF), count: 4_096))
        }
    }

    @Test("Comparison in constant time compares")
    func comparison() {
        #expect(areEqualInConstantTime([], []))
        #expect(areEqualInConstantTime([1, 2], [1, 2]))
        #expect(!areEqualInConstantTime([1, 2], [1, 3]))
        #expect(!areEqualInConstantTime([1, 2], [1, 2, 0]))
        #expect(!areEqualInConstantTime([], [0]))
    }

    @Test("Errors are equal by their code, and say nothing of what failed to open")
    func errors() throws {
        #expect(CryptoError(.invalidKey, "one") == CryptoError(.invalidKey, "other"))
        #expect(CryptoError(.invalidKey, "one") != CryptoError(.invalidInput, "one"))
        let key = try XAES256GCM(key: SecretBytes(randomByteCount: 32))
        let sealed = try key.seal([1], associatedData: [])
        let descriptions = [[], [0], Array(sealed.dropLast()), sealed + [0], [0] + sealed].map { message in
            #expect(throws: CryptoError.self) { try key.open(message, associatedData: []) }?.description
        }
        // One and the same text for a message that is too short, too long and changed.
        #expect(Set(descriptions) == ["authenticationFailure: authentication failed"])
    }

    @Test("A pool of nonces repeats none, over several fillings")
    func nonces() {
        var pool = NoncePool()
        var seen: Set<[UInt8]> = []
        for _ in 0..<2_000 { seen.insert(draw(from: &pool)) }
        #expect(seen.count == 2_000)
    }

    // The pool cannot be copied here, as a fork would; a change of the process must throw away a buffer that is not empty.
    @Test("A pool that finds itself in another process draws from a new buffer")
    func forkedPool() {
        var pool = NoncePool()
        _ = draw(from: &pool, process: 10)
        let before = pool.filledCount
        _ = draw(from: &pool, process: 10)
        #expect(pool.filledCount == before)
        _ = draw(from: &pool, process: 11)
        #expect(pool.filledCount == before + 1)
    }

    private func draw(from pool: inout NoncePool, process: Int32 = 1) -> [UInt8] {
        var nonce = [UInt8](repeating: 0, count: NoncePool.nonceByteCount)
        unsafe nonce.withUnsafeMutableBytes { unsafe pool.draw(into: $0, process: process) }
        return nonce
    }
}
