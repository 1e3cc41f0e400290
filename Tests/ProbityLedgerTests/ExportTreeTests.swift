import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityTestSupport
import Testing

@Suite("Export verification: tiles and proofs")
struct ExportTreeTests {
    @Test("A tree of three tile levels is recomputed level by level")
    func threeLevels() throws {
        var fixture = try ExportFixture(size: 1)
        var leaves = (0..<65_800).map { (number: Int) -> SHA256Digest in
            let bytes: [UInt8] = [16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
            return SHA256Digest.hash(bytes)
        }
        let last = UInt64(leaves.count - 1)
        let entry = try ExportFixture.entry(last, MerkleTree.root(of: leaves.dropLast()), fixture.clerk)
        leaves[Int(last)] = MerkleTree.leafHash(entry)
        fixture.files = fixture.files.filter { !$0.key.hasPrefix("tile/") && !$0.key.hasPrefix("proofs/") }
        fixture.files["openings.jsonl"] = nil
        fixture.range = 0..<0
        try fixture.writeTree(leaves)
        try fixture.sign(
            Checkpoint(origin: ExportFixture.origin, size: UInt64(leaves.count), root: MerkleTree.root(of: leaves)))
        fixture.seal()
        #expect(try fixture.verify().findings == [])
        for name in ["tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1"] {
            let rules = try fixture.rules { $0.files[name]?[5] ^= 1 }
            #expect(rules == ["export.tile.mismatch"], "\(name)")
        }
        #expect(try fixture.rules { $0.files["tile/0/256"]?[5] ^= 1 }.contains("export.root.mismatch"))
    }

    @Test("A size that the folder cannot hold is found at once", arguments: [10_000, 1 << 40, 1 << 53] as [UInt64])
    func hugeSize(size: UInt64) throws {
        let fixture = try ExportFixture(size: 3)
        let rules = try fixture.rules {
            $0.range = 0..<size
            try $0.sign(Checkpoint(origin: ExportFixture.origin, size: size, root: MerkleTree.emptyRoot))
        }
        #expect(rules == ["export.tile.missing"])
    }

    @Test("A proof of another entry, of another head or by another log is found")
    func proofs() throws {
        let fixture = try ExportFixture(size: 5, range: 1..<4)
        let one = try #require(fixture.files["proofs/1.tlog-proof"])
        #expect(try fixture.rules { $0.files["proofs/2.tlog-proof"] = one } == ["export.proof.index"])
        #expect(try fixture.rules { $0.files["proofs/0.tlog-proof"] = one } == ["export.proof.index"])
        #expect(try fixture.rules { $0.files["proofs/1.tlog-proof"] = [1] } == ["export.proof.invalid"])
        let proof = try TlogProof(parsing: one)
        let outside = TlogProof(index: 1 << 60, hashes: proof.hashes, checkpoint: proof.checkpoint)
        #expect(
            try fixture.rules { $0.files["proofs/\(1 << 60).tlog-proof"] = outside.bytes } == ["export.proof.index"])
        // The proof of the tree of two: right, but of an older head than the one exported.
        let leaves = fixture.entries.prefix(2).map(MerkleTree.leafHash)
        let head = Checkpoint(origin: ExportFixture.origin, size: 2, root: MerkleTree.root(of: leaves))
        let older = TlogProof(
            index: 1, hashes: [leaves[0]], checkpoint: try SignedNote(text: head.text, signers: [fixture.log]).bytes)
        #expect(
            try fixture.rules { $0.files["proofs/1.tlog-proof"] = older.bytes } == ["export.proof.checkpoint"])
        let forger = NoteSigner(name: ExportFixture.origin, key: try Ed25519SigningKey())
        let forged = TlogProof(
            index: 1, hashes: [leaves[0]], checkpoint: try SignedNote(text: head.text, signers: [forger]).bytes)
        #expect(
            try fixture.rules { $0.files["proofs/1.tlog-proof"] = forged.bytes } == ["export.proof.signature"])
    }
}
