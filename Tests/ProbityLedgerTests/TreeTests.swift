import Foundation
import ProbityCrypto
import ProbityLedger
import ProbityTestSupport
import Testing

let vectors = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")

func json(_ name: String) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(contentsOf: vectors.appending(path: name)))
}

/// The definition of RFC 6962 §2.1, word for word: the oracle for everything below.
func naiveRoot(_ leaves: ArraySlice<SHA256Digest>) -> SHA256Digest {
    if leaves.isEmpty { return MerkleTree.emptyRoot }
    if leaves.count == 1, let only = leaves.first { return only }
    var split = 1
    while split * 2 < leaves.count { split *= 2 }
    let middle = leaves.startIndex + split
    return MerkleTree.nodeHash(naiveRoot(leaves[..<middle]), naiveRoot(leaves[middle...]))
}

/// Keeps every complete subtree that appends report, as the archive does.
struct StoredTree {
    var edge = TreeEdge()
    var nodes: [NodeAddress: SHA256Digest] = [:]
    var leaves: [SHA256Digest] = []

    mutating func append(_ entry: [UInt8]) {
        let hash = MerkleTree.leafHash(entry)
        nodes[NodeAddress(level: 0, index: edge.size)] = hash
        leaves.append(hash)
        for (address, hash) in edge.append(hash) { nodes[address] = hash }
    }

    func node(_ address: NodeAddress) throws -> SHA256Digest { try #require(nodes[address]) }
}

@Suite("Merkle tree")
struct TreeTests {
    private static func digest(_ text: Any?, orWord: Bool = false) throws -> SHA256Digest? {
        guard let text = text as? String, let bytes = Data(base64Encoded: text) else { return nil }
        // Some consistency cases have words of 12 bytes for roots; what matters there is which of them are equal.
        if orWord, bytes.count != 32 { return SHA256Digest.hash([UInt8](bytes)) }
        return bytes.count == 32 ? try SHA256Digest(bytes: [UInt8](bytes)) : nil
    }

    @Test("All 98 published inclusion cases, valid and broken")
    func inclusionVectors() throws {
        let cases = try #require(try json("inclusion.json") as? [[String: Any]])
        #expect(cases.count == 98)
        for test in cases {
            let name = "\(test["file"] ?? "")"
            let texts = test["proof"] as? [String] ?? []
            let proof = try texts.compactMap { try TreeTests.digest($0) }
            var accepted = false
            if proof.count == texts.count, let leaf = try TreeTests.digest(test["leafHash"]),
                let root = try TreeTests.digest(test["root"]), let index = test["leafIdx"] as? UInt64,
                let size = test["treeSize"] as? UInt64
            {
                accepted = succeeds {
                    try MerkleTree.verifyInclusion(index: index, size: size, leafHash: leaf, proof: proof, root: root)
                }
            }
            #expect(accepted == !(test["wantErr"] as? Bool ?? true), "\(name)")
        }
    }

    @Test("All 98 published consistency cases, valid and broken")
    func consistencyVectors() throws {
        let cases = try #require(try json("consistency.json") as? [[String: Any]])
        #expect(cases.count == 98)
        for test in cases {
            let texts = test["proof"] as? [String] ?? []
            let proof = try texts.compactMap { try TreeTests.digest($0) }
            var accepted = false
            let size1 = test["size1"] as? UInt64 ?? .max
            let size2 = test["size2"] as? UInt64 ?? .max
            if proof.count == texts.count, let old = try TreeTests.digest(test["root1"], orWord: true),
                let new = try TreeTests.digest(test["root2"], orWord: true)
            {
                accepted = succeeds {
                    try MerkleTree.verifyConsistency(from: size1, oldRoot: old, to: size2, newRoot: new, proof: proof)
                }
            }
            #expect(accepted == !(test["wantErr"] as? Bool ?? true), "\(test["file"] ?? "")")
        }
    }

    @Test("The reference tree has the published roots at every size")
    func referenceTree() throws {
        let tree = try #require(try json("reference_tree.json") as? [String: Any])
        let leaves = try #require(tree["leaves_hex"] as? [String]).map { hex($0) }
        let roots = try #require(tree["roots_sha256_hex"] as? [String])
        var edge = TreeEdge()
        #expect(edge.root.description == roots[0])
        for (index, leaf) in leaves.enumerated() {
            edge.append(MerkleTree.leafHash(leaf))
            #expect(edge.root.description == roots[index + 1])
        }
    }

    @Test("Every root, inclusion proof and consistency proof up to 70 leaves agrees with the definition")
    func exhaustive() throws {
        var tree = StoredTree()
        var roots = [MerkleTree.emptyRoot]
        for size in UInt64(1)...70 {
            tree.append(Array("entry \(size)".utf8))
            roots.append(naiveRoot(tree.leaves[...]))
            #expect(tree.edge.root == roots.last)
            #expect(try MerkleTree.root(size: size, node: tree.node) == roots.last)
        }
        for size in UInt64(1)...70 {
            for index in 0..<size {
                let proof = try MerkleTree.inclusionProof(index: index, size: size, node: tree.node)
                try MerkleTree.verifyInclusion(
                    index: index, size: size, leafHash: tree.leaves[Int(index)], proof: proof, root: roots[Int(size)])
            }
            for old in 1...size {
                let proof = try MerkleTree.consistencyProof(from: old, to: size, node: tree.node)
                try MerkleTree.verifyConsistency(
                    from: old, oldRoot: roots[Int(old)], to: size, newRoot: roots[Int(size)], proof: proof)
            }
        }
    }

    @Test("No changed, cut, lengthened or reordered proof is accepted", arguments: 1...20 as ClosedRange<UInt64>)
    func mutations(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var tree = StoredTree()
        let size = UInt64.random(in: 2...300, using: &random)
        for index in 0..<size { tree.append(Array("entry \(index)".utf8)) }
        let index = UInt64.random(in: 0..<size, using: &random)
        let proof = try MerkleTree.inclusionProof(index: index, size: size, node: tree.node)
        var broken: [[SHA256Digest]] = [Array(proof.dropLast()), proof + [MerkleTree.emptyRoot], proof + proof]
        if proof.count > 1, proof.first != proof.last { broken.append(proof.reversed()) }
        for place in proof.indices {
            var changed = proof
            var bytes = changed[place].bytes
            bytes[Int.random(in: 0..<32, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            changed[place] = try SHA256Digest(bytes: bytes)
            broken.append(changed)
        }
        for (number, proof) in broken.enumerated() {
            #expect(throws: LedgerError.self, "seed \(seed), mutation \(number)") {
                try MerkleTree.verifyInclusion(
                    index: index, size: size, leafHash: tree.leaves[Int(index)], proof: proof, root: tree.edge.root)
            }
        }
        for other in [index ^ 1, size, size + 1] where other != index && !proof.isEmpty {
            #expect(throws: LedgerError.self, "seed \(seed), index \(other)") {
                try MerkleTree.verifyInclusion(
                    index: other, size: size, leafHash: tree.leaves[Int(index)], proof: proof, root: tree.edge.root)
            }
        }
    }

    @Test("Sizes of zero and positions outside are refused")
    func edges() throws {
        let hash = MerkleTree.leafHash([])
        #expect(throws: LedgerError(.outOfRange, "")) {
            try MerkleTree.verifyInclusion(index: 0, size: 0, leafHash: hash, proof: [], root: MerkleTree.emptyRoot)
        }
        #expect(throws: LedgerError(.outOfRange, "")) {
            try MerkleTree.verifyConsistency(from: 2, oldRoot: hash, to: 1, newRoot: hash, proof: [])
        }
        #expect(throws: LedgerError(.outOfRange, "")) {
            try MerkleTree.verifyConsistency(from: 0, oldRoot: hash, to: 1, newRoot: hash, proof: [])
        }
        #expect(throws: LedgerError(.mismatch, "")) {
            try MerkleTree.verifyConsistency(from: 1, oldRoot: hash, to: 2, newRoot: hash, proof: [])
        }
        #expect(throws: LedgerError(.malformed, "")) { try TreeEdge(size: 3, hashes: [hash]) }
    }

    private func succeeds(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return true
        } catch {
            return false
        }
    }
}
