import ArgumentParser
import ProbityOffice

extension ComplaintCommand {
    struct Open: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register a complaint; who may not read complaints drops it into the tray. / 登记举报")
        @OptionGroup var global: GlobalOptions
        @Option(help: "officer concerned / 被反映人") var officer: String
        @Option(name: .customLong("set"), help: "FIELD=VALUE, repeated / 字段=值") var fields: [String] = []

        func run() throws {
            try global.atDesk { desk, console in
                let isFiled = try desk.filesComplaints
                let form = try desk.form("complaint", fields: fields, forTray: !isFiled)
                console.warn(of: form)
                // Who drops into the tray may name somebody whom he cannot look up; the reader finds out.
                let subject =
                    isFiled ? try console.confirmed(officer, form, desk, global) : .asNamed(officer)
                console.give(try desk.openComplaint(form, about: subject))
            }
        }
    }
}
