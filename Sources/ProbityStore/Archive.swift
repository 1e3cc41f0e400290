import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
public import ProbityRecords
import ProbitySchema
import Synchronization

// The archive (档案库): a folder with the database, its lock, and `Keys/`.
//
// The one gate. A caller opens the archive, unlocks an identity and performs acts on a ``Session``.
//
//   An act that writes  runs in one transaction: policy → keys → rows → leaf → tree nodes → signed checkpoint. A crash at
//                       any point leaves all of it or none.
//   An act that reads   opens a snapshot, decides policy on it, appends its leaf (which names the size of the tree it
//                       reads at) in a short write transaction of its own, and decrypts for the caller only after that
//                       commit. If the leaf cannot be written, nothing is shown: `ledgerNotWritable`.
//   A refusal           rolls back, then writes a leaf of its own that says which act was refused and why.
//   A long import       writes chunks under one batch number listed in `openBatch`, which hides them from every reader, and
//                       publishes them with one leaf. What a crash leaves is swept by the next writer that finds the
//                       import's file lock free.

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
}

/// One archive on disk, opened.
///
/// Several threads may use it, each with a ``Session`` of its own; what they do at the same time shares a commit
/// (SharedCommit.swift). Several processes may use the same archive at once.
public final class Archive: Sendable {
    public let path: String
    public let header: ArchiveHeader
    let pool: any DatabaseWriter
    let pageKey: PageKey
    /// Held shared while the archive is open, and exclusively by a rotation of the page key. None on read-only media.
    private let use: FileLock?
    /// The database file that is open, whatever stands under its name later.
    private let databaseIdentity: UInt64
    let clock: ArchiveClock
    let lockWaitSeconds: Double
    let catalogue: KindCatalogue
    let policy: AccessPolicy
    let trust = Mutex(LedgerTrust())
    private let commits = SharedCommit()
    /// Tests make the append of a leaf fail here.
    let ledgerFault = Mutex<(@Sendable () throws -> Void)?>(nil)

    /// Where the key files of the archive at `path` are.
    public static func keysFolder(_ path: String) -> String { path + "/Keys" }
    public var keysFolder: String { Archive.keysFolder(path) }
    var databasePath: String { path + "/archive.db" }

    /// Opens the archive in the folder `path` with the page key that is wrapped to `identity`.
    ///
    /// - Parameters:
    ///   - lockWaitSeconds: how long an act waits for another writer.
    ///   - acceptsReadOnly: whether media that cannot be written will do, as for `check` and `status`; an act there fails.
    /// - Throws: ``ArchiveError`` `notFound`, `unsupported`, `inputOutput`, `ledgerNotWritable`; `wrongPassphrase` where
    ///   the archive is not opened to these keys; `integrity` where the database is not what was written.
    public static func open(
        at path: String, identity: Identity, clock: ArchiveClock = .system, lockWaitSeconds: Double = 30,
        acceptsReadOnly: Bool = false
    ) throws -> Archive {
        guard Files.exists(path + "/archive.db") else {
            throw ArchiveError(.notFound, "there is no archive at this path", subject: path)
        }
        let use: FileLock?
        do {
            use = try FileLock(path: path + "/use.lock", holder: nil, waitSeconds: lockWaitSeconds)
        } catch let error as ArchiveError where error.code == .ledgerNotWritable && acceptsReadOnly {
            // Nobody rotates the key of a copy that cannot be written.
            use = nil
        }
        let (pool, pageKey) = try openDatabase(path, identity) { database -> any DatabaseWriter in
            do {
                return try ArchiveDatabase.open(database, lockWaitSeconds: lockWaitSeconds)
            } catch let error as ArchiveError where error.code == .ledgerNotWritable && acceptsReadOnly {
                return try ArchiveDatabase.openReadOnly(database)
            }
        }
        let header = try ArchiveDatabase.converting { try pool.read { try readHeader($0) } }
        guard header.archiveID == pageKey.file.archiveID else {
            throw ArchiveError(.integrity, "the page key's file is another archive's", subject: path)
        }
        return try Archive(
            path: path, header: header, pool: pool, pageKey: pageKey, use: use, clock: clock,
            lockWaitSeconds: lockWaitSeconds)
    }

    /// Opens an archive that nobody uses, as a backup, without writing anything there.
    static func openCopy(at path: String, identity: Identity, clock: ArchiveClock) throws -> Archive {
        let (database, pageKey) = try openDatabase(path, identity) { database in
            try ArchiveDatabase.openReadOnly(database)
        }
        let header = try ArchiveDatabase.converting { try database.read { try readHeader($0) } }
        return try Archive(
            path: path, header: header, pool: database, pageKey: pageKey, use: nil, clock: clock, lockWaitSeconds: 0)
    }

    /// Finds the page key among those that are wrapped to `identity`, and opens the database with it.
    private static func openDatabase(
        _ path: String, _ identity: Identity, open: (String) throws -> any DatabaseWriter
    ) throws -> (any DatabaseWriter, PageKey) {
        let database = path + "/archive.db"
        let files = try PageKeyFile.all(path)
        var refusal = ArchiveError(
            .wrongPassphrase, "the archive is not opened to \(identity.user): no certificate of these keys is in force")
        for file in files {
            guard let wrap = file.wraps[identity.user] else { continue }
            let secret: SecretBytes
            do throws(CryptoError) {
                secret = try file.open(user: identity.user, wrap: wrap, with: identity.agreementKey)
            } catch { continue }
            try PageStore.addKey(secret, for: database)
            do {
                return (try open(database), PageKey(secret, file))
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
                .unsupported, "the database is a plain SQLite file, not one of the page store", subject: path)
        case .other: throw ArchiveError(.unsupported, "this file is not an archive of this version", subject: path)
        }
        if files.isEmpty {
            throw ArchiveError(
                .damagedKey, "the files of the page key are missing; they belong to every copy",
                subject: PageKeyFile.folder(path))
        }
        throw refusal
    }

    init(
        path: String, header: ArchiveHeader, pool: any DatabaseWriter, pageKey: PageKey, use: FileLock?,
        clock: ArchiveClock, lockWaitSeconds: Double
    ) throws {
        self.path = path
        self.header = header
        self.pool = pool
        self.pageKey = pageKey
        self.use = use
        databaseIdentity = try Files.identity(path + "/archive.db")
        self.clock = clock
        self.lockWaitSeconds = lockWaitSeconds
        self.catalogue = try KindCatalogue.standard()
        self.policy = try AccessPolicy.standard()
    }

    private static func readHeader(_ db: Database) throws -> ArchiveHeader {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT archiveId, bureauId, name, suite, recoveryKey, logKey FROM archive WHERE id = 1")
        else { throw ArchiveError(.integrity, "the archive has no header row") }
        let suite: Int64 = row["suite"]
        guard suite == Int64(Suite.intl.rawValue) else {
            throw ArchiveError(.unsupported, "the archive uses cipher suite \(suite), which this version does not have")
        }
        let recovery: Data = row["recoveryKey"]
        let log: Data = row["logKey"]
        do throws(CryptoError) {
            return try ArchiveHeader(
                archiveID: row["archiveId"], bureauID: row["bureauId"], name: row["name"],
                recoveryKey: X25519PublicKey(rawBytes: [UInt8](recovery)),
                logKey: Ed25519PublicKey(rawBytes: [UInt8](log)))
        } catch {
            throw ArchiveError(.integrity, "a public key of the archive's header is damaged: \(error.reason)")
        }
    }

    var now: ArchiveTime { ArchiveTime(seconds: clock.now()) }

    // MARK: Transactions

    /// Runs `body` as the only writer; all of it is committed when this returns, or nothing.
    ///
    /// - Parameter holder: what a waiting program is told about this one; identifiers only.
    func exclusively<T>(_ holder: String, _ body: (Database) throws -> T) throws -> T {
        try commits.perform(
            SharedCommit.Surroundings(
                database: pool, waitSeconds: lockWaitSeconds, lock: { try self.writeLock(holder) },
                // What was vouched for inside the transaction may be gone with it.
                forget: { self.trust.withLock { $0 = LedgerTrust() } },
                takeBack: { try ArchiveDatabase.takeBack(self.pool, after: $0) }), body)
    }

    /// Waits until no other program writes, and keeps others from it.
    func writeLock(_ holder: String) throws -> FileLock {
        try FileLock(
            path: path + "/archive.lock", holder: "\(holder), pid \(getpid()), since \(now.text)",
            waitSeconds: lockWaitSeconds)
    }

    /// Waits until no other program has the archive open, and keeps them from opening it.
    func useAlone(_ holder: String) throws {
        guard let use else { throw ArchiveError(.ledgerNotWritable, "the archive is on media that cannot be written") }
        try use.take("\(holder), pid \(getpid()), since \(now.text)", waitSeconds: lockWaitSeconds)
        // A shared lock that waits to become an exclusive one is given up meanwhile (flock(2)): another rotation may have
        // replaced the file that is open here, and what was filed since would be lost with it.
        guard try Files.identity(databasePath) == databaseIdentity else {
            throw ArchiveError(.changedSinceRead, "the page key was rotated meanwhile; begin again")
        }
    }

    /// Lets others open the archive again.
    func useWithOthers() { use?.share() }

    /// Runs `body` on a snapshot; writers are not kept out and do not keep it waiting.
    func snapshot<T>(_ body: (Database) throws -> T) throws -> T {
        try ArchiveDatabase.converting { try pool.read(body) }
    }

    /// Removes what imports that died left behind. Runs inside a writer's transaction.
    func sweep(_ db: Database) throws {
        for id in try Int64.fetchAll(db, sql: "SELECT id FROM openBatch") {
            let lock = importLockPath(id)
            if FileLock.isHeld(lock) { continue }
            try remove(id, db)
            // The lock file goes last: while it stands, the next sweep finds the same work to do.
            Files.remove(lock)
        }
    }

    /// Removes the invisible rows of an import that did not come to its end.
    func remove(_ batch: Int64, _ db: Database) throws {
        // Children before parents: foreign keys are on.
        for table in Batch.tables.reversed() where table.name != "archive" {
            try db.execute(sql: "DELETE FROM \(table.name) WHERE batch = ?", arguments: [batch])
        }
        try db.execute(sql: "DELETE FROM openBatch WHERE id = ?", arguments: [batch])
    }

    func importLockPath(_ batch: Int64) -> String { "\(path)/import-\(batch).lock" }

    // MARK: Units and certificates

    /// The organisation tree, parents first.
    func units(_ db: Database) throws -> [Unit] {
        let rows = try Row.fetchAll(db, sql: "SELECT id, parent, kind, name FROM unit ORDER BY id")
        let all = rows.map { Unit(id: $0["id"], parent: $0["parent"], kind: $0["kind"], name: $0["name"]) }
        var byParent = Dictionary(grouping: all, by: { $0.parent ?? "" })
        var ordered = byParent.removeValue(forKey: "") ?? []
        var index = 0
        while index < ordered.count {
            ordered += byParent.removeValue(forKey: ordered[index].id) ?? []
            index += 1
        }
        return ordered
    }

    /// The batch of the founding ceremony: the header's.
    func ceremonyBatch(_ db: Database) throws -> Int64 {
        guard let batch = try Int64.fetchOne(db, sql: "SELECT batch FROM archive WHERE id = 1") else {
            throw ArchiveError(.integrity, "the archive has no header row")
        }
        return batch
    }

    func rootUnit(_ db: Database) throws -> String {
        guard let root = try String.fetchOne(db, sql: "SELECT id FROM unit WHERE parent IS NULL") else {
            throw ArchiveError(.integrity, "the organisation tree has no root")
        }
        return root
    }

    /// The newest certificate of `user`, signatures checked.
    func certificate(of user: String, _ db: Database) throws -> Certificate? {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT id, note, batch FROM certificate WHERE user = ? ORDER BY serial DESC LIMIT 1",
                arguments: [user])
        else { return nil }
        let note: Data = row["note"]
        return try CertificateRules(archive: self, db).verified([UInt8](note), id: row["id"], batch: row["batch"])
    }

    func certificates(_ db: Database) throws -> [Certificate] {
        try String.fetchAll(db, sql: "SELECT DISTINCT user FROM certificate ORDER BY user").compactMap {
            try certificate(of: $0, db)
        }
    }
}

/// A unit (单位) of the organisation tree.
public struct Unit: Hashable, Sendable {
    public let id: String
    public let parent: String?
    /// bureau, dept, brigade, squad, station, custody or policeType (domain.md §1.1).
    public let kind: String
    public let name: String

    public init(id: String, parent: String?, kind: String, name: String) {
        self.id = id
        self.parent = parent
        self.kind = kind
        self.name = name
    }
}

extension Archive {
    /// The civil date of the archive's clock.
    public var today: CivilDate { now.date }
    /// The moment of the archive's clock as RFC 3339 with whole seconds and the offset +08:00.
    public var moment: String { now.text }
}
