import ArgumentParser

struct AccessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "access", abstract: "Grants and the matrix. / 权限",
        subcommands: [Grant.self, List.self, Explain.self],
        aliases: ["权限"])
}
