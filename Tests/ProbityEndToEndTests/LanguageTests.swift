import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

/// Words of Latin letters in a text for a Chinese reader.
enum LatinWords {
    /// What may stand there: identifiers, digests, times, names of files, formats and commands. Everything else has a word.
    private static let allowed = [
        // Digests, before anything that may be a part of one.
        "[0-9a-f]{64}", "[A-Za-z0-9+/]{43}=",
        // The program's and the ledger's own names, and a command to type with its options.
        "probity\\.example-county/ledger", "probity( [a-z][a-z-]*)*", "--[a-z][a-z-]*", "PROBITY_[A-Z_]+",
        "example-county",
        // Records, officers, items of the tray; units; numbers of auxiliaries; times; fingerprints.
        "[ROT]-[0-9A-Z…]+", "U[0-9]{2}", "[A-Z][0-9]{4}", "[0-9]T[0-9:]+",
        "[A-Z2-7]{4}(-[A-Z2-7]{4})+", "([0-9a-f]{4}[ :-])+[0-9a-f]{4}",
        // Forms of what is typed or read.
        "YYYY-MM-DD", "UTF-8", "GB18030", "CSV", "JSON", "L[1-3]",
    ]

    /// - Parameters:
    ///   - given: texts that stand for themselves: users, folders, what was typed.
    ///   - besideNames: whether a code may stand behind its name, for whoever has to type one.
    static func found(in text: String, given: [String], besideNames: Bool = false) -> Set<String> {
        var text = text
        for own in given.sorted(by: { $0.count > $1.count }) { text = text.replacingOccurrences(of: own, with: " ") }
        for pattern in allowed + (besideNames ? ["（[A-Za-z0-9.]+）"] : []) {
            text = text.replacingOccurrences(of: pattern, with: " ", options: .regularExpression)
        }
        return Set(text.matches(of: /[A-Za-z][A-Za-z0-9._\/=-]*/).map { String($0.output) })
    }
}

extension BuiltProgramOnCopies {
    /// What a person reads is in his language, codes replaced by their names.
    @Suite("Language")
    struct LanguageTests {
        private static let old = ["--purpose", "disciplineCase"]
        private static let daily = ["--purpose", "dailyManagement:例行核对"]
        private static let figures = ["--from", "2026-01-01", "--to", "2026-12-31", "--purpose", "statistics"]

        @Test("No command answers a Chinese reader with a code or an English word")
        func answers() throws {
            let copy = try SampleCopy()
            let given = copy.users + [copy.folder.path]
            func answer(
                _ user: String?, _ arguments: [String], _ status: Set<Int32> = [0], besideNames: Bool = false
            ) throws {
                let result = try copy.call(arguments, as: user)
                #expect(status.contains(result.status) && !result.output.isEmpty, "\(arguments): \(result.errors)")
                for (stream, text) in [("output", result.output), ("errors", result.errors)] {
                    let words = LatinWords.found(in: text, given: given, besideNames: besideNames)
                    #expect(words.isEmpty, "\(stream) of \(arguments): \(words.sorted()) in \(text)")
                }
            }
            func first(_ kind: String, as user: String, _ purpose: String) throws -> String {
                let found = try copy.call(["search", "--kind", kind, "--purpose", purpose, "--json"], as: user)
                return try #require(try found.objects.first?["records"]?.array?.first?["id"]?.string)
            }
            let sanction = try first("sanction", as: "inspector1", "disciplineCase")
            let complaint = try first("complaint", as: "inspector1", "disciplineCase")
            let event = try first("majorEvent", as: "clerk1", "dailyManagement")

            // What the ledger is to tell of: steps that wait and that were turned down, refusals, questions, exports.
            let waiting = try copy.call(["record", "withdraw", sanction, "--reason", "试图撤回"], as: "inspector1")
            let matter = waiting.output.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(waiting.status == 21 && Int(matter) != nil, "\(waiting.errors)")
            for (user, arguments) in [
                ("clerk1", ["access", "grant", "--to", "clerk-hewan", "--category", "talks", "--unit", "U00"]),
                ("clerk1", ["record", "list", "--officer", "990001", "--kind", "complaint"] + Self.daily),
                ("clerk1", ["officer", "show", "000000"] + Self.daily), ("clerk1", ["audit", "list"]),
                ("clerk-hewan", ["search", "--kind", "talk", "--since", "2026-01-01", "--state", "已谈话"] + Self.daily),
                ("clerk1", ["approve", "show", "4711"]), ("promoter1", ["record", "list", "--officer", "990001"]),
                ("auditor1", ["audit", "export", "--out", "\(copy.folder.path)/one", "--from", "0", "--to", "9"]),
                ("auditor1", ["audit", "export", "--out", "\(copy.folder.path)/all", "--openings"]),
                ("sysadmin1", ["backup", "create", "--to", copy.folder.path]),
                ("sysadmin1", ["key", "rotate", "--pages"]),
            ] { _ = try copy.call(arguments, as: user) }

            try answer(nil, ["version"])
            try answer(nil, ["status"])
            try answer("clerk1", ["status"])
            try answer("sysadmin1", ["check"])
            try answer(nil, ["exit-codes"])
            try answer(nil, ["schema"], besideNames: true)
            for kind in ["talk", "sanction", "officer", "complaint"] {
                try answer(nil, ["schema", kind], besideNames: true)
            }
            try answer("clerk1", ["unit", "list"])
            try answer("secadmin1", ["user", "list"])
            try answer("secadmin1", ["access", "list"])
            for (user, category) in [
                ("clerk1", "talks"), ("clerk1", "sanctions"), ("officer1", "roster"), ("auditor1", "audit"),
            ] {
                try answer(user, ["access", "explain", "--category", category])
            }
            try answer("clerk1", ["access", "explain", "--category", "谈话", "--act", "登记"])
            try answer("secadmin1", ["approve", "list"])
            for user in ["inspector1", "reviewer1"] {
                try answer(user, ["approve", "list"])
                try answer(user, ["approve", "show", matter])
            }
            try answer("reviewer1", ["approve", "deny", matter, "--reason", "处分决定没有撤销"])
            try answer("inspector1", ["approve", "list"])
            try answer("clerk1", ["officer", "list"] + Self.daily)
            try answer("clerk1", ["officer", "show", "990001"] + Self.daily)
            for officer in ["990004", "990005"] {
                try answer("clerk1", ["record", "list", "--officer", officer] + Self.daily)
            }
            try answer("clerk1", ["record", "show", event] + Self.daily)
            for record in [sanction, complaint] { try answer("inspector1", ["record", "show", record] + Self.old) }
            try answer("inspector1", ["search", "--limit", "200"] + Self.old)
            try answer("inspector1", ["complaint", "tray"] + Self.old)
            try answer("leader1", ["report", "counts", "--by", "形态", "--by", "unit"] + Self.figures)
            try answer("clerk1", ["report", "counts"] + Self.figures)
            for move in ["promotion", "晋升警衔"] {
                try answer(
                    "promoter1",
                    ["promote", "check", "--all", "--move", move, "--on", Sample.day, "--purpose", "promotionReview"],
                    [50, 51])
            }
            try answer(nil, ["audit", "verify", "\(copy.folder.path)/all"])
            try answer("auditor1", ["audit", "list", "--limit", "1000"])
        }
    }
}
