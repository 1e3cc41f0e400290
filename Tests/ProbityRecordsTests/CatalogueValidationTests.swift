import CanonicalJSON
import ProbityRecords
import Testing

@Suite("Validation of values")
struct CatalogueValidationTests {
    let catalogue: KindCatalogue

    init() throws { catalogue = try KindCatalogue.standard() }

    private func kind(_ id: String) throws -> RecordKind { try #require(catalogue.kind(id)) }

    static let officer: [String: JSONValue] = [
        "policeNo": "990004", "name": "丁四", "idNo": "990101198811300275", "sex": "1", "politics": "01", "unit": "U03",
        "personCategory": "police", "post": "所长", "rank": "7",
    ]
    static let engagement: [String: JSONValue] = [
        "engagementOn": "2026-09-18", "place": "家中", "occasion": "family", "guests": ["family"], "alcohol": false,
        "dutyNext12h": false, "transportHome": "walk",
    ]
    static let talk: [String: JSONValue] = [
        "talkKind": "heartTalk", "talkOn": "2026-09-25", "interviewers": "甲一", "matter": "家庭困难",
    ]
    static let complaint: [String: JSONValue] = [
        "receivedOn": "2026-06-02", "channel": "letter", "complaintClass": "accusation", "reporterClass": "anonymous",
        "jurisdiction": "own", "content": "反映办案超期",
    ]
    static let help: [String: JSONValue] = [
        "level": "watch", "trigger": "earlySign", "reason": "情绪低落", "measures": ["contact", "talk"],
        "startOn": "2026-03-01",
        "endOn": "2026-09-01", "reviewOn": "2026-06-01", "toldOn": "2026-03-01",
    ]

    @Test("Complete values have no problem")
    func validValues() throws {
        #expect(try kind("officer").validate(values: Self.officer) == [])
        #expect(try kind("engagementReport").validate(values: Self.engagement) == [])
        #expect(try kind("talk").validate(values: Self.talk) == [])
        #expect(try kind("complaint").validate(values: Self.complaint) == [])
        #expect(try kind("helpMeasure").validate(values: Self.help) == [])
    }

    @Test("Each required field is asked for")
    func requiredFields() throws {
        for kind in catalogue.kinds {
            let missing = kind.validate(values: [:]).filter { $0.code == .missing }.map(\.field)
            #expect(missing == kind.fields.filter(\.isRequired).map(\.name), "\(kind.id)")
        }
    }

    @Test(
        "A wrong value is refused by the code that says why",
        arguments: [
            ("policeNo", "99000", FieldProblem.Code.policeNumber), ("policeNo", "99OOO4", .policeNumber),
            ("policeNo", "F0011", .policeNumber), ("idNo", "990101198811300276", .citizenID),
            ("idNo", "990101198813300275", .citizenID), ("idNo", "99010119881130027", .citizenID),
            ("sex", "3", .notInList),
            ("sex", "男", .notInList), ("sex", 1, .wrongType), ("politics", .null, .wrongType), ("name", "", .missing),
            ("name", "丁\n四", .controlCharacter), ("name", "丁\u{0}四", .controlCharacter),
            ("name", .string(String(repeating: "丁", count: 501)), .tooLong), ("politicsOn", "2026-02-29", .badDate),
            ("politicsOn", "2026/02/01", .badDate), ("politicsOn", 20_260_201, .wrongType),
            ("unitHead", "是", .wrongType),
            ("nickname", "小四", .unknownField),
        ] as [(String, JSONValue, FieldProblem.Code)])
    func wrongValue(field: String, value: JSONValue, code: FieldProblem.Code) throws {
        var values = Self.officer
        values[field] = value
        let problems = try kind("officer").validate(values: values)
        #expect(problems.map(\.field) == [field])
        #expect(problems.map(\.code) == [code])
        #expect(problems.allSatisfy { $0.severity == .error })
    }

    @Test("An auxiliary has a number of the local form and no rank")
    func auxiliary() throws {
        var values = Self.officer
        values["personCategory"] = "auxiliary"
        values["policeNo"] = "F0011"
        #expect(try kind("officer").validate(values: values).map(\.rule) == ["officer.auxiliaryRank"])
        values["rank"] = nil
        #expect(try kind("officer").validate(values: values) == [])
        values["policeNo"] = "990004"
        #expect(try kind("officer").validate(values: values).map(\.code) == [.policeNumber])
    }

    @Test("A sex that disagrees with the ID number is a warning, not a refusal")
    func sexDisagrees() throws {
        var values = Self.officer
        values["sex"] = "2"
        let problems = try kind("officer").validate(values: values)
        #expect(problems == [FieldProblem("idNo", .citizenIDSex, severity: .warning)])
        values["sex"] = "9"
        #expect(try kind("officer").validate(values: values) == [])
    }

    @Test("A birth date after today is refused when today is given")
    func futureBirth() throws {
        let officer = try kind("officer")
        #expect(officer.validate(values: Self.officer, today: CivilDate("1988-11-29")).map(\.code) == [.citizenID])
        #expect(officer.validate(values: Self.officer, today: CivilDate("1988-11-30")) == [])
    }

    @Test("Problems never repeat what was typed")
    func problemsHideValues() throws {
        let secret = "990101198811300276"
        var values = Self.officer
        values["idNo"] = .string(secret)
        values["policeNo"] = "秘密"
        for problem in try kind("officer").validate(values: values) {
            for language in Language.allCases {
                let text = problem.text(try MessageCatalogue.standard(language), kind: try kind("officer"))
                #expect(!text.contains(secret) && !text.contains("秘密"))
                for placeholder in ["{field}", "{pattern}", "{why}"] {
                    #expect(!text.contains(placeholder), "a placeholder was left: \(text)")
                }
            }
        }
    }

    @Test("A problem is told with the names of field, list and reason in the reader's language")
    func sentencesOfProblems() throws {
        let officer = try kind("officer")
        let values = Self.officer.merging(["politics": "99", "idNo": "990101198811300276"]) { $1 }
        let problems = officer.validate(values: values)
        let zh = try MessageCatalogue.standard(.zh)
        let en = try MessageCatalogue.standard(.en)
        let list = try #require(officer.field("politics")?.codeList)
        #expect(list.offer(en).hasPrefix("member of the CPC; "))
        #expect(
            problems.map { $0.text(zh, kind: officer) } == [
                "“居民身份证号”有误：校验码不对，请核对全部十八位", "“政治面貌”不在代码表“政治面貌”内；可填：\(list.offer(zh))",
            ])
        #expect(
            problems.map { $0.text(en, kind: officer) } == [
                "“citizen ID” is wrong: the check digit does not fit; compare all eighteen characters",
                "“political affiliation” is not in the code list “political affiliation”; there are: \(list.offer(en))",
            ])
    }

    // MARK: Engagement pre-reports

    @Test(
        "A pre-report with a prohibited feature is refused with the rule's code",
        arguments: [
            (["alcohol": true, "wartime": true], "engagement.d1"),
            (["alcohol": true, "dutyNext12h": true], "engagement.d2"),
            (["alcohol": true, "firearmLocked": false], "engagement.d3"),
            (["alcohol": true, "uniform": true], "engagement.d4"),
            (["alcohol": true, "transportHome": "self"], "engagement.d6"),
            (["guests": ["friend", "managed"]], "engagement.d7"),
            (["guests": ["subordinate"]], "engagement.d7"),
            (["alcohol": true, "vehicleLocked": false], "engagement.vehicle"),
        ] as [([String: JSONValue], String)])
    func prohibitedFeature(change: [String: JSONValue], rule: String) throws {
        let problems = try kind("engagementReport").validate(values: Self.engagement.merging(change) { $1 })
        #expect(problems.map(\.rule) == [rule])
        #expect(problems.map(\.code) == [.refusedByRule])
    }

    @Test("The same feature without alcohol is accepted, and so is an approved foreign-affairs reception")
    func permittedFeature() throws {
        let report = try kind("engagementReport")
        let sober: [String: JSONValue] = [
            "wartime": true, "dutyNext12h": true, "firearmLocked": false, "uniform": true, "transportHome": "self",
            "vehicleLocked": false,
        ]
        #expect(report.validate(values: Self.engagement.merging(sober) { $1 }) == [])
        let reception: [String: JSONValue] = ["alcohol": true, "wartime": true, "exceptionApprovalNo": "外事〔2026〕3号"]
        #expect(report.validate(values: Self.engagement.merging(reception) { $1 }) == [])
    }

    // MARK: Talks

    @Test("One person is not both interviewer and recorder")
    func interviewerAndRecorder() throws {
        let talk = try kind("talk")
        let same = Self.talk.merging(["interviewers": "甲一、乙二", "recorder": "乙二"]) { $1 }
        #expect(talk.validate(values: same).map(\.code) == [.samePerson])
        let different = Self.talk.merging(["interviewers": "甲一、乙二", "recorder": "丙三"]) { $1 }
        #expect(talk.validate(values: different) == [])
    }

    @Test("A reminder talk is held without a follow-up and not closed without one")
    func reminderFollowUp() throws {
        let talk = try kind("talk")
        let remind = Self.talk.merging(["talkKind": "remind"]) { $1 }
        #expect(talk.validate(values: remind, state: "held") == [])
        #expect(talk.validate(values: remind, state: "closed").map(\.field) == ["followUpOn", "followUpResult"])
        let followed = remind.merging(["followUpOn": "2026-12-25", "followUpResult": "已改正"]) { $1 }
        #expect(talk.validate(values: followed, state: "closed") == [])
        let early = remind.merging(["followUpOn": "2026-09-24", "followUpResult": "已改正"]) { $1 }
        #expect(talk.validate(values: early, state: "closed").map(\.code) == [.dateOrder])
    }

    @Test(
        "Each kind of talk asks for its own fields",
        arguments: [
            ("summon", ["failures", "rectifyBy"]), ("orderedCheck", ["rectifyBy"]),
            ("collective", ["organisers", "attendees"]),
            ("preAppointment", ["appointmentRef", "promiseSigned"]), ("inquiryTalk", ["leadRef"]),
            ("writtenInquiry", ["leadRef", "sentOn"]), ("admonish", ["decisionNo"]), ("integrityTalk", []),
        ])
    func talkKinds(talkKind: String, fields: [String]) throws {
        let problems = try kind("talk").validate(values: Self.talk.merging(["talkKind": .string(talkKind)]) { $1 })
        #expect(problems.map(\.field) == fields)
        #expect(problems.allSatisfy { $0.code == .requiredByRule })
    }

    // MARK: Complaints

    @Test("State secrets are refused")
    func secrets() throws {
        let values = Self.complaint.merging(["jurisdiction": "secret"]) { $1 }
        #expect(try kind("complaint").validate(values: values).map(\.rule) == ["complaint.secret"])
    }

    @Test("Of a complaint about a person managed by a higher body only the forwarding is kept")
    func higherBody() throws {
        let complaint = try kind("complaint")
        let withContent = Self.complaint.merging(["jurisdiction": "higher"]) { $1 }
        #expect(complaint.validate(values: withContent).map(\.field) == ["content"])
        var bare = withContent
        bare["content"] = nil
        bare["receiptNo"] = "收2026-17"
        #expect(complaint.validate(values: bare) == [])
        #expect(complaint.validate(values: bare, state: "accepted").map(\.rule) == ["complaint.higherState"])
    }

    @Test("A false accusation needs the approval of a higher level")
    func falseAccusation() throws {
        let complaint = try kind("complaint")
        var values = Self.complaint.merging(["outcome": "falseAccusation"]) { $1 }
        #expect(complaint.validate(values: values, state: "outcome").map(\.field) == ["approvalDocNo"])
        values["approvalDocNo"] = "市纪〔2026〕9号"
        #expect(complaint.validate(values: values, state: "outcome") == [])
    }

    @Test(
        "An untrue complaint is not archived before its clearance",
        arguments: ["untrue", "mistaken"])
    func clearanceFirst(outcome: String) throws {
        let complaint = try kind("complaint")
        let values = Self.complaint.merging(["outcome": .string(outcome), "outcomeOn": "2026-07-02"]) { $1 }
        #expect(complaint.validate(values: values, state: "feedback") == [])
        #expect(complaint.validate(values: values, state: "archived").map(\.field) == ["clearedOn"])
        let cleared = values.merging(["clearedOn": "2026-07-05"]) { $1 }
        #expect(complaint.validate(values: cleared, state: "archived") == [])
        // The officer may prefer that nothing is said.
        let waived = values.merging(["clearanceWaived": true]) { $1 }
        #expect(complaint.validate(values: waived, state: "archived") == [])
    }

    @Test("Measures against an officer in an anti-gang case need a conflict check")
    func antiGang() throws {
        let complaint = try kind("complaint")
        var values = Self.complaint.merging(
            ["antiGang": true, "disposal": "preliminary"]) { $1 }
        #expect(complaint.validate(values: values, state: "disposed").map(\.field) == ["conflictChecked"])
        values["conflictChecked"] = true
        #expect(complaint.validate(values: values, state: "disposed") == [])
    }

    @Test(
        "Text that seems to name the reporter is refused",
        arguments: [
            "举报人：张某某，住河湾", "反映所长吃请。举报人姓名: 李某", "联系电话：0990-1234567", "有事打13800001111", "电话 138-0000-1111 可查",
            "身份证990101198811300275可查", "举报人是张某", "投诉人为某公司员工", "座机0571-87654321", "Reporter: somebody", "联系　１３８００００１１１１",
        ])
    func reporterIdentity(text: String) throws {
        let values = Self.complaint.merging(["content": .string(text)]) { $1 }
        #expect(try kind("complaint").validate(values: values).map(\.code) == [.reporterIdentity])
    }

    @Test(
        "Ordinary facts are not taken for the reporter",
        arguments: [
            "反映某所长2026年3月接受宴请,涉及金额12000元", "群众投诉人多拥挤", "文号〔2026〕138000011112号", "案号990101198811300276", "举报人未署名",
            "举报人为匿名",
        ])
    func ordinaryFacts(text: String) throws {
        let values = Self.complaint.merging(["content": .string(text)]) { $1 }
        #expect(try kind("complaint").validate(values: values) == [])
    }

    @Test("A field for the reporter is refused by name")
    func reporterField() throws {
        let values = Self.complaint.merging(["reporterName": "某人"]) { $1 }
        #expect(try kind("complaint").validate(values: values) == [FieldProblem("reporterName", .reporterIdentity)])
    }

    // MARK: Care

    @Test("A watch ends within six months, help needs consent, control a decision")
    func careLevels() throws {
        let help = try kind("helpMeasure")
        let long = Self.help.merging(["endOn": "2026-09-02"]) { $1 }
        #expect(help.validate(values: long).map(\.code) == [.tooFarApart])
        let assisted = Self.help.merging(["level": "help", "measures": ["mentor"]]) { $1 }
        #expect(help.validate(values: assisted).map(\.field) == ["consent"])
        #expect(
            help.validate(values: assisted.merging(["consent": false]) { $1 }).map(\.rule) == [
                "helpMeasure.refusedHelp"
            ])
        #expect(help.validate(values: assisted.merging(["consent": true]) { $1 }) == [])
        let control = Self.help.merging(["level": "control", "measures": ["firearm"]]) { $1 }
        #expect(help.validate(values: control).map(\.field) == ["decisionNo", "appealRoute"])
        let hidden = Self.help.merging(["measures": ["contact", "firearm"]]) { $1 }
        #expect(help.validate(values: hidden).map(\.rule) == ["helpMeasure.watchMeasures"])
    }

    @Test("Every rule of every kind and every problem has a sentence in both languages")
    func sentences() throws {
        for language in Language.allCases {
            let messages = try MessageCatalogue.standard(language)
            for kind in catalogue.kinds {
                for constraint in kind.constraints {
                    #expect(messages.contains("rule.\(constraint.id)"), "\(kind.id): \(constraint.id)")
                }
            }
            for code in FieldProblem.Code.allCases { #expect(messages.contains("problem.\(code.rawValue)"), "\(code)") }
            for code in ImportMap.Problem.Code.allCases {
                #expect(messages.contains("import.\(code.rawValue)"), "\(code)")
            }
            for code in Decision.Refusal.allCases { #expect(messages.contains(code.messageKey), "\(code)") }
        }
    }
}
