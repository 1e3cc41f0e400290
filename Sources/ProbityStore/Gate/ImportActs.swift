import CanonicalJSON
import ProbityCrypto
import ProbityRecords

extension Session {
    /// Rows of one file, read from the start at each call.
    public typealias RowSource = (_ receive: (Int, ImportRow) throws -> Void) throws -> Void

    private static let chunkRowCount = 2_000

    /// Imports records of one kind, all or nothing.
    ///
    /// The rows are read twice: once to judge every one (``ImportJudge``), once to file them in chunks that stay invisible
    /// until the last is in and one leaf publishes them all. Readers do not wait, other writers wait for one chunk at most.
    ///
    /// - Parameters:
    ///   - past: the rows are found in files of the time before the archive (旧档): they may begin in a later state, say so, and
    ///     count as approved by nobody here.
    ///   - dryRun: only checks; the look-ups that a check makes are an act of their own.
    ///   - progress: gets the number of rows done in the present pass and the pass, 1 or 2.
    /// - Throws: ``ArchiveError``; rows that are wrong are no error but part of the report.
    public func importRecords(
        kind id: String, past: Bool = false, dryRun: Bool, rows: RowSource,
        progress: @escaping (Int, Int) -> Void = { _, _ in }
    ) throws -> ImportReport {
        let kind = try write(.importBegin, [.kind: id, .past: String(past), .dryRun: String(dryRun)]) {
            run, _ -> RecordKind in
            let kind = try declaredKind(id)
            try run.demandRight(in: kind.category, kind: kind.id, "import \(kind.id)")
            return kind
        }
        let judge = ImportJudge(
            kind, actor, workflowActor, roster, vault, isPast: past,
            Workflow.Context(policy: archive.policy, today: archive.now.date)
        ) { officer, db in
            try self.leadsToAnswer(officer: officer, unit: self.roster.entry(officer, db).unit, db)
        }
        var report = ImportReport()
        try archive.snapshot { db in
            roster.beginTransaction()
            try rows { number, row in
                report.rowCount += 1
                if report.rowCount.isMultiple(of: 1000) { progress(report.rowCount, 1) }
                let problems = try judge.problems(row, db)
                if !problems.isEmpty { report.reject(number, problems) }
            }
        }
        guard report.rejectedCount == 0, !dryRun else { return report }
        try publish(kind, judge, rows, progress)
        report.isPublished = true
        return report
    }

    /// Writes the rows in invisible chunks and publishes them with one leaf.
    private func publish(
        _ kind: RecordKind, _ judge: ImportJudge, _ rows: RowSource, _ progress: @escaping (Int, Int) -> Void
    ) throws {
        // Two imports of officers could each bring in the same number unseen by the other.
        let claim = kind.id == "officer" ? try roster.claim(user) : nil
        defer { withExtendedLifetime(claim) {} }
        let filing = try ImportFiling(self, kind, judge)
        defer { filing.end() }
        do {
            var comparison = judge.comparison()
            var chunk: [ImportRow] = []
            func flush() throws {
                guard !chunk.isEmpty else { return }
                try filing.file(chunk)
                chunk.removeAll(keepingCapacity: true)
                progress(filing.count, 2)
            }
            try rows { _, row in
                comparison.add(row)
                chunk.append(row)
                if chunk.count == Session.chunkRowCount { try flush() }
            }
            try flush()
            try comparison.finish()
            try filing.publish()
        } catch {
            forget()
            try filing.takeBack()
            throw error
        }
    }
}

/// The second pass of an import: an open batch, its chunks, and the one leaf that makes them visible.
///
/// The batch stands in `openBatch`, which hides its rows, with a random token. Every chunk and the publication show the token
/// again: an import that stood still so long that somebody swept it ends, and publishes no part of its rows. The rows that
/// are signed are those that were inserted here (``RowTally``).
private final class ImportFiling {
    private let session: Session
    private let kind: RecordKind
    private let judge: ImportJudge
    private let batch: Int64
    private let token: [UInt8]
    private let claim: FileLock
    private let tally = RowTally()
    private(set) var count = 0
    /// The days on which rows were filed.
    private var days: Set<CivilDate> = []
    /// Officers about whom the import brings in an open lead, in the order in which they came.
    private var withLead: [Int64] = []
    /// Rows of one officer lie far apart in a file by date: his dossier is found and opened once.
    private var targets = BoundedCache<String, (officer: Int64, key: DossierKey)>(capacity: 65_536)

    init(_ session: Session, _ kind: RecordKind, _ judge: ImportJudge) throws {
        self.session = session
        self.kind = kind
        self.judge = judge
        let (archive, user) = (session.archive, session.user)
        let token = RandomBytes.bytes(16)
        self.token = token
        (batch, claim) = try session.transact(.importPublish) { db -> (Int64, FileLock) in
            try archive.sweep(db)
            let batch = try RowWriter(db).batch
            // Held before the batch is listed, so that a sweep never finds a listed batch without its claim.
            let claim = try archive.claim(.batch(batch), "\(user) import", waitSeconds: 0)
            try OpenBatchTable.open(batch, user: user, startedAt: archive.now.text, token: token, db)
            return (batch, claim)
        }
    }

    func file(_ rows: [ImportRow]) throws {
        try session.transact(.importPublish) { db in
            try OpenBatchTable.demand(batch, token: token, db)
            let writer = RowWriter(db, batch: batch, tally)
            days.insert(session.archive.now.date)
            // Nodes and dossiers are not content: they are made in the open, with a leaf of their own, so that
            // somebody who files beside the import finds them instead of making them twice.
            let structure = try RowWriter(db)
            // Others may have filed since the last chunk, but not during this one.
            var next: [Int64: Int64] = [:]
            for row in rows {
                guard case .values(let officer, let state, let values, let unread) = row, unread.isEmpty else {
                    throw ArchiveError(
                        .changedSinceRead, "the file changed while it was imported", rule: "import.changed")
                }
                if kind.id == "officer" {
                    let judged = try judge.judged(state, values, officer: nil, db)
                    _ = try session.roster.add(judged.outcome, kind, writer, structure: structure)
                    continue
                }
                let target = try target(officer ?? "", structure)
                let judged = try judge.judged(state, values, officer: target.officer, db)
                let version = try next[target.key.dossier] ?? session.vault.nextVersion(in: target.key.dossier, db)
                guard VersionTable.range(of: target.key.dossier).contains(version) else {
                    throw ArchiveError(
                        .invalidEntry, "a dossier holds at most 1,048,576 versions", rule: "dossier.full")
                }
                next[target.key.dossier] = version + 1
                try session.vault.insert(
                    session.vault.content(
                        judged.outcome, kind, officer: target.officer, isAsFound: judged.isAsFound), kind: kind,
                    record: nil, version: version, key: target.key, in: writer)
                try noteLead(judged.outcome, officer: target.officer)
            }
            if structure.hasRows { _ = try session.append(.dossierOpen, ActDetails(), rows: structure, db) }
        }
        count += rows.count
    }

    private func target(_ number: String, _ structure: RowWriter) throws -> (officer: Int64, key: DossierKey) {
        if let known = targets[number] { return known }
        let officer = try judge.officer(number, structure.db)
        let unit = try session.roster.entry(officer, structure.db).unit
        let key = try session.vault.dossierKey(kind.category, officer: officer, unit: unit, in: structure)
        targets[number] = (officer, key)
        return (officer, key)
    }

    /// Remembers of whom a row brings in an open lead. Its rows are not visible yet, and others file meanwhile: what the
    /// signal must say is asked when the rows are published.
    private func noteLead(_ outcome: Workflow.Outcome, officer: Int64) throws {
        guard kind.category == .complaints, !withLead.contains(officer) else { return }
        var standing = LeadStanding()
        standing.add(
            state: outcome.state, values: outcome.values, isNews: true, on: session.archive.now.date,
            try RuleSet.standard())
        if standing.isOpen { withLead.append(officer) }
    }

    /// Makes the rows visible, with one leaf, and signals the leads among them as things stand then.
    func publish() throws {
        var details = ActDetails()
        details[.kind] = kind.id
        details[.count] = String(count)
        session.remember(
            try session.transact(.importPublish) { db in
                // No reader would believe the rows, and one such version closes a whole file.
                let today = session.archive.now.date
                guard days.allSatisfy({ Provenance.brings($0, on: today) }) else {
                    throw ArchiveError(
                        .changedSinceRead, "the import began more than a day ago, or the clock was set back",
                        rule: "import.overDays")
                }
                try OpenBatchTable.demand(batch, token: token, db)
                try OpenBatchTable.close(batch, db)
                let writer = RowWriter(db, batch: batch, tally)
                session.vault.writing = batch
                defer { session.vault.writing = nil }
                for officer in withLead {
                    let unit = try session.roster.entry(officer, db).unit
                    try session.signalLeads(after: kind, officer: officer, unit: unit, in: writer)
                }
                return try session.append(.importPublish, details, rows: writer, db)
            })
    }

    /// Removes the rows. Whoever has left meanwhile clears up all the same.
    func takeBack() throws {
        try session.archive.transact("\(session.user) import") { db in
            // Not those of somebody who has the number now.
            guard try OpenBatchTable.has(batch, token: token, db) else { return }
            try OpenBatchTable.remove(batch, db)
        }
    }

    func end() {
        withExtendedLifetime(claim) {}
        session.archive.engine.removeClaim(.batch(batch))
    }
}
