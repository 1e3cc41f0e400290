import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

extension BuiltProgramOnCopies {
    @Suite("What an answer could not see, through the built program")
    struct CoverageTests {
        /// A copy of the sample's archive with users whose grants are missing or have ended.
        final class Bureau: Sendable {
            static let shared: Result<Bureau, any Error> = Result { try Bureau() }

            private let folder: TemporaryFolder
            private var archive: String { folder.path + "/archive" }
            private func file(_ name: String) -> String { "\(folder.path)/\(name)" }

            private init() throws {
                folder = try TemporaryFolder()
                let sample = try Sample.shared.get()
                try sample.copy(to: archive)
                let others = ["roster", "events", "opinions", "duty"]
                try certify("promoter8", "promoter", like: "promoter1", others)
                try certify("reviewer9", "reviewer", like: "reviewer1", ["roster"])
            }

            private func certify(_ user: String, _ role: String, like serving: String, _ categories: [String]) throws {
                try Data("passphrase of \(user)\n".utf8).write(to: URL(filePath: file("passphrase-\(user)")))
                let names = (request: file("\(user).request"), new: file("\(user).new"), done: file("\(user).done"))
                try demand(user, ["user", "request", "--out", names.request])
                let proposal = try demand(
                    "secadmin1",
                    [
                        "user", "add", "--request", names.request, "--role", role, "--unit", "U00", "--out", names.new,
                    ])
                let number = proposal.output.trimmingCharacters(in: .newlines)
                try demand(user, ["user", "accept", names.new, "--out", names.done])
                try sign(number, serving, ["--accepted", names.done])
                try sign(number, "sysadmin1")
                for category in categories { try give(user, category, from: serving) }
            }

            private func give(_ user: String, _ category: String, from serving: String, until: String? = nil) throws {
                let end = until.map { ["--until", $0] } ?? []
                let grant = try demand(
                    serving, ["access", "grant", "--to", user, "--category", category, "--unit", "U00"] + end)
                try sign(grant.output.trimmingCharacters(in: .newlines), "secadmin1")
            }

            private func sign(_ matter: String, _ user: String, _ more: [String] = []) throws {
                try demand(user, ["approve", "accept", matter] + more + seen(matter) { try demand(user, $0) })
            }

            @discardableResult
            private func demand(_ user: String, _ arguments: [String]) throws -> ProgramResult {
                let result = try call(user, arguments)
                try #require(result.status == 0, "\(user) \(arguments): \(result.errors)")
                return result
            }

            func call(_ user: String, _ arguments: [String], language: String = "zh") throws -> ProgramResult {
                let own = file("passphrase-\(user)")
                let passphrase =
                    FileManager.default.fileExists(atPath: own) ? own : try Sample.shared.get().passphraseFile(user)
                return try run(
                    Sample.program,
                    Sample.unattended(arguments) + [
                        "--archive", archive, "--user", user, "--passphrase-file", passphrase, "--lang", language,
                    ], environment: ["PROBITY_STATE_DIR": file("state")])
            }
        }

        private func call(_ user: String, _ arguments: [String], language: String = "zh") throws -> ProgramResult {
            try Bureau.shared.get().call(user, arguments, language: language)
        }

        private func gaps(_ result: ProgramResult) throws -> [JSONValue] {
            try #require(try result.objects.last?["coverage"]?["gaps"]?.array)
        }

        private func gap(_ category: String, _ cause: String, on: String? = nil) -> JSONValue {
            [
                "category": .string(category), "cause": .string(cause), "units": [], "except": [],
                "on": on.map { .string($0) } ?? .null,
            ]
        }

        private static let purpose = ["--purpose", "promotionReview:核查"]
        private static let daily = ["--purpose", "dailyManagement:日常"]

        @Test(
            "A promoter without the sanctions, or whose grant has ended, gets a hold with the reason, and never clear")
        func promotion() throws {
            func check(_ user: String, _ officer: String, _ more: [String] = [], _ language: String = "zh") throws
                -> ProgramResult
            {
                try call(
                    user,
                    ["promote", "check", "--officer", officer, "--on", Sample.day] + CoverageTests.purpose + more,
                    language: language)
            }
            // P10 is clear, P02 is under a Party warning: for whoever sees the sanctions.
            #expect(try check("promoter1", "990010").status == (Sample.day.hasPrefix("2026-") ? 0 : 51))
            #expect(try check("promoter1", "990002").status == 50)
            for (user, cause, zh, en) in [
                ("promoter8", "noKey", "未能查看“处分与问责”：没有授权", "“sanctions” was not seen: no grant leads there")
            ] {
                for officer in ["990010", "990002"] {
                    let answer = try check(user, officer, ["--json"])
                    #expect(try answer.status == 51 && answer.objects.first?["verdict"] == "hold")
                    #expect(
                        try gaps(answer) == [gap("sanctions", cause, on: nil)])
                }
                let text = try check(user, "990010")
                #expect(text.status == 51 && text.output.contains("暂缓") && text.output.contains(zh))
                #expect(!text.output.contains("  未发现影响"))
                #expect(try check(user, "990010", [], "en").output.contains(en))
                let everybody = try call(
                    user, ["promote", "check", "--all", "--on", Sample.day, "--json"] + CoverageTests.purpose)
                #expect(everybody.status == 50 || everybody.status == 51)
                #expect(try everybody.objects.allSatisfy { $0["verdict"] != "clear" })
                let line = try call(
                    "auditor1", ["audit", "list", "--actor", user, "--act", "promote.check", "--limit", "1", "--json"])
                let details = try line.objects.first?["details"]
                #expect(details?["coverage"]?.string?.hasPrefix("sanctions:\(cause)") == true)
                #expect(details?["categories"] == "events duty opinions")
            }
        }

        @Test("A list of one officer and a search say what no key opens, and end with 4; a colleague's end with 0")
        func lists() throws {
            let list = ["record", "list", "--officer", "990002", "--kind", "sanction"] + CoverageTests.purpose
            let closed = try call("promoter8", list)
            #expect(closed.status == 4 && closed.errors.contains("未能查看：处分与问责（没有授权通向该处）"))
            #expect(try call("promoter8", list, language: "en").errors.contains("no grant of yours leads there"))
            let json = try call("promoter8", list + ["--json"])
            #expect(try json.status == 4 && json.objects.last?["records"] == [] && json.errors.isEmpty)
            #expect(try gaps(json) == [gap("sanctions", "noKey")])
            let open = try call("promoter1", list + ["--json"])
            #expect(try open.status == 0 && open.objects.last?["records"]?.array?.count == 1 && gaps(open) == [])
            let search = ["search", "--kind", "sanction"] + CoverageTests.daily
            #expect(try call("reviewer9", search).status == 4 && call("reviewer1", search).status == 0)
            #expect(try call("reviewer9", search, language: "en").errors.contains("not seen: sanctions"))
            // What the role does not read is said, and is nothing that a key would change.
            let all = try call("clerk1", ["record", "list", "--officer", "990002"] + CoverageTests.daily)
            #expect(all.status == 0 && all.errors.contains("本角色不查看：投诉举报"))
            let counts = ["report", "counts", "--from", "2026-01-01", "--to", "2026-12-31", "--purpose", "statistics"]
            let counted = try call("reviewer9", counts)
            #expect(counted.status == 4 && counted.errors.contains("未能查看："))
            #expect(try call("reviewer1", counts).status == 0)
            let table = try run(Sample.program, ["exit-codes"]).output
            #expect(table.contains("4\t"))
        }

        @Test(
            "A station's clerk searches his station every day with 0, and is told where it ends; other stations are 4")
        func scope() throws {
            let search = try call("clerk-hewan", ["search"] + CoverageTests.daily)
            #expect(search.status == 0 && search.errors.contains("只含您授权范围内的：") && search.errors.contains("（U03）"))
            #expect(try call("clerk-hewan", ["search", "--quiet"] + CoverageTests.daily).errors.isEmpty)
            let list = ["officer", "list"] + CoverageTests.daily
            let own = try call("clerk-hewan", list + ["--unit", "U03", "--json"])
            #expect(try own.status == 0 && gaps(own) == [])
            let other = try call("clerk-hewan", list + ["--unit", "U04"])
            #expect(other.status == 4 && other.errors.contains("未能查看：") && other.errors.contains("U04"))
            let json = try call("clerk-hewan", list + ["--unit", "U04", "--json"])
            #expect(
                try json.objects == [
                    [
                        "schema": "probity/coverage/v1",
                        "coverage": [
                            "gaps": [
                                [
                                    "category": "roster", "cause": "noKey", "units": ["U04"], "except": [],
                                    "on": .null,
                                ]
                            ]
                        ],
                    ]
                ])
            #expect(try call("clerk1", list + ["--unit", "U04"]).status == 0)
        }

        @Test("Who reads his own file only is refused the lists of others, and told that no key leads to his own")
        func ownFileOnly() throws {
            for arguments in [["search"], ["officer", "list"]] {
                let result = try call("officer1", arguments + ["--purpose", "ownFile"])
                #expect(result.status == 20 && result.output.isEmpty)
            }
            let explained = try call("officer1", ["access", "explain", "--category", "events"])
            #expect(explained.status == 0 && explained.output.hasPrefix("角色只及本人档案"))
            let json = try call("officer1", ["access", "explain", "--category", "events", "--json"]).objects.first
            #expect(json?["allowed"] == false && json?["byRole"] == true)
            #expect(try call("clerk1", ["access", "explain", "--category", "events"]).output.hasPrefix("允许"))
            let ended = try call("promoter8", ["access", "explain", "--category", "sanctions"], language: "en")
            #expect(ended.output.hasPrefix("your role may, but no key"))
        }

        @Test("Sensitive numbers are masked on every way out of the program")
        func masked() throws {
            let roster = try String(contentsOfFile: "\(Sample.root)/Samples/officers.csv", encoding: .utf8)
            let numbers = roster.split(separator: "\n").dropFirst().map { String($0.split(separator: ",")[2]) }
            #expect(numbers.count >= 12)
            let record = try call("clerk1", ["officer", "show", "990002", "--json"] + CoverageTests.daily)
                .objects.first?["record"]?.string
            for arguments in [
                ["officer", "show", "990002"], ["officer", "list"], ["record", "list", "--officer", "990002"],
                ["record", "show", try #require(record)], ["search"], ["search", "--kind", "officer"],
            ] {
                for form in [[], ["--json"]] {
                    let result = try call("clerk1", arguments + CoverageTests.daily + form)
                    let text = result.output + result.errors
                    #expect(result.status == 0 && !numbers.contains(where: text.contains), "\(arguments)")
                }
            }
            // Whoever looks for the number itself is shown the masked one.
            let shown = try call("clerk1", ["officer", "show", numbers[0]] + CoverageTests.daily)
            #expect(shown.status == 0 && shown.output.contains("********") && !shown.output.contains(numbers[0]))
        }

        @Test("An auditor without the key of the details has the lines, and is told that they are closed")
        func ledger() throws {
            let open = try call("auditor1", ["audit", "list", "--limit", "3", "--json"])
            #expect(try open.status == 0 && gaps(open) == [] && open.objects.count == 4)
            #expect(try open.objects.dropLast().allSatisfy { $0["details"] != .null })
            #expect(try call("clerk1", ["audit", "list"]).status == 20)
        }
    }
}
