import ArgumentParser
import ProbityOffice

extension ComplaintCommand {
    struct Tray: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What waits in the tray. / 待接收")
        @OptionGroup var global: GlobalOptions

        func run() throws {
            try global.atDesk { desk, console in try console.show(desk.tray()) }
        }
    }
}
