import ArgumentParser
import ProbityOffice

extension BackupCommand {
    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify a backup and put it where no archive is yet (--archive). / 恢复")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "folder of the backup / 备份目录") var folder: String

        func run() throws {
            let console = try global.console()
            let path = try global.visit.archivePath()
            try GivenFile.demandFree(path)
            let backup = try BackupCommand.verified(folder, global, console)
            if let question = backup.restoreQuestion { try console.confirm(question, global) }
            console.give(try backup.restore(to: path, console.wording))
        }
    }
}
