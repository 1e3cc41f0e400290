internal import COpenSSL
internal import Dispatch
internal import Synchronization

/// Private keys on disk: PKCS#8 EncryptedPrivateKeyInfo in PEM (RFC 5958, RFC 8018), PBES2 with scrypt N=2^14 r=8 p=8
/// (RFC 7914) and AES-256-CBC, which `openssl pkey` opens.
///
/// OpenSSL 3.0 refuses an AEAD inside PBES2, so the file is not authenticated: whoever opens one compares the public key
/// with the certified one before he uses it.
public enum KeyFile {
    // OpenSSL 3.0 caps scrypt at 32 MiB inside PBES2; p makes up for the small N (OWASP lists the strength as equal).
    static let n: UInt64 = 1 << 14
    static let r: UInt64 = 8
    static let p: UInt64 = 8
    static let maximumP: UInt64 = 16
    static let maximumIterations: UInt64 = 10_000_000

    /// The key file of a signing key, in PEM.
    ///
    /// - Throws: ``CryptoError`` `internalFailure` where the library refuses.
    public static func encrypt(_ key: Ed25519SigningKey, passphrase: borrowing SecretBytes) throws(CryptoError)
        -> String
    {
        try encrypt(key.handle, passphrase: passphrase)
    }

    /// The key file of an agreement key, in PEM.
    ///
    /// - Throws: ``CryptoError`` `internalFailure` where the library refuses.
    public static func encrypt(_ key: X25519PrivateKey, passphrase: borrowing SecretBytes) throws(CryptoError) -> String
    {
        try encrypt(key.handle, passphrase: passphrase)
    }

    private static func encrypt(_ key: KeyHandle, passphrase: borrowing SecretBytes) throws(CryptoError) -> String {
        let salt = RandomBytes.bytes(16)
        let iv = RandomBytes.bytes(16)
        let bio = unsafe passphrase.withBytes { passphrase in
            unsafe probity_pkcs8_encrypt(
                key.pointer, passphrase.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(passphrase.count), salt,
                Int32(salt.count), iv, n, r, p)
        }
        guard let bio = unsafe bio else { throw CryptoError.library("encrypting a key file") }
        defer { unsafe BIO_free(bio) }
        return unsafe KeyHandle.text(of: bio)
    }

    /// Opens the key file of a signing key.
    ///
    /// - Throws: ``CryptoError`` `authenticationFailure` for a wrong passphrase, `resourceLimit` where the file asks for
    ///   more work than the limits allow (nothing is computed then), `invalidKey` for anything that is not such a file.
    public static func openSigningKey(_ pem: String, passphrase: borrowing SecretBytes) throws(CryptoError)
        -> Ed25519SigningKey
    {
        try Ed25519SigningKey(handle: open(pem, type: EVP_PKEY_ED25519, passphrase: passphrase))
    }

    /// Opens the key file of an agreement key; throws as ``openSigningKey(_:passphrase:)``.
    public static func openAgreementKey(_ pem: String, passphrase: borrowing SecretBytes) throws(CryptoError)
        -> X25519PrivateKey
    {
        try X25519PrivateKey(handle: open(pem, type: EVP_PKEY_X25519, passphrase: passphrase))
    }

    /// Opens a user's two files at once, one on each of two threads: each costs a key derivation of its own.
    public static func openPair(signing: String, agreement: String, passphrase: borrowing SecretBytes)
        throws(CryptoError)
        -> (Ed25519SigningKey, X25519PrivateKey)
    {
        final class Second: Sendable {
            let passphrase: SecretBytes
            let result = Mutex<Result<X25519PrivateKey, CryptoError>?>(nil)
            init(_ passphrase: consuming SecretBytes) { self.passphrase = passphrase }
        }
        let second = Second(passphrase.copy())
        let group = DispatchGroup()
        DispatchQueue.global().async(group: group) {
            let opened = Result { () throws(CryptoError) in
                try openAgreementKey(agreement, passphrase: second.passphrase)
            }
            second.result.withLock { $0 = opened }
        }
        let signingResult = Result { () throws(CryptoError) in try openSigningKey(signing, passphrase: passphrase) }
        group.wait()
        guard let agreementResult = second.result.withLock({ $0 }) else {
            throw CryptoError(.internalFailure, "a key file was not opened")
        }
        return (try signingResult.get(), try agreementResult.get())
    }

    private static func open(_ pem: String, type: Int32, passphrase: borrowing SecretBytes) throws(CryptoError)
        -> KeyHandle
    {
        let bytes = Array(pem.utf8)
        guard !bytes.isEmpty, bytes.count <= KeyHandle.maximumPEMByteCount else {
            throw CryptoError(.invalidKey, "not a key file")
        }
        let sealed = unsafe bytes.withUnsafeBytes { unsafe probity_read_pkcs8($0.baseAddress, $0.count) }
        defer { ERR_clear_error() }
        guard let sealed = unsafe sealed else { throw CryptoError(.invalidKey, "not an encrypted PKCS#8 file") }
        defer { unsafe X509_SIG_free(sealed) }
        switch unsafe probity_pkcs8_within_limits(sealed, n, r, maximumP, maximumIterations) {
        case 1: break
        case 0: throw CryptoError(.resourceLimit, "the key file asks for more work than allowed")
        default: throw CryptoError(.invalidKey, "the key file is not PBES2 with scrypt or PBKDF2")
        }
        let info = unsafe passphrase.withBytes { passphrase in
            unsafe PKCS8_decrypt(
                sealed, passphrase.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(passphrase.count))
        }
        // A wrong passphrase shows as bad padding or, once in 256 times, as bytes that are no key: one answer for both.
        guard let info = unsafe info else { throw .authentication }
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
        guard let pointer = unsafe EVP_PKCS82PKEY(info) else { throw .authentication }
        let handle = unsafe KeyHandle(pointer)
        guard unsafe EVP_PKEY_get_base_id(pointer) == type else {
            throw CryptoError(.invalidKey, "the key file holds a key of another type")
        }
        return handle
    }
}
