import ArgumentParser
import ProbityOffice

extension OfficerCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the roster of your scope. / 人员列表")
        @OptionGroup var global: GlobalOptions
        @Option(help: "only this unit and those below / 单位") var unit: String?

        func run() throws {
            try global.atDesk { desk, console in
                try console.show(desk.rosterColumns) { try desk.roster(unit: unit, receive: $0) }
            }
        }
    }
}
