import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

extension DoorTests {
    /// Who proposed a step, and whether what he proposed can still come into force.
    @Suite("Proposers")
    struct Proposers {
        private let house: DoorHouse
        private let record: DoorHouse.Record

        init() throws {
            let kind: DoorModel.Kind
            (house, kind) = try DoorTests.house("sanction")
            record = try house.file(kind, by: "inspector1")
            _ = try house.change("verify", record, [:], by: "reviewer1")
        }

        private func withdraw() throws -> Int64 {
            try #require(try house.change("withdraw", record, [:], by: "reviewer1").proposal)
        }

        /// Certifies a user again, with new keys.
        private func certify(_ user: String, _ role: Role, holder: String) throws {
            try house.fixture.certify(
                Identity.generate(user: user), role,
                signers: [house.session("secadmin1"), house.session(holder), house.session("sysadmin1")])
        }

        /// The matter is closed to everybody, and holds up nobody.
        private func demandOver(_ id: Int64) throws {
            let signer = try house.session("inspector2")
            for act in [{ _ = try signer.accept(id) }, { try signer.deny(id, reason: "不") }] as [() throws -> Void] {
                let error = #expect(throws: ArchiveError.self) { try act() }
                #expect(error?.rule == "approve.closed")
            }
            #expect(try signer.proposals().entries.isEmpty)
            #expect(try house.entry(record).content.state == "verified")
            _ = try house.change("correct", record, ["facts": "更正后的事实"], by: "inspector2", reason: "更正")
            #expect(try house.session("promoter1").show(record.id).entry.content.state == "corrected")
            #expect(try house.fixture.archive.check().findings == [])
        }

        @Test(
            "What somebody proposed ends with his certificate: he left, has new keys, another role, or came back",
            arguments: ["left", "keys", "role", "back"])
        func lapses(how: String) throws {
            let id = try withdraw()
            if ["left", "back"].contains(how) {
                try house.session("secadmin1").leave("reviewer1", reason: "调离", acceptsVacancy: true)
            }
            switch how {
            case "keys", "back": try certify("reviewer1", .reviewer, holder: "reviewer2")
            case "role": try certify("reviewer1", .promoter, holder: "promoter1")
            default: break
            }
            try demandOver(id)
        }

        @Test("What was denied stays denied, whatever becomes of whoever proposed it")
        func denied() throws {
            let id = try withdraw()
            try house.session("inspector2").deny(id, reason: "不同意")
            try certify("reviewer1", .promoter, holder: "promoter1")
            let signer = try house.session("inspector2")
            let proposal = try house.fixture.archive.snapshot { try ProposalReader(signer.vault, $0).numbered(id) }
            guard case .denied(by: "inspector2", on: _, reason: "不同意")? = proposal?.fate else {
                return #expect(Bool(false), "\(String(describing: proposal?.fate))")
            }
            #expect(try signer.proposals().damaged.isEmpty)
            try demandOver(id)
        }

        /// A proposal's row that `user` writes himself.
        private func plant(by user: String, inNameOf proposer: String, state: String) throws -> Int64 {
            let (session, entry) = (try house.session(user), try house.entry(record))
            var id: Int64 = 0
            try house.fixture.forge(#require(house.fixture.identities[user]), "record.advance") { writer in
                id = try writer.nextProposal()
                let proposal = StepProposal(
                    number: id, record: entry.id, base: entry.version, officer: entry.content.officer,
                    kind: entry.content.kind,
                    outcome: .init(step: "withdraw", state: state, values: entry.content.values), reason: "事由",
                    proposedBy: proposer, proposedOn: house.fixture.archive.now.date)
                let key = try #require(try session.graph.dossierKey(entry.id.dossier, writer.db))
                let note = try SignedNote(
                    text: proposal.text(archiveID: house.fixture.archive.header.archiveID),
                    signers: [session.ownSigner])
                try writer.insertProposal(
                    .step, place: .init(dossier: key.dossier, epoch: key.epoch),
                    note: session.vault.seal(note, entry.content.values, first: id, under: key))
            }
            return id
        }

        @Test(
            "Nobody proposes in another's name: such a row is told, waits for nobody and holds up nothing",
            arguments: [("reviewer1", "withdrawn"), ("sysadmin1", "verified"), ("promoter1", "withdrawn")])
        func inAnothersName(name: String, state: String) throws {
            // A promoter opens the file, and takes no step in it.
            let id = try plant(by: "promoter1", inNameOf: name, state: state)
            let signer = try house.session("inspector2")
            let queue = try signer.proposals()
            #expect(queue.entries.isEmpty)
            #expect(name == "promoter1" || queue.damaged == [id])
            #expect(throws: ArchiveError.self) { try signer.accept(id) }
            _ = try house.change("correct", record, ["facts": "更正后的事实"], by: "inspector2", reason: "更正")
            #expect(try house.session("promoter1").show(record.id).entry.content.state == "corrected")
        }

        @Test("A certificate that is none stops no proposal and no list")
        func plantedCertificate() throws {
            let batch = try house.fixture.archive.raw { try Int64.fetchOne($0, sql: "SELECT MAX(batch) FROM version") }
            try house.fixture.archive.engine.database.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO certificate (id, userId, serial, note, batch)
                        SELECT MAX(id) + 1, 'nobody', 1, ?, ? FROM certificate
                        """, arguments: [Data([1, 2, 3]), batch])
            }
            let result = try house.change("withdraw", record, [:], by: "reviewer1")
            #expect(result.signers.contains("inspector2"))
            #expect(try house.session("inspector2").accept(#require(result.proposal)).missing == nil)
        }

        @Test("Nobody changes his own file with tools of his own, nor signs what is about himself", arguments: [1, 2])
        func ownFile(persons: Int) throws {
            let subject = try house.session(try #require(house.subject).user)
            let own = try house.file(record.kind, about: DoorHouse.subjectNumber, by: "inspector1")
            let (entry, declared) = (try house.entry(own), try subject.declaredKind("sanction"))
            let withdraws = persons == 2
            let outcome = Workflow.Outcome(
                step: withdraws ? "withdraw" : "correct", state: withdraws ? "withdrawn" : "submitted",
                values: withdraws
                    ? entry.content.values : DoorModel.values(entry.content.values, ["facts": "没有违纪"]))
            var note: SignedNote?
            if withdraws {
                let proposal = StepProposal(
                    number: 1, record: entry.id, base: entry.version, officer: entry.content.officer,
                    kind: "sanction", outcome: outcome, reason: "事由", proposedBy: "inspector1",
                    proposedOn: house.fixture.archive.now.date)
                note = try SignedNote(
                    text: proposal.text(archiveID: house.fixture.archive.header.archiveID),
                    signers: [house.session("inspector1").ownSigner, subject.ownSigner])
            }
            try house.fixture.forge(subject.identity, withdraws ? "record.approve" : "record.amend") { writer in
                let key = try #require(try subject.graph.dossierKey(entry.id.dossier, writer.db))
                try subject.vault.insert(
                    subject.vault.content(
                        outcome, declared, officer: entry.content.officer.number, reason: "事由", approval: note),
                    kind: declared, record: entry.id.number,
                    version: subject.vault.nextVersion(in: entry.id.dossier, writer.db), key: key, in: writer)
            }
            for user in ["inspector2", "promoter1"] {
                let shown = try house.session(user).show(own.id)
                #expect(
                    shown.entry.version == entry.version && shown.coverage.closable.contains { $0.cause == .setAside })
            }
        }
    }
}
