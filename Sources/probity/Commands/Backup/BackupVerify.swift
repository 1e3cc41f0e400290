import ArgumentParser
import ProbityOffice

extension BackupCommand {
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify a backup: files, pages, rows, ledger, freshness. / 验证备份")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "folder of the backup / 备份目录") var folder: String

        func run() throws {
            let console = try global.console()
            _ = try BackupCommand.verified(folder, global, console)
        }
    }

    /// Verifies a backup and tells; ends the program where it is not sound.
    static func verified(_ folder: String, _ global: GlobalOptions, _ console: Console) throws -> VerifiedBackup {
        let backup = try global.visit.verifyBackup(folder, console.wording, global.passphrase(console)) {
            console.progress(console.text("cli.progress.verify"), $0, $1)
        }
        console.give(backup.answer)
        try Verdict.demandDone(backup.answer.outcome)
        return backup
    }
}
