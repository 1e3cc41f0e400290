import ProbityCrypto

/// What an archive is, in the clear.
public struct ArchiveHeader: Sendable {
    public let archiveID: String
    public let bureauID: String
    public let name: String
    let recoveryKey: X25519PublicKey
    let logKey: Ed25519PublicKey

    var names: NoteNames { NoteNames(bureauID: bureauID) }
    /// The ledger's name in every checkpoint.
    public var origin: String { names.ledger }

    init(
        archiveID: String, bureauID: String, name: String, recoveryKey: X25519PublicKey, logKey: Ed25519PublicKey
    ) {
        self.archiveID = archiveID
        self.bureauID = bureauID
        self.name = name
        self.recoveryKey = recoveryKey
        self.logKey = logKey
    }

    /// Reads the header's row.
    ///
    /// - Throws: ``ArchiveError`` `integrity`; `unsupported` for another cipher suite.
    init(_ db: Connection) throws {
        guard let row = try ArchiveTable.row(db) else {
            throw ArchiveError(.integrity, "the archive has no header row")
        }
        guard row.suite == Int64(Suite.intl.rawValue) else {
            throw ArchiveError(
                .unsupported, "the archive uses cipher suite \(row.suite), which this version does not have")
        }
        do throws(CryptoError) {
            recoveryKey = try X25519PublicKey(rawBytes: row.recoveryKey)
            logKey = try Ed25519PublicKey(rawBytes: row.logKey)
        } catch {
            throw ArchiveError(.integrity, "a public key of the archive's header is damaged: \(error.reason)")
        }
        archiveID = row.archiveID
        bureauID = row.bureauID
        name = row.name
    }

    /// The row that ``init(_:)`` reads.
    var row: ArchiveRow {
        ArchiveRow(
            archiveID: archiveID, bureauID: bureauID, name: name, suite: Int64(Suite.intl.rawValue),
            recoveryKey: recoveryKey.rawBytes, logKey: logKey.rawBytes)
    }
}
