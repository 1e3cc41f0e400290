import ArgumentParser
import ProbityOffice

extension OfficerCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the roster of your scope. / 人员列表")
        @OptionGroup var global: GlobalOptions
        @Option(help: "only this unit and those below / 单位") var unit: String?

        func run() throws {
            try global.atDesk { desk, console in
                var notice: CoverageNotice?
                try console.show(desk.rosterColumns) { notice = try desk.roster(unit: unit, receive: $0) }
                if let notice { try console.give(notice, asLine: true) }
            }
        }
    }
}
