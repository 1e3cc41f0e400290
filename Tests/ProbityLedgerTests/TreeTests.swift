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

/// PATH(m, D_n) of RFC 6962 §2.1.1, word for word.
func naivePath(_ index: Int, _ leaves: ArraySlice<SHA256Digest>) -> [SHA256Digest] {
    if leaves.count == 1 { return [] }
    var split = 1
    while split * 2 < leaves.count { split *= 2 }
    let middle = leaves.startIndex + split
    return index < split
        ? naivePath(index, leaves[..<middle]) + [naiveRoot(leaves[middle...])]
        : naivePath(index - split, leaves[middle...]) + [naiveRoot(leaves[..<middle])]
}

/// SUBPROOF(m, D_n, b) of RFC 6962 §2.1.2, word for word.
func naiveSubproof(_ old: Int, _ leaves: ArraySlice<SHA256Digest>, _ whole: Bool) -> [SHA256Digest] {
    if old == leaves.count { return whole ? [] : [naiveRoot(leaves)] }
    var split = 1
    while split * 2 < leaves.count { split *= 2 }
    let middle = leaves.startIndex + split
    return old <= split
        ? naiveSubproof(old, leaves[..<middle], whole) + [naiveRoot(leaves[middle...])]
        : naiveSubproof(old - split, leaves[middle...], false) + [naiveRoot(leaves[..<middle])]
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

    @Test("Go's transparency log makes the same roots and proofs, hash for hash, up to 70 leaves")
    func otherLog() throws {
        var tree = StoredTree()
        for number in 0..<70 { tree.append(Array("entry \(number)".utf8)) }
        let other = try Oracle.tlog(["proofs", "70"])
        #expect(other.status == 0, "\(other.errors)")
        let lines = other.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.count == 70 + 2 * 70 * 71 / 2)
        for line in lines {
            let number = try #require(UInt64(line[1]))
            var hashes: [SHA256Digest]
            switch line[0] {
            case "root": hashes = [MerkleTree.root(of: tree.leaves.prefix(Int(number)))]
            case "inclusion":
                let size = try #require(UInt64(line[2]))
                hashes = try MerkleTree.inclusionProof(index: number, size: size, node: tree.node)
            default:
                let size = try #require(UInt64(line[2]))
                hashes = try MerkleTree.consistencyProof(from: number, to: size, node: tree.node)
            }
            #expect(
                hashes.map { Base64.encode($0.bytes) } == line[(line[0] == "root" ? 2 : 3)...].map { $0 }, "\(line)")
        }
    }

    @Test("Every proof up to 33 leaves is the one of the definition, hash for hash, and the stored edge goes on")
    func definition() throws {
        var tree = StoredTree()
        for size in UInt64(1)...33 {
            tree.append(Array("entry \(size)".utf8))
            for index in 0..<size {
                #expect(
                    try MerkleTree.inclusionProof(index: index, size: size, node: tree.node)
                        == naivePath(Int(index), tree.leaves[...]))
            }
            for old in 1...size {
                #expect(
                    try MerkleTree.consistencyProof(from: old, to: size, node: tree.node)
                        == naiveSubproof(Int(old), tree.leaves[...], true))
            }
            let stored = try TreeEdge(size: tree.edge.size, hashes: tree.edge.hashes)
            #expect(stored == tree.edge && stored.root == MerkleTree.root(of: tree.leaves))
        }
    }

    @Test("No proof of one pair of sizes, or one position, is accepted for another, up to 18 leaves")
    func otherPlaces() throws {
        var tree = StoredTree()
        var roots = [MerkleTree.emptyRoot]
        let limit: UInt64 = 18
        for number in 1...limit {
            tree.append(Array("entry \(number)".utf8))
            roots.append(tree.edge.root)
        }
        for size in 1...limit {
            for index in 0..<size {
                let proof = try MerkleTree.inclusionProof(index: index, size: size, node: tree.node)
                for other in 0...limit where other != index {
                    let accepted = succeeds {
                        try MerkleTree.verifyInclusion(
                            index: other, size: size, leafHash: tree.leaves[Int(index)], proof: proof,
                            root: roots[Int(size)])
                    }
                    #expect(!accepted, "leaf \(index) of \(size) at \(other)")
                }
                for other in 0...limit where other != size {
                    let accepted = succeeds {
                        try MerkleTree.verifyInclusion(
                            index: index, size: size, leafHash: tree.leaves[Int(index)], proof: proof,
                            root: roots[Int(other)])
                    }
                    #expect(!accepted, "leaf \(index) of \(size) in the tree of \(other)")
                }
            }
            for old in 1...size {
                let proof = try MerkleTree.consistencyProof(from: old, to: size, node: tree.node)
                for first in 0...limit {
                    for second in 0...limit where first != old || second != size {
                        // Equal sizes with equal roots are consistent whatever the tree: nothing is claimed.
                        if old == size, first == second { continue }
                        let accepted = succeeds {
                            try MerkleTree.verifyConsistency(
                                from: old, oldRoot: roots[Int(first)], to: size, newRoot: roots[Int(second)],
                                proof: proof)
                        }
                        #expect(!accepted, "\(old) to \(size) for the roots of \(first) and \(second)")
                    }
                }
            }
        }
    }

    @Test(
        "No changed, cut, lengthened or reordered consistency proof is accepted",
        arguments: 1...20 as ClosedRange<UInt64>)
    func consistencyMutations(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var tree = StoredTree()
        var roots = [MerkleTree.emptyRoot]
        let size = UInt64.random(in: 2...300, using: &random)
        for index in 0..<size {
            tree.append(Array("entry \(index)".utf8))
            roots.append(tree.edge.root)
        }
        let old = UInt64.random(in: 1..<size, using: &random)
        let proof = try MerkleTree.consistencyProof(from: old, to: size, node: tree.node)
        try MerkleTree.verifyConsistency(
            from: old, oldRoot: roots[Int(old)], to: size, newRoot: roots[Int(size)], proof: proof)
        var broken: [[SHA256Digest]] = [
            [], Array(proof.dropLast()), Array(proof.dropFirst()), proof + [MerkleTree.emptyRoot], proof + proof,
            [MerkleTree.emptyRoot] + proof,
        ]
        for first in proof.indices {
            for second in proof.indices.dropFirst(first + 1) where proof[first] != proof[second] {
                var swapped = proof
                swapped.swapAt(first, second)
                broken.append(swapped)
            }
            var bytes = proof[first].bytes
            bytes[Int.random(in: 0..<32, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            var changed = proof
            changed[first] = try SHA256Digest(bytes: bytes)
            broken.append(changed)
        }
        for (number, proof) in broken.enumerated() {
            #expect(throws: LedgerError.self, "seed \(seed), mutation \(number)") {
                try MerkleTree.verifyConsistency(
                    from: old, oldRoot: roots[Int(old)], to: size, newRoot: roots[Int(size)], proof: proof)
            }
        }
    }

    @Test("Sizes near the end of 64 bits are judged without a trap")
    func hugeSizes() {
        let hash = MerkleTree.leafHash([])
        for (index, size) in [(0, .max), (.max - 1, .max), (.max, .max), (1 << 63, .max), (0, 1 << 63)]
            as [(UInt64, UInt64)]
        {
            for count in [0, 1, 63, 64, 65, 200] {
                let accepted = succeeds {
                    try MerkleTree.verifyInclusion(
                        index: index, size: size, leafHash: hash, proof: Array(repeating: hash, count: count),
                        root: hash)
                }
                #expect(!accepted)
                let follows = succeeds {
                    try MerkleTree.verifyConsistency(
                        from: max(index, 1), oldRoot: hash, to: size, newRoot: MerkleTree.emptyRoot,
                        proof: Array(repeating: hash, count: count))
                }
                #expect(!follows)
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
        #expect(throws: LedgerError(.outOfRange, "")) {
            try MerkleTree.verifyConsistency(
                from: 0, oldRoot: MerkleTree.emptyRoot, to: 0, newRoot: MerkleTree.emptyRoot, proof: [])
        }
        #expect(throws: LedgerError(.outOfRange, "")) {
            try MerkleTree.inclusionProof(index: 0, size: 0) { _ in hash }
        }
        #expect(throws: LedgerError(.outOfRange, "")) {
            try MerkleTree.inclusionProof(index: 5, size: 5) { _ in hash }
        }
        for (old, new) in [(0, 0), (0, 1), (3, 2)] as [(UInt64, UInt64)] {
            #expect(throws: LedgerError(.outOfRange, "")) {
                try MerkleTree.consistencyProof(from: old, to: new) { _ in hash }
            }
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
