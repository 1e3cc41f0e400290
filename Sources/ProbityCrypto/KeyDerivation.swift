internal import COpenSSL

/// HKDF with SHA-256 (RFC 5869).
public enum HKDFSHA256 {
    enum Step {
        case extractAndExpand, extract, expand

        var mode: Int32 {
            switch self {
            case .extractAndExpand: EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND
            case .extract: EVP_KDF_HKDF_MODE_EXTRACT_ONLY
            case .expand: EVP_KDF_HKDF_MODE_EXPAND_ONLY
            }
        }
    }

    /// - Parameters:
    ///   - byteCount: at most 255 × 32 (§2.3).
    /// - Throws: ``CryptoError`` `invalidInput` for a length out of range or an `info` beyond the library's 1,024 bytes.
    public static func derive(secret: borrowing SecretBytes, salt: [UInt8], info: [UInt8], byteCount: Int)
        throws(CryptoError) -> SecretBytes
    {
        try run(.extractAndExpand, key: secret, salt: salt, info: info, byteCount: byteCount)
    }

    static func run(_ step: Step, key: borrowing SecretBytes, salt: [UInt8], info: [UInt8], byteCount: Int)
        throws(CryptoError) -> SecretBytes
    {
        guard (1...255 * 32).contains(byteCount) else {
            throw CryptoError(.invalidInput, "HKDF gives 1 to 8,160 bytes, not \(byteCount)")
        }
        guard info.count <= 1024 else { throw CryptoError(.invalidInput, "HKDF info is limited to 1,024 bytes") }
        let mode = step.mode
        var done = false
        let output = unsafe try SecretBytes(byteCount: byteCount) { buffer throws(CryptoError) in
            done =
                unsafe key.withBytes { key in
                    unsafe salt.withUnsafeBufferPointer { salt in
                        unsafe info.withUnsafeBufferPointer { info in
                            unsafe probity_hkdf_sha256(
                                mode, key.baseAddress?.assumingMemoryBound(to: UInt8.self), key.count, salt.baseAddress,
                                salt.count, info.baseAddress, info.count,
                                buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), buffer.count)
                        }
                    }
                } == 1
        }
        guard done else { throw CryptoError.library("HKDF") }
        return output
    }
}

/// scrypt (RFC 7914), for passphrases.
public enum Scrypt {
    /// - Parameters:
    ///   - n: cost, a power of two; with `r` it takes 128·n·r bytes of memory.
    /// - Throws: ``CryptoError`` `resourceLimit` where the memory would pass `maximumMemoryBytes`.
    public static func derive(
        passphrase: borrowing SecretBytes, salt: [UInt8], n: UInt64, r: UInt64, p: UInt64, byteCount: Int,
        maximumMemoryBytes: UInt64 = 64 << 20
    ) throws(CryptoError) -> SecretBytes {
        guard n <= 1 << 40, r <= 1 << 20, p <= 1 << 20, 128 * n * r <= maximumMemoryBytes else {
            throw CryptoError(.resourceLimit, "scrypt would take more memory than allowed")
        }
        var done = false
        let output = unsafe try SecretBytes(byteCount: byteCount) { buffer throws(CryptoError) in
            done =
                unsafe passphrase.withBytes { passphrase in
                    unsafe salt.withUnsafeBufferPointer { salt in
                        unsafe EVP_PBE_scrypt(
                            passphrase.baseAddress?.assumingMemoryBound(to: CChar.self), passphrase.count,
                            salt.baseAddress, salt.count, n, r, p, maximumMemoryBytes + (1 << 20),
                            buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), buffer.count)
                    }
                } == 1
        }
        guard done else { throw CryptoError.library("scrypt") }
        return output
    }
}
