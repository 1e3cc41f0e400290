import Glibc
import ProbityCrypto
public import ProbityLedger

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

/// Backups as they lie there, beside no archive.
public enum Backup {
    /// Fills the folder `work` with a backup that will stand at `path`.
    static func fill(
        _ work: String, for path: String, of archive: Archive, _ progress: (UInt64, UInt64) -> Void
    ) throws -> BackupSummary {
        let database = Engine.file(in: work)
        try Files.makeFolder(Archive.keysFolder(work))
        try Files.makeFolder(PageKeyFile.folder(work))
        defer { PageStore.removeKey(of: database) }
        let key = try archive.copyDatabase(
            to: database, generation: archive.pageKey.file.generation, progress: progress)
        try key.file.write(work)
        let copy = try Engine.openReadOnly(in: work)
        let note = try copy.snapshot { try Ledger.checkpointNote(Ledger.size($0), $0) }
        try copy.close()
        try Files.write(note, to: work + "/checkpoint", mode: 0o660)
        try Files.copy(archive.keysFolder + "/log.vkey", to: Archive.keysFolder(work) + "/log.vkey", mode: 0o640)
        var unreadable: Set<String> = []
        // A passphrase that is being changed meanwhile would be half in the backup.
        let claim = try archive.claimWriting("backup of the key files")
        defer { withExtendedLifetime(claim) {} }
        for name in try Files.names(below: archive.keysFolder).sorted() where name.hasSuffix(".pem") {
            let file = "\(archive.keysFolder)/\(name)"
            // A user's keys are his own: on a machine with an account for each, nobody else reads them.
            guard Files.isReadable(file) else {
                // `user.what.pem`; a user's name may have dots.
                unreadable.insert(name.split(separator: ".").dropLast(2).joined(separator: "."))
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
            folder: path, checkpoint: try Ledger.openCheckpoint(note, archive.header),
            usersWithoutKeys: unreadable.sorted())
    }

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
        let pages = try archive.engine.pageCount()
        for page in 0..<pages {
            guard try archive.engine.opens(page: page + 1) else {
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
            let root = try archive.snapshot { try Ledger.root(remembered.size, $0) }
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
            throw ArchiveError(.notFound, "there is no backup at this path", subject: path, rule: "backup.notFound")
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
        try Files.makeWhole(archive, "archive") { work in
            try Files.makeFolder(Archive.keysFolder(work))
            try Files.makeFolder(PageKeyFile.folder(work))
            for name in try Files.names(below: path).sorted() where name == "archive.db" || name.hasPrefix("Keys/") {
                let mode: mode_t = name.hasSuffix(".pem") ? 0o600 : name.hasSuffix(".vkey") ? 0o640 : 0o660
                try Files.copy("\(path)/\(name)", to: "\(work)/\(name)", mode: mode)
            }
        }
    }
}
