import ProbityTestSupport
import Testing

@testable import ProbityCrypto

@Suite("Digests and keyed digests beside the openssl program")
struct DigestTests {
    @Test(
        "SHA-256: the examples of FIPS 180-4",
        arguments: [
            ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ])
    func sha256(text: String, times: Int, expected: String) throws {
        let message = [UInt8](repeatElement(Array(text.utf8), count: times).joined())
        #expect(SHA256Digest.hash(message).description == expected)
        #expect(try SHA256Digest(bytes: hex(expected)) == SHA256Digest.hash(message))
        #expect(SHA256Digest.hash(message).bytes == hex(expected))
    }

    @Test("SHA-256: in one piece, in pieces and as parts it is the same")
    func pieces() {
        let seed: UInt64 = 3
        var random = SeededGenerator(seed: seed)
        for length in 0...260 {
            let message = random.bytes(length)
            let cut = Int.random(in: 0...length, using: &random)
            var hasher = SHA256()
            hasher.update(Array(message[..<cut]))
            for byte in message[cut...] { hasher.update(byte) }
            let whole = SHA256Digest.hash(message)
            #expect(hasher.finish() == whole, "seed \(seed), length \(length), cut \(cut)")
            #expect(SHA256Digest.hash(Array(message[..<cut]), Array(message[cut...])) == whole)
        }
        var node = SHA256()
        let digest = SHA256Digest.hash([])
        node.update(1)
        node.update(digest)
        #expect(node.finish() == SHA256Digest.hash([1] + digest.bytes))
    }

    @Test("A digest of another length is refused", arguments: [0, 31, 33])
    func digestLength(count: Int) {
        #expect(throws: CryptoError(.invalidInput, "")) { try SHA256Digest(bytes: [UInt8](repeating: 0, count: count)) }
    }

    @Test("HMAC-SHA-256: keys around the block size of 64 bytes", arguments: [1, 32, 63, 64, 65, 200])
    func hmac(keyByteCount: Int) throws {
        var random = SeededGenerator(seed: UInt64(keyByteCount))
        let key = random.bytes(keyByteCount)
        for length in [0, 1, 55, 56, 64, 1_000] {
            let message = random.bytes(length)
            let ours = HMACSHA256.authenticate(key: key, message: message)
            let theirs = try run(
                "openssl", ["dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:\(text(key))", "-r"], input: message)
            #expect(theirs.status == 0)
            #expect(String(theirs.output.prefix(64)) == text(ours), "\(length) bytes")
        }
    }

    @Test("HMAC-SHA-256: an empty key is a key")
    func hmacEmptyKey() {
        // RFC 2104 pads the key with zeros: none at all and one zero byte are the same key.
        #expect(HMACSHA256.authenticate(key: [], message: [1]) == HMACSHA256.authenticate(key: [0], message: [1]))
    }

    @Test("HKDF-SHA-256: lengths around whole blocks", arguments: [1, 31, 32, 33, 64, 255, 8_160])
    func hkdf(byteCount: Int) throws {
        var random = SeededGenerator(seed: UInt64(byteCount))
        let secret = random.bytes(80)
        let salt = random.bytes(70)
        let info = random.bytes(1_000)
        let derived = try HKDFSHA256.derive(
            secret: SecretBytes(copying: secret), salt: salt, info: info, byteCount: byteCount)
        let theirs = try run(
            "openssl",
            [
                "kdf", "-keylen", "\(byteCount)", "-kdfopt", "digest:SHA256", "-kdfopt", "hexkey:\(text(secret))",
                "-kdfopt", "hexsalt:\(text(salt))", "-kdfopt", "hexinfo:\(text(info))", "-binary", "HKDF",
            ])
        #expect(theirs.status == 0)
        #expect(derived.revealed() == theirs.outputBytes)
    }

    @Test("HKDF-SHA-256: no bytes and more than 255 blocks are refused", arguments: [-1, 0, 8_161])
    func hkdfLength(byteCount: Int) {
        #expect(throws: CryptoError(.invalidInput, "")) {
            _ = try HKDFSHA256.derive(secret: SecretBytes(copying: [1]), salt: [], info: [], byteCount: byteCount)
        }
    }

    private func text(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
