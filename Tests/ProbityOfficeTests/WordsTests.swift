import CanonicalJSON
import ProbityRecords
import Testing

@testable import ProbityOffice
@testable import ProbityStore

extension Office {
    @Suite("Words")
    struct WordsTests {
        private func premises() throws -> Premises { try Premises.shared.get() }

        @Test(
            "What rules say of a record stands beside its values",
            arguments: [("zh", "报告距事项 42 天，迟报 12 天"), ("en", "reported after 42 days, 12 days late")])
        func derived(language: String, sentence: String) throws {
            let desk = try premises().desk("clerk1", language: language)
            let list = try desk.records(of: "990001", kind: "majorEvent")
            let row = try #require(list.rows.last)
            #expect(row.cells[3] == (language == "zh" ? "婚姻变化 · " : "marriage change · ") + sentence)
            let view = try desk.show(row.cells[4])
            #expect(view.facts == [sentence])
            #expect(
                try view.json.parsed["derived"] == ["days": 42, "lateDays": 12, "rule": "event.me01"])
        }

        @Test("A category is known by code and label, and a record that is closed to somebody gets no empty hint")
        func labels() throws {
            #expect(try Named.category("events") == .events)
            let desk = try premises().desk("clerk1")
            let label = desk.words.category(.complaints)
            #expect(try Named.category(label) == .complaints)
            let record = try #require(try desk.records(of: "990001", kind: "majorEvent").rows.first?.cells[4])
            do {
                _ = try desk.advance([record], step: "close", kind: "majorEvent", fields: [], reason: "x")
                Issue.record("there is no such step")
            } catch {
                let refusal = Refusal(error, desk.wording)
                #expect(refusal.outcome == .stateForbids && refusal.hint?.contains("{") == false)
            }
        }

        @Test(
            "The four musts in words: the verdict, every reason with rule and record, and what is missing in one line")
        func promotion() throws {
            let desk = try premises().desk("promoter1", purpose: "promotionReview", on: "2026-12-01")
            var answers: [CandidateAnswer] = []
            let inquiry = try PromotionInquiry(officers: ["990001"], everybody: false, move: "promotion")
            let (outcome, notes) = try desk.checkPromotion(inquiry) { answers.append($0) }
            #expect(outcome == .promotionFindings && notes.map(\.text) == ["以上只列事实与规则，由人决定。"])
            let answer = try #require(answers.first)
            #expect(answers.count == 1 && answer.outcome == .promotionFindings)
            let record = try #require(try answer.json.parsed["reasons"]?.array?.first { $0["section"] == "impact" })
            let id = try #require(record["records"]?.array?.first?.string)
            let training =
                "      依据：《公安机关组织管理条例》（2006）第二十九条；党章党纪、警规警纪必修课（2006 版，已核对原文）；记录 –"
            #expect(
                [answer.headline] + answer.details == [
                    "990001  甲一  U01  影响期内或不符合，至 2027-01-15 前（提任，2026-12-01）",
                    "  [影响期内或不符合] 处分影响期: 党内警告（2026-01-15，测纪〔2026〕1号），影响期至2027-01-15前",
                    "      依据：《中国共产党纪律处分条例》（2023）第十条（2023 版，已核对原文）；记录 \(id)",
                    "  [暂缓] 培训: 没有“晋职晋衔培训”合格记录", training, "  [暂缓] 培训: 没有“党章党纪警规警纪必修课”合格记录", training,
                    "  [暂缓] 没有记录: 凡提必审（干部档案）、凡提必核（个人有关事项）、凡提必听（纪检监察意见）、凡提必查（具体可查线索）、上年度考核",
                ])
            // What programs get names no schema of ours: it is the canonical answer itself.
            #expect(try answer.json.parsed["verdict"] == "blocked" && answer.json.parsed["schema"] == nil)
        }

        @Test("A purpose and a role are taken by their labels", arguments: ["日常管理：例行核对", "daily management:x", "日常管理"])
        func labelled(purpose: String) throws {
            var visit = try premises().visit("clerk1")
            visit.purpose = purpose
            let desk = try Desk.open(visit, Wording(language: "zh"), passphrase: Premises.passphrase)
            #expect(try desk.showOfficer("990001").heading.first == "990001")
            #expect(try Named.role("政工录入员") == .clerk && Named.role("system administrator") == .sysadmin)
        }

        @Test("What could not be read is told once: no line says that a record is missing there")
        func unseen() throws {
            func answer(_ unseen: Coverage) throws -> [String] {
                let desk = try premises().desk("promoter1", purpose: "promotionReview", on: "2026-12-01")
                let officer = try desk.session.showOfficer("990002").value
                let facts = CandidateFacts(
                    officerID: officer.id.text, personCategory: "police", facts: [], unseen: unseen)
                let question = PromotionQuestion(on: try #require(CivilDate("2026-12-01")))
                let answer = PromotionCheck.evaluate(facts, question: question, rules: desk.words.rules)
                return PromotionWords(
                    PromotionResult(officer: officer, answer: answer, coverage: unseen, ledgerSize: 0, rulesDigest: ""),
                    desk.words
                ).details
            }
            #expect(try answer(.complete).last?.contains("凡提必听") == true)
            let lines = try answer(Coverage([.init(.opinions, .noKey)]))
            #expect(lines.contains { $0.contains("未能查看“") })
            #expect(lines.last?.contains("没有记录") == true && lines.last?.contains("凡提必听") == false)
        }

        @Test("Whom to check is said one way or the other")
        func inquiry() {
            for (officers, everybody) in [([], false), (["990001"], true)] as [([String], Bool)] {
                #expect(throws: OfficeError(.usage, "cli.officerOrAll")) {
                    _ = try PromotionInquiry(officers: officers, everybody: everybody, move: "promotion")
                }
            }
            #expect(throws: OfficeError(.usage, "cli.moveUnknown")) {
                _ = try PromotionInquiry(officers: ["990001"], everybody: false, move: "upwards")
            }
        }

        @Test(
            "A refusal says what happened, why, and what helps",
            arguments: [
                ("zh", "所给用途不是角色“政工录入员”可用的用途", "加上 --purpose 代码:理由；您可用的用途：日常管理（dailyManagement）、"),
                (
                    "en", "the purpose given is not one of the role “clerk”",
                    "add --purpose CODE:reason; yours: daily management (dailyManagement), "
                ),
            ])
        func refusal(language: String, message: String, hint: String) throws {
            let desk = try premises().desk("clerk1", purpose: "opinionReply", language: language)
            let error = #expect(throws: (any Error).self) { _ = try desk.showOfficer("990001") }
            let refusal = Refusal(try #require(error), desk.wording)
            #expect(refusal.outcome == .purposeMissing && refusal.identifier == "purposeMissing")
            #expect(refusal.message == message)
            #expect(refusal.hint?.hasPrefix(hint) == true)
            #expect(
                try refusal.json(code: 23).parsed == [
                    "message_type": "exit_error", "code": 23, "id": "purposeMissing",
                    "message": .string(refusal.message), "hint": .string(refusal.hint ?? ""),
                    "reason": "the purpose is not one of the role clerk",
                ])
        }

        @Test("A rule's own sentence wins over its code's; an error that nobody foresaw speaks for itself")
        func rules() throws {
            struct Odd: Error, CustomStringConvertible { let description = "odd" }
            let words = try Wording(language: "en")
            let self1 = Refusal(ArchiveError(.recusal, "leave of oneself", rule: "leave.self"), words)
            #expect(self1.message == "nobody ends his own certificate")
            #expect(self1.hint == "another security administrator does it" && self1.outcome == .recusal)
            let clock = Refusal(ArchiveError(.clockAhead, "ahead", subject: "2026-01-01"), words)
            #expect(clock.outcome == .declined && clock.identifier == "clockAhead")
            let odd = Refusal(Odd(), words)
            #expect(odd.outcome == .unclassified && odd.message == "odd" && odd.hint == nil)
            #expect(try odd.json(code: 1).parsed["hint"] == nil)
        }

        @Test("Every outcome has its sentence, and every code of the archive its outcome", arguments: ["zh", "en"])
        func outcomes(language: String) throws {
            let words = try Wording(language: language)
            for outcome in Outcome.allCases { #expect(outcome.text(words) != "exit.\(outcome.rawValue)") }
            for code in ArchiveError.Code.allCases {
                let refusal = Refusal(ArchiveError(code, "why"), words)
                #expect(refusal.outcome.rawValue == (code == .clockAhead ? "declined" : code.rawValue))
                #expect(!refusal.message.hasPrefix("error."))
            }
        }

        @Test("A failed unlock and a visit that says too little are refused before anything is opened")
        func doors() throws {
            let words = try Wording(language: "zh")
            let visit = try premises().visit("clerk1")
            #expect(throws: ArchiveError(.wrongPassphrase, "")) {
                _ = try Desk.open(visit, words) { _ in try Passphrase(firstLineOf: Array("wrong passphrase".utf8)) }
            }
            #expect(throws: OfficeError(.usage, "cli.userNeeded")) {
                _ = try Desk.open(premises().visit(nil), words, passphrase: Premises.passphrase)
            }
            #expect(throws: OfficeError(.usage, "cli.archiveNeeded")) {
                _ = try Desk.open(Visit(archive: nil, user: "clerk1"), words, passphrase: Premises.passphrase)
            }
            #expect(throws: ArchiveError(.notFound, "")) {
                _ = try Desk.open(Visit(archive: "/nowhere", user: nil), words, passphrase: Premises.passphrase)
            }
            var badDate = visit
            badDate.questionDate = "tomorrow"
            #expect(throws: OfficeError(.usage, "cli.dateForm")) {
                _ = try Desk.open(badDate, words, passphrase: Premises.passphrase)
            }
        }

        @Test(
            "A passphrase is the first line of what is given",
            arguments: [
                ("", false), ("\nsecond", false), (String(repeating: "x", count: 1025), false), ("abc\r\nd", true),
            ])
        func passphrases(text: String, isGood: Bool) throws {
            let isAccepted: Bool
            do {
                let passphrase = try Passphrase(firstLineOf: Array(text.utf8))
                isAccepted = try passphrase.isEqual(to: Passphrase(firstLineOf: Array("abc".utf8)))
                let isLongEnough = passphrase.isLongEnough
                #expect(!isLongEnough)
            } catch {
                #expect(error as? OfficeError == OfficeError(.usage, "cli.passphraseEmpty"))
                isAccepted = false
            }
            #expect(isAccepted == isGood)
        }
    }
}
