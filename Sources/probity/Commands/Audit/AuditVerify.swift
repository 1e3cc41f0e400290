import ArgumentParser
import ProbityOffice

extension AuditCommand {
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify an export; needs neither archive nor keys. / 验证导出")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "the export's folder / 导出目录") var folder: String
        @Option(help: "the log's verifier key, from elsewhere / 另行取得的台账公钥") var log: String?

        func run() throws {
            let console = try global.console()
            let answer = try ExportedLedger.verify(folder, log: log, console.wording)
            console.give(answer)
            try Verdict.demandDone(answer.outcome)
        }
    }
}
