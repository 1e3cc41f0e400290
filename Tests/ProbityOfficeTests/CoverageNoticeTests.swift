import ProbityRecords
import Testing

@testable import ProbityOffice

@Suite("What a reading could not see, in words")
struct CoverageNoticeTests {
    typealias Gap = Coverage.Gap

    private func notice(_ gaps: [Gap], _ language: String = "zh") throws -> CoverageNotice {
        try CoverageNotice(Coverage(gaps), Vocabulary(Wording(language: language)))
    }

    @Test("Categories with the same cause and place share a sentence; what more keys would show comes first")
    func sentences() throws {
        let day = try #require(CivilDate("2026-11-01"))
        let gaps = [
            Gap(.complaints, .role), Gap(.duty, .role), Gap(.talks, .noKey, units: ["U01"]),
            Gap(.events, .noKey, units: ["U01"]), Gap(.sanctions, .grantEnded, on: day),
            Gap(.roster, .noKey, units: ["U00"], except: ["U02", "U03"]), Gap(.events, .withheld),
            Gap(.talks, .withheld), Gap(.opinions, .bureauOnly),
        ]
        let zh = try notice(gaps)
        #expect(
            zh.notes.map(\.text) == [
                "未能查看：人员名册（U00，U02、U03 除外）（没有授权通向该处）", "未能查看：重大事项、谈话（U01）（没有授权通向该处）",
                "未能查看：处分与问责（授权已于 2026-11-01 到期）", "只有全局数字，不按单位统计：廉政意见", "本角色不查看：投诉举报与线索、教育考核与履责",
                "按回避规定，以您本人为对象的内容一律不列出、不统计",
            ])
        #expect(zh.notes.map(\.isWarning) == [true, true, true, false, false, false] && zh.outcome == .partlySeen)
        #expect(!zh.notes.contains { !$0.isInJSON })
        let en = try notice(gaps, "en").notes.map(\.text)
        #expect(en.count == 6 && en[2] == "not seen: sanctions (the grant ended on 2026-11-01)")
    }

    @Test("The limits of a scope, the role and the rules are no failure; nothing unseen is nothing to say")
    func outcome() throws {
        let scope = Gap(.roster, .scope, units: ["U00"], except: ["U02"])
        let day = CivilDate("2026-11-01")
        #expect(try notice([scope]).notes.map(\.text) == ["只含您授权范围内的：人员名册（U02）"])
        #expect(try notice([scope, Gap(.duty, .role), Gap(.roster, .withheld)]).outcome == .done)
        #expect(
            try notice([Gap(.roster, .scope, units: ["U00"], except: ["U02"], on: day)]).notes.map(\.text)
                == ["只含您授权范围内的：人员名册（U02）；另有授权已于 2026-11-01 到期"])
        #expect(try notice([]).notes == [] && notice([]).outcome == .done)
        #expect(try notice([Gap(.roster, .grantEnded, on: day)]).outcome == .partlySeen)
    }

    @Test("Every cause has its sentence in both languages, and the JSON has its code", arguments: ["zh", "en"])
    func causes(language: String) throws {
        let wording = try Wording(language: language)
        for cause in Coverage.Cause.allCases {
            #expect(wording.messages.contains(cause.messageKey), "\(cause)")
            #expect(try notice([Gap(.events, cause)], language).json.text.contains("\"cause\":\"\(cause.rawValue)\""))
        }
        #expect(
            try notice([Gap(.events, .noKey, units: ["U00"], except: ["U02"])], language).json.text
                == """
                {"coverage":{"gaps":[{"category":"events","cause":"noKey","except":["U02"],"on":null,"units":["U00"]}]},\
                "schema":"probity/coverage/v1"}
                """)
    }
}
