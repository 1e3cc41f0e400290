import ArgumentParser
import ProbityOffice

/// A command line that was not understood, in the reader's words.
///
/// The parser tells what is wrong in English only (swift-argument-parser issue 203). Its sentences are known by their form;
/// one that is not stands as it is behind the sentence that the command was not understood.
enum UsageErrors {
    /// Key of the sentence in the message catalogue, and the form of the parser's; what it quotes is the parameter `name`.
    private static var forms: [(key: String, form: Regex<(Substring, name: Substring)>)] {
        [
            ("usage.missing", /Missing expected argument '(?<name>.+)'/),
            ("usage.missingOne", /Missing one of: (?<name>'.+')/),
            ("usage.noValue", /Missing value for '(?<name>.+)'/),
            ("usage.unknownOption", /Unknown option '(?<name>[^']+)'.*/),
            ("usage.unexpected", /Unexpected argument '(?<name>.+)'/),
            ("usage.unexpected", /[0-9]+ unexpected arguments: '(?<name>.+)'/),
            ("usage.takesNoValue", /The option '(?<name>.+)' does not take any value.*/),
            ("usage.invalid", /The value '.*' is invalid for '(?<name>.+?)'.*/),
        ]
    }

    static func read(_ error: any Error, _ arguments: [String]) -> OfficeError {
        let (path, words, possible) = command(arguments)
        let names = possible.joined(separator: "  ")
        guard possible.isEmpty else {
            guard let word = words.first else {
                return OfficeError(.usage, "usage.noCommand", ["names": names, "command": path])
            }
            return OfficeError(.usage, "usage.unknownCommand", ["name": word, "names": names, "command": path])
        }
        let message = Probity.message(for: error)
        for (key, form) in forms {
            if let match = message.wholeMatch(of: form) {
                return OfficeError(.usage, key, ["name": String(match.name), "command": path])
            }
        }
        return OfficeError(.usage, "usage.other", ["message": message, "command": path])
    }

    /// The command that the first words name, the word that names none, and the names that there would be.
    private static func command(_ arguments: [String]) -> (path: String, rest: ArraySlice<String>, possible: [String]) {
        var (type, path, rest): (any ParsableCommand.Type, [String], ArraySlice<String>) = (
            Probity.self, ["probity"], arguments[...]
        )
        func names(_ type: any ParsableCommand.Type) -> [String] {
            [type._commandName] + type.configuration.aliases
        }
        while let word = rest.first, !word.hasPrefix("-"),
            let next = type.configuration.subcommands.first(where: { names($0).contains(word) })
        {
            (type, rest) = (next, rest.dropFirst())
            path.append(word)
        }
        return (
            path.joined(separator: " "), rest.prefix { !$0.hasPrefix("-") },
            type.configuration.subcommands.map { $0._commandName }
        )
    }
}
