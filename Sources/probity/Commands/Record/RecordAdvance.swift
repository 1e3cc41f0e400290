import ArgumentParser
import ProbityOffice

extension RecordCommand {
    struct Advance: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a step of the record's workflow. / 办理")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "record identifiers, all or none / 记录编号") var records: [String]
        @Option(help: "step, for example close / 办理动作") var step: String
        @Option(help: "kind of the record / 记录种类") var kind: String
        @Option(help: "why / 理由") var reason: String
        @Option(name: .customLong("set"), help: "FIELD=VALUE, repeated / 字段=值") var fields: [String] = []

        func run() throws {
            try global.atDesk { desk, console in
                let answer = try desk.advance(records, step: step, kind: kind, fields: fields, reason: reason)
                console.give(answer)
                try Verdict.demandDone(answer.outcome)
            }
        }
    }
}
