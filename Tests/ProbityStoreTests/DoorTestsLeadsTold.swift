import CanonicalJSON
import ProbityRecords
import Testing

@testable import ProbityStore

// What the team has to look at, and to tell, before it says that no lead is open.

extension DoorTests.Leads {
    @Test(
        "That no lead is open is not said while one about the officer lies in the tray, however he is named there",
        arguments: [true, false])
    func inTray(specific: Bool) throws {
        let number = house.number()
        let name = try house.session("clerk1").showOfficer(number).value.name
        let values = complaint.filing().merging(["specificLead": .bool(specific)]) { $1 }
        let item = try house.session("clerk1").drop(
            .init(kind: "complaint", officer: "民警\(name)", values: values))
        _ = try opine(number, isOpen: true)
        _ = try opine(house.number(), isOpen: false)
        func imported() throws -> Bool {
            let row = opinion.filing().merging(["specificLeadOpen": false]) { $1 }
            return try house.session("inspector2").importRecords(kind: "opinion", dryRun: false) {
                try $0(2, .values(officer: number, state: nil, row))
            }.isPublished
        }
        if specific {
            #expect(throws: ArchiveError(.stateForbids, "")) { try opine(number, isOpen: false) }
            #expect(try !imported())
            // Taken in, it is a lead like any other.
            try house.session("inspector1").takeIn(item, officer: number)
            #expect(throws: ArchiveError(.stateForbids, "")) { try opine(number, isOpen: false) }
        } else {
            _ = try opine(number, isOpen: false)
            #expect(try imported())
        }
    }

    @Test("What a specific lead says is corrected by two, also before it is registered")
    func corrected() throws {
        for (specific, waits) in [(true, true), (false, false)] {
            let record = try file(house.number(), specific: specific)
            let result = try house.change("correct", record, ["content": "上班迟到"], by: "inspector1")
            #expect((result.proposal != nil) == waits)
            guard let id = result.proposal else { continue }
            #expect(throws: ArchiveError(.needsSecondPerson, "")) { try house.session("inspector1").accept(id) }
            #expect(try house.entry(record).content.values["content"] == record.standing.values["content"])
            #expect(try house.session("inspector2").show(record.id).waiting?.id == id)
            #expect(try house.session("inspector2").accept(id).missing == nil)
            #expect(try house.session("inspector2").show(record.id).waiting == nil)
            #expect(try house.entry(record).content.values["content"] == "上班迟到")
        }
    }

    @Test(
        "A lead that was found true is told though none is open: as found and confirmed, or known to be specific last"
    )
    func foundTrue() throws {
        let number = house.number()
        let found = try house.importPast(
            complaint, state: "outcome", about: number,
            more: ["specificLead": true, "outcome": "established", "outcomeOn": "2026-06-01", "finding": "x"])
        #expect(try signals(number) == [])
        let confirmed = try house.change("verify", found, [:], by: "inspector2")
        #expect(confirmed.proposal == nil)
        let signal = try #require(try signals(number).first)
        #expect(signal.content.state == "raised" && signal.content.values["established"] == true)
        // The record's next steps are no news.
        #expect(try house.session("inspector1").accept(#require(try lowering(number)).id).missing == nil)
        _ = try house.change("giveFeedback", found, ["feedbackOn": "2026-11-20"], by: "inspector1")
        #expect(try signals(number).first?.content.state == "lowered")

        let other = house.number()
        var record = try file(other, specific: false)
        for act in ["register", "accept"] { try advance(&record, act) }
        try advance(&record, "assess", ["specificLead": false])
        try advance(&record, "dispose", ["disposal": "preliminary", "handlers": "clerk1, reviewer1"])
        try advance(&record, "conclude", ["outcome": "established", "outcomeOn": "2026-11-20"])
        #expect(try signals(other).first?.content.values["established"] == true)
    }
}
