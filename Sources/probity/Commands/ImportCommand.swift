import ArgumentParser
import ProbityOffice

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Import records of one kind from CSV, all or none. / 导入记录")
    @OptionGroup var global: GlobalOptions
    @Argument(help: "CSV file, UTF-8 or GB18030 / CSV 文件") var file: String
    @Option(help: "record kind / 记录种类") var kind: String
    @Flag(help: "old files: later states are taken, approved by nobody here / 旧档补录") var past = false
    @Flag(name: [.customLong("dry-run"), .short], help: "check only / 只检查") var dryRun = false

    func run() throws {
        try global.atDesk { desk, console in
            try ImportCommand.run(file, kind: kind, past: past, dryRun: dryRun, desk, console)
        }
    }

    /// One import with its report: rows that were refused on standard error, how it ended on standard output.
    static func run(_ file: String, kind: String, past: Bool, dryRun: Bool, _ desk: Desk, _ console: Console) throws {
        let imported = try desk.importTable(.file(file), kind: kind, past: past, dryRun: dryRun) { done, pass in
            console.progress(console.text(pass == 1 ? "cli.progress.check" : "cli.progress.file"), UInt64(done), nil)
        }
        if Console.isErrorTerminal { console.say("") }
        for rejection in imported.rejections { console.say(rejection.text) }
        console.give(imported.answer)
        try Verdict.demandDone(imported.answer.outcome)
    }
}
