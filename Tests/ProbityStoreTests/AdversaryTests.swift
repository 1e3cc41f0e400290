import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

/// What one user can do who has his own keys and tools of his own: AdversaryTests+Refused.swift holds what fails, each with
/// what he tries; AdversaryTests+Possible.swift what does not fail yet, as the threat model says it.
@Suite("One user's own keys, and tools")
struct AdversaryTests {
    let house: DoorHouse
    let complaint: DoorModel.Kind
    let opinion: DoorModel.Kind
    let sanction: DoorModel.Kind

    init() throws {
        (house, complaint) = try DoorTests.house("complaint")
        opinion = try #require(house.model.kinds["opinion"])
        sanction = try #require(house.model.kinds["sanction"])
    }

    // MARK: Tools

    /// Writes a version with the keys of `user`, in a line that he signs, or under the number of a line that is there.
    @discardableResult
    func plant(
        _ kind: String, about number: String, by user: String, behind record: RecordEntry? = nil, step: String = "file",
        state: String, values: [String: JSONValue], filedOn: CivilDate? = nil, inNameOf name: String? = nil,
        batch: Int64? = nil, isAsFound: Bool = false, note: SignedNote? = nil, reason: String? = nil,
        intake: VersionContent.Intake? = nil, act: String? = nil, version: Int64? = nil, edition: Int? = nil,
        more: (RowWriter, RecordID) throws -> Void = { _, _ in }
    ) throws -> RecordID {
        let session = try house.session(user)
        let declared = try session.declaredKind(kind)
        var made: Int64 = 0
        func rows(_ writer: RowWriter) throws {
            let officer = try session.roster.locate(number, writer.db)
            let unit = try session.roster.entry(officer, writer.db).unit
            let key = try session.vault.dossierKey(declared.category, officer: officer, unit: unit, in: writer)
            let day = filedOn ?? house.fixture.archive.now.date
            let columns = declared.clearColumns(values: values, state: state, filedOn: day)
            let content = VersionContent(
                officer: OfficerID(officer), columns, edition: edition ?? declared.edition, filedOn: day,
                filedBy: name ?? user,
                step: step, isAsFound: isAsFound, reason: reason, values: values,
                approval: note.map { String(decoding: $0.bytes, as: UTF8.self) }, intake: intake)
            made = try session.vault.insert(
                content, kind: declared, record: record?.id.number,
                version: version.map { VersionTable.range(of: key.dossier).lowerBound + $0 }
                    ?? session.vault.nextVersion(in: key.dossier, writer.db), key: key, in: writer)
            try more(writer, RecordID(made))
        }
        if let batch {
            try house.fixture.archive.engine.database.write { database in
                try rows(RowWriter(Connection(database), batch: batch, RowTally()))
            }
        } else {
            try house.fixture.forge(
                session.identity, act ?? (record == nil ? "record.add" : "record.advance"), rows: rows)
        }
        return RecordID(made)
    }

    /// The batch of an act of the user's that wrote rows; the newest, or the oldest.
    func batch(of user: String, isNewest: Bool = true) throws -> Int64 {
        try house.fixture.archive.snapshot { db in
            let found = try LeafTable.page(after: nil, limit: 10_000, db).compactMap { row -> Int64? in
                let leaf = try LeafBody(parsing: SignedNote(parsing: row.note).text)
                return leaf.actor == user ? row.batch : nil
            }
            return try #require(isNewest ? found.last : found.first)
        }
    }

    func batch(of user: String, orMake house: DoorHouse) throws -> Int64 {
        _ = try house.file(sanction, about: house.number(), by: user)
        return try batch(of: user)
    }

    func must(_ section: String, _ number: String) throws -> [PromotionReason] {
        try answer(number).reasons.filter { $0.section == section }
    }

    func answer(_ number: String) throws -> PromotionAnswer {
        let session = try house.session("promoter1")
        session.purpose = Purpose("promotionReview")
        var found: [PromotionAnswer] = []
        try session.checkPromotion([number], move: .promotion) { found.append($0.answer) }
        return try #require(found.first)
    }

    func signals(_ number: String) throws -> [RecordEntry] {
        let session = try house.session("promoter1")
        session.purpose = Purpose("promotionReview")
        return try session.records(of: number, kind: "leadSignal").records
    }

    func entry(_ id: RecordID, as user: String = "inspector1") throws -> RecordEntry {
        let session = try house.session(user)
        return try house.fixture.archive.snapshot { try session.vault.entry(id, $0) }
    }

    /// A verified opinion that nothing speaks against him and no lead is open.
    func clearOpinion(_ number: String, on date: String = "2026-11-20") throws {
        let values = opinion.filing().merging([
            "specificLeadOpen": false, "conclusion": "noObjection", "repliedOn": .string(date),
        ]) { $1 }
        let id = try house.session("inspector3").file(.init(kind: "opinion", officer: number, values: values))
        try house.session("inspector4").advance(id, step: "verify", reason: "核")
    }

    func lead(_ number: String, by user: String = "inspector2") throws -> DoorHouse.Record {
        let values = complaint.filing().merging(["specificLead": true]) { $1 }
        let id = try house.session(user).file(.init(kind: "complaint", officer: number, values: values))
        return .init(id: id, kind: complaint, standing: .init(state: "received", values: values, filers: [user]))
    }

    func advance(
        _ record: inout DoorHouse.Record, _ act: String, _ more: [String: JSONValue] = [:]
    ) throws {
        let step = try #require(complaint.steps(act, from: record.standing).first)
        let changes = house.model.changes(step, complaint, record.standing).merging(more) { $1 }
        try house.perform(.init(step: step, changes: changes), &record)
    }

    func conclude(_ record: inout DoorHouse.Record, _ outcome: String, on date: String) throws {
        for act in ["register", "accept"] { try advance(&record, act) }
        try advance(&record, "assess", ["specificLead": true])
        try advance(&record, "dispose", ["disposal": "preliminary", "handlers": "clerk1, reviewer1"])
        try advance(&record, "conclude", ["outcome": .string(outcome), "outcomeOn": .string(date)])
    }

    func lower(_ number: String) throws {
        let officer = try house.session("inspector1").showOfficer(number).value.id
        let matter = try #require(
            try house.session("inspector1").proposals().value.entries.first {
                guard $0.fate == .waiting, case .step(let step) = $0.matter else { return false }
                return step.step == "lower" && step.officer.id == officer
            })
        let other = try #require(["inspector1", "inspector2"].first { !matter.signers.contains($0) })
        #expect(try house.session(other).accept(matter.id).missing == nil)
    }

    /// Demands that what was planted in an officer's file was left out and told, and returns the records that are there.
    @discardableResult
    func demandSetAside(
        _ number: String, _ category: ProbityRecords.Category, kind: String, as user: String = "inspector2"
    ) throws -> [RecordEntry] {
        let session = try house.session(user)
        session.purpose = fixturePurpose(session)
        let read = try session.records(of: number, kind: kind)
        #expect(read.coverage.closable == [Coverage.Gap(category, .setAside)], "\(read.coverage)")
        return read.records
    }

    private func fixturePurpose(_ session: Session) -> Purpose? {
        house.fixture.archive.policy.purposes(session.role).first.map { Purpose(code: $0, reason: "") }
    }

    func lines(_ user: String, _ limit: Int = 40) throws -> [LedgerLine] {
        var query = LedgerQuery()
        query.limit = limit
        return try house.session(user).auditLines(query).value.lines
    }
}
