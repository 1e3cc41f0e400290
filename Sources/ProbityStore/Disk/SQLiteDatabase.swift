import Foundation
import GRDB
import ProbitySchema

/// How connections to the archive's file are opened and hardened.
///
/// The page store is under every connection: who opens one has told it the file's key before (``PageStore``).
enum SQLiteDatabase {
    /// "PRBT", in the file's header, so that a stranger's database is refused.
    static let applicationID = 0x5052_4254
    static let version = 1
    /// 64 GiB: fifty times the archive of a city. What grows beyond is a mistake, and should not fill the disk.
    static let maximumPageCount = 1 << 24

    /// What the one writer of a program may keep of pages that were opened: an import comes back to the same index pages again
    /// and again, and each time they would be opened and sealed anew. Readers have SQLite's 2 MiB.
    private static let writerCacheKiB = 32 * 1024

    static func configuration(lockWaitSeconds: Double) -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(max(1, lockWaitSeconds))
        // A statement's arguments may hold content; they never go into an error.
        configuration.publicStatementArguments = false
        configuration.maximumReaderCount = 4
        // A transaction may stay open for the next act in line (SharedCommit).
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { db in
            try PageStore.harden(db)
            try db.execute(sql: "PRAGMA cell_size_check = ON")
            try db.execute(sql: "PRAGMA mmap_size = 0")
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            try db.execute(sql: "PRAGMA secure_delete = ON")
            try db.execute(sql: "PRAGMA max_page_count = \(maximumPageCount)")
        }
        return configuration
    }

    /// Makes the database file with its tables.
    static func create(_ path: String) throws -> DatabasePool {
        try SQLiteFailure.converting {
            let pool = try DatabasePool(path: path, configuration: configuration(lockWaitSeconds: 30))
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
                try db.execute(sql: "PRAGMA application_id = \(applicationID)")
                try db.execute(sql: "PRAGMA user_version = \(version)")
                try db.inTransaction {
                    for migration in Schema.migrations {
                        try db.execute(sql: String(decoding: migration.bytes, as: UTF8.self))
                    }
                    return .commit
                }
            }
            return pool
        }
    }

    static func open(_ path: String, lockWaitSeconds: Double) throws -> DatabasePool {
        try SQLiteFailure.converting {
            let pool = try DatabasePool(path: path, configuration: configuration(lockWaitSeconds: lockWaitSeconds))
            // GRDB sets synchronous to NORMAL for WAL; an acknowledged act has to survive a power cut.
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
                try db.execute(sql: "PRAGMA cache_size = -\(writerCacheKiB)")
            }
            do {
                try demandFormat(pool, path)
            } catch {
                try pool.close()
                throw error
            }
            return pool
        }
    }

    /// Closes the only connections that there are to a database, so that all of it stands in its file.
    static func close(_ database: any DatabaseWriter, _ path: String) throws {
        try SQLiteFailure.converting {
            // SQLite writes the log back when the last connection closes, and a read-only one could not.
            (database as? DatabasePool)?.invalidateReadOnlyConnections()
            try database.close()
        }
        guard try Files.byteCount(path + "-wal") == 0 else {
            throw ArchiveError(.inputOutput, "the database's log could not be written back", subject: path + "-wal")
        }
    }

    /// Opens an archive on media that cannot be written.
    ///
    /// SQLite makes files beside a WAL database even to read it, unless it is told that nobody changes the file. That is
    /// true only of a file without a log: what stands in a log would be missed.
    static func openReadOnly(_ path: String) throws -> DatabaseQueue {
        guard try Files.byteCount(path + "-wal") == 0 else {
            throw ArchiveError(
                .inputOutput,
                "the archive was in use when it was copied to media that cannot be written; copy it to a disk first",
                subject: path)
        }
        return try SQLiteFailure.converting {
            var configuration = configuration(lockWaitSeconds: 1)
            configuration.readonly = true
            var allowed = CharacterSet.urlPathAllowed
            allowed.remove(charactersIn: "?#%")
            guard let name = path.addingPercentEncoding(withAllowedCharacters: allowed) else {
                throw ArchiveError(.inputOutput, "the archive's path cannot be written as a URI", subject: path)
            }
            let queue = try DatabaseQueue(path: "file:\(name)?immutable=1", configuration: configuration)
            try demandFormat(queue, path)
            return queue
        }
    }

    private static func demandFormat(_ reader: any DatabaseReader, _ path: String) throws {
        try reader.read { db in
            guard try Int.fetchOne(db, sql: "PRAGMA application_id") == applicationID else {
                throw ArchiveError(.unsupported, "this file is not an archive of Probity", subject: path)
            }
            let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            guard found == version else {
                throw ArchiveError(
                    .unsupported, "the archive has format \(found); this version reads format \(version)",
                    subject: path)
            }
            guard try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") == 0 else {
                throw ArchiveError(.integrity, "the database moves its pages (auto_vacuum), which no archive does")
            }
            // A table that is more than it says (a view, a trigger, a default) would work for whoever put it there.
            guard try schema(db) == builtInSchema.get() else {
                throw ArchiveError(.integrity, "the database's tables are not those of this format", subject: path)
            }
        }
    }

    private static func schema(_ db: Database) throws -> [String] {
        try Row.fetchAll(db, sql: "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").map {
            "\($0[0] as String?)|\($0[1] as String?)|\($0[2] as String?)|\($0[3] as String?)"
        }
    }

    /// The schema as SQLite keeps it, from a database that exists for this only.
    private static let builtInSchema = Result<[String], any Error> {
        try DatabaseQueue().write { db in
            for migration in Schema.migrations {
                try db.execute(sql: String(decoding: migration.bytes, as: UTF8.self))
            }
            return try schema(db)
        }
    }

    /// Makes sure that a transaction whose commit failed stays failed.
    ///
    /// SQLite writes a transaction into the log and then syncs it. Where the sync fails the commit fails, but its frames
    /// stand whole in the log, and the next program to open the archive would take them for committed: an act that was
    /// answered with an error would come back with its ledger line. One more transaction begins where they begin and
    /// breaks their chain of checksums; it does so as soon as it is written, whatever becomes of its own sync.
    static func takeBack(_ pool: any DatabaseWriter, after error: any Error) throws {
        guard let failure = error as? ArchiveError, failure.code == .ledgerNotWritable else { return }
        do {
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = \(version)") }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_IOERR {
            // It was written, if anything could be.
        } catch let error as DatabaseError where [.SQLITE_FULL, .SQLITE_READONLY].contains(error.resultCode) {
            // There was no place for the commit either.
        }
    }
}
