import ArgumentParser
import ProbityOffice

extension UserCommand {
    struct Accept: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign the certificate that was proposed for you. / 本人确认证书")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "the proposed certificate, from `user add` / 待确认证书文件") var proposal: String
        @Option(help: "file for the acceptance / 确认文件") var out: String

        func run() throws {
            let console = try global.console()
            try GivenFile.demandPlace(out, console.wording)
            let acceptance = try global.visit.acceptance(
                of: try GivenFile.text(proposal), console.wording, global.passphrase(console))
            try console.confirm(acceptance.question, global)
            try GivenFile.write(acceptance.text, to: out, console.wording)
            console.give(acceptance.answer(file: out, console.wording))
        }
    }
}
