import ArgumentParser
import ProbityOffice

extension RecordCommand {
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a record with its versions. / 查看记录")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "record identifier / 记录编号") var record: String

        func run() throws {
            try global.atDesk { desk, console in try console.show(desk.show(record)) }
        }
    }
}
