import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
public import ProbityLedger
import ProbityRecords

// A backup (备份): a folder that is a whole archive.
//
//   archive.db           the database as it was when the backup began, under a page key of its own
//   Keys/                log.vkey, the page key's wraps, and the key files that whoever made the backup may read
//   checkpoint           the newest checkpoint in that database, a signed note
//   SHA256SUMS           of all other files
//
// It is made while others work, in a folder beside, and renamed when it is complete: a folder of the name is a backup.

/// What a backup was made of.
public struct BackupSummary: Sendable {
    public let folder: String
    public let checkpoint: Checkpoint
    /// Users whose key files could not be read and are not in the backup; each has to keep a copy of his own.
    public let usersWithoutKeys: [String]
}

/// What verification of a backup found.
public struct BackupVerification: Sendable {
    public let findings: [Finding]
    public let pageCount: UInt64
    public let rowCount: Int
    /// Number of ledger lines in the backup.
    public let ledgerSize: UInt64
    /// Number of ledger lines that the user's side remembers of this archive; nil where it remembers nothing.
    public let rememberedSize: UInt64?

    public var isSound: Bool { !findings.contains { $0.severity == .violation } }
    /// Lines that the user has seen and the backup does not have.
    public var missingLines: UInt64 {
        guard let rememberedSize, rememberedSize > ledgerSize else { return 0 }
        return rememberedSize - ledgerSize
    }
}

extension Session {
    /// Makes a backup in the new folder `path`, while others go on working.
    ///
    /// - Throws: ``ArchiveError`` `alreadyExists`, `roleRefuses`, `inputOutput`; nothing is left of a backup that failed.
    public func createBackup(
        to path: String, progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> BackupSummary {
        guard !Files.exists(path) else {
            throw ArchiveError(.alreadyExists, "something is at this path", subject: path)
        }
        // The line comes first, so that the copy has it, too.
        try look("backup.create") { _, _ in
            try demandAct(.configure)
        } reveal: { _, _ in
        }
        let work = path + ".making-\(getpid())"
        try Files.makeFolder(work)
        do {
            let summary = try fill(work, progress)
            guard unsafe rename(work, path) == 0 else { throw Files.failure("make", path) }
            try Files.syncFolder(of: path)
            return BackupSummary(
                folder: path, checkpoint: summary.checkpoint, usersWithoutKeys: summary.usersWithoutKeys)
        } catch {
            do { try FileManager.default.removeItem(atPath: work) } catch {
                throw ArchiveError(.inputOutput, "a half-made backup cannot be removed", subject: work)
            }
            throw error
        }
    }

    private func fill(_ work: String, _ progress: (UInt64, UInt64) -> Void) throws -> BackupSummary {
        let database = work + "/archive.db"
        try Files.makeFolder(Archive.keysFolder(work))
        try Files.makeFolder(PageKeyFile.folder(work))
        defer { PageStore.removeKey(of: database) }
        let key = try archive.copyDatabase(
            to: database, generation: archive.pageKey.file.generation, progress: progress)
        try key.file.write(work)
        let copy = try ArchiveDatabase.openReadOnly(database)
        let note = try ArchiveDatabase.converting {
            try copy.read { try LedgerTable.checkpointNote(LedgerTable.size($0), $0) }
        }
        try ArchiveDatabase.converting { try copy.close() }
        try Files.write(note, to: work + "/checkpoint", mode: 0o660)
        try Files.copy(archive.keysFolder + "/log.vkey", to: Archive.keysFolder(work) + "/log.vkey", mode: 0o640)
        var unreadable: Set<String> = []
        for name in try Files.names(below: archive.keysFolder).sorted() where name.hasSuffix(".pem") {
            let file = "\(archive.keysFolder)/\(name)"
            // A user's keys are his own: on a machine with an account for each, nobody else reads them.
            guard Files.isReadable(file) else {
                unreadable.insert(String(name.prefix { $0 != "." }))
                continue
            }
            try Files.copy(file, to: "\(Archive.keysFolder(work))/\(name)", mode: 0o600)
        }
        var sums = ""
        for name in try Files.names(below: work).sorted() {
            sums += "\(try Files.digest("\(work)/\(name)"))  \(name)\n"
        }
        try Files.write(Array(sums.utf8), to: work + "/SHA256SUMS", mode: 0o660)
        return BackupSummary(
            folder: work, checkpoint: try LedgerTable.openCheckpoint(note, archive.header),
            usersWithoutKeys: unreadable.sorted())
    }
}

/// Backups as they lie there, beside no archive.
public enum Backup {
    /// Verifies the backup in the folder `path`: every file against the manifest, every page's seal, every row against the
    /// ledger, the ledger against the checkpoint, and how much of what the user has seen it holds.
    ///
    /// Nothing is written there. A thrown error means that the verification could not be made.
    /// - Parameter stateFolder: where the user's side remembers the last head it saw.
    public static func verify(
        _ path: String, identity: Identity, stateFolder: String?, clock: ArchiveClock = .system,
        progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> BackupVerification {
        var findings = try checkManifest(path)
        let archive = try Archive.openCopy(at: path, identity: identity, clock: clock)
        let pages = UInt64(try Files.byteCount(archive.databasePath)) / 4096
        for page in 0..<pages {
            guard try archive.snapshot({ try PageStore.opens(UInt32(page + 1), $0) }) else {
                findings.append(Finding(place: "archive.db", rule: "backup.page", detail: String(page + 1)))
                continue
            }
            progress(page + 1, pages)
        }
        let checkpoint = Files.exists(path + "/checkpoint") ? try Files.read(path + "/checkpoint") : nil
        let report: CheckReport
        do {
            report = try archive.check(against: checkpoint, progress: progress)
        } catch let error as ArchiveError where error.code == .invalidEntry {
            findings.append(Finding(place: "checkpoint", rule: "backup.checkpoint", detail: error.reason))
            report = try archive.check(progress: progress)
        }
        findings += report.findings
        let memory = try stateFolder.map { try HeadMemory(folder: $0, archiveID: archive.header.archiveID) }
        let remembered = try memory?.head()
        if let remembered, remembered.size <= report.leafCount {
            let root = try archive.snapshot { try LedgerTable.root(remembered.size, $0) }
            if root != remembered.root {
                findings.append(Finding(place: "ledger", rule: "backup.otherLedger", detail: String(remembered.size)))
            }
        }
        return BackupVerification(
            findings: findings, pageCount: pages, rowCount: report.rowCount, ledgerSize: report.leafCount,
            rememberedSize: remembered?.size)
    }

    private static func checkManifest(_ path: String) throws -> [Finding] {
        var names = Set(try Files.names(below: path))
        guard names.remove("SHA256SUMS") != nil else {
            throw ArchiveError(.notFound, "there is no backup at this path", subject: path)
        }
        var findings: [Finding] = []
        for line in String(decoding: try Files.read(path + "/SHA256SUMS"), as: UTF8.self).split(separator: "\n") {
            let name = String(line.dropFirst(66))
            guard line.count > 66, line.dropFirst(64).hasPrefix("  "), names.remove(name) != nil else {
                findings.append(Finding(place: name, rule: "backup.missingFile"))
                continue
            }
            if try Files.digest("\(path)/\(name)") != line.prefix(64) {
                findings.append(Finding(place: name, rule: "backup.changedFile"))
            }
        }
        return findings + names.sorted().map { Finding(place: $0, rule: "backup.addedFile") }
    }

    /// Puts the backup in the folder `path` into the new folder `archive`. Verify it first; nothing is ever overwritten.
    ///
    /// - Throws: ``ArchiveError`` `alreadyExists` where something is at `archive`; nothing is left of a restore that failed.
    public static func restore(_ path: String, to archive: String) throws {
        guard !Files.exists(archive) else {
            throw ArchiveError(.alreadyExists, "something is at this path", subject: archive)
        }
        let work = archive + ".making-\(getpid())"
        try Files.makeFolder(work)
        do {
            try Files.makeFolder(Archive.keysFolder(work))
            try Files.makeFolder(PageKeyFile.folder(work))
            for name in try Files.names(below: path).sorted() where name == "archive.db" || name.hasPrefix("Keys/") {
                let mode: mode_t = name.hasSuffix(".pem") ? 0o600 : name.hasSuffix(".vkey") ? 0o640 : 0o660
                try Files.copy("\(path)/\(name)", to: "\(work)/\(name)", mode: mode)
            }
            guard unsafe rename(work, archive) == 0 else { throw Files.failure("make", archive) }
            try Files.syncFolder(of: archive)
        } catch {
            do { try FileManager.default.removeItem(atPath: work) } catch {
                throw ArchiveError(.inputOutput, "a half-made archive cannot be removed", subject: work)
            }
            throw error
        }
    }
}
