import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

// What the program itself showed or took that it must not.

extension AdversaryTests {
    @Test(
        "Who is an officer does not read in the ledger that colleagues looked him up in vain",
        arguments: ["role", "purpose", "kind"])
    func lookedUp(how: String) throws {
        let own = DoorHouse.subjectNumber
        let subject = try #require(house.subject).user
        switch how {
        case "role":
            #expect(throws: ArchiveError(.roleRefuses, "")) {
                try house.session("clerk1").file(.init(kind: "sanction", officer: own, values: sanction.filing()))
            }
        case "purpose":
            let promoter = try house.session("promoter1")
            promoter.purpose = nil
            #expect(throws: ArchiveError(.purposeMissing, "")) {
                try promoter.checkPromotion([own], move: .promotion) { _ in }
            }
        default:
            #expect(throws: ArchiveError(.roleRefuses, "")) {
                try house.session("clerk1").records(of: own, kind: "opinion")
            }
        }
        let read = try lines(subject, 3)
        #expect(!read.contains { $0.details?["query"]?.contains(own) ?? false && $0.leaf.actor != subject })
        #expect(read.contains { $0.isWithheld })
        // Somebody else he reads, and so does who is no officer.
        #expect(throws: ArchiveError(.roleRefuses, "")) {
            try house.session("clerk1").records(of: "990105", kind: "opinion")
        }
        #expect(try lines(subject, 3).contains { $0.details?["query"] == "990105" })
        #expect(try lines("auditor1", 5).contains { $0.details?["query"]?.contains(own) ?? false })
        _ = try house.session("clerk2").showOfficer(own)
        #expect(try lines(subject, 3).contains { $0.leaf.act == "officer.show" && $0.isWithheld })
    }

    @Test("Nor reasons that name him, records that were not there for others, and complaints that colleagues looked at")
    func told() throws {
        let own = DoorHouse.subjectNumber
        let subject = try #require(house.subject).user
        let name = try house.session("clerk1").showOfficer(own).value.name
        let clerk = try house.session("clerk2")
        for reason in ["找\(name)的同事\(own)", "\(name)案统计", "核查民警\(own)"] {
            clerk.purpose = Purpose(code: "dailyManagement", reason: reason)
            _ = try clerk.showOfficer("990105")
            #expect(try lines(subject, 1).first?.isWithheld == true, "\(reason)")
            #expect(try lines("auditor1", 3).contains { $0.details?["reason"] == reason })
        }
        clerk.purpose = Purpose(code: "dailyManagement", reason: "例行")
        _ = try clerk.showOfficer("990105")
        #expect(try lines(subject, 1).first?.details?["reason"] == "例行")
        for number in [own, "990105"] {
            let record = try lead(number)
            #expect(throws: ArchiveError(.notVisible, "")) { try house.session("promoter1").show(record.id) }
            #expect(try lines(subject, 1).first?.isWithheld == true)
            _ = try house.session("inspector1").show(record.id)
            #expect(try lines(subject, 1).first?.isWithheld == true)
        }
    }

    @Test("A user who was certified as an officer is certified as nobody else afterwards")
    func certifiedAsAnother() throws {
        let subject = try #require(house.subject)
        let security = try house.session("secadmin1")
        let other = try house.session("clerk1").showOfficer("990105").value.id
        let identity = try Identity.generate(user: subject.user)
        let request = try UserRequest.make(identity, bureauID: "test")
        let role = try #require(Role(rawValue: subject.role))
        for officer in [nil, other] as [OfficerID?] {
            let error = #expect(throws: ArchiveError(.invalidEntry, "")) {
                try security.proposeUser(request: request, role: role, unit: "U00", officer: officer)
            }
            #expect(error?.rule == "user.otherOfficer")
        }
        let own = try house.session("clerk1").showOfficer(DoorHouse.subjectNumber).value.id
        _ = try security.proposeUser(request: request, role: role, unit: "U00", officer: own)
    }

    @Test(
        "Nothing of an item of the tray is shown without a purpose but whom it names and who dropped it"
    )
    func withoutPurpose() throws {
        let number = house.number()
        let item = try house.session("clerk1").drop(
            .init(kind: "complaint", officer: number, values: complaint.filing()))
        let inspector = try house.session("inspector1")
        inspector.purpose = nil
        #expect(throws: ArchiveError(.purposeMissing, "")) { try inspector.trayItem(item) }
        let identified: TrayHeading = try inspector.identify(takingIn: item, officer: nil).item
        #expect(identified.officer == number && identified.filedBy == "clerk1")
    }

    @Test(
        "No kind's texts take a reporter's name",
        arguments: [
            "fileReview remarks", "appraisal remarks", "drinkingRisk remarks", "majorEvent description",
            "auxEntry reason", "dutyTrace item",
        ])
    func openTexts(field: String) throws {
        let (id, name) = (
            field.split(separator: " ").map(String.init)[0], field.split(separator: " ").map(String.init)[1]
        )
        let kind = try #require(house.model.kinds[id])
        let values = kind.filing().merging([name: "举报人：王五，手机13800138000"]) { $1 }
        let error = #expect(throws: ArchiveError(.reporterIdentity, "")) {
            try house.session(house.filer(kind).user).file(.init(kind: id, officer: house.number(), values: values))
        }
        #expect(
            error?.subject == name || error?.params["field"]?.contains(name) == true, "\(String(describing: error))")
    }
}
