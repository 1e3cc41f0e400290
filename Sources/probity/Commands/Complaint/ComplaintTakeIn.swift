import ArgumentParser
import ProbityOffice

extension ComplaintCommand {
    struct TakeIn: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "take-in", abstract: "Take an item into a dossier. / 接收")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "tray identifier / 待接收编号") var item: String
        @Option(help: "officer, where the item names nobody who is known, or several / 被反映人") var officer: String?
        @Option(name: .customLong("set"), help: "FIELD=VALUE that the item leaves empty, repeated / 字段=值") var fields:
            [String] = []

        func run() throws {
            try global.atDesk { desk, console in
                try console.confirm(global, "cli.personNeeded") { try desk.takeInQuestion(item, officer: officer) }
                console.give(try desk.takeIn(item, officer: officer, fields: fields))
            }
        }
    }
}
