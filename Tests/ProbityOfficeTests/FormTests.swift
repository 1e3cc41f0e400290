import CanonicalJSON
import ProbityStore
import Testing

@testable import ProbityOffice

extension Office {
    @Suite("Forms")
    struct FormTests {
        private func premises() throws -> Premises { try Premises.shared.get() }

        @Test(
            "A form in either language is read, its officer confirmed by number and name, and filed",
            arguments: [
                ("zh", ["谈话种类=提醒谈话", "日期=2026年3月5日", "谈话人=王某", "事由=作风"], "谈话记录"),
                ("en", ["kind of talk=reminder talk", "talkOn=2026/3/5", "interviewers=王某", "matter=作风"], "talk"),
            ])
        func filed(language: String, fields: [String], label: String) throws {
            let desk = try premises().desk("clerk1", language: language)
            let form = try desk.form(language == "zh" ? "谈话记录" : "talk", fields: fields)
            #expect(form.warnings == [])
            let subject = try desk.identify("乙二", for: form)
            #expect(
                subject.question
                    == (language == "zh"
                        ? "为 990002 乙二（U01）登记谈话记录？" : "file talk for 990002 乙二 (U01)?"))
            let answer = try desk.file(form, about: subject, named: "乙二")
            #expect(answer.id.hasPrefix("R-") && answer.outcome == .done)
            #expect(
                answer.notes.map(\.text)
                    == [language == "zh" ? "已为 乙二 登记谈话记录" : "talk filed for 乙二"])
            #expect(
                try answer.json.parsed == ["id": .string(answer.id), "schema": "probity/record/v1", "verifiers": []])
            let view = try desk.show(answer.id)
            #expect(view.heading == [answer.id, label, language == "zh" ? "已谈话" : "held"])
            #expect(
                view.fields.map(\.text)
                    == [language == "zh" ? "提醒谈话" : "reminder talk", "2026-03-05", "王某", "作风"])
            // A reminder is a measure: it takes two to make it go away.
            let withdrawn = try premises().desk("inspector1").withdraw(answer.id, reason: "测试")
            #expect(withdrawn.outcome == .needsSecondPerson)
            let number = try #require(Int64(withdrawn.id))
            let reviewer = try premises().desk("reviewer1")
            #expect(try reviewer.accept(number, as: reviewer.approval(number).fingerprint).lines == ["已生效"])
            #expect(try desk.show(answer.id).heading.last == (language == "zh" ? "已撤回" : "withdrawn"))
        }

        @Test("Whether the role may file the kind is asked before what is wrong with the fields, and a no is a line")
        func roleFirst() throws {
            let promoter = try premises().desk("promoter1")
            for fields in [["谈话种类=无"], ["no=1"], []] {
                #expect(throws: ArchiveError(.roleRefuses, "")) { _ = try promoter.form("talk", fields: fields) }
            }
            var inquiry = LedgerInquiry()
            (inquiry.actor, inquiry.act, inquiry.limit) = ("promoter1", "record.add", 3)
            let lines = try premises().desk("auditor1").ledger(inquiry).rows
            #expect(lines.map { $0.cells[4] } == Array(repeating: "已拒绝：角色不允许", count: 3))
            // Who may file the kind hears of the fields, and nothing is a line until something is filed.
            let size = try premises().desk("clerk1").session.archive.status().ledgerSize
            let clerk = try premises().desk("clerk1")
            #expect(officeError { _ = try clerk.form("talk", fields: ["no=1"]) }?.key == "cli.fieldUnknown")
            #expect(officeError { _ = try clerk.form("talk", fields: []) }?.key == "cli.entryInvalid")
            #expect(try premises().desk("clerk1").session.archive.status().ledgerSize == size)
            // A drop into the tray needs no right to file; the filing itself does.
            #expect(throws: ArchiveError(.roleRefuses, "")) { _ = try clerk.form("complaint", fields: []) }
            #expect(
                officeError { _ = try clerk.form("complaint", fields: [], forTray: true) }?.key == "cli.entryInvalid")
        }

        @Test("What waits to be verified after a filing says who may", arguments: ["zh", "en"])
        func verifiers(language: String) throws {
            let clerk = try premises().desk("clerk1", language: language)
            let form = try clerk.form(
                "majorEvent",
                fields: [
                    "eventKind=me06", "eventDate=2026-02-01", "reportDate=2026-02-03", "mode=written", "description=购车",
                ])
            let answer = try clerk.file(form, about: .asNamed("990002"), named: "990002")
            #expect(
                answer.notes.last?.text
                    == (language == "zh"
                        ? "等待审核，由填报人以外的人审核：政工录入员、政工审核"
                        : "it waits to be verified, by somebody other than who filed it: clerk, reviewer"))
            #expect(try answer.json.parsed["verifiers"] == ["clerk", "reviewer"])
        }

        @Test("Every problem of a form is a sentence, and nothing is filed")
        func problems() throws {
            let desk = try premises().desk("clerk1")
            let error = officeError {
                _ = try desk.form("majorEvent", fields: ["事项种类=结婚", "eventDate=2026-02-30", "报告日期=2026-03-01"])
            }
            #expect(error == OfficeError(.invalidEntry, "cli.entryInvalid"))
            #expect(
                error?.details == [
                    "“发生日期”不是存在的日期，应写作 2026-03-05",
                    "“事项种类”不在代码表“重大事项种类”内；可填：婚姻变化；因私出国（境）；操办婚丧喜庆；立案、强制措施、受处罚；交通事故、酒驾查处；购建房、购车；"
                        + "配偶子女经商办企业；大额借贷、担保、诉讼；子女升学从业留学；上交礼品礼金；兼职；网络社交媒体……",
                    "“事项内容”未填写",
                ])
            #expect(try Refusal(#require(error), desk.wording).message == "个人重大事项报告 没有通过校验，未登记")
        }

        @Test(
            "What is no form is refused with what it is not",
            arguments: [
                ("nothing", ["a=b"], OfficeError(.invalidEntry, "cli.kindUnknown")),
                ("talk", ["matter"], OfficeError(.usage, "cli.fieldForm")),
                ("talk", ["colour=red"], OfficeError(.invalidEntry, "cli.fieldUnknown")),
            ])
        func malformed(kind: String, fields: [String], expected: OfficeError) throws {
            let desk = try premises().desk("clerk1")
            #expect(throws: expected) { _ = try desk.form(kind, fields: fields) }
        }

        @Test("Of a change an empty text says that the field goes")
        func removed() throws {
            let kind = try Named.kind("talk")
            #expect(
                try FieldInput(["事由=关心生活", "place="], of: kind, Wording(language: "zh")).changes() == [
                    "matter": "关心生活", "place": .null,
                ])
        }

        @Test("A text that seems to name a reporter has an outcome of its own")
        func reporter() throws {
            let desk = try premises().desk("inspector1")
            let error = officeError {
                _ = try desk.form(
                    "complaint",
                    fields: [
                        "receivedOn=2026-06-02", "channel=letter", "complaintClass=accusation",
                        "reporterClass=realName", "jurisdiction=own", "content=举报人张某某，联系电话13800000000",
                    ])
            }
            #expect(error == OfficeError(.reporterIdentity, "cli.entryInvalid"))
        }

        @Test("A warning stands beside a form that may be filed")
        func warning() throws {
            let desk = try premises().desk("clerk1")
            let form = try desk.form(
                "officer",
                fields: [
                    "policeNo=990009", "name=己九", "idNo=990101198501090022", "sex=1", "unit=U01",
                    "personCategory=police",
                ])
            #expect(form.warnings == ["“居民身份证号”第十七位与性别不一致，请核对"])
        }

        @Test("An amendment changes a field, a step takes the record on")
        func changes() throws {
            let desk = try premises().desk("clerk1")
            let form = try desk.form(
                "talk",
                fields: ["talkKind=heartTalk", "talkOn=2026-03-06", "interviewers=王某", "matter=关心"])
            let record = try desk.file(form, about: .asNamed("990003"), named: "990003").id
            let amended = try desk.amend(
                record, kind: "talk", fields: ["事由=关心生活"], reason: "笔误", version: nil)
            #expect(
                try amended.json.parsed == [
                    "record": .string(record), "version": 2, "proposal": .null, "maySign": .array([]),
                    "schema": "probity/version/v1",
                ])
            #expect(amended.lines == ["\(record) 第 2 版"])
            _ = try desk.advance([record], step: "办结", kind: "谈话记录", fields: [], reason: "办结")
            let view = try desk.show(record)
            #expect(view.heading == [record, "谈话记录", "已办结"])
            #expect(view.fields.map(\.name) == ["talkKind", "talkOn", "interviewers", "matter"])
            #expect(view.fields.last?.text == "关心生活")
            #expect(view.versions.count == 4 && view.versions[1].hasSuffix("clerk1 已谈话 笔误"))
            #expect(view.versions[2] == "  事由：关心 → 关心生活")
            #expect(throws: OfficeError(.invalidEntry, "cli.fieldValue")) {
                _ = try desk.amend(record, kind: "talk", fields: ["talkOn=gestern"], reason: "x", version: nil)
            }
            #expect(throws: OfficeError(.usage, "cli.recordForm")) {
                _ = try desk.withdraw("record 1", reason: "x")
            }
            // What is closed is corrected before it is anything else.
            #expect(throws: ArchiveError(.stateForbids, "")) {
                _ = try premises().desk("inspector1").withdraw(record, reason: "测试")
            }
            // The version is the number that the record itself is shown with.
            #expect(throws: ArchiveError(.changedSinceRead, "")) {
                _ = try desk.amend(record, kind: "talk", fields: ["事由=关心"], reason: "笔误", version: 2)
            }
            _ = try desk.amend(record, kind: "talk", fields: ["事由=关心"], reason: "笔误", version: 3)
            _ = try premises().desk("inspector1").withdraw(record, reason: "测试")
        }
    }

    @Suite("Complaints")
    struct ComplaintTests {
        private func premises() throws -> Premises { try Premises.shared.get() }
        private let fields = [
            "receivedOn=2026-06-02", "channel=letter", "complaintClass=accusation", "reporterClass=anonymous",
            "jurisdiction=own", "content=收受礼金",
        ]

        @Test("Who reads complaints files them; who does not drops them, and the reader takes them in")
        func fileOrDrop() throws {
            let inspector = try premises().desk("inspector1", purpose: "disciplineCase")
            let clerk = try premises().desk("clerk1")
            #expect(try inspector.filesComplaints && !clerk.filesComplaints)

            let form = try inspector.form("complaint", fields: fields)
            let filed = try inspector.openComplaint(form, about: inspector.identify("990003", for: form))
            #expect(filed.id.hasPrefix("R-") && filed.notes.isEmpty)
            #expect(try inspector.show(filed.id).fields.last?.text == "收受礼金")

            let dropped = try clerk.openComplaint(
                clerk.form("complaint", fields: fields, forTray: true), about: .asNamed("某人"))
            #expect(dropped.id.hasPrefix("T-"))
            #expect(dropped.notes.map(\.text) == ["已投入待接收箱；您不能再查看内容"])

            let tray = try inspector.tray()
            #expect(tray.columns.map(\.key) == ["tray", "date", "user", "number", "summary"])
            #expect(tray.columns.map(\.title) == ["待接收编号", "日期", "用户", "警号", "摘要"])
            let row = try #require(tray.rows.first)
            #expect(tray.rows.count == 1)
            #expect(row.cells[0] == dropped.id && row.cells[2...] == ["clerk1", "某人", "收受礼金"])
            #expect(try row.json.parsed["values"]?["content"] == "收受礼金")

            #expect(throws: OfficeError(.usage, "cli.trayForm")) {
                _ = try inspector.takeIn("R-1", officer: nil, fields: [])
            }
            let record = try inspector.takeIn(dropped.id, officer: "990003", fields: ["收件编号=2026-7"])
            #expect(try inspector.show(record.id).fields.contains { $0.label == "收件编号" && $0.text == "2026-7" })
            #expect(try inspector.tray().rows.isEmpty)
        }

        @Test("Who may not read a tray is refused in words")
        func refused() throws {
            let clerk = try premises().desk("clerk1", language: "en")
            let error = #expect(throws: (any Error).self) { _ = try clerk.tray() }
            let refusal = Refusal(try #require(error), clerk.wording)
            #expect(refusal.outcome == .roleRefuses && refusal.identifier == "roleRefuses")
            #expect(refusal.message == "the role “clerk” does not read the category “complaints and leads”")
            #expect(refusal.hint == "run probity access explain --category \"complaints and leads\" to see why")
        }
    }
}
