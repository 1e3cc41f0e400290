import ArgumentParser
import ProbityOffice

extension UserCommand {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Propose a certificate for a request (security administrator). / 提出用户证书")
        @OptionGroup var global: GlobalOptions
        @Option(help: "the request / 申请文件") var request: String
        @Option(help: "role / 角色") var role: String
        @Option(help: "unit subtree / 单位") var unit: String
        @Option(help: "the officer the user is, O-…; left out: none / 对应人员") var officer: String?
        @Option(help: "file with the certificate for the newcomer to accept / 待本人确认文件") var out: String

        func run() throws {
            try global.atDesk { desk, console in
                // An act cannot be taken back for want of a file to write.
                try GivenFile.demandPlace(out, console.wording)
                let proposed = try desk.proposeUser(
                    role: role, unit: unit, officer: officer, request: try GivenFile.text(request))
                // The number first: it is needed also where the file cannot be written.
                console.out(global.json ? proposed.answer.json.text : proposed.answer.lines.joined())
                try GivenFile.write(proposed.certificate, to: out, console.wording)
                for note in proposed.answer.notes { console.give(note) }
            }
        }
    }
}
