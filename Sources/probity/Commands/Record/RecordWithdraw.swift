import ArgumentParser
import ProbityOffice

extension RecordCommand {
    struct Withdraw: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Withdraw a misfiled record; it stays visible and never counts. / 撤回")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "record identifier / 记录编号") var record: String
        @Option(help: "why / 理由") var reason: String

        func run() throws {
            try global.atDesk { desk, console in
                let answer = try desk.withdraw(record, reason: reason)
                console.give(answer)
                try Verdict.demandDone(answer.outcome)
            }
        }
    }
}
