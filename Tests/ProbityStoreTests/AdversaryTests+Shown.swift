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
        #expect(error?.subject == name || error?.params["field"]?.contains(name) == true, "\(String(describing: error))")
    }
}
