import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

extension BuiltProgramOnCopies {
    /// What holds for every command: confirmations, places for files, JSON, languages, orders.
    @Suite("Conventions")
    struct ConventionTests {
        private typealias Copy = SampleCopy

        private static let event = [
            "record", "add", "--kind", "majorEvent", "--officer", "990006", "--set", "eventKind=me11", "--set",
            "eventDate=2026-10-02", "--set", "reportDate=2026-10-03", "--set", "description=兼职",
        ]

        @Test("--no-input refuses what would need a yes; --yes gives it", arguments: ["zh", "en"])
        func noInput(language: String) throws {
            let copy = try Copy()
            let leave = ["user", "leave", "clerk-hewan", "--reason", "调离"]
            for (user, arguments) in [("clerk1", ConventionTests.event), ("secadmin1", leave)] {
                let refused = try copy.call(arguments + ["--no-input"], as: user, language: language)
                #expect(refused.status == 3 && refused.output.isEmpty, "\(refused.errors)")
                #expect(refused.errors.contains("--no-input") && refused.errors.contains("--yes"))
                let done = try copy.call(arguments + ["--no-input", "--yes"], as: user, language: language)
                #expect(done.status == 0, "\(done.errors)")
            }
            // Without a terminal nobody is asked, and what comes through a pipe is no answer.
            for answer in ["y", "n"] {
                let piped = try run(
                    "bash",
                    [
                        "-c", "echo \(answer) | \"$@\"", "bash", Sample.program,
                    ] + ConventionTests.event + [
                        "--archive", copy.archive, "--user", "clerk1", "--passphrase-file",
                        copy.sample.passphraseFile("clerk1"), "--lang", language,
                    ], environment: ["PROBITY_STATE_DIR": copy.folder.path + "/state"])
                #expect(piped.status == 3 && piped.output.isEmpty, "\(piped.errors)")
                #expect(piped.errors.contains("--yes"))
            }
            // What needs no yes goes on.
            #expect(try copy.call(["user", "list", "--no-input"], as: "secadmin1").status == 0)
        }

        @Test("A missing or foreign purpose is answered with the purposes of the role, by name and code")
        func purposes() throws {
            let copy = try Copy()
            let expected = [
                "zh": [
                    "日常管理（dailyManagement）", "登记归档（filing）", "核查核实（verification）", "更正异议（correction）",
                    "统计上报（statistics）",
                ],
                "en": [
                    "daily management (dailyManagement)", "filing (filing)", "verification (verification)",
                    "correction or objection (correction)", "statistics (statistics)",
                ],
            ]
            for (language, purposes) in expected {
                for given in [[], ["--purpose", "audit"]] {
                    let result = try copy.call(["officer", "show", "990001"] + given, as: "clerk1", language: language)
                    #expect(result.status == 23)
                    let hint = result.errors.split(separator: "\n").last.map(String.init) ?? ""
                    #expect(
                        hint.hasSuffix(purposes.joined(separator: language == "zh" ? "、" : ", ")), "\(result.errors)")
                }
            }
            let figures = try copy.call(
                ["report", "counts", "--from", "2026-01-01", "--to", "2026-12-31"], as: "leader1")
            #expect(figures.status == 23 && figures.errors.hasSuffix("您可用的用途：统计上报（statistics）\n"))
        }

        @Test("A place that cannot be written ends with 60 and its name before anything is done")
        func places() throws {
            let copy = try Copy()
            let missing = copy.folder.path + "/missing/place"
            try FileManager.default.createDirectory(
                atPath: "\(copy.folder.path)/passphrases", withIntermediateDirectories: true)
            let newcomer = try copy.file("passphrase", "passphrase of clerk9\n")
            let commands: [(user: String, [String])] = [
                ("clerk9", ["user", "request", "--out", missing]),
                (
                    "secadmin1",
                    ["user", "add", "--request", newcomer, "--role", "clerk", "--unit", "U00", "--out", missing]
                ),
                ("clerk9", ["user", "accept", newcomer, "--out", missing]),
                ("auditor1", ["audit", "export", "--out", missing]),
                ("sysadmin1", ["backup", "create", "--to", missing]),
            ]
            let size = try copy.call(["status", "--json"], as: "clerk1").objects.first?["ledgerSize"]
            for (user, arguments) in commands {
                for language in ["zh", "en"] {
                    let result = try copy.call(
                        arguments, as: user, language: language, passphrase: user == "clerk9" ? newcomer : nil)
                    #expect(result.status == 60, "\(arguments): \(result.errors)")
                    #expect(result.errors.contains(missing), "\(result.errors)")
                    #expect(!result.errors.contains("没有档案库") && !result.errors.contains("no archive"))
                }
            }
            #expect(try copy.call(["status", "--json"], as: "clerk1").objects.first?["ledgerSize"] == size)
            #expect(!FileManager.default.fileExists(atPath: copy.archive + "/Keys/clerk9.sign.pem"))
            let ceremony = copy.sample.folder.path + "/ceremony/ceremony.json"
            let founded = try run(
                Sample.program,
                [
                    "init", "--archive", missing, "--ceremony", ceremony, "--passphrases",
                    copy.sample.folder.path + "/passphrases", "--lang", "zh",
                ])
            #expect(founded.status == 60 && founded.errors.contains(missing), "\(founded.errors)")
        }

        @Test("A ceremony that is refused leaves no recovery sheet behind")
        func sheet() throws {
            let copy = try Copy()
            let sheet = copy.folder.path + "/sheet"
            let plan = try copy.file(
                "plan.json",
                "{\"bureauId\": \"x\", \"name\": \"X\", \"units\": [{\"id\": \"U 1\", \"kind\": \"bureau\", \"name\": \"X\"}], \"users\": []}"
            )
            for arguments in [["--ceremony", plan], ["--ceremony", plan + ".missing"]] {
                let result = try run(
                    Sample.program,
                    ["init", "--archive", copy.folder.path + "/new", "--recovery-sheet", sheet, "--lang", "zh"]
                        + arguments)
                #expect(result.status == 31 || result.status == 60, "\(result.errors)")
                #expect(!FileManager.default.fileExists(atPath: sheet))
                // Administrators and categories by name.
                if result.status == 31 {
                    #expect(result.errors.contains("单位编号有误：U 1") && result.errors.contains("系统管理员"))
                }
            }
            // Nor does one that fails when the passphrases are read.
            let ceremony = try JSONValue(
                parsing: [UInt8](Data(contentsOf: URL(filePath: copy.sample.folder.path + "/ceremony/ceremony.json"))))
            guard case .object(var members) = ceremony else { return }
            members["recoveryKey"] = nil
            let whole = try copy.file("whole.json", JSONValue.object(members).canonicalText)
            let result = try run(
                Sample.program,
                [
                    "init", "--archive", copy.folder.path + "/new", "--recovery-sheet", sheet, "--ceremony", whole,
                    "--passphrases", copy.folder.path + "/nowhere", "--lang", "zh",
                ])
            #expect(result.status == 60, "\(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: sheet))
            #expect(!FileManager.default.fileExists(atPath: copy.folder.path + "/new"))
        }

        @Test("What cannot be asked for is refused and not answered with an empty list")
        func nonsense() throws {
            let copy = try Copy()
            let questions: [(user: String, [String], Int32)] = [
                ("clerk1", ["search", "--state", "nonsense", "--purpose", "dailyManagement"], 31),
                ("clerk1", ["search", "--kind", "talk", "--state", "nonsense", "--purpose", "dailyManagement"], 31),
                ("clerk1", ["search", "--kind", "nonsense", "--purpose", "dailyManagement"], 31),
                (
                    "clerk1",
                    ["record", "list", "--officer", "990001", "--kind", "nonsense", "--purpose", "dailyManagement"], 31
                ),
                (
                    "clerk1",
                    ["search", "--since", "2026-02-01", "--until", "2026-01-01", "--purpose", "dailyManagement"], 64
                ),
                ("clerk1", ["search", "--limit", "0", "--purpose", "dailyManagement"], 64),
                ("auditor1", ["audit", "list", "--limit", "0"], 64),
                ("auditor1", ["audit", "list", "--limit", "-3"], 64),
                ("auditor1", ["audit", "list", "--since", "2026-02-01", "--until", "2026-01-01"], 64),
                ("sysadmin1", ["unit", "add", "--id", "", "--parent", "U00", "--kind", "station", "--name", "x"], 31),
                (
                    "sysadmin1", ["unit", "add", "--id", "a b", "--parent", "U00", "--kind", "station", "--name", "x"],
                    31
                ),
                (
                    "clerk1",
                    [
                        "access", "grant", "--to", "clerk-hewan", "--category", "talks", "--unit", "U03", "--until",
                        "2020-01-01",
                    ],
                    31
                ),
                (
                    "secadmin1",
                    [
                        "user", "add", "--request", "\(Sample.root)/README.md", "--role", "clerk", "--unit", "U00",
                        "--out", copy.folder.path + "/out",
                    ], 31
                ),
            ]
            for (user, arguments, status) in questions {
                let result = try copy.call(arguments, as: user)
                #expect(
                    result.status == status && result.output.isEmpty, "\(arguments): \(result.status) \(result.errors)")
            }
            // A state that some kind has is a question, in either language.
            for state in ["verified", "已审核"] {
                let result = try copy.call(
                    ["search", "--state", state, "--limit", "1", "--purpose", "dailyManagement"], as: "clerk1")
                #expect(result.status == 0, "\(state): \(result.errors)")
            }
        }

        @Test("--json is honoured by commands that answer with a sentence")
        func json() throws {
            let copy = try Copy()
            let unit = try copy.call(
                ["unit", "add", "--id", "U77", "--parent", "U00", "--kind", "station", "--name", "新所", "--json"],
                as: "sysadmin1")
            #expect(try unit.objects.first?["id"] == "U77" && unit.objects.first?["schema"] == "probity/unit/v1")
            let new = try copy.file("new-passphrase", "another passphrase\n")
            let changed = try copy.call(["key", "passwd", "--new-passphrase-file", new, "--json"], as: "supervisor1")
            #expect(try changed.objects == [["schema": "probity/passphrase/v1", "user": "supervisor1"]])
            let template = try copy.call(["schema", "talk", "--template", "--json"])
            let plain = try copy.call(["schema", "talk", "--template"])
            let columns = try #require(try template.objects.first?["columns"]?.array?.compactMap(\.string))
            #expect(columns.count > 5)
            let header = plain.output.trimmingCharacters(in: ["\u{FEFF}", "\r", "\n"])
            #expect(header == columns.joined(separator: ","))
            let passphrase = try copy.file("passphrase", "passphrase of clerk9\n")
            let request = try copy.call(
                ["user", "request", "--out", copy.folder.path + "/request", "--json"], as: "clerk9",
                passphrase: passphrase)
            #expect(try request.objects.first?["user"] == "clerk9")
            _ = try copy.call(
                [
                    "user", "add", "--request", copy.folder.path + "/request", "--role", "clerk", "--unit", "U00",
                    "--out",
                    copy.folder.path + "/proposed",
                ], as: "secadmin1")
            let accepted = try copy.call(
                ["user", "accept", copy.folder.path + "/proposed", "--out", copy.folder.path + "/accepted", "--json"],
                as: "clerk9", passphrase: passphrase)
            #expect(try accepted.objects.first?["schema"] == "probity/acceptance/v1", "\(accepted.errors)")
        }

        @Test("An error is in the language of --lang, with a space or an equals sign")
        func language() throws {
            for option in [["--lang", "en"], ["--lang=en"], ["--lang", "zh", "--lang=en"]] {
                let result = try run(
                    Sample.program, ["status", "--archive", "/nowhere"] + option, environment: ["LANG": "zh_CN.UTF-8"])
                #expect(
                    result.status == 10 && result.errors.contains("there is no archive here: /nowhere"),
                    "\(result.errors)")
            }
            let chinese = try run(
                Sample.program, ["status", "--archive", "/nowhere", "--lang=zh"], environment: ["LANG": "en_US.UTF-8"])
            #expect(chinese.errors.contains("这里没有档案库：/nowhere"))
        }

        @Test("A complaint that was untrue does not look like one that was substantiated")
        func outcomes() throws {
            let copy = try Copy()
            let old = try copy.file(
                "old.csv",
                """
                policeNo,state,receivedOn,channel,complaintClass,reporterClass,jurisdiction,content,outcome,outcomeOn,finding,clearedOn
                990008,archived,2026-03-01,letter,accusation,anonymous,own,反映内容,established,2026-05-01,核实,
                990008,archived,2026-03-01,letter,accusation,anonymous,own,反映内容,untrue,2026-05-01,核实,2026-05-02

                """)
            let result = try copy.call(["import", old, "--kind", "complaint", "--past"], as: "inspector1")
            #expect(result.status == 0, "\(result.errors)")
            for (language, words) in [
                ("zh", ["成立（属实）", "不成立（失实）"]), ("en", ["upheld (substantiated)", "not upheld (untrue)"]),
            ] {
                for command in [
                    ["record", "list", "--officer", "990008", "--kind", "complaint"],
                    ["search", "--kind", "complaint"],
                ] {
                    let list = try copy.call(
                        command + ["--purpose", "disciplineCase"], as: "inspector1", language: language)
                    for word in words { #expect(list.output.contains(word), "\(list.output) \(list.errors)") }
                }
            }
        }

        @Test("The four musts of everybody: a line for each candidate by unit and number, then what is behind it")
        func everybody() throws {
            let copy = try Copy()
            let purpose = ["--purpose", "promotionReview"]
            let all = try copy.call(["promote", "check", "--all"] + purpose, as: "promoter1")
            #expect([50, 51].contains(all.status), "\(all.errors)")
            let objects = try copy.call(["promote", "check", "--all", "--json"] + purpose, as: "promoter1").objects
            let numbers = objects.compactMap { $0["policeNo"]?.string }
            #expect(numbers.count > 10)
            let lines = all.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            #expect(lines.prefix(numbers.count).map { String($0.prefix { $0 != " " }) } == numbers)
            var units: [(unit: Substring, numbers: [String])] = []
            for (line, number) in zip(lines, numbers) {
                // Number, name, unit, verdict.
                let unit = try #require(line.split(separator: "  ").dropFirst(2).first)
                if units.last?.unit != unit { units.append((unit, [])) }
                units[units.count - 1].numbers.append(number)
            }
            #expect(units.count > 2 && Set(units.map(\.unit)).count == units.count)
            #expect(units.allSatisfy { $0.numbers == $0.numbers.sorted() })
            let below = lines.dropFirst(numbers.count).filter { !$0.isEmpty && !$0.hasPrefix(" ") }
            #expect(below.map { String($0.prefix { $0 != " " }) } == numbers)
            // Named candidates come as they were named.
            let named = ["990003", "990001"]
            let some = try copy.call(
                ["promote", "check"] + named.flatMap { ["--officer", $0] } + ["--json"] + purpose, as: "promoter1")
            #expect(try some.objects.compactMap { $0["policeNo"]?.string } == named)
        }
    }
}
