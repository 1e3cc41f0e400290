/// Hybrid public-key encryption (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
///
/// One message a context: what is wrapped is one secret or one short text. The output is enc (32) ‖ ciphertext ‖ tag.
public enum HPKE {
    /// The cipher part of the suite. AES-128-GCM and ChaCha20-Poly1305 differ in identifier and key size only, which is
    /// how the RFC's own vectors prove this key schedule.
    struct Suite {
        let aeadID: UInt16
        let keyByteCount: Int
        static let aes256GCM = Suite(aeadID: 0x0002, keyByteCount: 32)
    }

    private static let kemID: UInt16 = 0x0020
    private static let kdfID: UInt16 = 0x0001
    public static let overheadByteCount = 32 + AES256GCM.tagByteCount

    private static func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] }
    private static let kemSuite = Array("KEM".utf8) + bytes(kemID)
    private static let version = Array("HPKE-v1".utf8)

    // §4: LabeledExtract and LabeledExpand.
    private static func extract(
        salt: [UInt8], suite: [UInt8], label: String, secret: borrowing SecretBytes
    ) throws(CryptoError) -> SecretBytes {
        var input = version + suite + Array(label.utf8)
        unsafe secret.withBytes { unsafe input.append(contentsOf: $0) }
        let labeled = SecretBytes(copying: input)
        wipe(&input)
        return try HKDFSHA256.run(.extract, key: labeled, salt: salt, info: [], byteCount: 32)
    }

    private static func expand(
        _ key: borrowing SecretBytes, suite: [UInt8], label: String, info: [UInt8], byteCount: Int
    ) throws(CryptoError) -> SecretBytes {
        try HKDFSHA256.run(
            .expand, key: key, salt: [], info: bytes(UInt16(byteCount)) + version + suite + Array(label.utf8) + info,
            byteCount: byteCount)
    }

    private static func plain(_ secret: borrowing SecretBytes) -> [UInt8] {
        unsafe secret.withBytes { unsafe Array($0) }
    }

    struct Schedule: ~Copyable {
        let key: SecretBytes
        let baseNonce: [UInt8]
        let exporterSecret: [UInt8]
    }

    /// §4.1 ExtractAndExpand and §5.1 KeySchedule in base mode.
    static func schedule(
        sharedBy ours: X25519PrivateKey, and theirs: X25519PublicKey, enc: [UInt8], recipient: [UInt8], info: [UInt8],
        suite: Suite
    ) throws(CryptoError) -> Schedule {
        let agreed = try ours.sharedSecret(with: theirs)
        let kemPRK = try extract(salt: [], suite: kemSuite, label: "eae_prk", secret: agreed)
        let shared = try expand(
            kemPRK, suite: kemSuite, label: "shared_secret", info: enc + recipient, byteCount: 32)
        let suiteID = Array("HPKE".utf8) + bytes(kemID) + bytes(kdfID) + bytes(suite.aeadID)
        let empty = SecretBytes(copying: [])
        let pskID = plain(try extract(salt: [], suite: suiteID, label: "psk_id_hash", secret: empty))
        let infoHash = plain(
            try extract(salt: [], suite: suiteID, label: "info_hash", secret: SecretBytes(copying: info)))
        let context = [0] + pskID + infoHash
        // The shared secret is the salt here (§5.1); HKDF's salt is an argument in ordinary memory for this one call.
        var salt = plain(shared)
        defer { wipe(&salt) }
        let secret = try extract(salt: salt, suite: suiteID, label: "secret", secret: empty)
        return Schedule(
            key: try expand(secret, suite: suiteID, label: "key", info: context, byteCount: suite.keyByteCount),
            baseNonce: plain(try expand(secret, suite: suiteID, label: "base_nonce", info: context, byteCount: 12)),
            exporterSecret: plain(try expand(secret, suite: suiteID, label: "exp", info: context, byteCount: 32)))
    }

    /// Seals to the holder of `recipient`'s private key.
    public static func seal(
        _ plaintext: [UInt8], to recipient: X25519PublicKey, info: [UInt8], associatedData: [UInt8] = []
    ) throws(CryptoError) -> [UInt8] {
        try seal(plaintext, to: recipient, info: info, associatedData: associatedData, ephemeral: X25519PrivateKey())
    }

    static func seal(
        _ plaintext: [UInt8], to recipient: X25519PublicKey, info: [UInt8], associatedData: [UInt8],
        ephemeral: X25519PrivateKey
    ) throws(CryptoError) -> [UInt8] {
        let enc = ephemeral.publicKey.rawBytes
        let schedule = try schedule(
            sharedBy: ephemeral, and: recipient, enc: enc, recipient: recipient.rawBytes, info: info, suite: .aes256GCM)
        return enc
            + (try AES256GCM.seal(
                plaintext, key: schedule.key, nonce: schedule.baseNonce, associatedData: associatedData))
    }

    /// - Throws: ``CryptoError`` `authenticationFailure` for whatever reason the message does not open.
    public static func open(
        _ sealed: [UInt8], with key: X25519PrivateKey, info: [UInt8], associatedData: [UInt8] = []
    ) throws(CryptoError) -> [UInt8] {
        guard sealed.count >= overheadByteCount else { throw .authentication }
        let enc = Array(sealed[..<32])
        let opened: Schedule
        do throws(CryptoError) {
            opened = try schedule(
                sharedBy: key, and: X25519PublicKey(rawBytes: enc), enc: enc, recipient: key.publicKey.rawBytes,
                info: info, suite: .aes256GCM)
        } catch {
            throw error.code == .invalidKey ? .authentication : error
        }
        return try AES256GCM.open(
            Array(sealed[32...]), key: opened.key, nonce: opened.baseNonce, associatedData: associatedData)
    }
}
