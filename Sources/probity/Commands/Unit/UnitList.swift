import ArgumentParser
import ProbityOffice

extension UnitCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The organisation tree. / 单位列表")
        @OptionGroup var global: GlobalOptions

        func run() throws {
            try global.atDesk { desk, console in
                for unit in try desk.units().rows {
                    console.out(console.isJSON ? unit.json.text : unit.cells.joined(separator: "  "))
                }
            }
        }
    }
}
