import ArgumentParser
import ProbityOffice

extension AuditCommand {
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Export the ledger for a third party. / 导出台账")
        @OptionGroup var global: GlobalOptions
        @Option(help: "new folder for the export / 导出目录") var out: String
        @Option(help: "first line / 起始序号") var from: UInt64?
        @Option(help: "line after the last / 截止序号") var to: UInt64?
        @Flag(help: "open the commitments: identifiers, purposes, queries / 附承诺明细") var openings = false

        func run() throws {
            try global.atDesk { desk, console in
                console.give(
                    try desk.exportLedger(into: out, from: from, to: to, openings: openings) {
                        console.progress(console.text("cli.progress.export"), $0, $1)
                    })
            }
        }
    }
}
