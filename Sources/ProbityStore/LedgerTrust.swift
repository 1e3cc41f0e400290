import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import Synchronization

// What a row must have behind it before something secret is entrusted to it.
//
// Whoever can write the file can add rows. `check` finds them, but only afterwards; so that nothing is sealed to a key that
// a stranger put there, the few public keys that secrets go to are taken from a row only where the ledger vouches for it:
//
//   row -> batch -> leaf   the leaf's objects are the batch's rows, all of them, as they stand in the database
//   leaf -> tree           the leaf is in the tree whose head the log key signed
//   leaf -> person         its actor signed it, under a certificate in force then that leads back to the ceremony
//   person -> place        the ceremony made the key, or the actor held the node above it (design §5)

/// Public keys that the ledger vouches for, remembered: neither a ledger line nor what it names ever changes.
struct LedgerTrust: Sendable {
    fileprivate var leaves: [Int64: LeafBody] = [:]
    fileprivate var intakes: [Int64: X25519PublicKey] = [:]
}

extension Archive {
    /// The ledger line of `batch`, where the ledger vouches for the rows of that batch.
    ///
    /// - Throws: ``ArchiveError`` `integrity` where any of the steps above does not hold.
    func vouchedLeaf(ofBatch batch: Int64, _ db: Database) throws -> LeafBody {
        if let known = trust.withLock({ $0.leaves[batch] }) { return known }
        guard let row = try Row.fetchOne(db, sql: "SELECT seq, note FROM leaf WHERE batch = ?", arguments: [batch])
        else { throw ArchiveError(.integrity, "rows of batch \(batch) have no ledger line") }
        let sequence: Int64 = row["seq"]
        let bytes = [UInt8](row["note"] as Data)
        let note = try SignedNote(parsing: bytes)
        let leaf = try LeafBody(parsing: note.text)
        let head = try LedgerTable.head(header, db)
        let proof = try MerkleTree.inclusionProof(index: UInt64(sequence), size: head.size) {
            try LedgerTable.hash($0, db)
        }
        try MerkleTree.verifyInclusion(
            index: UInt64(sequence), size: head.size, leafHash: MerkleTree.leafHash(bytes), proof: proof,
            root: head.root)
        let signers = try CertificateRules(archive: self, db).signers(of: note, atLine: sequence)
        guard leaf.sequence == UInt64(sequence), leaf.batch == batch, signers.contains(where: { $0.user == leaf.actor })
        else { throw ArchiveError(.integrity, "ledger line \(sequence) is not signed by a user of the archive") }
        let digest = try Batch.digest(batch, db)
        guard digest.count == leaf.objects?.count, digest.root == leaf.objects?.root else {
            throw ArchiveError(.integrity, "the rows of batch \(batch) are not those of ledger line \(sequence)")
        }
        trust.withLock { $0.leaves[batch] = leaf }
        return leaf
    }

    /// The newest public key of the drop-box at `place`: what content for people who are not here is sealed to.
    ///
    /// - Throws: ``ArchiveError`` `integrity` where there is none, or the ledger does not vouch for it.
    func intakeKey(at place: NodePlace, _ db: Database) throws -> (id: Int64, key: X25519PublicKey) {
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT id, publicKey, batch FROM key WHERE kind = 'intake' AND category = ? AND unit = ?
                        AND batch NOT IN (SELECT id FROM openBatch) ORDER BY epoch DESC LIMIT 1
                        """), arguments: [place.category.rawValue, place.unit])
        else { throw ArchiveError(.integrity, "the category \(place.category.rawValue) has no drop-box") }
        let id: Int64 = row["id"]
        if let known = trust.withLock({ $0.intakes[id] }) { return (id, known) }
        guard try isMadeByHolder(place, leaf: vouchedLeaf(ofBatch: row["batch"], db), db),
            let raw: Data = row["publicKey"]
        else {
            throw ArchiveError(.integrity, "the drop-box of \(place.category.rawValue) was made by nobody who may")
        }
        let key = try X25519PublicKey(rawBytes: [UInt8](raw))
        trust.withLock { $0.intakes[id] = key }
        return (id, key)
    }

    /// The auditors' public key, which the details of an act are sealed to.
    func detailsKey(_ db: Database) throws -> (id: Int64, key: X25519PublicKey) {
        try intakeKey(at: NodePlace(category: .audit, unit: rootUnit(db)), db)
    }

    /// Whether the act of `leaf` could make keys at `place`: it is the ceremony, or its actor held a node there or above.
    func isMadeByHolder(_ place: NodePlace, leaf: LeafBody, _ db: Database) throws -> Bool {
        if try leaf.batch == ceremonyBatch(db) { return true }
        let above = try unitsAbove(place.unit, db)
        let rules = CertificateRules(archive: self, db)
        let serial = try rules.serving(leaf.actor, atLine: Int64(leaf.sequence))?.serial
        return try Row.fetchAll(
            db,
            sql: """
                SELECT user, category, unit, accessGrant.note AS note, accessGrant.batch AS batch FROM accessGrant
                JOIN leaf ON leaf.batch = accessGrant.batch WHERE user = ? AND category = ? AND leaf.seq < ?
                """, arguments: [leaf.actor, place.category.rawValue, Int64(leaf.sequence)]
        ).contains { row in
            guard above.contains(row["unit"]) else { return false }
            let grant = try rules.verifiedGrant(row)
            // A grant ends with the certificate that it was made to.
            return grant.serial == serial && ArchiveTime(leaf.time).map { grant.isInForce(on: $0.date) } ?? false
        }
    }
}
