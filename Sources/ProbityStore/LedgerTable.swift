import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger

// The ledger's rows: leaf, node, checkpoint.
//
// Invariants
//  1. Leaves are numbered 0, 1, 2, … without a gap; the checkpoint of size n is signed in the transaction that adds leaf n−1.
//  2. `node` holds the hash of every complete subtree of level 1 and up; level 0 is the leaf hash of the note's bytes.
//     The right edge of the tree at any size is therefore stored, and an append reads at most log2(n) hashes.
//  3. A leaf names the size and root of the tree it extends, so its actor's signature fixes all history before it.

/// The signed head of the tree.
struct LedgerHead {
    let size: UInt64
    let root: SHA256Digest
    /// The time of the newest leaf.
    let time: ArchiveTime?
}

enum LedgerTable {
    static func leafNote(_ sequence: UInt64, _ db: Database) throws -> [UInt8] {
        guard
            let note = try Data.fetchOne(
                db.cachedStatement(sql: "SELECT note FROM leaf WHERE seq = ?"), arguments: [Int64(sequence)])
        else { throw ArchiveError(.integrity, "ledger line \(sequence) is missing") }
        return [UInt8](note)
    }

    static func hash(_ address: NodeAddress, _ db: Database) throws -> SHA256Digest {
        if address.level == 0 { return MerkleTree.leafHash(try leafNote(address.index, db)) }
        guard
            let hash = try Data.fetchOne(
                db.cachedStatement(sql: "SELECT hash FROM node WHERE level = ? AND position = ?"),
                arguments: [address.level, Int64(address.index)])
        else {
            throw ArchiveError(.integrity, "ledger node \(address.level)/\(address.index) is missing")
        }
        return try SHA256Digest(bytes: [UInt8](hash))
    }

    /// The right edge at `size`: roots of the perfect subtrees, largest first.
    static func edge(_ size: UInt64, _ db: Database) throws -> TreeEdge {
        var hashes: [SHA256Digest] = []
        var start: UInt64 = 0
        for level in stride(from: 63, through: 0, by: -1) where size & (1 << UInt64(level)) != 0 {
            hashes.append(try hash(NodeAddress(level: level, index: start >> UInt64(level)), db))
            start += 1 << UInt64(level)
        }
        return try TreeEdge(size: size, hashes: hashes)
    }

    static func root(_ size: UInt64, _ db: Database) throws -> SHA256Digest { try edge(size, db).root }

    static func size(_ db: Database) throws -> UInt64 {
        UInt64(try Int64.fetchOne(db, sql: "SELECT COALESCE(MAX(seq), -1) + 1 FROM leaf") ?? 0)
    }

    static func checkpointNote(_ size: UInt64, _ db: Database) throws -> [UInt8] {
        guard
            let note = try Data.fetchOne(
                db, sql: "SELECT note FROM checkpoint WHERE size = ?", arguments: [Int64(size)])
        else { throw ArchiveError(.integrity, "the checkpoint of size \(size) is missing") }
        return [UInt8](note)
    }

    /// The newest head, with its signature and its agreement with the tree checked.
    static func head(_ header: ArchiveHeader, _ db: Database) throws -> LedgerHead {
        let size = try size(db)
        guard size > 0 else { return LedgerHead(size: 0, root: MerkleTree.emptyRoot, time: nil) }
        let checkpoint = try openCheckpoint(try checkpointNote(size, db), header)
        let root = try root(size, db)
        guard checkpoint.size == size, checkpoint.root == root else {
            throw ArchiveError(.integrity, "the checkpoint of size \(size) does not match the ledger")
        }
        let last = try LeafBody(parsing: SignedNote(parsing: leafNote(size - 1, db)).text)
        return LedgerHead(size: size, root: root, time: ArchiveTime(last.time))
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
        note: [UInt8], details: [UInt8], batch: Int64?, after head: LedgerHead, header: ArchiveHeader,
        logKey: Ed25519SigningKey, _ db: Database
    ) throws -> LedgerHead {
        var edge = try edge(head.size, db)
        guard edge.root == head.root else { throw ArchiveError(.integrity, "the ledger changed while it was extended") }
        try db.cachedStatement(sql: "INSERT INTO leaf (seq, note, details, batch) VALUES (?, ?, ?, ?)").execute(
            arguments: [Int64(head.size), Data(note), Data(details), batch])
        for (address, hash) in edge.append(MerkleTree.leafHash(note)) {
            try db.cachedStatement(sql: "INSERT INTO node (level, position, hash) VALUES (?, ?, ?)").execute(
                arguments: [address.level, Int64(address.index), Data(hash.bytes)])
        }
        let checkpoint = Checkpoint(origin: header.names.ledger, size: edge.size, root: edge.root)
        let signed = try SignedNote(
            text: checkpoint.text, signers: [NoteSigner(name: header.names.ledger, key: logKey)])
        try db.cachedStatement(sql: "INSERT INTO checkpoint (size, note) VALUES (?, ?)").execute(
            arguments: [Int64(edge.size), Data(signed.bytes)])
        return LedgerHead(size: edge.size, root: edge.root, time: nil)
    }
}
