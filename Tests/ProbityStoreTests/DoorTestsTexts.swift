import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

extension DoorTests {
    /// Texts that would tell who reported, and items of the tray.
    @Suite("Texts and tray")
    struct Texts {
        static let texts = [
            "举报人：张三", "联系电话: 0571-1", "手机138-0013-8000", "来信人:李四", "99010119780312001 8".filter { $0 != " " },
        ]
        private static let name = "张三李四138-0013-80009901011978031"

        /// Demands that no line of the ledger says any of the text, not even the auditor's.
        private func demandSilent(_ house: DoorHouse, _ text: String) throws {
            var query = LedgerQuery()
            query.limit = 20
            let needle = String(text.suffix(6))
            for line in try house.session("auditor1").auditLines(query).lines {
                for (field, value) in line.details ?? [:] {
                    #expect(!value.contains(needle), "\(line.leaf.act) \(field)")
                }
            }
        }

        @Test(
            "A text that would tell who reported is in no record, reason or purpose, and in no line", arguments: texts)
        func reporter(text: String) throws {
            let (house, kind) = try DoorTests.house("talk")
            let number = house.number()
            let (clerk, inspector) = (try house.session("clerk1"), try house.session("inspector1"))
            var values = kind.filing()
            values["summary"] = .string(text)
            let refused = ArchiveError(.reporterIdentity, "")
            #expect(throws: refused) { try clerk.file(.init(kind: "talk", officer: number, values: values)) }
            let report = try clerk.importRecords(kind: "talk", dryRun: false) {
                try $0(2, .values(officer: number, state: nil, values))
            }
            #expect(report.rejected.flatMap(\.problems).map(\.code) == ["problem.reporterIdentity"])

            let record = try house.file(kind, variant: 1)
            #expect(throws: refused) { try clerk.amend(record.id, changes: ["summary": .string(text)], reason: "补充") }
            #expect(throws: refused) { try clerk.amend(record.id, changes: ["place": "会议室"], reason: text) }
            #expect(throws: refused) { try inspector.withdraw(record.id, reason: text) }
            #expect(throws: refused) { try clerk.advance(record.id, step: "close", reason: text) }
            let proposal = try #require(try inspector.withdraw(record.id, reason: "误填").proposal)
            #expect(throws: refused) { try house.session("reviewer1").deny(proposal, reason: text) }
            clerk.purpose = Purpose(code: "dailyManagement", reason: text)
            #expect(throws: refused) { try clerk.show(record.id) }
            #expect(throws: refused) { try clerk.search(RecordQuery()) }
            #expect(throws: refused) { try clerk.records(of: number) }
            try house.demandSame(record, text)
            try demandSilent(house, text)
            var complaint = try #require(house.model.kinds["complaint"]).filing()
            complaint["content"] = .string(text)
            let draft = RecordDraft(kind: "complaint", officer: number, values: complaint)
            clerk.purpose = nil
            #expect(throws: refused) { try clerk.drop(draft) }
            #expect(throws: refused) { try inspector.file(draft) }
            try demandSilent(house, text)
        }

        @Test(
            "A text that would show as something else is in no reason, purpose or look-up, and in no line",
            arguments: ["误录\u{1B}[2K", "误录\n已签署：inspector3", "误\u{202E}录", "误\u{9B}2K录", "误\u{2066}录"])
        func notPlain(text: String) throws {
            let (house, kind) = try DoorTests.house("talk")
            let (clerk, inspector) = (try house.session("clerk1"), try house.session("inspector1"))
            let record = try house.file(kind)
            let proposal = try #require(try inspector.withdraw(record.id, reason: "误填").proposal)
            var values = kind.filing()
            values["place"] = .string(text)
            for act in [
                { _ = try inspector.withdraw(record.id, reason: text) },
                { _ = try clerk.amend(record.id, changes: ["place": "会议室"], reason: text) },
                { _ = try clerk.advance(record.id, step: "close", reason: text) },
                { try house.session("reviewer1").deny(proposal, reason: text) },
                { _ = try house.session("secadmin1").leave("clerk2", reason: text) },
                { _ = try clerk.records(of: text) },
                { _ = try clerk.file(.init(kind: "talk", officer: house.number(), values: values)) },
                {
                    clerk.purpose = Purpose(code: "dailyManagement", reason: text)
                    _ = try clerk.show(record.id)
                },
            ] as [() throws -> Void] {
                #expect(throws: ArchiveError(.invalidEntry, "")) { try act() }
            }
            try house.demandSame(record, text)
            var query = LedgerQuery()
            query.limit = 20
            let lines = try house.session("auditor1").auditLines(query).value.lines
            #expect(!lines.contains { $0.details?.values.contains { $0.contains(text) } ?? false })
        }

        @Test("A reason says something, and no more than a text field")
        func reasons() throws {
            let (house, kind) = try DoorTests.house("talk")
            let (record, inspector) = (try house.file(kind), try house.session("inspector1"))
            let proposal = try #require(try inspector.withdraw(record.id, reason: "误填").proposal)
            for reason in ["\u{200B}", " \u{2060}\u{FEFF}", String(repeating: "长", count: 501)] {
                #expect(throws: ArchiveError(.invalidEntry, ""), "\(reason.count)") {
                    try inspector.deny(proposal, reason: reason)
                }
            }
            try inspector.deny(proposal, reason: String(repeating: "长", count: 500))
        }

        @Test("A field that is called a reporter's is refused by every way in")
        func fieldName() throws {
            let (house, kind) = try DoorTests.house("complaint")
            let inspector = try house.session("inspector1")
            let record = try house.file(kind)
            for name in ["reporterName", "举报人", "complainant"] {
                let values = kind.filing().merging([name: "某"]) { $1 }
                let draft = RecordDraft(kind: "complaint", officer: house.number(), values: values)
                #expect(throws: ArchiveError(.reporterIdentity, "")) { try inspector.file(draft) }
                #expect(throws: ArchiveError(.reporterIdentity, "")) { try house.session("clerk1").drop(draft) }
                #expect(throws: ArchiveError(.invalidEntry, "")) {
                    try inspector.amend(record.id, changes: [name: "某"], reason: "补")
                }
            }
        }

        @Test(
            "What somebody types as a step, a purpose or a kind is refused, and no line repeats it",
            arguments: ["step", "purpose", "kind"])
        func words(what: String) throws {
            let (house, kind) = try DoorTests.house("majorEvent")
            let (record, clerk) = (try house.file(kind), try house.session("clerk1"))
            let text = Texts.texts[2]
            switch what {
            case "step": #expect(throws: ArchiveError.self) { try clerk.advance(record.id, step: text, reason: "事由") }
            case "kind":
                #expect(throws: ArchiveError.self) {
                    try clerk.file(.init(kind: text, officer: house.number(), values: [:]))
                }
            default:
                clerk.purpose = Purpose(code: text, reason: "")
                #expect(throws: ArchiveError.self) { try clerk.show(record.id) }
            }
            try demandSilent(house, text)
        }

        // MARK: The tray

        @Test("Every field of a complaint that is dropped and taken in, one at a time, and none that it has not")
        func takeIn() throws {
            let (house, kind) = try DoorTests.house("complaint")
            let (clerk, inspector) = (try house.session("clerk1"), try house.session("inspector1"))
            var sample = DoorSample("tray")
            for field in kind.fields where sample.takes(oneOf: 2) {
                var values = kind.filing()
                values[field.name] = house.model.other(field, kind, values, kind.initial)
                let isValid =
                    (kind.filed?.contains(field.name) ?? true)
                    && house.model.problems(kind, values, kind.initial).isEmpty
                let number = house.number()
                let dropped = try DoorHouse.answer {
                    try clerk.drop(.init(kind: "complaint", officer: number, values: values))
                    return .now("")
                }
                #expect((dropped == .now("")) == isValid, "\(field.name)")
                let item = try clerk.drop(.init(kind: "complaint", officer: number, values: kind.filing()))
                let changes = [field.name: values[field.name] ?? .null]
                // What was dropped is what is filed: only a field that it leaves empty is filled in.
                let isFree = kind.filing()[field.name] == nil
                var taken: RecordID?
                let answer = try DoorHouse.answer {
                    taken = try inspector.takeIn(item, changes: changes)
                    return .now("")
                }
                #expect((answer == .now("")) == (isValid && isFree), "\(field.name)")
                guard let taken else { continue }
                try house.demandSame(
                    .init(
                        id: taken, kind: kind,
                        standing: .init(state: kind.initial, values: values, filers: ["inspector1"])), field.name)
                #expect(throws: ArchiveError(.stateForbids, "")) { try inspector.takeIn(item) }
            }
            let item = try clerk.drop(.init(kind: "complaint", officer: house.number(), values: kind.filing()))
            for changes in [["unknownField": "x"], ["content": .null], ["jurisdiction": "secret"]]
                as [[String: JSONValue]]
            {
                #expect(throws: ArchiveError(.invalidEntry, "")) { try inspector.takeIn(item, changes: changes) }
            }
            for person in house.people where person.role != "inspector" {
                #expect(throws: ArchiveError(.roleRefuses, ""), "\(person.user)") {
                    try house.session(person.user).takeIn(item)
                }
            }
            #expect(throws: ArchiveError(.invalidEntry, "")) {
                try clerk.drop(.init(kind: "complaint", officer: "x", values: ["unknownField": "x"]))
            }
            #expect(try house.fixture.archive.check().findings == [])
        }

        @Test("Whom an item is about does not take it in, neither into his own file nor into another's")
        func ownItem() throws {
            let (house, kind) = try DoorTests.house("complaint")
            let subject = try house.session(#require(house.subject).user)
            let item = try house.session("clerk1").drop(
                .init(kind: "complaint", officer: DoorHouse.subjectNumber, values: kind.filing()))
            // There is no such item for him, whomever he names instead.
            for number in [nil, house.number()] {
                #expect(throws: ArchiveError(.notVisible, "")) { try subject.takeIn(item, officer: number) }
            }
            #expect(throws: Never.self) { try house.session("inspector1").takeIn(item) }
        }
    }
}
