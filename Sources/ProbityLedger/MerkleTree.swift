public import ProbityCrypto

// The tree of RFC 6962 §2.1 (unchanged in RFC 9162 §2.1.1), SHA-256.
//
//   leaf  SHA-256(0x00 ‖ entry)        node  SHA-256(0x01 ‖ left ‖ right)        empty  SHA-256()
//
// A tree of n leaves splits at the largest power of two below n. Its right edge is the list of roots of the perfect
// subtrees that n's binary digits name, largest first; the edge is all that an append needs, and a root follows from it.

/// The position of a complete subtree: level 0 is leaves, `index` counts from the left.
public struct NodeAddress: Hashable, Sendable {
    /// The height: the subtree has 2^level leaves.
    public let level: Int
    /// The place among the subtrees of its level, from the left.
    public let index: UInt64

    /// - Precondition: the level is from 0 to 63.
    public init(level: Int, index: UInt64) {
        self.level = level
        self.index = index
    }
}

/// Hashes, proofs and their verification. Nothing is stored here: a tree's nodes come from the caller.
public enum MerkleTree {
    /// The root of the tree without leaves, SHA-256 of nothing.
    public static let emptyRoot = SHA256Digest.hash([])

    /// SHA-256(0x00 ‖ entry).
    public static func leafHash(_ entry: [UInt8]) -> SHA256Digest {
        var hasher = SHA256()
        hasher.update(0)
        hasher.update(entry)
        return hasher.finish()
    }

    /// SHA-256(0x01 ‖ left ‖ right).
    public static func nodeHash(_ left: SHA256Digest, _ right: SHA256Digest) -> SHA256Digest {
        var hasher = SHA256()
        hasher.update(1)
        hasher.update(left)
        hasher.update(right)
        return hasher.finish()
    }

    /// The root over `leafHashes`, in memory: level by level, where the last hash of an odd number goes up as it is.
    public static func root(of leafHashes: some Sequence<SHA256Digest>) -> SHA256Digest {
        var hashes = Array(leafHashes)
        if hashes.isEmpty { return emptyRoot }
        while hashes.count > 1 {
            let (pairs, isOdd) = (hashes.count / 2, !hashes.count.isMultiple(of: 2))
            for pair in 0..<pairs { hashes[pair] = nodeHash(hashes[2 * pair], hashes[2 * pair + 1]) }
            if isOdd { hashes[pairs] = hashes[2 * pairs] }
            hashes.removeLast(hashes.count - pairs - (isOdd ? 1 : 0))
        }
        return hashes[0]
    }

    /// Reads the hash of a complete subtree.
    public typealias NodeReader = (NodeAddress) throws -> SHA256Digest

    /// The hash of leaves `start..<end`, where `start` is a multiple of the largest power of two inside.
    private static func range(_ start: UInt64, _ end: UInt64, _ node: NodeReader) throws -> SHA256Digest {
        let count = end - start
        if count & (count - 1) == 0 {
            let level = count.trailingZeroBitCount
            return try node(NodeAddress(level: level, index: start >> UInt64(level)))
        }
        let split = split(count)
        return nodeHash(try range(start, start + split, node), try range(start + split, end, node))
    }

    /// The largest power of two below `count`.
    static func split(_ count: UInt64) -> UInt64 { 1 << UInt64(63 - (count - 1).leadingZeroBitCount) }

    // MARK: Inclusion (RFC 9162 §2.1.3)

    /// The audit path of the leaf `index` in the tree of `size` leaves.
    ///
    /// - Throws: ``LedgerError`` `outOfRange`, and what `node` throws.
    public static func inclusionProof(index: UInt64, size: UInt64, node: NodeReader) throws -> [SHA256Digest] {
        guard index < size else { throw LedgerError(.outOfRange, "leaf \(index) is not in a tree of \(size)") }
        var path: [SHA256Digest] = []
        var start: UInt64 = 0
        var end = size
        while end - start > 1 {
            let middle = start + split(end - start)
            if index < middle {
                path.append(try range(middle, end, node))
                end = middle
            } else {
                path.append(try range(start, middle, node))
                start = middle
            }
        }
        return path.reversed()
    }

    /// Checks an audit path (RFC 9162 §2.1.3.2): returns when `leafHash` is leaf `index` of the tree with `root`.
    ///
    /// - Throws: ``LedgerError`` `outOfRange` or `mismatch`.
    public static func verifyInclusion(
        index: UInt64, size: UInt64, leafHash: SHA256Digest, proof: [SHA256Digest], root: SHA256Digest
    ) throws(LedgerError) {
        guard index < size else { throw LedgerError(.outOfRange, "leaf \(index) is not in a tree of \(size)") }
        var fn = index
        var sn = size - 1
        var hash = leafHash
        for sibling in proof {
            guard sn != 0 else { throw LedgerError(.mismatch, "the inclusion proof is too long") }
            if fn & 1 == 1 || fn == sn {
                hash = nodeHash(sibling, hash)
                while fn & 1 == 0, fn != 0 {
                    fn >>= 1
                    sn >>= 1
                }
            } else {
                hash = nodeHash(hash, sibling)
            }
            fn >>= 1
            sn >>= 1
        }
        guard sn == 0 else { throw LedgerError(.mismatch, "the inclusion proof is too short") }
        guard hash == root else { throw LedgerError(.mismatch, "the inclusion proof leads to another root") }
    }

    // MARK: Consistency (RFC 9162 §2.1.4)

    /// The proof that the tree of `old` leaves is the beginning of the tree of `new` leaves; empty between equal sizes.
    ///
    /// - Throws: ``LedgerError`` `outOfRange` for an empty old tree or one above `new`, and what `node` throws.
    public static func consistencyProof(from old: UInt64, to new: UInt64, node: NodeReader) throws -> [SHA256Digest] {
        guard old > 0, old <= new else { throw LedgerError(.outOfRange, "there is no proof from \(old) to \(new)") }
        guard old < new else { return [] }
        return try subproof(old, 0, new, true, node)
    }

    /// SUBPROOF of RFC 9162 §2.1.4.1 over leaves `start..<end`.
    private static func subproof(
        _ old: UInt64, _ start: UInt64, _ end: UInt64, _ whole: Bool, _ node: NodeReader
    ) throws -> [SHA256Digest] {
        let count = end - start
        if old == count { return whole ? [] : [try range(start, end, node)] }
        let split = split(count)
        if old <= split {
            return try subproof(old, start, start + split, whole, node) + [try range(start + split, end, node)]
        }
        return try subproof(old - split, start + split, end, false, node) + [try range(start, start + split, node)]
    }

    /// Checks a consistency proof (RFC 9162 §2.1.4.2).
    ///
    /// There is none from an empty tree, with which everything is consistent: a caller who asks has no head to compare.
    /// - Throws: ``LedgerError`` `outOfRange` or `mismatch`.
    public static func verifyConsistency(
        from old: UInt64, oldRoot: SHA256Digest, to new: UInt64, newRoot: SHA256Digest, proof: [SHA256Digest]
    ) throws(LedgerError) {
        guard old > 0, old <= new else { throw LedgerError(.outOfRange, "there is no proof from \(old) to \(new)") }
        if old == new {
            guard proof.isEmpty else { throw LedgerError(.mismatch, "the consistency proof is too long") }
            guard oldRoot == newRoot else { throw LedgerError(.mismatch, "the roots differ") }
            return
        }
        guard !proof.isEmpty else { throw LedgerError(.mismatch, "the consistency proof is empty") }
        let path = old & (old - 1) == 0 ? [oldRoot] + proof : proof
        var fn = old - 1
        var sn = new - 1
        while fn & 1 == 1 {
            fn >>= 1
            sn >>= 1
        }
        var first = path[0]
        var second = path[0]
        for hash in path.dropFirst() {
            guard sn != 0 else { throw LedgerError(.mismatch, "the consistency proof is too long") }
            if fn & 1 == 1 || fn == sn {
                first = nodeHash(hash, first)
                second = nodeHash(hash, second)
                while fn & 1 == 0, fn != 0 {
                    fn >>= 1
                    sn >>= 1
                }
            } else {
                second = nodeHash(second, hash)
            }
            fn >>= 1
            sn >>= 1
        }
        guard sn == 0 else { throw LedgerError(.mismatch, "the consistency proof is too short") }
        guard first == oldRoot, second == newRoot else {
            throw LedgerError(.mismatch, "the consistency proof leads to other roots")
        }
    }
}

/// The right edge of a tree.
public struct TreeEdge: Hashable, Sendable {
    /// How many leaves the tree has.
    public private(set) var size: UInt64
    /// Roots of the perfect subtrees, largest first.
    public private(set) var hashes: [SHA256Digest]

    /// The edge of the empty tree.
    public init() {
        size = 0
        hashes = []
    }

    /// The edge of a tree that was stored.
    ///
    /// - Throws: ``LedgerError`` `malformed` unless there is one hash for each binary digit 1 of `size`.
    public init(size: UInt64, hashes: [SHA256Digest]) throws(LedgerError) {
        guard hashes.count == size.nonzeroBitCount else {
            throw LedgerError(.malformed, "the edge of a tree of \(size) has \(size.nonzeroBitCount) hashes")
        }
        self.size = size
        self.hashes = hashes
    }

    /// The root of the whole tree.
    public var root: SHA256Digest {
        guard var hash = hashes.last else { return MerkleTree.emptyRoot }
        for left in hashes.dropLast().reversed() { hash = MerkleTree.nodeHash(left, hash) }
        return hash
    }

    /// Adds a leaf.
    ///
    /// - Returns: the subtrees of level 1 and up that it completed, smallest first.
    @discardableResult
    public mutating func append(_ leafHash: SHA256Digest) -> [(address: NodeAddress, hash: SHA256Digest)] {
        var completed: [(address: NodeAddress, hash: SHA256Digest)] = []
        var hash = leafHash
        var level = 0
        while size & (1 << UInt64(level)) != 0, let left = hashes.popLast() {
            hash = MerkleTree.nodeHash(left, hash)
            level += 1
            completed.append((NodeAddress(level: level, index: size >> UInt64(level)), hash))
        }
        hashes.append(hash)
        size += 1
        return completed
    }
}
