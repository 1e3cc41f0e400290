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
            throw ArchiveError(.invalidEntry, "a user's name is 2-32 of a-z, 0-9, . and -")
        }
        return try Identity(user: user, signingKey: Ed25519SigningKey(), agreementKey: X25519PrivateKey())
    }

    private static func paths(_ user: String, in folder: String) -> (sign: String, agree: String) {
        ("\(folder)/\(user).sign.pem", "\(folder)/\(user).enc.pem")
    }

    /// Writes the two key files (encrypted PKCS#8, mode 0600) into `folder`.
    ///
    /// - Throws: ``ArchiveError`` `alreadyExists` where a file stands and `replacing` is false.
    public func save(in folder: String, passphrase: borrowing SecretBytes, replacing: Bool = false) throws {
        let paths = Identity.paths(user, in: folder)
        let sign = try KeyFile.encrypt(signingKey, passphrase: passphrase)
        let agree = try KeyFile.encrypt(agreementKey, passphrase: passphrase)
        if !replacing {
            for path in [paths.sign, paths.agree] where Files.exists(path) {
                throw ArchiveError(.alreadyExists, "a key file exists already", subject: path)
            }
        }
        try Files.write(Array(sign.utf8), to: paths.sign, mode: 0o600, replacing: replacing)
        try Files.write(Array(agree.utf8), to: paths.agree, mode: 0o600, replacing: replacing)
    }

    /// Opens the two key files of `user`, both at once because each costs a key derivation.
    ///
    /// - Throws: ``ArchiveError`` `wrongPassphrase` for a wrong passphrase or an unknown user, the same on purpose;
    ///   `damagedKey` where a file cannot be read as a key file at all.
    public static func unlock(user: String, folder: String, passphrase: borrowing SecretBytes) throws -> Identity {
        let paths = paths(user, in: folder)
        guard UserID.isValid(user), Files.exists(paths.sign), Files.exists(paths.agree) else {
            throw ArchiveError(.wrongPassphrase, "no key of that name opens with this passphrase")
        }
        let sign = try Files.read(paths.sign)
        let agree = try Files.read(paths.agree)
        do throws(CryptoError) {
            let (signingKey, agreementKey) = try KeyFile.openPair(
                signing: String(decoding: sign, as: UTF8.self), agreement: String(decoding: agree, as: UTF8.self),
                passphrase: passphrase)
            return Identity(user: user, signingKey: signingKey, agreementKey: agreementKey)
        } catch {
            if error.code == .authenticationFailure {
                throw ArchiveError(.wrongPassphrase, "no key of that name opens with this passphrase")
            }
            throw ArchiveError(.damagedKey, "a key file of \(user) is damaged: \(error.reason)", subject: paths.sign)
        }
    }
}
