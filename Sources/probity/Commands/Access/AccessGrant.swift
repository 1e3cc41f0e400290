import ArgumentParser
import ProbityOffice

extension AccessCommand {
    struct Grant: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Propose a grant; the security administrator signs it. / 授权")
        @OptionGroup var global: GlobalOptions
        @Option(help: "who gets it / 被授权用户") var to: String
        @Option(help: "category / 门类") var category: String
        @Option(help: "unit subtree / 单位") var unit: String
        @Option(help: "last day / 截止日期") var until: String?

        func run() throws {
            try global.atDesk { desk, console in
                console.give(try desk.proposeGrant(to: to, category: category, unit: unit, until: until))
            }
        }
    }
}
