import ArgumentParser
import ProbityOffice

extension UnitCommand {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a unit (system administrator). / 增加单位")
        @OptionGroup var global: GlobalOptions
        @Option(help: "identifier / 编号") var id: String
        @Option(help: "unit above / 上级单位") var parent: String
        @Option(help: "bureau, dept, brigade, squad, station, custody or policeType / 类别") var kind: String
        @Option(help: "name / 名称") var name: String

        func run() throws {
            try global.atDesk { desk, console in
                console.give(try desk.addUnit(id: id, parent: parent, kind: kind, name: name))
            }
        }
    }
}
