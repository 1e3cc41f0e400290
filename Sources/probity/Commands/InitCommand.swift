import ArgumentParser
import ProbityOffice

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Found an archive in a ceremony. / 建库")

    @OptionGroup var global: GlobalOptions
    @Option(help: "the ceremony as a JSON file / 建库方案文件")
    var ceremony: String?
    @Option(help: "file for the recovery sheet, to be printed and destroyed / 恢复密钥单文件")
    var recoverySheet: String?
    @Option(help: "folder with one passphrase file for each user (scripted ceremonies only) / 口令目录")
    var passphrases: String?

    func run() throws {
        let console = try global.console()
        let path = try global.visit.archivePath()
        try GivenFile.demandFree(path)
        if let recoverySheet { try GivenFile.demandPlace(recoverySheet, console.wording) }
        let sheet = try recoverySheet.map { (paper: try RecoveryPaper(console.wording), file: $0) }
        let founding =
            try ceremony.map { try Founding(file: $0, recovery: sheet?.paper) }
            ?? CeremonyDialog(console: console).run(sheet?.paper)
        try founding.demandComplete(console.wording)
        console.give(
            try founding.found(at: path, sheet: sheet, console.wording) { user in
                if let passphrases { return try Passphrase.new(fromFile: "\(passphrases)/\(user)") }
                return try Passphrase.askNew(user, console)
            })
    }
}
