import ArgumentParser
import CanonicalJSON
import Foundation
import Glibc
import ProbityCrypto
import ProbityRecords
import ProbityStore

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
        let path = try global.archivePath()
        guard !FileManager.default.fileExists(atPath: path) else {
            throw ArchiveError(.alreadyExists, "something is at this path", subject: path)
        }
        let sheet = try recoverySheet.map { path in
            let sheet = try RecoverySheet()
            try SheetText(sheet, console).write(to: path)
            return sheet
        }
        let plan =
            try ceremony.map { try CeremonyFile.read($0, sheet) } ?? CeremonyDialog(console: console).run(sheet)
        let problems = try plan.problems()
        guard problems.isEmpty else {
            for problem in problems { console.say("  " + console.text(problem.code, ["subject": problem.subject])) }
            throw CommandFailure(ExitCodes.invalidEntry, "cli.ceremonyIncomplete", ["count": String(problems.count)])
        }
        try Archive.create(at: path, ceremony: plan) { user in
            if let passphrases { return try Passphrase.new(fromFile: "\(passphrases)/\(user)") }
            return try Passphrase.askNew(user, console)
        }
        if global.json {
            console.out("init", ["archive": .string(path), "users": .integer(Int64(plan.members.count))])
        } else {
            console.out(console.text("cli.initDone", ["archive": path, "users": String(plan.members.count)]))
            console.say(console.text("cli.initBackup", ["archive": path]))
            if let recoverySheet { console.say(console.text("cli.sheetWritten", ["file": recoverySheet])) }
        }
    }
}

/// Reads a ceremony from JSON; the format is in docs/formats.md.
enum CeremonyFile {
    /// - Parameter sheet: the recovery key, where the ceremony makes one instead of naming a file.
    static func read(_ path: String, _ sheet: RecoverySheet?) throws -> Ceremony {
        func malformed(_ what: String) -> CommandFailure {
            CommandFailure(ExitCodes.invalidEntry, "cli.ceremonyForm", ["path": path, "what": what])
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(60, "cli.fileUnreadable", ["path": path])
        }
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: [UInt8](data)) } catch {
            throw malformed(error.description)
        }
        guard let bureauID = value["bureauId"]?.string else { throw malformed("bureauId") }
        guard let name = value["name"]?.string else { throw malformed("name") }
        let recovery: X25519PublicKey
        if let sheet {
            // Two keys would leave it open which of them opens the archive.
            guard value["recoveryKey"] == nil else { throw malformed("recoveryKey, --recovery-sheet") }
            recovery = sheet.publicKey
        } else {
            guard let keyPath = value["recoveryKey"]?.string else { throw malformed("recoveryKey") }
            let folder = URL(filePath: path).deletingLastPathComponent()
            let keyFile = keyPath.hasPrefix("/") ? keyPath : folder.appending(path: keyPath).path
            guard let pem = FileManager.default.contents(atPath: keyFile) else {
                throw CommandFailure(60, "cli.fileUnreadable", ["path": keyFile])
            }
            do throws(CryptoError) {
                recovery = try X25519PublicKey(pem: String(decoding: pem, as: UTF8.self))
            } catch { throw malformed("recoveryKey") }
        }
        let units = try (value["units"]?.array ?? []).map { unit -> ProbityStore.Unit in
            guard let id = unit["id"]?.string, let kind = unit["kind"]?.string, let name = unit["name"]?.string else {
                throw malformed("units")
            }
            return ProbityStore.Unit(id: id, parent: unit["parent"]?.string, kind: kind, name: name)
        }
        let members = try (value["users"]?.array ?? []).map { user -> Ceremony.Member in
            guard let id = user["user"]?.string, let role = user["role"]?.string.flatMap(Role.init(rawValue:)),
                let unit = user["unit"]?.string, let grants = user["grants"]?.array
            else { throw malformed("users") }
            return Ceremony.Member(
                user: id, role: role, unit: unit,
                grants: try grants.map {
                    guard let category = $0.string.flatMap(ProbityRecords.Category.init(rawValue:)) else {
                        throw malformed("users.\(id).grants")
                    }
                    return category
                })
        }
        return Ceremony(bureauID: bureauID, name: name, units: units, members: members, recoveryKey: recovery)
    }
}

/// The ceremony at the terminal: the smallest bureau that works, to be widened afterwards.
struct CeremonyDialog {
    let console: Console

    func run(_ written: RecoverySheet?) throws -> Ceremony {
        guard console.mayAsk else { throw CommandFailure(ExitCodes.usage, "cli.ceremonyNeeded") }
        func ask(_ key: String) throws -> String {
            guard let answer = console.ask(console.text(key)), !answer.isEmpty else {
                throw CommandFailure(ExitCodes.declined, "cli.declined")
            }
            return answer
        }
        let bureauID = try ask("cli.ask.bureauId")
        let name = try ask("cli.ask.bureauName")
        let rootUnit = try ask("cli.ask.rootUnit")
        let policy = try AccessPolicy.standard()
        var members: [Ceremony.Member] = []
        for role in [Role.sysadmin, .secadmin, .auditor, .reviewer, .clerk, .promoter, .inspector, .supervisor] {
            let user = try ask("cli.ask.user.\(role.rawValue)")
            let grants = policy.readableCategories(role).filter { $0 != .reporter }
            members.append(
                Ceremony.Member(
                    user: user, role: role, unit: rootUnit, grants: grants.sorted { $0.rawValue < $1.rawValue }))
        }
        let sheet = try written ?? copiedSheet()
        return Ceremony(
            bureauID: bureauID, name: name,
            units: [ProbityStore.Unit(id: rootUnit, parent: nil, kind: "bureau", name: name)],
            members: members, recoveryKey: sheet.publicKey)
    }

    /// Shows a new recovery key to be copied by hand, asks two of its lines back, and clears the screen.
    ///
    /// Who cannot type the lines back has no recovery; better to know that before there is something to lose.
    private func copiedSheet() throws -> RecoverySheet {
        let sheet = try RecoverySheet()
        for line in SheetText(sheet, console).lines { console.say(line) }
        var asked: Set<Int> = []
        while asked.count < 2 {
            let number = Int.random(in: 1...RecoverySheet.lineCount)
            guard asked.insert(number).inserted else { continue }
            var isRight = false
            for _ in 0..<3 where !isRight {
                guard let typed = console.ask(console.text("cli.ask.sheetLine", ["number": String(number)])) else {
                    break
                }
                isRight = sheet.matches(typed, number: number)
                if !isRight { console.say(console.text("cli.sheetLineWrong", ["number": String(number)])) }
            }
            guard isRight else { throw CommandFailure(ExitCodes.declined, "cli.sheetNotCopied") }
        }
        // The screen and what can be scrolled back to (ECMA-48 ED 2 and 3): the key is on paper now.
        console.say("\u{1B}[H\u{1B}[2J\u{1B}[3J" + console.text("cli.sheetCopied"))
        return sheet
    }
}

/// A recovery sheet in words, for paper.
struct SheetText {
    let lines: [String]

    init(_ sheet: RecoverySheet, _ console: Console) {
        let key = sheet.publicKey.rawBytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        lines =
            [console.text("cli.sheetTitle"), ""] + sheet.lines.map { "    " + $0 }
            + ["", console.text("cli.sheetKey", ["key": key]), console.text("cli.sheetUse"), ""]
    }

    /// Writes a file that only its owner reads, and that was not there before.
    func write(to path: String) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw CommandFailure(errno == EEXIST ? 14 : 60, "cli.sheetFile", ["path": path]) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8))
            try handle.synchronize()
        } catch {
            throw CommandFailure(60, "cli.sheetFile", ["path": path])
        }
    }
}
