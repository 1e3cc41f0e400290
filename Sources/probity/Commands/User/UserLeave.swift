import ArgumentParser
import ProbityOffice

extension UserCommand {
    struct Leave: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End the certificate of a user who leaves (security administrator). / 离任停用",
            discussion: """
                From then on he begins no session, his running ones end, and his grants
                open nothing. He knows the keys that he held; the answer says what to do.

                EXIT STATUS / 退出码
                  0 done   3 declined   20 role   22 oneself   30 no such user   31 no reason
                  33 left already, the last administrator of a kind, or leaves a vacancy
                """)
        @OptionGroup var global: GlobalOptions
        @Argument(help: "who leaves / 离任用户") var leaver: String
        @Option(help: "why, for the auditors / 事由") var reason: String
        @Flag(help: "even if nobody else opens what he opens, or serves in his role / 接受无人接替") var acceptVacancy = false

        func run() throws {
            try global.atDesk { desk, console in
                try console.confirm(desk.leaveQuestion(leaver), global)
                console.give(try desk.leave(leaver, reason: reason, acceptsVacancy: acceptVacancy))
            }
        }
    }
}
