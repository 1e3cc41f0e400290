import ArgumentParser
import ProbityOffice

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Records of your scope by kind, state and date. / 查询")
    @OptionGroup var global: GlobalOptions
    @Option(help: "record kind / 记录种类") var kind: String?
    @Option(help: "state / 状态") var state: String?
    @Option(help: "from this date / 起始日期") var since: String?
    @Option(help: "to this date / 截止日期") var until: String?
    @Option(help: "at most so many / 条数") var limit = 50
    @Option(help: "continue after this record / 续查位置") var cursor: String?

    func run() throws {
        try global.atDesk { desk, console in
            var search = RecordSearch()
            search.kind = kind
            search.state = state
            search.since = since
            search.until = until
            search.limit = limit
            search.cursor = cursor
            try console.show(desk.search(search))
        }
    }
}
