import GRDB
import Glibc
import ProbityCrypto

// The engine under an archive (docs/engine.md): today SQLite with the page store, of which nothing shows above this folder.
//
// What any engine gives:
//
//   begin      the only writer's ``Transaction``
//   snapshot   a ``Connection`` that sees one state, and neither waits for writers nor keeps them waiting
//   claim      a name that one program holds at a time, dropped by whatever ends the program: use, roster, import
//   close
//
// and, as a file, what backups and rotations need: its pages, their key's name, a copy.

/// The database of one archive, opened.
final class Engine: Sendable {
    /// The archive's folder.
    let folder: String
    private let file: String
    /// Tests reach under the seam here; nothing else above this folder may.
    let database: any DatabaseWriter
    /// The database file that is open, whatever stands under its name later.
    private let fileIdentity: UInt64

    private init(_ folder: String, _ file: String, _ database: any DatabaseWriter) throws {
        self.folder = folder
        self.file = file
        self.database = database
        fileIdentity = try Files.identity(file)
    }

    /// Where the database of the archive in `folder` stands.
    static func file(in folder: String) -> String { folder + "/archive.db" }

    // MARK: Opening

    /// Makes the database with its tables.
    static func create(in folder: String) throws -> Engine {
        try Engine(folder, file(in: folder), SQLiteDatabase.create(file(in: folder)))
    }

    /// - Parameter file: where the database stands meanwhile; nil for its own name.
    static func open(in folder: String, file: String? = nil, lockWaitSeconds: Double) throws -> Engine {
        let file = file ?? Engine.file(in: folder)
        return try Engine(folder, file, SQLiteDatabase.open(file, lockWaitSeconds: lockWaitSeconds))
    }

    /// Opens the database on media that cannot be written.
    static func openReadOnly(in folder: String) throws -> Engine {
        try Engine(folder, file(in: folder), SQLiteDatabase.openReadOnly(file(in: folder)))
    }

    /// Closes the only connections that there are, so that all of the database stands in its file.
    func close() throws { try SQLiteDatabase.close(database, file) }

    // MARK: Reading and writing

    /// Runs `body` on a snapshot.
    func snapshot<T>(_ body: (Connection) throws -> T) throws -> T {
        try SQLiteFailure.converting { try database.read { try body(Connection($0)) } }
    }

    /// Begins the only writer's transaction.
    ///
    /// - Parameter holder: what a waiting program is told about this one; identifiers only.
    /// - Throws: ``ArchiveError`` `locked`.
    func begin(_ holder: String, waitSeconds: Double) throws -> Transaction {
        try Transaction(database, claim: claimWriting(holder, waitSeconds: waitSeconds)) { [database] failure in
            try SQLiteDatabase.takeBack(database, after: failure)
        }
    }

    // MARK: Claims

    /// What one program holds at a time.
    enum Claim {
        /// Writing. Every transaction holds it, and who changes the files beside the database.
        case writing
        /// Having the archive open: shared by all, alone for a rotation of the page key.
        case use
        /// Adding officers: their numbers are compared with the visible roster only.
        case roster
        /// One import, by its batch.
        case batch(Int64)

        fileprivate var name: String {
            switch self {
            case .writing: "archive.lock"
            case .use: "use.lock"
            case .roster: "roster.lock"
            case .batch(let number): "import-\(number).lock"
            }
        }
    }

    static func path(of claim: Claim, in folder: String) -> String { "\(folder)/\(claim.name)" }

    /// Waits for a claim up to `waitSeconds`; letting go of what is returned gives it up.
    ///
    /// - Parameter holder: one line about who holds it; identifiers only.
    /// - Throws: ``ArchiveError`` `locked`, whose subject is the line of the present holder.
    func claim(_ claim: Claim, _ holder: String, waitSeconds: Double) throws -> FileLock {
        try FileLock(path: Engine.path(of: claim, in: folder), holder: holder, waitSeconds: waitSeconds)
    }

    func claimWriting(_ holder: String, waitSeconds: Double) throws -> FileLock {
        try claim(.writing, holder, waitSeconds: waitSeconds)
    }

    func isClaimed(_ claim: Claim) -> Bool { FileLock.isHeld(Engine.path(of: claim, in: folder)) }

    /// Removes what is left of a claim that nobody will make again.
    func removeClaim(_ claim: Claim) { Files.remove(Engine.path(of: claim, in: folder)) }

    // MARK: The file

    /// - Throws: ``ArchiveError`` `changedSinceRead` where another file has taken the name of the one that is open.
    func demandSameFile() throws {
        guard try Files.identity(Engine.file(in: folder)) == fileIdentity else {
            throw ArchiveError(
                .changedSinceRead, "the page key was rotated meanwhile; begin again", rule: "pageKey.rotated")
        }
    }

    /// The id of the database's file, random and made with it.
    func fileID() throws -> String {
        try SQLiteFailure.converting { try database.read { try PageStore.fileID($0) } }
    }

    /// - Throws: ``ArchiveError`` `integrity` where the pages do not form the trees that SQLite takes them for.
    func demandSoundPages() throws {
        try snapshot { connection in
            let line = try connection.text("PRAGMA quick_check(1)") ?? ""
            guard line == "ok" else { throw ArchiveError(.integrity, "the database is damaged: \(line)") }
        }
    }

    /// What is wrong with the pages and with references between tables, a line each; empty where nothing is.
    static func damages(_ connection: Connection) throws -> (pages: [String], references: [String]) {
        (
            try connection.all("PRAGMA quick_check(20)") { $0.text(0) }.filter { $0 != "ok" },
            try connection.all("PRAGMA foreign_key_check") { $0.text(0) }
        )
    }

    /// How many pages the file has.
    func pageCount() throws -> UInt64 { UInt64(try Files.byteCount(file)) / PageStore.pageByteCount }

    /// Whether page `number`, from 1, of the file is what was written there; nothing of it leaves.
    func opens(page number: UInt64) throws -> Bool {
        try SQLiteFailure.converting {
            try database.read { try PageStore.opens(UInt32(truncatingIfNeeded: number), $0) }
        }
    }

    /// Copies the database as it is now, page by page, into the new folder's file, whose key the page store knows.
    ///
    /// Others go on reading and writing meanwhile; the copy is what stood there when it began.
    /// - Returns: what `body` reads in the copy, and the id of its file; the copy is closed, on disk and without a log then.
    func copy<T>(
        to file: String, progress: (UInt64, UInt64) -> Void, _ body: (Connection) throws -> T
    ) throws -> (value: T, fileID: String) {
        try SQLiteFailure.converting {
            let copy = try DatabaseQueue(path: file, configuration: SQLiteDatabase.configuration(lockWaitSeconds: 5))
            try withoutActuallyEscaping(progress) { progress in
                try database.backup(to: copy, pagesPerStep: 1024) {
                    progress(UInt64($0.completedPageCount), UInt64($0.totalPageCount))
                }
            }
            let fileID = try copy.writeWithoutTransaction { try PageStore.fileID($0) }
            let value = try copy.read { try body(Connection($0)) }
            try copy.close()
            try Files.setMode(file, 0o660)
            return (value, fileID)
        }
    }
}

extension Connection {
    /// Runs `body` so that it undoes itself where it throws, and nothing else that the act has done.
    func attempt(_ body: (Connection) throws -> Void) throws {
        try execute("SAVEPOINT attempt")
        do {
            try body(self)
        } catch {
            try execute("ROLLBACK TO attempt")
            try execute("RELEASE attempt")
            throw error
        }
        try execute("RELEASE attempt")
    }

    /// Runs `body`, a whole act, and fails where it changed the database's tables.
    ///
    /// No act does. SQLite's authorizer would refuse such a statement sooner, but a connection has one, and it is GRDB's.
    func keepingTables<T>(_ body: (Connection) throws -> T) throws -> T {
        let before = try integer("PRAGMA schema_version")
        let value = try body(self)
        guard try integer("PRAGMA schema_version") == before else {
            throw ArchiveError(.integrity, "an act changed the database's tables; it is taken back")
        }
        return value
    }
}
