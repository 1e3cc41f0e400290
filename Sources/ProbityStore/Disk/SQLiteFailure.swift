import GRDB
import GRDBSQLite
import ProbityCrypto
import ProbityLedger

/// How SQLite's errors become the archive's.
enum SQLiteFailure {
    /// Runs `body` and turns what SQLite, a seal or the ledger's formats throw into ``ArchiveError``; anything else passes.
    static func converting<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw archiveError(error)
        } catch let error as CryptoError {
            // Whatever does not open inside the archive is not what was put there.
            throw ArchiveError(
                error.code == .unsupported ? .unsupported : .integrity, "a sealed value does not open: \(error.reason)")
        } catch let error as LedgerError {
            throw ArchiveError(.integrity, "the ledger cannot be read: \(error.reason)")
        }
    }

    static func archiveError(_ error: DatabaseError) -> ArchiveError {
        archiveError(error.extendedResultCode.rawValue, error.message ?? "no message")
    }

    /// - Parameter code: SQLite's extended result code.
    static func archiveError(_ code: Int32, _ text: String) -> ArchiveError {
        // A page that does not open is no trouble of the disk: it is not what was written.
        if code == SQLITE_IOERR | (32 << 8) {
            return ArchiveError(.integrity, "a page of the database is not what was written there")
        }
        switch ResultCode(rawValue: code).primaryResultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return ArchiveError(.locked, "another program is writing", subject: "unknown")
        case .SQLITE_FULL, .SQLITE_READONLY, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            return ArchiveError(.ledgerNotWritable, "the archive cannot be written: \(text) (\(code))")
        case .SQLITE_CORRUPT, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH:
            return ArchiveError(.integrity, "the database is damaged: \(text) (\(code))")
        case .SQLITE_NOTADB:
            return ArchiveError(.integrity, "the database's first page does not open with the archive's page key")
        default:
            return ArchiveError(.inputOutput, "the database refused: \(text) (\(code))")
        }
    }
}
