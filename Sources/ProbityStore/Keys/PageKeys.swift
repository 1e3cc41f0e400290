import ProbityCrypto
import Synchronization

/// The page key of an open archive, with its wraps.
final class PageKey: Sendable {
    let secret: SecretBytes
    private let wraps: Mutex<PageKeyFile>

    init(_ secret: consuming SecretBytes, _ file: PageKeyFile) {
        self.secret = secret
        wraps = Mutex(file)
    }

    fileprivate(set) var file: PageKeyFile {
        get { wraps.withLock { $0 } }
        set { wraps.withLock { $0 = newValue } }
    }

    // MARK: Opening

    /// Finds the page key of the archive in `folder` among those that are wrapped to `identity`, and opens the database with
    /// it.
    ///
    /// - Throws: ``ArchiveError`` `wrongPassphrase` where the archive is not opened to these keys; what `open` throws.
    static func find(
        _ folder: String, _ identity: Identity, open: () throws -> Engine
    ) throws -> (engine: Engine, key: PageKey) {
        let database = Engine.file(in: folder)
        let files = try PageKeyFile.all(folder)
        var refusal = ArchiveError(
            .wrongPassphrase, "the archive is not opened to \(identity.user): no certificate of these keys is in force",
            subject: identity.user, rule: "archive.notOpened")
        for file in files {
            guard let wrap = file.wraps[identity.user] else { continue }
            let secret: SecretBytes
            do throws(CryptoError) {
                secret = try file.open(user: identity.user, wrap: wrap, with: identity.agreementKey)
            } catch { continue }
            try PageStore.addKey(secret, for: database)
            do {
                return (try open(), PageKey(secret, file))
            } catch let error as ArchiveError where [.integrity, .unsupported].contains(error.code) {
                // Another database's key, perhaps: a rotation that was interrupted leaves two.
                PageStore.removeKey(of: database)
                refusal = error
            }
        }
        // No connection to the file is open here, so that closing a descriptor of our own drops nobody's locks.
        switch PageStore.kind(try Files.read(database, upTo: PageStore.headerByteCount)) {
        case .sealed: break
        case .plain:
            throw ArchiveError(
                .unsupported, "the database is a plain SQLite file, not one of the page store", subject: folder)
        case .other: throw ArchiveError(.unsupported, "this file is not an archive of this version", subject: folder)
        }
        if files.isEmpty {
            throw ArchiveError(
                .damagedKey, "the files of the page key are missing; they belong to every copy",
                subject: PageKeyFile.folder(folder))
        }
        throw refusal
    }
}

extension Archive {
    /// Whether exactly the users with a certificate in force hold the page key, by the numbers of their certificates.
    func pageKeyIsCurrent(_ db: Connection) throws -> Bool {
        try Credentials.serialsInForce(db) == pageKey.file.wraps.mapValues(\.serial)
    }

    /// Wraps the page key to every user whose certificate is in force, and to nobody else.
    ///
    /// A certificate comes into force, or ends, with its ledger line; the wrap follows. A crash between the two leaves a user
    /// who cannot open the archive yet, or the wrap of one who left: whoever opens the archive next makes up for it.
    func wrapPageKey() throws {
        let isCurrent = try snapshot { try pageKeyIsCurrent($0) }
        guard !isCurrent else { return }
        let lock = try claimWriting("page key")
        defer { withExtendedLifetime(lock) {} }
        let inForce = try snapshot { try Credentials(self, $0).certificates() }
        // Somebody else may have been quicker.
        var file = try PageKeyFile.all(path).first { $0.fileID == pageKey.file.fileID } ?? pageKey.file
        file.wraps = file.wraps.filter { user, _ in inForce.contains { $0.user == user } }
        for certificate in inForce where file.wraps[certificate.user]?.serial != certificate.serial {
            try file.admit(certificate, key: pageKey.secret)
        }
        try file.write(path)
        pageKey.file = file
    }

    /// Copies the database as it is now, page by page, into a new file under a new page key.
    ///
    /// Others go on reading and writing meanwhile; the copy is what stood there when it began. It is on disk, without a
    /// log, when this returns; its key is known to the page store.
    func copyDatabase(
        to database: String, generation: Int64, progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> PageKey {
        let secret = SecretBytes(randomByteCount: PageStore.keyByteCount)
        try PageStore.addKey(secret, for: database)
        let (inForce, fileID) = try engine.copy(to: database, progress: progress) {
            try Credentials(self, $0).certificates()
        }
        var file = try PageKeyFile(
            archiveID: header.archiveID, fileID: fileID, generation: generation, key: secret,
            recoveryKey: header.recoveryKey)
        for certificate in inForce { try file.admit(certificate, key: secret) }
        return PageKey(secret, file)
    }
}
