import ArgumentParser
import ProbityOffice

extension UserCommand {
    struct Proposals: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What waits for a signature. / 待会签")
        @OptionGroup var global: GlobalOptions

        func run() throws {
            try global.atDesk { desk, console in try console.show(desk.proposals()) }
        }
    }
}
