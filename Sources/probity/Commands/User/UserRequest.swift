import ArgumentParser
import ProbityOffice

extension UserCommand {
    struct Request: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make your own keys and a request for a certificate. / 申请证书")
        @OptionGroup var global: GlobalOptions
        @Option(help: "file for the request / 申请文件") var out: String

        func run() throws {
            let console = try global.console()
            // Keys that are made and a request that is not could not be made again.
            try GivenFile.demandPlace(out, console.wording)
            let request = try global.visit.requestCertificate(global.newPassphrase(console))
            try GivenFile.write(request.text, to: out, console.wording)
            console.give(request.answer(file: out, console.wording))
        }
    }
}
