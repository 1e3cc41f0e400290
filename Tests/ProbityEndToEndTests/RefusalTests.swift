import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

extension BuiltProgramOnCopies {
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
            ("promoter1", talk(["talkKind=remind"]), 20),
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

        private static let misnomers:
            [(user: String, arguments: [String], status: Int32, nearest: String, other: String)] = [
                ("clerk1", ["search", "--kind", "tlak"] + reading, 31, "谈话记录（talk）", "信访举报与问题线索（complaint）"),
                ("clerk1", ["search", "--kind", "谈话纪录"] + reading, 31, "谈话记录（talk）", "诫勉（admonition）"),
                ("clerk1", talk(["talkKnd=remind"]), 31, "谈话种类（talkKind）", "谈话日期（talkOn）"),
                ("clerk1", ["search", "--state", "verifyed"] + reading, 31, "已审核（verified）", "已撤回（withdrawn）"),
                (
                    "clerk1", ["search", "--kind", "talk", "--state", "已办节"] + reading, 31, "已办结（closed）",
                    "待回访（followUp）"
                ),
                (
                    "clerk1",
                    ["record", "advance", "R-0000000000001", "--kind", "talk", "--step", "clsoe", "--reason", "办结"], 64,
                    "办结（close）", "安排回访（followUp）"
                ),
                (
                    "secadmin1",
                    [
                        "user", "add", "--request", "\(Sample.root)/README.md", "--role", "clrek", "--unit", "U00",
                        "--out",
                        "/tmp/probity-never",
                    ], 64, "政工录入员（clerk）", "局领导（leader）"
                ),
                ("clerk1", ["access", "explain", "--category", "talsk"], 64, "谈话（talks）", "重大事项（events）"),
                ("clerk1", ["access", "explain", "--category", "talks", "--act", "raed"], 64, "查看（read）", "登记（file）"),
                (
                    "clerk1", ["officer", "show", "990001", "--purpose", "dailyManagment"], 23, "日常管理（dailyManagement）",
                    "统计上报（statistics）"
                ),
                (
                    "promoter1", ["promote", "check", "--all", "--move", "promotoin", "--purpose", "promotionReview"],
                    64,
                    "提任（promotion）", "晋升警衔（rank）"
                ),
                (
                    "sysadmin1",
                    ["unit", "add", "--id", "U99", "--parent", "U00", "--kind", "派出", "--name", "新所"], 31,
                    "派出所（station）",
                    "大队（brigade）"
                ),
                ("clerk1", ["officer", "list", "--unit", "U0"] + reading, 30, "U00", "示例县公安局河湾派出所（U03）"),
                (
                    "clerk1", ["access", "grant", "--to", "clerk-hewan", "--category", "talks", "--unit", "河湾"], 30,
                    "示例县公安局河湾派出所（U03）", "示例县公安局东岭派出所（U04）"
                ),
                (
                    "leader1",
                    [
                        "report", "counts", "--from", "2026-01-01", "--to", "2026-12-31", "--by", "knid", "--purpose",
                        "statistics",
                    ], 64, "种类（kind）", "形态（form）"
                ),
            ]

        @Test("A name that is none is answered with the nearest one and with all there are, by label and code")
        func names() throws {
            let copy = try SampleCopy()
            for (user, arguments, status, nearest, other) in RefusalTests.misnomers {
                let result = try copy.call(arguments, as: user)
                #expect(result.status == status && result.output.isEmpty, "\(arguments): \(result.errors)")
                let hint = result.errors.split(separator: "\n").last.map(String.init) ?? ""
                let question = hint.prefix { $0 != "？" }
                #expect(question.contains("是否指“") && question.contains(nearest), "\(arguments): \(hint)")
                #expect(hint.contains(other), "\(arguments): \(hint)")
                let typed = arguments.flatMap { $0.split(separator: "=").map(String.init) }.map { "“\($0)”" }
                let words = LatinWords.found(in: result.errors, given: copy.users + typed, besideNames: true)
                #expect(words.isEmpty, "\(arguments): \(words.sorted()) in \(result.errors)")
            }
            // Programs get the codes.
            let refused = try copy.call(["search", "--kind", "tlak", "--json"] + Self.reading, as: "clerk1")
            let line = refused.errors.split(separator: "\n").last.map(String.init) ?? ""
            let error = try JSONValue(parsing: Array(line.utf8))
            #expect(error["nearest"] == "talk")
            #expect(error["allowed"]?.array?.contains(.string("complaint")) == true)
            // A role's hint names the category that it is about, and nothing where it is about none.
            let role = try copy.call(
                ["record", "list", "--officer", "990001", "--kind", "complaint"] + Self.reading, as: "clerk1")
            #expect(role.errors.contains("probity access explain --category 投诉举报与线索 "), "\(role.errors)")
            let right = try copy.call(["key", "rotate", "--pages"], as: "clerk1")
            #expect(right.status == 20 && !right.errors.contains("提示"), "\(right.errors)")
        }

        @Test("Every refusal is in the reader's language and names no code", arguments: ["zh", "en"])
        func words(language: String) throws {
            let sample = try Sample.shared.get()
            let folder = try TemporaryFolder()
            let archive = folder.path + "/archive"
            try sample.copy(to: archive)
            let codes = try RefusalTests.codes()
            #expect(codes.count > 400)
            // The program derives keys at each call: English, which says the same, takes one in three.
            for (index, (user, arguments, status)) in RefusalTests.refusals.enumerated()
            where language == "zh" || index.isMultiple(of: 3) {
                let result = try run(
                    Sample.program,
                    Sample.unattended(arguments) + [
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
                    let quoted = arguments.flatMap { [$0] + $0.split(separator: "=").map(String.init) }.map {
                        "“\($0)”"
                    }
                    let paths = arguments.filter { $0.hasPrefix("/") } + [archive]
                    let latin = LatinWords.found(
                        in: result.errors, given: sample.users + quoted + paths, besideNames: true)
                    #expect(latin.isEmpty, "\(arguments): \(latin.sorted()) in \(result.errors)")
                    let first = result.errors.split(separator: "\n").first { $0.hasPrefix("probity: 错误") } ?? ""
                    #expect(first.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) })
                }
            }
        }
    }
}
