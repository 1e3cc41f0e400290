import ArgumentParser
import ProbityOffice

extension RecordCommand {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "File a record. / 登记")
        @OptionGroup var global: GlobalOptions
        @Option(help: "record kind / 记录种类") var kind: String
        @Option(help: "number, ID number, name or identifier / 人员") var officer: String
        @Option(name: .customLong("set"), help: "FIELD=VALUE, repeated / 字段=值") var fields: [String] = []

        func run() throws {
            try global.atDesk { desk, console in
                let form = try desk.form(kind, fields: fields)
                console.warn(of: form)
                let subject = try console.confirmed(officer, form, desk, global)
                console.give(try desk.file(form, about: subject, named: officer))
            }
        }
    }
}
