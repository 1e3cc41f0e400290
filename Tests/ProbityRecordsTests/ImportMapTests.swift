import ProbityRecords
import Testing

@Suite("Headers of imported tables")
struct ImportMapTests {
    let catalogue: KindCatalogue

    init() throws { catalogue = try KindCatalogue.standard() }

    private func read(
        _ kind: String, _ header: [String], renames: [String: String] = [:]
    ) throws -> Result<ImportMap, ImportMap.Refusal> {
        ImportMap.reading(kind: try #require(catalogue.kind(kind)), header: header, renames: renames)
    }

    private func problems(_ kind: String, _ header: [String]) throws -> [ImportMap.Problem] {
        switch try read(kind, header) {
        case .success: []
        case .failure(let refusal): refusal.problems
        }
    }

    @Test("Chinese labels, English labels, field names and aliases mean the same columns")
    func headers() throws {
        let headers = [
            ["警号", "谈话种类", "谈话日期", "谈话人", "事由"],
            ["police number", "kind of talk", "date of the talk", "interviewers", "matter"],
            ["policeNo", "talkKind", "talkOn", "interviewers", "matter"],
            ["\u{FEFF}人员警号", "种类", " 日期 ", "INTERVIEWERS", "Matter"],
        ]
        for header in headers {
            let map = try read("talk", header).get()
            let row = try #require(map.row(["990004", "约谈", "2026/5/11", "甲一", "履责不力"]))
            #expect(row.officer == "990004")
            #expect(row.state == nil)
            #expect(
                row.texts == ["talkKind": "约谈", "talkOn": "2026/5/11", "interviewers": "甲一", "matter": "履责不力"],
                "\(header)")
        }
    }

    @Test("The roster needs no column for the officer beside his number")
    func roster() throws {
        let map = try read("officer", ["警号", "姓名", "身份证号", "性别", "单位", "类别"]).get()
        let row = try #require(map.row(["990001", "甲一", "990101197803120018", "男", "U01", "民警"]))
        #expect(row.officer == nil)
        #expect(row.texts["policeNo"] == "990001")
        #expect(row.texts["personCategory"] == "民警")
    }

    @Test("A column may say the state a record is in")
    func stateColumn() throws {
        let map = try read("talk", ["警号", "谈话种类", "谈话日期", "谈话人", "事由", "状态"]).get()
        #expect(map.row(["990004", "约谈", "2026-05-11", "甲一", "x", " 已办结 "])?.state == "已办结")
        #expect(map.row(["990004", "约谈", "2026-05-11", "甲一", "x", ""])?.state == nil)
    }

    @Test("All problems of a header row are named at once")
    func allProblems() throws {
        let found = try problems("talk", ["谈话种类", "心情", "种类", "", "谈话日期"])
        #expect(
            found == [
                .init(code: .unknownHeader, column: 1, header: "心情"),
                .init(code: .duplicateHeader, column: 2, header: "种类"),
                .init(code: .emptyHeader, column: 3, header: ""),
                .init(code: .missingHeader, column: nil, header: "policeNo"),
                .init(code: .missingHeader, column: nil, header: "interviewers"),
                .init(code: .missingHeader, column: nil, header: "matter"),
            ])
        let kind = try #require(KindCatalogue.standard().kind("talk"))
        for language in Language.allCases {
            let messages = try MessageCatalogue.standard(language)
            for problem in found { #expect(!problem.text(messages, kind: kind).contains("{")) }
        }
        let messages = try MessageCatalogue.standard(.zh)
        #expect(found.suffix(3).map { $0.text(messages, kind: kind) } == ["警号", "谈话人", "事由"].map { "缺少必需的列“\($0)”" })
    }

    @Test(
        "A column of the reporter's is refused in a complaint",
        arguments: ["举报人", "举报人姓名", "投诉人电话", "Reporter Name", "complainant", "举 报 人 联系方式"])
    func reporterColumn(header: String) throws {
        let complete = ["警号", "接收日期", "来源渠道", "信访类别", "署名类别", "管辖判断"]
        #expect(try problems("complaint", complete) == [])
        #expect(
            try problems("complaint", complete + [header]) == [
                .init(code: .reporterIdentity, column: 6, header: header)
            ])
    }

    @Test("Renames win over the kind's headers, and a column can be skipped")
    func renames() throws {
        let header = ["编号", "谈话种类", "何时", "谈话人", "事由", "心情"]
        let map = try read("talk", header, renames: ["编号": "policeNo", "何时": "talkOn", "心情": ""]).get()
        let row = try #require(map.row(["990004", "约谈", "2026-05-11", "甲一", "x", "好"]))
        #expect(row.officer == "990004")
        #expect(row.texts["talkOn"] == "2026-05-11")
        #expect(row.texts.count == 4)
    }

    @Test("No rename brings the reporter in")
    func renameOfReporter() throws {
        let header = ["警号", "接收日期", "来源渠道", "信访类别", "署名类别", "管辖判断", "举报人"]
        let result = try read("complaint", header, renames: ["举报人": "content"])
        guard case .failure(let refusal) = result else {
            Issue.record("the column was accepted")
            return
        }
        #expect(refusal.problems.map(\.code) == [.reporterIdentity])
    }

    @Test("A short row is filled up and a long one refused")
    func rowLength() throws {
        let map = try read("talk", ["警号", "谈话种类", "谈话日期", "谈话人", "事由"]).get()
        #expect(map.row(["990004", "约谈"])?.texts == ["talkKind": "约谈"])
        #expect(map.row(["990004", "约谈", "2026-05-11", "甲一", "x", ""]) == nil)
    }
}
