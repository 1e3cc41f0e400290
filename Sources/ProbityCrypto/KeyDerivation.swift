internal import COpenSSL

/// HKDF with SHA-256 (RFC 5869).
public enum HKDFSHA256 {
    /// Derives a secret of `byteCount` bytes from `secret`.
    ///
    /// - Parameters:
    ///   - salt: not secret; empty stands for 32 zeros (§2.2).
    ///   - info: what the derived secret is for.
    ///   - byteCount: at most 255 × 32 (§2.3).
    /// - Throws: ``CryptoError`` `invalidInput` for a length out of range, or an `info` beyond 2,048 bytes.
    public static func derive(secret: borrowing SecretBytes, salt: [UInt8], info: [UInt8], byteCount: Int)
        throws(CryptoError) -> SecretBytes
    {
        try expand(
            extract(salt: SecretBytes(copying: salt), prefix: [], secret: secret), info: info, byteCount: byteCount)
    }

    /// §2.2, of `prefix` ‖ `secret`. RFC 9180 §5.1 has a secret for the salt too.
    static func extract(
        salt: borrowing SecretBytes, prefix: [UInt8], secret: borrowing SecretBytes
    ) throws(CryptoError) -> SecretBytes {
        try unsafe SecretBytes(byteCount: 32) { output throws(CryptoError) in
            unsafe salt.withBytes { salt in
                unsafe prefix.withUnsafeBytes { prefix in
                    unsafe secret.withBytes { secret in
                        unsafe HMACSHA256.write(key: salt, prefix: prefix, message: secret, to: output.baseAddress)
                    }
                }
            }
        }
    }

    /// §2.3.
    static func expand(_ key: borrowing SecretBytes, info: [UInt8], byteCount: Int) throws(CryptoError) -> SecretBytes {
        guard (1...255 * 32).contains(byteCount) else {
            throw CryptoError(.invalidInput, "HKDF gives 1 to 8,160 bytes, not \(byteCount)")
        }
        guard info.count <= maximumInfoByteCount else {
            throw CryptoError(.invalidInput, "HKDF takes no more than \(maximumInfoByteCount) bytes of info")
        }
        var done = false
        let output = try unsafe SecretBytes(byteCount: byteCount) { output throws(CryptoError) in
            done =
                unsafe key.withBytes { key in
                    unsafe info.withUnsafeBytes { info in
                        unsafe probity_hkdf_expand(
                            Library.hkdf.pointer, key.baseAddress, key.count, info.baseAddress, info.count,
                            output.baseAddress, output.count)
                    }
                } == 1
        }
        guard done else { throw CryptoError.library("HKDF") }
        return output
    }

    /// OpenSSL 3.0 keeps the info in a buffer of 2,048 bytes.
    private static let maximumInfoByteCount = 2_048

    /// The library's HKDF, looked up once.
    @safe private struct Library: @unchecked Sendable {
        // @unchecked: what a lookup gives is never changed, and kept for the life of the process.
        let pointer: OpaquePointer
        static let hkdf = Library()

        private init() {
            guard let pointer = unsafe EVP_KDF_fetch(nil, "HKDF", nil) else {
                preconditionFailure("libcrypto has no HKDF")
            }
            unsafe self.pointer = pointer
        }
    }
}
