import ArgumentParser
import ProbityOffice

extension ReportCommand {
    struct Counts: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "How many records there are, by kind, form and unit. / 统计",
            discussion: """
                Counts records by their newest version and its date; withdrawn ones stand beside
                and are not added. Who reads a category counts where his keys reach, without his
                own file. Who does not read it counts whole calendar months below his own unit.
                Sealed categories are counted by decrypting, for the whole bureau only.

                  probity report counts --from 2026-01-01 --to 2026-06-30 \\
                      --kind talk --by unit --by form --purpose statistics:半年报

                EXIT STATUS / 退出码
                  0 counted / 已统计
                  4 something asked for could not be seen / 有未能查看的部分
                  20 not this role, or not whole months / 角色不允许或统计期不是整月
                  23 the purpose is not statistics / 用途不是 statistics
                  30 no key or unit of yours leads there / 没有通向该处的密钥或单位
                  31 no such kind / 没有该种类
                  64 usage / 用法错误
                """)
        @OptionGroup var global: GlobalOptions
        @Option(help: "first day / 起始日期") var from: String
        @Option(help: "last day / 截止日期") var to: String
        @Option(help: "record kind, repeated; left out: all / 记录种类") var kind: [String] = []
        @Option(help: "only this unit and those below / 单位") var unit: String?
        @Option(help: "kind, form or unit, repeated: what to add up by / 分组") var by: [String] = []
        @Flag(help: "comma-separated, a row a state / 输出 CSV") var csv = false

        func run() throws {
            guard !(csv && global.json) else { throw OfficeError(.usage, "report.csvOrJSON") }
            let inquiry = try FigureInquiry(from: from, to: to, kinds: kind, unit: unit, by: by)
            try global.atDesk { desk, console in
                let figures = try desk.figures(inquiry)
                guard csv else {
                    try console.show(figures.listing)
                    return
                }
                print(figures.csv, terminator: "")
                try console.give(figures.notice, asLine: false)
            }
        }
    }
}
