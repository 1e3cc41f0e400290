import ProbityRecords
import Testing

@Suite("Reporter's name")
struct ReporterNameTests {
    @Test(
        "A name directly behind the label is found",
        arguments: [
            "举报人王五反映其收受礼金", "举报人王五，电话另告", "举报人张三丰于三月来访", "据举报人欧阳修称", "投诉人李四", "信访人 赵六 来电", "检举人陈大明的来信", "举报人王五等三人",
            "举报人（王五）来电", "举报人“王五”", "举报人—王五", "举报人/王五", "举报人=王五", "经查王五（举报人）来电", "欧阳修【举报人】", "据赵六丰〔投诉人〕称",
            "The reporter Wang Wu said", "complainant: Li", "经查，举报人王小明所述不实", "举报人王五补充材料", "王五实名举报", "据王五举报",
            "群众李四举报其喝酒",
            "王五是举报人", "王五系举报人", "举报人名为王五", "舉報人：王五", "署名：王小二", "来电者王小二", "whistleblower: Wang Wu", "电话88881234",
            "壹叁捌壹贰叁肆伍陆柒捌", "VX:wangwu88", "微信ID：wangwu",
            "来信署名王芳", "来信自称王芳", "据王芳反映", "据王芳（138…）反映其饮酒", "接到王芳来电", "王芳（河湾村）实名举报", "举报人：匿名（王五）", "举报人：匿名王芳",
            "举报人匿名（真名王芳）", "举报人：匿名，实为王芳", "举报信署名王芳", "落款王芳", "接到王芳举报",
            "据邻居王芳反映", "王芳女士举报", "王芳电话举报", "王芳、李强联名举报", "揭发人：王芳", "举报信系王芳所写", "核查王芳举报",
        ])
    func named(text: String) { #expect(ReporterIdentity.isSuspected(in: text)) }

    @Test("A name behind 据 is found in records that may carry telephone numbers", arguments: ["据王芳（138…）反映", "来信自称王芳"])
    func namedElsewhere(text: String) {
        #expect(ReporterIdentity.isNamed(in: text) && !ReporterIdentity.isNamed(in: "电话13812345678"))
    }

    @Test(
        "An ordinary sentence about a reporter is not refused",
        arguments: [
            "举报人反映其收受礼金", "举报人称", "举报人要求保密", "举报人身份保密", "向举报人反馈", "投诉人不服", "举报人于昨日来访", "举报人曾向派出所反映", "举报人陈述称",
            "举报人申请复查",
            "举报人（匿名）", "举报人（王某）来电", "举报人安排来访", "举报人王某反映", "举报人高度关注", "举报人何时来访", "举报人方面反映", "举报人马上来电", "举报人对结果满意",
            "举报人与当事人相识", "举报人未提供证据", "线索来源（举报人）", "另一当事人（举报人）已到场", "the reporter says that", "已告知（举报人）",
            "被举报人丁四称", "被反映人丁四称", "有人向张三举报", "经群众举报", "匿名举报", "电话举报", "拨打电话12345", "任何人举报", "多次举报", "电话2026-11-02接到",
            "反映人：匿名", "举报人:不详，来信一封", "王芳反映工作压力大", "收到纪委来信", "接到单位来电", "据家属反映", "据查反映不实", "自称受害", "据王某反映", "署名文章",
            "举报人：无", "举报人：保密", "联系电话：略", "线索来源：群众举报", "落款：示例县公安局", "落款为2026年11月的承诺书",
            "其自称为人正直", "本人自称系初犯", "自称是省厅领导", "举报人姓名不公开", "常见举报类型", "方言举报难以辨识", "据高层反映", "收到白纸来信", "来信署名：无",
        ])
    func ordinary(text: String) { #expect(!ReporterIdentity.isSuspected(in: text)) }

    @Test(
        "Spaces, what has no width, and full-width forms hide nothing",
        arguments: ["举\u{200B}报人王五反映", "电话１３８１２３４５６７８", "举 报 人：王五", "联系方式：另附"])
    func spelt(text: String) { #expect(ReporterIdentity.isSuspected(in: text)) }

    @Test(
        "A telephone number is found beside other digits, with its country, and however it is divided",
        arguments: [
            "联系 13812345678 2026-11-02来电", "138.1234.5678", "13812345678 13912345678", "+86 138-1234-5678",
            "8613812345678",
            "008613812345678", "86138 12345678", "138—1234—5678", "(138)12345678", "138\u{202D}1234\u{AD}5678",
            "2 13812345678", "139，1234，5678", "139、1234、5678", "一三八一二三四五六七八", "幺三八 一二三四 五六七八",
            "王一13812345678", "138一二三四5678", "2026年11月2日 010-62345678 3次", "1 3 8 1 2 3 4 5 6 7 8",
            "2026 11010119900307571X 3",
        ])
    func number(text: String) { #expect(ReporterIdentity.isSuspected(in: text)) }

    @Test(
        "Days, amounts and document numbers are no telephone",
        arguments: [
            "2026-10-19至2026-11-20", "2026-10-19 2026-11-20", "2026.11.20 13:45", "示例纪〔2026〕13号", "收受礼金 13800 元 2 次",
            "20261120-001",
            "1. 2026-11-20 2. 2026-11-21", "R-0AFQ37PJN0000", "二〇二六年十一月二十日", "第一、二、三条", "礼金1,380,000元",
            "2026-10-19、2026-11-20、2026-11-21",
        ])
    func noNumber(text: String) { #expect(!ReporterIdentity.isSuspected(in: text)) }

    @Test("Of a look-up text the citizen IDs are masked, and pass")
    func masked() {
        #expect(
            CitizenID.masked(in: "张三（11010119900307571x）、990001") == "张三（110101********571x）、990001")
        #expect(CitizenID.masked(in: "11010119900307571X") == "110101********571X")
        // With a wrong digit, or of the old form, it is still his.
        #expect(CitizenID.masked(in: "110101199003075710 990001") == "110101********5710 990001")
        #expect(CitizenID.masked(in: "110101900307571") == "110101*****7571")
        #expect(!ReporterIdentity.isSuspected(inLookUp: "11010119900307571X 990001"))
        #expect(ReporterIdentity.isSuspected(inLookUp: "11010119900307571X 13812345678"))
    }

    @Test("An officer is looked up by a citizen ID, and nobody by a telephone number")
    func lookUp() {
        #expect(ReporterIdentity.isSuspected(in: "11010119900307571X"))
        #expect(!ReporterIdentity.isSuspected(inLookUp: "11010119900307571X"))
        #expect(ReporterIdentity.isSuspected(inLookUp: "13812345678"))
    }
}
