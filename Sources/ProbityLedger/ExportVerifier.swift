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

/// Verifies an export folder. Pure: files come from closures, and the answer is a report.
public struct ExportVerifier {
    let names: Set<String>
    private let read: (String) throws -> [UInt8]
    /// Files that a check other than the manifest's has looked at.
    private var used: Set<String> = []
    private var violationCount = 0
    var report = VerificationReport()

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

    mutating func found(
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
    mutating func content(_ name: String) throws -> [UInt8]? {
        guard names.contains(name) else { return nil }
        used.insert(name)
        return try read(name)
    }

    mutating func text(_ name: String) throws -> String? {
        try content(name).flatMap { String(validating: $0, as: UTF8.self) }
    }

    func names(in folder: String) -> [String] { names.filter { $0.hasPrefix(folder) }.sorted() }

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
    static func json(_ bytes: [UInt8]) -> JSONValue? {
        do throws(JSONError) { return try JSONValue(parsing: bytes) } catch { return nil }
    }

    static func note(_ bytes: [UInt8]) -> SignedNote? {
        do throws(LedgerError) { return try SignedNote(parsing: bytes) } catch { return nil }
    }

    // MARK: The parts

    /// The lines of a text that ends in a newline; an empty line, or a last one without its newline, is a finding `rule`.
    mutating func lines(_ text: String, of name: String, _ rule: String) -> [Substring] {
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
}
