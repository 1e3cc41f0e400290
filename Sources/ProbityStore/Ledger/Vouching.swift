import ProbityCrypto
import ProbityLedger
import ProbityRecords
import Synchronization

// What a row must have behind it before something secret is entrusted to it.
//
// Whoever can write the file can add rows. `check` finds them, but only afterwards; so that nothing is sealed to a key that
// a stranger put there, the few public keys that secrets go to are taken from a row only where the ledger vouches for it:
//
//   row -> batch -> leaf   the row, as it stands in the database, is one of the leaf's objects (RowTiles.swift)
//   leaf -> tree           the leaf is in the tree whose head the log key signed
//   leaf -> person         its actor signed it, under a certificate in force then that leads back to the ceremony
//   person -> place        the ceremony made the key, or the actor held the node above it (design §5)

/// What the ledger has vouched for, remembered: neither a ledger line nor what it names ever changes.
final class VouchedRows: Sendable {
    fileprivate struct Known {
        var leaves: [Int64: LeafBody] = [:]
        var intakes: [Int64: X25519PublicKey] = [:]
        /// Nodes of the tree that led to a head which the log key signed, and those beside them on the way.
        var nodes = BoundedCache<NodeAddress, SHA256Digest>(capacity: 65_536)
        /// Hashes of rows, at most 16 MiB of them.
        var tiles = BoundedCache<RowTileAddress, [SHA256Digest]>(capacity: 2_048)
    }

    fileprivate let known = Mutex(Known())

    /// What was vouched for inside a transaction may be gone with it.
    func forget() { known.withLock { $0 = Known() } }

    func node(_ address: NodeAddress) -> SHA256Digest? { known.withLock { $0.nodes[address] } }

    func remember(_ nodes: [(address: NodeAddress, hash: SHA256Digest)]) {
        known.withLock { known in for node in nodes { known.nodes[node.address] = node.hash } }
    }

    /// A tile that led to its line's root before.
    func tile(_ address: RowTileAddress) -> [SHA256Digest]? { known.withLock { $0.tiles[address] } }

    func remember(_ address: RowTileAddress, _ hashes: [SHA256Digest]) {
        known.withLock { $0.tiles[address] = hashes }
    }
}

/// Whether the ledger vouches for rows, in one snapshot.
struct Vouching {
    private let archive: Archive
    private let db: Connection
    private let credentials: Credentials

    /// - Parameter credentials: of the same snapshot, where somebody has read them already.
    init(_ archive: Archive, _ db: Connection, _ credentials: Credentials? = nil) {
        self.archive = archive
        self.db = db
        self.credentials = credentials ?? Credentials(archive, db)
    }

    /// The ledger line under which a row stands, where it is one of those that the line names.
    ///
    /// - Parameter key: the values of its primary key.
    /// - Throws: ``ArchiveError`` `integrity` where any of the steps above does not hold.
    func line(of table: Table, _ key: [Value]) throws -> LeafBody {
        guard let row = try RowMark.row(table, key, db) else {
            throw ArchiveError(.integrity, "a row of \(table.rawValue) is missing")
        }
        let leaf = try line(ofBatch: row.batch)
        guard let objects = leaf.objects else {
            throw ArchiveError(.integrity, "ledger line \(leaf.sequence) does not speak of its rows")
        }
        let proof = RowProof(batch: row.batch, count: objects.count, root: objects.root)
        guard try proof.holds(row.hash, archive.vouched, db) else {
            throw ArchiveError(
                .integrity, "a row of \(table.rawValue) is none of those that ledger line \(leaf.sequence) names")
        }
        return leaf
    }

    /// The ledger line of `batch`, where somebody who served has signed it and it is in the tree. Which rows it names is another
    /// question.
    ///
    /// - Throws: ``ArchiveError`` `integrity`.
    func line(ofBatch batch: Int64) throws -> LeafBody {
        if let known = archive.vouched.known.withLock({ $0.leaves[batch] }) { return known }
        guard let (sequence, bytes) = try LeafTable.leaf(ofBatch: batch, db) else {
            throw ArchiveError(.integrity, "rows of batch \(batch) have no ledger line")
        }
        let index = UInt64(sequence)
        let note = try SignedNote(parsing: bytes)
        let leaf = try LeafBody(parsing: note.text)
        try Ledger.demandIncluded(index, bytes, archive, db)
        let signers = try credentials.signers(of: note, atLine: sequence)
        guard leaf.sequence == index, leaf.batch == batch, signers.contains(where: { $0.user == leaf.actor })
        else { throw ArchiveError(.integrity, "ledger line \(sequence) is not signed by a user of the archive") }
        archive.vouched.known.withLock { $0.leaves[batch] = leaf }
        return leaf
    }

    /// Demands that a line is in the tree and signed by whom it names, who served then.
    ///
    /// - Throws: ``ArchiveError`` `integrity`.
    func demandLine(_ leaf: LeafBody, _ bytes: [UInt8]) throws {
        try Ledger.demandIncluded(leaf.sequence, bytes, archive, db)
        let signers = try credentials.signers(of: SignedNote(parsing: bytes), atLine: Int64(leaf.sequence))
        guard signers.contains(where: { $0.user == leaf.actor }) else {
            throw ArchiveError(.integrity, "ledger line \(leaf.sequence) is not signed by whom it names")
        }
    }

    /// The public key of the bureau's drop-box of a category: what content for people who are not here is sealed to.
    ///
    /// The ceremony made it, and no act makes another.
    ///
    /// - Throws: ``ArchiveError`` `integrity` where there is none, or the ledger does not vouch for it.
    func intakeKey(of category: ProbityRecords.Category) throws -> (id: Int64, key: X25519PublicKey) {
        let place = NodePlace(category: category, unit: try UnitTable.root(db))
        let ceremony = try ArchiveTable.ceremonyBatch(db)
        guard let row = try KeyTable.rows(.intake, at: place, db).first(where: { $0.batch == ceremony }) else {
            throw ArchiveError(.integrity, "the category \(category.rawValue) has no drop-box")
        }
        if let known = archive.vouched.known.withLock({ $0.intakes[row.id] }) { return (row.id, known) }
        _ = try line(of: .key, [.integer(row.id)])
        guard let raw = row.publicKey else {
            throw ArchiveError(.integrity, "the drop-box of \(category.rawValue) has no key")
        }
        let key = try X25519PublicKey(rawBytes: raw)
        archive.vouched.known.withLock { $0.intakes[row.id] = key }
        return (row.id, key)
    }

    /// The auditors' public key, which the details of an act are sealed to.
    func detailsKey() throws -> (id: Int64, key: X25519PublicKey) { try intakeKey(of: .audit) }

    // MARK: What does not open for whoever should open it

    /// Whether somebody who could make keys at `place` may have made rows of `batch`: then it is the row that was changed, and
    /// nothing else is put in its place. Rows of nobody who may were put there.
    func mayHaveMade(_ batch: Int64, at place: NodePlace) throws -> Bool {
        do {
            return try isMadeByHolder(place, leaf: line(ofBatch: batch))
        } catch let error as ArchiveError where error.code == .integrity {
            // Of a line that was changed nobody knows who signed it.
            return try LeafTable.line(ofBatch: batch, db) != nil
        }
    }

    /// Whether a unit, and those above it, stand where the ledger says.
    ///
    /// - Parameter batch: of the act that is being written, whose line comes last.
    /// - Throws: ``ArchiveError`` `integrity`.
    func demandUnit(_ unit: String, writing batch: Int64) throws {
        for unit in try Organisation(db).above(unit) {
            guard let made = try UnitTable.batch(of: unit, db) else {
                throw ArchiveError(.integrity, "there is no unit \(unit)")
            }
            if made == batch { continue }
            let leaf = try line(of: .unit, [.text(unit)])
            let role = try credentials.serving(leaf.actor, atLine: Int64(leaf.sequence))?.role
            let mayAdd = role.map { archive.policy.decide(role: $0, act: .configure).isAllowed } ?? false
            guard try made == ArchiveTable.ceremonyBatch(db) || leaf.act == Act.unitAdd.code && mayAdd else {
                throw ArchiveError(.integrity, "the unit \(unit) was made by nobody who may")
            }
        }
    }

    /// Whether the act of `leaf` could make keys at `place`: it is the ceremony, or its actor held a node there or above.
    ///
    /// - Parameter organisation: of the same snapshot, where somebody has read it already.
    func isMadeByHolder(_ place: NodePlace, leaf: LeafBody, _ organisation: Organisation? = nil) throws -> Bool {
        if try leaf.batch == ArchiveTable.ceremonyBatch(db) { return true }
        let above = try (organisation ?? Organisation(db)).above(place.unit)
        let line = Int64(leaf.sequence)
        let serial = try credentials.serving(leaf.actor, atLine: line)?.serial
        return try GrantTable.rows(of: leaf.actor, in: place.category, beforeLine: line, db).contains { row in
            guard above.contains(row.unit) else { return false }
            let grant = try credentials.verified(row)
            // A grant ends with the certificate that it was made to.
            return grant.serial == serial && ArchiveTime(leaf.time).map { grant.isInForce(on: $0.date) } ?? false
        }
    }
}
