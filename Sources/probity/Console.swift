import CanonicalJSON
import Foundation
import Glibc
import ProbityRecords
import ProbityReports
import ProbityStore

/// What a person reads and types. Data goes to standard output, talk to standard error; both in the chosen language.
struct Console {
    let language: Language
    let messages: MessageCatalogue
    let isJSON: Bool
    let isQuiet: Bool
    /// Whether a person is there to be asked: a terminal on standard input, and no `--no-input`.
    let mayAsk: Bool

    init(language: Language, isJSON: Bool, isQuiet: Bool = false, mayAsk: Bool = true) throws {
        self.language = language
        self.messages = try MessageCatalogue.standard(language)
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        self.mayAsk = mayAsk && Console.isInputTerminal
    }

    /// The language of `--lang`, else of the locale, else Chinese: the people who use it are.
    static func language(_ option: String?) -> Language {
        if let option, let language = Language(rawValue: option) { return language }
        let variables = ProcessInfo.processInfo.environment
        for name in ["LC_ALL", "LC_MESSAGES", "LANG"] {
            guard let value = variables[name], !value.isEmpty else { continue }
            return value.hasPrefix("en") ? .en : .zh
        }
        return .zh
    }

    func text(_ key: String, _ params: [String: String] = [:]) -> String { messages.text(key, params) }

    func out(_ line: String) { print(line) }

    /// One JSON object on standard output.
    func out(_ schema: String, _ members: [String: JSONValue]) {
        var members = members
        members["schema"] = .string("probity/\(schema)/v1")
        print(JSONValue.object(members).canonicalText)
    }

    /// Talk, which `--quiet` leaves out.
    func remark(_ line: String) { if !isQuiet { say(line) } }

    func say(_ line: String) {
        // What was printed before comes before, also where the two streams end in one file.
        fflush(nil)
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    func say(_ key: String, _ params: [String: String]) { say(text(key, params)) }

    static var isInputTerminal: Bool { isatty(0) == 1 }
    static var isErrorTerminal: Bool { isatty(2) == 1 }

    /// Asks on the terminal; nil where there is nobody to ask.
    func ask(_ question: String) -> String? {
        guard mayAsk else { return nil }
        FileHandle.standardError.write(Data((question + " ").utf8))
        return readLine()
    }

    /// Asks for a yes before something is done: on a terminal a person answers, elsewhere the command line already has.
    ///
    /// - Throws: ``CommandFailure`` with exit code 3 for any other answer.
    func confirm(_ question: String, _ global: GlobalOptions) throws {
        guard !global.yes, mayAsk else { return }
        let answer = ask("\(question) [\(text("cli.yes"))/\(text("cli.no"))]") ?? ""
        guard ["y", "yes", "是", text("cli.yes")].contains(answer.lowercased()) else {
            throw CommandFailure(ExitCodes.declined, "cli.declined")
        }
    }

    /// A bar on a terminal, nothing elsewhere; a carriage return keeps it on one line.
    func progress(_ label: String, _ done: UInt64, _ total: UInt64?) {
        guard Console.isErrorTerminal, !isQuiet else { return }
        var line = "\r\(label) \(done)"
        if let total, total > 0 {
            let filled = Int(done * 30 / total)
            line =
                "\r\(label) [\(String(repeating: "#", count: filled))\(String(repeating: ".", count: 30 - filled))] \(done)/\(total)"
            if done >= total { line += "\n" }
        }
        FileHandle.standardError.write(Data(line.utf8))
    }

    /// Prints an error and what helps, and gives the exit code. With `--json` the last line is an object.
    func report(_ error: any Error) -> Int32 {
        let code: Int32
        let identifier: String
        var reason: String
        var subject: String?
        var hintKey = ""
        switch error {
        case let error as ArchiveError:
            code = ExitCodes.of(error.code)
            identifier = error.code.rawValue
            let rule = error.rule.map { "error.\($0)" } ?? ""
            hintKey = "hint.\(error.rule ?? identifier)"
            reason = text(
                messages.contains(rule) ? rule : "error.\(identifier)", ["subject": error.subject ?? ""])
            subject = error.subject
            // The precise rule is for whoever has to fix it; it names rules and identifiers only.
            reason += " (\(error.reason))"
        case let failure as CommandFailure:
            code = failure.exitCode
            identifier = failure.key
            reason = text(failure.key, failure.params)
        case let error as SchemaError:
            (code, identifier, reason) = (ExitCodes.unclassified, "schema", error.description)
        default:
            (code, identifier, reason) = (ExitCodes.unclassified, "unclassified", "\(error)")
        }
        say("probity: \(text("cli.error")): \(reason)")
        if hintKey.isEmpty { hintKey = "hint.\(identifier)" }
        let hint = messages.contains(hintKey) ? text(hintKey, ["subject": subject ?? ""]) : nil
        if let hint { say("probity: \(text("cli.hint")): \(hint)") }
        if isJSON {
            var members: [String: JSONValue] = [
                "message_type": .string("exit_error"), "code": .integer(Int64(code)), "id": .string(identifier),
                "message": .string(reason),
            ]
            if let hint { members["hint"] = .string(hint) }
            say(JSONValue.object(members).canonicalText)
        }
        return code
    }
}

/// An end of a command that is no error of the archive.
struct CommandFailure: Error {
    let exitCode: Int32
    let key: String
    let params: [String: String]

    init(_ exitCode: Int32, _ key: String, _ params: [String: String] = [:]) {
        self.exitCode = exitCode
        self.key = key
        self.params = params
    }
}

/// Ends the program with a code after a command that did its work: an answer "no" is an answer.
struct Verdict: Error {
    let exitCode: Int32
}
