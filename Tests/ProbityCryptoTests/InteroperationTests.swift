import Foundation
import ProbityTestSupport
import Testing

@testable import ProbityCrypto

@Suite("Keys, signatures and wraps across implementations")
struct InteroperationTests {
    @Test("A signature made here verifies with the openssl program, and one made there verifies here")
    func signatures() throws {
        let folder = try TemporaryFolder()
        let message = Array("a line of the ledger\n".utf8)
        let ours = try Ed25519SigningKey()
        func path(_ name: String) -> String { "\(folder.path)/\(name)" }
        try Data(message).write(to: URL(filePath: path("body")))
        try Data(ours.publicKey.pem.utf8).write(to: URL(filePath: path("pub.pem")))
        try Data(ours.sign(message)).write(to: URL(filePath: path("sig")))
        let verify = [
            "pkeyutl", "-verify", "-pubin", "-inkey", path("pub.pem"), "-rawin", "-in", path("body"), "-sigfile",
            path("sig"),
        ]
        #expect(try run("openssl", verify).status == 0)
        try Data(message + [0]).write(to: URL(filePath: path("body")))
        #expect(try run("openssl", verify).status != 0)

        try Data(message).write(to: URL(filePath: path("body")))
        #expect(try run("openssl", ["genpkey", "-algorithm", "ED25519", "-out", path("k.pem")]).status == 0)
        let sign = ["pkeyutl", "-sign", "-inkey", path("k.pem"), "-rawin", "-in", path("body"), "-out", path("theirs")]
        #expect(try run("openssl", sign).status == 0)
        let key = try Ed25519PublicKey(pem: run("openssl", ["pkey", "-in", path("k.pem"), "-pubout"]).output)
        let signature = try [UInt8](Data(contentsOf: URL(filePath: path("theirs"))))
        #expect(key.isValid(signature: signature, for: message))
        #expect(!key.isValid(signature: signature, for: message + [0]))
    }

    @Test("Public keys come back from PEM; keys of another kind, damaged and oversized ones are refused")
    func publicKeys() throws {
        let signing = try Ed25519SigningKey().publicKey
        let agreement = try X25519PrivateKey().publicKey
        #expect(try Ed25519PublicKey(pem: signing.pem) == signing)
        #expect(try X25519PublicKey(pem: agreement.pem) == agreement)
        let folder = try TemporaryFolder()
        let rsa = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out", "\(folder.path)/r.pem"]
        #expect(try run("openssl", rsa).status == 0)
        let rsaPEM = try run("openssl", ["pkey", "-in", "\(folder.path)/r.pem", "-pubout"]).output
        for (isAgreement, pem) in [(false, try signing.pem), (true, try agreement.pem)] {
            for damaged in [
                "", "x", rsaPEM, isAgreement ? try signing.pem : try agreement.pem,
                pem.replacingOccurrences(of: "PUBLIC", with: "PRIVATE"), String(pem.prefix(pem.count / 2)),
                pem.replacingOccurrences(of: "-----\nMC", with: "-----\nMD"),
                String(repeating: "\n", count: 20_000) + pem,
            ] {
                #expect(throws: CryptoError(.invalidKey, "")) {
                    if isAgreement {
                        _ = try X25519PublicKey(pem: damaged)
                    } else {
                        _ = try Ed25519PublicKey(pem: damaged)
                    }
                }
            }
        }
    }

    /// The Python package `cryptography` from 47 on has HPKE; where it is not installed these tests are left out.
    private static let hasPython =
        (try? run("python3", ["-c", "from cryptography.hazmat.primitives import hpke"]))?.status == 0

    private static let script = """
        import json, sys
        from cryptography.hazmat.primitives import hpke
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        given = {k: bytes.fromhex(v) for k, v in json.load(sys.stdin).items()}
        suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
        ours = X25519PrivateKey.from_private_bytes(given["key"])
        opened = suite.decrypt(given["sealed"], ours, info=given["info"])
        sealed = suite.encrypt(opened[::-1], ours.public_key(), info=given["info"])
        file = load_pem_private_key(given["pem"], given["passphrase"])
        assert file.private_bytes_raw() == given["key"]
        print(json.dumps({"opened": opened.hex(), "sealed": sealed.hex()}))
        """

    @Test(
        "The Python package cryptography opens our wraps and key files, and we open its messages",
        .enabled(if: hasPython))
    func python() throws {
        func text(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }
        let person = try X25519PrivateKey()
        let secret = SecretBytes(randomByteCount: 32)
        let context = Array(#"{"purpose":"wrap"}"#.utf8)
        let wrapped = try PersonWrap.wrap(secret, to: person.publicKey, context: context)
        let passphrase = Array("python 电池".utf8)
        // A key made for this test goes through standard input, as one in earnest would have to.
        let given = [
            "key": text(try person.rawSecret().revealed()), "sealed": text(Array(wrapped.dropFirst())),
            "info": text(context), "passphrase": text(passphrase),
            "pem": text(Array(try KeyFile.encrypt(person, passphrase: SecretBytes(copying: passphrase)).utf8)),
        ]
        let result = try run(
            "python3", ["-c", InteroperationTests.script], input: [UInt8](JSONSerialization.data(withJSONObject: given))
        )
        #expect(result.status == 0, "\(result.errors)")
        let answer = try #require(
            JSONSerialization.jsonObject(with: Data(result.outputBytes)) as? [String: String])
        #expect(hex(answer["opened"] ?? "") == secret.revealed())
        let theirs = try HPKE.open(hex(answer["sealed"] ?? ""), with: person, info: context)
        #expect(theirs == secret.revealed().reversed())
    }
}
