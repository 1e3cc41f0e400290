import ProbityCrypto
import ProbityLedger

/// What an archive's folder tells to somebody without a key: what stands in the clear in `Keys/`, and who writes now.
///
/// Nothing here is authenticated. A newcomer needs it before the archive is opened to him; everybody else asks the archive.
public struct ArchiveFolder: Sendable {
    public let path: String
    public let archiveID: String
    public let bureauID: String
    /// The users whom the page key is wrapped to.
    public let users: [String]
    /// Size of the database file.
    public let byteCount: Int64
    /// Who is writing now, in the words of the lock; nil where nobody is.
    public let writer: String?

    /// The ledger's name.
    public var origin: String { NoteNames(bureauID: bureauID).ledger }

    /// - Throws: ``ArchiveError`` `notFound` where no archive is at `path`, `damagedKey` where a file in `Keys/` is missing
    ///   or cannot be read.
    public init(_ path: String) throws {
        guard Files.exists(path + "/archive.db") else {
            throw ArchiveError(.notFound, "there is no archive at this path", subject: path)
        }
        let vkey = path + "/Keys/log.vkey"
        guard let file = try PageKeyFile.all(path).first else {
            throw ArchiveError(
                .damagedKey, "the files of the page key are missing; they belong to every copy",
                subject: PageKeyFile.folder(path))
        }
        let line = String(decoding: try Files.read(vkey), as: UTF8.self).split(separator: "\n").first ?? ""
        let name: String
        do throws(LedgerError) { name = try NoteVerifier(vkey: String(line)).name } catch {
            throw ArchiveError(.damagedKey, "the file of the ledger's key is damaged", subject: vkey)
        }
        guard name.hasPrefix("probity."), name.hasSuffix("/ledger") else {
            throw ArchiveError(.damagedKey, "the file of the ledger's key names no bureau", subject: vkey)
        }
        self.path = path
        archiveID = file.archiveID
        bureauID = String(name.dropFirst("probity.".count).dropLast("/ledger".count))
        users = file.wraps.keys.sorted()
        byteCount = try Files.byteCount(path + "/archive.db")
        writer = FileLock.holder(path + "/archive.lock")
    }
}
