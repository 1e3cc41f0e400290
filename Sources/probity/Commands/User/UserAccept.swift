import ArgumentParser
import Foundation
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
            let acceptance = try global.visit.acceptance(
                of: try GivenFile.text(proposal), console.wording, global.passphrase(console))
            try console.confirm(acceptance.question, global)
            try Data(acceptance.text.utf8).write(to: URL(filePath: out), options: .withoutOverwriting)
            console.out(acceptance.sentence(file: out, console.wording))
        }
    }
}
