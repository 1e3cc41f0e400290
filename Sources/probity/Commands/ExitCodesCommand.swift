import ArgumentParser
import ProbityOffice

struct ExitCodesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exit-codes", abstract: "What the exit codes mean. / 退出码")
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = try global.console()
        for (code, outcome) in ExitCodes.table {
            console.out(
                global.json
                    ? outcome.json(console.wording, code: code).text : "\(code)\t\(outcome.text(console.wording))")
        }
    }
}
