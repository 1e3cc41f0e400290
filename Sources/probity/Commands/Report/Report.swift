import ArgumentParser

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Figures without persons. / 报表", subcommands: [Counts.self], aliases: ["报表"])
}
