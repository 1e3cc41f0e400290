import ArgumentParser
import ProbityOffice

extension RecordCommand {
    struct Amend: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "File a new version. / 更正")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "record identifier / 记录编号") var record: String
        @Option(help: "why / 理由") var reason: String
        @Option(name: .customLong("set"), help: "FIELD=VALUE, repeated; an empty value removes / 字段=值") var fields:
            [String] = []
        @Option(help: "kind of the record / 记录种类") var kind: String
        @Option(help: "number of the version you read, 1, 2, 3 … / 所依据版本号") var version: Int?

        func run() throws {
            try global.atDesk { desk, console in
                let answer = try desk.amend(record, kind: kind, fields: fields, reason: reason, version: version)
                console.give(answer)
                try Verdict.demandDone(answer.outcome)
            }
        }
    }
}
