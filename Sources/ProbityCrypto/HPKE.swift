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
    /// What sealing adds to a message.
    public static let overheadByteCount = 32 + AES256GCM.tagByteCount

    private static func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] }
    private static let kemSuite = Array("KEM".utf8) + bytes(kemID)
    private static let version = Array("HPKE-v1".utf8)

    /// §4 LabeledExtract.
    private static func extract(
        salt: borrowing SecretBytes, suite: [UInt8], label: String, secret: borrowing SecretBytes
    ) throws(CryptoError) -> SecretBytes {
        try HKDFSHA256.extract(salt: salt, prefix: version + suite + Array(label.utf8), secret: secret)
    }

    /// §4 LabeledExpand.
    private static func expand(
        _ key: borrowing SecretBytes, suite: [UInt8], label: String, info: [UInt8], byteCount: Int
    ) throws(CryptoError) -> SecretBytes {
        try HKDFSHA256.expand(
            key, info: bytes(UInt16(byteCount)) + version + suite + Array(label.utf8) + info, byteCount: byteCount)
    }

    /// What §5.1 derives for one message. The exporter's secret is not among it: nothing here exports.
    struct Schedule: ~Copyable {
        let key: SecretBytes
        /// Not secret: the nonce of a message may be known, it only must not repeat, and each message has its key.
        let baseNonce: [UInt8]
    }

    /// §4.1 ExtractAndExpand and §5.1 KeySchedule in base mode.
    static func schedule(
        sharedBy ours: X25519PrivateKey, and theirs: X25519PublicKey, enc: [UInt8], recipient: [UInt8], info: [UInt8],
        suite: Suite
    ) throws(CryptoError) -> Schedule {
        let agreed = try ours.sharedSecret(with: theirs)
        let none = SecretBytes(copying: [])
        let kemPRK = try extract(salt: none, suite: kemSuite, label: "eae_prk", secret: agreed)
        let shared = try expand(
            kemPRK, suite: kemSuite, label: "shared_secret", info: enc + recipient, byteCount: 32)
        let suiteID = Array("HPKE".utf8) + bytes(kemID) + bytes(kdfID) + bytes(suite.aeadID)
        let pskIDHash = try extract(salt: none, suite: suiteID, label: "psk_id_hash", secret: none).revealed()
        let infoHash = try extract(salt: none, suite: suiteID, label: "info_hash", secret: SecretBytes(copying: info))
            .revealed()
        // §5.1: here the shared secret is the salt, and the input is the pre-shared key that base mode does not have.
        let secret = try extract(salt: shared, suite: suiteID, label: "secret", secret: none)
        let context = [0] + pskIDHash + infoHash
        return Schedule(
            key: try expand(secret, suite: suiteID, label: "key", info: context, byteCount: suite.keyByteCount),
            baseNonce: try expand(secret, suite: suiteID, label: "base_nonce", info: context, byteCount: 12).revealed())
    }

    /// Seals `plaintext` to the holder of `recipient`'s private key, under a key pair made for this message.
    ///
    /// - Parameter info: what the message is and where it belongs; opening demands the same bytes.
    /// - Throws: ``CryptoError`` `invalidKey` for a recipient's key that agrees on nothing (RFC 7748 §6.1).
    public static func seal(
        _ plaintext: [UInt8], to recipient: X25519PublicKey, info: [UInt8], associatedData: [UInt8] = []
    ) throws(CryptoError) -> [UInt8] {
        try seal(plaintext, to: recipient, info: info, associatedData: associatedData, ephemeral: X25519PrivateKey())
    }

    /// As ``seal(_:to:info:associatedData:)``, for a plaintext in locked memory.
    static func sealSecret(
        _ secret: borrowing SecretBytes, to recipient: X25519PublicKey, info: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        let ephemeral = try X25519PrivateKey()
        return try unsafe secret.withBytes { secret throws(CryptoError) in
            try unsafe seal(secret, to: recipient, info: info, associatedData: [], ephemeral: ephemeral)
        }
    }

    /// With a key pair that the caller chose: for the vectors only. Two messages under one pair share their nonce.
    static func seal(
        _ plaintext: [UInt8], to recipient: X25519PublicKey, info: [UInt8], associatedData: [UInt8],
        ephemeral: X25519PrivateKey
    ) throws(CryptoError) -> [UInt8] {
        try unsafe plaintext.span.withUnsafeBytes { plaintext throws(CryptoError) in
            try unsafe seal(plaintext, to: recipient, info: info, associatedData: associatedData, ephemeral: ephemeral)
        }
    }

    private static func seal(
        _ plaintext: UnsafeRawBufferPointer, to recipient: X25519PublicKey, info: [UInt8], associatedData: [UInt8],
        ephemeral: X25519PrivateKey
    ) throws(CryptoError) -> [UInt8] {
        let enc = ephemeral.publicKey.rawBytes
        let schedule = try schedule(
            sharedBy: ephemeral, and: recipient, enc: enc, recipient: recipient.rawBytes, info: info, suite: .aes256GCM)
        return enc
            + (try unsafe AES256GCM.seal(
                plaintext, key: schedule.key, nonce: schedule.baseNonce, associatedData: associatedData))
    }

    /// Opens a sealed message.
    ///
    /// - Throws: ``CryptoError`` `authenticationFailure` for whatever reason the message does not open.
    public static func open(
        _ sealed: [UInt8], with key: X25519PrivateKey, info: [UInt8], associatedData: [UInt8] = []
    ) throws(CryptoError) -> [UInt8] {
        let opening = try opening(sealed[...], with: key, info: info)
        return try AES256GCM.open(
            Array(sealed[32...]), key: opening.key, nonce: opening.baseNonce, associatedData: associatedData)
    }

    /// As ``open(_:with:info:associatedData:)``, straight into locked memory.
    static func openSecret(_ sealed: ArraySlice<UInt8>, with key: X25519PrivateKey, info: [UInt8])
        throws(CryptoError) -> SecretBytes
    {
        let opening = try opening(sealed, with: key, info: info)
        let body = sealed.dropFirst(32)
        return try unsafe body.span.withUnsafeBytes { sealed throws(CryptoError) in
            try unsafe AES256GCM.openSecret(sealed, key: opening.key, nonce: opening.baseNonce, associatedData: [])
        }
    }

    private static func opening(_ sealed: ArraySlice<UInt8>, with key: X25519PrivateKey, info: [UInt8])
        throws(CryptoError) -> Schedule
    {
        guard sealed.count >= overheadByteCount else { throw .authentication }
        let enc = Array(sealed.prefix(32))
        do throws(CryptoError) {
            return try schedule(
                sharedBy: key, and: X25519PublicKey(rawBytes: enc), enc: enc, recipient: key.publicKey.rawBytes,
                info: info, suite: .aes256GCM)
        } catch {
            // A share of small order: to whoever opens, one more message that is not genuine.
            throw error.code == .invalidKey ? .authentication : error
        }
    }
}
