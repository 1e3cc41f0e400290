import ArgumentParser

struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Records of officers. / 记录",
        subcommands: [Add.self, Show.self, List.self, Amend.self, Withdraw.self, Advance.self], aliases: ["记录"])
}
