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
//
// Nobody signs SHA256SUMS: it shows damage, not fraud, for whoever changes a file can change the sums with it. Against fraud
// every file but VERIFY.txt is held by something else: tiles and entries by the signed head, entries also by their actors'
// signatures, keys by certificates that an administrator signed, openings by the commitments in the entries. What stays
// open is who the administrators are and whether the ledger goes on: that takes a key and a head from elsewhere.

/// One thing that verification found.
public struct Finding: Sendable, Equatable, CustomStringConvertible {
    /// How bad it is.
    public enum Severity: String, Sendable {
        /// Worth a look; the content is as it was written.
        case notice
        /// The content is not what was written, or cannot be shown to be.
        case violation
    }

    /// The file or entry.
    public let place: String
    /// A code of the message catalogue: what does not hold.
    public let rule: String
    /// Whether it speaks against the export.
    public let severity: Severity
    /// What else helps to find it; never a value from a record.
    public let detail: String

    /// A finding of its parts.
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
    /// In the order of the checks, at most ``maximumFindings`` of each severity.
    public internal(set) var findings: [Finding] = []
    /// The head; nil where its signature does not hold.
    public internal(set) var checkpoint: Checkpoint?
    /// The entries that the export is about. The head does not sign it: a reader compares it with what he asked for.
    public internal(set) var range: Range<UInt64>?
    /// How many of each were looked at: files, leaves, entries, proofs, openings.
    public internal(set) var counts: [String: Int] = [:]

    /// A damaged export of a million entries must not become a million findings.
    public static let maximumFindings = 1_000

    /// A report of nothing.
    public init() {}

    /// Whether nothing speaks against the export.
    public var isSound: Bool { !findings.contains { $0.severity == .violation } }
}

/// Verifies an export folder. Pure: files come from closures, and the answer is a report.
public struct ExportVerifier {
    private let names: Set<String>
    private let read: (String) throws -> [UInt8]
    /// Files that a check other than the manifest's has looked at.
    private var used: Set<String> = []
    private var violationCount = 0
    private var report = VerificationReport()

    /// - Parameters:
    ///   - names: relative paths of all files in the folder.
    ///   - read: the content of one of them.
    ///   - expectedLog: the log's verifier key, where the reader has it from elsewhere; otherwise the folder's own is
    ///     taken, which shows that the folder agrees with itself.
    /// - Throws: what `read` throws. A file that can be read and is wrong is a finding.
    public static func verify(
        names: [String], expectedLog: NoteVerifier? = nil, read: @escaping (String) throws -> [UInt8]
    ) throws -> VerificationReport {
        var verifier = ExportVerifier(names: names, read: read)
        try verifier.run(expectedLog)
        return verifier.report
    }

    private init(names: [String], read: @escaping (String) throws -> [UInt8]) {
        self.names = Set(names)
        self.read = read
    }

    private mutating func found(
        _ place: String, _ rule: String, _ detail: String = "", severity: Finding.Severity = .violation
    ) {
        // Counted apart: a thousand notices must not crowd out the violation that follows them.
        let isViolation = severity == .violation
        if isViolation { violationCount += 1 }
        let count =
            isViolation ? violationCount : report.findings.count - min(violationCount, report.findings.count) + 1
        guard count <= VerificationReport.maximumFindings else { return }
        report.findings.append(Finding(place: place, rule: rule, severity: severity, detail: detail))
    }

    /// The content of a file that the export has; nil where it has none of that name.
    private mutating func content(_ name: String) throws -> [UInt8]? {
        guard names.contains(name) else { return nil }
        used.insert(name)
        return try read(name)
    }

    private mutating func text(_ name: String) throws -> String? {
        try content(name).flatMap { String(validating: $0, as: UTF8.self) }
    }

    private func names(in folder: String) -> [String] { names.filter { $0.hasPrefix(folder) }.sorted() }

    private mutating func run(_ expectedLog: NoteVerifier?) throws {
        try checkManifest()
        guard let log = try logVerifier(expectedLog) else { return }
        guard let checkpoint = try openCheckpoint("checkpoint", log) else { return }
        report.checkpoint = checkpoint
        guard let range = try readRange(size: checkpoint.size) else { return }
        report.range = range
        guard let leafHashes = try checkTiles(checkpoint) else { return }
        // The users' names follow from the log's: a user of another bureau is nobody here.
        let userPrefix = log.name.hasSuffix("/ledger") ? String(log.name.dropLast(6)) + "user/" : nil
        let users = try userKeys(userPrefix)
        let openings = try readOpenings(range)
        try checkEntries(range, leafHashes, users, userPrefix, openings)
        try checkProofs(log, range, leafHashes)
        // These folders belong to the format: somebody with other tools may take what else lies there for proven.
        for folder in ["tile/", "keys/", "proofs/", "certificates/"] {
            for name in names(in: folder) where !used.contains(name) {
                found(name, "export.file.unlisted", "it is no part of this export")
            }
        }
    }

    /// A file that is not JSON or no note is a finding, not a failure of the verification.
    private static func json(_ bytes: [UInt8]) -> JSONValue? {
        do throws(JSONError) { return try JSONValue(parsing: bytes) } catch { return nil }
    }

    private static func note(_ bytes: [UInt8]) -> SignedNote? {
        do throws(LedgerError) { return try SignedNote(parsing: bytes) } catch { return nil }
    }

    // MARK: The parts

    /// The lines of a text that ends in a newline; an empty line, or a last one without its newline, is a finding `rule`.
    private mutating func lines(_ text: String, of name: String, _ rule: String) -> [Substring] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.popLast() != "" || lines.contains("") { found(name, rule, "a line is empty or does not end") }
        return lines.filter { !$0.isEmpty }
    }

    private mutating func checkManifest() throws {
        guard let sums = try text("SHA256SUMS") else {
            found("SHA256SUMS", "export.manifest.missing")
            return
        }
        var listed: Set<String> = []
        for line in lines(sums, of: "SHA256SUMS", "export.manifest.malformed") {
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
        for name in names.subtracting(listed).sorted() where name != "SHA256SUMS" {
            found(name, "export.file.unlisted")
        }
        report.counts["files"] = listed.count
    }

    /// The log's key: the reader's, where he has one, else the folder's.
    private mutating func logVerifier(_ expected: NoteVerifier?) throws -> NoteVerifier? {
        var own: NoteVerifier?
        if let line = try text("log.vkey"), line.hasSuffix("\n") {
            do throws(LedgerError) {
                own = try NoteVerifier(vkey: String(line.dropLast()))
            } catch {
                found("log.vkey", "export.logKey.malformed", error.reason)
            }
        } else {
            found("log.vkey", "export.logKey.missing")
        }
        if let expected, let own, expected != own { found("log.vkey", "export.logKey.other") }
        if let key = own?.key ?? expected?.key, try text("keys/log.pem") != key.pem {
            found("keys/log.pem", "export.logKey.pem")
        }
        return expected ?? own
    }

    private mutating func openCheckpoint(_ name: String, _ log: NoteVerifier) throws -> Checkpoint? {
        guard let bytes = try content(name) else {
            found(name, "export.checkpoint.missing")
            return nil
        }
        do throws(LedgerError) {
            let note = try SignedNote(parsing: bytes)
            guard note.isSigned(by: log) else {
                found(name, "export.checkpoint.signature")
                return nil
            }
            let head = try Checkpoint(parsing: note.text)
            guard head.origin.isSpelled(as: log.name) else {
                found(name, "export.checkpoint.origin")
                return nil
            }
            return head
        } catch {
            found(name, "export.checkpoint.malformed", error.reason)
            return nil
        }
    }

    private mutating func readRange(size: UInt64) throws -> Range<UInt64>? {
        let bytes = try content("range.json") ?? []
        guard let value = ExportVerifier.json(bytes), value.canonicalBytes == bytes, let from = value["from"]?.integer,
            let to = value["to"]?.integer,
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
        // A head of any size can be signed by whoever has a log's key. It costs nothing here before the folder has as many
        // files as the size asks for: one tile of level 0 for each 256 leaves.
        let last = head.size == 0 ? 0 : (head.size - 1) / Tiles.width
        guard last < UInt64(max(names.count, 1)) else {
            found(Tiles.path("0", index: last, count: head.size - last * Tiles.width), "export.tile.missing")
            return nil
        }
        for tile in Tiles.hashTiles(size: head.size) {
            let name = Tiles.path("\(tile.level)", index: tile.index, count: tile.count)
            if tile.level != current {
                below = level
                level = []
                current = tile.level
            }
            guard let bytes = try content(name) else {
                found(name, "export.tile.missing")
                return nil
            }
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

    /// A certificate in the folder, with the key that it is about.
    private struct Certified {
        let file: String
        let user: String
        let role: String
        let note: SignedNote
        let verifier: NoteVerifier
    }

    /// Roles whose signature a certificate needs besides its user's own.
    private static let administrators: Set<String> = ["sysadmin", "secadmin", "auditor"]

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func label(_ name: String, _ keyID: [UInt8]) -> String { name + "+" + hex(keyID) }

    /// The users' verifier keys, by name and key ID, each checked against its certificate and its key file.
    private mutating func userKeys(_ prefix: String?) throws -> [String: NoteVerifier] {
        var keys: [String: NoteVerifier] = [:]
        var byRawKey: [String: NoteVerifier] = [:]
        for line in lines(try text("vkeys") ?? "", of: "vkeys", "export.userKey.malformed") {
            do throws(LedgerError) {
                let verifier = try NoteVerifier(vkey: String(line))
                keys[ExportVerifier.label(verifier.name, verifier.keyID)] = verifier
                byRawKey[ExportVerifier.label(verifier.name, verifier.key.rawBytes)] = verifier
            } catch {
                found("vkeys", "export.userKey.malformed", error.reason)
            }
        }
        var certificates: [Certified] = []
        var leaves: [(file: String, user: String, note: SignedNote)] = []
        for name in names(in: "certificates/") {
            let note = ExportVerifier.note(try content(name) ?? [])
            let value = note.flatMap { ExportVerifier.json(Array($0.text.utf8)) }
            // That a user left: it has no key.
            if let note, name.hasSuffix(".note"), value?["type"] == "leave", let user = value?["user"]?.string {
                leaves.append((name, user, note))
                continue
            }
            guard let note, name.hasSuffix(".note"), let value, value["type"]?.string == "certificate",
                let user = value["user"]?.string,
                let role = value["role"]?.string, let key = value["signingKey"]?.string
            else {
                found(name, "export.certificate.malformed")
                continue
            }
            // The key counts under the name of the user whom the certificate names, and under no other: else a user could
            // certify his own key as somebody else's.
            let signer = (prefix ?? "") + user
            guard let verifier = byRawKey[signer + "+" + key], verifier.name.isSpelled(as: signer) else {
                found(name, "export.certificate.signature", "vkeys has no key of this user that is the certificate's")
                continue
            }
            certificates.append(Certified(file: name, user: user, role: role, note: note, verifier: verifier))
            let keyFile = "keys/" + name.dropFirst("certificates/".count).dropLast(".note".count) + ".pem"
            if try text(keyFile) != verifier.key.pem {
                found(keyFile, "export.userKey.malformed", "it is not the key of its certificate")
            }
        }
        var administrators: [NoteVerifier: String] = [:]
        for certificate in certificates where ExportVerifier.administrators.contains(certificate.role) {
            administrators[certificate.verifier] = certificate.user
        }
        var certified: Set<NoteVerifier> = []
        for certificate in certificates {
            let signers = ExportVerifier.signers(of: certificate.note, keys)
            // Possession, and an administrator who is somebody else.
            if let signers, signers.contains(certificate.verifier),
                signers.contains(where: { administrators[$0].map { $0 != certificate.user } ?? false })
            {
                certified.insert(certificate.verifier)
            } else {
                found(certificate.file, "export.certificate.signature")
            }
        }
        for leave in leaves {
            // One security administrator, who is somebody else.
            let signers = ExportVerifier.signers(of: leave.note, keys) ?? []
            let security = certificates.filter { $0.role == "secadmin" && signers.contains($0.verifier) }
            if !security.contains(where: { $0.user != leave.user }) {
                found(leave.file, "export.certificate.signature")
            }
        }
        for (key, verifier) in keys.sorted(by: { $0.key < $1.key }) where !certified.contains(verifier) {
            found("vkeys", "export.userKey.uncertified", key)
        }
        return keys
    }

    /// Who signed `note`; nil where one of its lines is wrong or of a key that the export does not have.
    private static func signers(of note: SignedNote, _ keys: [String: NoteVerifier]) -> Set<NoteVerifier>? {
        var signers: Set<NoteVerifier> = []
        for signature in note.signatures {
            guard let verifier = keys[label(signature.name, signature.keyID)],
                signature.name.isSpelled(as: verifier.name)
            else { return nil }
            // One look at a key covers all of its lines.
            guard signers.contains(verifier) || note.isSigned(by: verifier) else { return nil }
            signers.insert(verifier)
        }
        return signers
    }

    private mutating func checkEntries(
        _ range: Range<UInt64>, _ hashes: [SHA256Digest], _ users: [String: NoteVerifier], _ userPrefix: String?,
        _ openings: [UInt64: [Opening]]
    ) throws {
        report.counts["entries"] = 0
        guard !range.isEmpty else { return }
        var edge = TreeEdge()
        let first = range.lowerBound / Tiles.width
        for hash in hashes[..<Int(first * Tiles.width)] { edge.append(hash) }
        var lastTime = Int64.min
        var looked = 0
        for bundle in first...((range.upperBound - 1) / Tiles.width) {
            let start = bundle * Tiles.width
            let count = min(Tiles.width, UInt64(hashes.count) - start)
            let name = Tiles.path("entries", index: bundle, count: count)
            guard let bytes = try content(name) else {
                found(name, "export.entries.missing")
                return
            }
            let entries: [[UInt8]]
            do throws(LedgerError) {
                entries = try Tiles.entries(of: bytes)
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
                    checkLeaf(entry, sequence, edge.root, users, userPrefix, openings[sequence] ?? [], &lastTime)
                }
                edge.append(hashes[Int(sequence)])
                looked += 1
            }
        }
        report.counts["entries"] = looked
    }

    private mutating func checkLeaf(
        _ entry: [UInt8], _ sequence: UInt64, _ previousRoot: SHA256Digest, _ users: [String: NoteVerifier],
        _ userPrefix: String?, _ openings: [Opening], _ lastTime: inout Int64
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
        if leaf.previousRoot != previousRoot { found(place, "export.entry.previousRoot") }
        let signed = note.signatures.contains { signature in
            guard let verifier = users[signature.name + "+" + leaf.keyID] else { return false }
            return verifier.name.isSpelled(as: (userPrefix ?? "") + leaf.actor) && note.isSigned(by: verifier)
        }
        if !signed { found(place, "export.entry.signature") }
        // Instants, not texts: offsets may differ. Reading a leaf has checked the form.
        let time = RFC3339.seconds(leaf.time) ?? lastTime
        if time < lastTime { found(place, "export.entry.time", severity: .notice) }
        lastTime = max(lastTime, time)
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

    private mutating func readOpenings(_ range: Range<UInt64>) throws -> [UInt64: [Opening]] {
        var openings: [UInt64: [Opening]] = [:]
        let content = names.contains("openings.jsonl") ? try text("openings.jsonl") : "\n"
        guard let content else {
            found("openings.jsonl", "export.opening.malformed")
            return [:]
        }
        for line in content.split(separator: "\n") {
            guard let value = ExportVerifier.json(Array(line.utf8)), let sequence = value["seq"]?.integer,
                sequence >= 0,
                let field = value["field"]?.string, let nonce = value["nonce"]?.string.flatMap(Base64.decode),
                nonce.count == Commitment.nonceByteCount, let opened = value["value"]?.string,
                value.canonicalBytes.elementsEqual(line.utf8), value.object?.count == 4
            else {
                found("openings.jsonl", "export.opening.malformed")
                continue
            }
            guard range.contains(UInt64(sequence)) else {
                found("openings.jsonl", "export.opening.outside", "\(sequence)/\(field)")
                continue
            }
            openings[UInt64(sequence), default: []].append(Opening(field: field, nonce: nonce, value: opened))
        }
        report.counts["openings"] = openings.values.reduce(0) { $0 + $1.count }
        return openings
    }

    private mutating func checkProofs(_ log: NoteVerifier, _ range: Range<UInt64>, _ hashes: [SHA256Digest]) throws {
        var count = 0
        for name in names(in: "proofs/") {
            count += 1
            let bytes = try content(name) ?? []
            do throws(LedgerError) {
                let proof = try TlogProof(parsing: bytes)
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
