import Foundation
import ProbityTestSupport
import Testing

@testable import ProbityCrypto

@Suite("Primitives against published vectors")
struct PrimitiveTests {
    @Test("AES-256-GCM: every Wycheproof case, valid and invalid; keys of 128 and 192 bits are refused")
    func aesGCM() throws {
        var counts: [String: Int] = [:]
        for (group, test) in try VectorFile("wycheproof_aes_gcm_test").wycheproof {
            let key = SecretBytes(copying: test.bytes("key"))
            let sealed = test.bytes("ct") + test.bytes("tag")
            let nonce = test.bytes("iv")
            let id = test.number("tcId")
            // OpenSSL takes nonces up to 128 bytes; the longer one of the vectors is refused, not truncated.
            if group.number("keySize") != 256 || !(1...128).contains(nonce.count) {
                counts["refused", default: 0] += 1
                #expect(throws: CryptoError(.invalidInput, ""), "case \(id)") {
                    try AES256GCM.open(sealed, key: key, nonce: nonce, associatedData: test.bytes("aad"))
                }
                #expect(throws: CryptoError(.invalidInput, ""), "case \(id)") {
                    try AES256GCM.seal(test.bytes("msg"), key: key, nonce: nonce, associatedData: test.bytes("aad"))
                }
                continue
            }
            counts[test.text("result"), default: 0] += 1
            if test.text("result") == "invalid" {
                #expect(throws: CryptoError(.authenticationFailure, ""), "case \(id)") {
                    try AES256GCM.open(sealed, key: key, nonce: nonce, associatedData: test.bytes("aad"))
                }
                continue
            }
            #expect(
                try AES256GCM.open(sealed, key: key, nonce: nonce, associatedData: test.bytes("aad"))
                    == test.bytes("msg"),
                "case \(id)")
            #expect(
                try AES256GCM.seal(test.bytes("msg"), key: key, nonce: nonce, associatedData: test.bytes("aad"))
                    == sealed,
                "case \(id)")
        }
        #expect(counts == ["valid": 75, "invalid": 27, "refused": 214])
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
        #expect(String(digest.prefix(64)) == expected)
    }

    @Test("HMAC-SHA-256: every Wycheproof case")
    func hmac() throws {
        var counts: [String: Int] = [:]
        for (group, test) in try VectorFile("wycheproof_hmac_sha256_test").wycheproof {
            let tag = test.bytes("tag")
            let whole = HMACSHA256.authenticate(key: test.bytes("key"), message: test.bytes("msg"))
            let secret = SecretBytes(copying: test.bytes("key"))
            #expect(HMACSHA256.authenticate(key: secret, message: test.bytes("msg")) == whole)
            let isRight = test.text("result") == "valid"
            #expect((Array(whole.prefix(tag.count)) == tag) == isRight, "case \(test.number("tcId"))")
            counts["\(isRight) \(group.number("tagSize"))", default: 0] += 1
        }
        #expect(counts == ["true 256": 33, "false 256": 54, "true 128": 33, "false 128": 54])
    }

    @Test("HKDF-SHA-256: every Wycheproof case")
    func hkdf() throws {
        var counts: [String: Int] = [:]
        for (_, test) in try VectorFile("wycheproof_hkdf_sha256_test").wycheproof {
            let secret = SecretBytes(copying: test.bytes("ikm"))
            counts[test.text("result"), default: 0] += 1
            if test.text("result") == "invalid" {
                #expect(throws: CryptoError(.invalidInput, ""), "case \(test.number("tcId"))") {
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
        #expect(counts == ["valid": 83, "invalid": 3])
    }

    @Test("X25519: every Wycheproof case; a result of zeros is refused")
    func x25519() throws {
        var counts: [Bool: Int] = [:]
        for (_, test) in try VectorFile("wycheproof_x25519_test").wycheproof {
            counts[(test["flags"] as? [String] ?? []).contains("ZeroSharedSecret"), default: 0] += 1
            let flags = test["flags"] as? [String] ?? []
            let privateKey = try X25519PrivateKey(rawSecret: SecretBytes(copying: test.bytes("private")))
            let peer = try X25519PublicKey(rawBytes: test.bytes("public"))
            let isSound = Set(flags).isDisjoint(with: ["ZeroSharedSecret", "NonCanonicalPublic"])
            #expect(peer.isSound == isSound, "case \(test.number("tcId"))")
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
        #expect(counts == [true: 31, false: 487])
    }

    @Test("Ed25519: every Wycheproof case")
    func ed25519() throws {
        var counts: [String: Int] = [:]
        for (group, test) in try VectorFile("wycheproof_ed25519_test").wycheproof {
            let pk = (group["publicKey"] as? [String: Any] ?? [:]).bytes("pk")
            let key = try Ed25519PublicKey(rawBytes: pk)
            counts[test.text("result"), default: 0] += 1
            #expect(
                key.isValid(signature: test.bytes("sig"), for: test.bytes("msg")) == (test.text("result") == "valid"),
                "case \(test.number("tcId"))")
        }
        #expect(counts == ["valid": 88, "invalid": 63])
    }

    // Signatures are kept for ever, so which edge cases are valid must not change under them with a new library.
    @Test("Ed25519: the set of accepted edge cases is the one OpenSSL 3.0 has, and stays")
    func ed25519EdgeCases() throws {
        var accepted = SHA256()
        var count = 0
        let vectors = try VectorFile("cctv_ed25519vectors").list
        for vector in vectors {
            let key = try Ed25519PublicKey(rawBytes: vector.bytes("key"))
            let valid = key.isValid(signature: vector.bytes("sig"), for: Array(vector.text("msg").utf8))
            accepted.update(valid ? 1 : 0)
            count += valid ? 1 : 0
            // The equation without cofactor leaves no residue of small order; R is compared as bytes, so it is canonical.
            // Neither small-order nor non-canonical public keys are refused.
            let flags = Set(vector["flags"] as? [String] ?? [])
            #expect(
                valid == flags.isDisjoint(with: ["low_order_residue", "non_canonical_R"]),
                "case \(vector.number("number"))")
            // Who lets keys in refuses those.
            #expect(
                key.isSound == flags.isDisjoint(with: ["low_order_A", "non_canonical_A"]),
                "case \(vector.number("number"))")
        }
        #expect(vectors.count == 914 && count == 208)
        #expect(accepted.finish().description == "d205dd8a030648443106a7e5babf488cdd44314f5789d4c15d4a48de760ecba9")
    }

    @Test("Ed25519: RFC 8032 §7.1, tests 1 to 3, from seed to public key and signature")
    func ed25519Signing() throws {
        for (seed, publicKey, message, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                    + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                    + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                    + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            ),
        ] {
            let key = try Ed25519SigningKey(seed: SecretBytes(copying: hex(seed)))
            #expect(key.publicKey.rawBytes == hex(publicKey))
            #expect(try key.sign(hex(message)) == hex(signature))
        }
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
