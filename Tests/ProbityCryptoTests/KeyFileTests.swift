import Foundation
import ProbityTestSupport
import Testing

@testable import ProbityCrypto

@Suite("Key files")
struct KeyFileTests {
    private static let passphrase = Array("correct horse 电池".utf8)

    /// Readable by its owner alone; the openssl program takes it from there and never from its arguments.
    private static func writePassphrase(to path: String) throws {
        let isMade = FileManager.default.createFile(
            atPath: path, contents: Data(passphrase), attributes: [.posixPermissions: 0o600])
        try #require(isMade)
    }

    @Test("The openssl program opens a key file made here and finds the same public key")
    func opensslReadsOurs() throws {
        let folder = try TemporaryFolder()
        let signing = try Ed25519SigningKey()
        let agreement = try X25519PrivateKey()
        let passphrase = SecretBytes(copying: KeyFileTests.passphrase)
        try KeyFileTests.writePassphrase(to: "\(folder.path)/pass")
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
        try KeyFileTests.writePassphrase(to: "\(folder.path)/pass")
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
            let key = try KeyFile.openSigningKey(pem, passphrase: SecretBytes(copying: KeyFileTests.passphrase))
            #expect(try run("openssl", ["pkey", "-in", "\(folder.path)/k.pem", "-pubout"]).output == key.publicKey.pem)
        }
    }

    @Test("A wrong passphrase, a key of the other type, a damaged file: each is refused with its code")
    func keyFileRefusals() throws {
        let passphrase = SecretBytes(copying: KeyFileTests.passphrase)
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
        try KeyFileTests.writePassphrase(to: "\(folder.path)/pass")
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
            _ = try KeyFile.openSigningKey(pem, passphrase: SecretBytes(copying: KeyFileTests.passphrase))
        }
    }

    @Test("Both files of a user open together; one wrong file fails the pair")
    func pair() throws {
        let passphrase = SecretBytes(copying: KeyFileTests.passphrase)
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

    // MARK: Files that nobody's program writes

    private static func der(_ tag: UInt8, _ parts: [UInt8]...) -> [UInt8] {
        let body = parts.flatMap { $0 }
        switch body.count {
        case ..<0x80: return [tag, UInt8(body.count)] + body
        case ..<0x100: return [tag, 0x81, UInt8(body.count)] + body
        default: return [tag, 0x82, UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
        }
    }

    private static func pem(_ bytes: [UInt8]) -> String {
        let body = Data(bytes).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN ENCRYPTED PRIVATE KEY-----\n\(body)\n-----END ENCRYPTED PRIVATE KEY-----\n"
    }

    private static func bytes(ofPEM pem: String) throws -> [UInt8] {
        let lines = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }
        return [UInt8](try #require(Data(base64Encoded: lines.joined())))
    }

    /// An EncryptedPrivateKeyInfo (RFC 5958 §3) of `derivation` and AES-256-CBC around 64 bytes of nothing.
    private static func file(derivation: [UInt8]) -> String {
        let cipher = der(0x30, der(0x06, hex("60864801650304012a")), der(0x04, [UInt8](repeating: 7, count: 16)))
        let algorithm = der(0x30, der(0x06, hex("2a864886f70d01050d")), der(0x30, derivation, cipher))
        return pem(der(0x30, algorithm, der(0x04, [UInt8](repeating: 9, count: 64))))
    }

    private static func scrypt(n: String, r: String, p: String) -> [UInt8] {
        der(
            0x30, der(0x06, hex("2b06010401da47040b")),
            der(
                0x30, der(0x04, [UInt8](repeating: 5, count: 16)), der(0x02, hex(n)), der(0x02, hex(r)),
                der(0x02, hex(p))))
    }

    private static func pbkdf2(iterations: String) -> [UInt8] {
        der(
            0x30, der(0x06, hex("2a864886f70d01050c")),
            der(
                0x30, der(0x04, [UInt8](repeating: 5, count: 16)), der(0x02, hex(iterations)),
                der(0x30, der(0x06, hex("2a864886f70d0209")), der(0x05))))
    }

    @Test("Each parameter one step beyond its limit, zero, negative or absurd is refused, and within 50 ms")
    func everyLimit() throws {
        let passphrase = SecretBytes(copying: KeyFileTests.passphrase)
        for (name, derivation) in [
            ("N = 2^15", KeyFileTests.scrypt(n: "008000", r: "08", p: "08")),
            ("N = 2^14 + 1", KeyFileTests.scrypt(n: "4001", r: "08", p: "08")),
            ("N = 2^80", KeyFileTests.scrypt(n: "0100000000000000000000", r: "08", p: "08")),
            ("N = 0", KeyFileTests.scrypt(n: "00", r: "08", p: "08")),
            ("N = -16384", KeyFileTests.scrypt(n: "c000", r: "08", p: "08")),
            ("r = 9", KeyFileTests.scrypt(n: "4000", r: "09", p: "08")),
            ("r = -1", KeyFileTests.scrypt(n: "4000", r: "ff", p: "08")),
            ("p = 17", KeyFileTests.scrypt(n: "4000", r: "08", p: "11")),
            ("p = 2^31", KeyFileTests.scrypt(n: "02", r: "01", p: "0080000000")),
            ("10,000,001 iterations", KeyFileTests.pbkdf2(iterations: "00989681")),
            ("2^40 iterations", KeyFileTests.pbkdf2(iterations: "010000000000")),
            ("0 iterations", KeyFileTests.pbkdf2(iterations: "00")),
        ] {
            // The fastest of three runs: the machine may be busy, the computation would be slow each time.
            let times = (0..<3).map { _ in
                ContinuousClock().measure {
                    #expect(throws: CryptoError(.resourceLimit, ""), "\(name)") {
                        _ = try KeyFile.openSigningKey(
                            KeyFileTests.file(derivation: derivation), passphrase: passphrase)
                    }
                }
            }
            #expect(times.min() ?? .seconds(1) < .milliseconds(50), "\(name)")
        }
    }

    @Test("Parameters at their limit are computed; what then does not decrypt is a wrong passphrase")
    func atTheLimit() throws {
        for derivation in [
            KeyFileTests.scrypt(n: "4000", r: "08", p: "10"), KeyFileTests.pbkdf2(iterations: "03e8"),
        ] {
            #expect(throws: CryptoError(.authenticationFailure, "")) {
                _ = try KeyFile.openSigningKey(
                    KeyFileTests.file(derivation: derivation),
                    passphrase: SecretBytes(copying: KeyFileTests.passphrase))
            }
        }
    }

    @Test("A file under PBES1, or under a derivation that is not ours, is not a key file")
    func otherDerivations() throws {
        let passphrase = SecretBytes(copying: KeyFileTests.passphrase)
        // pbeWithMD5AndDES-CBC (RFC 8018 §A.3).
        let old = KeyFileTests.der(
            0x30, KeyFileTests.der(0x06, hex("2a864886f70d010503")),
            KeyFileTests.der(
                0x30, KeyFileTests.der(0x04, [UInt8](repeating: 1, count: 8)), KeyFileTests.der(0x02, [1])))
        let unknown = KeyFileTests.der(0x30, KeyFileTests.der(0x06, hex("2a0304")), KeyFileTests.der(0x30))
        for pem in [
            KeyFileTests.pem(KeyFileTests.der(0x30, old, KeyFileTests.der(0x04, [UInt8](repeating: 9, count: 64)))),
            KeyFileTests.file(derivation: unknown), KeyFileTests.file(derivation: []),
        ] {
            #expect(throws: CryptoError(.invalidKey, "")) {
                _ = try KeyFile.openSigningKey(pem, passphrase: passphrase)
            }
        }
    }

    /// A file that opens in a millisecond, so that thousands of changed ones can be tried.
    private func quickFile() throws -> (pem: String, publicKey: Ed25519PublicKey) {
        let folder = try TemporaryFolder()
        try KeyFileTests.writePassphrase(to: "\(folder.path)/pass")
        #expect(try run("openssl", ["genpkey", "-algorithm", "ED25519", "-out", "\(folder.path)/k.pem"]).status == 0)
        let arguments = [
            "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", "\(folder.path)/k.pem", "-out", "\(folder.path)/e.pem",
            "-scrypt", "-scrypt_N", "16", "-scrypt_r", "1", "-scrypt_p", "1", "-passout", "file:\(folder.path)/pass",
        ]
        #expect(try run("openssl", arguments).status == 0)
        let publicPEM = try run("openssl", ["pkey", "-in", "\(folder.path)/k.pem", "-pubout"]).output
        return (
            try String(contentsOfFile: "\(folder.path)/e.pem", encoding: .utf8), try Ed25519PublicKey(pem: publicPEM)
        )
    }

    // CBC without authentication: some changes give another private key, which its public half shows. Nobody who flips
    // bits gets a trap, an endless computation or an error of another kind.
    @Test("A file with any bit flipped is refused, or its public key tells")
    func flippedBits() throws {
        let (pem, publicKey) = try quickFile()
        let whole = try KeyFileTests.bytes(ofPEM: pem)
        let passphrase = SecretBytes(copying: KeyFileTests.passphrase)
        #expect(try KeyFile.openSigningKey(KeyFileTests.pem(whole), passphrase: passphrase).publicKey == publicKey)
        var others = 0
        for bit in 0..<whole.count * 8 {
            var changed = whole
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            do throws(CryptoError) {
                if try KeyFile.openSigningKey(KeyFileTests.pem(changed), passphrase: passphrase).publicKey != publicKey
                {
                    others += 1
                }
            } catch {
                #expect([.authenticationFailure, .invalidKey, .resourceLimit].contains(error.code), "bit \(bit)")
            }
        }
        #expect(others > 0, "the file has become authenticated: say so where it is documented")
    }

    @Test("A file cut anywhere is refused")
    func truncated() throws {
        let (pem, _) = try quickFile()
        let whole = try KeyFileTests.bytes(ofPEM: pem)
        let passphrase = SecretBytes(copying: KeyFileTests.passphrase)
        for count in 0..<whole.count {
            #expect(throws: CryptoError(.invalidKey, ""), "\(count) bytes") {
                _ = try KeyFile.openSigningKey(KeyFileTests.pem(Array(whole[..<count])), passphrase: passphrase)
            }
        }
        // The last line feed may be missing, nothing more.
        for count in 0..<pem.count - 1 {
            #expect(throws: CryptoError(.invalidKey, ""), "\(count) characters") {
                _ = try KeyFile.openSigningKey(String(pem.prefix(count)), passphrase: passphrase)
            }
        }
    }

    @Test("A PEM header that would make the library ask for a passphrase at the terminal is refused")
    func encryptedPEMHeader() throws {
        let (pem, _) = try quickFile()
        let header = "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n"
        let hostile = pem.replacingOccurrences(of: "KEY-----\nMI", with: "KEY" + header + "MI")
        #expect(hostile != pem)
        #expect(throws: CryptoError(.invalidKey, "")) {
            _ = try KeyFile.openSigningKey(hostile, passphrase: SecretBytes(copying: KeyFileTests.passphrase))
        }
        let publicPEM = try Ed25519SigningKey().publicKey.pem.replacingOccurrences(
            of: "KEY-----\nMC", with: "KEY" + header + "MC")
        #expect(publicPEM.contains("Proc-Type"))
        #expect(throws: CryptoError(.invalidKey, "")) { try Ed25519PublicKey(pem: publicPEM) }
    }

    @Test("The same key under the same passphrase never gives the same file, and the salt has 16 bytes")
    func salts() throws {
        let key = try Ed25519SigningKey()
        let passphrase = SecretBytes(copying: KeyFileTests.passphrase)
        let first = try KeyFile.encrypt(key, passphrase: passphrase)
        #expect(try KeyFile.encrypt(key, passphrase: passphrase) != first)
        let folder = try TemporaryFolder()
        try Data(first.utf8).write(to: URL(filePath: "\(folder.path)/k.pem"))
        let fields = try run("openssl", ["asn1parse", "-in", "\(folder.path)/k.pem"]).output.split(separator: "\n")
        let scrypt = try #require(fields.firstIndex { $0.hasSuffix(":scrypt") })
        // The parameters' sequence, then salt, N, r, p (RFC 7914 §7.1), the numbers in hexadecimal.
        #expect(fields[scrypt + 2].contains("l=  16") && fields[scrypt + 2].contains("OCTET STRING"))
        let numbers = fields.dropFirst(scrypt + 3).prefix(3).map { $0.split(separator: ":").last ?? "" }
        #expect(numbers == ["4000", "08", "08"])
    }

    @Test("Passphrases of one byte, with a zero byte and of a thousand bytes work; one byte less does not")
    func passphrases() throws {
        let key = try X25519PrivateKey()
        for bytes in [Array("x".utf8), [0x61, 0, 0x62], [UInt8](repeating: 0xC3, count: 1_000)] {
            let pem = try KeyFile.encrypt(key, passphrase: SecretBytes(copying: bytes))
            #expect(
                try KeyFile.openAgreementKey(pem, passphrase: SecretBytes(copying: bytes)).publicKey == key.publicKey)
            #expect(throws: CryptoError(.authenticationFailure, "")) {
                _ = try KeyFile.openAgreementKey(pem, passphrase: SecretBytes(copying: bytes.dropLast()))
            }
        }
    }
}
