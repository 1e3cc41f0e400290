// Envelopes. Every one begins with its suite's identifier, so that the national suite (gm, 2) can stand beside this one.
//
//   key wrap      suite (1) ‖ nonce (24) ‖ ciphertext ‖ tag (16)        XAES-256-GCM, the context as associated data
//   person wrap   suite (1) ‖ enc (32) ‖ ciphertext ‖ tag (16)          HPKE, the context as info, no associated data

/// The algorithms of an archive (crypto.md §2).
public enum Suite: UInt8, Sendable {
    /// Ed25519, X25519, AES-256, SHA-256. 2 is reserved for SM2, SM3, SM4.
    case intl = 1

    /// Takes the suite byte off an envelope.
    static func body(of envelope: [UInt8]) throws(CryptoError) -> ArraySlice<UInt8> {
        guard let first = envelope.first else { throw CryptoError(.invalidInput, "an empty envelope") }
        guard Suite(rawValue: first) != nil else {
            throw CryptoError(.unsupported, "an envelope of suite \(first), which this version does not have")
        }
        return envelope.dropFirst()
    }
}

/// A secret under another key.
public enum KeyWrap {
    /// Wraps `secret`.
    ///
    /// - Parameter context: from what, to what and for which purpose; the same bytes are needed to unwrap.
    public static func wrap(_ secret: borrowing SecretBytes, under key: XAES256GCM, context: [UInt8])
        throws(CryptoError) -> [UInt8]
    {
        [Suite.intl.rawValue] + (try key.sealSecret(secret, associatedData: context))
    }

    /// - Throws: ``CryptoError`` `authenticationFailure`; `unsupported` for another suite, `invalidInput` for no bytes.
    public static func unwrap(_ wrapped: [UInt8], under key: XAES256GCM, context: [UInt8]) throws(CryptoError)
        -> SecretBytes
    {
        try key.openSecret(Suite.body(of: wrapped), associatedData: context)
    }
}

/// A secret for the holder of an agreement key.
public enum PersonWrap {
    /// Wraps `secret` to whoever holds the private half of `key`. Take `key` from a verified certificate only.
    ///
    /// - Parameter context: from what, to what and for which purpose; the same bytes are needed to unwrap.
    /// - Throws: ``CryptoError`` `invalidKey` for a key that agrees on nothing (RFC 7748 §6.1).
    public static func wrap(_ secret: borrowing SecretBytes, to key: X25519PublicKey, context: [UInt8])
        throws(CryptoError) -> [UInt8]
    {
        [Suite.intl.rawValue] + (try HPKE.sealSecret(secret, to: key, info: context))
    }

    /// - Throws: ``CryptoError`` `authenticationFailure`; `unsupported` for another suite, `invalidInput` for no bytes.
    public static func unwrap(_ wrapped: [UInt8], with key: X25519PrivateKey, context: [UInt8]) throws(CryptoError)
        -> SecretBytes
    {
        try HPKE.openSecret(Suite.body(of: wrapped), with: key, info: context)
    }
}
