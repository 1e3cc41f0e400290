/// What tells a name behind a label from an ordinary word: 举报人王五反映 names somebody, 举报人安排来访 does not.
///
/// Surnames are the two hundred most frequent ones and the compound ones; rarer names are found by a colon or a linking word.
/// Source: 公安部户政管理研究中心《全国姓名报告》 (order of frequency).
enum Surnames {
    static let single = spelt(
        """
        王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金\
        韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施洪樊兰殷庄章鲁倪葛温季俞翟梅耿詹\
        申欧阎岳齐焦左辛管祝霍柳柯芦阮尚毕聂舒凌娄路柴甘盛童裴骆项鲍尤褚靳柏邢祁甄
        """.filter { !$0.isWhitespace }.map(String.init))
    static let compound = spelt(["欧阳", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "夏侯", "司徒", "端木"])

    /// What may stand behind a name in the middle of a sentence.
    static let followers = spelt([
        "反映", "反应", "举报", "检举", "控告", "投诉", "信访", "来电", "来信", "来访", "致电", "打电话", "电话", "手机", "称", "说", "表示", "提供", "提出",
        "要求", "认为", "陈述", "声称", "诉", "于", "在", "向", "对", "到", "因", "与", "和", "及", "等", "的", "是", "系", "为", "住", "现",
        "本人",
        "同志", "先生", "女士", "身份证", "单位", "已", "曾", "今", "昨", "又", "再", "发现", "看到", "男", "女",
    ])

    /// Ordinary words that begin like a surname.
    static let words =
        spelt([
            "高度", "高兴", "何时", "何人", "何处", "何以", "何地", "何种", "方面", "方才", "任何", "任职", "任意", "常年", "常常", "常住", "马上", "万分",
            "全程", "向我", "向本", "向其", "向上", "向纪", "向有", "向公", "向派", "向局", "向支", "向分", "向督", "向信", "向办", "向当", "向市", "向县",
            "向组",
            "向单", "向领", "白天", "周末", "周边", "周围", "陈述", "陈诉", "陈明", "申请", "申诉", "申明", "申述", "申报", "谢绝", "施压", "严重", "严正",
            "严肃",
            "顾虑", "金额", "路过", "路上", "路遇", "文化", "程度", "郑重", "许诺", "许可", "武力", "易被", "章节", "常因", "常向", "方能", "方可", "余下",
            "左右",
            "管理", "尤其", "齐全", "尚未", "尚无", "尚不", "尚有", "石沉", "万一", "付款", "付费", "付出", "温和", "毕竟", "左侧",
        ])
        // 曾 and 于 begin more sentences than names.
        .union(spelt("经在向于因多被反称与到先提举对有两数就以见说是三去给来".map { "曾\($0)" }))
        .union(spelt("昨今当前上下去本同该此其近年月日晚早次数首又再两三一二四五六七八九十某夜凌春夏秋冬案事会后中".map { "于\($0)" }))

    private static func spelt(_ words: [String]) -> Set<[UInt8]> { Set(words.map { Array($0.utf8) }) }
}
