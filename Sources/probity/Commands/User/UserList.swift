import ArgumentParser
import ProbityOffice

extension UserCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Who are and were users. / 用户列表")
        @OptionGroup var global: GlobalOptions

        func run() throws {
            try global.atDesk { desk, console in try console.show(desk.users()) }
        }
    }
}
