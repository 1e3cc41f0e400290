import CanonicalJSON
import ProbityCrypto

// An export (docs/formats.md, "Audit export") is a folder that proves a range of the ledger to somebody who has neither
// the archive nor any key:
//
//   checkpoint          the signed head            log.vkey, keys/*.pem   who signs
//   range.json          {"from", "to", "size"}     vkeys                  a verifier key a line, one for each user's key
//   tile/<level>/…      hash tiles of the whole tree
//   tile/entries/…      bundles of the entries in the range, rounded outward to whole bundles
//   proofs/<seq>        proof files of entries     openings.jsonl         opened commitments (optional)
//   certificates/*      signed notes that say whose the keys are
//   SHA256SUMS          every other file           VERIFY.txt             the commands for doing this by hand

/// One thing that verification found.
public struct Finding: Sendable, Equatable, CustomStringConvertible {
    public enum Severity: String, Sendable {
        /// Worth a look; the content is as it was written.
        case notice
        /// The content is not what was written, or cannot be shown to be.
        case violation
    }

    public let place: String
    /// A code of the message catalogue: what does not hold.
    public let rule: String
    public let severity: Severity
    public let detail: String

    public init(place: String, rule: String, severity: Severity = .violation, detail: String = "") {
        self.place = place
        self.rule = rule
        self.severity = severity
        self.detail = detail
    }

    public var description: String { "\(severity.rawValue): \(place): \(rule) \(detail)" }
}

/// What verification looked at and found. An empty list of violations is the verdict "sound".
public struct VerificationReport: Sendable {
    public internal(set) var findings: [Finding] = []
    public internal(set) var checkpoint: Checkpoint?
    /// How many of each were looked at.
    public internal(set) var counts: [String: Int] = [:]

    public init() {}

    public var isSound: Bool { !findings.contains { $0.severity == .violation } }
}

/// Verifies an export folder. Pure: files come from closures, and the answer is a report.
public struct ExportVerifier {
    private let names: [String]
    private let read: (String) throws -> [UInt8]
    private var report = VerificationReport()

    /// - Parameters:
    ///   - names: relative paths of all files in the folder.
    ///   - read: the content of one of them.
    ///   - expectedLog: the log's verifier key, where the reader has it from elsewhere; otherwise the folder's own is
    ///     taken, which shows that the folder agrees with itself.
    public static func verify(
        names: [String], expectedLog: NoteVerifier? = nil, read: @escaping (String) throws -> [UInt8]
    ) throws -> VerificationReport {
        var verifier = ExportVerifier(names: names, read: read)
        try verifier.run(expectedLog)
        return verifier.report
    }

    private init(names: [String], read: @escaping (String) throws -> [UInt8]) {
        self.names = names.sorted()
        self.read = read
    }

    private mutating func found(
        _ place: String, _ rule: String, _ detail: String = "", severity: Finding.Severity = .violation
    ) {
        // A damaged export of a million entries must not become a million findings.
        if report.findings.count < 1000 {
            report.findings.append(Finding(place: place, rule: rule, severity: severity, detail: detail))
        }
    }

    private func text(_ name: String) throws -> String? {
        guard names.contains(name) else { return nil }
        return String(validating: try read(name), as: UTF8.self)
    }

    private mutating func run(_ expectedLog: NoteVerifier?) throws {
        try checkManifest()
        guard let log = try logVerifier(expectedLog) else { return }
        guard let checkpoint = try openCheckpoint("checkpoint", log) else { return }
        report.checkpoint = checkpoint.head
        guard let range = try readRange(size: checkpoint.head.size) else { return }
        guard let leafHashes = try checkTiles(checkpoint.head) else { return }
        let users = try userKeys()
        try checkEntries(range, leafHashes, users)
        try checkProofs(log, range, leafHashes)
    }

    /// A file that is not JSON or no note is a finding, not a failure of the verification.
    private static func json(_ bytes: [UInt8]) -> JSONValue? {
        do throws(JSONError) { return try JSONValue(parsing: bytes) } catch { return nil }
    }

    private static func note(_ bytes: [UInt8]) -> SignedNote? {
        do throws(LedgerError) { return try SignedNote(parsing: bytes) } catch { return nil }
    }

    // MARK: The parts

    private mutating func checkManifest() throws {
        guard let sums = try text("SHA256SUMS") else {
            found("SHA256SUMS", "export.manifest.missing")
            return
        }
        var listed: Set<String> = []
        for line in sums.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[1].hasPrefix(" ") else {
                found("SHA256SUMS", "export.manifest.malformed")
                continue
            }
            let name = String(parts[1].dropFirst())
            if !listed.insert(name).inserted { found(name, "export.manifest.repeated") }
            guard names.contains(name) else {
                found(name, "export.file.missing")
                continue
            }
            if SHA256Digest.hash(try read(name)).description != parts[0] { found(name, "export.file.changed") }
        }
        for name in names where name != "SHA256SUMS" && !listed.contains(name) { found(name, "export.file.unlisted") }
        report.counts["files"] = listed.count
    }

    private mutating func logVerifier(_ expected: NoteVerifier?) throws -> NoteVerifier? {
        guard let line = try text("log.vkey"), line.hasSuffix("\n") else {
            found("log.vkey", "export.logKey.missing")
            return expected
        }
        do {
            let own = try NoteVerifier(vkey: String(line.dropLast()))
            if let expected, expected != own { found("log.vkey", "export.logKey.other") }
            if try text("keys/log.pem") != own.key.pem { found("keys/log.pem", "export.logKey.pem") }
            return expected ?? own
        } catch let error as LedgerError {
            found("log.vkey", "export.logKey.malformed", error.reason)
            return expected
        }
    }

    private mutating func openCheckpoint(_ name: String, _ log: NoteVerifier) throws -> (
        head: Checkpoint, note: [UInt8]
    )? {
        guard names.contains(name) else {
            found(name, "export.checkpoint.missing")
            return nil
        }
        let bytes = try read(name)
        do throws(LedgerError) {
            let note = try SignedNote(parsing: bytes)
            guard note.isSigned(by: log) else {
                found(name, "export.checkpoint.signature")
                return nil
            }
            let head = try Checkpoint(parsing: note.text)
            guard head.origin == log.name else {
                found(name, "export.checkpoint.origin")
                return nil
            }
            return (head, bytes)
        } catch {
            found(name, "export.checkpoint.malformed", error.reason)
            return nil
        }
    }

    private mutating func readRange(size: UInt64) throws -> Range<UInt64>? {
        let bytes = names.contains("range.json") ? try read("range.json") : []
        guard let value = ExportVerifier.json(bytes), let from = value["from"]?.integer, let to = value["to"]?.integer,
            let stated = value["size"]?.integer, from >= 0, from <= to, stated == Int64(size), to <= stated
        else {
            found("range.json", "export.range.malformed")
            return nil
        }
        return UInt64(from)..<UInt64(to)
    }

    /// Reads the hash tiles, recomputes every level from the one below, and the root.
    private mutating func checkTiles(_ head: Checkpoint) throws -> [SHA256Digest]? {
        var below: [SHA256Digest] = []
        var leaves: [SHA256Digest] = []
        var level: [SHA256Digest] = []
        var current = 0
        func parents(_ hashes: [SHA256Digest]) -> [SHA256Digest] {
            stride(from: 0, to: hashes.count - hashes.count % 256, by: 256).map {
                MerkleTree.root(of: hashes[$0..<$0 + 256])
            }
        }
        for tile in Tiles.hashTiles(size: head.size) {
            let name = Tiles.path("\(tile.level)", index: tile.index, count: tile.count)
            if tile.level != current {
                below = level
                level = []
                current = tile.level
            }
            guard names.contains(name) else {
                found(name, "export.tile.missing")
                return nil
            }
            let bytes = try read(name)
            guard bytes.count == Int(tile.count) * SHA256Digest.byteCount else {
                found(name, "export.tile.malformed")
                return nil
            }
            let hashes = try stride(from: 0, to: bytes.count, by: 32).map {
                try SHA256Digest(bytes: bytes[$0..<$0 + 32])
            }
            if tile.level == 0 {
                leaves += hashes
            } else {
                let start = Int(tile.index) * 256 * 256
                let expected = parents(Array(below[start..<min(start + 256 * 256, below.count)]))
                if expected != hashes { found(name, "export.tile.mismatch") }
            }
            level += hashes
        }
        guard MerkleTree.root(of: leaves) == head.root else {
            found("tile/0", "export.root.mismatch")
            return nil
        }
        report.counts["leaves"] = leaves.count
        return leaves
    }

    private mutating func userKeys() throws -> [String: NoteVerifier] {
        var keys: [String: NoteVerifier] = [:]
        for line in (try text("vkeys") ?? "").split(separator: "\n") {
            do throws(LedgerError) {
                let verifier = try NoteVerifier(vkey: String(line))
                keys[verifier.name + "+" + verifier.keyIDText] = verifier
            } catch {
                found("vkeys", "export.userKey.malformed", error.reason)
            }
        }
        // Each key has to be one that a certificate names and that signed the certificate itself.
        var certified: Set<String> = []
        for name in names where name.hasPrefix("certificates/") {
            guard let note = ExportVerifier.note(try read(name)),
                let value = ExportVerifier.json(Array(note.text.utf8)), value["type"]?.string == "certificate"
            else {
                found(name, "export.certificate.malformed")
                continue
            }
            let own = keys.values.filter { verifier in
                verifier.key.rawBytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                    == value["signingKey"]?.string && note.isSigned(by: verifier)
            }
            if own.isEmpty { found(name, "export.certificate.signature") }
            certified.formUnion(own.map { $0.name + "+" + $0.keyIDText })
        }
        for key in keys.keys.sorted() where !certified.contains(key) {
            found("vkeys", "export.userKey.uncertified", key)
        }
        return keys
    }

    private mutating func checkEntries(
        _ range: Range<UInt64>, _ hashes: [SHA256Digest], _ users: [String: NoteVerifier]
    ) throws {
        guard !range.isEmpty else { return }
        let openings = try readOpenings()
        var edge = TreeEdge()
        let first = range.lowerBound / Tiles.width
        for hash in hashes[..<Int(first * Tiles.width)] { edge.append(hash) }
        var lastTime = ""
        var read = 0
        for bundle in first...((range.upperBound - 1) / Tiles.width) {
            let start = bundle * Tiles.width
            let count = min(Tiles.width, UInt64(hashes.count) - start)
            let name = Tiles.path("entries", index: bundle, count: count)
            guard names.contains(name) else {
                found(name, "export.entries.missing")
                return
            }
            let entries: [[UInt8]]
            do throws(LedgerError) {
                entries = try Tiles.entries(of: readFile(name))
            } catch {
                found(name, "export.entries.malformed", error.reason)
                return
            }
            guard entries.count == Int(count) else {
                found(name, "export.entries.count")
                return
            }
            for (offset, entry) in entries.enumerated() {
                let sequence = start + UInt64(offset)
                let hash = MerkleTree.leafHash(entry)
                if hash != hashes[Int(sequence)] {
                    found("entry \(sequence)", "export.entry.hash")
                } else {
                    checkLeaf(entry, sequence, edge, users, openings[sequence] ?? [], &lastTime)
                }
                edge.append(hashes[Int(sequence)])
                read += 1
            }
        }
        report.counts["entries"] = read
        for (sequence, opened) in openings where !range.contains(sequence) {
            found("openings.jsonl", "export.opening.outside", "\(sequence)/\(opened.map(\.field).sorted())")
        }
    }

    private func readFile(_ name: String) throws(LedgerError) -> [UInt8] {
        do { return try read(name) } catch { throw LedgerError(.malformed, "the file cannot be read") }
    }

    private mutating func checkLeaf(
        _ entry: [UInt8], _ sequence: UInt64, _ edge: TreeEdge, _ users: [String: NoteVerifier], _ openings: [Opening],
        _ lastTime: inout String
    ) {
        let place = "entry \(sequence)"
        let note: SignedNote
        let leaf: LeafBody
        do throws(LedgerError) {
            note = try SignedNote(parsing: entry)
            leaf = try LeafBody(parsing: note.text)
        } catch {
            found(place, "export.entry.malformed", error.reason)
            return
        }
        if leaf.sequence != sequence { found(place, "export.entry.sequence") }
        if leaf.previousRoot != edge.root { found(place, "export.entry.previousRoot") }
        let signed = note.signatures.contains { signature in
            guard let verifier = users[signature.name + "+" + leaf.keyID] else { return false }
            return verifier.name.hasSuffix("/user/" + leaf.actor) && note.isSigned(by: verifier)
        }
        if !signed { found(place, "export.entry.signature") }
        if leaf.time < lastTime { found(place, "export.entry.time", severity: .notice) }
        lastTime = max(lastTime, leaf.time)
        for opening in openings {
            let made = Commitment.make(field: opening.field, nonce: opening.nonce, value: opening.value)
            if leaf.commitments[opening.field] != made { found(place, "export.opening.mismatch", opening.field) }
        }
    }

    private struct Opening {
        let field: String
        let nonce: [UInt8]
        let value: String
    }

    private mutating func readOpenings() throws -> [UInt64: [Opening]] {
        var openings: [UInt64: [Opening]] = [:]
        for line in (try text("openings.jsonl") ?? "").split(separator: "\n") {
            guard let value = ExportVerifier.json(Array(line.utf8)), let sequence = value["seq"]?.integer,
                sequence >= 0,
                let field = value["field"]?.string, let nonce = value["nonce"]?.string.flatMap(Base64.decode),
                nonce.count == Commitment.nonceByteCount, let content = value["value"]?.string
            else {
                found("openings.jsonl", "export.opening.malformed")
                continue
            }
            openings[UInt64(sequence), default: []].append(Opening(field: field, nonce: nonce, value: content))
        }
        report.counts["openings"] = openings.values.reduce(0) { $0 + $1.count }
        return openings
    }

    private mutating func checkProofs(_ log: NoteVerifier, _ range: Range<UInt64>, _ hashes: [SHA256Digest]) throws {
        var count = 0
        for name in names where name.hasPrefix("proofs/") {
            count += 1
            do throws(LedgerError) {
                let proof = try TlogProof(parsing: readFile(name))
                guard range.contains(proof.index), name == "proofs/\(proof.index).tlog-proof" else {
                    found(name, "export.proof.index")
                    continue
                }
                let note = try SignedNote(parsing: proof.checkpoint)
                guard note.isSigned(by: log) else {
                    found(name, "export.proof.signature")
                    continue
                }
                let head = try Checkpoint(parsing: note.text)
                try MerkleTree.verifyInclusion(
                    index: proof.index, size: head.size, leafHash: hashes[Int(proof.index)], proof: proof.hashes,
                    root: head.root)
                if head != report.checkpoint { found(name, "export.proof.checkpoint") }
            } catch {
                found(name, "export.proof.invalid", error.reason)
            }
        }
        report.counts["proofs"] = count
    }
}
