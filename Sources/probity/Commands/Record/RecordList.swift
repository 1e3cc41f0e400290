import ArgumentParser
import ProbityOffice

extension RecordCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The records of one officer that you may see. / 记录列表")
        @OptionGroup var global: GlobalOptions
        @Option(help: "number, ID number, name or identifier / 人员") var officer: String
        @Option(help: "record kind / 记录种类") var kind: String?
        @Option(help: "from this date of the record / 起始日期") var since: String?
        @Option(help: "to this date of the record / 截止日期") var until: String?

        func run() throws {
            try global.atDesk { desk, console in
                try console.show(desk.records(of: officer, kind: kind, since: since, until: until))
            }
        }
    }
}
