import CanonicalJSON
import Foundation
import ProbityOffice
import ProbityTestSupport
import Testing

extension Office {
    @Suite("Imports")
    struct ImportTests {
        private func premises() throws -> Premises { try Premises.shared.get() }

        private static let good = """
            警号,登记日期,饮酒习惯,驾驶资格,应酬,状态
            990002,2026/1/20,经常,持有,较多,已提交
            990003,2026-02-01,none,held,low,
            """

        /// The same text as a Chinese spreadsheet of old writes it.
        private func gb18030(_ text: String) throws -> [UInt8] {
            let result = try run("iconv", ["-f", "UTF-8", "-t", "GB18030"], input: Array(text.utf8))
            #expect(result.status == 0)
            return result.outputBytes
        }

        @Test(
            "A table in UTF-8, with or without a mark, and in GB18030 says the same",
            arguments: ["utf8", "bom", "gb18030"])
        func encodings(_ encoding: String) throws {
            let desk = try premises().desk("clerk1")
            let text = ImportTests.good
            let bytes =
                switch encoding {
                case "bom": [0xEF, 0xBB, 0xBF] + Array(text.utf8)
                case "gb18030": try gb18030(text)
                default: Array(text.utf8)
                }
            var passes: [Int] = []
            let dry = try desk.importTable(.bytes(bytes, name: "risk.csv"), kind: "饮酒风险登记", dryRun: true)
            #expect(dry.rejections == [])
            #expect(dry.answer.lines == ["饮酒风险登记：2 行检查通过，没有导入（仅检查）"])
            let file = try premises().folder.path + "/risk-\(encoding).csv"
            try Data(bytes).write(to: URL(filePath: file))
            let done = try desk.importTable(.file(file), kind: "drinkingRisk", dryRun: false) { _, pass in
                passes.append(pass)
            }
            #expect(done.answer.lines == ["饮酒风险登记：已导入 2 行"] && done.answer.outcome == .done)
            #expect(
                try done.answer.json.parsed == [
                    "rows": 2, "rejected": 0, "published": true, "rejections": [], "schema": "probity/import/v1",
                ])
            #expect(passes == [2])
            let found = try desk.search(searching("drinkingRisk")).rows.filter { $0.cells[4] != "已撤回" }
            #expect(
                found.map { Array($0.cells.prefix(6)) }.sorted { $0[0] < $1[0] } == [
                    [
                        "990002", "乙二", "2026-01-20", "饮酒风险登记", "已提交",
                        "经常 · 有 · 饮酒风险等级 L3（须由指定人员确认）",
                    ],
                    ["990003", "丙三", "2026-02-01", "饮酒风险登记", "已提交", "不饮 · 有 · 饮酒风险等级 L0（须由指定人员确认）"],
                ])
            for row in found { _ = try desk.withdraw(row.cells[6], reason: "测试") }
        }

        private func searching(_ kind: String) -> RecordSearch {
            var search = RecordSearch()
            search.kind = kind
            return search
        }

        @Test("One wrong row refuses the table, every row with its number and reason", arguments: ["utf8", "gb18030"])
        func refused(_ encoding: String) throws {
            let desk = try premises().desk("clerk1")
            let text = """
                警号,事项种类,发生日期,报告日期,事项内容,状态
                990001,婚姻变化,2026-05-20,2026-07-01,结婚,
                990001,结婚,2026-13-01,2026-07-01,结婚,
                990001,me01,2026-05-20,2026-07-01,结婚,已撤回
                990077,me01,2026-05-20,2026-07-01,结婚,
                990001,me01,2026-05-20,2026-07-01,结婚,,多
                990001,me01,,2026-07-01,结婚,飞行
                """
            let bytes = encoding == "utf8" ? Array(text.utf8) : try gb18030(text)
            let before = try desk.records(of: "990001").rows.count
            let imported = try desk.importTable(.bytes(bytes, name: "t.csv"), kind: "majorEvent", dryRun: false)
            #expect(
                imported.rejections.map(\.text) == [
                    "第 3 行：“发生日期”不是存在的日期，应写作 2026-03-05",
                    "第 3 行：“事项种类”不在代码表“重大事项种类”内；可填：婚姻变化；因私出国（境）；操办婚丧喜庆；立案、强制措施、受处罚；交通事故、酒驾查处；购建房、购车；"
                        + "配偶子女经商办企业；大额借贷、担保、诉讼；子女升学从业留学；上交礼品礼金；兼职；网络社交媒体……",
                    "第 4 行：“已撤回”不是可登记的状态", "第 5 行：没有警号为“990077”的人员，或对您不可见",
                    "第 6 行：第 6 行的单元格多于表头", "第 7 行：“飞行”不是可登记的状态",
                ])
            #expect(imported.rejections.map(\.row) == [3, 3, 4, 5, 6, 7])
            #expect(imported.rejections.map(\.field) == ["发生日期", "事项种类", "state", "policeNo", "", "state"])
            #expect(imported.answer.lines == ["个人重大事项报告：6 行中有 5 行不合格，一行也没有导入"])
            #expect(imported.answer.outcome == .invalidEntry)
            #expect(try imported.answer.json.parsed["published"] == false)
            #expect(
                try imported.answer.json.parsed["rejections"]?.array?.first == [
                    "row": 3,
                    "problems": [
                        ["field": "eventDate", "code": "problem.badDate"],
                        ["field": "eventKind", "code": "problem.notInList"],
                    ],
                ])
            #expect(try desk.records(of: "990001").rows.count == before)
        }

        @Test("A header that does not fit names every column")
        func header() throws {
            let desk = try premises().desk("clerk1", language: "en")
            let table = ImportSource.bytes(Array("policeNo,event,colour,,event\n".utf8), name: "events.csv")
            let error = officeError { _ = try desk.importTable(table, kind: "majorEvent", dryRun: false) }
            #expect(error == OfficeError(.invalidEntry, "import.headerRefused"))
            #expect(
                error?.details == [
                    "column 3: “colour” is no field of this kind of record", "column 4 has no header",
                    "column 5: “event” means a field that has a column already",
                    "the column “date of the event” is missing", "the column “reported on” is missing",
                    "the column “description” is missing",
                ])
            let refusal = Refusal(try #require(error), desk.wording)
            #expect(refusal.message == "the header does not fit the record kind: events.csv")
            #expect(refusal.hint == "run probity schema majorEvent --template for a blank header")
        }

        @Test(
            "What is no table is refused with its row",
            arguments: [
                ("", "import.csv.empty", "empty.csv 是空文件"),
                ("警号,事项\"种类\n", "import.csv.strayQuote", "empty.csv 第 1 行有多余的引号"),
                ("\"警号\n", "import.csv.unterminatedQuote", "empty.csv 第 1 行的引号没有结束"),
            ])
        func noTable(text: String, key: String, sentence: String) throws {
            let desk = try premises().desk("clerk1")
            let error = officeError {
                _ = try desk.importTable(
                    .bytes(Array(text.utf8), name: "empty.csv"), kind: "majorEvent", dryRun: true)
            }
            #expect(error == OfficeError(.invalidEntry, key))
            #expect(try Refusal(#require(error), desk.wording).message == sentence)
        }

        @Test("A file that is not there is no table")
        func missing() throws {
            let desk = try premises().desk("clerk1")
            #expect(throws: OfficeError(.inputOutput, "cli.fileUnreadable")) {
                _ = try desk.importTable(.file("/nowhere/x.csv"), kind: "majorEvent", dryRun: true)
            }
        }
    }
}
