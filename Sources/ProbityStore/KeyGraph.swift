import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityRecords

// The key graph (crypto.md §2, "The construction").
//
//   user's agreement key  --HPKE-->  node secret NS(category, unit, epoch)        one wrap a grant
//   recovery key          --HPKE-->  NS                                           paper only
//   NS(parent unit)       --XAES-->  NS(child unit)                               the organisation tree
//   NS                    --XAES-->  intake private key, index key, tag key
//   NS                    --XAES-->  dossier key, which seals the versions
//
// Invariants
//  1. A secret is in the database only inside a wrap; a wrap's context names the archive, both ends and the purpose, so a
//     wrap moved to another place does not open.
//  2. Access is reachability: a user reads what his wraps lead to and nothing else. No code path decides otherwise.
//  3. A wrap to a user counts only with a grant that names its digest and carries both signatures; a wrap to a public key
//     is made only with a key taken from a verified certificate, or from a key row whose batch has a leaf.
//  4. The tag key of a category is one for all its nodes and does not rotate: a dossier is found by its officer in one
//     look-up wherever it hangs. The index key is each node's own: equality leaks inside a node only.

/// Where a node of the key graph stands.
struct NodePlace: Hashable, Sendable {
    let category: Category
    let unit: String
}

enum KeyKind: String {
    case node, intake, index, tag, log
}

/// An opened node: what wraps below it.
final class NodeSecret: Sendable {
    let keyID: Int64
    let place: NodePlace
    let secret: SecretBytes
    let wrapKey: XAES256GCM

    init(keyID: Int64, place: NodePlace, secret: consuming SecretBytes) throws {
        self.keyID = keyID
        self.place = place
        self.wrapKey = try XAES256GCM(
            key: HKDFSHA256.derive(secret: secret, salt: [], info: Array("probity/node/wrap/v1".utf8), byteCount: 32))
        self.secret = secret
    }
}

/// A dossier key that is ready to seal and open versions.
struct DossierKey: Sendable {
    let dossier: Int64
    let epoch: Int64
    let cipher: XAES256GCM
}

/// A secret used with HMAC: the index key of a node or the tag key of a category.
final class TagKey: Sendable {
    let secret: SecretBytes
    init(_ secret: consuming SecretBytes) { self.secret = secret }

    func tag(_ parts: [UInt8]) -> [UInt8] {
        HMACSHA256.authenticate(key: secret, message: parts)
    }
}

/// The part of the key graph that one unlocked user can walk.
///
/// Not thread-safe: it belongs to one ``Session``.
final class KeyGraph {
    private let archiveID: String
    private let rootUnit: String
    private let identity: Identity
    private let recoveryKey: X25519PublicKey
    /// Wraps that a grant with both signatures gives to the user, by the node key that each opens.
    private var granted: [Int64: Set<SHA256Digest>] = [:]
    private var nodes: [Int64: NodeSecret] = [:]
    private var tagKeys: [Int64: TagKey] = [:]
    private var keyIDs: [String: Int64] = [:]
    private var dossiers = BoundedCache<Int64, DossierKey>(capacity: 16_384)

    init(header: ArchiveHeader, rootUnit: String, identity: Identity) {
        self.archiveID = header.archiveID
        self.rootUnit = rootUnit
        self.identity = identity
        self.recoveryKey = header.recoveryKey
    }

    /// Forgets everything derived from rows that a rolled-back transaction may have made.
    func forget() {
        nodes.removeAll()
        tagKeys.removeAll()
        keyIDs.removeAll()
        dossiers.removeAll()
    }

    // MARK: Contexts

    private func context(from: String, to: String, purpose: String) -> [UInt8] {
        KeyGraph.context(archiveID: archiveID, from: from, to: to, purpose: purpose)
    }

    /// The context of a wrap (crypto.md §2, "Context"), canonical JSON.
    static func context(archiveID: String, from: String, to: String, purpose: String) -> [UInt8] {
        JSONValue.object([
            "v": .integer(1), "suite": .integer(Int64(Suite.intl.rawValue)), "archive": .string(archiveID),
            "from": .string(from), "to": .string(to), "purpose": .string(purpose),
        ]).canonicalBytes
    }

    static func userContext(archiveID: String, user: String, key: Int64, purpose: String) -> [UInt8] {
        context(archiveID: archiveID, from: "user:\(user)", to: "key:\(key)", purpose: purpose)
    }

    private func keyContext(from: Int64, to: String, purpose: KeyKind) -> [UInt8] {
        context(from: "key:\(from)", to: to, purpose: purpose.rawValue)
    }

    // MARK: Opening

    /// The newest key of `kind` at `place`; nil where the node does not exist.
    func keyID(_ kind: KeyKind, at place: NodePlace, _ db: Database) throws -> Int64? {
        let name = "\(kind.rawValue)/\(place.category.rawValue)/\(place.unit)"
        if let known = keyIDs[name] { return known }
        let id = try Int64.fetchOne(
            db,
            sql: """
                SELECT id FROM key WHERE category = ? AND unit = ? AND kind = ?
                AND batch NOT IN (SELECT id FROM openBatch) ORDER BY epoch DESC LIMIT 1
                """,
            arguments: [place.category.rawValue, place.unit, kind.rawValue])
        if let id { keyIDs[name] = id }
        return id
    }

    /// Takes the user's verified grants in force.
    func admit(_ grants: [Grant]) {
        granted = Dictionary(grouping: grants, by: \.key).mapValues { Set($0.map(\.wrapDigest)) }
    }

    /// The secret of the node key `id`, by whatever path leads there; nil where none does.
    func open(node id: Int64, _ db: Database, depth: Int = 0) throws -> NodeSecret? {
        if let known = nodes[id] { return known }
        // The organisation is never that deep; a cycle in a damaged graph must end.
        guard depth < 24 else { return nil }
        guard
            let row = try Row.fetchOne(db, sql: "SELECT kind, category, unit FROM key WHERE id = ?", arguments: [id]),
            row["kind"] == KeyKind.node.rawValue, let category = Category(rawValue: row["category"])
        else { return nil }
        let place = NodePlace(category: category, unit: row["unit"])
        let wraps = try Row.fetchAll(
            db, sql: "SELECT byUser, byKey, wrapped FROM wrap WHERE key = ? ORDER BY id", arguments: [id])
        for wrap in wraps {
            let wrapped = [UInt8](wrap["wrapped"] as Data)
            if let user: String = wrap["byUser"], user == identity.user,
                granted[id]?.contains(SHA256Digest.hash(wrapped)) == true
            {
                let secret = try PersonWrap.unwrap(
                    wrapped, with: identity.agreementKey,
                    context: KeyGraph.userContext(
                        archiveID: archiveID, user: user, key: id, purpose: KeyKind.node.rawValue))
                return try keep(NodeSecret(keyID: id, place: place, secret: secret))
            }
        }
        for wrap in wraps {
            if let parent: Int64 = wrap["byKey"], let above = try open(node: parent, db, depth: depth + 1) {
                let secret = try KeyWrap.unwrap(
                    [UInt8](wrap["wrapped"] as Data), under: above.wrapKey,
                    context: keyContext(from: parent, to: "key:\(id)", purpose: .node))
                return try keep(NodeSecret(keyID: id, place: place, secret: secret))
            }
        }
        return nil
    }

    private func keep(_ node: NodeSecret) throws -> NodeSecret {
        nodes[node.keyID] = node
        return node
    }

    func open(_ place: NodePlace, _ db: Database) throws -> NodeSecret? {
        guard let id = try keyID(.node, at: place, db) else { return nil }
        return try open(node: id, db)
    }

    /// The index or tag key that hangs below the node at `place`.
    func tagKey(_ kind: KeyKind, at place: NodePlace, _ db: Database) throws -> TagKey? {
        guard let id = try keyID(kind == .tag ? .tag : .index, at: tagPlace(kind, place), db) else { return nil }
        if let known = tagKeys[id] { return known }
        let wraps = try Row.fetchAll(
            db, sql: "SELECT byKey, wrapped FROM wrap WHERE key = ? AND byKey IS NOT NULL ORDER BY id", arguments: [id])
        // A tag key is wrapped once under every node of its category: the one at hand first, then any that opens.
        let here = try keyID(.node, at: place, db)
        for wrap in wraps.sorted(by: { ($0["byKey"] == here ? 0 : 1) < ($1["byKey"] == here ? 0 : 1) }) {
            let parent: Int64 = wrap["byKey"]
            guard let node = try open(node: parent, db) else { continue }
            let key = TagKey(
                try KeyWrap.unwrap(
                    [UInt8](wrap["wrapped"] as Data), under: node.wrapKey,
                    context: keyContext(from: parent, to: "key:\(id)", purpose: kind)
                ))
            tagKeys[id] = key
            return key
        }
        return nil
    }

    /// Tag keys stand at the root of their category, whatever node asks.
    private func tagPlace(_ kind: KeyKind, _ place: NodePlace) -> NodePlace {
        kind == .tag ? NodePlace(category: place.category, unit: rootUnit) : place
    }

    /// The private key of the drop-box (intake) of the node at `place`, by its key row's id.
    func intakeKey(_ id: Int64, _ db: Database) throws -> X25519PrivateKey? {
        let wraps = try Row.fetchAll(
            db, sql: "SELECT byKey, wrapped FROM wrap WHERE key = ? AND byKey IS NOT NULL", arguments: [id])
        for wrap in wraps {
            let parent: Int64 = wrap["byKey"]
            guard let node = try open(node: parent, db) else { continue }
            let secret = try KeyWrap.unwrap(
                [UInt8](wrap["wrapped"] as Data), under: node.wrapKey,
                context: keyContext(from: parent, to: "key:\(id)", purpose: .intake))
            return try X25519PrivateKey(rawSecret: secret)
        }
        return nil
    }

    /// The newest key of a dossier, or the one of `epoch`; nil where the user's keys do not lead to it.
    func dossierKey(_ dossier: Int64, epoch: Int64? = nil, _ db: Database) throws -> DossierKey? {
        if let known = dossiers[dossier], epoch == nil || known.epoch == epoch { return known }
        guard
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT epoch, node, wrapped FROM dossierKey WHERE dossier = ? AND epoch <= ?
                    ORDER BY epoch DESC LIMIT 1
                    """,
                arguments: [dossier, epoch ?? Int64.max]),
            let node = try open(node: row["node"], db)
        else { return nil }
        let epoch: Int64 = row["epoch"]
        let secret = try KeyWrap.unwrap(
            [UInt8](row["wrapped"] as Data), under: node.wrapKey,
            context: dossierContext(node: node.keyID, dossier: dossier, epoch: epoch))
        let key = DossierKey(dossier: dossier, epoch: epoch, cipher: try XAES256GCM(key: secret))
        dossiers[dossier] = key
        return key
    }

    private func dossierContext(node: Int64, dossier: Int64, epoch: Int64) -> [UInt8] {
        context(from: "key:\(node)", to: "dossier:\(dossier):\(epoch)", purpose: "dossier")
    }

    // MARK: Making

    /// The node at `place`, made at first use by a holder of its parent.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where no key of the user leads to the place.
    func node(at place: NodePlace, in writer: BatchWriter) throws -> NodeSecret {
        let db = writer.db
        if let id = try keyID(.node, at: place, db) {
            guard let node = try open(node: id, db) else {
                throw ArchiveError(.notVisible, "no key for \(place.category.rawValue) at unit \(place.unit)")
            }
            return node
        }
        guard let parent = try String.fetchOne(db, sql: "SELECT parent FROM unit WHERE id = ?", arguments: [place.unit])
        else { throw ArchiveError(.notVisible, "no key for \(place.category.rawValue) at unit \(place.unit)") }
        let above = try node(at: NodePlace(category: place.category, unit: parent), in: writer)
        return try makeNode(at: place, below: above, in: writer).node
    }

    /// Makes the node at `place` with its intake, index and tag keys and its recovery wrap.
    ///
    /// - Parameter above: nil makes a root, whose first wrap to a user the caller adds (the ceremony).
    /// - Returns: the node, and the public key of its drop-box with the number of its row.
    @discardableResult
    func makeNode(at place: NodePlace, below above: NodeSecret?, in writer: BatchWriter) throws -> (
        node: NodeSecret, intake: (id: Int64, key: X25519PublicKey)
    ) {
        let id = try writer.insertKey(.node, at: place, publicKey: nil)
        let node = try NodeSecret(keyID: id, place: place, secret: SecretBytes(randomByteCount: 32))
        if let above {
            try writer.insertWrap(
                of: id, byKey: above.keyID,
                KeyWrap.wrap(
                    node.secret, under: above.wrapKey,
                    context: keyContext(from: above.keyID, to: "key:\(id)", purpose: .node)))
        }
        // Everything but the reporters' identities can be recovered from paper (design §5).
        if place.category != .reporter {
            try writer.insertRecoveryWrap(
                of: id,
                PersonWrap.wrap(
                    node.secret, to: recoveryKey,
                    context: context(from: "recovery", to: "key:\(id)", purpose: KeyKind.node.rawValue)))
        }
        let intake = try X25519PrivateKey()
        let intakeID = try writer.insertKey(.intake, at: place, publicKey: intake.publicKey.rawBytes)
        try wrapBelow(node, key: intakeID, kind: .intake, secret: intake.rawSecret(), in: writer)
        if place.category == .roster {
            let indexID = try writer.insertKey(.index, at: place, publicKey: nil)
            try wrapBelow(node, key: indexID, kind: .index, secret: SecretBytes(randomByteCount: 32), in: writer)
        }
        if let above {
            guard let tagID = try keyID(.tag, at: NodePlace(category: place.category, unit: rootUnit), writer.db),
                let tag = try tagKey(.tag, at: above.place, writer.db)
            else { throw ArchiveError(.integrity, "the category \(place.category.rawValue) has no tag key") }
            try wrapBelow(node, key: tagID, kind: .tag, secret: tag.secret.copy(), in: writer)
        } else {
            let tagID = try writer.insertKey(.tag, at: place, publicKey: nil)
            try wrapBelow(node, key: tagID, kind: .tag, secret: SecretBytes(randomByteCount: 32), in: writer)
        }
        return (try keep(node), (intakeID, intake.publicKey))
    }

    private func wrapBelow(
        _ node: NodeSecret, key: Int64, kind: KeyKind, secret: consuming SecretBytes, in writer: BatchWriter
    ) throws {
        try writer.insertWrap(
            of: key, byKey: node.keyID,
            KeyWrap.wrap(
                secret, under: node.wrapKey, context: keyContext(from: node.keyID, to: "key:\(key)", purpose: kind)))
    }

    /// Makes the dossier of an officer in a category, with its first key.
    func makeDossier(_ category: Category, officer: Int64, below node: NodeSecret, in writer: BatchWriter) throws
        -> DossierKey
    {
        let tag = try dossierTag(category, officer: officer, at: node.place, writer.db)
        let dossier = try writer.insertDossier(category, officerTag: tag)
        let secret = SecretBytes(randomByteCount: 32)
        let epoch: Int64 = 1
        let wrapped = try KeyWrap.wrap(
            secret, under: node.wrapKey, context: dossierContext(node: node.keyID, dossier: dossier, epoch: epoch))
        try writer.insertDossierKey(dossier, epoch: epoch, node: node.keyID, wrapped: wrapped)
        let key = DossierKey(dossier: dossier, epoch: epoch, cipher: try XAES256GCM(key: secret))
        dossiers[dossier] = key
        return key
    }

    /// The keyed hash under which the dossier of `officer` in `category` is found.
    func dossierTag(_ category: Category, officer: Int64, at place: NodePlace, _ db: Database) throws -> [UInt8] {
        guard let key = try tagKey(.tag, at: place, db) else {
            throw ArchiveError(.notVisible, "no key for \(category.rawValue)")
        }
        return key.tag(Array("dossier/\(category.rawValue)/\(officer)".utf8))
    }

    /// Wraps the node at `place` to another user; the caller records the grant.
    func wrap(_ node: NodeSecret, to certificate: Certificate) throws -> [UInt8] {
        try PersonWrap.wrap(
            node.secret, to: certificate.agreementKey,
            context: KeyGraph.userContext(
                archiveID: archiveID, user: certificate.user, key: node.keyID, purpose: KeyKind.node.rawValue))
    }

    /// Every node key of the category that exists, whether or not it can be opened.
    func nodeIDs(_ category: Category, _ db: Database) throws -> [(id: Int64, unit: String)] {
        try Row.fetchAll(
            db, sql: "SELECT id, unit FROM key WHERE category = ? AND kind = 'node' ORDER BY unit, epoch",
            arguments: [category.rawValue]
        ).map { ($0["id"], $0["unit"]) }
    }
}

/// A dictionary that forgets its older half when it is full, so that a long import keeps its memory.
struct BoundedCache<Key: Hashable, Value> {
    private let capacity: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    init(capacity: Int) { self.capacity = capacity }

    subscript(key: Key) -> Value? {
        mutating get {
            if let value = young[key] { return value }
            guard let value = old[key] else { return nil }
            self[key] = value
            return value
        }
        set {
            if young.count >= capacity / 2 {
                old = young
                young = [:]
            }
            young[key] = newValue
            if newValue == nil { old[key] = nil }
        }
    }

    mutating func removeAll() {
        young = [:]
        old = [:]
    }
}
