import ProbityCrypto
import ProbityLedger
public import ProbityRecords

/// An unlocked user at work on an archive.
///
/// Every act of his is a method of this type, by subject in the files of this folder; the order inside an act is
/// Gate.swift's. What an act does with keys and rows is the business of ``Vault``, ``Roster`` and ``KeyGraph``, which keep
/// what they have opened; ``forget()`` makes all of them forget it together.
public final class Session {
    public let archive: Archive
    public let certificate: Certificate
    /// The purpose that reading acts of the session state, unless one is given.
    public var purpose: Purpose?
    /// The date of a rule's question (`--on`); nil takes the ledger's. It never moves ledger time, the end of a grant, or the
    /// day on which something is filed.
    public var questionDate: CivilDate?
    /// Whether the user has confirmed that a clock more than a day ahead of the last leaf is right.
    public var clockIsConfirmed = false

    /// What did not go as it should beside an act that was done.
    public private(set) var warnings: [String] = []

    let identity: Identity
    let actor: Actor
    let logKey: Ed25519SigningKey
    let rootUnit: String
    let graph: KeyGraph
    let vault: Vault
    let roster: Roster
    private let memory: HeadMemory?

    public var user: String { identity.user }
    public var role: Role { certificate.role }
    var catalogue: KindCatalogue { archive.catalogue }

    /// Begins work as the owner of `identity`.
    ///
    /// - Parameter stateFolder: where this user's side remembers the last head it saw; nil remembers nothing.
    /// - Throws: ``ArchiveError`` `wrongPassphrase` where the keys are not the certified ones; `incomplete` or `integrity`
    ///   where the archive is older than, or another than, the remembered head.
    public init(_ archive: Archive, identity: Identity, stateFolder: String? = nil) throws {
        self.archive = archive
        self.identity = identity
        let memory = try stateFolder.map { try HeadMemory(folder: $0, archiveID: archive.header.archiveID) }
        self.memory = memory
        // Somebody else may have made the file. It costs seconds on a large archive, so once for each file.
        if let memory, try !memory.hasSeen(archive.engine.fileID()) { try archive.engine.demandSoundPages() }
        // Before the snapshot begins: another session of the user may write and remember meanwhile.
        let remembered = try memory?.head()
        let opening = try archive.snapshot {
            try memory?.compare(remembered, archive.header, $0)
            return try Opening(archive, identity, $0)
        }
        certificate = opening.certificate
        actor = Actor(certificate: opening.certificate, policy: archive.policy)
        rootUnit = opening.rootUnit
        logKey = try opening.logKey(archive, identity)
        graph = KeyGraph(
            archive, rootUnit: opening.rootUnit, identity: identity, grants: opening.grants)
        vault = Vault(archive, graph, rootUnit: opening.rootUnit, user: identity.user)
        roster = Roster(archive, vault)
        rememberFile(archive.pageKey.file.fileID)
        wrapPageKey()
        settleKeyFiles()
    }

    /// What a session needs to know of its user, from one snapshot.
    private struct Opening {
        let certificate: Certificate
        let rootUnit: String
        let grants: HeldGrants
        let logWraps: [(key: Int64, wrapped: [UInt8])]

        init(_ archive: Archive, _ identity: Identity, _ db: Connection) throws {
            let credentials = Credentials(archive, db)
            guard let certificate = try credentials.certificate(of: identity.user),
                certificate.signingKey == identity.signingKey.publicKey,
                certificate.agreementKey == identity.agreementKey.publicKey
            else {
                throw ArchiveError(
                    .wrongPassphrase, "these keys are not the certified keys of a user of the archive",
                    subject: identity.user, rule: "archive.notOpened")
            }
            // The header names the key that checkpoints are signed with and the one on paper: it is not believed unread.
            guard try Vouching(archive, db).line(of: .archive, [.integer(1)]).sequence == 0 else {
                throw ArchiveError(.integrity, "the archive's own row is not that of the ceremony")
            }
            self.certificate = certificate
            rootUnit = try UnitTable.root(db)
            grants = try HeldGrants(archive, of: certificate, credentials, db)
            logWraps = try WrapTable.logWraps(to: identity.user, db)
        }

        func logKey(_ archive: Archive, _ identity: Identity) throws -> Ed25519SigningKey {
            for (key, wrapped) in logWraps {
                do throws(CryptoError) {
                    let seed = try PersonWrap.unwrap(
                        wrapped, with: identity.agreementKey,
                        context: KeyGraph.userContext(
                            archiveID: archive.header.archiveID, user: identity.user, to: "key:\(key)", purpose: .log))
                    let logKey = try Ed25519SigningKey(seed: seed)
                    if logKey.publicKey == archive.header.logKey { return logKey }
                } catch {
                    // Bytes that somebody put there.
                }
            }
            throw ArchiveError(.integrity, "the ledger's key is not wrapped to \(identity.user)")
        }
    }

    /// Asks which grants are in force, at the beginning of each transaction of an act.
    func askGrants(_ db: Connection) throws {
        let held = graph.grants
        if try GrantTable.numbers(of: user, db) == held.rows {
            graph.admit(try held.asked(archive, of: user, db))
        } else {
            let renewed = try HeldGrants(archive, of: certificate, Credentials(archive, db), db)
            graph.admit(HeldGrants(rows: renewed.rows, all: renewed.all, day: max(held.day, renewed.day)))
        }
    }

    /// Forgets everything derived from rows that a rolled-back transaction may have made.
    func forget() {
        graph.forget()
        vault.forget()
        roster.forget()
    }

    // MARK: Beside an act

    /// Opens the archive to whoever was certified since, and closes it to whoever left. What is left undone, the next
    /// session does.
    func wrapPageKey() {
        do {
            try archive.wrapPageKey()
        } catch {
            warnings.append("the page key is not wrapped to exactly the users in force: \(error)")
        }
    }

    /// Ends a change of the user's passphrase that was interrupted.
    private func settleKeyFiles() {
        guard Identity.isUnsettled(user, in: archive.keysFolder) else { return }
        do {
            let claim = try archive.claimWriting("\(user) key files")
            defer { withExtendedLifetime(claim) {} }
            try Identity.settle(user, in: archive.keysFolder)
        } catch {
            warnings.append("an interrupted change of the passphrase is not ended: \(error)")
        }
    }

    /// The act is done and durable when its head is remembered: a failure here is told, not thrown.
    func remember(_ head: LedgerHead) {
        do {
            try memory?.remember(head, archive.header)
        } catch {
            warnings.append("the newest ledger head cannot be remembered: \(error)")
        }
    }

    /// A file that is not remembered is examined again.
    func rememberFile(_ fileID: String) {
        do {
            try memory?.remember(file: fileID)
        } catch {
            warnings.append("the database file cannot be remembered: \(error)")
        }
    }
}
