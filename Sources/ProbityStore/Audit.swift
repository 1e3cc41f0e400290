import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
public import ProbityLedger
public import ProbityRecords

/// A ledger line as an auditor sees it.
public struct LedgerLine: Sendable {
    public let leaf: LeafBody
    /// The opened details, by field.
    public let details: [String: String]
}

/// What to list or export.
public struct LedgerQuery: Sendable {
    public var actor: String?
    public var act: String?
    public var since: CivilDate?
    public var until: CivilDate?
    /// Lines before this one, newest first; nil begins at the end.
    public var before: UInt64?
    public var limit = 50

    public init() {}
}

extension Session {
    /// Ledger lines, newest first, with their details opened.
    ///
    /// - Returns: the lines, and where the next page begins; nil at the start of the ledger.
    public func auditLines(_ query: LedgerQuery) throws -> (lines: [LedgerLine], next: UInt64?) {
        try look("audit.list") { db, details -> UInt64 in
            details.fields["query"] = [
                query.actor.map { "actor=\($0)" }, query.act.map { "act=\($0)" }, query.since.map { "since=\($0)" },
                query.until.map { "until=\($0)" },
            ].compactMap { $0 }.joined(separator: " ")
            try demandAct(.readLedger)
            return try LedgerTable.size(db)
        } reveal: { db, size in
            var lines: [LedgerLine] = []
            var sequence = min(query.before ?? size, size)
            while sequence > 0, lines.count < query.limit {
                sequence -= 1
                let line = try line(sequence, db)
                guard query.actor == nil || line.leaf.actor == query.actor,
                    query.act == nil || line.leaf.act.hasPrefix(query.act ?? ""),
                    let date = ArchiveTime(line.leaf.time)?.date, query.since.map({ date >= $0 }) ?? true,
                    query.until.map({ date <= $0 }) ?? true
                else { continue }
                lines.append(line)
            }
            return (lines, sequence > 0 ? sequence : nil)
        }
    }

    private func line(_ sequence: UInt64, _ db: Database) throws -> LedgerLine {
        let note = try LedgerTable.leafNote(sequence, db)
        let leaf: LeafBody
        do {
            leaf = try LeafBody(parsing: SignedNote(parsing: note).text)
        } catch {
            throw ArchiveError(.integrity, "ledger line \(sequence): \(error.reason)")
        }
        return LedgerLine(leaf: leaf, details: try opened(sequence, leaf, db).mapValues(\.value))
    }

    private func opened(_ sequence: UInt64, _ leaf: LeafBody, _ db: Database) throws -> [String: (
        nonce: [UInt8], value: String
    )] {
        guard
            let sealed = try Data.fetchOne(
                db.cachedStatement(sql: "SELECT details FROM leaf WHERE seq = ?"), arguments: [Int64(sequence)])
        else { throw ArchiveError(.integrity, "ledger line \(sequence) is missing") }
        let bytes = [UInt8](sealed)
        guard SHA256Digest.hash(bytes) == leaf.details else {
            throw ArchiveError(.integrity, "the details of ledger line \(sequence) are not the ones that were signed")
        }
        let value = try DetailsEnvelope.open(bytes, sequence: sequence, archive.header) { id in
            if let known = intakeKeys[id] { return known }
            intakeKeys[id] = try graph.intakeKey(id, db)
            return intakeKeys[id]
        }
        var opened: [String: (nonce: [UInt8], value: String)] = [:]
        for (field, entry) in value.object ?? [:] {
            guard let nonce = entry["nonce"]?.string.flatMap(Base64.decode), let text = entry["value"]?.string,
                leaf.commitments[field] == Commitment.make(field: field, nonce: nonce, value: text)
            else { throw ArchiveError(.integrity, "a detail of ledger line \(sequence) does not match its commitment") }
            opened[field] = (nonce, text)
        }
        return opened
    }

    /// Writes an export of the ledger's lines `range` into the new folder `path` (docs/formats.md, "Audit export").
    ///
    /// - Parameters:
    ///   - range: nil takes all lines there are when the export begins.
    ///   - openings: whether to open the commitments of the range for the reader: identifiers, purposes, queries.
    /// - Returns: the exported checkpoint.
    public func exportLedger(
        to path: String, range: Range<UInt64>? = nil, openings: Bool = false,
        progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> Checkpoint {
        guard !Files.exists(path) else {
            throw ArchiveError(.alreadyExists, "something is at this path", subject: path)
        }
        return try look("audit.export") { db, details -> (UInt64, Range<UInt64>) in
            let size = try LedgerTable.size(db)
            let range = range ?? 0..<size
            details.fields["range"] = "\(range.lowerBound)..<\(range.upperBound)"
            details.fields["openings"] = String(openings)
            try demandAct(.exportAudit)
            guard range.upperBound <= size else {
                throw ArchiveError(.invalidEntry, "the ledger has \(size) lines", subject: String(size))
            }
            return (size, range)
        } reveal: { db, plan in
            let (size, range) = plan
            let work = path + ".making-\(getpid())"
            try Files.makeFolder(work, mode: 0o750)
            do {
                let checkpoint = try ExportWriter(session: self, db: db, folder: work, size: size, range: range).write(
                    openings: openings ? { try self.openings(range, db) } : nil, progress: progress)
                guard unsafe rename(work, path) == 0 else { throw Files.failure("make", path) }
                try Files.syncFolder(of: path)
                return checkpoint
            } catch {
                do { try FileManager.default.removeItem(atPath: work) } catch {
                    throw ArchiveError(.inputOutput, "a half-made export cannot be removed", subject: work)
                }
                throw error
            }
        }
    }

    /// One line of JSON for each commitment in the range.
    private func openings(_ range: Range<UInt64>, _ db: Database) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for sequence in range {
            let leaf = try LeafBody(parsing: SignedNote(parsing: LedgerTable.leafNote(sequence, db)).text)
            for (field, entry) in try opened(sequence, leaf, db).sorted(by: { $0.key < $1.key }) {
                bytes +=
                    JSONValue.object([
                        "seq": .integer(Int64(sequence)), "field": .string(field),
                        "nonce": .string(Base64.encode(entry.nonce)), "value": .string(entry.value),
                    ]).canonicalBytes + [0x0A]
            }
        }
        return bytes
    }
}

/// Writes the files of an export.
private struct ExportWriter {
    let session: Session
    let db: Database
    let folder: String
    let size: UInt64
    let range: Range<UInt64>

    private static let proofLimit = 1_000

    func write(openings: (() throws -> [UInt8])?, progress: (UInt64, UInt64) -> Void) throws -> Checkpoint {
        let header = session.archive.header
        var sums: [(name: String, digest: String)] = []
        func add(_ name: String, _ bytes: [UInt8]) throws {
            let path = "\(folder)/\(name)"
            try FileManager.default.createDirectory(atPath: Files.folder(of: path), withIntermediateDirectories: true)
            try Files.write(bytes, to: path, mode: 0o640)
            sums.append((name, SHA256Digest.hash(bytes).description))
        }
        let note = try LedgerTable.checkpointNote(size, db)
        let checkpoint = try LedgerTable.openCheckpoint(note, header)
        try add("checkpoint", note)
        let log = NoteVerifier(name: header.names.ledger, key: header.logKey)
        try add("log.vkey", Array((log.vkey + "\n").utf8))
        try add("keys/log.pem", Array(header.logKey.pem.utf8))
        try add(
            "range.json",
            JSONValue.object([
                "from": .integer(Int64(range.lowerBound)), "to": .integer(Int64(range.upperBound)),
                "size": .integer(Int64(size)),
            ]).canonicalBytes)
        for tile in Tiles.hashTiles(size: size) {
            let first = tile.index * Tiles.width
            let hashes = try (first..<first + tile.count).flatMap { index in
                try LedgerTable.hash(NodeAddress(level: tile.level * 8, index: index), db).bytes
            }
            try add(Tiles.path("\(tile.level)", index: tile.index, count: tile.count), hashes)
        }
        if !range.isEmpty {
            for bundle in range.lowerBound / Tiles.width...(range.upperBound - 1) / Tiles.width {
                let first = bundle * Tiles.width
                let count = min(Tiles.width, size - first)
                let entries = try (first..<first + count).map { try LedgerTable.leafNote($0, db) }
                try add(Tiles.path("entries", index: bundle, count: count), try Tiles.bundle(entries))
                progress(first + count, size)
            }
        }
        if range.count <= ExportWriter.proofLimit {
            for sequence in range {
                let hashes = try MerkleTree.inclusionProof(index: sequence, size: size) { try LedgerTable.hash($0, db) }
                try add(
                    "proofs/\(sequence).tlog-proof", TlogProof(index: sequence, hashes: hashes, checkpoint: note).bytes)
            }
        }
        var vkeys: [String] = []
        for row in try Row.fetchAll(db, sql: "SELECT user, serial, note FROM certificate ORDER BY user, serial") {
            let bytes = [UInt8](row["note"] as Data)
            let says = try UserNote(text: SignedNote(parsing: bytes).text, archiveID: header.archiveID)
            try add("certificates/\(says.user)-\(says.serial).note", bytes)
            guard case .certificate(let certificate) = says else { continue }
            try add("keys/\(certificate.user)-\(certificate.serial).pem", Array(certificate.signingKey.pem.utf8))
            vkeys.append(NoteVerifier(name: header.names.user(certificate.user), key: certificate.signingKey).vkey)
        }
        try add("vkeys", Array((vkeys.joined(separator: "\n") + "\n").utf8))
        if let openings { try add("openings.jsonl", try openings()) }
        try add("VERIFY.txt", Array(ExportWriter.instructions(header.names.ledger).utf8))
        let lines = sums.sorted { $0.name < $1.name }.map { "\($0.digest)  \($0.name)\n" }.joined()
        try Files.write(Array(lines.utf8), to: "\(folder)/SHA256SUMS", mode: 0o640)
        return checkpoint
    }

    /// How to check the export without this program. The commands run as they stand, in the export's folder.
    static func instructions(_ origin: String) -> String {
        """
        Ledger export of \(origin)

        1. Every file is as it was exported:

           sha256sum --check --quiet SHA256SUMS

        2. The checkpoint (origin, number of lines, root hash) is signed by the ledger's key in keys/log.pem:

           head -n 3 checkpoint > /tmp/probity-body
           tail -n 1 checkpoint | cut -d ' ' -f 3 | base64 -d | tail -c +5 > /tmp/probity-sig
           openssl pkeyutl -verify -pubin -inkey keys/log.pem -rawin -in /tmp/probity-body -sigfile /tmp/probity-sig

           Compare the key with one that you have from elsewhere (Keys/log.vkey of the archive, a witness, an earlier
           export): the folder alone shows only that it agrees with itself.

        3. Everything else (tree, entries, signatures of the actors, proofs, opened commitments):

           probity audit verify .

           or any verifier of C2SP tlog-tiles, signed-note and tlog-proof files, such as Go's golang.org/x/mod/sumdb.

        """
    }
}

extension ExportVerifier {
    /// Verifies the export in the folder `path`; needs neither archive nor keys.
    public static func verify(folder path: String, expectedLog: NoteVerifier? = nil) throws -> VerificationReport {
        let names = try Files.names(below: path)
        return try verify(names: names, expectedLog: expectedLog) { try Files.read("\(path)/\($0)") }
    }
}
