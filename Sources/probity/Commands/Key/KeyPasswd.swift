import ArgumentParser
import ProbityOffice

extension KeyCommand {
    struct Passwd: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change your passphrase. / 修改口令")
        @OptionGroup var global: GlobalOptions
        @Option(help: "file with the new passphrase / 新口令文件") var newPassphraseFile: String?

        func run() throws {
            try global.atDesk { desk, console in
                let passphrase =
                    try newPassphraseFile.map { try Passphrase.new(fromFile: $0) }
                    ?? Passphrase.askNew(desk.user, console)
                console.give(try desk.changePassphrase(passphrase))
            }
        }
    }
}
