import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityStore

/// Which ledger lines (台账) are asked for.
public struct LedgerInquiry: Sendable {
    /// Only this user's.
    public var actor: String?
    /// Only this act, by code or name, or those whose code begins so.
    public var act: String?
    /// First and last date, `YYYY-MM-DD`.
    public var since: String?
    public var until: String?
    /// At most so many, up to 10,000.
    public var limit = 50
    /// Only lines before this number.
    public var before: UInt64?

    public init() {}

    /// The codes of all acts there are, for who asks for some of them.
    public static var actCodes: [String] { ActCodes.all }

    func query() throws -> LedgerQuery {
        var query = LedgerQuery()
        query.actor = actor
        query.act = try act.map(Named.acts)
        (query.since, query.until) = try Named.period(since: since, until: until)
        query.limit = try Named.limit(limit)
        query.before = before
        return query
    }
}

extension Desk {
    /// Ledger lines with their details, newest first.
    public func ledger(_ inquiry: LedgerInquiry) throws -> Listing {
        let read = try session.auditLines(inquiry.query())
        let notes = read.next.map { [Answer.Note.remark(words.text("cli.moreLines", ["before": String($0)]))] } ?? []
        return ListForm.ledger.listing(
            read.lines, words, notes: notes, notice: CoverageNotice(read.coverage, words))
    }

    /// Exports the ledger for a third party (导出台账) into a new folder.
    ///
    /// - Parameters:
    ///   - from: the first line; nil for the first there is.
    ///   - to: the line after the last; nil for all.
    ///   - openings: opens the commitments: identifiers, purposes, queries.
    public func exportLedger(
        into folder: String, from: UInt64?, to: UInt64?, openings: Bool,
        progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> Answer {
        let size = try session.archive.status().ledgerSize
        let lower = from ?? 0
        let upper = to ?? size
        guard lower <= upper else { throw OfficeError(.usage, "cli.rangeForm") }
        let checkpoint = try session.exportLedger(
            to: folder, range: lower..<upper, openings: openings, progress: progress)
        let root = Base64.encode(checkpoint.root.bytes)
        return Answer(
            [words.text("cli.exported", ["folder": folder, "size": String(checkpoint.size), "root": root])],
            JSONAnswer(
                "export",
                ["folder": .string(folder), "size": .integer(Int64(checkpoint.size)), "root": .string(root)]))
    }
}

extension ListForm where Entry == LedgerLine {
    static var ledger: ListForm {
        ListForm(
            schema: "leaf",
            columns: [
                Column("sequence") { line, _ in String(line.leaf.sequence) },
                Column("time") { line, _ in line.leaf.time },
                Column("user") { line, _ in line.leaf.actor },
                Column("act") { line, words in words.act(line.leaf.act) },
                Column("outcome") { line, words in words.ended(line) },
                Column("details") { line, words in
                    line.details.map { words.details($0, of: line.leaf.act) }
                        ?? words.text(line.isWithheld ? "coverage.detailsWithheld" : "coverage.details")
                },
            ],
            members: { line, _ in
                [
                    "seq": .integer(Int64(line.leaf.sequence)), "time": .string(line.leaf.time),
                    "actor": .string(line.leaf.actor), "act": .string(line.leaf.act),
                    "outcome": .string(line.leaf.outcome),
                    "details": line.details.map { .object($0.mapValues { .string($0) }) } ?? .null,
                    "withheld": .bool(line.isWithheld),
                ]
            })
    }
}

/// An export as it lies there: verifying it needs neither archive nor keys.
public enum ExportedLedger {
    /// Verifies the export in `folder` (验证导出).
    ///
    /// - Parameter log: the log's verifier key, from elsewhere; nil trusts the one in the folder.
    /// - Throws: ``OfficeError`` `usage` for a text that is no verifier key; what is wrong with the export is part of the
    ///   answer.
    public static func verify(_ folder: String, log: String?, _ wording: Wording) throws -> Answer {
        let expected = try log.map { text in
            do throws(LedgerError) { return try NoteVerifier(vkey: text) } catch {
                throw OfficeError(.usage, "cli.vkeyForm")
            }
        }
        let report = try ExportVerifier.verify(folder: folder, expectedLog: expected)
        let findings = FindingWords(report.findings, wording)
        let verified = report.checkpoint.map { checkpoint in
            wording.text(
                "cli.verified",
                [
                    "origin": checkpoint.origin, "size": String(checkpoint.size),
                    "entries": String(report.counts["entries"] ?? 0), "proofs": String(report.counts["proofs"] ?? 0),
                ])
        }
        return Answer(
            findings.lines + [verified].compactMap(\.self) + [findings.conclusion],
            JSONAnswer(
                "verification",
                [
                    "sound": .bool(report.isSound), "findings": findings.json,
                    "counts": .object(report.counts.mapValues { .integer(Int64($0)) }),
                    "size": report.checkpoint.map { .integer(Int64($0.size)) } ?? .null,
                ]), outcome: report.isSound ? .done : .exportInvalid)
    }
}
