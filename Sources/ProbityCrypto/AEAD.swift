internal import COpenSSL
internal import Synchronization

/// A cipher of OpenSSL, looked up once. `EVP_aes_256_gcm()` has the providers searched by name at every message, which
/// costs more than sealing a record.
@safe private struct Cipher: @unchecked Sendable {
    // @unchecked: what a lookup gives is never changed, and kept for the life of the process.
    let pointer: OpaquePointer

    static let gcm = Cipher("AES-256-GCM")
    static let ecb = Cipher("AES-256-ECB")

    private init(_ name: String) {
        guard let pointer = unsafe EVP_CIPHER_fetch(nil, name, nil) else {
            preconditionFailure("libcrypto has no \(name)")
        }
        unsafe self.pointer = pointer
    }
}

/// A cipher context of OpenSSL, which wipes its key schedule when it is freed.
@safe private final class CipherContext: @unchecked Sendable {
    // @unchecked: a context is either in the list of free ones or in the hands of one call.
    let pointer: OpaquePointer

    init(_ cipher: Cipher) {
        guard let pointer = unsafe EVP_CIPHER_CTX_new(),
            unsafe EVP_CipherInit_ex2(pointer, cipher.pointer, nil, nil, 1, nil) == 1,
            unsafe EVP_CIPHER_CTX_set_padding(pointer, 0) == 1
        else { preconditionFailure("no memory for a cipher context") }
        unsafe self.pointer = pointer
    }

    deinit { unsafe EVP_CIPHER_CTX_free(pointer) }

    func setKey(_ key: UnsafeRawPointer?) -> Bool {
        unsafe EVP_CipherInit_ex2(pointer, nil, key?.assumingMemoryBound(to: UInt8.self), nil, 1, nil) == 1
    }
}

/// The two contexts that an XAES-256-GCM message needs.
///
/// They are kept, because making them costs three messages, and shared by all keys, because a session holds thousands of
/// keys at 1.8 KB a pair. `owner` is the number of the key object whose schedule they hold: it need not set its key again,
/// and the schedule is overwritten when that object goes, so that no trace of a key outlives it. A number and not the
/// object's identity, which the next object at the same address would have.
private final class MessageContexts: @unchecked Sendable {
    // @unchecked: as CipherContext; `owner` is written by whoever took the pair off the list, or under the list's lock.
    let gcm = CipherContext(.gcm)
    let ecb = CipherContext(.ecb)
    var owner: UInt64?

    private struct Free: ~Copyable {
        var pairs: [MessageContexts] = []
    }

    /// Never longer than the number of calls that ran at the same time.
    private static let free = Mutex(Free())

    /// A pair for `owner` alone until it is given back; the one with its key if that is free.
    static func take(for owner: UInt64?) -> MessageContexts {
        free.withLock { free -> MessageContexts? in
            guard let last = free.pairs.indices.last else { return nil }
            return free.pairs.remove(at: free.pairs.lastIndex { $0.owner == owner } ?? last)
        } ?? MessageContexts()
    }

    func giveBack() { MessageContexts.free.withLock { $0.pairs.append(self) } }

    /// Overwrites what is left of a key whose object ends. No pair of it is in use: a call keeps its object alive.
    static func forget(_ owner: UInt64) {
        free.withLock { free in
            for (index, pair) in free.pairs.enumerated().reversed() where pair.owner == owner {
                if pair.wipe() { pair.owner = nil } else { free.pairs.remove(at: index) }
            }
        }
    }

    static func hold(_ owner: UInt64) -> Bool { free.withLock { free in free.pairs.contains { $0.owner == owner } } }

    /// A key of zeros sets every byte of both schedules, of the GHASH table and of the last key stream block.
    private func wipe() -> Bool {
        unsafe withUnsafeBytes(of: (0, 0, 0, 0) as (UInt64, UInt64, UInt64, UInt64)) { zeros in
            unsafe ecb.setKey(zeros.baseAddress) && gcm.setKey(zeros.baseAddress)
        }
    }
}

/// AES-256-GCM (NIST SP 800-38D) with tags of 128 bits.
///
/// The caller answers for nonces that never repeat under one key; ``XAES256GCM`` is what content is sealed with.
enum AES256GCM {
    /// Length of the tag at the end of every sealed message.
    static let tagByteCount = 16
    static let keyByteCount = 32
    /// SP 800-38D §5.2.1.1 bounds a message at 2^36 − 32 bytes; the library's lengths are Int32.
    static let maximumByteCount = Int(Int32.max) - 64

    /// Seals `plaintext`; the result is ciphertext ‖ tag.
    ///
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - nonce: 12 bytes, or any other number from 1 to 128; never the same twice under one key.
    /// - Throws: ``CryptoError`` `invalidInput` for a key or nonce of another length, or a message beyond 2 GiB.
    static func seal(
        _ plaintext: [UInt8], key: borrowing SecretBytes, nonce: [UInt8], associatedData: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try unsafe plaintext.span.withUnsafeBytes { plaintext throws(CryptoError) in
            try unsafe seal(plaintext, key: key, nonce: nonce, associatedData: associatedData)
        }
    }

    static func seal(
        _ plaintext: UnsafeRawBufferPointer, key: borrowing SecretBytes, nonce: [UInt8], associatedData: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try check(key: key, nonce: nonce, associatedData, byteCount: plaintext.count)
        // A context of its own: these messages are rare, and freeing it wipes the key.
        let context = CipherContext(.gcm)
        return try unsafe array(
            plaintext.count + tagByteCount, failure: CryptoError(.internalFailure, "AES-256-GCM failed")
        ) {
            output in
            unsafe key.withBytes { key in
                unsafe nonce.withUnsafeBytes { nonce in
                    unsafe associatedData.withUnsafeBytes { associated in
                        unsafe probity_gcm(
                            context.pointer, 1, key.baseAddress, nonce.baseAddress, nonce.count, associated.baseAddress,
                            associated.count, plaintext.baseAddress, plaintext.count, output.baseAddress) == 1
                    }
                }
            }
        }
    }

    /// Opens what ``seal(_:key:nonce:associatedData:)`` made.
    ///
    /// - Throws: ``CryptoError`` `authenticationFailure` for whatever reason the message does not open; `invalidInput`
    ///   for a key or nonce of a wrong length.
    static func open(
        _ sealed: [UInt8], key: borrowing SecretBytes, nonce: [UInt8], associatedData: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try check(key: key, nonce: nonce, associatedData, byteCount: sealed.count)
        guard sealed.count >= tagByteCount else { throw .authentication }
        return try unsafe array(sealed.count - tagByteCount, failure: .authentication) { output in
            unsafe sealed.withUnsafeBytes { sealed in
                unsafe open(sealed, key: key, nonce: nonce, associatedData: associatedData, into: output.baseAddress)
            }
        }
    }

    /// As ``open(_:key:nonce:associatedData:)``, straight into locked memory.
    static func openSecret(
        _ sealed: UnsafeRawBufferPointer, key: borrowing SecretBytes, nonce: [UInt8], associatedData: [UInt8]
    ) throws(CryptoError) -> SecretBytes {
        try check(key: key, nonce: nonce, associatedData, byteCount: sealed.count)
        guard sealed.count >= tagByteCount else { throw .authentication }
        var opened = false
        let secret = try unsafe SecretBytes(byteCount: sealed.count - tagByteCount) { output throws(CryptoError) in
            opened = unsafe open(
                sealed, key: key, nonce: nonce, associatedData: associatedData, into: output.baseAddress)
        }
        ERR_clear_error()
        guard opened else { throw .authentication }
        return secret
    }

    private static func open(
        _ sealed: UnsafeRawBufferPointer, key: borrowing SecretBytes, nonce: [UInt8], associatedData: [UInt8],
        into output: UnsafeMutableRawPointer?
    ) -> Bool {
        let context = CipherContext(.gcm)
        return unsafe key.withBytes { key in
            unsafe nonce.withUnsafeBytes { nonce in
                unsafe associatedData.withUnsafeBytes { associated in
                    unsafe probity_gcm(
                        context.pointer, 0, key.baseAddress, nonce.baseAddress, nonce.count, associated.baseAddress,
                        associated.count, sealed.baseAddress, sealed.count - tagByteCount, output) == 1
                }
            }
        }
    }

    private static func check(
        key: borrowing SecretBytes, nonce: [UInt8], _ associatedData: [UInt8], byteCount: Int
    ) throws(CryptoError) {
        guard key.count == keyByteCount else { throw CryptoError(.invalidInput, "an AES-256 key has 32 bytes") }
        guard (1...128).contains(nonce.count) else {
            throw CryptoError(.invalidInput, "a GCM nonce has 1 to 128 bytes")
        }
        try checkLengths(byteCount, associatedData.count)
    }

    fileprivate static func checkLengths(_ byteCount: Int, _ associatedByteCount: Int) throws(CryptoError) {
        guard byteCount <= maximumByteCount, associatedByteCount <= maximumByteCount else {
            throw CryptoError(.invalidInput, "the message is too long")
        }
    }

    /// An array that `fill` writes whole, or `failure`: then nothing of what was written remains. Opening with a wrong
    /// context writes the true plaintext before the tag is known to be wrong.
    fileprivate static func array(
        _ byteCount: Int, failure: CryptoError, _ fill: (UnsafeMutableRawBufferPointer) -> Bool
    ) throws(CryptoError) -> [UInt8] {
        var filled = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            filled = unsafe fill(UnsafeMutableRawBufferPointer(buffer))
            if filled {
                count = byteCount
            } else if let start = buffer.baseAddress {
                unsafe probityCleanse(start, byteCount)
            }
        }
        guard filled else {
            ERR_clear_error()
            throw failure
        }
        return bytes
    }
}

/// XAES-256-GCM (C2SP XAES-256-GCM): AES-256-GCM under a key derived from the first half of a 24-byte random nonce, safe
/// for 2^80 messages a key.
///
/// Sealed messages are nonce (24) ‖ ciphertext ‖ tag (16). Any number of threads may use one object.
///
/// ```swift
/// let key = try XAES256GCM(key: SecretBytes(randomByteCount: 32))
/// let sealed = try key.seal(content, associatedData: context)
/// ```
public final class XAES256GCM: Sendable {
    /// What sealing adds to a message.
    public static let overheadByteCount = NoncePool.nonceByteCount + AES256GCM.tagByteCount

    /// The number of this object, which no other of the process ever has.
    let number = XAES256GCM.numbers.add(1, ordering: .relaxed).newValue
    private static let numbers = Atomic<UInt64>(0)
    private let key: SecretBytes
    /// K1 of CMAC (SP 800-38B §6.1), which the specification's key derivation needs.
    private let subkey: SecretBytes

    /// - Throws: ``CryptoError`` `invalidInput` unless the key has 32 bytes.
    public init(key: consuming SecretBytes) throws(CryptoError) {
        guard key.count == AES256GCM.keyByteCount else {
            throw CryptoError(.invalidInput, "an XAES-256-GCM key has 32 bytes")
        }
        // Contexts that are not given back, as after a failure here, are freed and wiped.
        let contexts = MessageContexts.take(for: nil)
        contexts.owner = nil
        guard unsafe key.withBytes({ unsafe contexts.ecb.setKey($0.baseAddress) }) else {
            throw CryptoError.library("AES-256")
        }
        var derived = false
        self.subkey = try unsafe SecretBytes(byteCount: 16) { subkey throws(CryptoError) in
            derived = unsafe probity_xaes_subkey(contexts.ecb.pointer, subkey.baseAddress) == 1
        }
        guard derived else { throw CryptoError.library("AES-256") }
        self.key = key
        contexts.owner = number
        contexts.giveBack()
    }

    deinit { MessageContexts.forget(number) }

    /// Whether a schedule of the key object `number` is kept for its next message: for tests.
    static func keepsSchedule(of number: UInt64) -> Bool { MessageContexts.hold(number) }

    /// Seals `plaintext` under a fresh random nonce.
    ///
    /// - Parameter associatedData: what the message is and where it belongs; opening demands the same bytes.
    /// - Throws: ``CryptoError`` `invalidInput` for a message beyond 2 GiB.
    public func seal(_ plaintext: [UInt8], associatedData: [UInt8]) throws(CryptoError) -> [UInt8] {
        try unsafe plaintext.span.withUnsafeBytes { plaintext throws(CryptoError) in
            try unsafe seal(plaintext, nonce: nil, associatedData: associatedData)
        }
    }

    /// As ``seal(_:associatedData:)``, for a plaintext in locked memory.
    public func sealSecret(_ secret: borrowing SecretBytes, associatedData: [UInt8]) throws(CryptoError) -> [UInt8] {
        try unsafe secret.withBytes { secret throws(CryptoError) in
            try unsafe seal(secret, nonce: nil, associatedData: associatedData)
        }
    }

    /// Seals under a nonce that the caller chose: for the published vectors only.
    func seal(_ plaintext: [UInt8], nonce: [UInt8], associatedData: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard nonce.count == NoncePool.nonceByteCount else {
            throw CryptoError(.invalidInput, "an XAES-256-GCM nonce has 24 bytes")
        }
        return try unsafe plaintext.span.withUnsafeBytes { plaintext throws(CryptoError) in
            try unsafe seal(plaintext, nonce: nonce, associatedData: associatedData)
        }
    }

    private func seal(_ plaintext: UnsafeRawBufferPointer, nonce: [UInt8]?, associatedData: [UInt8])
        throws(CryptoError) -> [UInt8]
    {
        try AES256GCM.checkLengths(plaintext.count, associatedData.count)
        return try unsafe AES256GCM.array(
            plaintext.count + XAES256GCM.overheadByteCount, failure: CryptoError(.internalFailure, "AES-256-GCM failed")
        ) { output in
            let head = unsafe UnsafeMutableRawBufferPointer(rebasing: output[..<NoncePool.nonceByteCount])
            if let nonce {
                unsafe head.copyBytes(from: nonce)
            } else {
                NoncePool.shared.withLock { unsafe $0.draw(into: head) }
            }
            return unsafe message(
                sealing: true, nonce: UnsafeRawBufferPointer(head), associatedData, plaintext.baseAddress,
                plaintext.count, output.baseAddress.map { unsafe $0 + NoncePool.nonceByteCount })
        }
    }

    /// Opens a sealed message.
    ///
    /// - Throws: ``CryptoError`` `authenticationFailure` for whatever reason the message does not open.
    public func open(_ sealed: [UInt8], associatedData: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard sealed.count >= XAES256GCM.overheadByteCount else { throw .authentication }
        try AES256GCM.checkLengths(sealed.count, associatedData.count)
        return try unsafe AES256GCM.array(sealed.count - XAES256GCM.overheadByteCount, failure: .authentication) {
            output in
            unsafe sealed.withUnsafeBytes { unsafe open($0, associatedData, into: output.baseAddress) }
        }
    }

    /// As ``open(_:associatedData:)``, straight into locked memory.
    func openSecret(_ sealed: ArraySlice<UInt8>, associatedData: [UInt8]) throws(CryptoError) -> SecretBytes {
        guard sealed.count >= XAES256GCM.overheadByteCount else { throw .authentication }
        try AES256GCM.checkLengths(sealed.count, associatedData.count)
        var opened = false
        let secret = try unsafe SecretBytes(byteCount: sealed.count - XAES256GCM.overheadByteCount) {
            output throws(CryptoError) in
            opened = unsafe sealed.withUnsafeBytes { unsafe open($0, associatedData, into: output.baseAddress) }
        }
        ERR_clear_error()
        guard opened else { throw .authentication }
        return secret
    }

    private func open(
        _ sealed: UnsafeRawBufferPointer, _ associatedData: [UInt8], into output: UnsafeMutableRawPointer?
    ) -> Bool {
        unsafe message(
            sealing: false, nonce: UnsafeRawBufferPointer(rebasing: sealed[..<NoncePool.nonceByteCount]),
            associatedData, sealed.baseAddress.map { unsafe $0 + NoncePool.nonceByteCount },
            sealed.count - XAES256GCM.overheadByteCount, output)
    }

    /// One message: its key, then AES-256-GCM under the second half of the nonce.
    private func message(
        sealing: Bool, nonce: UnsafeRawBufferPointer, _ associatedData: [UInt8], _ input: UnsafeRawPointer?,
        _ inputByteCount: Int, _ output: UnsafeMutableRawPointer?
    ) -> Bool {
        guard let nonce = nonce.baseAddress else { return false }
        let contexts = MessageContexts.take(for: number)
        if contexts.owner != number {
            contexts.owner = nil
            guard unsafe key.withBytes({ unsafe contexts.ecb.setKey($0.baseAddress) }) else { return false }
            contexts.owner = number
        }
        defer { contexts.giveBack() }
        var derived: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        return unsafe withUnsafeMutableBytes(of: &derived) { derived in
            guard let derived = derived.baseAddress else { return false }
            defer { unsafe probityCleanse(derived, AES256GCM.keyByteCount) }
            return unsafe subkey.withBytes({ subkey in
                unsafe probity_xaes_key(contexts.ecb.pointer, subkey.baseAddress, nonce, derived) == 1
            })
                && associatedData.withUnsafeBytes { associated in
                    unsafe probity_gcm(
                        contexts.gcm.pointer, sealing ? 1 : 0, derived, nonce + 12, 12, associated.baseAddress,
                        associated.count, input, inputByteCount, output) == 1
                }
        }
    }
}
