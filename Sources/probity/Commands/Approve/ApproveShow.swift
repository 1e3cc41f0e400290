import ArgumentParser
import ProbityOffice

extension ApproveCommand {
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Exactly what a signature would do. / 查看待审批事项")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "number of the matter / 事项编号") var id: Int64

        func run() throws {
            try global.atDesk { desk, console in console.show(try desk.approval(id)) }
        }
    }
}
