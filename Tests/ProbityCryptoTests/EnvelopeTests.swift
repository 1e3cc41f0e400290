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

    private static let passphrase = Array("correct horse 电池".utf8)

    @Test("The openssl program opens a key file made here and finds the same public key")
    func opensslReadsOurs() throws {
        let folder = try TemporaryFolder()
        let signing = try Ed25519SigningKey()
        let agreement = try X25519PrivateKey()
        let passphrase = SecretBytes(copying: EnvelopeTests.passphrase)
        try Data(EnvelopeTests.passphrase).write(to: URL(filePath: "\(folder.path)/pass"))
        for (name, pem, expected) in [
            ("sign", try KeyFile.encrypt(signing, passphrase: passphrase), try signing.publicKey.pem),
            ("enc", try KeyFile.encrypt(agreement, passphrase: passphrase), try agreement.publicKey.pem),
        ] {
            try Data(pem.utf8).write(to: URL(filePath: "\(folder.path)/\(name).pem"))
            let result = try run(
                "openssl",
                ["pkey", "-in", "\(folder.path)/\(name).pem", "-passin", "file:\(folder.path)/pass", "-pubout"])
            #expect(result.status == 0)
            #expect(result.output == expected)
            let dump = try run("openssl", ["asn1parse", "-in", "\(folder.path)/\(name).pem"]).output
            #expect(dump.contains("scrypt") && dump.contains("aes-256-cbc") && dump.contains(":4000"))
        }
    }

    @Test("A key file made by the openssl program opens here")
    func weReadOpenssl() throws {
        let folder = try TemporaryFolder()
        try Data(EnvelopeTests.passphrase).write(to: URL(filePath: "\(folder.path)/pass"))
        for options in [["-scrypt"], ["-iter", "5000"]] {
            #expect(
                try run("openssl", ["genpkey", "-algorithm", "ED25519", "-out", "\(folder.path)/k.pem"]).status == 0)
            let arguments =
                [
                    "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", "\(folder.path)/k.pem", "-out",
                    "\(folder.path)/e.pem",
                ]
                + options + ["-passout", "file:\(folder.path)/pass"]
            #expect(try run("openssl", arguments).status == 0)
            let pem = try String(contentsOfFile: "\(folder.path)/e.pem", encoding: .utf8)
            let key = try KeyFile.openSigningKey(pem, passphrase: SecretBytes(copying: EnvelopeTests.passphrase))
            #expect(try run("openssl", ["pkey", "-in", "\(folder.path)/k.pem", "-pubout"]).output == key.publicKey.pem)
        }
    }

    @Test("A wrong passphrase, a key of the other type, a damaged file: each is refused with its code")
    func keyFileRefusals() throws {
        let passphrase = SecretBytes(copying: EnvelopeTests.passphrase)
        let pem = try KeyFile.encrypt(Ed25519SigningKey(), passphrase: passphrase)
        #expect(throws: CryptoError(.authenticationFailure, "")) {
            _ = try KeyFile.openSigningKey(pem, passphrase: SecretBytes(copying: Array("wrong".utf8)))
        }
        #expect(throws: CryptoError(.authenticationFailure, "")) {
            _ = try KeyFile.openSigningKey(pem, passphrase: SecretBytes(copying: []))
        }
        #expect(throws: CryptoError(.invalidKey, "")) {
            _ = try KeyFile.openAgreementKey(pem, passphrase: passphrase)
        }
        for damaged in ["", "x", String(pem.dropLast(60)), pem.replacingOccurrences(of: "ENCRYPTED ", with: "")] {
            #expect(throws: CryptoError(.invalidKey, "")) {
                _ = try KeyFile.openSigningKey(damaged, passphrase: passphrase)
            }
        }
    }

    @Test("A file that asks for more work than allowed is refused without doing it")
    func keyFileLimits() throws {
        let folder = try TemporaryFolder()
        try Data(EnvelopeTests.passphrase).write(to: URL(filePath: "\(folder.path)/pass"))
        #expect(try run("openssl", ["genpkey", "-algorithm", "ED25519", "-out", "\(folder.path)/k.pem"]).status == 0)
        let result = try run(
            "openssl",
            [
                "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", "\(folder.path)/k.pem", "-out", "\(folder.path)/e.pem",
                "-scrypt", "-scrypt_N", "16384", "-scrypt_r", "8", "-scrypt_p", "17", "-passout",
                "file:\(folder.path)/pass",
            ])
        #expect(result.status == 0)
        let pem = try String(contentsOfFile: "\(folder.path)/e.pem", encoding: .utf8)
        #expect(throws: CryptoError(.resourceLimit, "")) {
            _ = try KeyFile.openSigningKey(pem, passphrase: SecretBytes(copying: EnvelopeTests.passphrase))
        }
    }

    @Test("Both files of a user open together; one wrong file fails the pair")
    func pair() throws {
        let passphrase = SecretBytes(copying: EnvelopeTests.passphrase)
        let signing = try Ed25519SigningKey()
        let agreement = try X25519PrivateKey()
        let sign = try KeyFile.encrypt(signing, passphrase: passphrase)
        let agree = try KeyFile.encrypt(agreement, passphrase: passphrase)
        let (first, second) = try KeyFile.openPair(signing: sign, agreement: agree, passphrase: passphrase)
        #expect(first.publicKey == signing.publicKey && second.publicKey == agreement.publicKey)
        #expect(throws: CryptoError(.invalidKey, "")) {
            _ = try KeyFile.openPair(signing: sign, agreement: sign, passphrase: passphrase)
        }
    }
}
