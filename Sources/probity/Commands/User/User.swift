import ArgumentParser

struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Users and their certificates. / 用户",
        subcommands: [Request.self, Add.self, Accept.self, Leave.self, List.self],
        aliases: ["用户"]
    )
}
