import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

extension DoorTests {
    /// Versions that somebody makes with keys that he holds and tools of his own.
    @Suite("Forged versions")
    struct Forged {
        private let house: DoorHouse
        private let kind: DoorModel.Kind

        init() throws { (house, kind) = try DoorTests.house("sanction") }

        /// Puts a version behind a record's, in a line that `user` signs.
        private func plant(
            _ record: DoorHouse.Record, by user: String, step: String, state: String,
            changes: [String: JSONValue] = [:], note: SignedNote? = nil, reason: String = "事由", act: String? = nil
        ) throws {
            let session = try house.session(user)
            let declared = try session.declaredKind(record.kind.id)
            let entry = try house.entry(record)
            let outcome = Workflow.Outcome(
                step: step, state: state, values: DoorModel.values(record.standing.values, changes), approval: nil)
            try house.fixture.forge(
                #require(house.fixture.identities[user]), act ?? "record.\(step == "withdraw" ? "withdraw" : "advance")"
            ) { writer in
                let key = try #require(try session.graph.dossierKey(entry.id.dossier, writer.db))
                try session.vault.insert(
                    session.vault.content(
                        outcome, declared, officer: entry.content.officer.number, reason: reason, approval: note),
                    kind: declared, record: entry.id.number,
                    version: session.vault.nextVersion(in: entry.id.dossier, writer.db), key: key, in: writer)
            }
        }

        /// A note over the withdrawal of a record, as the program would make it.
        private func note(
            _ record: DoorHouse.Record, step: String = "withdraw", state: String = "withdrawn",
            proposedBy proposer: String,
            signers: [String], changes: [String: JSONValue] = [:], number: Int64 = 1
        ) throws -> SignedNote {
            let entry = try house.entry(record)
            let proposal = StepProposal(
                number: number, record: entry.id, base: entry.version, officer: entry.content.officer,
                kind: entry.content.kind,
                outcome: .init(
                    step: step, state: state, values: DoorModel.values(record.standing.values, changes), approval: nil),
                reason: "事由", proposedBy: proposer, proposedOn: house.fixture.archive.now.date)
            return try SignedNote(
                text: proposal.text(archiveID: house.fixture.archive.header.archiveID),
                signers: signers.map { try house.session($0).ownSigner })
        }

        /// Readers see the record as it stood, and are told that something was set aside.
        private func demandRefused(_ record: DoorHouse.Record, _ what: String) throws {
            for user in ["inspector2", "promoter1", "reviewer1"] {
                try demandUnread(record, what, by: [user])
                let read = try house.session(user).records(of: number)
                #expect(read.coverage.closable.contains { $0.cause == .setAside }, "\(what), records by \(user)")
                let seen = try #require(read.records.first { $0.id == record.id }, "\(what), records by \(user)")
                #expect(seen.content.state == record.standing.state, "\(what), records by \(user)")
            }
            try house.session("promoter1").checkPromotion([number], move: .promotion) { result in
                #expect(result.coverage.gaps.contains { $0.cause == .setAside } && result.answer.verdict >= .hold)
            }
        }

        private var number: String { "990105" }

        private func verified() throws -> DoorHouse.Record {
            try house.importPast(kind, state: "verified", about: number)
        }

        @Test("A withdrawal with every signature is read: what the forgeries lack is nothing else")
        func whole() throws {
            let record = try verified()
            let note = try note(record, proposedBy: "reviewer1", signers: ["reviewer1", "inspector1"])
            try plant(record, by: "inspector1", step: "withdraw", state: "withdrawn", note: note)
            #expect(try house.session("promoter1").records(of: number).records.contains { $0.isWithdrawn })
        }

        @Test("A withdrawal without a note, or with the proposer's signature alone, is no version")
        func alone() throws {
            let record = try verified()
            try plant(record, by: "reviewer1", step: "withdraw", state: "withdrawn")
            try demandRefused(record, "no note")
        }

        @Test(
            "A withdrawal signed by the proposer alone, by roles that do not approve, or filed by another is no version",
            arguments: [
                ["reviewer1", "reviewer1"], ["reviewer1", "reviewer1", "promoter1"],
                ["promoter1", "reviewer1", "clerk1"],
                ["inspector1", "reviewer1", "inspector2"], ["reviewer1", "reviewer1", "auditor1"],
            ])
        func signers(names: [String]) throws {
            let record = try verified()
            let note = try note(record, proposedBy: "reviewer1", signers: Array(names.dropFirst()))
            try plant(record, by: names[0], step: "withdraw", state: "withdrawn", note: note)
            try demandRefused(record, "\(names)")
        }

        @Test("Without the proposer's own signature the approver's is none")
        func proposerMissing() throws {
            let record = try verified()
            let note = try note(record, proposedBy: "reviewer1", signers: ["inspector1", "inspector2"])
            try plant(record, by: "inspector1", step: "withdraw", state: "withdrawn", note: note)
            try demandRefused(record, "no proposer")
        }

        @Test("A note of another record, of other values, of another step or for another version is none")
        func otherNote() throws {
            let (record, other) = (try verified(), try house.importPast(kind, state: "verified", about: "990107"))
            let signers = ["reviewer1", "inspector1"]
            let stolen = try note(other, proposedBy: "reviewer1", signers: signers)
            try plant(record, by: "inspector1", step: "withdraw", state: "withdrawn", note: stolen)
            try demandRefused(record, "another record's note")
        }

        @Test("A note over other values, or over another reason, is none", arguments: ["values", "reason", "step"])
        func otherText(what: String) throws {
            let record = try verified()
            let note = try note(
                record, step: what == "step" ? "correct" : "withdraw", proposedBy: "reviewer1",
                signers: ["reviewer1", "inspector1"], changes: what == "values" ? ["facts": "另文"] : [:])
            try plant(
                record, by: "inspector1", step: "withdraw", state: "withdrawn", note: note,
                reason: what == "reason" ? "另一个事由" : "事由")
            try demandRefused(record, what)
        }

        @Test(
            "What was turned down is not put in force with the signatures that it had, nor what its proposer took back",
            arguments: ["inspector2", "reviewer1", "promoter1"])
        func denied(by user: String) throws {
            let record = try verified()
            let reviewer = try house.session("reviewer1")
            let id = try #require(try reviewer.withdraw(record.id, reason: "事由").proposal)
            let note = try #require(
                try house.fixture.archive.snapshot { try ProposalReader(reviewer.vault, $0).numbered(id)?.note })
            if user == "promoter1" {
                // Who may not sign turns nothing down, whatever rows he writes.
                let text = Denial(of: id, note.text, by: user, reason: "不").text(
                    archiveID: house.fixture.archive.header.archiveID)
                let session = try house.session(user)
                try house.fixture.forge(#require(house.fixture.identities[user]), "approve.deny") { writer in
                    let place = try #require(try ProposalTable.rows(of: id, writer.db).first?.place)
                    let key = try #require(try session.graph.dossierKey(place.dossier, writer.db))
                    let denial = try session.vault.seal(
                        SignedNote(text: text, signers: [session.ownSigner]), [:], first: id, under: key)
                    try writer.insertProposal(.denial, first: id, place: place, note: denial)
                }
            } else {
                try house.session(user).deny(id, reason: "不同意")
            }
            try plant(
                record, by: "inspector1", step: "withdraw", state: "withdrawn",
                note: note.adding(house.session("inspector1").ownSigner))
            guard user != "promoter1" else {
                return #expect(try house.session("promoter1").records(of: number).records.contains { $0.isWithdrawn })
            }
            try demandRefused(record, "turned down by \(user)")
        }

        @Test(
            "A matter planted in another's name, or of a step that his role does not take, keeps nobody from the record",
            arguments: ["reviewer1", "promoter1"])
        func plantedMatter(proposer: String) throws {
            let record = try verified()
            let session = try house.session("promoter1")
            try house.fixture.forge(#require(house.fixture.identities["promoter1"]), "record.withdraw") { writer in
                let key = try #require(try session.graph.dossierKey(record.id.dossier, writer.db))
                let id = try writer.nextProposal()
                let note = try note(record, proposedBy: proposer, signers: ["promoter1"], number: id)
                try writer.insertProposal(
                    .step, place: .init(dossier: key.dossier, epoch: key.epoch),
                    note: session.vault.seal(note, record.standing.values, first: id, under: key))
            }
            let queue = try house.session("inspector2").proposals()
            #expect(queue.entries.isEmpty && queue.damaged.isEmpty == (proposer == "promoter1"))
            let changed = try house.session("inspector2").amend(
                record.id, changes: ["facts": "更正后的事实"], reason: "更正")
            #expect(changed.proposal == nil && changed.version == 2)
        }

        /// A complaint in a state, about an officer of its own.
        private func complaint(
            _ state: String, _ more: [String: JSONValue] = [:]
        ) throws -> DoorHouse.Record {
            try house.importPast(#require(house.model.kinds["complaint"]), state: state, more: more)
        }

        private func demandUnread(
            _ record: DoorHouse.Record, _ what: String, by users: [String] = ["inspector2", "inspector4"]
        ) throws {
            for user in users {
                let shown = try house.session(user).show(record.id)
                let content = shown.entry.content
                #expect(
                    content.state == record.standing.state && content.values == record.standing.values,
                    "\(what) by \(user)")
                #expect(shown.coverage.closable.contains { $0.cause == .setAside }, "\(what) by \(user)")
            }
        }

        @Test("A step without the field that it needs is no version")
        func required() throws {
            var record = try complaint("accepted")
            let assess = try #require(record.kind.steps("assess", from: "accepted").first)
            try house.perform(.init(step: assess, changes: ["specificLead": true]), &record)
            let changes: [String: JSONValue] = ["disposal": "preliminary"]
            let note = try note(
                record, step: "dispose", state: "disposed", proposedBy: "inspector1",
                signers: ["inspector1", "inspector2"], changes: changes)
            try plant(
                record, by: "inspector2", step: "dispose", state: "disposed", changes: changes, note: note)
            try demandUnread(record, "no handlers")
        }

        @Test("A handler's signature under what he will handle is none", arguments: [true, false])
        func handlerSigns(isHandler: Bool) throws {
            var record = try complaint("accepted")
            let assess = try #require(record.kind.steps("assess", from: "accepted").first)
            try house.perform(.init(step: assess, changes: ["specificLead": true]), &record)
            let changes: [String: JSONValue] = [
                "disposal": "preliminary", "handlers": isHandler ? "inspector3、inspector2" : "inspector3",
            ]
            let note = try note(
                record, step: "dispose", state: "disposed", proposedBy: "inspector1",
                signers: ["inspector1", "inspector2"], changes: changes)
            try plant(
                record, by: "inspector2", step: "dispose", state: "disposed", changes: changes, note: note)
            guard isHandler else {
                return #expect(try house.session("inspector4").show(record.id).entry.content.state == "disposed")
            }
            try demandUnread(record, "signed by a handler")
        }

        @Test("Reopened with what the round before had is no version", arguments: [true, false])
        func clears(keeps: Bool) throws {
            let record = try complaint(
                "outcome", ["outcome": "established", "outcomeOn": "2026-06-01", "finding": "属实"])
            let step = try #require(record.kind.steps("reopen", from: "outcome").first)
            var changes: [String: JSONValue] = [:]
            for name in step.clears where record.standing.values[name] != nil && !(keeps && name == "outcome") {
                changes[name] = .null
            }
            let note = try note(
                record, step: "reopen", state: "reopened", proposedBy: "inspector1",
                signers: ["inspector1", "inspector2"], changes: changes)
            try plant(
                record, by: "inspector2", step: "reopen", state: "reopened", changes: changes, note: note)
            guard keeps else {
                return #expect(try house.session("inspector4").show(record.id).entry.content.state == "reopened")
            }
            try demandUnread(record, "an outcome that was cleared")
        }

        @Test("A note that was in force once does not serve a second time")
        func replayed() throws {
            let kind = try #require(house.model.kinds["incident"])
            var record = try house.importPast(kind, state: "closed")
            let reopen = try #require(kind.steps("reopen", from: "closed").first)
            try house.perform(.init(step: reopen, changes: [:]), &record)
            let text = try #require(try house.entry(record).content.approval)
            for act in ["handle", "circulate", "close"] {
                let step = try #require(kind.steps(act, from: record.standing).first)
                try house.perform(.init(step: step, changes: house.model.changes(step, kind, record.standing)), &record)
            }
            try house.demandSame(record, "closed again")
            let filed = try #require(try house.session("clerk1").show(record.id).versions.first { $0.approval != nil })
            try plant(
                record, by: filed.filedBy, step: "reopen", state: "found", note: SignedNote(parsing: Array(text.utf8)))
            try demandUnread(record, "replayed", by: ["clerk1"])
        }

        @Test(
            "A version that no step leads to is none: a state, a field or a first state that is not declared",
            arguments: ["state", "field", "act", "from"])
        func noStep(what: String) throws {
            let record = try verified()
            switch what {
            case "state": try plant(record, by: "reviewer1", step: "verify", state: "withdrawn")
            case "act": try plant(record, by: "reviewer1", step: "approve", state: "verified")
            case "from": try plant(record, by: "reviewer1", step: "verify", state: "verified")
            default:
                let fresh = try house.file(kind, about: number)
                try plant(fresh, by: "reviewer1", step: "verify", state: "verified", changes: ["facts": "改过"])
                return try demandRefused(fresh, what)
            }
            try demandRefused(record, what)
        }

        @Test(
            "A record that begins verified without being found in old files, or found withdrawn, is none",
            arguments: [true, false])
        func begins(isAsFound: Bool) throws {
            let record = try verified()
            let before = try house.session("promoter1").records(of: number, kind: kind.id).records.map(\.id)
            let session = try house.session("reviewer1")
            let declared = try session.declaredKind(kind.id)
            let entry = try house.entry(record)
            try house.fixture.forge(#require(house.fixture.identities["reviewer1"]), "record.add") { writer in
                let key = try #require(try session.graph.dossierKey(entry.id.dossier, writer.db))
                let outcome = Workflow.Outcome(
                    step: "file", state: isAsFound ? "withdrawn" : "verified", values: record.standing.values,
                    approval: nil)
                try session.vault.insert(
                    session.vault.content(
                        outcome, declared, officer: entry.content.officer.number, isAsFound: isAsFound), kind: declared,
                    record: nil, version: session.vault.nextVersion(in: entry.id.dossier, writer.db), key: key,
                    in: writer)
            }
            let read = try house.session("promoter1").records(of: number)
            let sanctions = read.records.filter { $0.content.kind == kind.id }
            #expect(sanctions.map(\.id) == before && read.coverage.closable.contains { $0.cause == .setAside })
        }

        @Test("Who filed it verifies it himself with tools of his own: that is no version")
        func selfVerified() throws {
            let record = try house.file(kind, about: number, by: "reviewer1")
            try plant(record, by: "reviewer1", step: "verify", state: "verified")
            try demandRefused(record, "verified by its filer")
        }

        @Test(
            "Who may only read the file withdraws, verifies or corrects it with tools of his own: that is no version",
            arguments: ["withdraw", "verify", "correct"])
        func readersVersion(act: String) throws {
            let record = try act == "correct" ? verified() : house.file(kind, about: number, by: "reviewer1")
            let state = ["withdraw": "withdrawn", "verify": "verified", "correct": "corrected"][act] ?? ""
            try plant(
                record, by: "promoter1", step: act, state: state,
                changes: act == "correct" ? ["decidedOn": "1999-01-01"] : [:])
            try demandRefused(record, "\(act) by a promoter")
        }
    }
}
