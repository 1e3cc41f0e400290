import ArgumentParser
import ProbityOffice

extension OfficerCommand {
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one officer. / 查看人员")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "number, ID number, name or identifier / 警号、身份证号、姓名或编号")
        var officer: String

        func run() throws {
            try global.atDesk { desk, console in try console.show(desk.showOfficer(officer)) }
        }
    }
}
