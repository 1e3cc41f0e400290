import ArgumentParser

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Your key files, and the key of the pages. / 密钥",
        subcommands: [Passwd.self, Rotate.self],
        aliases: ["密钥"])
}
