import ArgumentParser
import ProbityOffice

extension OfficerCommand {
    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Import officers from CSV, all or none. / 导入人员")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "CSV file, UTF-8 or GB18030 / CSV 文件") var file: String
        @Flag(name: [.customLong("dry-run"), .short], help: "check only / 只检查") var dryRun = false

        func run() throws {
            try global.atDesk { desk, console in
                try ImportCommand.run(file, kind: "officer", past: false, dryRun: dryRun, desk, console)
            }
        }
    }
}
