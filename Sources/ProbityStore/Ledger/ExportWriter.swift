import CanonicalJSON
import Foundation
import ProbityCrypto
import ProbityLedger

/// Writes the files of an export.
struct ExportWriter {
    let header: ArchiveHeader
    let db: Connection
    let folder: String
    let size: UInt64
    let range: Range<UInt64>

    private static let proofLimit = 1_000

    /// - Parameter openings: hands on the opened commitments, piece by piece; nil leaves them closed.
    func write(openings: ((_ receive: ([UInt8]) throws -> Void) throws -> Void)?, progress: (UInt64, UInt64) -> Void)
        throws -> Checkpoint
    {
        var sums: [(name: String, digest: String)] = []
        func add(_ name: String, _ bytes: [UInt8]) throws {
            let path = "\(folder)/\(name)"
            try FileManager.default.createDirectory(
                atPath: Files.folder(of: path), withIntermediateDirectories: true)
            try Files.write(bytes, to: path, mode: 0o640)
            sums.append((name, SHA256Digest.hash(bytes).description))
        }
        let note = try Ledger.checkpointNote(size, db)
        let checkpoint = try Ledger.openCheckpoint(note, header)
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
                try Ledger.hash(NodeAddress(level: tile.level * 8, index: index), db).bytes
            }
            try add(Tiles.path("\(tile.level)", index: tile.index, count: tile.count), hashes)
        }
        if !range.isEmpty {
            for bundle in range.lowerBound / Tiles.width...(range.upperBound - 1) / Tiles.width {
                let first = bundle * Tiles.width
                let count = min(Tiles.width, size - first)
                let entries = try (first..<first + count).map { try Ledger.leafNote($0, db) }
                try add(Tiles.path("entries", index: bundle, count: count), try Tiles.bundle(entries))
                progress(first + count, size)
            }
        }
        if range.count <= ExportWriter.proofLimit {
            for sequence in range {
                let hashes = try MerkleTree.inclusionProof(index: sequence, size: size) { try Ledger.hash($0, db) }
                try add(
                    "proofs/\(sequence).tlog-proof", TlogProof(index: sequence, hashes: hashes, checkpoint: note).bytes)
            }
        }
        var vkeys: [String] = []
        for row in try CertificateTable.rowsByUser(db) {
            let says = try UserNote(text: SignedNote(parsing: row.note).text, archiveID: header.archiveID)
            try add("certificates/\(says.user)-\(says.serial).note", row.note)
            guard case .certificate(let certificate) = says else { continue }
            try add("keys/\(certificate.user)-\(certificate.serial).pem", Array(certificate.signingKey.pem.utf8))
            vkeys.append(NoteVerifier(name: header.names.user(certificate.user), key: certificate.signingKey).vkey)
        }
        try add("vkeys", Array((vkeys.joined(separator: "\n") + "\n").utf8))
        if let openings {
            let digest = try Files.write(to: "\(folder)/openings.jsonl", mode: 0o640, openings)
            sums.append(("openings.jsonl", digest.description))
        }
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
