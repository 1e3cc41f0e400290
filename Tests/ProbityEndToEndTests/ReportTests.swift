import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

extension BuiltProgram {
    @Suite("Figures, through the built program")
    struct ReportTests {
        private static let year = ["--from", "2026-01-01", "--to", "2026-12-31", "--purpose", "statistics:年度统计"]

        private func counts(
            _ arguments: [String], as user: String, language: String = "zh", json: Bool = false
        ) throws -> ProgramResult {
            try Sample.shared.get().call(["report", "counts"] + arguments, as: user, language: language, json: json)
        }

        @Test(
            "A leader who reads nothing has a table by kind and unit in his language, and is told what it leaves out",
            arguments: [
                (
                    "zh",
                    """
                    种类      单位                        件数  其中      另有已撤回
                    谈话记录  U01 示例县公安局政治处      1     已谈话 1  0
                    谈话记录  U03 示例县公安局河湾派出所  1     已谈话 1  0
                    谈话记录  U04 示例县公安局东岭派出所  1     已谈话 1  0
                    学习培训  U01 示例县公安局政治处      1     已审核 1  0
                    学习培训  U02 示例县公安局刑侦大队    4     已审核 4  0
                    合计                                  8               0

                    """, "处分与问责"
                ),
                (
                    "en",
                    """
                    kind      unit                        records  of which    withdrawn beside
                    talk      U01 示例县公安局政治处      1        held 1      0
                    talk      U03 示例县公安局河湾派出所  1        held 1      0
                    talk      U04 示例县公安局东岭派出所  1        held 1      0
                    training  U01 示例县公安局政治处      1        verified 1  0
                    training  U02 示例县公安局刑侦大队    4        verified 4  0
                    total                                 8                    0

                    """, "sanctions"
                ),
            ])
        func table(language: String, expected: String, leftOut: String) throws {
            let result = try counts(
                ReportTests.year + ["--kind", "talk", "--kind", "学习培训", "--by", "kind", "--by", "unit"],
                as: "leader1", language: language)
            #expect(result.status == 0 && result.output == expected && result.errors.isEmpty, "\(result.errors)")
            let all = try counts(ReportTests.year, as: "leader1", language: language)
            #expect(all.status == 0 && all.errors.contains(leftOut))
        }

        @Test("The inspector counts sanctions by form, in JSON and in CSV that opens as UTF-8")
        func formats() throws {
            let arguments = ReportTests.year + ["--kind", "sanction", "--kind", "talk", "--by", "form"]
            let json = try counts(arguments, as: "inspector1", json: true)
            #expect(
                json.output == """
                    {"counted":["talks","sanctions"],"coverage":{"gaps":[]},"from":"2026-01-01","rows":\
                    [{"form":null,"records":3,"states":{"held":3},"withdrawn":0},\
                    {"form":2,"records":2,"states":{"verified":2},"withdrawn":0}],\
                    "schema":"probity/counts/v1","to":"2026-12-31"}

                    """)
            let csv = try counts(arguments + ["--csv"], as: "inspector1")
            #expect(
                String(decoding: csv.outputBytes, as: UTF8.self)
                    == "\u{FEFF}形态,状态,件数\r\n–,已谈话,3\r\n第二种形态,已审核,2\r\n")
        }

        @Test("A clerk of one station counts his station", arguments: ["zh", "en"])
        func scope(language: String) throws {
            let arguments = ReportTests.year + ["--kind", "talk", "--by", "unit"]
            let rows = try counts(arguments, as: "clerk-hewan", language: language, json: true).objects.first?["rows"]
            #expect(
                rows == [["records": 1, "states": ["held": 1], "unit": "U03", "withdrawn": 0]] as JSONValue)
            #expect(try counts(arguments + ["--unit", "U04"], as: "clerk-hewan", language: language).status == 30)
        }

        @Test("What is refused ends with its exit code, says why in the reader's language, and leaves its line")
        func refusals() throws {
            let sample = try Sample.shared.get()
            let half = ["--from", "2026-01-01", "--to", "2026-01-15", "--purpose", "statistics"]
            let cases: [([String], String, Int32, zh: String, en: String)] = [
                (half, "leader1", 20, "整月", "whole calendar months"),
                (ReportTests.year + ["--kind", "complaint"], "clerk1", 20, "不能查阅门类", "does not read the category"),
                (ReportTests.year, "sysadmin1", 20, "属三员", "holds no content"),
                (ReportTests.year + ["--kind", "sanction"], "leader1", 30, "不能到达门类", "no key or unit of yours"),
                (Array(ReportTests.year.prefix(4)), "clerk1", 23, "statistics", "statistics"),
            ]
            for (arguments, user, status, zh, en) in cases {
                for (language, words) in [("zh", zh), ("en", en)] {
                    let result = try counts(arguments, as: user, language: language)
                    #expect(
                        result.status == status && result.output.isEmpty && result.errors.contains(words),
                        "\(result.errors)")
                    let line = try sample.call(
                        ["audit", "list", "--actor", user, "--limit", "1"], as: "auditor1", json: true)
                    #expect(try line.objects.first?["act"] == "report.counts")
                    #expect(try line.objects.first?["outcome"]?.string?.hasPrefix("refused:") == true)
                }
            }
            #expect(try counts(["--from", "2026-01-01"], as: "clerk1").status == 64)
            let usage = [
                ["--by", "officer"], ["--csv", "--json"], ["--from", "2027-01-01"], ["--to", "2026-02-30"],
            ]
            for wrong in usage {
                let result = try counts(ReportTests.year + wrong, as: "clerk1")
                #expect(result.status == 64 && result.output.isEmpty, "\(wrong)")
            }
            #expect(try counts(ReportTests.year + ["--kind", "nonsense"], as: "clerk1").status == 31)
        }

        @Test("Withdrawn records stand beside the others, and who has a file of his own is told that it is not counted")
        func withdrawn() throws {
            let sample = try Sample.shared.get()
            let folder = try TemporaryFolder()
            let archive = folder.path + "/archive"
            try sample.copy(to: archive)
            func file(_ name: String) -> String { "\(folder.path)/\(name)" }
            try Data("passphrase of clerk-own\n".utf8).write(to: URL(filePath: file("passphrase")))
            func done(_ user: String, _ arguments: [String], status: Int32 = 0) throws -> ProgramResult {
                let passphrase = user == "clerk-own" ? file("passphrase") : sample.passphraseFile(user)
                let result = try run(
                    Sample.program,
                    Sample.unattended(arguments) + [
                        "--archive", archive, "--user", user, "--passphrase-file", passphrase, "--lang", "zh",
                    ], environment: ["PROBITY_STATE_DIR": file("state")])
                try #require(result.status == status, "\(arguments): \(result.errors)")
                return result
            }
            func sign(_ user: String, _ matter: String, _ more: [String] = []) throws {
                _ = try done(user, ["approve", "accept", matter] + more + seen(matter) { try done(user, $0) })
            }
            let purpose = ["--purpose", "dailyManagement", "--json"]
            let list = ["record", "list", "--officer", "990001", "--kind", "talk"] + purpose
            let records = try done("clerk1", list).objects.first?["records"]?.array
            let record = try #require(records?.first?["id"]?.string)
            let waiting = try done("inspector1", ["record", "withdraw", record, "--reason", "重复登记"], status: 21)
            try sign("reviewer1", waiting.output.trimmingCharacters(in: .newlines))
            let counts = ["report", "counts"] + ReportTests.year + ["--kind", "talk"]
            let table = try done("clerk1", counts)
            #expect(
                table.output.split(separator: "\n").dropFirst().map { $0.split(separator: " ").joined(separator: " ") }
                    == ["谈话记录 2 已谈话 2 1", "合计 2 1"])
            #expect(table.errors.isEmpty)
            #expect(
                try done("clerk1", counts + ["--json"]).objects.first?["rows"]
                    == [["kind": "talk", "records": 2, "states": ["held": 2], "withdrawn": 1]] as JSONValue)
            #expect(
                try done("clerk1", counts + ["--csv"]).output.hasSuffix(
                    "件数\r\n谈话记录,已谈话,2\r\n谈话记录,已撤回,1\r\n"))
            // The officer of that record as a clerk: his own file is not among the figures.
            let shown = try done("clerk1", ["officer", "show", "990001"] + purpose).objects.first
            let officer = try #require(shown?["id"]?.string)
            _ = try done("clerk-own", ["user", "request", "--out", file("request")])
            _ = try done(
                "secadmin1",
                [
                    "user", "add", "--request", file("request"), "--role", "clerk", "--unit", "U00", "--officer",
                    officer, "--out", file("new"),
                ])
            _ = try done("clerk-own", ["user", "accept", file("new"), "--out", file("accepted")])
            try sign("clerk1", "2", ["--accepted", file("accepted")])
            for category in ["roster", "talks"] {
                let grant = try done(
                    "clerk1", ["access", "grant", "--to", "clerk-own", "--category", category, "--unit", "U00"])
                try sign("secadmin1", grant.output.trimmingCharacters(in: .newlines))
            }
            let own = try done("clerk-own", counts)
            #expect(own.output.split(separator: "\n").last?.split(separator: " ") == ["合计", "2", "0"])
            #expect(own.errors.contains("以您本人为对象的内容一律不列出、不统计"))
        }

        @Test("Help names every exit code that the command ends with")
        func help() throws {
            let help = try run(Sample.program, ["report", "counts", "--help"]).output
            let codes = help.split(separator: "\n").compactMap { line in
                line.wholeMatch(of: /\ \ (\d+) .+ \/ .+/).flatMap { Int($0.1) }
            }
            #expect(codes == [0, 4, 20, 23, 30, 31, 64])
            let printed = try run(Sample.program, ["exit-codes"]).output
            for code in codes { #expect(printed.contains("\(code)\t"), "\(code)") }
        }
    }
}
