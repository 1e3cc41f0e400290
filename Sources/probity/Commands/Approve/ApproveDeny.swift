import ArgumentParser
import ProbityOffice

extension ApproveCommand {
    struct Deny: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Turn a matter down, or take back what you proposed. / 不同意")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "number of the matter / 事项编号") var id: Int64
        @Option(help: "why / 理由") var reason: String

        func run() throws {
            try global.atDesk { desk, console in console.give(try desk.deny(id, reason: reason)) }
        }
    }
}
