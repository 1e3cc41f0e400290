import CanonicalJSON
import Foundation
import GRDB
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

/// What an auditor lists and exports.
@Suite("The auditor")
struct AuditTests {
    /// Spoils the details of a ledger line, so that whoever opens them gets an error.
    private func spoil(_ fixture: Fixture, _ sequences: [UInt64]) throws {
        try fixture.archive.engine.database.write { db in
            for sequence in sequences {
                try db.execute(
                    sql: "UPDATE leaf SET details = ? WHERE seq = ?",
                    arguments: [Data([0x01, 0x02]), Int64(sequence)])
            }
        }
    }

    @Test("Only lines that fit are opened, and none beyond the last that is wanted")
    func opensWhatFits() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        for _ in 0..<5 { _ = try clerk.showOfficer("990001") }
        let size = try fixture.ledgerSize()
        let shown = try fixture.archive.snapshot { db in
            try (0..<size).filter { try Ledger.leaf($0, db).act == "officer.show" }
        }
        #expect(shown.count == 5)
        let auditor = try fixture.session("auditor1")
        var all = LedgerQuery()
        all.limit = 10_000
        let before = try auditor.auditLines(all).lines.filter { $0.leaf.act == "officer.show" }.map(\.leaf.sequence)
        // Whatever does not fit, and what is older than the third that does, cannot be opened any more.
        try spoil(fixture, (0..<size).filter { !shown.suffix(3).contains($0) })
        var query = LedgerQuery()
        query.act = "officer.show"
        query.actor = "clerk1"
        query.limit = 3
        let page = try auditor.auditLines(query).value
        let (lines, next) = (page.lines, page.next)
        #expect(lines.map(\.leaf.sequence) == Array(before.prefix(3)) && next == before[2])
        #expect(lines.allSatisfy { $0.details?["query"] == "990001" })
        query.limit = 4
        #expect(try auditor.auditLines(query).lines.map(\.isDamaged) == [false, false, false, true])
        // Before a line and by date, too.
        query = LedgerQuery()
        query.since = fixture.archive.today.adding(days: 1)
        #expect(try auditor.auditLines(query).lines.isEmpty)
    }

    @Test("Pages go on where the one before ended, whatever fits")
    func pages() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        for index in 0..<40 {
            if index.isMultiple(of: 3) { _ = try clerk.showOfficer("990001") } else { _ = try clerk.listUnits() }
        }
        let auditor = try fixture.session("auditor1")
        let end = try fixture.ledgerSize()
        var query = LedgerQuery()
        query.act = "officer.show"
        query.limit = 4
        query.before = end
        var found: [UInt64] = []
        while true {
            let page = try auditor.auditLines(query).value
            let (lines, next) = (page.lines, page.next)
            #expect(lines.count <= 4)
            found += lines.map(\.leaf.sequence)
            guard let next else { break }
            query.before = next
        }
        #expect(found.count == 14 && found == found.sorted(by: >) && Set(found).count == 14)
    }

    @Test("Openings come a ledger line at a time, and the file's digest is that of the manifest")
    func streamed() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        for _ in 0..<300 { _ = try clerk.listUnits() }
        for _ in 0..<20 { _ = try clerk.showOfficer("990001") }
        let auditor = try fixture.session("auditor1")
        let size = try fixture.ledgerSize()
        var pieces: [Int] = []
        try fixture.archive.snapshot { db in
            try LedgerReader(
                header: fixture.archive.header, graph: auditor.graph, vouching: Vouching(fixture.archive, db), db: db
            ).openings(0..<size) {
                pieces.append($0.count)
            }
        }
        #expect(pieces.count == Int(size) && (pieces.max() ?? 0) < 4096)
        let path = fixture.folder.path + "/export"
        _ = try auditor.exportLedger(to: path, range: 0..<size, openings: true)
        #expect(try Files.byteCount(path + "/openings.jsonl") == Int64(pieces.reduce(0, +)))
        let report = try ExportVerifier.verify(folder: path)
        #expect(report.findings == [] && report.counts["openings"] ?? 0 > 60)
    }

    @Test("A remembered checkpoint that another key signed does not speak for the archive")
    func strangersCheckpoint() throws {
        let fixture = try Fixture()
        let size = try fixture.ledgerSize()
        let note = try fixture.archive.snapshot { try Ledger.checkpointNote(size, $0) }
        #expect(try fixture.archive.check(against: note).findings == [])
        let text = try SignedNote(parsing: note).text
        let stranger = try #require(fixture.identities["clerk1"]).signingKey
        let forged = try SignedNote(
            text: text, signers: [NoteSigner(name: fixture.archive.header.origin, key: stranger)])
        let report = try fixture.archive.check(against: forged.bytes)
        #expect(report.findings.map(\.rule) == ["check.incomplete.signature"] && report.isIncomplete)
        // Three lines from paper carry no signature, and are compared all the same.
        #expect(try fixture.archive.check(against: Array(text.utf8)).findings == [])
    }
}
