import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import Testing

@testable import ProbityStore

extension DoorTests {
    /// What the queue tells, and to whom.
    @Suite("Queue")
    struct Queue {
        private func answer(_ body: () throws -> Void) throws -> ArchiveError {
            try #require(#expect(throws: ArchiveError.self) { try body() })
        }

        /// A withdrawal of a sanction that the reviewer proposed.
        private func propose(
            _ house: DoorHouse, _ kind: DoorModel.Kind, about number: String? = nil
        ) throws -> (record: DoorHouse.Record, id: Int64) {
            let record = try house.file(kind, about: number, by: "inspector1")
            _ = try house.change("verify", record, [:], by: "reviewer1")
            return (record, try #require(try house.change("withdraw", record, [:], by: "reviewer1").proposal))
        }

        @Test(
            "About himself, or not his, is as a number that does not exist: the same words, the same line; auditors read why"
        )
        func hidden() throws {
            let (house, kind) = try DoorTests.house("sanction")
            let subject = try #require(house.subject)
            _ = try propose(house, kind)
            let aboutHim = try propose(house, kind, about: DoorHouse.subjectNumber).id
            // As many digits: the size of the sealed details shows.
            let absent: Int64 = 99
            try #require((10..<99).contains(aboutHim))
            for (user, number, why) in [(subject.user, aboutHim, "recusal"), ("promoter1", aboutHim, "foreign")] {
                let session = try house.session(user)
                for act in [
                    { _ = try session.proposal($0) }, { _ = try session.accept($0, fingerprint: "0000") },
                    { try session.deny($0, reason: "不") },
                ] as [(Int64) throws -> Void] {
                    let there = try answer { try act(number) }
                    let line = try house.fixture.lastLeaf()
                    let size = try house.fixture.archive.snapshot { try detailsSize($0) }
                    let nowhere = try answer { try act(absent) }
                    let other = try house.fixture.lastLeaf()
                    #expect(there.code == .notVisible && there.rule == nowhere.rule && there.params == nowhere.params)
                    #expect(
                        there.description.replacing(String(number), with: "N")
                            == nowhere.description.replacing(String(absent), with: "N"))
                    #expect(line.act == other.act && line.outcome == other.outcome && line.batch == other.batch)
                    #expect(line.commitments.keys.sorted() == other.commitments.keys.sorted())
                    #expect(try size == house.fixture.archive.snapshot { try detailsSize($0) }, "\(number) \(absent)")
                    var query = LedgerQuery()
                    query.actor = user
                    query.limit = 2
                    let lines = try house.session("auditor1").auditLines(query).lines
                    #expect(lines.map { $0.details?["refusal"] } == ["unknown", why], "\(user)")
                }
            }
        }

        private func detailsSize(_ db: Connection) throws -> Int64? {
            try db.integer("SELECT length(details) FROM leaf ORDER BY seq DESC LIMIT 1")
        }

        @Test("Who is shown a step needs no purpose, and the line names officer, record and kind")
        func shown() throws {
            let (house, kind) = try DoorTests.house("sanction")
            let (record, id) = try propose(house, kind)
            let signer = try house.session("inspector2")
            signer.purpose = nil
            let shown = try signer.proposal(id)
            guard case .step(let matter) = shown.matter else { return #expect(Bool(false)) }
            var query = LedgerQuery()
            query.limit = 1
            let details = try #require(
                try house.session("auditor1").auditLines(query).lines.first?.details)
            #expect(details["record"] == record.id.text && details["kind"] == "sanction")
            #expect(details["officer"] == matter.officer.id.text)
        }

        @Test("A list that keys do not reach says so, in its line too")
        func coverage() throws {
            let (house, _) = try DoorTests.house("complaint")
            let identity = try Identity.generate(user: "inspector9")
            try house.fixture.certify(
                identity, .inspector,
                signers: [house.session("secadmin1"), house.session("inspector1"), house.session("sysadmin1")])
            let keyless = try Session(house.fixture.archive, identity: identity)
            let read = try keyless.proposals()
            #expect(read.entries.isEmpty)
            #expect(read.coverage.closable.contains { $0.category == .complaints && $0.cause == .noKey })
            #expect(try house.fixture.lastLeaf().commitments.keys.contains("coverage"))
            #expect(try house.session("inspector1").proposals().coverage.closable.isEmpty)
        }

        @Test("Rows that somebody plants close nothing and stop nobody's list; list and check tell of them")
        func planted() throws {
            let (house, kind) = try DoorTests.house("sanction")
            let (_, id) = try propose(house, kind)
            let batch = try #require(
                try house.fixture.archive.snapshot { try ProposalTable.rows(of: id, $0).first?.mark.batch })
            func plant(_ kind: String, _ first: Int64?, _ note: [UInt8]) throws {
                try house.fixture.archive.engine.database.write { db in
                    try db.execute(
                        sql: """
                            INSERT INTO proposal (id, kind, first, note, batch)
                            SELECT MAX(id) + 1, ?, COALESCE(?, MAX(id) + 1), ?, ? FROM proposal
                            """, arguments: [kind, first, Data(note), batch])
                }
            }
            let reader = try house.session("promoter1")
            let signer = try house.session("inspector2")
            let waiting = try house.fixture.archive.snapshot { try ProposalReader(signer.vault, $0).numbered(id) }
            let text = Denial(of: id, try #require(waiting).note.text, by: "promoter1", reason: "不").text(
                archiveID: house.fixture.archive.header.archiveID)
            try plant("denial", id, SignedNote(text: text, signers: [reader.ownSigner]).bytes)
            try plant("denial", id, Array("garbage".utf8))
            try plant("step", id, [0])
            try plant("certificate", nil, [1, 2, 3])
            try plant("rumour", nil, [])
            let read = try signer.proposals()
            #expect(read.entries.map(\.id) == [id] && read.entries.first?.fate == .waiting)
            #expect(read.damaged.count == 3 && read.damaged.contains(id))
            let rules = try house.fixture.archive.check().findings.filter { $0.rule == "check.proposal" }
            #expect(rules.count >= 4)
            #expect(try signer.accept(id).missing == nil)
        }

        @Test("A row of the same text with fewer signatures takes none away")
        func fewer() throws {
            let house = try DoorTests.house("sanction").0
            let identity = try Identity.generate(user: "inspector9")
            let secadmin = try house.session("secadmin1")
            let id = try secadmin.proposeUser(
                request: UserRequest.make(identity, bureauID: "test"), role: .inspector,
                unit: "U00", officer: nil
            ).id
            _ = try house.session("inspector1").accept(id)
            try house.fixture.archive.engine.database.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO proposal (id, kind, first, note, batch)
                        SELECT (SELECT MAX(id) + 1 FROM proposal), kind, first, note, batch FROM proposal WHERE id = ?
                        """, arguments: [id])
            }
            let signers = try secadmin.proposals().entries.first { $0.id == id }?.signers
            #expect(signers == ["secadmin1", "inspector1"])
        }

        @Test("What a dossier's proposals cost does not grow with those of others")
        func perDossier() throws {
            let (house, kind) = try DoorTests.house("sanction")
            let (record, id) = try propose(house, kind)
            let other = try propose(house, kind, about: DoorHouse.subjectNumber)
            try house.session("inspector2").deny(other.id, reason: "不同意")
            let read = try house.fixture.archive.snapshot { try ProposalTable.all(of: record.id.dossier, $0) }
            #expect(read.map(\.id) == [id])
        }

        @Test(
            "Who proposed sees what came of it: in force, denied by whom, when and why, waiting; after thirty days no more"
        )
        func fates() throws {
            let (house, kind) = try DoorTests.house("sanction")
            let denied = try propose(house, kind)
            let passed = try propose(house, kind)
            let waiting = try propose(house, kind)
            let signer = try house.session("inspector2")
            try signer.deny(denied.id, reason: "不同意")
            #expect(try signer.accept(passed.id).missing == nil)
            #expect(throws: ArchiveError(.stateForbids, "")) {
                try house.change("correct", waiting.record, ["facts": "更正后的事实"], by: "inspector2", reason: "更正")
            }
            let proposer = try house.session("reviewer1")
            func fates() throws -> [Int64: ProposalFate] {
                Dictionary(uniqueKeysWithValues: try proposer.proposals().entries.map { ($0.id, $0.fate) })
            }
            let today = house.fixture.archive.now.date
            let told = try fates()
            #expect(told[denied.id] == .denied(by: "inspector2", on: today, reason: "不同意"))
            #expect(told[passed.id] == .inForce && told[waiting.id] == .waiting)
            #expect(try signer.proposals().entries.map(\.id) == [waiting.id])
            // Why it was turned down is sealed with the file.
            #expect(
                try house.fixture.archive.snapshot { db in
                    try ProposalTable.rows(of: denied.id, db).allSatisfy { $0.place != nil }
                })
            house.fixture.clock.move(by: 31 * 86_400)
            let late = try house.session("reviewer1")
            late.clockIsConfirmed = true
            #expect(try late.proposals().entries.map(\.id) == [waiting.id])
        }

        @Test("No text of a line names a reporter, and the refusal does not repeat it")
        func reporter() throws {
            let (house, _) = try DoorTests.house("sanction")
            let text = "举报人王五反映"
            let session = try house.session("inspector1")
            session.purpose = Purpose("caseHandling")
            var audit = LedgerQuery()
            audit.actor = text
            for act in [
                { _ = try session.records(of: text) }, { _ = try session.showOfficer("13812345678") },
                { _ = try session.auditLines(audit) },
            ] as [() throws -> Void] {
                let error = try answer(act)
                #expect(error.code == .reporterIdentity && !error.description.contains("王五"))
                let page = try house.session("auditor1").auditLines(LedgerQuery())
                let details = try #require(page.lines.first { $0.leaf.actor == "inspector1" }?.details)
                #expect(!details.values.contains { $0.contains("王五") || $0.contains("138") })
            }
        }
    }
}
