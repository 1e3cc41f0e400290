import CanonicalJSON
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

extension DoorTests {
    /// What one person of the team, or one outside it, could do alone with an inquiry, a deadline or a protection.
    @Suite("The team's work takes two")
    struct Team {
        let house: DoorHouse
        let complaint: DoorModel.Kind

        init() throws { (house, complaint) = try DoorTests.house("complaint") }

        /// A complaint that has come to `state` by the ways that its kind declares, filed here.
        private func bring(
            _ acts: [(String, [String: JSONValue])], about number: String? = nil, filing: [String: JSONValue] = [:]
        ) throws -> DoorHouse.Record {
            let values = complaint.filing().merging(filing) { $1 }
            let id = try house.session("inspector1").file(
                .init(kind: "complaint", officer: number ?? house.number(), values: values))
            var record = DoorHouse.Record(
                id: id, kind: complaint, standing: .init(state: "received", values: values, filers: ["inspector1"]))
            for (act, more) in acts {
                let step = try #require(complaint.steps(act, from: record.standing).first)
                let changes = house.model.changes(step, complaint, record.standing).merging(more) { $1 }
                try house.perform(.init(step: step, changes: changes), &record)
            }
            return record
        }

        private static let assessed: [(String, [String: JSONValue])] = [
            ("register", [:]), ("accept", [:]), ("assess", ["specificLead": true]),
        ]
        private static let disposed =
            assessed + [
                ("dispose", ["disposal": "preliminary", "handlers": "clerk1, inspector2"])
            ]

        /// Takes a step that must wait; somebody who has a hand in it is refused, another puts it in force.
        private func demandTwo(
            _ act: String, _ record: DoorHouse.Record, _ changes: [String: JSONValue], to state: String
        ) throws {
            let before = try house.entry(record).content.state
            let waiting = try #require(
                try house.change(act, record, changes, by: "inspector1").proposal, "\(act) took one person")
            #expect(try house.entry(record).content.state == before)
            #expect(try TwoPersons.refusal { _ = try house.session("inspector1").accept(waiting) } == .secondPerson)
            #expect(try TwoPersons.refusal { _ = try house.session("inspector2").accept(waiting) } == .secondPerson)
            #expect(try house.session("inspector4").accept(waiting).missing == nil)
            #expect(try house.entry(record).content.state == state)
        }

        @Test("An inquiry that the team filed is neither rewritten nor closed by a clerk, nor closed by one inspector")
        func inquiry() throws {
            let talk = try #require(house.model.kinds["talk"])
            let values = talk.filing().merging([
                "talkKind": "writtenInquiry", "leadRef": "R-0AFQ37PJN0000", "sentOn": "2026-06-01",
            ]) { $1 }
            let id = try house.session("inspector1").file(
                .init(kind: "talk", officer: house.number(), values: values))
            let record = DoorHouse.Record(
                id: id, kind: talk, standing: .init(state: "held", values: values, filers: ["inspector1"]))
            let closing: [String: JSONValue] = ["repliedOn": "2026-06-10", "countersignedOn": "2026-06-10"]
            for user in ["clerk1", "reviewer1"] {
                #expect(try TwoPersons.refusal { _ = try house.change("close", record, closing, by: user) } == .role)
            }
            #expect(
                try TwoPersons.refusal {
                    _ = try house.change("correct", record, ["matter": "另一事"], by: "clerk1", reason: "改")
                } == .role)
            // It is not called an ordinary talk by anybody outside the team, nor by one of the team alone.
            #expect(
                try TwoPersons.refusal {
                    _ = try house.change("correct", record, ["talkKind": "heartTalk"], by: "clerk1", reason: "改")
                } == .role)
            let renamed = try house.change("correct", record, ["talkKind": "heartTalk"], by: "inspector1", reason: "改")
            #expect(!renamed.signers.contains { $0.contains("clerk") || $0.contains("reviewer") })
            try house.session("inspector1").deny(#require(renamed.proposal), reason: "收回")
            let waiting = try #require(try house.change("close", record, closing, by: "inspector1").proposal)
            #expect(try house.session("inspector2").accept(waiting).missing == nil)
            #expect(try house.entry(record).content.state == "closed")
            // Two put it right, and the same two close it again.
            for (act, changes) in [("correct", ["matter": "补充"]), ("close", ["repliedOn": "2026-06-11"])]
                as [(String, [String: JSONValue])]
            {
                let again = try #require(
                    try house.change(act, record, changes, by: "inspector1", reason: "补").proposal)
                #expect(try house.session("inspector2").accept(again).missing == nil)
            }
            #expect(try house.entry(record).content.state == "closed")
        }

        @Test("A clerk corrects his own talk alone, and a colleague's with a second signature")
        func ordinaryTalk() throws {
            let talk = try #require(house.model.kinds["talk"])
            let record = try house.file(talk, by: "clerk1")
            #expect(
                try house.change("correct", record, ["matter": "改"], by: "clerk1", reason: "笔误").version != nil)
            #expect(
                try house.change("correct", record, ["matter": "又改"], by: "clerk2", reason: "笔误").proposal != nil)
        }

        @Test("A matter is extended, suspended and taken up again by two, and only to a day that the rules know")
        func deadlines() throws {
            let record = try bring(Self.disposed)
            try demandTwo("extend", record, ["dueOn": "2026-12-30"], to: "extended")
            // Taken up again it keeps its day.
            #expect(
                try TwoPersons.refusal {
                    _ = try house.change("resume", record, ["dueOn": "2099-01-01"], by: "inspector1")
                } == .invalid)
            _ = try house.change("resume", record, [:], by: "inspector1")
            try demandTwo("suspend", record, ["reviewOn": "2026-12-30"], to: "suspended")
            try demandTwo("resume", record, ["dueOn": "2026-12-31"], to: "disposed")
            let petition = try bring(
                [("register", [:])], filing: ["complaintClass": "petition", "receivedOn": "2026-11-01"])
            for (due, rule) in [
                (nil, "rule.complaint.petitionTerm"), ("2027-01-01", "rule.complaint.petitionFirst"),
                ("2026-12-31", nil),
            ] as [(String?, String?)] {
                var changes: [String: JSONValue] = ["acceptedOn": "2026-11-01"]
                changes["dueOn"] = due.map { .string($0) }
                do {
                    _ = try house.change("accept", petition, changes, by: "inspector1")
                    #expect(rule == nil)
                } catch let error as ArchiveError { #expect(error.rule == rule && rule != nil, "\(error)") }
            }
        }

        @Test("Nothing is declined without a ground, and who gave a name is told")
        func declined() throws {
            let specific = try bring([("register", [:])], filing: ["specificLead": true, "reporterClass": "anonymous"])
            #expect(
                try TwoPersons.refusal { _ = try house.change("decline", specific, [:], by: "inspector1") } == .invalid)
            let result = try house.change("decline", specific, ["declineGround": "已有结论"], by: "inspector1")
            #expect(try house.session("inspector2").accept(#require(result.proposal)).missing == nil)
            let named = try bring([("register", [:])], filing: ["specificLead": false, "reporterClass": "realName"])
            let ground: [String: JSONValue] = ["declineGround": "不属本单位"]
            #expect(
                try TwoPersons.refusal { _ = try house.change("decline", named, ground, by: "inspector1") } == .invalid)
            let told = ground.merging(["notifiedOn": "2026-11-20"]) { $1 }
            #expect(try house.change("decline", named, told, by: "inspector1").proposal != nil)
        }

        @Test("That an officer wants no clearance is not one handler's word")
        func waived() throws {
            let record = try house.importPast(
                complaint, state: "feedback",
                more: [
                    "outcome": "untrue", "outcomeOn": "2026-06-01", "finding": "不属实",
                    "handlers": "inspector1 inspector2",
                ])
            try demandTwo("archive", record, ["clearanceWaived": true], to: "archived")
        }

        @Test("A preliminary verification has two persons")
        func preliminary() throws {
            let record = try bring(Self.assessed)
            for (names, isEnough) in [
                ("inspector2", false), ("inspector2, inspector2", false), ("inspector2 clerk1", true),
            ] {
                let changes: [String: JSONValue] = ["disposal": "preliminary", "handlers": .string(names)]
                do {
                    #expect(try house.change("dispose", record, changes, by: "inspector1").proposal != nil)
                    #expect(isEnough)
                } catch let error as ArchiveError {
                    #expect(!isEnough && error.rule == "rule.complaint.preliminary", "\(names)")
                }
            }
        }

        @Test(
            "An officer on a case against gangs is protected by the register, whatever the complaint says",
            arguments: [
                ("active", "2026-12-31", true), ("active", "2026-11-19", false), ("ended", "2026-12-31", false),
            ])
        func protection(state: String, until: String, isProtected: Bool) throws {
            let number = house.number()
            let register = try #require(house.model.kinds["antiGangCase"])
            _ = try house.importPast(
                register, state: state, about: number, more: ["fromOn": "2026-01-01", "untilOn": .string(until)])
            let record = try bring([("register", [:]), ("accept", [:])], about: number)
            let error: ArchiveError?
            do {
                _ = try house.change("assess", record, ["specificLead": true], by: "inspector1")
                error = nil
            } catch let refusal as ArchiveError { error = refusal }
            #expect(error?.rule == (isProtected ? "workflow.protectionNotMarked" : nil))
            guard isProtected else { return }
            _ = try house.change(
                "assess", record, ["specificLead": true, "antiGang": true, "conflictChecked": true], by: "inspector1")
            let waiting = try house.change(
                "dispose", record, ["disposal": "preliminary", "handlers": "inspector2 clerk1"], by: "inspector1")
            #expect(
                try house.session("inspector4").accept(#require(waiting.proposal)).missing
                    == .approvers(roles: [.inspector], count: 1))
        }
    }
}
