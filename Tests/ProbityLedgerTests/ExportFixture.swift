import CanonicalJSON
import ProbityCrypto
import ProbityLedger

/// A user of the exported ledger: his key, and the name under which he signs.
struct ExportUser {
    let id: String
    let role: String
    let signer: NoteSigner
    let key: Ed25519SigningKey

    init(_ id: String, role: String, key: Ed25519SigningKey? = nil, bureau: String = "probity.example") throws {
        self.id = id
        self.role = role
        self.key = try key ?? Ed25519SigningKey()
        self.signer = NoteSigner(name: "\(bureau)/user/\(id)", key: self.key)
    }

    /// The text of his certificate, as the archive writes it.
    func certificate(serial: Int64 = 1) -> String {
        JSONValue.object([
            "v": 1, "type": "certificate", "archive": "a", "user": .string(id), "serial": .integer(serial),
            "role": .string(role), "unit": "u", "officer": "none",
            "signingKey": .string(key.publicKey.rawBytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()),
            "agreementKey": "00", "validFrom": "2026-01-01",
        ]).canonicalText + "\n"
    }
}

/// An export folder in memory, made as the archive makes one, with every key at hand so that a test can forge.
struct ExportFixture {
    static let origin = "probity.example/ledger"
    static let nonce = [UInt8](repeating: 9, count: Commitment.nonceByteCount)

    let log: NoteSigner
    let clerk: ExportUser
    let security: ExportUser
    let auditor: ExportUser
    private(set) var entries: [[UInt8]] = []
    var range: Range<UInt64>
    var files: [String: [UInt8]] = [:]

    /// - Parameter time: the claimed time of an entry.
    init(
        size: UInt64, range: Range<UInt64>? = nil,
        time: (UInt64) -> String = { _ in "2026-12-01T08:00:00+08:00" }
    ) throws {
        log = NoteSigner(name: ExportFixture.origin, key: try Ed25519SigningKey())
        clerk = try ExportUser("clerk1", role: "clerk")
        security = try ExportUser("secadmin1", role: "secadmin")
        auditor = try ExportUser("auditor1", role: "auditor")
        self.range = range ?? 0..<size
        var edge = TreeEdge()
        for sequence in 0..<size {
            let entry = try ExportFixture.entry(sequence, edge.root, clerk, time: time(sequence))
            entries.append(entry)
            edge.append(MerkleTree.leafHash(entry))
        }
        try make()
    }

    static func leaf(_ sequence: UInt64, _ root: SHA256Digest, actor: String, keyID: String, time: String) -> LeafBody {
        LeafBody(
            sequence: sequence, time: time, actor: actor, keyID: keyID, act: "record.show",
            details: SHA256Digest.hash([1]),
            commitments: ["officer": Commitment.make(field: "officer", nonce: nonce, value: "O-\(sequence)")],
            reads: sequence, previousRoot: root)
    }

    static func entry(
        _ sequence: UInt64, _ root: SHA256Digest, _ user: ExportUser, actor: String? = nil,
        time: String = "2026-12-01T08:00:00+08:00"
    ) throws -> [UInt8] {
        let leaf = leaf(
            sequence, root, actor: actor ?? user.id, keyID: user.signer.verifier.keyIDText, time: time)
        return try SignedNote(text: leaf.text, signers: [user.signer]).bytes
    }

    /// Writes every file anew from `entries`, signed with the log's key.
    mutating func make(_ entries: [[UInt8]]? = nil) throws {
        if let entries { self.entries = entries }
        files = [:]
        let size = UInt64(self.entries.count)
        let hashes = self.entries.map { MerkleTree.leafHash($0) }
        try writeTree(hashes)
        let note = try sign(Checkpoint(origin: ExportFixture.origin, size: size, root: MerkleTree.root(of: hashes)))
        if !range.isEmpty {
            for bundle in range.lowerBound / Tiles.width...(range.upperBound - 1) / Tiles.width {
                let first = bundle * Tiles.width
                let count = min(Tiles.width, size - first)
                files[Tiles.path("entries", index: bundle, count: count)] = try Tiles.bundle(
                    Array(self.entries[Int(first)..<Int(first + count)]))
            }
        }
        var openings: [UInt8] = []
        for sequence in range {
            let path = try ExportFixture.proof(sequence, hashes)
            files["proofs/\(sequence).tlog-proof"] = TlogProof(index: sequence, hashes: path, checkpoint: note).bytes
            openings += ExportFixture.opening(sequence)
        }
        files["openings.jsonl"] = openings
        try writeUsers([(clerk, [clerk, security]), (security, [security, auditor]), (auditor, [auditor, security])])
        files["VERIFY.txt"] = Array("how to\n".utf8)
        seal()
    }

    static func opening(
        _ sequence: UInt64, field: String = "officer", value: String? = nil, nonce: [UInt8] = nonce
    ) -> [UInt8] {
        JSONValue.object([
            "seq": .integer(Int64(sequence)), "field": .string(field), "nonce": .string(Base64.encode(nonce)),
            "value": .string(value ?? "O-\(sequence)"),
        ]).canonicalBytes + [0x0A]
    }

    private static func proof(_ index: UInt64, _ hashes: [SHA256Digest]) throws -> [SHA256Digest] {
        try MerkleTree.inclusionProof(index: index, size: UInt64(hashes.count)) { address in
            let start = Int(address.index << UInt64(address.level))
            return MerkleTree.root(of: hashes[start..<start + 1 << address.level])
        }
    }

    /// Hash tiles of every level over `leaves`.
    mutating func writeTree(_ leaves: [SHA256Digest]) throws {
        var level = 0
        var nodes = leaves
        while !nodes.isEmpty {
            for start in stride(from: 0, to: nodes.count, by: 256) {
                let tile = nodes[start..<min(start + 256, nodes.count)]
                files[Tiles.path("\(level)", index: UInt64(start / 256), count: UInt64(tile.count))] =
                    tile.flatMap(\.bytes)
            }
            nodes = stride(from: 0, to: nodes.count - nodes.count % 256, by: 256).map {
                MerkleTree.root(of: nodes[$0..<$0 + 256])
            }
            level += 1
        }
    }

    /// Writes the files that the head decides, and returns the signed head.
    @discardableResult
    mutating func sign(_ head: Checkpoint) throws -> [UInt8] {
        let note = try SignedNote(text: head.text, signers: [log]).bytes
        files["checkpoint"] = note
        files["log.vkey"] = Array((log.verifier.vkey + "\n").utf8)
        files["keys/log.pem"] = Array(try log.verifier.key.pem.utf8)
        files["range.json"] =
            JSONValue.object([
                "from": .integer(Int64(range.lowerBound)), "to": .integer(Int64(range.upperBound)),
                "size": .integer(Int64(head.size)),
            ]).canonicalBytes
        return note
    }

    /// Writes the certificates, keys and verifier keys of `users`, each signed by the users beside him.
    mutating func writeUsers(_ users: [(user: ExportUser, signers: [ExportUser])]) throws {
        for name in files.keys where name.hasPrefix("certificates/") { files[name] = nil }
        for name in files.keys where name.hasPrefix("keys/") && name != "keys/log.pem" { files[name] = nil }
        for (user, signers) in users {
            files["certificates/\(user.id)-1.note"] =
                try SignedNote(text: user.certificate(), signers: signers.map(\.signer)).bytes
            files["keys/\(user.id)-1.pem"] = Array(try user.key.publicKey.pem.utf8)
        }
        files["vkeys"] = Array(users.map { $0.user.signer.verifier.vkey + "\n" }.joined().utf8)
    }

    /// Makes SHA256SUMS true again: nobody signs it, so whoever changes a file can.
    mutating func seal() {
        files["SHA256SUMS"] = nil
        let lines = files.sorted { $0.key < $1.key }.map { "\(SHA256Digest.hash($0.value))  \($0.key)\n" }
        files["SHA256SUMS"] = Array(lines.joined().utf8)
    }

    func verify(expectedLog: NoteVerifier? = nil) throws -> VerificationReport {
        try ExportVerifier.verify(names: Array(files.keys), expectedLog: expectedLog) { files[$0] ?? [] }
    }

    /// What is found after `change`, with a manifest that is true again.
    func rules(after change: (inout ExportFixture) throws -> Void) throws -> Set<String> {
        var changed = self
        try change(&changed)
        changed.seal()
        return Set(try changed.verify().findings.map(\.rule))
    }
}
