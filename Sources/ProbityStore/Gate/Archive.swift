import Glibc
import ProbityCrypto
public import ProbityRecords
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

/// One archive on disk, opened.
///
/// Several threads may use it, each with a ``Session`` of its own; what they do at the same time shares a commit
/// (SharedCommit.swift). Several processes may use the same archive at once.
public final class Archive: Sendable {
    public let path: String
    public let header: ArchiveHeader
    let engine: Engine
    let pageKey: PageKey
    /// Held shared while the archive is open, and alone by a rotation of the page key. None on read-only media.
    private let use: FileLock?
    let clock: ArchiveClock
    let lockWaitSeconds: Double
    let catalogue: KindCatalogue
    let policy: AccessPolicy
    let vouched = VouchedRows()
    let ledgerMemory = LedgerMemory()
    private let commits = SharedCommit()
    private let fault = Mutex<(@Sendable () throws -> Void)?>(nil)
    /// Tests make the append of a leaf fail here.
    var ledgerFault: (@Sendable () throws -> Void)? {
        get { fault.withLock { $0 } }
        set { fault.withLock { $0 = newValue } }
    }

    /// Where the key files of the archive at `path` are.
    public static func keysFolder(_ path: String) -> String { path + "/Keys" }
    public var keysFolder: String { Archive.keysFolder(path) }
    var databasePath: String { Engine.file(in: path) }

    // MARK: Opening

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
        guard Files.exists(Engine.file(in: path)) else {
            throw ArchiveError(.notFound, "there is no archive at this path", subject: path)
        }
        let use: FileLock?
        do {
            use = try FileLock(path: Engine.path(of: .use, in: path), holder: nil, waitSeconds: lockWaitSeconds)
        } catch let error as ArchiveError where error.code == .ledgerNotWritable && acceptsReadOnly {
            // Nobody rotates the key of a copy that cannot be written.
            use = nil
        }
        let (engine, pageKey) = try PageKey.find(path, identity) {
            do {
                return try Engine.open(in: path, lockWaitSeconds: lockWaitSeconds)
            } catch let error as ArchiveError where error.code == .ledgerNotWritable && acceptsReadOnly {
                return try Engine.openReadOnly(in: path)
            }
        }
        let header = try engine.snapshot { try ArchiveHeader($0) }
        guard header.archiveID == pageKey.file.archiveID else {
            throw ArchiveError(.integrity, "the page key's file is another archive's", subject: path)
        }
        return try Archive(
            path: path, header: header, engine: engine, pageKey: pageKey, use: use, clock: clock,
            lockWaitSeconds: lockWaitSeconds)
    }

    /// Opens an archive that nobody uses, as a backup, without writing anything there.
    static func openCopy(at path: String, identity: Identity, clock: ArchiveClock) throws -> Archive {
        let (engine, pageKey) = try PageKey.find(path, identity) { try Engine.openReadOnly(in: path) }
        return try Archive(
            path: path, header: engine.snapshot { try ArchiveHeader($0) }, engine: engine, pageKey: pageKey, use: nil,
            clock: clock, lockWaitSeconds: 0)
    }

    init(
        path: String, header: ArchiveHeader, engine: Engine, pageKey: PageKey, use: FileLock?, clock: ArchiveClock,
        lockWaitSeconds: Double
    ) throws {
        self.path = path
        self.header = header
        self.engine = engine
        self.pageKey = pageKey
        self.use = use
        self.clock = clock
        self.lockWaitSeconds = lockWaitSeconds
        self.catalogue = try KindCatalogue.standard()
        self.policy = try AccessPolicy.standard()
    }

    // MARK: Time

    var now: ArchiveTime { ArchiveTime(seconds: clock.now()) }
    /// The civil date of the archive's clock.
    public var today: CivilDate { now.date }
    /// The moment of the archive's clock as RFC 3339 with whole seconds and the offset +08:00.
    public var moment: String { now.text }

    // MARK: Transactions

    /// Runs `body` as the only writer, perhaps in a transaction that others share; all of it is committed when this returns,
    /// or nothing.
    ///
    /// - Parameter holder: what a waiting program is told about this one; identifiers only.
    func transact<T>(_ holder: String, _ body: (Connection) throws -> T) throws -> T {
        try commits.perform(
            waitSeconds: lockWaitSeconds,
            begin: { try engine.begin(line(holder), waitSeconds: lockWaitSeconds) },
            forget: { vouched.forget() }
        ) { try $0.keepingTables(body) }
    }

    /// Runs `body` while no thread of this program writes through this archive.
    ///
    /// - Parameter body: gets a function that ends the use of the archive: acts that wait, and later ones, fail with the error.
    func transactNothing<T>(_ body: ((ArchiveError) -> Void) throws -> T) throws -> T {
        try commits.alone(waitSeconds: lockWaitSeconds, forget: { vouched.forget() }, body)
    }

    /// Runs `body` on a snapshot; writers are not kept out and do not keep it waiting.
    func snapshot<T>(_ body: (Connection) throws -> T) throws -> T { try engine.snapshot(body) }

    // MARK: Claims

    private func line(_ holder: String) -> String { "\(holder), pid \(getpid()), since \(now.text)" }

    /// Waits until no other program writes, and keeps others from it.
    func claimWriting(_ holder: String) throws -> FileLock { try claim(.writing, holder) }

    func claim(_ claim: Engine.Claim, _ holder: String, waitSeconds: Double? = nil) throws -> FileLock {
        try engine.claim(claim, line(holder), waitSeconds: waitSeconds ?? lockWaitSeconds)
    }

    /// Waits until no other program has the archive open, and keeps them from opening it.
    func useAlone(_ holder: String) throws {
        guard let use else { throw ArchiveError(.ledgerNotWritable, "the archive is on media that cannot be written") }
        try use.take(line(holder), waitSeconds: lockWaitSeconds)
        // A shared lock that waits to become an exclusive one is given up meanwhile (flock(2)): another rotation may have
        // replaced the file that is open here, and what was filed since would be lost with it.
        try engine.demandSameFile()
    }

    /// Lets others open the archive again.
    func useWithOthers() { use?.share() }

    /// Removes what imports that died left behind. Runs inside a writer's transaction.
    ///
    /// What cannot be removed stays, invisible, for `check` to tell: a row that somebody else put there and that refers to it
    /// must not stop everybody's work.
    func sweep(_ db: Connection) throws {
        for batch in try OpenBatchTable.all(db) where !engine.isClaimed(.batch(batch)) {
            do {
                try db.attempt { try OpenBatchTable.remove(batch, $0) }
            } catch let error as ArchiveError where error.code == .integrity { continue }
            // The claim's file goes last: while it stands, the next sweep finds the same work to do.
            engine.removeClaim(.batch(batch))
        }
    }
}
