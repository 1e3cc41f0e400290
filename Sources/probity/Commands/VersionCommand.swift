import ArgumentParser
import ProbityOffice

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Version and formats. / 版本")

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = try global.console()
        console.give(ProgramVersion.answer(console.wording))
    }
}
