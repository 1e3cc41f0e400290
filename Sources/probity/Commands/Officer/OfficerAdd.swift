import ArgumentParser
import ProbityOffice

extension OfficerCommand {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add one officer. / 登记人员")
        @OptionGroup var global: GlobalOptions
        @Option(name: .customLong("set"), help: "FIELD=VALUE, repeated / 字段=值")
        var fields: [String] = []

        func run() throws {
            try global.atDesk { desk, console in
                let form = try desk.form("officer", fields: fields)
                console.warn(of: form)
                console.give(try desk.addOfficer(form))
            }
        }
    }
}
