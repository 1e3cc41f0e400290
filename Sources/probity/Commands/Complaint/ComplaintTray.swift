import ArgumentParser
import ProbityOffice

extension ComplaintCommand {
    struct Tray: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What waits in the tray, or one item as it was dropped. / 待接收")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "tray identifier, also of an item that was taken in / 待接收编号") var item: String?

        func run() throws {
            try global.atDesk { desk, console in
                if let item { try console.show(desk.trayItem(item)) } else { try console.show(desk.tray()) }
            }
        }
    }
}
