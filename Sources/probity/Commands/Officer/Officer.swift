import ArgumentParser

struct OfficerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "officer", abstract: "The roster. / 人员",
        subcommands: [Add.self, Show.self, List.self, Import.self],
        aliases: ["人员"])
}
