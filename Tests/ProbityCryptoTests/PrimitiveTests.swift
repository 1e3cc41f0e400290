import Foundation
import ProbityTestSupport
import Testing

@testable import ProbityCrypto

@Suite("Primitives against published vectors")
struct PrimitiveTests {
    @Test("AES-256-GCM: every Wycheproof case with a 256-bit key and a 128-bit tag, valid and invalid")
    func aesGCM() throws {
        var valid = 0
        var invalid = 0
        for (group, test) in try VectorFile("wycheproof_aes_gcm_test").wycheproof
        where group.number("keySize") == 256 && group.number("tagSize") == 128 {
            let key = SecretBytes(copying: test.bytes("key"))
            let sealed = test.bytes("ct") + test.bytes("tag")
            let id = test.number("tcId")
            // OpenSSL takes nonces up to 128 bytes; the longer ones of the vectors are refused, not truncated.
            if test.text("result") == "invalid" || test.bytes("iv").count > 128 {
                invalid += 1
                #expect(throws: CryptoError.self, "case \(id)") {
                    try AES256GCM.open(sealed, key: key, nonce: test.bytes("iv"), associatedData: test.bytes("aad"))
                }
                continue
            }
            valid += 1
            let nonce = test.bytes("iv")
            #expect(
                try AES256GCM.open(sealed, key: key, nonce: nonce, associatedData: test.bytes("aad"))
                    == test.bytes("msg"),
                "case \(id)")
            #expect(
                try AES256GCM.seal(test.bytes("msg"), key: key, nonce: nonce, associatedData: test.bytes("aad"))
                    == sealed,
                "case \(id)")
        }
        #expect(valid > 60 && invalid > 20)
    }

    @Test("XAES-256-GCM: the two published cases")
    func xaes() throws {
        for vector in try VectorFile("c2sp_xaes256gcm").list {
            let key = try XAES256GCM(key: SecretBytes(copying: vector.bytes("K")))
            let sealed = try key.seal(
                vector.bytes("pt"), nonce: vector.bytes("N"), associatedData: vector.bytes("aad"))
            #expect(sealed == vector.bytes("N") + vector.bytes("ct"))
            #expect(try key.open(sealed, associatedData: vector.bytes("aad")) == vector.bytes("pt"))
        }
    }

    @Test("XAES-256-GCM: the accumulated hash over 10,000 random messages")
    func xaesAccumulated() throws {
        // The stream and the hash are SHAKE-128, which the openssl program has.
        let stream = hex(
            try run("openssl", ["dgst", "-shake128", "-xoflen", "4000000", "-r"]).output.prefix { $0 != " " }
                .description)
        var position = 0
        func take(_ count: Int) -> [UInt8] {
            defer { position += count }
            return Array(stream[position..<position + count])
        }
        var all: [UInt8] = []
        for _ in 0..<10_000 {
            let key = take(32)
            let nonce = take(24)
            let plaintext = take(Int(take(1)[0]))
            let aad = take(Int(take(1)[0]))
            let cipher = try XAES256GCM(key: SecretBytes(copying: key))
            let sealed = try cipher.seal(plaintext, nonce: nonce, associatedData: aad)
            all += sealed.dropFirst(24)
            #expect(try cipher.open(sealed, associatedData: aad) == plaintext)
        }
        let digest = try run("openssl", ["dgst", "-shake128", "-xoflen", "32", "-r"], input: all).output
        let expected = (try VectorFile("c2sp_xaes256gcm").root["accumulated"] as? [String: Any])?.text("10000")
        #expect(digest.prefix(64) == expected ?? "")
    }

    @Test("HMAC-SHA-256: every Wycheproof case with a whole tag")
    func hmac() throws {
        for (group, test) in try VectorFile("wycheproof_hmac_sha256_test").wycheproof
        where group.number("tagSize") == 256 {
            #expect(
                HMACSHA256.isValid(test.bytes("tag"), key: test.bytes("key"), message: test.bytes("msg"))
                    == (test.text("result") == "valid"), "case \(test.number("tcId"))")
        }
    }

    @Test("HKDF-SHA-256: every Wycheproof case")
    func hkdf() throws {
        for (_, test) in try VectorFile("wycheproof_hkdf_sha256_test").wycheproof {
            let secret = SecretBytes(copying: test.bytes("ikm"))
            if test.text("result") == "invalid" {
                #expect(throws: CryptoError.self, "case \(test.number("tcId"))") {
                    _ = try HKDFSHA256.derive(
                        secret: secret, salt: test.bytes("salt"), info: test.bytes("info"),
                        byteCount: test.number("size"))
                }
                continue
            }
            let derived = try HKDFSHA256.derive(
                secret: secret, salt: test.bytes("salt"), info: test.bytes("info"), byteCount: test.number("size"))
            let isSame = derived.isEqual(to: SecretBytes(copying: test.bytes("okm")))
            #expect(isSame, "case \(test.number("tcId"))")
        }
    }

    @Test("scrypt: RFC 7914 §12")
    func scrypt() throws {
        for vector in try VectorFile("rfc7914_scrypt").list {
            let derived = try Scrypt.derive(
                passphrase: SecretBytes(copying: Array(vector.text("P").utf8)), salt: Array(vector.text("S").utf8),
                n: UInt64(vector.number("N")), r: UInt64(vector.number("r")), p: UInt64(vector.number("p")),
                byteCount: 64)
            let isSame = derived.isEqual(to: SecretBytes(copying: vector.bytes("dk")))
            #expect(isSame)
        }
    }

    @Test("scrypt beyond the memory limit is refused before anything is computed")
    func scryptLimit() {
        #expect(throws: CryptoError(.resourceLimit, "")) {
            _ = try Scrypt.derive(
                passphrase: SecretBytes(copying: []), salt: [], n: 1 << 20, r: 8, p: 1, byteCount: 32)
        }
    }

    @Test("X25519: every Wycheproof case; a result of zeros is refused")
    func x25519() throws {
        for (_, test) in try VectorFile("wycheproof_x25519_test").wycheproof {
            let flags = test["flags"] as? [String] ?? []
            let privateKey = try X25519PrivateKey(rawSecret: SecretBytes(copying: test.bytes("private")))
            let peer = try X25519PublicKey(rawBytes: test.bytes("public"))
            if flags.contains("ZeroSharedSecret") {
                #expect(throws: CryptoError(.invalidKey, ""), "case \(test.number("tcId"))") {
                    _ = try privateKey.sharedSecret(with: peer)
                }
            } else {
                let shared = try privateKey.sharedSecret(with: peer)
                let isSame = shared.isEqual(to: SecretBytes(copying: test.bytes("shared")))
                #expect(isSame, "case \(test.number("tcId"))")
            }
        }
    }

    @Test("Ed25519: every Wycheproof case")
    func ed25519() throws {
        for (group, test) in try VectorFile("wycheproof_ed25519_test").wycheproof {
            let pk = (group["publicKey"] as? [String: Any] ?? [:]).bytes("pk")
            let key = try Ed25519PublicKey(rawBytes: pk)
            #expect(
                key.isValid(signature: test.bytes("sig"), for: test.bytes("msg")) == (test.text("result") == "valid"),
                "case \(test.number("tcId"))")
        }
    }

    @Test("Ed25519: the set of accepted edge cases is the one OpenSSL 3.0 has, and stays")
    func ed25519EdgeCases() throws {
        var accepted = SHA256()
        var count = 0
        for vector in try VectorFile("cctv_ed25519vectors").list {
            let valid = try Ed25519PublicKey(rawBytes: vector.bytes("key")).isValid(
                signature: vector.bytes("sig"), for: Array(vector.text("msg").utf8))
            accepted.update(valid ? 1 : 0)
            count += valid ? 1 : 0
        }
        #expect(count == 208)
        #expect(accepted.finish().description == "d205dd8a030648443106a7e5babf488cdd44314f5789d4c15d4a48de760ecba9")
    }

    @Test("Ed25519: a signature made here verifies, and no changed bit of it does")
    func ed25519RoundTrip() throws {
        let key = try Ed25519SigningKey()
        let message = Array("a line of the ledger".utf8)
        let signature = try key.sign(message)
        #expect(key.publicKey.isValid(signature: signature, for: message))
        for bit in 0..<signature.count * 8 {
            var changed = signature
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!key.publicKey.isValid(signature: changed, for: message), "bit \(bit)")
        }
        #expect(!key.publicKey.isValid(signature: Array(signature.dropLast()), for: message))
        #expect(!key.publicKey.isValid(signature: signature + [0], for: message))
        #expect(!key.publicKey.isValid(signature: [], for: message))
    }

    @Test("HPKE: the key schedule of RFC 9180 A.1.1 and A.2.1")
    func hpkeSchedule() throws {
        for vector in try VectorFile("rfc9180_x25519_base").list {
            let aead = vector.number("aead_id")
            let schedule = try HPKE.schedule(
                sharedBy: X25519PrivateKey(rawSecret: SecretBytes(copying: vector.bytes("skEm"))),
                and: X25519PublicKey(rawBytes: vector.bytes("pkRm")), enc: vector.bytes("enc"),
                recipient: vector.bytes("pkRm"), info: vector.bytes("info"),
                suite: HPKE.Suite(aeadID: UInt16(aead), keyByteCount: aead == 1 ? 16 : 32))
            let isSame = schedule.key.isEqual(to: SecretBytes(copying: vector.bytes("key")))
            #expect(isSame)
            #expect(schedule.baseNonce == vector.bytes("base_nonce"))
            #expect(schedule.exporterSecret == vector.bytes("exporter_secret"))
        }
    }

    @Test("HPKE: whole messages with AES-256-GCM, both ways")
    func hpkeMessages() throws {
        for vector in try VectorFile("local_x25519_aes256gcm").list {
            let recipient = try X25519PrivateKey(rawSecret: SecretBytes(copying: vector.bytes("skRm")))
            let sealed = try HPKE.seal(
                vector.bytes("pt"), to: recipient.publicKey, info: vector.bytes("info"),
                associatedData: vector.bytes("aad"),
                ephemeral: X25519PrivateKey(rawSecret: SecretBytes(copying: vector.bytes("skEm"))))
            #expect(sealed == vector.bytes("enc") + vector.bytes("ct"))
            #expect(
                try HPKE.open(sealed, with: recipient, info: vector.bytes("info"), associatedData: vector.bytes("aad"))
                    == vector.bytes("pt"))
        }
    }
}
