import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

extension BuiltProgramOnCopies {
    /// What the program makes of what is typed: command lines that it does not understand, codes that there are not, characters
    /// that a terminal would obey, numbers that nobody needs to see again.
    @Suite("What is typed")
    struct TypedTests {
        @Test("A command line that is not understood is answered in the reader's language, with what helps")
        func usage() throws {
            let cases: [(arguments: [String], zh: String, en: String, hint: String)] = [
                (
                    ["record", "list"], "缺少 --officer <officer>", "--officer <officer> is missing",
                    "probity record list --help"
                ),
                (["record", "list", "--officer"], "后面没有给出内容", "has no value", "probity record list --help"),
                (
                    ["record", "list", "--officer", "990001", "--nonsense"], "没有选项 --nonsense", "no option --nonsense",
                    "probity record list --help"
                ),
                (
                    ["record", "list", "--officer", "990001", "扩展"], "不明白“扩展”", "“扩展” belongs to no option",
                    "probity record list --help"
                ),
                (
                    ["search", "--limit", "十"], "--limit <limit> 的内容写法不对", "--limit <limit> has another form",
                    "probity search --help"
                ),
                (["recrod", "list"], "没有“recrod”这个命令", "no command “recrod”", "record"),
                (["record", "liste"], "没有“liste”这个命令", "no command “liste”", "advance"),
                (["record"], "命令没有写完", "not complete", "withdraw"),
            ]
            for (arguments, zh, en, hint) in cases {
                for (language, words) in [("zh", zh), ("en", en)] {
                    let result = try run(Sample.program, arguments + ["--lang", language])
                    #expect(result.status == 64 && result.output.isEmpty, "\(arguments)")
                    #expect(result.errors.contains(words) && result.errors.contains(hint), "\(result.errors)")
                    #expect(!result.errors.contains("Usage:") && !result.errors.contains("Error:"))
                    let last = try run(Sample.program, arguments + ["--lang", language, "--json"])
                    let object = try JSONValue(parsing: Array((last.errors.split(separator: "\n").last ?? "").utf8))
                    #expect(object["code"] == 64, "\(last.errors)")
                }
            }
            for help in [["--help"], ["record", "list", "--help"], ["help", "record"]] {
                let result = try run(Sample.program, help)
                #expect(result.status == 0 && result.output.contains("probity"), "\(help)")
            }
        }

        @Test("A code that there is not is answered with those that there are, on the command line and in a table")
        func codes() throws {
            let copy = try SampleCopy()
            let typed = try copy.call(
                [
                    "record", "add", "--kind", "complaint", "--officer", "990001", "--set", "receivedOn=2026-11-01",
                    "--set", "channel=飞鸽",
                ], as: "inspector1")
            #expect(typed.status == 31 && typed.errors.contains("来源渠道") && typed.errors.contains("可填："))
            let table = try copy.file(
                "rows.csv", "policeNo,eventKind,eventDate,reportDate,description\n990001,火星,2026-09-01,2026-09-02,某事\n")
            let imported = try copy.call(["import", table, "--kind", "majorEvent"], as: "clerk1")
            #expect(imported.status == 31 && imported.errors.contains("可填："), "\(imported.errors)")
            for text in [typed.errors, imported.errors] {
                #expect(!text.contains("{") && LatinWords.found(in: text, given: [copy.folder.path]).isEmpty, "\(text)")
            }
        }

        @Test("Of several officers, the answer says which one means nobody")
        func whichOfSeveral() throws {
            let copy = try SampleCopy()
            let purpose = ["--purpose", "promotionReview"]
            let several = try copy.call(
                ["promote", "check"] + ["990001", "990999", "990002"].flatMap { ["--officer", $0] } + purpose,
                as: "promoter1")
            #expect(several.status == 30 && several.errors.contains("所列 3 人中的第 2 个"), "\(several.errors)")
            #expect(several.output.isEmpty && !several.errors.contains("990999"))
            let one = try copy.call(["promote", "check", "--officer", "990999"] + purpose, as: "promoter1")
            #expect(one.status == 30 && !one.errors.contains("第"), "\(one.errors)")
        }

        @Test("Nothing that is typed moves the cursor or turns the order of what is shown")
        func controls() throws {
            let copy = try SampleCopy()
            for control in ["\u{1B}[2J", "\u{9B}2J", "\u{202E}", "\u{2066}"] {
                for arguments in [
                    ["record", "add", "--kind", "a\(control)b", "--officer", "990001"],
                    ["officer", "show", "a\(control)b", "--purpose", "dailyManagement"],
                    ["rec\(control)ord"],
                    ["promote", "check", "--all", "--on", "a\(control)b", "--purpose", "promotionReview"],
                ] {
                    let result = try copy.call(arguments, as: arguments.count == 1 ? nil : "clerk1")
                    let text = result.output + result.errors
                    #expect(
                        result.status != 0 && !text.unicodeScalars.contains(control.unicodeScalars.first ?? "\u{0}"))
                }
            }
        }

        @Test("An ID number by which a complaint was dropped is masked in the tray's list")
        func tray() throws {
            let copy = try SampleCopy()
            let number = "990101198811300275"
            let dropped = try copy.call(
                [
                    "complaint", "open", "--officer", number, "--set", "receivedOn=2026-11-01", "--set",
                    "channel=letter", "--set", "complaintClass=accusation", "--set", "reporterClass=anonymous", "--set",
                    "jurisdiction=own", "--set", "content=反映履职不力",
                ], as: "clerk1")
            #expect(dropped.status == 0, "\(dropped.errors)")
            for form in [[], ["--json"]] {
                let list = try copy.call(
                    ["complaint", "tray", "--purpose", "disciplineCase"] + form, as: "inspector1")
                #expect(list.status == 0 && list.output.contains("********") && !list.output.contains(number))
            }
        }

        @Test("The records of an officer between two days are those of a search by hand")
        func period() throws {
            let copy = try SampleCopy()
            func list(_ more: [String]) throws -> ProgramResult {
                try copy.call(
                    ["record", "list", "--officer", "990005", "--purpose", "dailyManagement", "--json"] + more,
                    as: "clerk1")
            }
            func records(_ more: [String]) throws -> [(id: String, date: String)] {
                try list(more).objects.first?["records"]?.array?.compactMap { record in
                    record["id"]?.string.flatMap { id in record["occurredOn"]?.string.map { (id, $0) } }
                } ?? []
            }
            let all = try records([])
            let dates = all.map(\.date).sorted()
            let (first, last) = (try #require(dates.first), try #require(dates.last))
            #expect(all.count > 2 && first < last)
            for (options, holds) in [
                (["--since", last], { (date: String) in date >= last }),
                (["--until", first], { (date: String) in date <= first }),
                (["--since", first, "--until", first], { (date: String) in date == first }),
                (["--since", "2200-01-01"], { _ in false }),
            ] {
                #expect(try records(options).map(\.id) == all.filter { holds($0.date) }.map(\.id), "\(options)")
            }
            #expect(try list(["--since", last, "--until", first]).status == 64)
        }

        @Test("Days that cannot be are refused: an appraisal of a coming year, a sanction's effect before its decision")
        func days() throws {
            let copy = try SampleCopy()
            func add(_ user: String, _ kind: String, _ fields: [String]) throws -> ProgramResult {
                try copy.call(
                    ["record", "add", "--kind", kind, "--officer", "990009", "--yes"]
                        + fields.flatMap { ["--set", $0] }, as: user)
            }
            let appraisal = ["grade=competent", "decidedOn=2026-01-31"]
            let coming = try add("clerk1", "appraisal", appraisal + ["year=2027"])
            #expect(coming.status == 31 && coming.errors.contains("考核年度"), "\(coming.errors)")
            #expect(try add("clerk1", "appraisal", appraisal + ["year=2026"]).status == 0)
            let sanction = [
                "measure=p1", "decidedOn=2026-11-01", "documentNo=1", "body=县纪委", "facts=工作失职", "politicsAtAct=01",
                "politicsAtDecision=01",
            ]
            let early = try add("inspector1", "sanction", sanction + ["effectiveOn=2020-01-01"])
            #expect(early.status == 31 && early.errors.contains("生效日期"), "\(early.errors)")
            #expect(try add("inspector1", "sanction", sanction + ["effectiveOn=2026-11-02"]).status == 0)
            let twice = try add("clerk1", "appraisal", appraisal + ["year=2026", "年度=2025"])
            #expect(twice.status == 64 && twice.errors.contains("写了两次"), "\(twice.errors)")
        }

        @Test("A day for which there are no rules is a question for people, not an answer")
        func noRules() throws {
            let copy = try SampleCopy()
            let check = try copy.call(
                ["promote", "check", "--officer", "990005", "--on", "1999-12-31", "--purpose", "promotionReview"],
                as: "promoter1")
            #expect(check.status == 51 && check.output.contains("没有可用的规则版本"), "\(check.output)")
        }

        @Test("The ledger's list knows its acts and users, and tells a step that waits; the history names both persons")
        func ledger() throws {
            let copy = try SampleCopy()
            func list(_ more: [String]) throws -> ProgramResult {
                try copy.call(["audit", "list"] + more, as: "auditor1")
            }
            #expect(try list(["--act", "nonsense"]).status == 64)
            #expect(try list(["--actor", "nobody"]).status == 30)
            for named in ["record.add", "record", "登记记录"] { #expect(try list(["--act", named]).status == 0) }
            let found = try copy.call(
                ["search", "--kind", "sanction", "--purpose", "disciplineCase", "--json"], as: "inspector1")
            let record = try #require(found.objects.first?["records"]?.array?.first?["id"]?.string)
            let waiting = try copy.call(["record", "withdraw", record, "--reason", "重复"], as: "inspector1")
            #expect(waiting.status == 21)
            #expect(try list(["--act", "record.withdraw"]).output.contains("待审批"))
            let matter = waiting.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let accepted = try copy.call(
                ["approve", "accept", matter] + seen(matter) { try copy.call($0, as: "reviewer1") }, as: "reviewer1")
            #expect(accepted.status == 0, "\(accepted.errors)")
            let shown = try copy.call(["record", "show", record, "--purpose", "disciplineCase"], as: "inspector1")
            #expect(shown.output.contains("inspector1 提出、reviewer1 同意"), "\(shown.output)")
        }
    }
}
