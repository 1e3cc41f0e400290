import ArgumentParser
import CanonicalJSON
import Foundation
import ProbityCrypto
import ProbityRecords
import ProbityReports
import ProbityStore

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
    @Flag(help: "answer yes to what would be asked / 确认")
    var yes = false
    @Flag(help: "say nothing but results and errors / 只输出结果和错误")
    var quiet = false
    @Flag(help: "never ask; fail instead / 不提问")
    var noInput = false
    @Option(help: "seconds to wait for another writer / 等待写锁秒数")
    var lockWait: Double = 30

    func console() throws -> Console {
        try Console(language: Console.language(lang), isJSON: json, isQuiet: quiet, mayAsk: !noInput)
    }

    private static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    func archivePath() throws -> String {
        guard let path = archive ?? GlobalOptions.environment("PROBITY_ARCHIVE") else {
            throw CommandFailure(ExitCodes.usage, "cli.archiveNeeded")
        }
        return path
    }

    func passphrase(for user: String, _ console: Console) throws -> SecretBytes {
        if let passphraseFd { return try Passphrase.fromDescriptor(passphraseFd) }
        if let path = passphraseFile ?? GlobalOptions.environment("PROBITY_PASSPHRASE_FILE") {
            return try Passphrase.fromFile(path)
        }
        return try Passphrase.ask("cli.passphraseOf", user, console)
    }

    /// A passphrase for keys that are made now.
    func newPassphrase(for user: String, _ console: Console) throws -> SecretBytes {
        if let passphraseFd {
            let secret = try Passphrase.fromDescriptor(passphraseFd)
            guard secret.count >= Passphrase.minimumByteCount else {
                throw CommandFailure(
                    ExitCodes.invalidEntry, "cli.passphraseShort", ["count": String(Passphrase.minimumByteCount)])
            }
            return secret
        }
        if let path = passphraseFile ?? GlobalOptions.environment("PROBITY_PASSPHRASE_FILE") {
            return try Passphrase.new(fromFile: path)
        }
        return try Passphrase.askNew(user, console)
    }

    /// Unlocks the user who acts and opens the archive with his key to its pages.
    func openArchive(_ console: Console, acceptsReadOnly: Bool = false) throws -> (Archive, Identity) {
        let identity = try unlock(console)
        let archive = try Archive.open(
            at: archivePath(), identity: identity, lockWaitSeconds: lockWait, acceptsReadOnly: acceptsReadOnly)
        return (archive, identity)
    }

    /// Whether a user is named, for the commands that tell more to one.
    var hasUser: Bool { (user ?? GlobalOptions.environment("PROBITY_USER")) != nil }

    func userName() throws -> String {
        guard let user = user ?? GlobalOptions.environment("PROBITY_USER") else {
            throw CommandFailure(ExitCodes.usage, "cli.userNeeded")
        }
        return user
    }

    func date(_ text: String?, _ option: String) throws -> CivilDate? {
        guard let text else { return nil }
        guard let date = CivilDate(text) else {
            throw CommandFailure(ExitCodes.usage, "cli.dateForm", ["option": option, "value": text])
        }
        return date
    }

    /// Where this user's side remembers the last head it saw.
    func stateFolder(_ user: String) -> String? {
        if let folder = GlobalOptions.environment("PROBITY_STATE_DIR") { return "\(folder)/\(user)" }
        if let folder = GlobalOptions.environment("XDG_STATE_HOME") { return "\(folder)/probity/\(user)" }
        return GlobalOptions.environment("HOME").map { "\($0)/.local/state/probity/\(user)" }
    }

    /// Unlocks the keys of the user who acts; a failure has no key to sign a ledger line with and goes to the system's log.
    func unlock(_ console: Console) throws -> Identity { try unlock(console, at: archivePath()) }

    /// As above, with the key files of the archive or backup at `path`.
    func unlock(_ console: Console, at path: String) throws -> Identity {
        let folder = try ArchiveFolder(path)
        let user = try userName()
        do {
            return try Identity.unlock(
                user: user, folder: Archive.keysFolder(folder.path), passphrase: passphrase(for: user, console))
        } catch let error as ArchiveError where error.code == .wrongPassphrase {
            SystemLog.failedUnlock(user: user)
            throw error
        }
    }

    /// Opens the archive, unlocks the user and runs `body`.
    func withSession(_ body: (Session, Console) throws -> Void) throws {
        let console = try console()
        let questionDate = try date(on, "--on")
        let (archive, identity) = try openArchive(console)
        let session = try Session(archive, identity: identity, stateFolder: stateFolder(identity.user))
        session.purpose = purpose.map { Purpose($0) }
        session.questionDate = questionDate
        session.clockIsConfirmed = yes
        try body(session, console)
        for warning in session.warnings { console.say("probity: \(warning)") }
    }
}

/// The system's log: the only place for an attempt that has no key to sign a ledger line with.
enum SystemLog {
    static func failedUnlock(user: String) {
        // `logger` is part of every Debian; where it is missing there is no log to write to either.
        guard UserID.isValid(user), FileManager.default.isExecutableFile(atPath: "/usr/bin/logger") else { return }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/logger")
        process.arguments = ["-t", "probity", "-p", "auth.notice", "unlock failed for user \(user)"]
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return }
        process.waitUntilExit()
    }
}
