import ArgumentParser
import ProbityOffice

extension AuditCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ledger lines, newest first. / 查看台账",
            discussion: """
                ACTS / 行为
                \(LedgerInquiry.actCodes.joined(separator: ", "))
                """)
        @OptionGroup var global: GlobalOptions
        @Option(help: "only this user / 用户") var actor: String?
        @Option(help: "only acts that begin so / 行为") var act: String?
        @Option(help: "from this date / 起始日期") var since: String?
        @Option(help: "to this date / 截止日期") var until: String?
        @Option(help: "at most so many / 条数") var limit = 50
        @Option(help: "lines before this number / 序号之前") var before: UInt64?

        func run() throws {
            try global.atDesk { desk, console in
                var inquiry = LedgerInquiry()
                inquiry.actor = actor
                inquiry.act = act
                inquiry.since = since
                inquiry.until = until
                inquiry.limit = limit
                inquiry.before = before
                try console.show(desk.ledger(inquiry))
            }
        }
    }
}
