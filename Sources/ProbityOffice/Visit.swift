import Foundation
import ProbityCrypto
import ProbityStore

/// Who comes to which archive, and what for: what a front end knows before anything is opened.
public struct Visit: Sendable {
    /// The archive's folder.
    public var archive: String?
    public var user: String?
    /// Why he reads: `CODE` or `CODE:reason`.
    public var purpose: String?
    /// The date of a rule's question, `YYYY-MM-DD`; nil for today.
    public var questionDate: String?
    /// Whether the user has confirmed a clock that is far ahead of the ledger.
    public var clockIsConfirmed = false
    /// How long an act waits for another writer.
    public var lockWaitSeconds = 30.0
    /// Folder in which every user's side remembers the last head it saw; nil remembers nothing.
    public var stateRoot: String?

    /// Gives the passphrase of a user; called once the archive is known to be there.
    public typealias PassphraseSource = (_ user: String) throws -> Passphrase

    public init(archive: String?, user: String?) {
        self.archive = archive
        self.user = user
    }

    /// - Throws: ``OfficeError`` `usage` where no archive is named.
    public func archivePath() throws -> String {
        guard let archive else { throw OfficeError(.usage, "cli.archiveNeeded") }
        return archive
    }

    func userName() throws -> String {
        guard let user else { throw OfficeError(.usage, "cli.userNeeded") }
        return user
    }

    func stateFolder(of user: String) -> String? { stateRoot.map { "\($0)/\(user)" } }

    /// Unlocks the keys of the user, from the key files of the archive or backup at `path`.
    func unlock(at path: String, _ passphrase: PassphraseSource) throws -> Identity {
        let folder = try ArchiveFolder(path)
        let user = try userName()
        do {
            return try Identity.unlock(
                user: user, folder: Archive.keysFolder(folder.path), passphrase: passphrase(user).secret)
        } catch let error as ArchiveError where error.code == .wrongPassphrase {
            SystemLog.failedUnlock(user: user)
            throw error
        }
    }

    /// Unlocks the user and opens the archive with his key to its pages.
    func openArchive(acceptsReadOnly: Bool = false, _ passphrase: PassphraseSource) throws -> (Archive, Identity) {
        let path = try archivePath()
        let identity = try unlock(at: path, passphrase)
        let archive = try Archive.open(
            at: path, identity: identity, lockWaitSeconds: lockWaitSeconds, acceptsReadOnly: acceptsReadOnly)
        return (archive, identity)
    }
}

/// The system's log: the only place for an attempt that has no key to sign a ledger line with.
enum SystemLog {
    static func failedUnlock(user: String) {
        // `logger` is part of every Debian; where it is missing there is no log to write to either.
        guard UserID.isValid(user), FileManager.default.isExecutableFile(atPath: "/usr/bin/logger") else { return }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/logger")
        process.arguments = ["-t", "probity", "-p", "auth.notice", "unlock failed for user \(user)"]
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return }
        process.waitUntilExit()
    }
}
