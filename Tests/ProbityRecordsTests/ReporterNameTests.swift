import ProbityRecords
import Testing

@Suite("Reporter's name")
struct ReporterNameTests {
    @Test(
        "A name directly behind the label is found",
        arguments: [
            "举报人王五反映其收受礼金", "举报人王五，电话另告", "举报人张三丰于三月来访", "据举报人欧阳修称", "投诉人李四", "信访人 赵六 来电", "检举人陈大明的来信", "举报人王五等三人",
        ])
    func named(text: String) { #expect(ReporterIdentity.isSuspected(in: text)) }

    @Test(
        "An ordinary sentence about a reporter is not refused",
        arguments: [
            "举报人反映其收受礼金", "举报人称", "举报人要求保密", "举报人身份保密", "向举报人反馈", "投诉人不服", "举报人于昨日来访", "举报人曾向派出所反映", "举报人陈述称",
            "举报人申请复查",
            "举报人安排来访", "举报人王某反映", "举报人高度关注", "举报人何时来访", "举报人方面反映", "举报人马上来电", "举报人对结果满意", "举报人与当事人相识", "举报人未提供证据",
        ])
    func ordinary(text: String) { #expect(!ReporterIdentity.isSuspected(in: text)) }

    @Test(
        "Spaces, what has no width, and full-width forms hide nothing",
        arguments: ["举\u{200B}报人王五反映", "电话１３８１２３４５６７８", "举 报 人：王五", "联系方式：另附"])
    func spelt(text: String) { #expect(ReporterIdentity.isSuspected(in: text)) }

    @Test("An officer is looked up by a citizen ID, and nobody by a telephone number")
    func lookUp() {
        #expect(ReporterIdentity.isSuspected(in: "11010119900307571X"))
        #expect(!ReporterIdentity.isSuspected(inLookUp: "11010119900307571X"))
        #expect(ReporterIdentity.isSuspected(inLookUp: "13812345678"))
    }
}
