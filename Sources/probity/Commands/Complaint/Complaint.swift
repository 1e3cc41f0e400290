import ArgumentParser

struct ComplaintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "complaint", abstract: "Complaints and the tray. / 信访举报",
        subcommands: [Open.self, Tray.self, TakeIn.self], aliases: ["举报"])
}
