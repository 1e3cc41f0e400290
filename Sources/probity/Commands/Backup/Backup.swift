import ArgumentParser

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies of the archive that can take its place. / 备份",
        subcommands: [Create.self, Verify.self, Restore.self], aliases: ["备份"])
}
