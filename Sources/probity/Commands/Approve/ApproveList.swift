import ArgumentParser
import ProbityOffice

extension ApproveCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What waits for your signature, or was proposed by you. / 待审批")
        @OptionGroup var global: GlobalOptions

        func run() throws {
            try global.atDesk { desk, console in try console.show(desk.approvals()) }
        }
    }
}
