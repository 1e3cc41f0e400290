import CPageCipher
import CPageStore
import GRDB
import GRDBSQLite
import ProbityCrypto
import ProbityLedger

/// The page store under every connection to an archive (page encryption; Sources/CPageStore).
enum PageStore {
    static let pageByteCount: UInt64 = 4096
    static let keyByteCount = Int(PROBITY_PAGESTORE_KEY_BYTES)

    /// Makes the page store the process's default way to a database file, once.
    private static let registration: Int32 = {
        let code = unsafe probity_pagestore_use_gcm(probity_page_cipher())
        return code == SQLITE_OK ? probity_pagestore_register() : code
    }()

    /// Tells the page store the key of the database at `path`, for connections opened from now on.
    static func addKey(_ key: borrowing SecretBytes, for path: String) throws {
        guard registration == SQLITE_OK else {
            throw ArchiveError(.unsupported, "the page store cannot be used here (\(registration))")
        }
        guard key.count == keyByteCount else {
            throw ArchiveError(.integrity, "a page key has \(key.count) bytes instead of \(keyByteCount)")
        }
        let code = unsafe key.withBytes {
            unsafe probity_pagestore_add_key(path, $0.bindMemory(to: UInt8.self).baseAddress)
        }
        guard code == SQLITE_OK else { throw ArchiveError(.inputOutput, "the page store refused a key (\(code))") }
    }

    static func removeKey(of path: String) { unsafe probity_pagestore_remove_key(path) }

    /// The id of the database's file, random and made with it, as hex: what its page key's file is named after.
    static func fileID(_ db: Database) throws -> String {
        var bytes = [UInt8](repeating: 0, count: Int(PROBITY_PAGESTORE_FILE_ID_BYTES))
        let code = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            unsafe probity_pagestore_file_id(db.sqliteConnection, buffer.baseAddress)
        }
        guard code == SQLITE_OK else { throw ArchiveError(.integrity, "the database is not in the page store") }
        return Hex.text(bytes)
    }

    static func harden(_ db: Database) throws {
        let code = unsafe probity_pagestore_harden(db.sqliteConnection)
        guard code == SQLITE_OK else { throw ArchiveError(.unsupported, "SQLite refused a setting (\(code))") }
    }

    /// Whether page `number` of the database's file is what was written there; nothing of it leaves.
    static func opens(_ number: UInt32, _ db: Database) throws -> Bool {
        switch unsafe probity_pagestore_verify(db.sqliteConnection, number) {
        case SQLITE_OK: return true
        case SQLITE_NOTADB, SQLITE_IOERR | (32 << 8): return false
        case let code: throw ArchiveError(.inputOutput, "page \(number) cannot be read (\(code))")
        }
    }

    enum FileKind { case sealed, plain, other }

    static let headerByteCount = Int(PROBITY_PAGESTORE_HEADER_BYTES)

    /// What a file is by its first ``headerByteCount`` bytes.
    static func kind(_ bytes: [UInt8]) -> FileKind {
        switch unsafe bytes.withUnsafeBytes({ unsafe probity_pagestore_identify($0.baseAddress, $0.count, nil) }) {
        case PROBITY_PAGESTORE_SEALED: .sealed
        case PROBITY_PAGESTORE_PLAIN: .plain
        default: .other
        }
    }
}
