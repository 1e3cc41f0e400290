import ArgumentParser
import ProbityOffice

extension AccessCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Grants in the archive. / 授权列表")
        @OptionGroup var global: GlobalOptions
        @Option(help: "only this user / 用户") var of: String?

        func run() throws {
            try global.atDesk { desk, console in try console.show(desk.grants(of: of)) }
        }
    }
}
