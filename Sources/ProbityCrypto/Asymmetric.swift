internal import COpenSSL

/// A key of OpenSSL with one owner.
@safe final class KeyHandle: @unchecked Sendable {
    // @unchecked: an EVP_PKEY is reference-counted and read only after it is made; each operation has its own context.
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }
    deinit { unsafe EVP_PKEY_free(pointer) }

    static func privateKey(_ type: Int32, _ secret: borrowing SecretBytes) throws(CryptoError) -> KeyHandle {
        let pointer = unsafe secret.withBytes { bytes in
            unsafe EVP_PKEY_new_raw_private_key(
                type, nil, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
        }
        guard let pointer = unsafe pointer else {
            ERR_clear_error()
            throw CryptoError(.invalidKey, "not a private key of this type")
        }
        return unsafe KeyHandle(pointer)
    }

    static func publicKey(_ type: Int32, _ bytes: [UInt8]) throws(CryptoError) -> KeyHandle {
        guard let pointer = unsafe EVP_PKEY_new_raw_public_key(type, nil, bytes, bytes.count) else {
            ERR_clear_error()
            throw CryptoError(.invalidKey, "not a public key of this type")
        }
        return unsafe KeyHandle(pointer)
    }

    func rawPublicKey() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = 32
        precondition(
            unsafe EVP_PKEY_get_raw_public_key(pointer, &bytes, &count) == 1 && count == 32,
            "Ed25519 and X25519 public keys have 32 bytes")
        return bytes
    }

    func rawSecret() throws(CryptoError) -> SecretBytes {
        var fine = false
        let secret = unsafe try SecretBytes(byteCount: 32) { buffer throws(CryptoError) in
            var count = 32
            fine =
                unsafe EVP_PKEY_get_raw_private_key(
                    pointer, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), &count) == 1 && count == 32
        }
        guard fine else { throw CryptoError.library("reading a private key") }
        return secret
    }

    /// SubjectPublicKeyInfo in PEM (RFC 8410).
    func publicPEM() throws(CryptoError) -> String {
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw CryptoError.library("writing PEM") }
        defer { unsafe BIO_free(bio) }
        guard unsafe PEM_write_bio_PUBKEY(bio, pointer) == 1 else { throw CryptoError.library("writing PEM") }
        return unsafe KeyHandle.text(of: bio)
    }

    /// Keys of ours are a few hundred bytes; whatever is larger is not parsed at all.
    static let maximumPEMByteCount = 16_384

    static func text(of bio: OpaquePointer) -> String {
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe probity_bio_bytes(bio, &start)
        return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }

    static func publicKey(pem: String, type: Int32) throws(CryptoError) -> KeyHandle {
        let bytes = Array(pem.utf8)
        guard bytes.count <= maximumPEMByteCount else { throw CryptoError(.invalidKey, "not a public key in PEM") }
        let pointer = unsafe bytes.withUnsafeBytes { unsafe probity_read_public_key($0.baseAddress, $0.count) }
        ERR_clear_error()
        guard let pointer = unsafe pointer else { throw CryptoError(.invalidKey, "not a public key in PEM") }
        let handle = unsafe KeyHandle(pointer)
        guard unsafe EVP_PKEY_get_base_id(pointer) == type else {
            throw CryptoError(.invalidKey, "a public key of another type")
        }
        return handle
    }
}

/// An Ed25519 public key (RFC 8032).
public struct Ed25519PublicKey: Hashable, Sendable {
    /// The 32 bytes of RFC 8032 §5.1.5.
    public let rawBytes: [UInt8]
    private let handle: KeyHandle

    /// - Throws: ``CryptoError`` `invalidKey` unless there are 32 bytes. Whether they are a point shows at verification.
    public init(rawBytes: [UInt8]) throws(CryptoError) {
        guard rawBytes.count == 32 else { throw CryptoError(.invalidKey, "an Ed25519 public key has 32 bytes") }
        self.handle = try KeyHandle.publicKey(EVP_PKEY_ED25519, rawBytes)
        self.rawBytes = rawBytes
    }

    /// Whether the key is spelled in the one way that RFC 8032 §5.1.2 gives it and is no point of small order, under which
    /// anybody signs nearly anything. OpenSSL takes such keys: whoever lets a key in asks here first.
    public var isSound: Bool {
        // The sign of x stands in the highest bit.
        let y = rawBytes.dropLast() + [rawBytes[31] & 0x7F]
        return FieldElement.isReduced(y) && !FieldElement.smallOrderY.contains(Array(y))
    }

    /// Reads SubjectPublicKeyInfo in PEM (RFC 8410).
    ///
    /// - Throws: ``CryptoError`` `invalidKey` for anything else, also for a key of another type.
    public init(pem: String) throws(CryptoError) {
        try self.init(rawBytes: KeyHandle.publicKey(pem: pem, type: EVP_PKEY_ED25519).rawPublicKey())
    }

    /// The key as SubjectPublicKeyInfo in PEM, which `openssl pkeyutl -pubin` takes.
    public var pem: String { get throws(CryptoError) { try handle.publicPEM() } }

    /// Whether `signature` is a valid signature over `message`; never throws, a malformed signature is not valid.
    ///
    /// The check is OpenSSL's: without cofactor, S reduced (RFC 8032 §5.1.7), small-order keys not refused. The tests pin
    /// the edge cases that follow.
    public func isValid(signature: [UInt8], for message: [UInt8]) -> Bool {
        guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("no memory for a signature context") }
        defer {
            unsafe EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        return unsafe EVP_DigestVerifyInit(context, nil, nil, nil, handle.pointer) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    public static func == (one: Ed25519PublicKey, other: Ed25519PublicKey) -> Bool { one.rawBytes == other.rawBytes }
    public func hash(into hasher: inout Hasher) { hasher.combine(rawBytes) }
}

/// An Ed25519 signing key (RFC 8032).
public final class Ed25519SigningKey: Sendable {
    let handle: KeyHandle
    /// The public half.
    public let publicKey: Ed25519PublicKey

    /// Makes a new key.
    public convenience init() throws(CryptoError) { try self.init(seed: SecretBytes(randomByteCount: 32)) }

    /// - Parameter seed: the 32 secret bytes of RFC 8032 §5.1.5.
    public convenience init(seed: borrowing SecretBytes) throws(CryptoError) {
        guard seed.count == 32 else { throw CryptoError(.invalidKey, "an Ed25519 seed has 32 bytes") }
        try self.init(handle: KeyHandle.privateKey(EVP_PKEY_ED25519, seed))
    }

    init(handle: KeyHandle) throws(CryptoError) {
        self.handle = handle
        self.publicKey = try Ed25519PublicKey(rawBytes: handle.rawPublicKey())
    }

    /// The seed, for wrapping.
    public func rawSecret() throws(CryptoError) -> SecretBytes { try handle.rawSecret() }

    /// Signs `message`; the signature has 64 bytes and is the same each time (RFC 8032 §5.1.6).
    ///
    /// - Throws: ``CryptoError`` `internalFailure` where the library refuses.
    public func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("no memory for a signature context") }
        defer { unsafe EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var count = 64
        guard unsafe EVP_DigestSignInit(context, nil, nil, nil, handle.pointer) == 1,
            unsafe EVP_DigestSign(context, &signature, &count, message, message.count) == 1, count == 64
        else { throw CryptoError.library("Ed25519") }
        return signature
    }
}

/// An X25519 public key (RFC 7748).
public struct X25519PublicKey: Hashable, Sendable {
    /// The 32 bytes of the u-coordinate.
    public let rawBytes: [UInt8]

    /// - Throws: ``CryptoError`` `invalidKey` unless there are 32 bytes. Any 32 are a key (RFC 7748 §5).
    public init(rawBytes: [UInt8]) throws(CryptoError) {
        guard rawBytes.count == 32 else { throw CryptoError(.invalidKey, "an X25519 public key has 32 bytes") }
        self.rawBytes = rawBytes
    }

    /// Whether the key is a reduced u-coordinate and no point of small order, with which everybody agrees on nothing secret
    /// (RFC 7748 §6.1).
    public var isSound: Bool {
        rawBytes[31] & 0x80 == 0 && FieldElement.isReduced(rawBytes) && !FieldElement.smallOrderU.contains(rawBytes)
    }

    /// Reads SubjectPublicKeyInfo in PEM (RFC 8410).
    ///
    /// - Throws: ``CryptoError`` `invalidKey` for anything else, also for a key of another type.
    public init(pem: String) throws(CryptoError) {
        self.rawBytes = try KeyHandle.publicKey(pem: pem, type: EVP_PKEY_X25519).rawPublicKey()
    }

    /// The key as SubjectPublicKeyInfo in PEM.
    public var pem: String {
        get throws(CryptoError) { try KeyHandle.publicKey(EVP_PKEY_X25519, rawBytes).publicPEM() }
    }
}

/// An X25519 private key (RFC 7748).
public final class X25519PrivateKey: Sendable {
    let handle: KeyHandle
    /// The public half.
    public let publicKey: X25519PublicKey

    /// Makes a new key.
    public convenience init() throws(CryptoError) { try self.init(rawSecret: SecretBytes(randomByteCount: 32)) }

    /// - Throws: ``CryptoError`` `invalidKey` unless there are 32 bytes.
    public convenience init(rawSecret: borrowing SecretBytes) throws(CryptoError) {
        guard rawSecret.count == 32 else { throw CryptoError(.invalidKey, "an X25519 private key has 32 bytes") }
        try self.init(handle: KeyHandle.privateKey(EVP_PKEY_X25519, rawSecret))
    }

    init(handle: KeyHandle) throws(CryptoError) {
        self.handle = handle
        self.publicKey = try X25519PublicKey(rawBytes: handle.rawPublicKey())
    }

    /// The 32 secret bytes, for wrapping.
    public func rawSecret() throws(CryptoError) -> SecretBytes { try handle.rawSecret() }

    /// The shared secret with `peer`.
    ///
    /// - Throws: ``CryptoError`` `invalidKey` where the result would be all zeros (RFC 7748 §6.1), which a peer of small
    ///   order gives.
    func sharedSecret(with peer: X25519PublicKey) throws(CryptoError) -> SecretBytes {
        let peerHandle = try KeyHandle.publicKey(EVP_PKEY_X25519, peer.rawBytes)
        guard let context = unsafe EVP_PKEY_CTX_new(handle.pointer, nil) else { throw CryptoError.library("X25519") }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var fine = false
        let secret = unsafe try SecretBytes(byteCount: 32) { buffer throws(CryptoError) in
            var count = 32
            fine =
                unsafe EVP_PKEY_derive_init(context) == 1
                && EVP_PKEY_derive_set_peer(context, peerHandle.pointer) == 1
                && EVP_PKEY_derive(context, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), &count) == 1
                && count == 32
        }
        ERR_clear_error()
        guard fine else { throw CryptoError(.invalidKey, "the key agreement gives nothing") }
        return secret
    }
}
