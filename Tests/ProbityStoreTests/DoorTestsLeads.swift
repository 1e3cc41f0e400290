import CanonicalJSON
import ProbityCrypto
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

extension DoorTests {
    /// The signal that a specific lead is open, and the answer that none is.
    @Suite("Lead signals")
    struct Leads {
        let house: DoorHouse
        let complaint: DoorModel.Kind
        let opinion: DoorModel.Kind

        init() throws {
            (house, complaint) = try DoorTests.house("complaint")
            opinion = try #require(house.model.kinds["opinion"])
        }

        /// The signals in an officer's file, as who checks promotions sees them.
        func signals(_ number: String) throws -> [RecordEntry] {
            let session = try house.session("promoter1")
            session.purpose = Purpose("promotionReview")
            return try session.records(of: number, kind: "leadSignal").records
        }

        func file(_ number: String, specific: Bool, by user: String = "inspector1") throws -> DoorHouse.Record {
            let values = complaint.filing().merging(["specificLead": .bool(specific)]) { $1 }
            let id = try house.session(user).file(.init(kind: "complaint", officer: number, values: values))
            return .init(
                id: id, kind: complaint, standing: .init(state: "received", values: values, filers: [user]))
        }

        func advance(_ record: inout DoorHouse.Record, _ act: String, _ more: [String: JSONValue] = [:]) throws {
            let step = try #require(complaint.steps(act, from: record.standing).first)
            let changes = house.model.changes(step, complaint, record.standing).merging(more) { $1 }
            try house.perform(.init(step: step, changes: changes), &record)
        }

        func conclude(
            _ record: inout DoorHouse.Record, _ outcome: String, on date: String = "2026-11-20"
        ) throws {
            for act in ["register", "accept"] { try advance(&record, act) }
            try advance(&record, "assess", ["specificLead": true])
            try advance(&record, "dispose", ["disposal": "preliminary", "handlers": "clerk1, reviewer1"])
            try advance(&record, "conclude", ["outcome": .string(outcome), "outcomeOn": .string(date)])
        }

        /// The matter that a signal is to go; nil where none waits.
        func lowering(_ number: String) throws -> ProposalEntry? {
            let officer = try house.session("inspector1").showOfficer(number).value.id
            return try house.session("inspector1").proposals().value.entries.first {
                guard $0.fate == .waiting, case .step(let step) = $0.matter else { return false }
                return step.step == "lower" && step.officer.id == officer
            }
        }

        /// Another inspector than who closed the last lead lets the signal go.
        func lower(_ number: String) throws {
            let matter = try #require(try lowering(number))
            let other = try #require(["inspector1", "inspector2"].first { !matter.signers.contains($0) })
            #expect(try house.session(other).accept(matter.id).missing == nil)
        }

        func opine(
            _ number: String, isOpen: Bool, by user: String = "inspector1"
        ) throws -> RecordID {
            let values = opinion.filing().merging(["specificLeadOpen": .bool(isOpen)]) { $1 }
            return try house.session(user).file(.init(kind: "opinion", officer: number, values: values))
        }

        @Test("A specific lead raises the signal by whatever way it comes in, with nothing in it but the day")
        func raised() throws {
            let number = house.number()
            #expect(try signals(number) == [])
            _ = try file(number, specific: true)
            let signal = try #require(try signals(number).first)
            #expect(signal.content.state == "raised" && signal.content.values == ["raisedOn": "2026-11-20"])

            let other = house.number()
            let values = complaint.filing().merging(["specificLead": true]) { $1 }
            let item = try house.session("clerk1").drop(.init(kind: "complaint", officer: other, values: values))
            #expect(try signals(other) == [])
            try house.session("inspector1").takeIn(item)
            #expect(try signals(other).map(\.content.state) == ["raised"])

            for (past, state) in [(false, "received"), (true, "registered"), (true, "accepted")] {
                let number = house.number()
                let report = try house.session("inspector1").importRecords(kind: "complaint", past: past, dryRun: false)
                {
                    for index in 2...3 {
                        try $0(index, .values(officer: number, state: state, values.merging(["receiptNo": "1"]) { $1 }))
                    }
                }
                #expect(report.isPublished)
                #expect(try signals(number).map(\.content.state) == ["raised"], "\(state)")
            }
            var record = try file(house.number(), specific: false)
            let about = try house.entry(record).content.officer.text
            for act in ["register", "accept"] { try advance(&record, act) }
            #expect(try signals(about) == [])
            try advance(&record, "assess", ["specificLead": true])
            #expect(try signals(about).map(\.content.state) == ["raised"])
            #expect(try house.fixture.archive.check().findings == [])
        }

        @Test("A vague complaint, and one that is archived when it is brought in, raises nothing")
        func vague() throws {
            let number = house.number()
            _ = try file(number, specific: false)
            _ = try house.importPast(complaint, state: "accepted", about: number)
            _ = try house.importPast(
                complaint, state: "archived", about: number,
                more: ["specificLead": true, "outcome": "established", "outcomeOn": "2026-06-01"])
            #expect(try signals(number) == [])
        }

        @Test(
            "With the last open lead two persons lower the signal, established or not; a second one raises no second signal",
            arguments: ["untrue", "established"])
        func lowered(outcome: String) throws {
            let number = house.number()
            var first = try file(number, specific: true)
            _ = try file(number, specific: false)
            try conclude(&first, outcome)
            // Whoever closed it does not say alone that nothing is open.
            let established: JSONValue? = outcome == "established" ? true : nil
            var entries = try signals(number)
            #expect(entries.count == 1 && entries.first?.content.state == "raised")
            #expect(entries.first?.content.values["established"] == established)
            let matter = try #require(try lowering(number))
            for signer in matter.signers {
                #expect(throws: ArchiveError(.needsSecondPerson, "")) { try house.session(signer).accept(matter.id) }
            }
            try lower(number)
            entries = try signals(number)
            #expect(entries.count == 1 && entries.first?.content.state == "lowered")
            #expect(entries.first?.content.values["established"] == established)
            #expect(entries.first?.content.values["loweredOn"] == "2026-11-20")
            house.fixture.clock.move(by: 80_000)
            var second = try file(number, specific: true)
            let third = try file(number, specific: true)
            entries = try signals(number)
            #expect(entries.count == 1 && entries.first?.content.state == "raised")
            #expect(entries.first?.versionCount == (established == nil ? 3 : 4))
            #expect(entries.first?.content.values == ["raisedOn": "2026-11-21"])
            // One of two is still open; what was established before the signal rose does not count again.
            try conclude(&second, "untrue")
            #expect(try signals(number).first?.content.state == "raised" && lowering(number) == nil)
            var last = third
            try conclude(&last, "untrue")
            try lower(number)
            entries = try signals(number)
            #expect(entries.count == 1 && entries.first?.content.state == "lowered")
            #expect(entries.first?.content.values["established"] == nil)
            #expect(try house.fixture.archive.check().findings == [])
        }

        @Test("A lead that another organ has is open until its outcome is entered; one that is transferred stays so")
        func elsewhere() throws {
            let number = house.number()
            var record = try file(number, specific: true)
            try advance(&record, "register")
            try advance(&record, "refer")
            #expect(try signals(number).first?.content.state == "raised" && lowering(number) == nil)
            #expect(throws: ArchiveError(.stateForbids, "")) { try opine(number, isOpen: false) }
            try advance(&record, "conclude", ["outcome": "transferred", "outcomeOn": "2026-11-20"])
            #expect(try lowering(number) == nil)
            try advance(&record, "reopen")
            try advance(&record, "accept")
            try advance(&record, "assess", ["specificLead": true])
            try advance(&record, "dispose", ["disposal": "preliminary", "handlers": "clerk1, reviewer1"])
            try advance(&record, "conclude", ["outcome": "untrue", "outcomeOn": "2026-11-20"])
            try lower(number)
            #expect(try signals(number).first?.content.state == "lowered")
        }

        @Test("Who handles a lead does not sign its outcome; where everybody does, anybody turns the step down")
        func handlers() throws {
            let number = house.number()
            var record = try file(number, specific: true)
            for act in ["register", "accept"] { try advance(&record, act) }
            try advance(&record, "assess", ["specificLead": true])
            try advance(&record, "dispose", ["disposal": "preliminary", "handlers": "inspector2 clerk1"])
            let session = try house.session("inspector1")
            let waits = try session.advance(
                record.id, step: "conclude",
                changes: ["outcome": "untrue", "outcomeOn": "2026-11-20", "finding": "查无此事"], reason: "办结")
            let matter = try #require(waits.proposal)
            #expect(!waits.signers.contains("inspector2"))
            #expect(throws: ArchiveError(.needsSecondPerson, "")) { try house.session("inspector2").accept(matter) }
            #expect(throws: Never.self) { try house.session("inspector2").deny(matter, reason: "材料不全") }
            #expect(try house.entry(record).content.state == "disposed")
        }

        @Test("While another lead is open nobody lowers the signal; who was turned down may propose it again")
        func proposedAgain() throws {
            let number = house.number()
            var first = try file(number, specific: true)
            try conclude(&first, "untrue")
            let matter = try #require(try lowering(number))
            let other = try #require(["inspector1", "inspector2"].first { !matter.signers.contains($0) })
            var second = try file(number, specific: true)
            #expect(throws: ArchiveError(.stateForbids, "")) { try house.session(other).accept(matter.id) }
            try conclude(&second, "untrue")
            #expect(try lowering(number)?.id == matter.id, "it waits and is not made twice")
            try house.session(other).deny(matter.id, reason: "尚待核对")
            let signal = try #require(try signals(number).first)
            #expect(signal.content.state == "raised")
            let again = try house.session(other).advance(
                signal.id, step: "lower", changes: ["loweredOn": "2026-11-20"], reason: "已核对")
            #expect(again.version == nil)
            #expect(try house.session(matter.signers[0]).accept(#require(again.proposal)).missing == nil)
            #expect(try signals(number).first?.content.state == "lowered")
            #expect(try house.fixture.archive.check().findings == [])
        }

        @Test("A lead that was established on a day before it was entered here is established all the same")
        func establishedEarlier() throws {
            let number = house.number()
            var record = try file(number, specific: true)
            try conclude(&record, "established", on: "2026-11-19")
            let signal = try #require(try signals(number).first)
            #expect(signal.content.values["established"] == true)
        }

        @Test("While a lead is open nobody answers that none is: not by filing, correcting, verifying or importing")
        func answered() throws {
            let number = house.number()
            let session = try house.session("inspector1")
            let (early, earlier) = (try opine(number, isOpen: false), try opine(number, isOpen: true))
            var lead = try file(number, specific: true)
            let refused = ArchiveError(.stateForbids, "")
            #expect(throws: refused) { try opine(number, isOpen: false) }
            #expect(throws: refused) { try session.amend(earlier, changes: ["specificLeadOpen": false], reason: "改") }
            #expect(throws: refused) {
                try house.session("inspector2").advance(early, step: "verify", reason: "核")
            }
            #expect(throws: refused) { try session.amend(early, changes: ["forPurpose": "任前"], reason: "改") }
            func row() throws -> ImportReport {
                let values = opinion.filing().merging(["specificLeadOpen": false]) { $1 }
                return try session.importRecords(kind: "opinion", dryRun: false) {
                    try $0(2, .values(officer: number, state: nil, values))
                }
            }
            #expect(try row().rejected.flatMap(\.problems).map(\.code) == ["error.workflow.leadOpen"])
            #expect(throws: Never.self) { try opine(number, isOpen: true) }
            #expect(throws: Never.self) {
                try house.session("inspector2").advance(earlier, step: "verify", reason: "核")
            }
            try conclude(&lead, "untrue")
            #expect(throws: Never.self) { try opine(number, isOpen: false) }
            #expect(throws: Never.self) {
                try house.session("inspector2").advance(early, step: "verify", reason: "核")
            }
            #expect(try row().isPublished)
        }

        @Test("An opinion that became wrong because a lead came in is withdrawn or set right")
        func overtaken() throws {
            let number = house.number()
            let (withdrawn, corrected) = (try opine(number, isOpen: false), try opine(number, isOpen: false))
            _ = try file(number, specific: true)
            #expect(throws: Never.self) { try house.session("inspector1").withdraw(withdrawn, reason: "答复有误") }
            #expect(throws: Never.self) {
                try house.session("inspector1").amend(corrected, changes: ["specificLeadOpen": true], reason: "更正")
            }
        }

        @Test(
            "Without the key of complaints nobody answers none; without that of opinions nobody files a specific lead")
        func keyless() throws {
            let (security, holder) = (try house.session("secadmin1"), try house.session("inspector1"))
            func inspector(_ user: String, without missing: ProbityRecords.Category) throws -> Session {
                let identity = try Identity.generate(user: user)
                try house.fixture.certify(
                    identity, .inspector, signers: [security, holder, house.session("sysadmin1")])
                for category in [ProbityRecords.Category.roster, .complaints, .opinions] where category != missing {
                    let grant = try holder.proposeGrant(user: user, category: category, unit: "U00")
                    #expect(try security.accept(grant).missing == nil)
                }
                return try Session(house.fixture.archive, identity: identity)
            }
            let blind = try inspector("inspector8", without: .complaints)
            let number = house.number()
            func answer(_ isOpen: Bool) -> RecordDraft {
                .init(
                    kind: "opinion", officer: number,
                    values: opinion.filing().merging(["specificLeadOpen": .bool(isOpen)]) { $1 })
            }
            #expect(throws: ArchiveError(.notVisible, "")) { try blind.file(answer(false)) }
            #expect(throws: Never.self) { try blind.file(answer(true)) }
            let mute = try inspector("inspector9", without: .opinions)
            for specific in [true, false] {
                let values = complaint.filing().merging(["specificLead": .bool(specific)]) { $1 }
                #expect(throws: ArchiveError(.notVisible, "")) {
                    try mute.file(.init(kind: "complaint", officer: number, values: values))
                }
            }
            #expect(try signals(number) == [])
            let visible = try holder.records(of: number, kind: "complaint").records
            #expect(visible == [])
        }

        @Test("Nobody files a signal, brings one in or takes a step of it by hand; lowering waits for no open lead")
        func byHand() throws {
            let number = house.number()
            _ = try file(number, specific: true)
            let signal = try #require(try signals(number).first)
            let kind = try #require(house.model.kinds["leadSignal"])
            for person in house.people {
                let session = try house.session(person.user)
                let acts: [() throws -> Void] = [
                    {
                        try session.file(.init(kind: "leadSignal", officer: number, values: ["raisedOn": "2026-06-01"]))
                    },
                    {
                        try session.drop(.init(kind: "leadSignal", officer: number, values: ["raisedOn": "2026-06-01"]))
                    },
                    { try session.amend(signal.id, changes: ["raisedOn": "2026-06-01"], reason: "改") },
                    { try session.withdraw(signal.id, reason: "撤") },
                    { try session.advance(signal.id, step: "raise", reason: "x") },
                    { try session.advance(signal.id, step: "establish", changes: ["established": true], reason: "x") },
                ]
                for act in acts {
                    let answer = try DoorHouse.answer {
                        try act()
                        return .now("")
                    }
                    let refusals: [DoorModel.Answer] =
                        house.model.opens(person.role, kind.category)
                        ? [.refused(.role)] : [.refused(.notVisible), .refused(.role)]
                    #expect(refusals.contains(answer), "\(person.user)")
                }
                var isIn = false
                do {
                    isIn = try session.importRecords(kind: "leadSignal", past: true, dryRun: false) {
                        try $0(2, .values(officer: number, state: nil, ["raisedOn": "2026-06-01"]))
                    }.isPublished
                } catch let error as ArchiveError { #expect(error.code == .roleRefuses) }
                #expect(!isIn, "\(person.user)")
            }
            for person in house.people where house.model.opens(person.role, kind.category) {
                let answer = try DoorHouse.answer {
                    try house.session(person.user).advance(
                        signal.id, step: "lower", changes: ["loweredOn": "2026-11-20"], reason: "x")
                    return .now("")
                }
                #expect([.refused(.role), .refused(.state)].contains(answer), "\(person.user): \(answer)")
            }
            #expect(try signals(number) == [signal])
        }

        @Test(
            "One inspector alone does not make a specific lead vague, and so the signal go",
            arguments: ["register", "assess", "correct"])
        func madeVague(act: String) throws {
            var record = try file(house.number(), specific: true)
            let about = try house.entry(record).content.officer.text
            if act != "register" { try advance(&record, "register") }
            if act == "assess" { try advance(&record, "accept") }
            let changes: [String: JSONValue] = ["specificLead": false, "receiptNo": "2"]
            do {
                _ = try house.change(
                    act, record, changes.filter { act == "register" || $0.key == "specificLead" }, by: "inspector1")
            } catch let error as ArchiveError { #expect(error.code == .invalidEntry) }
            let states = try signals(about).map(\.content.state)
            #expect(states == ["raised"])
        }

        @Test("No way leads round the assessment: an extension leaves a complaint where it is, and it is not suspended")
        func assessed() throws {
            var record = try file(house.number(), specific: true)
            for act in ["register", "accept", "extend"] { try advance(&record, act) }
            #expect(record.standing.state == "accepted")
            for act in ["suspend", "resume"] {
                #expect(throws: ArchiveError(.stateForbids, "")) {
                    try house.change(act, record, [:], by: "inspector1")
                }
            }
        }

        @Test("A complaint that was reopened is not under disposal again before somebody signs its disposal anew")
        func reopened() throws {
            var record = try file(house.number(), specific: true)
            try conclude(&record, "untrue")
            for act in ["reopen", "accept", "extend"] { try advance(&record, act) }
            #expect(record.standing.state == "accepted")
            #expect(throws: ArchiveError(.stateForbids, "")) {
                try house.change("resume", record, [:], by: "inspector1")
            }
        }
    }
}
