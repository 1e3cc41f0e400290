public import ProbityCrypto

/// A user's unlocked keys. Whoever holds one is that user.
public final class Identity: Sendable {
    public let user: String
    let signingKey: Ed25519SigningKey
    let agreementKey: X25519PrivateKey

    public init(user: String, signingKey: Ed25519SigningKey, agreementKey: X25519PrivateKey) {
        self.user = user
        self.signingKey = signingKey
        self.agreementKey = agreementKey
    }

    /// Makes new keys for `user`.
    public static func generate(user: String) throws -> Identity {
        guard UserID.isValid(user) else {
            throw ArchiveError(
                .invalidEntry, "a user's name is 2-32 of a-z, 0-9, . and -", subject: user, rule: "user.idForm")
        }
        return try Identity(user: user, signingKey: Ed25519SigningKey(), agreementKey: X25519PrivateKey())
    }

    // MARK: Key files
    //
    //   <user>.sign.pem, <user>.enc.pem   encrypted PKCS#8, mode 0600
    //   <user>.change.pem                 both, one after the other, while they are being changed
    //
    // A change of the passphrase is one rename: that of the change file, written and synced beside. From there on its two
    // keys are the user's, whatever stands in the other two files; they are written after it, and it goes last. A crash
    // before the rename leaves the old pair, one after it the new pair. Whoever changes or settles holds the archive's
    // writing claim; whoever unlocks only reads.

    private struct Paths {
        let sign: String
        let agree: String
        let change: String

        init(_ user: String, in folder: String) {
            sign = "\(folder)/\(user).sign.pem"
            agree = "\(folder)/\(user).enc.pem"
            change = "\(folder)/\(user).change.pem"
        }
    }

    private static let pemEnd = "-----END ENCRYPTED PRIVATE KEY-----\n"

    /// The key files of a user, as they read.
    private struct KeyPair: Equatable {
        let sign: String
        let agree: String

        init(sign: String, agree: String) {
            self.sign = sign
            self.agree = agree
        }

        /// Reads a change file; nil for one that does not hold two keys.
        init?(change text: String) {
            guard let end = text.firstRange(of: pemEnd) else { return nil }
            sign = String(text[..<end.upperBound])
            agree = String(text[end.upperBound...])
            guard agree.hasSuffix(pemEnd) else { return nil }
        }
    }

    /// Writes the two key files into `folder`, as a pair: at every moment the pair before or the new one is whole.
    ///
    /// - Throws: ``ArchiveError`` `alreadyExists` where a file stands and `replacing` is false.
    public func save(in folder: String, passphrase: borrowing SecretBytes, replacing: Bool = false) throws {
        let paths = Paths(user, in: folder)
        if !replacing {
            for path in [paths.sign, paths.agree, paths.change] where Files.exists(path) {
                throw ArchiveError(.alreadyExists, "a key file exists already", subject: path)
            }
        }
        let pair = KeyPair(
            sign: try KeyFile.encrypt(signingKey, passphrase: passphrase),
            agree: try KeyFile.encrypt(agreementKey, passphrase: passphrase))
        try Files.write(Array((pair.sign + pair.agree).utf8), to: paths.change, mode: 0o600, replacing: true)
        try Identity.settle(pair, paths)
    }

    private static func settle(_ pair: KeyPair, _ paths: Paths) throws {
        try Files.write(Array(pair.sign.utf8), to: paths.sign, mode: 0o600, replacing: true)
        try Files.write(Array(pair.agree.utf8), to: paths.agree, mode: 0o600, replacing: true)
        Files.remove(paths.change)
        try Files.syncFolder(of: paths.change)
    }

    /// Whether a change of the user's passphrase was interrupted after it took effect.
    static func isUnsettled(_ user: String, in folder: String) -> Bool {
        Files.exists(Paths(user, in: folder).change)
    }

    /// Ends a change of the passphrase that was interrupted after it took effect. The caller holds the writing claim.
    static func settle(_ user: String, in folder: String) throws {
        let paths = Paths(user, in: folder)
        guard Files.exists(paths.change) else { return }
        guard let pair = KeyPair(change: String(decoding: try Files.read(paths.change), as: UTF8.self)) else {
            throw ArchiveError(.damagedKey, "a file with changed keys is damaged", subject: paths.change)
        }
        try settle(pair, paths)
    }

    /// The pair that counts.
    private static func pair(_ paths: Paths) throws -> KeyPair? {
        if Files.exists(paths.change) {
            // One that reads as no pair was not written by a change; the files beside it are whole then.
            let changed = KeyPair(change: String(decoding: try Files.read(paths.change), as: UTF8.self))
            if let changed { return changed }
        }
        guard Files.exists(paths.sign), Files.exists(paths.agree) else { return nil }
        return KeyPair(
            sign: String(decoding: try Files.read(paths.sign), as: UTF8.self),
            agree: String(decoding: try Files.read(paths.agree), as: UTF8.self))
    }

    /// Opens the two key files of `user`, both at once because each costs a key derivation.
    ///
    /// - Throws: ``ArchiveError`` `wrongPassphrase` for a wrong passphrase or an unknown user, the same on purpose;
    ///   `damagedKey` where a file cannot be read as a key file at all.
    public static func unlock(user: String, folder: String, passphrase: borrowing SecretBytes) throws -> Identity {
        let paths = Paths(user, in: folder)
        guard UserID.isValid(user), let pair = try pair(paths) else {
            throw ArchiveError(.wrongPassphrase, "no key of that name opens with this passphrase")
        }
        do throws(CryptoError) {
            let (signingKey, agreementKey) = try KeyFile.openPair(
                signing: pair.sign, agreement: pair.agree, passphrase: passphrase)
            return Identity(user: user, signingKey: signingKey, agreementKey: agreementKey)
        } catch {
            if error.code == .authenticationFailure {
                throw ArchiveError(.wrongPassphrase, "no key of that name opens with this passphrase")
            }
            throw ArchiveError(.damagedKey, "a key file of \(user) is damaged: \(error.reason)", subject: paths.sign)
        }
    }
}
