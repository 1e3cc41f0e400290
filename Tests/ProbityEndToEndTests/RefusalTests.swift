import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

extension BuiltProgram {
    /// What a person reads when he is refused.
    @Suite("Refusals")
    struct RefusalTests {
        /// Every code that stands in the schema, and some of the rules': none of them is for people.
        private static func codes() throws -> Set<String> {
            var codes: Set<String> = []
            func files(_ folder: String) throws -> [JSONValue] {
                try FileManager.default.contentsOfDirectory(atPath: "\(Sample.root)/Schema/\(folder)").map {
                    let data = try Data(contentsOf: URL(filePath: "\(Sample.root)/Schema/\(folder)/\($0)"))
                    return try JSONValue(parsing: [UInt8](data))
                }
            }
            for kind in try files("Kinds") {
                codes.insert(kind["id"]?.string ?? "")
                for field in kind["fields"]?.array ?? [] { codes.insert(field["name"]?.string ?? "") }
                for rule in kind["constraints"]?.array ?? [] { codes.insert(rule["id"]?.string ?? "") }
            }
            for list in try files("CodeLists") {
                for code in list["codes"]?.array ?? [] { codes.insert(code["code"]?.string ?? "") }
            }
            return codes.union([
                "roleDoesNotRead", "roleDoesNotFile", "roleDoesNotAct", "kindNotAllowed", "administrator", "notOwnFile",
                "requiredByRule", "missing", "recusal", "configure", "manageRoles", "exportAudit", "readLedger",
            ]).filter { $0.count > 2 && $0.contains(where: \.isLetter) }
        }

        /// Words of Latin letters, digits and dots in a text, without what stands in parentheses behind a name or is a command
        /// to type.
        private static func words(_ text: String) -> Set<String> {
            var text = text
            for pattern in ["（[A-Za-z]+）", "\\([A-Za-z]+\\)", "probity [a-z -]+", "--[a-z-]+( CODE:reason)?"] {
                text = text.replacingOccurrences(of: pattern, with: " ", options: .regularExpression)
            }
            var words: Set<String> = []
            var word = ""
            for character in text + " " {
                if character.isASCII, character.isLetter || character.isNumber || character == "." {
                    word.append(character)
                } else if !word.isEmpty {
                    words.insert(word)
                    word = ""
                }
            }
            return words
        }

        private static let reading = ["--purpose", "dailyManagement"]
        private static func talk(_ more: [String]) -> [String] {
            ["record", "add", "--kind", "talk", "--officer", "990001"] + more.flatMap { ["--set", $0] }
        }

        private static let refusals: [(user: String, arguments: [String], status: Int32)] = [
            ("clerk1", ["record", "list", "--officer", "990001", "--kind", "complaint"] + reading, 20),
            (
                "promoter1",
                ["record", "list", "--officer", "990001", "--kind", "complaint", "--purpose", "promotionReview"], 20
            ),
            (
                "promoter1",
                ["record", "list", "--officer", "990001", "--kind", "talk", "--purpose", "promotionReview"], 20
            ),
            ("sysadmin1", ["officer", "show", "990001"] + reading, 20),
            ("auditor1", ["record", "list", "--officer", "990001"] + reading, 20),
            ("leader1", ["officer", "show", "990001"] + reading, 20),
            ("clerk1", ["key", "rotate", "--pages"], 20), ("clerk1", ["audit", "list"], 20),
            ("clerk1", ["audit", "export", "--out", "/tmp/probity-never"], 20),
            ("clerk1", ["promote", "check", "--officer", "990001"] + reading, 20),
            ("clerk1", ["unit", "add", "--id", "U99", "--parent", "U00", "--kind", "station", "--name", "x"], 20),
            ("clerk1", ["backup", "create", "--to", "/tmp"], 20),
            ("clerk1", ["complaint", "tray"] + reading, 20),
            ("promoter1", talk(["talkKind=remind"]), 31),
            ("clerk1", ["import", "\(Sample.root)/Samples/records/sanction.csv", "--kind", "sanction"], 20),
            ("promoter1", ["import", "\(Sample.root)/Samples/records/opinion.csv", "--kind", "opinion"], 20),
            ("clerk1", ["officer", "show", "990001"], 23),
            ("clerk1", ["officer", "show", "990001", "--purpose", "audit"], 23),
            ("leader1", ["report", "counts", "--from", "2026-01-01", "--to", "2026-12-31"] + reading, 23),
            (
                "promoter1",
                ["report", "counts", "--from", "2026-01-01", "--to", "2026-12-31", "--purpose", "promotionReview"], 23
            ),
            (
                "leader1",
                ["report", "counts", "--from", "2026-01-02", "--to", "2026-12-31", "--purpose", "statistics"], 20
            ),
            ("clerk1", ["officer", "show", "000000"] + reading, 30),
            ("clerk1", ["record", "show", "R-0000000000001"] + reading, 30),
            ("clerk1", ["officer", "list", "--unit", "U99"] + reading, 30),
            ("clerk-hewan", ["officer", "show", "990001"] + reading, 30),
            ("clerk1", talk(["talkKind=remind", "talkOn=2026-03-05"]), 31),
            ("clerk1", talk(["talkKind=flying"]), 31),
            ("clerk1", ["record", "add", "--kind", "majorEvent", "--officer", "990001", "--set", "unknown=1"], 31),
            (
                "clerk1",
                [
                    "officer", "add", "--set", "policeNo=990001", "--set", "name=重复", "--set",
                    "idNo=990101197803120018",
                    "--set", "sex=1", "--set", "unit=U03", "--set", "personCategory=police", "--set", "politics=01",
                ], 31
            ),
            (
                "sysadmin1",
                ["unit", "add", "--id", "U01", "--parent", "U00", "--kind", "station", "--name", "x"], 31
            ),
            ("sysadmin1", ["unit", "add", "--id", "U98", "--parent", "U97", "--kind", "station", "--name", "x"], 31),
            ("clerk1", ["access", "grant", "--to", "clerk1", "--category", "talks", "--unit", "U00"], 21),
            ("clerk1", ["access", "grant", "--to", "promoter1", "--category", "talks", "--unit", "U00"], 20),
            ("inspector1", ["access", "grant", "--to", "inspector2", "--category", "complaints", "--unit", "U03"], 31),
            ("clerk1", ["access", "grant", "--to", "nobody", "--category", "talks", "--unit", "U00"], 30),
            ("secadmin1", ["approve", "accept", "4711", "--fingerprint", "0000"], 30),
            ("secadmin1", ["user", "leave", "supervisor1", "--reason", "x"], 33),
            ("auditor1", ["audit", "export", "--from", "0", "--to", "99999999", "--out", "/tmp/probity-never"], 31),
        ]

        @Test("Every refusal is in the reader's language and names no code", arguments: ["zh", "en"])
        func words(language: String) throws {
            let sample = try Sample.shared.get()
            let folder = try TemporaryFolder()
            let archive = folder.path + "/archive"
            #expect(try run("cp", ["-a", sample.archive, archive]).status == 0)
            let codes = try RefusalTests.codes()
            #expect(codes.count > 400)
            // The program derives keys at each call: English, which says the same, takes one in three.
            for (index, (user, arguments, status)) in RefusalTests.refusals.enumerated()
            where language == "zh" || index.isMultiple(of: 3) {
                let result = try run(
                    Sample.program,
                    arguments + [
                        "--archive", archive, "--user", user, "--passphrase-file", sample.passphraseFile(user),
                        "--lang",
                        language,
                    ], environment: ["PROBITY_STATE_DIR": folder.path + "/state"])
                #expect(result.status == status, "\(arguments): \(result.status) \(result.errors)")
                let words = RefusalTests.words(result.errors.replacing("probity:", with: ""))
                // In English many a name is its code; one with a capital inside or a dot is a code and nothing else.
                let bare = words.intersection(codes).filter { code in
                    language == "zh" ? true : code.dropFirst().contains { $0.isUppercase || $0 == "." }
                }
                // Users are named after their roles here, and a value that was typed is repeated.
                let typed = Set(arguments.flatMap { $0.split(separator: "=").map(String.init) })
                #expect(bare.subtracting(typed).isEmpty, "\(arguments): \(bare.sorted()) in \(result.errors)")
                #expect(!result.errors.contains("{"), "\(result.errors)")
                // What logs get is for programs.
                #expect(!result.errors.contains("roleDoesNot") && !result.errors.contains("there is no unit U99 ("))
                if language == "zh" {
                    let first = result.errors.split(separator: "\n").first { $0.hasPrefix("probity: 错误") } ?? ""
                    #expect(first.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) })
                }
            }
        }
    }
}
