import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

extension BuiltProgram {
    @Suite("The sample input, through the built program")
    struct SampleTests {
        private func sample() throws -> Sample { try Sample.shared.get() }

        private func check(
            _ officer: String, on date: String = "2026-12-01", language: String = "zh", json: Bool = true
        ) throws
            -> ProgramResult
        {
            try sample().call(
                ["promote", "check", "--officer", officer, "--on", date, "--purpose", "promotionReview:核查"],
                as: "promoter1",
                language: language, json: json)
        }

        private func reasons(_ answer: JSONValue, _ section: String) -> [JSONValue] {
            (answer["reasons"]?.array ?? []).filter { $0["section"]?.string == section }
        }

        @Test("P02 is blocked until 2027-01-15 by the Party warning", arguments: ["zh", "en"])
        func blockedByWarning(language: String) throws {
            let result = try check("990002")
            #expect(result.status == 50)
            let answer = try #require(try result.objects.first)
            #expect(answer["verdict"] == "blocked" && answer["until"] == "2027-01-15")
            let reason = try #require(reasons(answer, "impact").first)
            #expect(reason["rule"] == "impact.p1" && reason["edition"] == "2023" && reason["until"] == "2027-01-15")
            #expect(reason["source"]?.string?.contains("纪律处分条例》（2023）第十条") ?? false)
            #expect(reason["records"]?.array?.count == 1)
            let text = try check("990002", language: language, json: false).output
            #expect(text.contains("2027-01-15"))
            #expect(text.contains(language == "zh" ? "党内警告" : "Party warning"))
            // The day before is the last one; the day itself is no longer blocked.
            #expect(try check("990002", on: "2027-01-14").objects.first?["verdict"] == "blocked")
            #expect(try check("990002", on: "2027-01-15").objects.first?["verdict"] == "hold")
        }

        @Test("P03 is held by the fourth must, from the discipline team's opinion, without any content of the lead")
        func heldByLead() throws {
            let result = try check("990003", on: Sample.day)
            #expect(result.status == 51)
            let answer = try #require(try result.objects.first)
            #expect(answer["verdict"] == "hold" && answer["until"] == .null)
            let reason = try #require(reasons(answer, "must4").first)
            #expect(reason["verdict"] == "hold" && reason["message"] == "promotion.leadOpen")
            #expect(reason["records"]?.array?.count == 1)
            #expect(!result.output.contains("宴请"))
            let refused = try sample().call(
                ["record", "list", "--officer", "990003", "--kind", "complaint", "--purpose", "promotionReview"],
                as: "promoter1")
            #expect(refused.status == 20 && refused.output.isEmpty)
            let line = try sample().call(
                ["audit", "list", "--actor", "promoter1", "--limit", "1"], as: "auditor1", json: true)
            #expect(try line.objects.first?["outcome"] == "refused:roleRefuses")
        }

        @Test(
            "P07 is blocked until 2027-02-10 by the admonition, which names the omission found by verification",
            arguments: ["zh", "en"])
        func blockedByAdmonition(language: String) throws {
            let result = try check("990007")
            #expect(result.status == 50)
            let answer = try #require(try result.objects.first)
            #expect(answer["verdict"] == "blocked" && answer["until"] == "2027-02-10")
            let reason = try #require(reasons(answer, "impact").first)
            #expect(reason["rule"] == "impact.w1" && reason["records"]?.array?.count == 2)
            let text = try check("990007", language: language, json: false).output
            #expect(text.contains("2027-02-10") && text.contains("示例查核〔2026〕7号"))
            #expect(text.contains(language == "zh" ? "漏报" : "omission"))
        }

        @Test("P06 is not blocked by the administrative warning whose period ended on 2026-10-01")
        func endedPeriod() throws {
            let answer = try #require(try check("990006").objects.first)
            #expect(answer["verdict"] == "hold" && answer["until"] == .null)
            let reason = try #require(reasons(answer, "impact").first)
            #expect(reason["verdict"] == "hold" && reason["params"]?["until"] == "2026-10-01")
            // The archive is younger than that day: the decision stood in the old files, and nobody here had confirmed it.
            let earlier = try #require(try check("990006", on: "2026-09-30").objects.first)
            let found = try #require(reasons(earlier, "impact").first { $0["records"] == reason["records"] })
            #expect(earlier["verdict"] == "hold" && found["verdict"] == "hold")
        }

        @Test(
            "P10 is clear, every part with its record, rule, edition and source",
            // Another year asks for another appraisal.
            .enabled(if: Sample.day.hasPrefix("2026-")), arguments: ["zh", "en"])
        func clear(language: String) throws {
            let result = try check("990010", on: Sample.day)
            #expect(result.status == 0)
            let answer = try #require(try result.objects.first)
            #expect(answer["verdict"] == "clear")
            let parts = answer["reasons"]?.array ?? []
            #expect(parts.count == 7)
            for part in parts {
                #expect(part["verdict"] == "clear" && !(part["records"]?.array ?? []).isEmpty)
                #expect(part["edition"]?.string?.isEmpty == false && part["source"]?.string?.isEmpty == false)
            }
            #expect(
                try check("990010", on: Sample.day, language: language, json: false).output.contains(
                    language == "zh" ? "未发现影响" : "clear"))
            // The same ledger, rules and question give the same bytes, but for the size of the ledger that each look grows.
            #expect(answer["rules"] == (try check("990010", on: Sample.day).objects.first)?["rules"])
        }

        @Test("Who asks about somebody to whom the check does not apply gets no answer that passes for clear")
        func notApplicable() throws {
            for (officers, status) in [(["F0012"], 51), (["F0012", "990010"], 0)] as [([String], Int32)] {
                let result = try sample().call(
                    ["promote", "check", "--on", "2026-12-01", "--purpose", "promotionReview"]
                        + officers.flatMap { ["--officer", $0] }, as: "promoter1", json: true)
                #expect(result.status == status, "\(officers) \(result.errors)")
                #expect(try result.objects.first?["verdict"] == "notApplicable")
            }
        }

        @Test("A check of everybody is one act, answers for all twelve and ends with 50")
        func everybody() throws {
            let before =
                try sample().call(["status"], as: "clerk1", json: true).objects.first?["ledgerSize"]?.integer ?? 0
            let result = try sample().call(
                ["promote", "check", "--all", "--on", "2026-12-01", "--purpose", "promotionReview"], as: "promoter1",
                json: true)
            #expect(result.status == 50)
            #expect(try result.objects.count == 12)
            #expect(try result.objects.filter { $0["verdict"] == "notApplicable" }.count == 2)
            let roster = try String(contentsOfFile: "\(Sample.root)/Samples/officers.csv", encoding: .utf8)
                .split(whereSeparator: \.isNewline).dropFirst().map { $0.split(separator: ",") }
            // Column 5 is the unit, column 0 the police number.
            let expected = roster.sorted { ($0[5], $0[0]) < ($1[5], $1[0]) }.map { String($0[0]) }
            #expect(try result.objects.compactMap { $0["policeNo"]?.string } == expected)
            #expect(
                try sample().call(["status"], as: "clerk1", json: true).objects.first?["ledgerSize"]?.integer == before
                    + 1)
        }

        @Test("P05's marriage report is 12 days late and P04 comes out at level L3", arguments: ["zh", "en"])
        func derived(language: String) throws {
            func list(_ officer: String, _ kind: String, json: Bool) throws -> ProgramResult {
                try sample().call(
                    ["record", "list", "--officer", officer, "--kind", kind, "--purpose", "dailyManagement"],
                    as: "clerk1",
                    language: language, json: json)
            }
            let event = try list("990005", "majorEvent", json: true).objects.first?["records"]?.array?.first
            #expect(event?["derived"]?["days"] == 42 && event?["derived"]?["lateDays"] == 12)
            #expect(
                try list("990005", "majorEvent", json: false).output.contains(
                    language == "zh" ? "迟报 12 天" : "12 days late"))
            let risk = try list("990004", "drinkingRisk", json: true).objects.first?["records"]?.array?.first
            #expect(risk?["derived"]?["level"] == "L3")
            #expect(try list("990004", "drinkingRisk", json: false).output.contains("L3"))
        }

        @Test("The export is verified by our program and by openssl and coreutils alone")
        func export() throws {
            let sample = try sample()
            let out = sample.folder.path + "/export"
            #expect(try sample.call(["audit", "export", "--out", out], as: "inspector1").status == 0)
            let verified = try sample.call(["audit", "verify", out], language: "en")
            #expect(verified.status == 0 && verified.output.contains("verdict: sound"))
            let instructions = try String(contentsOfFile: out + "/VERIFY.txt", encoding: .utf8)
            let commands = instructions.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter {
                $0.hasPrefix("sha256sum") || $0.hasPrefix("head") || $0.hasPrefix("tail") || $0.hasPrefix("openssl")
            }
            #expect(commands.count == 4)
            let byHand = try run("sh", ["-ec", commands.joined(separator: "\n")], folder: out)
            #expect(byHand.status == 0 && byHand.output.contains("Signature Verified Successfully"))
            var checkpoint = try [UInt8](Data(contentsOf: URL(filePath: out + "/checkpoint")))
            checkpoint[checkpoint.count - 20] ^= 1
            try Data(checkpoint).write(to: URL(filePath: out + "/checkpoint"))
            #expect(try sample.call(["audit", "verify", out]).status == 43)
            #expect(try run("sh", ["-ec", commands.joined(separator: "\n")], folder: out).status != 0)
        }

        @Test("Every refusal ends with its exit code and a JSON error as the last line", arguments: ["zh", "en"])
        func exitCodes(language: String) throws {
            let sample = try sample()
            func code(_ arguments: [String], as user: String?) throws -> (Int32, JSONValue?) {
                let result = try sample.call(arguments, as: user, language: language, json: true)
                let last = result.errors.split(separator: "\n").last.map { Array($0.utf8) } ?? []
                let object = try? JSONValue(parsing: last)
                #expect(object?["message_type"] == "exit_error" && object?["code"]?.integer == Int64(result.status))
                return (result.status, object)
            }
            #expect(try code(["officer", "show", "990001"], as: "clerk1").0 == 23)
            #expect(try code(["officer", "show", "990099", "--purpose", "dailyManagement"], as: "clerk1").0 == 30)
            #expect(try code(["officer", "show", "990001", "--purpose", "dailyManagement"], as: "clerk-hewan").0 == 30)
            #expect(try code(["audit", "list"], as: "clerk1").0 == 20)
            #expect(try code(["officer", "list", "--purpose", "audit"], as: "secadmin1").0 == 20)
            #expect(
                try code(
                    ["record", "add", "--kind", "majorEvent", "--officer", "990001", "--set", "eventKind=me01"],
                    as: "clerk1"
                ).0
                    == 31)
            #expect(
                try code(
                    [
                        "complaint", "open", "--officer", "990001", "--set", "receivedOn=2026-11-01", "--set",
                        "channel=letter",
                        "--set", "complaintClass=accusation", "--set", "reporterClass=realName", "--set",
                        "jurisdiction=own",
                        "--set", "content=举报人张某某，联系电话13800000000",
                    ], as: "inspector1"
                ).0 == 24)
            #expect(try code(["record", "withdraw", "R-0000000000000", "--reason", "x"], as: "clerk1").0 == 30)
            let other = try run(Sample.program, ["status", "--archive", "/nowhere", "--json"])
            #expect(other.status == 10)
            let wrong = try run(
                Sample.program,
                [
                    "officer", "list", "--archive", sample.archive, "--user", "clerk1", "--passphrase-file",
                    sample.passphraseFile("clerk-hewan"),
                ])
            #expect(wrong.status == 12)
            let unknown = try run(
                Sample.program,
                [
                    "officer", "list", "--archive", sample.archive, "--user", "nobody", "--passphrase-file",
                    sample.passphraseFile("clerk1"),
                ])
            #expect(
                unknown.status == 12
                    && unknown.errors.replacingOccurrences(of: "nobody", with: "clerk1") == wrong.errors)
            #expect(try run(Sample.program, ["nonsense"]).status == 64)
            let again = try sample.call(
                [
                    "init", "--ceremony", "\(sample.folder.path)/ceremony/ceremony.json", "--passphrases",
                    "\(sample.folder.path)/passphrases",
                ])
            #expect(again.status == 14)
        }

        @Test(
            "An import in GB18030 with Chinese headers comes in; a bad row is named in both languages and nothing comes in"
        )
        func imports() throws {
            let sample = try sample()
            let text = "警号,事项种类,发生日期,报告日期,事项内容\r\n990008,购建房、购车,2026-09-01,2026-09-10,\"购房，一套\"\r\n"
            let utf8 = sample.folder.path + "/utf8.csv"
            let gb = sample.folder.path + "/gb.csv"
            try Data(text.utf8).write(to: URL(filePath: utf8))
            #expect(try run("iconv", ["-f", "UTF-8", "-t", "GB18030", "-o", gb, utf8]).status == 0)
            let done = try sample.call(["import", gb, "--kind", "majorEvent"], as: "clerk1", json: true)
            #expect(done.status == 0)
            #expect(try done.objects.first?["rows"] == 1)
            try Data(("\u{FEFF}" + text + "990099,购建房、购车,2026-09-31,2026-09-10,x\n").utf8).write(
                to: URL(filePath: utf8))
            for (language, expected) in [("zh", "第 3 行"), ("en", "row 3")] {
                let refused = try sample.call(
                    ["import", utf8, "--kind", "majorEvent"], as: "clerk1", language: language)
                #expect(refused.status == 31 && refused.errors.contains(expected), "\(refused.errors)")
            }
            let records = try sample.call(
                ["record", "list", "--officer", "990008", "--kind", "majorEvent", "--purpose", "dailyManagement"],
                as: "clerk1",
                json: true)
            #expect(try records.objects.first?["records"]?.array?.count == 1)
        }

        @Test("A changed passphrase opens, the old one does not, and openssl opens the new files")
        func passwd() throws {
            let copy = try SampleCopy()
            let new = try copy.file("new-passphrase", "another passphrase\n")
            #expect(try copy.call(["key", "passwd", "--new-passphrase-file", new], as: "leader1").status == 0)
            #expect(try copy.call(["user", "list"], as: "leader1").status == 12)
            #expect(try copy.call(["user", "list"], as: "leader1", passphrase: new).status == 0)
            for file in ["sign", "enc"] {
                let key = "\(copy.archive)/Keys/leader1.\(file).pem"
                #expect(try run("openssl", ["pkey", "-in", key, "-passin", "file:\(new)", "-noout"]).status == 0)
            }
        }

        @Test(
            "A newcomer is certified, works, and leaves: refusals and the answer in the reader's language",
            arguments: ["zh", "en"])
        func leave(language: String) throws {
            let sample = try sample()
            let folder = try TemporaryFolder()
            let archive = folder.path + "/archive"
            try sample.copy(to: archive)
            func file(_ name: String) -> String { "\(folder.path)/\(name)" }
            try Data("passphrase of clerk-new\n".utf8).write(to: URL(filePath: file("passphrase")))
            func call(_ user: String, _ arguments: [String]) throws -> ProgramResult {
                let passphrase = user == "clerk-new" ? file("passphrase") : sample.passphraseFile(user)
                return try run(
                    Sample.program,
                    Sample.unattended(arguments) + [
                        "--archive", archive, "--user", user, "--passphrase-file", passphrase, "--lang", language,
                    ], environment: ["PROBITY_STATE_DIR": file("state")])
            }
            func done(_ user: String, _ arguments: [String]) throws -> ProgramResult {
                let result = try call(user, arguments)
                try #require(result.status == 0, "\(arguments): \(result.errors)")
                return result
            }
            func sign(_ user: String, _ matter: String, _ more: [String] = []) throws {
                _ = try done(user, ["approve", "accept", matter] + more + seen(matter) { try done(user, $0) })
            }
            _ = try done("clerk-new", ["user", "request", "--out", file("request")])
            _ = try done(
                "secadmin1",
                ["user", "add", "--request", file("request"), "--role", "clerk", "--unit", "U00", "--out", file("new")])
            _ = try done("clerk-new", ["user", "accept", file("new"), "--out", file("accepted")])
            try sign("clerk1", "1", ["--accepted", file("accepted")])
            #expect(try call("clerk-new", ["user", "list"]).status == 12)
            try sign("sysadmin1", "1")
            let grant = try done(
                "clerk1", ["access", "grant", "--to", "clerk-new", "--category", "roster", "--unit", "U00"])
            try sign("secadmin1", grant.output.trimmingCharacters(in: .newlines))
            _ = try done("clerk-new", ["officer", "show", "990001", "--purpose", "dailyManagement"])

            let refusals: [(user: String, [String], status: Int32, zh: String, en: String)] = [
                (
                    "clerk1", ["clerk-new", "--reason", "x"], 20, "角色“政工录入员”不能办理此事项",
                    "the role “clerk” does not do this"
                ),
                ("secadmin1", ["secadmin1", "--reason", "x"], 22, "另一名安全保密管理员", "another security administrator"),
                ("secadmin1", ["nobody", "--reason", "x"], 30, "没有用户“nobody”", "no user “nobody”"),
                ("secadmin1", ["clerk-new", "--reason", " "], 31, "须说明事由", "needs a reason"),
                ("secadmin1", ["auditor1", "--reason", "x"], 33, "最后一人", "the last one of an administrator's role"),
                (
                    "secadmin1", ["supervisor1", "--reason", "x"], 33, "无人接替：督察审计法制",
                    "nobody else would hold: supervisor"
                ),
            ]
            for (user, arguments, status, zh, en) in refusals {
                let result = try call(user, ["user", "leave"] + arguments)
                #expect(result.status == status && result.output.isEmpty, "\(arguments)")
                #expect(result.errors.contains(language == "zh" ? zh : en), "\(result.errors)")
            }
            #expect(try call("secadmin1", ["user", "leave", "clerk-new"]).status == 64)
            let lines = try call(
                "auditor1", ["audit", "list", "--act", "user.leave", "--json"]
            ).objects.dropLast()
            #expect(lines.count == refusals.count && lines.allSatisfy { $0["outcome"] != "done" })

            let left = try done("secadmin1", ["user", "leave", "clerk-new", "--reason", "调离"])
            for word in ["clerk-new", "probity key rotate --pages", language == "zh" ? "人员名册 U00" : "roster U00"] {
                #expect(left.output.contains(word), "\(left.output)")
            }
            #expect(left.output.contains(language == "zh" ? "已离任" : "has left"))
            #expect(left.errors.isEmpty)
            for arguments in [
                ["user", "list"], ["status"], ["officer", "show", "990001", "--purpose", "dailyManagement"],
            ] {
                #expect(try call("clerk-new", arguments).status == 12)
            }
            #expect(try call("secadmin1", ["user", "leave", "clerk-new", "--reason", "x"]).status == 33)
            let list = try done("secadmin1", ["user", "list"]).output.split(separator: "\n")
            #expect(list[0].contains(language == "zh" ? "离任日期" : "left"))
            #expect(list.filter { $0.contains("20") && $0.contains("-") && $0.contains("clerk-new") }.count == 1)
            // With the vacancy accepted, and as an object.
            let accepting = ["--reason", "x", "--accept-vacancy"]
            let vacated = try done("secadmin1", ["user", "leave", "supervisor1"] + accepting)
            #expect(vacated.errors.contains(language == "zh" ? "无法再为新人会签" : "nobody can sign for another one"))
            let vacant = try done("secadmin1", ["user", "leave", "leader1", "--json"] + accepting)
            let answer = try #require(try vacant.objects.first)
            #expect(answer["schema"] == "probity/leave/v1" && answer["roleVacant"] == true)
            #expect(answer["next"] == "probity key rotate --pages")
            #expect(answer["vacant"]?.array?.contains { $0["category"] == "governance" } == true)
            _ = try done("sysadmin1", ["key", "rotate", "--pages"])
            #expect(try done("clerk1", ["check"]).output.contains(language == "zh" ? "完好" : "verdict: sound"))
            #expect(try call("clerk-new", ["status"]).status == 12)
        }

        @Test("A program that dies with keys in its memory leaves no core file")
        func core() throws {
            let sample = try sample()
            let folder = try TemporaryFolder()
            // It waits for the end of the passphrase's line: its limits are looked at, and then it dies.
            let script = """
                ulimit -c unlimited; cd "$1"; shift; mkfifo in; exec 9<>in
                "$@" <in & victim=$!
                printf 'passphrase of clerk1' >&9; sleep 1
                grep 'Max core' /proc/$victim/limits; kill -SEGV $victim; wait $victim; echo $?; ls
                """
            let result = try run(
                "bash",
                [
                    "-c", script, "bash", folder.path, Sample.program, "status", "--archive", sample.archive, "--user",
                    "clerk1", "--passphrase-fd", "0",
                ])
            let words = result.output.split(whereSeparator: \.isWhitespace).map(String.init)
            #expect(
                words == ["Max", "core", "file", "size", "0", "0", "bytes", "139", "in"],
                "\(result.output)\(result.errors)")
            // Nor does a crash handler print registers and memory.
            #expect(!result.errors.contains("Registers"), "\(result.errors)")
        }

        @Test(
            "Nothing of the sample's people is in the archive's files, in any of three encodings, and check finds it sound"
        )
        func canaries() throws {
            let sample = try sample()
            #expect(try sample.call(["check"], as: "clerk1", language: "en").output.contains("verdict: sound"))
            for word in ["甲一", "庚七", "990101199509230581", "工作失职", "接受管理服务对象宴请"] {
                var needles = [
                    Data(word.utf8), try #require(word.data(using: .utf16LittleEndian)),
                    try #require(word.data(using: .utf16BigEndian)),
                ]
                let gb = try run("iconv", ["-f", "UTF-8", "-t", "GB18030"], input: Array(word.utf8)).outputBytes
                needles.append(Data(gb))
                let files = try #require(FileManager.default.enumerator(atPath: sample.archive))
                for case let name as String in files {
                    guard let data = FileManager.default.contents(atPath: "\(sample.archive)/\(name)") else { continue }
                    for needle in needles { #expect(data.range(of: needle) == nil, "\(word) in \(name)") }
                }
            }
        }
    }
}
