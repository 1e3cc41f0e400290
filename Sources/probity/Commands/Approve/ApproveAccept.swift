import ArgumentParser
import ProbityOffice

extension ApproveCommand {
    struct Accept: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign; the last signature puts the matter in force. / 同意")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "number of the matter / 事项编号") var id: Int64
        @Option(help: "the newcomer's acceptance, from `user accept` / 本人确认文件") var accepted: String?
        @Option(help: "fingerprint that `approve show` printed; anything else is not signed / 所见指纹")
        var fingerprint: String?

        func run() throws {
            try global.atDesk { desk, console in
                // Nobody signs what he has not seen: where a person can be asked it is shown first, elsewhere the fingerprint
                // says that it was.
                let seen: String
                if let fingerprint {
                    seen = fingerprint
                } else {
                    guard console.mayAsk else {
                        throw OfficeError(.declined, "approve.unseen", ["id": String(id)])
                    }
                    let view = try desk.approval(id)
                    for line in [view.title] + view.lines { console.say(line) }
                    try console.confirm(view.question, global)
                    seen = view.fingerprint
                }
                console.give(try desk.accept(id, as: seen, acceptance: accepted.map(GivenFile.text)))
            }
        }
    }
}
