internal import COpenSSL
internal import Synchronization

/// A cipher context of OpenSSL. Contexts are kept: making one costs more than sealing a record.
@safe private final class CipherContext: @unchecked Sendable {
    // @unchecked: a context is either in the list of free ones or in the hands of one call.
    let pointer: OpaquePointer

    init() {
        guard let pointer = unsafe EVP_CIPHER_CTX_new() else { preconditionFailure("no memory for a cipher context") }
        unsafe self.pointer = pointer
    }

    deinit { unsafe EVP_CIPHER_CTX_free(pointer) }
}

/// Free GCM contexts of the whole process: a key is set anew for each message, so they belong to nobody.
private struct FreeContexts: ~Copyable {
    var contexts: [CipherContext] = []
}

private let freeContexts = Mutex(FreeContexts())

/// AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags.
///
/// The caller answers for nonces that never repeat under one key; ``XAES256GCM`` is what content is sealed with.
public enum AES256GCM {
    public static let tagByteCount = 16
    /// SP 800-38D §5.2.1.1 bounds a message at 2^36 − 32 bytes; the library's lengths are Int32.
    static let maximumByteCount = Int(Int32.max) - 32

    public static func seal(
        _ plaintext: [UInt8], key: borrowing SecretBytes, nonce: [UInt8], associatedData: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: plaintext.count + tagByteCount)
        try run(
            key: key, nonce: nonce, associatedData: associatedData, input: plaintext, output: &sealed, sealing: true)
        return sealed
    }

    /// - Throws: ``CryptoError`` `authenticationFailure` for whatever reason the message does not open.
    public static func open(
        _ sealed: [UInt8], key: borrowing SecretBytes, nonce: [UInt8], associatedData: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        guard sealed.count >= tagByteCount else { throw .authentication }
        var plaintext = [UInt8](repeating: 0, count: sealed.count - tagByteCount)
        try run(
            key: key, nonce: nonce, associatedData: associatedData, input: sealed, output: &plaintext, sealing: false)
        return plaintext
    }

    private static func run(
        key: borrowing SecretBytes, nonce: [UInt8], associatedData: [UInt8], input: [UInt8], output: inout [UInt8],
        sealing: Bool
    ) throws(CryptoError) {
        guard key.count == 32 else { throw CryptoError(.invalidInput, "an AES-256 key has 32 bytes") }
        guard (1...128).contains(nonce.count) else {
            throw CryptoError(.invalidInput, "a GCM nonce has 1 to 128 bytes")
        }
        guard input.count <= maximumByteCount, associatedData.count <= maximumByteCount else {
            throw CryptoError(.invalidInput, "the message is too long")
        }
        let context = freeContexts.withLock { $0.contexts.popLast() } ?? CipherContext()
        let direction: Int32 = sealing ? 1 : 0
        var done: Int32 = 0
        let bodyCount = sealing ? input.count : input.count - tagByteCount
        let ready = unsafe key.withBytes { key in
            unsafe nonce.withUnsafeBufferPointer { nonce in
                unsafe EVP_CipherInit_ex(context.pointer, EVP_aes_256_gcm(), nil, nil, nil, direction) == 1
                    && probity_gcm_set_iv_length(context.pointer, Int32(nonce.count)) == 1
                    && EVP_CipherInit_ex(
                        context.pointer, nil, nil, key.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        nonce.baseAddress, direction) == 1
            }
        }
        guard ready else { throw CryptoError.library("AES-256-GCM") }
        let processed = unsafe input.withUnsafeBufferPointer { input in
            unsafe associatedData.withUnsafeBufferPointer { associated in
                unsafe output.withUnsafeMutableBufferPointer { output in
                    if associated.count > 0 {
                        guard
                            unsafe EVP_CipherUpdate(
                                context.pointer, nil, &done, associated.baseAddress, Int32(associated.count)) == 1
                        else { return false }
                    }
                    if bodyCount > 0 {
                        guard
                            unsafe EVP_CipherUpdate(
                                context.pointer, output.baseAddress, &done, input.baseAddress, Int32(bodyCount)) == 1
                        else { return false }
                    }
                    if !sealing, let start = input.baseAddress {
                        guard unsafe probity_gcm_set_tag(context.pointer, start + bodyCount) == 1 else { return false }
                    }
                    var rest: (UInt64, UInt64) = (0, 0)
                    let final = unsafe withUnsafeMutableBytes(of: &rest) { rest in
                        unsafe EVP_CipherFinal_ex(
                            context.pointer, rest.baseAddress?.assumingMemoryBound(to: UInt8.self), &done)
                    }
                    guard final == 1 else { return false }
                    if sealing, let start = output.baseAddress {
                        return unsafe probity_gcm_get_tag(context.pointer, start + bodyCount) == 1
                    }
                    return true
                }
            }
        }
        guard processed else {
            ERR_clear_error()
            // What was decrypted before the tag was known to be wrong must not be seen.
            output = []
            throw sealing ? CryptoError(.internalFailure, "AES-256-GCM failed") : .authentication
        }
        freeContexts.withLock { $0.contexts.append(context) }
    }
}

/// XAES-256-GCM (C2SP XAES-256-GCM): AES-256-GCM under a key derived from the first half of a 24-byte random nonce, safe
/// for 2^80 messages a key.
///
/// Sealed messages are nonce (24) ‖ ciphertext ‖ tag (16).
public final class XAES256GCM: Sendable {
    public static let overheadByteCount = NoncePool.nonceByteCount + AES256GCM.tagByteCount

    private let key: SecretBytes
    /// K1 of CMAC (SP 800-38B §6.1), which the specification's key derivation needs.
    private let subkey: SecretBytes

    /// - Throws: ``CryptoError`` `invalidInput` unless the key has 32 bytes.
    public init(key: consuming SecretBytes) throws(CryptoError) {
        guard key.count == 32 else {
            throw CryptoError(.invalidInput, "an XAES-256-GCM key has 32 bytes")
        }
        var doubled = [UInt8](repeating: 0, count: 16)
        let zero = try XAES256GCM.encrypt([UInt8](repeating: 0, count: 16), under: key)
        unsafe zero.withBytes { block in
            var carry: UInt8 = 0
            for index in stride(from: 15, through: 0, by: -1) {
                let byte = unsafe block[index]
                doubled[index] = byte << 1 | carry
                carry = byte >> 7
            }
            // Constant time: the polynomial's constant is masked, not chosen.
            doubled[15] ^= 0x87 & (0 &- carry)
        }
        self.subkey = SecretBytes(copying: doubled)
        self.key = key
    }

    /// AES-256 of whole blocks: what the derivation encrypts is unique by construction, so ECB leaks nothing.
    private static func encrypt(_ blocks: [UInt8], under key: borrowing SecretBytes) throws(CryptoError) -> SecretBytes
    {
        let context = CipherContext()
        var done: Int32 = 0
        var fine = false
        let output = unsafe try SecretBytes(byteCount: blocks.count) { output throws(CryptoError) in
            fine = unsafe key.withBytes { key in
                unsafe blocks.withUnsafeBufferPointer { blocks in
                    unsafe EVP_EncryptInit_ex(
                        context.pointer, EVP_aes_256_ecb(), nil, key.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        nil)
                        == 1 && EVP_CIPHER_CTX_set_padding(context.pointer, 0) == 1
                        && EVP_EncryptUpdate(
                            context.pointer, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &done,
                            blocks.baseAddress, Int32(blocks.count)) == 1
                }
            }
        }
        guard fine else { throw CryptoError.library("AES-256") }
        return output
    }

    /// Kx = AES_K(M1 ⊕ K1) ‖ AES_K(M2 ⊕ K1), M = counter ‖ "X" 0x00 ‖ nonce[0..<12].
    private func derivedKey(_ nonce: ArraySlice<UInt8>) throws(CryptoError) -> SecretBytes {
        var blocks: [UInt8] = []
        blocks.reserveCapacity(32)
        for counter: UInt8 in 1...2 {
            blocks.append(contentsOf: [0, counter, 0x58, 0])
            blocks.append(contentsOf: nonce.prefix(12))
        }
        unsafe subkey.withBytes { subkey in
            for index in 0..<32 { blocks[index] ^= unsafe subkey[index & 15] }
        }
        return try XAES256GCM.encrypt(blocks, under: key)
    }

    /// Seals under a fresh random nonce.
    public func seal(_ plaintext: [UInt8], associatedData: [UInt8]) throws(CryptoError) -> [UInt8] {
        let nonce = NoncePool.shared.withLock { $0.draw() }
        return try seal(plaintext, nonce: nonce, associatedData: associatedData)
    }

    func seal(_ plaintext: [UInt8], nonce: [UInt8], associatedData: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard nonce.count == 24 else { throw CryptoError(.invalidInput, "an XAES-256-GCM nonce has 24 bytes") }
        let derived = try derivedKey(nonce[0..<12])
        return nonce
            + (try AES256GCM.seal(plaintext, key: derived, nonce: Array(nonce[12...]), associatedData: associatedData))
    }

    /// - Throws: ``CryptoError`` `authenticationFailure` for whatever reason the message does not open.
    public func open(_ sealed: [UInt8], associatedData: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard sealed.count >= XAES256GCM.overheadByteCount else { throw .authentication }
        let derived = try derivedKey(sealed[0..<12])
        return try AES256GCM.open(
            Array(sealed[24...]), key: derived, nonce: Array(sealed[12..<24]), associatedData: associatedData)
    }
}
