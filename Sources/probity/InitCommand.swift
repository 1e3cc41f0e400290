import ArgumentParser
import CanonicalJSON
import Foundation
import ProbityCrypto
import ProbityRecords
import ProbityStore

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Found an archive in a ceremony. / 建库")

    @OptionGroup var global: GlobalOptions
    @Option(help: "the ceremony as a JSON file / 建库方案文件")
    var ceremony: String?
    @Option(help: "folder with one passphrase file for each user (scripted ceremonies only) / 口令目录")
    var passphrases: String?

    func run() throws {
        let console = try global.console()
        let path = try global.archivePath()
        let plan = try ceremony.map { try CeremonyFile.read($0) } ?? CeremonyDialog(console: console).run()
        let problems = try plan.problems()
        guard problems.isEmpty else {
            for problem in problems { console.say("  " + console.text(problem.code, ["subject": problem.subject])) }
            throw CommandFailure(ExitCodes.invalidEntry, "cli.ceremonyIncomplete", ["count": String(problems.count)])
        }
        try Archive.create(at: path, ceremony: plan) { user in
            if let passphrases { return try Passphrase.fromFile("\(passphrases)/\(user)") }
            return try Passphrase.askNew(user, console)
        }
        if global.json {
            console.out("init", ["archive": .string(path), "users": .integer(Int64(plan.members.count))])
        } else {
            console.out(console.text("cli.initDone", ["archive": path, "users": String(plan.members.count)]))
            console.say(console.text("cli.initBackup", ["archive": path]))
        }
    }
}

/// Reads a ceremony from JSON; the format is in docs/formats.md.
enum CeremonyFile {
    static func read(_ path: String) throws -> Ceremony {
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
        guard let keyPath = value["recoveryKey"]?.string else { throw malformed("recoveryKey") }
        let folder = URL(filePath: path).deletingLastPathComponent()
        let keyFile = keyPath.hasPrefix("/") ? keyPath : folder.appending(path: keyPath).path
        guard let pem = FileManager.default.contents(atPath: keyFile) else {
            throw CommandFailure(60, "cli.fileUnreadable", ["path": keyFile])
        }
        let recovery: X25519PublicKey
        do throws(CryptoError) {
            recovery = try X25519PublicKey(pem: String(decoding: pem, as: UTF8.self))
        } catch { throw malformed("recoveryKey") }
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

    func run() throws -> Ceremony {
        guard Console.isInputTerminal else { throw CommandFailure(ExitCodes.usage, "cli.ceremonyNeeded") }
        func ask(_ key: String) throws -> String {
            guard let answer = console.ask(console.text(key)), !answer.isEmpty else {
                throw CommandFailure(ExitCodes.declined, "cli.declined")
            }
            return answer
        }
        let bureauID = try ask("cli.ask.bureauId")
        let name = try ask("cli.ask.bureauName")
        let rootUnit = try ask("cli.ask.rootUnit")
        let keyFile = try ask("cli.ask.recoveryKey")
        guard let pem = FileManager.default.contents(atPath: keyFile) else {
            throw CommandFailure(60, "cli.fileUnreadable", ["path": keyFile])
        }
        let policy = try AccessPolicy.standard()
        var members: [Ceremony.Member] = []
        for role in [Role.sysadmin, .secadmin, .auditor, .reviewer, .clerk, .promoter, .inspector, .supervisor] {
            let user = try ask("cli.ask.user.\(role.rawValue)")
            let grants = policy.readableCategories(role).filter { $0 != .reporter }
            members.append(
                Ceremony.Member(
                    user: user, role: role, unit: rootUnit, grants: grants.sorted { $0.rawValue < $1.rawValue }))
        }
        return Ceremony(
            bureauID: bureauID, name: name,
            units: [ProbityStore.Unit(id: rootUnit, parent: nil, kind: "bureau", name: name)],
            members: members, recoveryKey: try X25519PublicKey(pem: String(decoding: pem, as: UTF8.self)))
    }
}
