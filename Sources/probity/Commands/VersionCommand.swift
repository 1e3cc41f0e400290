import ArgumentParser

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Version and formats. / 版本")

    func run() throws {
        print("probity 0.1 archive format 1 suite intl")
    }
}
