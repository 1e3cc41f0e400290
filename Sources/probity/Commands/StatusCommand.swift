import ArgumentParser
import ProbityOffice

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What the folder tells, and with --user the archive. / 状态")
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = try global.console()
        console.give(try global.visit.status(console.wording, global.passphrase(console)))
    }
}
