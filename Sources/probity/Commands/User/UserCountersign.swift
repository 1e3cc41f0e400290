import ArgumentParser
import ProbityOffice

extension UserCommand {
    struct Countersign: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign a proposed certificate or grant; the last signature puts it in force. / 会签")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "number of the proposal / 提议编号") var proposal: Int64
        @Option(help: "the newcomer's acceptance, from `user accept` / 本人确认文件") var accepted: String?

        func run() throws {
            try global.atDesk { desk, console in
                console.give(try desk.countersign(proposal, acceptance: accepted.map(GivenFile.text)))
            }
        }
    }
}
