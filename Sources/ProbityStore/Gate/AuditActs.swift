import CanonicalJSON
import Glibc
public import ProbityLedger
import ProbityRecords

extension Session {
    /// Ledger lines, newest first, with their details opened.
    ///
    /// A line whose details the reader's keys do not open, or that recusal keeps from him, is listed without them.
    public func auditLines(_ query: LedgerQuery) throws -> Reading<LedgerPage> {
        let words = [
            query.actor.map { "actor=\($0)" }, query.act.map { "act=\($0)" }, query.since.map { "since=\($0)" },
            query.until.map { "until=\($0)" },
        ].compactMap { $0 }.joined(separator: " ")
        return try look(.auditList, [.query: words]) { run, db in
            let gap = try vault.reach(.audit, Organisation(db), db).gap
            let coverage = Coverage([gap].compactMap(\.self) + actor.withheld([.audit]))
            run.reads(coverage)
            if let actor = query.actor, try !CertificateTable.users(db).contains(actor) {
                throw ArchiveError(.notVisible, "there is no user \(actor)", subject: actor, rule: "user.unknown")
            }
            return (size: try Ledger.size(db), coverage: coverage)
        } reveal: { db, plan in
            let page = try ledgerReader(db).lines(query, size: plan.size)
            var gaps: [Coverage.Gap] = []
            if plan.coverage.closable.isEmpty,
                page.lines.contains(where: { $0.details == nil && !$0.isWithheld && !$0.isDamaged })
            {
                gaps.append(Coverage.Gap(.audit, .noKey))
            }
            if page.lines.contains(where: \.isDamaged) { gaps.append(Coverage.Gap(.audit, .setAside)) }
            return Reading(page, plan.coverage.adding(gaps))
        }
    }

    /// The ledger as the user may read it.
    ///
    /// What others did about himself is not opened to somebody who is an officer (回避). Act and time stand in the clear, so
    /// lines about complaints are closed to him whomever they are about: which of them are about him does not show.
    private func ledgerReader(_ db: Connection) throws -> LedgerReader {
        guard let own = actor.certificate.officer else {
            return LedgerReader(header: archive.header, graph: graph, vouching: Vouching(archive, db), db: db)
        }
        let (id, entry) = (OfficerID(own).text, try roster.opens(own, db) ? roster.entry(own, db) : nil)
        var reader = LedgerReader(header: archive.header, graph: graph, vouching: Vouching(archive, db), db: db) {
            [user, catalogue, roster] leaf, details in
            guard leaf.actor != user else { return false }
            let officers = [Act.Field.officer, .officers].flatMap {
                details[$0.rawValue]?.split(separator: " ") ?? []
            }
            if officers.contains(id[...]) { return true }
            let kind = details[Act.Field.kind.rawValue].flatMap { catalogue.kind($0) }
            if leaf.act.hasPrefix("complaint.") || kind?.category == ProbityRecords.Category.complaints { return true }
            // What was refused before anybody knew whom the words mean, and reasons that name him. Who does not open his own
            // entry cannot tell.
            // A record of which the line does not say whose it is was not there for whoever asked.
            if officers.isEmpty, details[Act.Field.record.rawValue] != nil { return true }
            let texts = [Act.Field.query, .reason].compactMap { details[$0.rawValue] }
            guard let entry else {
                return officers.isEmpty && details[Act.Field.query.rawValue] != nil
                    && Act.named(leaf.act).map { $0.recusal != .none } ?? true
            }
            // Lines have citizen IDs with their middle masked.
            let number = entry.values[OfficerIndex.idNo.rawValue]?.string.map(CitizenID.masked(in:))
            return try texts.contains { try number.map($0.contains) ?? false || roster.means($0, entry, db) }
        }
        // Why a matter was not there for him tells which are about himself.
        reader.hides = { [user] leaf, field in leaf.actor == user && field == Act.Field.refusal.rawValue }
        return reader
    }

    /// Writes an export of the ledger's lines `range` into the new folder `path` (docs/formats.md, "Audit export").
    ///
    /// - Parameters:
    ///   - range: nil takes all lines there are when the export begins.
    ///   - openings: whether to open the commitments of the range for the reader: identifiers, purposes, queries. Those of
    ///     lines that are kept from the user himself stay closed.
    /// - Returns: the exported checkpoint.
    public func exportLedger(
        to path: String, range: Range<UInt64>? = nil, openings: Bool = false,
        progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> Checkpoint {
        func words(_ range: Range<UInt64>) -> String { "\(range.lowerBound)..<\(range.upperBound)" }
        let details: [Act.Field: String] = [.openings: String(openings), .range: range.map(words) ?? "all"]
        try Files.demandPlace(at: path)
        return try look(.auditExport, details) { run, db -> (UInt64, Range<UInt64>) in
            let size = try Ledger.size(db)
            let range = range ?? 0..<size
            run[.range] = words(range)
            guard range.upperBound <= size else {
                throw ArchiveError(
                    .invalidEntry, "the ledger has \(size) lines", subject: String(size), rule: "audit.range")
            }
            return (size, range)
        } reveal: { db, plan in
            let (size, range) = plan
            let reader = try ledgerReader(db)
            return try Files.makeWhole(path, mode: 0o750, "export") { work in
                try ExportWriter(header: archive.header, db: db, folder: work, size: size, range: range).write(
                    openings: openings ? { try reader.openings(range, receive: $0) } : nil, progress: progress)
            }
        }
    }
}

extension ExportVerifier {
    /// Verifies the export in the folder `path`; needs neither archive nor keys.
    public static func verify(folder path: String, expectedLog: NoteVerifier? = nil) throws -> VerificationReport {
        let names = try Files.names(below: path)
        return try verify(names: names, expectedLog: expectedLog) { try Files.read("\(path)/\($0)") }
    }
}
