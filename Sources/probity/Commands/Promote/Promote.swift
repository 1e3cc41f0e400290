import ArgumentParser

struct PromoteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "The four musts. / 凡提四必", subcommands: [Check.self], aliases: ["凡提四必"])
}
