import ArgumentParser
import Foundation
import ProbityOffice

extension UserCommand {
    struct Request: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make your own keys and a request for a certificate. / 申请证书")
        @OptionGroup var global: GlobalOptions
        @Option(help: "file for the request / 申请文件") var out: String

        func run() throws {
            let console = try global.console()
            let request = try global.visit.requestCertificate(global.newPassphrase(console))
            try Data(request.text.utf8).write(to: URL(filePath: out), options: .withoutOverwriting)
            console.out(request.sentence(file: out, console.wording))
        }
    }
}
