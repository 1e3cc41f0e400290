import ArgumentParser
import Foundation
import ProbityOffice

/// Options of every command.
struct GlobalOptions: ParsableArguments {
    @Option(help: "folder of the archive (PROBITY_ARCHIVE) / 档案库目录")
    var archive: String?
    @Option(help: "user who acts (PROBITY_USER) / 用户")
    var user: String?
    @Option(help: "file with the passphrase (PROBITY_PASSPHRASE_FILE) / 口令文件")
    var passphraseFile: String?
    @Option(help: "descriptor to read the passphrase from / 口令文件描述符")
    var passphraseFd: Int32?
    @Option(help: "why you read: CODE or CODE:reason / 用途")
    var purpose: String?
    @Flag(help: "one JSON object or JSON lines on standard output / 输出 JSON")
    var json = false
    @Option(help: "date of the question, YYYY-MM-DD / 提问日期")
    var on: String?
    @Option(help: "zh or en / 语言")
    var lang: String?
    @Flag(help: "answer yes to what would be asked: a person, a step that no command takes back / 确认")
    var yes = false
    @Flag(help: "the clock is right, though more than a day ahead of the last ledger line / 确认时钟无误")
    var acceptClock = false
    @Flag(help: "say nothing but results and errors / 只输出结果和错误")
    var quiet = false
    @Flag(help: "never ask; what would need a yes is refused without --yes / 不提问")
    var noInput = false
    @Option(help: "seconds to wait for another writer / 等待写锁秒数")
    var lockWait: Double = 30

    func console() throws -> Console {
        try Console(language: Console.language(lang), isJSON: json, isQuiet: quiet, mayAsk: !noInput)
    }

    private static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Who comes to which archive, by the options and the environment.
    var visit: Visit {
        var visit = Visit(
            archive: archive ?? GlobalOptions.environment("PROBITY_ARCHIVE"),
            user: user ?? GlobalOptions.environment("PROBITY_USER"))
        visit.purpose = purpose
        visit.questionDate = on
        visit.clockIsConfirmed = acceptClock
        visit.lockWaitSeconds = lockWait.isNaN ? 0 : min(max(lockWait, 0), 86_400)
        visit.stateRoot =
            GlobalOptions.environment("PROBITY_STATE_DIR")
            ?? GlobalOptions.environment("XDG_STATE_HOME").map { "\($0)/probity" }
            ?? GlobalOptions.environment("HOME").map { "\($0)/.local/state/probity" }
        return visit
    }

    private var passphrasePath: String? {
        passphraseFile ?? GlobalOptions.environment("PROBITY_PASSPHRASE_FILE")
    }

    /// The passphrase of a user: from a descriptor, a file or the terminal.
    func passphrase(_ console: Console) -> Visit.PassphraseSource {
        { user in
            if let passphraseFd { return try Passphrase.fromDescriptor(passphraseFd) }
            if let path = passphrasePath { return try Passphrase.fromFile(path) }
            return try Passphrase.ask("cli.passphraseOf", user, console)
        }
    }

    /// A passphrase for keys that are made now.
    func newPassphrase(_ console: Console) -> Visit.PassphraseSource {
        { user in
            if let passphraseFd { return try Passphrase.new(fromDescriptor: passphraseFd) }
            if let path = passphrasePath { return try Passphrase.new(fromFile: path) }
            return try Passphrase.askNew(user, console)
        }
    }

    /// Opens the archive, unlocks the user and runs `body` at his desk.
    func atDesk(_ body: (Desk, Console) throws -> Void) throws {
        let console = try console()
        let desk = try Desk.open(visit, console.wording, passphrase: passphrase(console))
        // Also after an answer "no", which is thrown.
        defer { for warning in desk.warnings { console.say("probity: \(warning)") } }
        try body(desk, console)
    }
}
