public import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
public import ProbityRecords

/// One row of an import that was refused, and why.
public struct RejectedRow: Sendable, Equatable {
    /// Number of the row in the file, counting the header as 1.
    public let number: Int
    public let problems: [Problem]

    public struct Problem: Sendable, Equatable {
        public let field: String
        /// Key of the message catalogue.
        public let code: String
        public let params: [String: String]

        public init(field: String, code: String, params: [String: String] = [:]) {
            self.field = field
            self.code = code
            self.params = params
        }
    }

    public init(number: Int, problems: [Problem]) {
        self.number = number
        self.problems = problems
    }
}

/// A row of an import, as the cells say it; the gate judges it.
public enum ImportRow: Sendable {
    /// What the cells say: the officer's number and the state as they were written (nil: the kind's first), the fields
    /// that could be read, and what could not be read.
    case values(officer: String?, state: String?, [String: JSONValue], unread: [FieldProblem] = [])
    /// A row that has not the form of a row.
    case rejected([RejectedRow.Problem])
}

/// How an import ended.
public struct ImportReport: Sendable {
    public internal(set) var rowCount = 0
    public internal(set) var rejected: [RejectedRow] = []
    /// More rows were refused than `rejected` lists.
    public internal(set) var rejectedCount = 0
    public internal(set) var isPublished = false

    public static let listedRejections = 1000

    mutating func reject(_ number: Int, _ problems: [RejectedRow.Problem]) {
        rejectedCount += 1
        if rejected.count < ImportReport.listedRejections {
            rejected.append(RejectedRow(number: number, problems: problems))
        }
    }
}

extension Session {
    /// Rows of one file, read from the start at each call.
    public typealias RowSource = (_ receive: (Int, ImportRow) throws -> Void) throws -> Void

    private static let chunkRowCount = 2_000

    /// Imports records of one kind, all or nothing.
    ///
    /// The rows are read twice: once to check every one, once to file them in chunks that stay invisible until the last
    /// is in and one leaf publishes them all. Readers do not wait, other writers wait for one chunk at most.
    ///
    /// - Parameters:
    ///   - dryRun: only checks; the look-ups that a check makes are an act of their own.
    ///   - progress: gets the number of rows done in the present pass and the pass, 1 or 2.
    /// - Throws: ``ArchiveError``; rows that are wrong are no error but part of the report.
    public func importRecords(
        kind id: String, dryRun: Bool, rows: RowSource, progress: @escaping (Int, Int) -> Void = { _, _ in }
    ) throws -> ImportReport {
        let kind = try write("import.begin") { writer, details -> RecordKind in
            details.fields["kind"] = id
            details.fields["dryRun"] = String(dryRun)
            let kind = try declaredKind(id)
            try demand(
                archive.policy.decide(role: role, act: .file, category: kind.category, kind: kind.id),
                "import \(kind.id)")
            return kind
        }
        var report = ImportReport()
        try archive.snapshot { db in
            var numbers: Set<String> = []
            try rows { number, row in
                report.rowCount += 1
                if report.rowCount.isMultiple(of: 1000) { progress(report.rowCount, 1) }
                switch row {
                case .rejected(let problems): report.reject(number, problems)
                case .values(let officer, let state, let values, let unread):
                    let (_, wrong) = judge(kind, state, values, unread)
                    guard wrong.isEmpty else {
                        report.reject(number, wrong)
                        return
                    }
                    let problems =
                        kind.id == "officer"
                        ? try rosterProblems(values, &numbers, db)
                        : try officerProblems(officer ?? "", db)
                    if !problems.isEmpty { report.reject(number, problems) }
                }
            }
        }
        guard report.rejectedCount == 0, !dryRun else { return report }
        try publish(kind, rows, progress)
        report.isPublished = true
        return report
    }

    /// The state that a row is filed in, and what is wrong with the row before anybody is looked up.
    private func judge(
        _ kind: RecordKind, _ written: String?, _ values: [String: JSONValue], _ unread: [FieldProblem]
    ) -> (state: String, problems: [RejectedRow.Problem]) {
        var state = kind.initialState
        if let written {
            guard let named = kind.state(named: written), kind.initialStates.contains(named) else {
                return (state, [.init(field: "state", code: "import.stateUnknown", params: ["value": written])])
            }
            state = named
        }
        let names = Set(unread.map(\.field))
        let found = kind.validate(values: values, state: state, today: archive.today).filter {
            !names.contains($0.field)
        }
        let errors = (unread + found).filter { $0.severity == .error }
        return (state, errors.map { .init(field: $0.field, code: $0.messageKey, params: $0.params) })
    }

    private func officerProblems(_ number: String, _ db: Database) throws
        -> [RejectedRow.Problem]
    {
        if importedOfficers[number] != nil { return [] }
        do {
            let officer = try locate(number, db)
            try demandNoRecusal(officer)
            importedOfficers[number] = officer
            return []
        } catch let error as ArchiveError {
            switch error.code {
            case .notVisible:
                return [.init(field: "policeNo", code: "import.officerUnknown", params: ["value": number])]
            case .recusal: return [.init(field: "policeNo", code: "import.recusal", params: ["value": number])]
            case .invalidEntry:
                return [.init(field: "policeNo", code: "import.officerAmbiguous", params: ["value": number])]
            default: throw error
            }
        }
    }

    private func rosterProblems(_ values: [String: JSONValue], _ seen: inout Set<String>, _ db: Database) throws
        -> [RejectedRow.Problem]
    {
        var problems: [RejectedRow.Problem] = []
        for field in [OfficerIndex.policeNo, .idNo] {
            guard let value = values[field.rawValue]?.string else { continue }
            if !seen.insert("\(field.rawValue)/\(OfficerIndex.normalized(value))").inserted {
                problems.append(.init(field: field.rawValue, code: "import.repeatedInFile"))
            } else if try !officers(matching: value, in: field, db).isEmpty {
                problems.append(.init(field: field.rawValue, code: "import.officerExists"))
            }
        }
        if let unit = values["unit"]?.string {
            let place = NodePlace(category: .roster, unit: unit)
            let exists = try Int.fetchOne(
                db.cachedStatement(sql: "SELECT COUNT(*) FROM unit WHERE id = ?"), arguments: [unit])
            let visible = try nearestVisible(place, db)
            if exists != 1 || visible == nil {
                problems.append(.init(field: "unit", code: "import.unitUnknown", params: ["value": unit]))
            }
        }
        return problems
    }

    /// Writes the rows in invisible chunks and publishes them with one leaf.
    private func publish(
        _ kind: RecordKind, _ rows: RowSource, _ progress: @escaping (Int, Int) -> Void
    ) throws {
        // Two imports of officers could each bring in the same number unseen by the other.
        let roster = kind.id == "officer" ? try rosterLock() : nil
        defer { withExtendedLifetime(roster) {} }
        let (batch, lock) = try exclusively("import") { db -> (Int64, FileLock) in
            try archive.sweep(db)
            let batch = try BatchWriter.next(db)
            // Held before the batch is listed, so that a sweep never finds a listed batch without its lock.
            let lock = try FileLock(
                path: archive.importLockPath(batch), holder: "\(user) import, pid \(getpid())", waitSeconds: 0)
            try db.execute(
                sql: "INSERT INTO openBatch (id, user, startedAt) VALUES (?, ?, ?)",
                arguments: [batch, user, archive.now.text])
            return (batch, lock)
        }
        defer {
            withExtendedLifetime(lock) {}
            Files.remove(archive.importLockPath(batch))
        }
        do {
            var chunk: [(String?, String, [String: JSONValue])] = []
            var done = 0
            // Rows of one officer lie far apart in a file by date: his dossier is found and opened once.
            struct Target {
                let officer: Int64
                let key: DossierKey
            }
            var targets = BoundedCache<String, Target>(capacity: 65_536)
            func flush() throws {
                guard !chunk.isEmpty else { return }
                try exclusively("import") { db in
                    let writer = try BatchWriter(db, continuing: batch)
                    // Nodes and dossiers are not content: they are made in the open, with a leaf of their own, so that
                    // somebody who files beside the import finds them instead of making them twice.
                    let structure = try BatchWriter(db)
                    for (officer, state, values) in chunk {
                        if kind.id == "officer" {
                            _ = try addOfficer(values, kind, writer, structure: structure)
                            continue
                        }
                        let number = officer ?? ""
                        let target: Target
                        if let found = targets[number] {
                            target = found
                        } else {
                            let subject = try importedOfficers[number] ?? locate(number, db)
                            target = Target(
                                officer: subject, key: try dossierKey(for: subject, kind.category, in: structure))
                            targets[number] = target
                        }
                        let (subject, key) = (target.officer, target.key)
                        let version = try nextVersionID(key.dossier, db)
                        try insertVersion(
                            content(values, kind, state, officer: subject, reason: nil),
                            kind: kind,
                            record: nil, version: version, key: key, in: writer)
                    }
                    if structure.hasRows { try appendStructure(structure) }
                }
                done += chunk.count
                chunk.removeAll(keepingCapacity: true)
                progress(done, 2)
            }
            try rows { _, row in
                // A file that changed between the passes must not bring in a row that nobody checked.
                guard case .values(let officer, let written, let values, let unread) = row,
                    case let (state, wrong) = judge(kind, written, values, unread), wrong.isEmpty
                else {
                    throw ArchiveError(.changedSinceRead, "the file changed while it was imported")
                }
                chunk.append((officer, state, values))
                if chunk.count == Session.chunkRowCount { try flush() }
            }
            try flush()
            try publishBatch(batch, kind: kind.id, count: done)
        } catch {
            graph.forget()
            // Whoever has left meanwhile clears up all the same.
            try archive.exclusively("\(user) import") { db in try archive.remove(batch, db) }
            throw error
        }
    }
}
