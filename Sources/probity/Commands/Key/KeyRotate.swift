import ArgumentParser
import ProbityOffice

extension KeyCommand {
    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put the archive under a new page key (system administrator). / 更换页密钥")
        @OptionGroup var global: GlobalOptions
        @Flag(help: "the key that seals the database's pages / 页密钥") var pages = false

        func run() throws {
            guard pages else { throw OfficeError(.usage, "cli.rotateWhat") }
            try global.atDesk { desk, console in
                console.give(
                    try desk.rotatePageKey { console.progress(console.text("cli.progress.rotate"), $0, $1) })
            }
        }
    }
}
