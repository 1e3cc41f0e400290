import Foundation
import GRDB
import GRDBSQLite
import ProbityCrypto
import ProbityLedger
import ProbitySchema

/// How connections are opened and hardened, and how SQLite's errors become the archive's.
///
/// The page store comes in here: everything above speaks of a path and gets a pool.
enum ArchiveDatabase {
    /// "PRBT", in the file's header, so that a stranger's database is refused.
    static let applicationID = 0x5052_4254
    static let version = 1

    static func configuration(lockWaitSeconds: Double) -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(max(1, lockWaitSeconds))
        // A statement's arguments may hold content; they never go into an error.
        configuration.publicStatementArguments = false
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in
            // crypto.md §4, "Per-connection checklist": what does not need the page store.
            try db.execute(sql: "PRAGMA trusted_schema = OFF")
            try db.execute(sql: "PRAGMA cell_size_check = ON")
            try db.execute(sql: "PRAGMA mmap_size = 0")
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            try db.execute(sql: "PRAGMA secure_delete = ON")
        }
        return configuration
    }

    /// Makes the database file with its tables.
    static func create(_ path: String) throws -> DatabasePool {
        try converting {
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
        try converting {
            let pool = try DatabasePool(path: path, configuration: configuration(lockWaitSeconds: lockWaitSeconds))
            // GRDB sets synchronous to NORMAL for WAL; an acknowledged act has to survive a power cut.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try pool.read { db in
                guard try Int.fetchOne(db, sql: "PRAGMA application_id") == applicationID else {
                    throw ArchiveError(.unsupported, "this file is not an archive of Probity", subject: path)
                }
                let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
                guard found == version else {
                    throw ArchiveError(
                        .unsupported, "the archive has format \(found); this version reads format \(version)",
                        subject: path)
                }
            }
            return pool
        }
    }

    /// Runs `body` and turns what SQLite, a seal or the ledger's formats throw into ``ArchiveError``; anything else passes.
    static func converting<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw convert(error)
        } catch let error as CryptoError {
            // Whatever does not open inside the archive is not what was put there.
            throw ArchiveError(
                error.code == .unsupported ? .unsupported : .integrity, "a sealed value does not open: \(error.reason)")
        } catch let error as LedgerError {
            throw ArchiveError(.integrity, "the ledger cannot be read: \(error.reason)")
        }
    }

    static func convert(_ error: DatabaseError) -> ArchiveError {
        let text = error.message ?? "no message"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return ArchiveError(.locked, "another program is writing", subject: "unknown")
        case .SQLITE_FULL, .SQLITE_READONLY, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            return ArchiveError(
                .ledgerNotWritable, "the archive cannot be written: \(text) (\(error.extendedResultCode.rawValue))")
        case .SQLITE_CORRUPT, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH:
            return ArchiveError(.integrity, "the database is damaged: \(text) (\(error.extendedResultCode.rawValue))")
        case .SQLITE_NOTADB:
            return ArchiveError(.unsupported, "this file is not an archive of Probity")
        default:
            return ArchiveError(.inputOutput, "the database refused: \(text) (\(error.extendedResultCode.rawValue))")
        }
    }
}
