import ProbityCrypto
import ProbityLedger
import ProbityRecords
import Synchronization

// The ledger as it stands in its three tables: leaf, node, checkpoint.
//
// Invariants
//  1. Leaves are numbered 0, 1, 2, … without a gap; the checkpoint of size n is signed in the transaction that adds leaf n−1.
//  2. `node` holds the hash of every complete subtree of level 1 and up; level 0 is the leaf hash of the note's bytes.
//     The right edge of the tree at any size is therefore stored, and an append reads at most log2(n) hashes.
//  3. A leaf names the size and root of the tree it extends, so its actor's signature fixes all history before it.

/// The signed head of the tree.
struct LedgerHead {
    let size: UInt64
    /// The right edge of the tree, all that an append needs of it.
    let edge: TreeEdge
    /// The time of the newest leaf.
    let time: ArchiveTime?

    var root: SHA256Digest { edge.root }
}

enum Ledger {
    /// How many lines the ledger has.
    static func size(_ db: Connection) throws -> UInt64 { try LeafTable.size(db) }

    /// The day of the ceremony, with which the archive began.
    static func firstDay(_ db: Connection) throws -> CivilDate? { try ArchiveTime(leaf(0, db).time)?.date }

    /// The time of the newest line; nil where there is none.
    static func lastTime(_ memory: LedgerMemory, _ db: Connection) throws -> ArchiveTime? {
        let size = try size(db)
        return size == 0 ? nil : try time(ofLine: size - 1, memory, db)
    }

    private static func time(ofLine line: UInt64, _ memory: LedgerMemory, _ db: Connection) throws -> ArchiveTime? {
        let note = try leafNote(line, db)
        return try memory.time(ofLine: note) { ArchiveTime(try leaf(line, note: note).time) }
    }

    static func leafNote(_ sequence: UInt64, _ db: Connection) throws -> [UInt8] {
        guard let note = try LeafTable.note(sequence, db) else {
            throw ArchiveError(.integrity, "ledger line \(sequence) is missing")
        }
        return note
    }

    /// The line as it reads; whether its signature holds is for ``Vouching`` and `check`.
    static func leaf(_ sequence: UInt64, _ db: Connection) throws -> LeafBody {
        try leaf(sequence, note: leafNote(sequence, db))
    }

    static func leaf(_ sequence: UInt64, note: [UInt8]) throws -> LeafBody {
        do throws(LedgerError) {
            return try LeafBody(parsing: SignedNote(parsing: note).text)
        } catch {
            throw ArchiveError(.integrity, "ledger line \(sequence): \(error.reason)")
        }
    }

    static func hash(_ address: NodeAddress, _ db: Connection) throws -> SHA256Digest {
        if address.level == 0 { return MerkleTree.leafHash(try leafNote(address.index, db)) }
        guard let hash = try LeafTable.hash(level: address.level, position: address.index, db) else {
            throw ArchiveError(.integrity, "ledger node \(address.level)/\(address.index) is missing")
        }
        return try SHA256Digest(bytes: hash)
    }

    /// The right edge at `size`: roots of the perfect subtrees, largest first.
    static func edge(_ size: UInt64, _ db: Connection) throws -> TreeEdge {
        var hashes: [SHA256Digest] = []
        var start: UInt64 = 0
        for level in stride(from: 63, through: 0, by: -1) where size & (1 << UInt64(level)) != 0 {
            hashes.append(try hash(NodeAddress(level: level, index: start >> UInt64(level)), db))
            start += 1 << UInt64(level)
        }
        return try TreeEdge(size: size, hashes: hashes)
    }

    static func root(_ size: UInt64, _ db: Connection) throws -> SHA256Digest { try edge(size, db).root }

    static func checkpointNote(_ size: UInt64, _ db: Connection) throws -> [UInt8] {
        guard let note = try LeafTable.checkpoint(size, db) else {
            throw ArchiveError(.integrity, "the checkpoint of size \(size) is missing")
        }
        return note
    }

    /// The newest head, with its signature and its agreement with the tree checked.
    ///
    /// - Parameter memory: what was read before, or made, by this program.
    static func head(_ header: ArchiveHeader, _ memory: LedgerMemory, _ db: Connection) throws -> LedgerHead {
        let size = try size(db)
        guard size > 0 else { return LedgerHead(size: 0, edge: TreeEdge(), time: nil) }
        let note = try checkpointNote(size, db)
        let checkpoint = try memory.checkpoint(note) { try openCheckpoint(note, header) }
        let edge = try edge(size, db)
        guard checkpoint.size == size, checkpoint.root == edge.root else {
            throw ArchiveError(.integrity, "the checkpoint of size \(size) does not match the ledger")
        }
        return LedgerHead(size: size, edge: edge, time: try time(ofLine: size - 1, memory, db))
    }

    /// Demands that line `index` is in the tree whose head the log key signed.
    ///
    /// It climbs only as far as to a node that led there before: each line of many costs a hash or two.
    ///
    /// - Throws: ``ArchiveError`` `integrity`.
    static func demandIncluded(_ index: UInt64, _ note: [UInt8], _ archive: Archive, _ db: Connection) throws {
        let (size, vouched) = (try size(db), archive.vouched)
        let missing = ArchiveError(.integrity, "ledger line \(index) is not in the tree")
        guard index < size else { throw missing }
        var address = NodeAddress(level: 0, index: index)
        var hash = MerkleTree.leafHash(note)
        var way: [(address: NodeAddress, hash: SHA256Digest)] = []
        while true {
            if let known = vouched.node(address) {
                guard known == hash else { throw missing }
                break
            }
            way.append((address, hash))
            // A perfect subtree on the right edge, of which the root is made.
            if size >> UInt64(address.level) & 1 == 1, address.index == size >> UInt64(address.level) - 1 {
                let head = try head(archive.header, archive.ledgerMemory, db)
                let above = (size >> (UInt64(address.level) + 1)).nonzeroBitCount
                guard head.size == size, head.edge.hashes[above] == hash else { throw missing }
                break
            }
            let beside = NodeAddress(level: address.level, index: address.index ^ 1)
            let other = try self.hash(beside, db)
            way.append((beside, other))
            hash = address.index & 1 == 1 ? MerkleTree.nodeHash(other, hash) : MerkleTree.nodeHash(hash, other)
            address = NodeAddress(level: address.level + 1, index: address.index >> 1)
        }
        vouched.remember(way)
    }

    static func openCheckpoint(_ note: [UInt8], _ header: ArchiveHeader) throws -> Checkpoint {
        let verifier = NoteVerifier(name: header.names.ledger, key: header.logKey)
        do {
            let note = try SignedNote(parsing: note)
            guard note.isSigned(by: verifier) else {
                throw ArchiveError(.integrity, "a checkpoint is not signed by the archive's log key")
            }
            let checkpoint = try Checkpoint(parsing: note.text)
            guard checkpoint.origin == header.names.ledger else {
                throw ArchiveError(.integrity, "a checkpoint is of another ledger")
            }
            return checkpoint
        } catch let error as LedgerError {
            throw ArchiveError(.integrity, "a checkpoint cannot be read: \(error.reason)")
        }
    }

    /// Appends a leaf, the nodes that it completes and the new checkpoint; the caller's transaction makes it one.
    static func append(
        note: [UInt8], at time: ArchiveTime, details: [UInt8], batch: Int64?, after head: LedgerHead,
        header: ArchiveHeader, logKey: Ed25519SigningKey, _ memory: LedgerMemory, _ db: Connection
    ) throws -> LedgerHead {
        var edge = head.edge
        try LeafTable.insertLeaf(head.size, note: note, details: details, batch: batch, db)
        try LeafTable.insertNodes(
            edge.append(MerkleTree.leafHash(note)).map {
                (level: $0.address.level, position: $0.address.index, hash: $0.hash.bytes)
            }, db)
        let checkpoint = Checkpoint(origin: header.names.ledger, size: edge.size, root: edge.root)
        let signed = try SignedNote(
            text: checkpoint.text, signers: [NoteSigner(name: header.names.ledger, key: logKey)]
        ).bytes
        try LeafTable.insertCheckpoint(edge.size, note: signed, db)
        memory.remember(signed, checkpoint)
        memory.remember(line: note, time)
        return LedgerHead(size: edge.size, edge: edge, time: time)
    }
}

/// The newest checkpoint whose signature this program has checked or made, and the newest line that it has read or written:
/// the same bytes say nothing else the second time.
final class LedgerMemory: Sendable {
    private let newest = Mutex<(note: [UInt8], checkpoint: Checkpoint)?>(nil)
    private let newestLine = Mutex<(note: [UInt8], time: ArchiveTime?)?>(nil)

    /// The checkpoint in `note`; `open` is asked where the bytes are not those that were checked last.
    func checkpoint(_ note: [UInt8], open: () throws -> Checkpoint) throws -> Checkpoint {
        if let known = newest.withLock({ $0 }), known.note == note { return known.checkpoint }
        let checkpoint = try open()
        remember(note, checkpoint)
        return checkpoint
    }

    func remember(_ note: [UInt8], _ checkpoint: Checkpoint) { newest.withLock { $0 = (note, checkpoint) } }

    /// The time of the line in `note`; `read` is asked where the bytes are not those that were read last.
    func time(ofLine note: [UInt8], read: () throws -> ArchiveTime?) throws -> ArchiveTime? {
        if let known = newestLine.withLock({ $0 }), known.note == note { return known.time }
        let time = try read()
        remember(line: note, time)
        return time
    }

    func remember(line note: [UInt8], _ time: ArchiveTime?) { newestLine.withLock { $0 = (note, time) } }
}
