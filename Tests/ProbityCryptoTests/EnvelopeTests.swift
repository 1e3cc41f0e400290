import Foundation
import ProbityTestSupport
import Testing

@testable import ProbityCrypto

@Suite("Envelopes and key files")
struct EnvelopeTests {
    private static let context = Array("context".utf8)

    @Test(
        "A wrapped secret comes back; a changed, cut or lengthened wrap, another context or another key does not open")
    func keyWrap() throws {
        let secret = SecretBytes(randomByteCount: 32)
        let key = try XAES256GCM(key: SecretBytes(randomByteCount: 32))
        let wrapped = try KeyWrap.wrap(secret, under: key, context: EnvelopeTests.context)
        let opened = try KeyWrap.unwrap(wrapped, under: key, context: EnvelopeTests.context)
        let isSame = opened.isEqual(to: secret)
        #expect(isSame)
        for index in wrapped.indices {
            var changed = wrapped
            changed[index] ^= 0x10
            #expect(throws: CryptoError.self, "byte \(index)") {
                _ = try KeyWrap.unwrap(changed, under: key, context: EnvelopeTests.context)
            }
            #expect(throws: CryptoError.self, "cut at \(index)") {
                _ = try KeyWrap.unwrap(Array(wrapped[..<index]), under: key, context: EnvelopeTests.context)
            }
        }
        #expect(throws: CryptoError.self) {
            _ = try KeyWrap.unwrap(wrapped + [0], under: key, context: EnvelopeTests.context)
        }
        #expect(throws: CryptoError(.authenticationFailure, "")) {
            _ = try KeyWrap.unwrap(wrapped, under: key, context: EnvelopeTests.context + [0])
        }
        let other = try XAES256GCM(key: SecretBytes(randomByteCount: 32))
        #expect(throws: CryptoError(.authenticationFailure, "")) {
            _ = try KeyWrap.unwrap(wrapped, under: other, context: EnvelopeTests.context)
        }
        #expect(throws: CryptoError(.unsupported, "")) {
            _ = try KeyWrap.unwrap([2] + wrapped.dropFirst(), under: key, context: EnvelopeTests.context)
        }
    }

    @Test("A secret wrapped to a person opens with his key only, and only whole")
    func personWrap() throws {
        let secret = SecretBytes(randomByteCount: 32)
        let person = try X25519PrivateKey()
        let wrapped = try PersonWrap.wrap(secret, to: person.publicKey, context: EnvelopeTests.context)
        #expect(wrapped.count == 1 + 80)
        let opened = try PersonWrap.unwrap(wrapped, with: person, context: EnvelopeTests.context)
        let isSame = opened.isEqual(to: secret)
        #expect(isSame)
        for index in wrapped.indices {
            // Bit 255 of an X25519 share is ignored by RFC 7748 §5, but it is inside the KEM context here.
            var changed = wrapped
            changed[index] ^= 0x80
            #expect(throws: CryptoError.self, "byte \(index)") {
                _ = try PersonWrap.unwrap(changed, with: person, context: EnvelopeTests.context)
            }
            #expect(throws: CryptoError.self, "cut at \(index)") {
                _ = try PersonWrap.unwrap(Array(wrapped[..<index]), with: person, context: EnvelopeTests.context)
            }
        }
        let other = try X25519PrivateKey()
        #expect(throws: CryptoError(.authenticationFailure, "")) {
            _ = try PersonWrap.unwrap(wrapped, with: other, context: EnvelopeTests.context)
        }
        #expect(throws: CryptoError(.authenticationFailure, "")) {
            _ = try PersonWrap.unwrap(wrapped, with: person, context: [])
        }
    }

    @Test("Sealing twice never gives the same bytes")
    func nonces() throws {
        let key = try XAES256GCM(key: SecretBytes(randomByteCount: 32))
        var seen: Set<[UInt8]> = []
        for _ in 0..<20_000 { seen.insert(Array(try key.seal([], associatedData: []).prefix(24))) }
        #expect(seen.count == 20_000)
    }

    @Test("Several threads may use one key at once")
    func threads() async throws {
        let key = try XAES256GCM(key: SecretBytes(randomByteCount: 32))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<500 {
                        let text = Array("\(task)/\(number)".utf8)
                        let sealed = try key.seal(text, associatedData: text)
                        #expect(try key.open(sealed, associatedData: text) == text)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("More keys than contexts, used in turn, never seal under one another's key")
    func sharedContexts() throws {
        let seed: UInt64 = 7
        var random = SeededGenerator(seed: seed)
        let nonce = random.bytes(24)
        let secrets = (0..<100).map { _ in random.bytes(32) }
        let keys = try secrets.map { try XAES256GCM(key: SecretBytes(copying: $0)) }
        // A key alone, made and dropped for each message, says what each must give.
        let expected = try secrets.map { secret in
            try XAES256GCM(key: SecretBytes(copying: secret)).seal(secret, nonce: nonce, associatedData: nonce)
        }
        for round in 0..<20 {
            for index in (0..<keys.count).shuffled(using: &random) {
                let sealed = try keys[index].seal(secrets[index], nonce: nonce, associatedData: nonce)
                #expect(sealed == expected[index], "seed \(seed), round \(round), key \(index)")
                #expect(try keys[index].open(sealed, associatedData: nonce) == secrets[index])
            }
        }
    }

    @Test("Of a key that is gone no key schedule is kept")
    func noTrace() throws {
        // Other tests may take the context of the living key at any time, so only its being gone is certain.
        let numbers = try (0..<50).map { _ in
            let key = try XAES256GCM(key: SecretBytes(randomByteCount: 32))
            _ = try key.seal([1], associatedData: [])
            return key.number
        }
        #expect(Set(numbers).count == 50)
        for number in numbers { #expect(!XAES256GCM.keepsSchedule(of: number)) }
    }

    @Test("Messages of every length up to 300 bytes come back, as bytes and as secrets; a changed bit opens nothing")
    func xaesRoundTrip() throws {
        let seed: UInt64 = 11
        var random = SeededGenerator(seed: seed)
        let key = try XAES256GCM(key: SecretBytes(copying: random.bytes(32)))
        for length in 0...300 {
            let text = random.bytes(length)
            let context = random.bytes(Int.random(in: 0...40, using: &random))
            let sealed = try key.seal(text, associatedData: context)
            #expect(sealed.count == length + XAES256GCM.overheadByteCount)
            #expect(try key.open(sealed, associatedData: context) == text, "seed \(seed), length \(length)")
            let asSecret = try key.openSecret(sealed[...], associatedData: context)
            #expect(asSecret.revealed() == text)
            #expect(try key.open(key.sealSecret(asSecret, associatedData: context), associatedData: context) == text)
            var changed = sealed
            let bit = Int.random(in: 0..<sealed.count * 8, using: &random)
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: CryptoError(.authenticationFailure, ""), "seed \(seed), length \(length), bit \(bit)") {
                try key.open(changed, associatedData: context)
            }
            #expect(throws: CryptoError(.authenticationFailure, "")) {
                _ = try key.openSecret(changed[...], associatedData: context)
            }
        }
    }

    @Test("Keys and nonces of a wrong length are refused")
    func lengths() throws {
        for count in [0, 16, 31, 33] {
            #expect(throws: CryptoError(.invalidInput, "")) {
                _ = try XAES256GCM(key: SecretBytes(randomByteCount: count))
            }
            #expect(throws: CryptoError(.invalidKey, "")) {
                _ = try X25519PrivateKey(rawSecret: SecretBytes(randomByteCount: count))
            }
            #expect(throws: CryptoError(.invalidKey, "")) {
                _ = try Ed25519SigningKey(seed: SecretBytes(randomByteCount: count))
            }
            #expect(throws: CryptoError(.invalidKey, "")) {
                try X25519PublicKey(rawBytes: RandomBytes.bytes(count))
            }
            #expect(throws: CryptoError(.invalidKey, "")) {
                try Ed25519PublicKey(rawBytes: RandomBytes.bytes(count))
            }
        }
        let key = try XAES256GCM(key: SecretBytes(randomByteCount: 32))
        #expect(throws: CryptoError(.invalidInput, "")) {
            try key.seal([], nonce: RandomBytes.bytes(12), associatedData: [])
        }
    }

    @Test("An envelope of no suite, of a suite that is not here, or of no bytes is refused with its code")
    func suites() throws {
        let key = try XAES256GCM(key: SecretBytes(randomByteCount: 32))
        let person = try X25519PrivateKey()
        let wrapped = try PersonWrap.wrap(SecretBytes(randomByteCount: 32), to: person.publicKey, context: [])
        for suite: UInt8 in [0, 2, 255] {
            #expect(throws: CryptoError(.unsupported, "")) {
                _ = try PersonWrap.unwrap([suite] + wrapped.dropFirst(), with: person, context: [])
            }
        }
        #expect(throws: CryptoError(.invalidInput, "")) { _ = try PersonWrap.unwrap([], with: person, context: []) }
        #expect(throws: CryptoError(.invalidInput, "")) { _ = try KeyWrap.unwrap([], under: key, context: []) }
        #expect(throws: CryptoError(.authenticationFailure, "")) {
            _ = try KeyWrap.unwrap([1], under: key, context: [])
        }
    }

    @Test("Nothing is wrapped to a key of small order, and a share of small order opens nothing")
    func smallOrder() throws {
        let person = try X25519PrivateKey()
        let wrapped = try PersonWrap.wrap(SecretBytes(randomByteCount: 32), to: person.publicKey, context: [])
        // RFC 7748 §6.1: u = 0 and u = 1 have small order.
        for first: UInt8 in [0, 1] {
            let small = [first] + [UInt8](repeating: 0, count: 31)
            #expect(throws: CryptoError(.invalidKey, "")) {
                _ = try PersonWrap.wrap(
                    SecretBytes(randomByteCount: 32), to: X25519PublicKey(rawBytes: small), context: [])
            }
            #expect(throws: CryptoError(.authenticationFailure, "")) {
                _ = try PersonWrap.unwrap([1] + small + wrapped.dropFirst(33), with: person, context: [])
            }
        }
    }

    @Test("HPKE messages come back for contexts of any length, also long ones")
    func hpkeRoundTrip() throws {
        let person = try X25519PrivateKey()
        for length in [0, 1, 32, 1_000, 5_000] {
            let info = RandomBytes.bytes(length)
            let sealed = try HPKE.seal(info, to: person.publicKey, info: info, associatedData: [1])
            #expect(sealed.count == length + HPKE.overheadByteCount)
            #expect(try HPKE.open(sealed, with: person, info: info, associatedData: [1]) == info)
            #expect(throws: CryptoError(.authenticationFailure, "")) {
                try HPKE.open(sealed, with: person, info: info, associatedData: [2])
            }
        }
    }
}
