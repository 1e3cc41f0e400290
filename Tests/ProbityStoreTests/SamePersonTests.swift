import CanonicalJSON
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

/// A new certificate makes nobody another person.
@Suite("The same person under another certificate")
struct SamePersonTests {
    @Test("Who filed a record verifies it under no later name, and signs nothing that he proposed or is named in")
    func verified() throws {
        let fixture = try Fixture()
        let security = try fixture.session("secadmin1")
        let own = try fixture.session("clerk1").showOfficer("990003").id
        let first = try fixture.newcomer(
            "reviewer8", .reviewer, like: "reviewer1", officer: own, Fixture.gifts([.roster, .sanctions]))
        let id = try first.file(Fixture.sanction("990001"))
        let waiting = try first.file(Fixture.sanction("990002"))
        try fixture.session("inspector1").advance(waiting, step: "verify", reason: "核")
        try first.amend(waiting, changes: ["facts": "更正"], reason: "笔误")
        try security.leave("reviewer8", reason: "换证", acceptsVacancy: true)
        let second = try fixture.newcomer(
            "reviewer9", .reviewer, like: "reviewer1", officer: own, Fixture.gifts([.roster, .sanctions]))
        for record in [id, waiting] {
            #expect(throws: ArchiveError(.needsSecondPerson, "")) {
                try second.advance(record, step: "verify", reason: "核")
            }
        }
        // Somebody else does, and what was verified before the second certificate stays what it is.
        for record in [id, waiting] { try fixture.session("reviewer1").advance(record, step: "verify", reason: "核") }
        #expect(try second.show(id).entry.content.state == "verified")
        #expect(try fixture.archive.check().findings.filter { $0.severity != .notice } == [])
    }
}
