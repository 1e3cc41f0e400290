import ArgumentParser
import ProbityOffice

extension BackupCommand {
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Back up the archive while others work (system administrator). / 备份")
        @OptionGroup var global: GlobalOptions
        @Option(help: "folder of the backups; each gets a folder of its own there / 备份目录") var to: String
        @Option(help: "remove the oldest backups of this archive beyond so many / 保留份数") var keep: Int?

        func run() throws {
            try Desk.demandKeeping(keep)
            try global.atDesk { desk, console in
                console.give(
                    try desk.backUp(below: to, keep: keep) {
                        console.progress(console.text("cli.progress.backup"), $0, $1)
                    })
            }
        }
    }
}
