import ArgumentParser
import ProbityOffice

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Compare the archive with its ledger; opens no record. / 完整性检查")
    @OptionGroup var global: GlobalOptions
    @Option(help: "a checkpoint remembered elsewhere / 另行保存的检查点文件") var against: String?

    func run() throws {
        let console = try global.console()
        let answer = try global.visit.check(
            against: try against.map(GivenFile.bytes), console.wording, global.passphrase(console)
        ) { console.progress(console.text("cli.progress.check"), $0, $1) }
        console.give(answer)
        try Verdict.demandDone(answer.outcome)
    }
}
