import CanonicalJSON
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

extension DoorTests {
    /// Every field, one at a time, by every way in.
    @Suite("Fields")
    struct Fields {
        @Test(
            "A step changes the fields that it sets and no other, from every state of every kind",
            arguments: DoorTests.kinds)
        func steps(kind id: String) throws {
            let (house, kind) = try DoorTests.house(id)
            var sample = DoorSample("fields \(id)")
            for (name, make) in try DoorTests.standings(house, kind) {
                var record = try make(nil)
                for step in kind.steps
                where step.from.contains(record.standing.state) && (record.standing.isAsFound || !step.isForAsFound) {
                    guard
                        let person = house.people.first(where: {
                            let changes = house.model.changes(step, kind, record.standing)
                            return !house.model.take(step.act, kind, record.standing, changes, by: $0).isRefused
                        })
                    else { continue }
                    for field in kind.fields {
                        let isSet = step.sets?.contains(field.name) ?? true
                        guard sample.takes(oneOf: isSet ? 8 : 12) else { continue }
                        try change(house, &record, step, field, by: person, sample.coin(), name)
                        if record.standing.state != step.from.first, !step.from.contains(record.standing.state) {
                            record = try make(nil)
                        }
                    }
                    try attempt(house, &record, step, ["unknownField": "x"], by: person, "\(name) \(step.act) unknown")
                }
            }
        }

        /// One field more than what the step asks for.
        private func change(
            _ house: DoorHouse, _ record: inout DoorHouse.Record, _ step: DoorModel.Step, _ field: DoorModel.Field,
            by person: DoorModel.Person, _ removes: Bool, _ name: String
        ) throws {
            let kind = record.kind
            var changes = step.act == "correct" ? [:] : house.model.changes(step, kind, record.standing)
            let values = DoorModel.values(record.standing.values, changes)
            changes[field.name] =
                removes && values[field.name] != nil
                ? JSONValue.null : house.model.other(field, kind, values, step.to ?? record.standing.state)
            try attempt(house, &record, step, changes, by: person, "\(name) \(step.act) \(field.name)")
        }

        private func attempt(
            _ house: DoorHouse, _ record: inout DoorHouse.Record, _ step: DoorModel.Step,
            _ changes: [String: JSONValue],
            by person: DoorModel.Person, _ what: String
        ) throws {
            let before = record.standing
            let expected = house.model.take(step.act, record.kind, before, changes, by: person)
            if !step.mayChange(changes) { #expect(expected == .refused(.invalid)) }
            var result: StepResult?
            let answer = try DoorHouse.answer {
                let taken = try house.change(step.act, record, changes, by: person.user)
                result = taken
                guard let approval = taken.approval else { return .now(try house.entry(record).content.state) }
                return .waits(
                    step.to ?? before.state, roles: Set(approval.roles.map(\.rawValue)), count: approval.count)
            }
            #expect(answer == expected, "\(what) \(changes), seed \(DoorSample.seed)")
            if let proposal = result?.proposal {
                try house.session(person.user).deny(proposal, reason: "收回")
            } else if result != nil {
                house.follow(step, &record, changes, by: person.user)
            }
            try house.demandSame(record, what)
        }

        @Test(
            "Every field in a first filing and in a row, every state of a row, and every role that files",
            arguments: DoorTests.kinds)
        func filing(kind id: String) throws {
            let (house, kind) = try DoorTests.house(id)
            var sample = DoorSample("filing \(id)")
            try states(house, kind)
            try roles(house, kind)
            let person = try house.filer(kind)
            let base = kind.filing()
            for field in kind.fields + [
                .init(name: "unknownField", type: "text", codes: [], isRequired: false, pattern: nil, range: 0...1)
            ] {
                guard sample.takes(oneOf: field.name == "unknownField" ? 1 : 3), id != "officer" else { continue }
                var values = base
                values[field.name] = house.model.other(field, kind, base, kind.initial)
                var cases = [values]
                if base[field.name] != nil {
                    values[field.name] = nil
                    cases.append(values)
                }
                for values in cases {
                    let expected = house.model.file(kind, values, by: person)
                    let what = "\(id) \(field.name)"
                    if sample.coin() || field.name == "unknownField" {
                        var id: RecordID?
                        let answer = try DoorHouse.answer {
                            id = try house.session(person.user).file(
                                RecordDraft(kind: kind.id, officer: house.number(), values: values))
                            return .now(kind.initial)
                        }
                        #expect(answer == expected, "\(what)")
                        if let id {
                            try house.demandSame(
                                .init(
                                    id: id, kind: kind,
                                    standing: .init(state: kind.initial, values: values, filers: [person.user])), what)
                        }
                    }
                    if DoorSample.isWhole || sample.coin() {
                        let isIn = try rows(
                            house, kind, [.values(officer: house.number(), state: nil, values)], by: person)
                        #expect(isIn == !expected.isRefused, "\(what)")
                    }
                }
            }
        }

        private func rows(
            _ house: DoorHouse, _ kind: DoorModel.Kind, _ rows: [ImportRow], by person: DoorModel.Person,
            past: Bool = false
        ) throws -> Bool {
            try house.session(person.user).importRecords(kind: kind.id, past: past, dryRun: false) { receive in
                for (index, row) in rows.enumerated() { try receive(index + 2, row) }
            }.isPublished
        }

        /// A row begins in the first state, in a later one only as found in old files.
        private func states(_ house: DoorHouse, _ kind: DoorModel.Kind) throws {
            let id = kind.id
            let person = try house.filer(kind)
            let model = house.model
            for state in kind.states + ["nowhere"] where id != "officer" {
                let standing = DoorModel.Standing(state: state, values: kind.filing(), filers: [])
                let filling = DoorModel.Step(
                    act: "", from: [], to: state, roles: [], when: nil, sets: nil, requires: [], not: [], approvals: [])
                let values = DoorModel.values(standing.values, model.changes(filling, kind, standing))
                for past in [false, true] {
                    let isAllowed = state == kind.initial || (past && kind.past.contains(state))
                    let isIn = try rows(
                        house, kind, [.values(officer: house.number(), state: state, values)], by: person, past: past)
                    #expect(isIn == isAllowed, "\(id) \(state) \(past)")
                }
            }
            for role in ["officer1", "auditor1", "leader1", "promoter1", "clerk1", "reviewer1", "inspector1"] {
                let other = try house.person(role)
                let values =
                    id == "officer"
                    ? Fixture.officer(
                        "99500\(role.count)", unit: "U01", name: role, idNo: Fixture.idNumber(500 + role.count))
                    : kind.filing()
                let expected = model.file(kind, values, by: other)
                let answer = try DoorHouse.answer {
                    let row = ImportRow.values(officer: id == "officer" ? nil : house.number(), state: nil, values)
                    return try rows(house, kind, [row], by: other) ? .now(kind.initial) : .refused(.notVisible)
                }
                #expect(answer == expected, "\(id) by \(role)")
            }
        }

        /// Every role files and drops what it may, and nothing else; nobody in his own file.
        private func roles(_ house: DoorHouse, _ kind: DoorModel.Kind) throws {
            let id = kind.id
            for person in house.people + [house.subject].compactMap({ $0 }) {
                let number = person.isSubject ? DoorHouse.subjectNumber : house.number()
                let expected = house.model.file(kind, kind.filing(), by: person)
                let answer = try DoorHouse.answer {
                    try house.session(person.user).file(
                        RecordDraft(kind: id, officer: number, values: kind.filing()))
                    return .now(kind.initial)
                }
                // Officers come into the roster by another act, which nobody takes for this one.
                #expect(answer == (id == "officer" ? .refused(.invalid) : expected), "\(id) by \(person.user)")
                let dropped = try DoorHouse.answer {
                    try house.session(person.user).drop(RecordDraft(kind: id, officer: number, values: kind.filing()))
                    return .now("")
                }
                #expect(
                    dropped == (house.model.mayDrop(person.role, kind) ? .now("") : .refused(.role)), "\(id) \(person)")
            }
        }

        @Test(
            "The day of a question moves no rule of filing: nothing of the future is filed, and no past day postpones")
        func questionDay() throws {
            let (house, kind) = try DoorTests.house("helpMeasure")
            let record = try house.importPast(
                kind, state: "active",
                more: ["level": "help", "startOn": "2026-01-01", "endOn": "2026-06-01", "reviewOn": "2026-04-01"])
            let clerk = try house.session("clerk1")
            let changes: [String: JSONValue] = ["endOn": "2026-09-01", "reviewOn": "2026-07-01", "result": "好"]
            for day in ["2026-06-02", "2032-01-01"] {
                clerk.questionDate = CivilDate(day)
                #expect(throws: ArchiveError.self, "\(day)") {
                    try clerk.advance(record.id, step: "renew", changes: changes, reason: "续")
                }
                var event = Fixture.event(house.number(), "x").values
                event["eventDate"] = "2031-05-20"
                event["reportDate"] = "2031-06-01"
                let draft = RecordDraft(kind: "majorEvent", officer: house.number(), values: event)
                #expect(throws: ArchiveError(.invalidEntry, ""), "\(day)") { try clerk.file(draft) }
                let report = try clerk.importRecords(kind: "majorEvent", dryRun: true) {
                    try $0(2, .values(officer: draft.officer, state: nil, event))
                }
                #expect(report.rejectedCount == 1, "\(day)")
            }
            try house.demandSame(record, "the file is read as before")
            let later = changes.merging(["endOn": "2027-09-01", "reviewOn": "2027-07-01"]) { $1 }
            _ = try clerk.advance(record.id, step: "renew", changes: later, reason: "续")
        }
    }
}
