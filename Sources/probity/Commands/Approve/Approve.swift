import ArgumentParser

struct ApproveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "What waits for a second person: certificates, grants, steps of records. / 审批",
        subcommands: [List.self, Show.self, Accept.self, Deny.self], aliases: ["审批"])
}
