import ProbityCrypto

/// A passphrase (口令) on its way from whoever knows it to the keys that it opens; wiped when it is let go.
public struct Passphrase: ~Copyable, Sendable {
    let secret: SecretBytes

    /// NIST SP 800-63B §5.1.1.2 asks for 8 characters; these files are tried offline, so more.
    public static let minimumByteCount = 12
    private static let maximumByteCount = 1024

    /// Takes the first line of `bytes`, without its end.
    ///
    /// - Throws: ``OfficeError`` `usage` for a line that is empty or too long.
    public init(firstLineOf bytes: [UInt8]) throws {
        var line = Array(bytes.prefix { $0 != 0x0A })
        if line.last == 0x0D { line.removeLast() }
        guard !line.isEmpty, line.count <= Passphrase.maximumByteCount else {
            throw OfficeError(.usage, "cli.passphraseEmpty")
        }
        secret = SecretBytes(copying: line)
    }

    /// Whether it is long enough for keys that are made now.
    public var isLongEnough: Bool { secret.count >= Passphrase.minimumByteCount }

    /// The refusal of one that is not ``isLongEnough``.
    public static var tooShort: OfficeError {
        OfficeError(.invalidEntry, "cli.passphraseShort", ["count": String(minimumByteCount)])
    }

    /// Hands the bytes over to whoever keeps them.
    consuming func released() -> SecretBytes { secret }

    public func isEqual(to other: borrowing Passphrase) -> Bool { secret.isEqual(to: other.secret) }

    /// Keeps the memory of this process out of core files. Call it before the first passphrase is read.
    public static func forbidCoreFiles() { SecretMemory.forbidCoreFiles() }
}
