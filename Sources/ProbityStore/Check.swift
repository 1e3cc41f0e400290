import Foundation
import GRDB
import ProbityCrypto
public import ProbityLedger
import ProbityRecords

extension Archive {
    /// Compares everything in the archive with its ledger, both ways: every row has its line, every line its rows.
    ///
    /// It needs no key but that of the pages, because every digest is over what stands in the database. What is found goes into the report; a
    /// thrown error means that the check could not be made.
    /// - Parameter against: a checkpoint remembered elsewhere, as a signed note or its text.
    public func check(against: [UInt8]? = nil, progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> CheckReport {
        try snapshot { try check($0, against: against, progress: progress) }
    }

    func check(_ db: Database, against: [UInt8]? = nil, progress: (UInt64, UInt64) -> Void = { _, _ in }) throws
        -> CheckReport
    {
        var checker = Checker(archive: self, db: db)
        try checker.run(against: against, progress: progress)
        return checker.report
    }

    /// What can be told without a leaf.
    public func status() throws -> ArchiveStatus {
        try snapshot { db in
            ArchiveStatus(
                ledgerSize: try LedgerTable.size(db), pageKeyGeneration: pageKey.file.generation,
                openImportCount: try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM openBatch") ?? 0)
        }
    }
}

/// What can be told of an archive to everybody who opens it.
public struct ArchiveStatus: Sendable {
    /// Number of ledger lines.
    public let ledgerSize: UInt64
    /// Which page key the database has, counted from 1.
    public let pageKeyGeneration: Int64
    /// Imports that are not published: running, or died and not swept yet.
    public let openImportCount: Int
}

/// What `check` looked at and found.
public struct CheckReport: Sendable {
    public internal(set) var findings: [Finding] = []
    public internal(set) var leafCount: UInt64 = 0
    public internal(set) var rowCount = 0
    public internal(set) var root = ""

    public var isSound: Bool { !findings.contains { $0.severity == .violation } }
    /// Whether something is missing rather than changed.
    public var isIncomplete: Bool { findings.contains { $0.rule.hasPrefix("check.incomplete") } }
}

private struct Checker {
    let archive: Archive
    let db: Database
    let rules: CertificateRules
    var report = CheckReport()

    init(archive: Archive, db: Database) {
        self.archive = archive
        self.db = db
        self.rules = CertificateRules(archive: archive, db)
    }

    private mutating func found(
        _ place: String, _ rule: String, severity: Finding.Severity = .violation, _ detail: String = ""
    ) {
        if report.findings.count < 1000 {
            report.findings.append(Finding(place: place, rule: rule, severity: severity, detail: detail))
        }
    }

    mutating func run(against: [UInt8]?, progress: (UInt64, UInt64) -> Void) throws {
        try checkDatabase()
        try checkPageKey()
        let keys = try checkCertificates()
        try checkLeaves(keys, progress)
        try checkOrphans()
        try checkGrants()
        if let against { try checkAgainst(against) }
    }

    private mutating func checkDatabase() throws {
        for line in try String.fetchAll(db, sql: "PRAGMA quick_check(20)") where line != "ok" {
            found("archive.db", "check.database", line)
        }
        for row in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check") {
            found("\(row[0] as String? ?? "?")", "check.foreignKey")
        }
    }

    /// Whoever serves opens the database, and nobody else.
    private mutating func checkPageKey() throws {
        let wrapped = archive.pageKey.file.wraps.mapValues(\.serial)
        let certified = try archive.serialsInForce(db)
        for user in Set(wrapped.keys).union(certified.keys).sorted() where wrapped[user] != certified[user] {
            found("Keys/pages", "check.pageKey", user)
        }
    }

    private struct Signer {
        let verifier: NoteVerifier
        let role: Role
        /// Ledger lines that the key signs: from its certificate's on, up to what replaces or ends it.
        var lines: Range<Int64>
    }

    /// Signing keys by user and note key ID; every certificate's signatures.
    private mutating func checkCertificates() throws -> [String: [Signer]] {
        var served: [String: [Signer]] = [:]
        var officers: [String: Int64] = [:]
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT id, user, serial, certificate.note AS note, certificate.batch AS batch, seq AS line
                FROM certificate LEFT JOIN leaf ON leaf.batch = certificate.batch ORDER BY id
                """)
        for row in rows {
            let place = "certificate \(row["id"] as Int64)"
            do {
                let says = try rules.verified(row)
                officers[says.user] = nil
                // A row without a line is found as one, and nobody serves by it.
                guard let line: Int64 = row["line"] else { continue }
                if let before = served[says.user]?.popLast() {
                    var ended = before
                    ended.lines = before.lines.lowerBound..<max(line, before.lines.lowerBound)
                    served[says.user]?.append(ended)
                }
                guard case .certificate(let certificate) = says else { continue }
                served[says.user, default: []].append(
                    Signer(
                        verifier: NoteVerifier(
                            name: archive.header.names.user(certificate.user), key: certificate.signingKey),
                        role: certificate.role, lines: line..<Int64.max))
                officers[certificate.user] = certificate.officer
            } catch let error as ArchiveError {
                found(place, "check.certificate", error.reason)
            } catch let error as CryptoError {
                found(place, "check.certificate", error.reason)
            }
        }
        for (officer, users) in Dictionary(grouping: officers, by: \.value) where users.count > 1 {
            found(
                OfficerID(officer).text, "check.certificate.officer", users.map(\.key).sorted().joined(separator: " "))
        }
        return Dictionary(grouping: served.values.joined()) { $0.verifier.name + "+" + $0.verifier.keyIDText }
    }

    private mutating func checkGrants() throws {
        for row in try Row.fetchAll(
            db, sql: "SELECT id, user, category, unit, note, batch FROM accessGrant ORDER BY id")
        {
            let place = "accessGrant \(row["id"] as Int64)"
            do {
                _ = try rules.verifiedGrant(row)
            } catch let error as ArchiveError {
                found(place, "check.grant", error.reason)
            } catch let error as CryptoError {
                found(place, "check.grant", error.reason)
            }
        }
    }

    private mutating func checkLeaves(_ keys: [String: [Signer]], _ progress: (UInt64, UInt64) -> Void) throws {
        let size = try LedgerTable.size(db)
        let count = try Int64.fetchOne(db, sql: "SELECT COUNT(*) FROM leaf") ?? 0
        if count != Int64(size) { found("leaf", "check.incomplete.leaves", "\(count) of \(size)") }
        let checkpoints = try Int64.fetchOne(db, sql: "SELECT COUNT(*) FROM checkpoint") ?? 0
        if checkpoints != Int64(size) {
            found("checkpoint", "check.incomplete.checkpoints", "\(checkpoints) of \(size)")
        }
        if size == 0 { found("leaf", "check.incomplete.leaves", "0") }
        var edge = TreeEdge()
        var nodes: Int64 = 0
        var lastTime = ""
        let rows = try Row.fetchCursor(db, sql: "SELECT seq, note, details, batch FROM leaf ORDER BY seq")
        while let row = try rows.next() {
            let sequence: Int64 = row["seq"]
            let place = "leaf \(sequence)"
            let note = [UInt8](row["note"] as Data)
            let before = edge.root
            let completed = edge.append(MerkleTree.leafHash(note))
            for (address, hash) in completed {
                nodes += 1
                let stored = try Data.fetchOne(
                    db.cachedStatement(sql: "SELECT hash FROM node WHERE level = ? AND position = ?"),
                    arguments: [address.level, Int64(address.index)])
                if stored.map({ [UInt8]($0) }) != hash.bytes {
                    found("node \(address.level)/\(address.index)", "check.node")
                }
            }
            checkCheckpoint(edge.size, edge.root)
            guard let leaf = readLeaf(note, place, keys) else { continue }
            if leaf.sequence != UInt64(sequence) { found(place, "check.leaf.sequence") }
            if leaf.previousRoot != before { found(place, "check.leaf.previousRoot") }
            if leaf.details != SHA256Digest.hash([UInt8](row["details"] as Data)) { found(place, "check.leaf.details") }
            if leaf.batch != row["batch"] { found(place, "check.leaf.batch") }
            if leaf.time < lastTime { found(place, "check.leaf.time", severity: .notice, leaf.time) }
            lastTime = max(lastTime, leaf.time)
            if let batch = leaf.batch {
                let digest = try Batch.digest(batch, db) { _ in }
                report.rowCount += Int(digest.count)
                if digest.count != leaf.objects?.count || digest.root != leaf.objects?.root {
                    found(place, "check.rows", "batch \(batch)")
                }
                try checkRule(leaf, digest.tables, keys, place)
            }
            progress(UInt64(sequence) + 1, size)
        }
        let stored = try Int64.fetchOne(db, sql: "SELECT COUNT(*) FROM node") ?? 0
        if stored != nodes { found("node", "check.node.count", "\(stored) of \(nodes)") }
        report.leafCount = size
        report.root = Base64.encode(edge.root.bytes)
    }

    /// Whether the actor's role does such acts, whether such acts make such rows, and whether keys came from a holder.
    private mutating func checkRule(
        _ leaf: LeafBody, _ tables: Set<String>, _ keys: [String: [Signer]], _ place: String
    ) throws {
        let rule = ActRule.of(leaf.act)
        let others = tables.subtracting(rule.tables)
        if !others.isEmpty {
            found(place, "check.act.rows", "\(leaf.act): \(others.sorted().joined(separator: " "))")
        }
        // A leaf without a known signer is a finding already.
        if let role = keys[archive.header.names.user(leaf.actor) + "+" + leaf.keyID]?.first(where: {
            $0.lines.contains(Int64(clamping: leaf.sequence))
        })?.role, !rule.allows(role, archive.policy) {
            found(place, "check.act.role", "\(leaf.act): \(role.rawValue)")
        }
        guard tables.contains("key"), let batch = leaf.batch else { return }
        let places = try Row.fetchAll(
            db, sql: "SELECT DISTINCT category, unit FROM key WHERE batch = ? AND kind <> 'log'", arguments: [batch])
        for row in places {
            guard let category = Category(rawValue: row["category"]) else {
                found(place, "check.key.holder", row["category"])
                continue
            }
            let node = NodePlace(category: category, unit: row["unit"])
            do {
                if try archive.isMadeByHolder(node, leaf: leaf, db) { continue }
            } catch let error as ArchiveError where error.code == .integrity {
                // A damaged grant: found as itself below.
            }
            found(place, "check.key.holder", "\(category.rawValue) \(node.unit)")
        }
    }

    private mutating func readLeaf(_ bytes: [UInt8], _ place: String, _ keys: [String: [Signer]]) -> LeafBody? {
        do {
            let note = try SignedNote(parsing: bytes)
            let leaf = try LeafBody(parsing: note.text)
            let name = archive.header.names.user(leaf.actor)
            let signers = keys[name + "+" + leaf.keyID] ?? []
            if !(signers.first.map { note.isSigned(by: $0.verifier) } ?? false) {
                found(place, "check.leaf.signature")
            } else if !signers.contains(where: { $0.lines.contains(Int64(clamping: leaf.sequence)) }) {
                // A key that was kept after its certificate ended.
                found(place, "check.leaf.actor", leaf.actor)
            }
            return leaf
        } catch {
            found(place, "check.leaf.malformed", error.reason)
        }
        return nil
    }

    private mutating func checkCheckpoint(_ size: UInt64, _ root: SHA256Digest) {
        do {
            let checkpoint = try LedgerTable.openCheckpoint(LedgerTable.checkpointNote(size, db), archive.header)
            if checkpoint.size != size || checkpoint.root != root { found("checkpoint \(size)", "check.checkpoint") }
        } catch let error as ArchiveError {
            found("checkpoint \(size)", "check.checkpoint", error.reason)
        } catch {
            found("checkpoint \(size)", "check.checkpoint")
        }
    }

    /// Rows whose batch has no leaf and is not an import that runs.
    private mutating func checkOrphans() throws {
        for id in try Int64.fetchAll(db, sql: "SELECT id FROM openBatch") {
            let published = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM leaf WHERE batch = ?", arguments: [id]) ?? 0
            if published > 0 {
                found("openBatch \(id)", "check.openBatch.published")
            } else if !FileLock.isHeld(archive.importLockPath(id)) {
                found("openBatch \(id)", "check.openBatch.dead", severity: .notice)
            }
        }
        for table in Batch.tables {
            let orphans =
                try Int.fetchOne(
                    db,
                    sql: """
                        SELECT COUNT(*) FROM \(table.name) WHERE batch NOT IN (SELECT batch FROM leaf WHERE batch IS NOT NULL)
                        AND batch NOT IN (SELECT id FROM openBatch)
                        """) ?? 0
            if orphans > 0 { found(table.name, "check.rows.unledgered", String(orphans)) }
        }
    }

    private mutating func checkAgainst(_ bytes: [UInt8]) throws {
        let remembered: Checkpoint
        do throws(LedgerError) {
            // A signed note, or the three lines alone, as a person would copy them from a printed sheet.
            let isNote = bytes.contains(0xE2)
            remembered = try Checkpoint(
                parsing: isNote ? SignedNote(parsing: bytes).text : String(decoding: bytes, as: UTF8.self))
        } catch {
            throw ArchiveError(
                .invalidEntry, "the remembered checkpoint cannot be read: \(error.reason)", subject: "--against")
        }
        let size = try LedgerTable.size(db)
        guard remembered.origin == archive.header.names.ledger else {
            found("--against", "check.incomplete.other", remembered.origin)
            return
        }
        guard remembered.size <= size else {
            found("--against", "check.incomplete.older", "\(size) < \(remembered.size)")
            return
        }
        if try LedgerTable.root(remembered.size, db) != remembered.root { found("--against", "check.incomplete.root") }
    }
}
