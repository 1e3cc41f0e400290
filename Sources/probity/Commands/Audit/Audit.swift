import ArgumentParser

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "The ledger of acts. / 台账", subcommands: [List.self, Export.self, Verify.self],
        aliases: ["台账"])
}
