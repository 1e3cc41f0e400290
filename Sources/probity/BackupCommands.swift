import ArgumentParser
import CanonicalJSON
import Foundation
import ProbityCrypto
import ProbityLedger
import ProbityStore

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies of the archive that can take its place. / 备份",
        subcommands: [Create.self, Verify.self, Restore.self], aliases: ["备份"])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Back up the archive while others work (system administrator). / 备份")
        @OptionGroup var global: GlobalOptions
        @Option(help: "folder of the backups; each gets a folder of its own there / 备份目录") var to: String
        @Option(help: "remove the oldest backups of this archive beyond so many / 保留份数") var keep: Int?

        func run() throws {
            guard keep ?? 1 > 0 else { throw CommandFailure(ExitCodes.usage, "cli.keepForm") }
            try global.withSession { session, console in
                let name = try BackupName.make(session.archive)
                let summary = try session.createBackup(to: "\(to)/\(name)") {
                    console.progress(console.text("cli.progress.backup"), $0, $1)
                }
                let removed =
                    try keep.map { try BackupName.removeOldest(in: to, of: session.archive, keeping: $0) } ?? []
                if global.json {
                    console.out(
                        "backup",
                        [
                            "folder": .string(summary.folder), "size": .integer(Int64(summary.checkpoint.size)),
                            "root": .string(Base64.encode(summary.checkpoint.root.bytes)),
                            "usersWithoutKeys": .array(summary.usersWithoutKeys.map { .string($0) }),
                            "removed": .array(removed.map { .string($0) }),
                        ])
                    return
                }
                console.out(
                    console.text(
                        "cli.backedUp", ["folder": summary.folder, "size": String(summary.checkpoint.size)]))
                if !summary.usersWithoutKeys.isEmpty {
                    console.say(
                        console.text(
                            "cli.backupWithoutKeys", ["users": summary.usersWithoutKeys.joined(separator: " ")]))
                }
                for folder in removed { console.remark(console.text("cli.backupRemoved", ["folder": folder])) }
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify a backup: files, pages, rows, ledger, freshness. / 验证备份")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "folder of the backup / 备份目录") var folder: String

        func run() throws {
            let console = try global.console()
            let verification = try BackupCommand.verify(folder, global, console)
            if !verification.isSound { throw Verdict(exitCode: ExitCodes.integrity) }
        }
    }

    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify a backup and put it where no archive is yet (--archive). / 恢复")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "folder of the backup / 备份目录") var folder: String

        func run() throws {
            let console = try global.console()
            let path = try global.archivePath()
            guard !FileManager.default.fileExists(atPath: path) else {
                throw ArchiveError(.alreadyExists, "something is at this path", subject: path)
            }
            let verification = try BackupCommand.verify(folder, global, console)
            guard verification.isSound else { throw Verdict(exitCode: ExitCodes.integrity) }
            if verification.missingLines > 0 {
                try console.confirm(
                    console.text("cli.restoreQuestion", ["count": String(verification.missingLines)]), global)
            }
            try Backup.restore(folder, to: path)
            if global.json {
                console.out("restore", ["archive": .string(path)])
            } else {
                console.out(console.text("cli.restored", ["archive": path]))
            }
        }
    }

    /// Verifies and reports.
    private static func verify(_ folder: String, _ global: GlobalOptions, _ console: Console) throws
        -> BackupVerification
    {
        let identity = try global.unlock(console, at: folder)
        let verification = try Backup.verify(
            folder, identity: identity, stateFolder: global.stateFolder(identity.user)
        ) { console.progress(console.text("cli.progress.verify"), $0, $1) }
        if global.json {
            console.out(
                "backupVerification",
                [
                    "sound": .bool(verification.isSound), "pages": .integer(Int64(verification.pageCount)),
                    "rows": .integer(Int64(verification.rowCount)), "size": .integer(Int64(verification.ledgerSize)),
                    "remembered": verification.rememberedSize.map { .integer(Int64($0)) } ?? .null,
                    "missingLines": .integer(Int64(verification.missingLines)),
                    "findings": .array(verification.findings.map(Report.json)),
                ])
            return verification
        }
        for finding in verification.findings { console.out(Report.line(finding, console)) }
        console.out(
            console.text(
                "cli.backupVerified",
                [
                    "pages": String(verification.pageCount), "rows": String(verification.rowCount),
                    "size": String(verification.ledgerSize),
                ]))
        if verification.missingLines > 0 {
            console.out(
                console.text(
                    "cli.backupOlder",
                    [
                        "count": String(verification.missingLines),
                        "remembered": String(verification.rememberedSize ?? 0),
                    ]))
        } else if verification.rememberedSize == nil {
            console.out(console.text("cli.backupFreshnessUnknown"))
        } else {
            console.out(console.text("cli.backupFresh"))
        }
        console.out(Report.conclusion(verification.findings, console))
        return verification
    }
}

/// Names of backups: the bureau and the moment, so that they sort by age.
enum BackupName {
    static func make(_ archive: Archive) throws -> String {
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
