import CanonicalJSON
import Foundation
import ProbityCrypto
import ProbityLedger
import ProbityStore

extension Desk {
    /// Backs up the archive while others work (备份), into a folder of its own below `folder`.
    ///
    /// - Parameter keep: removes the oldest backups of this archive beyond so many; nil removes none.
    public func backUp(
        below folder: String, keep: Int?, progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> Answer {
        let name = BackupName.make(session.archive)
        let summary = try session.createBackup(to: "\(folder)/\(name)", progress: progress)
        let removed = try keep.map { try BackupName.removeOldest(in: folder, of: session.archive, keeping: $0) } ?? []
        var notes: [Answer.Note] = []
        if !summary.usersWithoutKeys.isEmpty {
            notes.append(
                .warning(
                    words.text("cli.backupWithoutKeys", ["users": summary.usersWithoutKeys.joined(separator: " ")])))
        }
        notes += removed.map { .remark(words.text("cli.backupRemoved", ["folder": $0]), inJSON: true) }
        return Answer(
            [words.text("cli.backedUp", ["folder": summary.folder, "size": String(summary.checkpoint.size)])],
            JSONAnswer(
                "backup",
                [
                    "folder": .string(summary.folder), "size": .integer(Int64(summary.checkpoint.size)),
                    "root": .string(Base64.encode(summary.checkpoint.root.bytes)),
                    "usersWithoutKeys": .array(summary.usersWithoutKeys.map { .string($0) }),
                    "removed": .array(removed.map { .string($0) }),
                ]), notes: notes)
    }

    /// Refuses a number of backups to keep that would keep none.
    ///
    /// - Throws: ``OfficeError`` `usage`.
    public static func demandKeeping(_ keep: Int?) throws {
        guard keep ?? 1 > 0 else { throw OfficeError(.usage, "cli.keepForm") }
    }

    /// Puts the archive under a new page key (更换页密钥).
    public func rotatePageKey(progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> Answer {
        let generation = try session.rotatePageKey(progress: progress)
        return Answer(
            [words.text("cli.rotated", ["pageKey": String(generation)])],
            JSONAnswer("rotation", ["pageKey": .integer(generation)]))
    }
}

/// A backup that was looked at (验证备份).
public struct VerifiedBackup: Sendable {
    /// What was found; its outcome says whether the backup is sound.
    public let answer: Answer
    /// The question to be answered with yes before the backup takes the archive's place; nil where nothing would be missing.
    public let restoreQuestion: String?
    private let folder: String

    init(_ verification: BackupVerification, folder: String, _ wording: Wording) {
        self.folder = folder
        let findings = FindingWords(verification.findings, wording)
        let missing = String(verification.missingLines)
        let freshness =
            if verification.missingLines > 0 {
                wording.text(
                    "cli.backupOlder",
                    ["count": missing, "remembered": String(verification.rememberedSize ?? 0)])
            } else if verification.rememberedSize == nil {
                wording.text("cli.backupFreshnessUnknown")
            } else {
                wording.text("cli.backupFresh")
            }
        answer = Answer(
            findings.lines + [
                wording.text(
                    "cli.backupVerified",
                    [
                        "pages": String(verification.pageCount), "rows": String(verification.rowCount),
                        "size": String(verification.ledgerSize),
                    ]), freshness, findings.conclusion,
            ],
            JSONAnswer(
                "backupVerification",
                [
                    "sound": .bool(verification.isSound), "pages": .integer(Int64(verification.pageCount)),
                    "rows": .integer(Int64(verification.rowCount)), "size": .integer(Int64(verification.ledgerSize)),
                    "remembered": verification.rememberedSize.map { .integer(Int64($0)) } ?? .null,
                    "missingLines": .integer(Int64(verification.missingLines)), "findings": findings.json,
                ]), outcome: verification.isSound ? .done : .integrity)
        restoreQuestion =
            verification.missingLines > 0 ? wording.text("cli.restoreQuestion", ["count": missing]) : nil
    }

    /// Puts the backup where no archive is yet (恢复); nothing is ever overwritten.
    public func restore(to path: String, _ wording: Wording) throws -> Answer {
        try Backup.restore(folder, to: path)
        return Answer(
            [wording.text("cli.restored", ["archive": path])], JSONAnswer("restore", ["archive": .string(path)]))
    }
}

extension Visit {
    /// Verifies the backup in `folder` with the user's keys in it: files, pages, rows, ledger, freshness.
    public func verifyBackup(
        _ folder: String, _ wording: Wording, _ passphrase: PassphraseSource,
        progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> VerifiedBackup {
        let identity = try unlock(at: folder, passphrase)
        let verification = try Backup.verify(
            folder, identity: identity, stateFolder: stateFolder(of: identity.user), progress: progress)
        return VerifiedBackup(verification, folder: folder, wording)
    }
}

/// Names of backups: the bureau and the moment, so that they sort by age.
enum BackupName {
    static func make(_ archive: Archive) -> String {
        let moment = archive.moment.filter { $0 != "-" && $0 != ":" }.prefix(15)
        return "\(archive.header.bureauID)-\(moment)"
    }

    /// Removes the oldest complete backups of this archive in `folder`; gives their paths.
    static func removeOldest(in folder: String, of archive: Archive, keeping count: Int) throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { name in
            guard name.hasPrefix(archive.header.bureauID + "-"),
                FileManager.default.fileExists(atPath: "\(folder)/\(name)/SHA256SUMS")
            else { return false }
            do { return try ArchiveFolder("\(folder)/\(name)").archiveID == archive.header.archiveID } catch {
                // What cannot be told to be a backup of this archive stays.
                return false
            }
        }
        let oldest = names.sorted().dropLast(count).map { "\(folder)/\($0)" }
        for path in oldest { try FileManager.default.removeItem(atPath: path) }
        return oldest
    }
}
