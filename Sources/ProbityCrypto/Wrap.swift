// Envelopes. Every one begins with its suite's identifier, so that the national suite (gm, 2) can stand beside this one.
//
//   key wrap      suite (1) ‖ nonce (24) ‖ ciphertext ‖ tag (16)        XAES-256-GCM, the context as associated data
//   person wrap   suite (1) ‖ enc (32) ‖ ciphertext ‖ tag (16)          HPKE, the context as info, no associated data

/// The algorithms of an archive (crypto.md §2).
public enum Suite: UInt8, Sendable {
    /// Ed25519, X25519, AES-256, SHA-256. 2 is reserved for SM2, SM3, SM4.
    case intl = 1

    /// Takes the suite byte off an envelope.
    static func body(of envelope: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard let first = envelope.first else { throw CryptoError(.invalidInput, "an empty envelope") }
        guard Suite(rawValue: first) != nil else {
            throw CryptoError(.unsupported, "an envelope of suite \(first), which this version does not have")
        }
        return Array(envelope.dropFirst())
    }
}

/// A secret under another key.
public enum KeyWrap {
    public static func wrap(_ secret: borrowing SecretBytes, under key: XAES256GCM, context: [UInt8])
        throws(CryptoError) -> [UInt8]
    {
        var plain = unsafe secret.withBytes { unsafe Array($0) }
        defer { wipe(&plain) }
        return [Suite.intl.rawValue] + (try key.seal(plain, associatedData: context))
    }

    /// - Throws: ``CryptoError`` `authenticationFailure`, or `unsupported` for another suite.
    public static func unwrap(_ wrapped: [UInt8], under key: XAES256GCM, context: [UInt8]) throws(CryptoError)
        -> SecretBytes
    {
        var plain = try key.open(Suite.body(of: wrapped), associatedData: context)
        defer { wipe(&plain) }
        return SecretBytes(copying: plain)
    }
}

/// A secret for the holder of an agreement key.
public enum PersonWrap {
    public static func wrap(_ secret: borrowing SecretBytes, to key: X25519PublicKey, context: [UInt8])
        throws(CryptoError) -> [UInt8]
    {
        var plain = unsafe secret.withBytes { unsafe Array($0) }
        defer { wipe(&plain) }
        return [Suite.intl.rawValue] + (try HPKE.seal(plain, to: key, info: context))
    }

    /// - Throws: ``CryptoError`` `authenticationFailure`, or `unsupported` for another suite.
    public static func unwrap(_ wrapped: [UInt8], with key: X25519PrivateKey, context: [UInt8]) throws(CryptoError)
        -> SecretBytes
    {
        var plain = try HPKE.open(Suite.body(of: wrapped), with: key, info: context)
        defer { wipe(&plain) }
        return SecretBytes(copying: plain)
    }
}

/// Overwrites a key's bytes that had to pass through an array.
func wipe(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { buffer in
        if let start = buffer.baseAddress { unsafe probityCleanse(start, buffer.count) }
    }
}
