import Foundation
import Glibc
import ProbityOffice

/// What a person reads and types. Data goes to standard output, talk to standard error; both in the chosen language.
struct Console {
    let wording: Wording
    let isJSON: Bool
    let isQuiet: Bool
    /// Whether a person is there to be asked: a terminal on standard input, and no `--no-input`.
    let mayAsk: Bool

    init(language: String, isJSON: Bool, isQuiet: Bool = false, mayAsk: Bool = true) throws {
        wording = try Wording(language: language)
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        self.mayAsk = mayAsk && Console.isInputTerminal
    }

    /// The language of `--lang`, else of the locale, else Chinese: the people who use it are.
    static func language(_ option: String?) -> String {
        if let option, Wording.languages.contains(option) { return option }
        let variables = ProcessInfo.processInfo.environment
        for name in ["LC_ALL", "LC_MESSAGES", "LANG"] {
            guard let value = variables[name], !value.isEmpty else { continue }
            return value.hasPrefix("en") ? "en" : "zh"
        }
        return "zh"
    }

    func text(_ key: String, _ params: [String: String] = [:]) -> String { wording.text(key, params) }

    func out(_ line: String) { print(isJSON ? line : Console.plain(line)) }

    /// A text as a terminal may get it: what would move the cursor or turn the order of what is shown becomes a mark (U+FFFD).
    static func plain(_ text: String) -> String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.value {
            case 0x09, 0x0A: false
            case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: true
            default: false
            }
        }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }

    /// Talk, which `--quiet` leaves out.
    func remark(_ line: String) { if !isQuiet { say(line) } }

    func say(_ line: String) {
        // What was printed before comes before, also where the two streams end in one file.
        fflush(nil)
        FileHandle.standardError.write(Data((Console.plain(line) + "\n").utf8))
    }

    /// Clears the screen and what can be scrolled back to (ECMA-48 ED 2; 3 is what xterm added for the lines above).
    func clearScreen() {
        guard Console.isErrorTerminal else { return }
        FileHandle.standardError.write(Data("\u{1B}[H\u{1B}[2J\u{1B}[3J".utf8))
    }

    static var isInputTerminal: Bool { isatty(0) == 1 }
    static var isErrorTerminal: Bool { isatty(2) == 1 }

    /// Asks on the terminal; nil where there is nobody to ask.
    func ask(_ question: String) -> String? {
        guard mayAsk else { return nil }
        FileHandle.standardError.write(Data((Console.plain(question) + " ").utf8))
        return readLine()
    }

    /// Asks for a yes before something is done: on a terminal a person answers, elsewhere `--yes` does. Nothing is taken for a
    /// yes but one.
    ///
    /// - Throws: ``OfficeError`` `declined` for any other answer, and where there is nobody to ask.
    func confirm(_ question: String, _ global: GlobalOptions) throws {
        if global.yes { return }
        guard mayAsk else { throw OfficeError(.declined, "cli.confirmationNeeded", ["question": question]) }
        let answer = ask("\(question) [\(text("cli.yes"))/\(text("cli.no"))]") ?? ""
        guard ["y", "yes", "是", text("cli.yes")].contains(answer.lowercased()) else {
            throw OfficeError(.declined, "cli.declined")
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
        let refusal = Refusal(error, wording)
        let code = ExitCodes.of(refusal.outcome)
        for detail in refusal.details { say("  " + detail) }
        say("probity: \(text("cli.error")): \(refusal.message)")
        if let hint = refusal.hint { say("probity: \(text("cli.hint")): \(hint)") }
        if isJSON { say(refusal.json(code: code).text) }
        return code
    }
}
