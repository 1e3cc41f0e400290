import ArgumentParser
import ProbityOffice

extension AccessCommand {
    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Why you may or may not. / 为何被拒绝")
        @OptionGroup var global: GlobalOptions
        @Option(help: "read or file / 行为") var act = "read"
        @Option(help: "category / 门类") var category: String

        func run() throws {
            try global.atDesk { desk, console in console.give(try desk.explain(act, category: category)) }
        }
    }
}
