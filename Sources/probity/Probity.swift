import ArgumentParser
import Foundation
import Glibc
import ProbityOffice

/// The program: `probity NOUN VERB`.
struct Probity: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probity", abstract: "Integrity files of police officers: file, check, audit. / 廉政档案",
        discussion: """
            A first day, with the archive in ./archive (PROBITY_ARCHIVE) and your name in PROBITY_USER:

              probity officer import officers.csv --dry-run      what would come in, and every row that would not
              probity record add --kind majorEvent --officer 990009 --set eventKind=me06 …
              probity record list --officer 990009 --purpose dailyManagement
              probity promote check --officer 990009 --purpose promotionReview
              probity audit export --out export && probity audit verify export

            Fields of a kind: probity schema KIND. Why something was refused: probity access explain.
            Passphrases come from the terminal, --passphrase-file or --passphrase-fd, never from the command line.

            EXIT STATUS / 退出码
              0 done   20-24 not allowed   30 not found or not visible   31-33 not valid   40-43 integrity
              50 findings   51 pending   60 disk   64 usage   probity exit-codes lists them all
            """,
        subcommands: [
            InitCommand.self, StatusCommand.self, UserCommand.self, AccessCommand.self, ApproveCommand.self,
            UnitCommand.self,
            OfficerCommand.self, RecordCommand.self, ImportCommand.self, ComplaintCommand.self, SearchCommand.self,
            PromoteCommand.self, ReportCommand.self, AuditCommand.self, CheckCommand.self, KeyCommand.self,
            BackupCommand.self, SchemaCommand.self, ExitCodesCommand.self, VersionCommand.self,
        ],
        aliases: ["廉政档案"])
}

@main
struct Main {
    /// What `--lang zh` or `--lang=zh` says, for an error of a command line that was not read; the last one counts.
    private static func language(_ arguments: [String]) -> String? {
        for (index, argument) in arguments.enumerated().reversed() {
            if argument.hasPrefix("--lang=") { return String(argument.dropFirst("--lang=".count)) }
            if argument == "--lang", arguments.indices.contains(index + 1) { return arguments[index + 1] }
        }
        return nil
    }

    static func main() {
        // Files of the archive belong to its group; nothing is for the world. No core file may hold a key.
        _ = umask(0o007)
        Passphrase.forbidCoreFiles()
        // A file-size limit is a full disk by another name: an error to report, not a signal to die of.
        _ = signal(SIGXFSZ, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            var command = try Probity.parseAsRoot(arguments)
            try command.run()
        } catch let verdict as Verdict {
            exit(ExitCodes.of(verdict.outcome))
        } catch {
            let code = Probity.exitCode(for: error)
            // A request for help, or for the version.
            if code == .success { Probity.exit(withError: error) }
            let language = Main.language(arguments)
            do {
                let console = try Console(language: Console.language(language), isJSON: arguments.contains("--json"))
                exit(console.report(code == .failure ? error : UsageErrors.read(error, arguments)))
            } catch {
                FileHandle.standardError.write(Data("probity: \(error)\n".utf8))
                exit(ExitCodes.of(.unclassified))
            }
        }
    }
}
