import ArgumentParser

struct UnitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unit", abstract: "The organisation tree. / 单位", subcommands: [Add.self, List.self],
        aliases: ["单位"])
}
