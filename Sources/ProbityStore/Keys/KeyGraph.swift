import CanonicalJSON
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

/// The part of the key graph that one unlocked user can walk.
///
/// Not thread-safe: it belongs to one ``Session``.
final class KeyGraph {
    private let archiveID: String
    private let rootUnit: String
    private let identity: Identity
    private let recoveryKey: X25519PublicKey
    /// The user's grants as the act under way asks for them.
    private(set) var grants: HeldGrants
    /// Wraps that a grant in force gives to the user, by the node key that each opens.
    private var granted: [Int64: Set<SHA256Digest>] = [:]
    private var nodes: [Int64: NodeSecret] = [:]
    private var tagKeys: [Int64: TagKey] = [:]
    private var keyIDs: [KeyKind: [NodePlace: Int64]] = [:]
    /// Opened private keys of drop-boxes, by key row.
    private var intakeKeys: [Int64: X25519PrivateKey] = [:]
    private var dossiers = BoundedCache<Int64, DossierKey>(capacity: 16_384)

    init(header: ArchiveHeader, rootUnit: String, identity: Identity, grants: HeldGrants) {
        self.archiveID = header.archiveID
        self.rootUnit = rootUnit
        self.identity = identity
        self.recoveryKey = header.recoveryKey
        self.grants = grants
        granted = KeyGraph.wraps(of: grants)
    }

    private static func wraps(of grants: HeldGrants) -> [Int64: Set<SHA256Digest>] {
        Dictionary(grouping: grants.inForce, by: \.key).mapValues { Set($0.map(\.wrapDigest)) }
    }

    /// Forgets everything derived from rows that a rolled-back transaction may have made.
    func forget() {
        nodes.removeAll()
        tagKeys.removeAll()
        keyIDs.removeAll()
        intakeKeys.removeAll()
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
    func keyID(_ kind: KeyKind, at place: NodePlace, _ db: Connection) throws -> Int64? {
        if let known = keyIDs[kind]?[place] { return known }
        let id = try KeyTable.newest(kind, at: place, db)?.id
        if let id { keyIDs[kind, default: [:]][place] = id }
        return id
    }

    /// Takes the user's grants as they stand now. Where another set is in force, everything that was opened is closed.
    func admit(_ grants: HeldGrants) {
        self.grants = grants
        let wraps = KeyGraph.wraps(of: grants)
        guard wraps != granted else { return }
        granted = wraps
        forget()
    }

    /// The secret of the node key `id`, by whatever path leads there; nil where none does.
    func open(node id: Int64, _ db: Connection, depth: Int = 0) throws -> NodeSecret? {
        if let known = nodes[id] { return known }
        // The organisation is never that deep; a cycle in a damaged graph must end.
        guard depth < 24 else { return nil }
        guard let row = try KeyTable.row(id, db), row.kind == KeyKind.node.rawValue,
            let category = Category(rawValue: row.category)
        else { return nil }
        let place = NodePlace(category: category, unit: row.unit)
        let wraps = try WrapTable.wraps(of: id, db)
        for wrap in wraps {
            if let user = wrap.byUser, user == identity.user,
                granted[id]?.contains(SHA256Digest.hash(wrap.wrapped)) == true
            {
                let secret = try PersonWrap.unwrap(
                    wrap.wrapped, with: identity.agreementKey,
                    context: KeyGraph.userContext(
                        archiveID: archiveID, user: user, key: id, purpose: KeyKind.node.rawValue))
                return try keep(NodeSecret(keyID: id, place: place, secret: secret))
            }
        }
        for wrap in wraps {
            if let parent = wrap.byKey, let above = try open(node: parent, db, depth: depth + 1) {
                let secret = try KeyWrap.unwrap(
                    wrap.wrapped, under: above.wrapKey,
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

    func open(_ place: NodePlace, _ db: Connection) throws -> NodeSecret? {
        guard let id = try keyID(.node, at: place, db) else { return nil }
        return try open(node: id, db)
    }

    /// The index or tag key that hangs below the node at `place`.
    func tagKey(_ kind: KeyKind, at place: NodePlace, _ db: Connection) throws -> TagKey? {
        guard let id = try keyID(kind == .tag ? .tag : .index, at: tagPlace(kind, place), db) else { return nil }
        if let known = tagKeys[id] { return known }
        // A tag key is wrapped once under every node of its category: the one at hand first, then any that opens.
        let here = try keyID(.node, at: place, db)
        let wraps = try WrapTable.wraps(of: id, db)
        for wrap in wraps.filter({ $0.byKey == here }) + wraps.filter({ $0.byKey != here }) {
            guard let parent = wrap.byKey else { continue }
            guard let node = try open(node: parent, db) else { continue }
            let key = TagKey(
                try KeyWrap.unwrap(
                    wrap.wrapped, under: node.wrapKey,
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
    func intakeKey(_ id: Int64, _ db: Connection) throws -> X25519PrivateKey? {
        if let known = intakeKeys[id] { return known }
        for wrap in try WrapTable.wraps(of: id, db) {
            guard let parent = wrap.byKey, let node = try open(node: parent, db) else { continue }
            let secret = try KeyWrap.unwrap(
                wrap.wrapped, under: node.wrapKey,
                context: keyContext(from: parent, to: "key:\(id)", purpose: .intake))
            let key = try X25519PrivateKey(rawSecret: secret)
            intakeKeys[id] = key
            return key
        }
        return nil
    }

    /// The newest key of a dossier, or the one of `epoch`; nil where the user's keys do not lead to it.
    func dossierKey(_ dossier: Int64, epoch: Int64? = nil, _ db: Connection) throws -> DossierKey? {
        guard case .open(let key) = try access(dossier, epoch: epoch, db) else { return nil }
        return key
    }

    /// What the user's keys do with a dossier.
    enum DossierAccess {
        case open(DossierKey)
        /// - Parameter node: the one that does not open; nil for a dossier that has no key.
        case closed(node: Int64?)
    }

    /// As ``dossierKey(_:epoch:_:)``, with the node where the way ends.
    ///
    /// - Parameter closed: nodes that did not open a moment ago.
    func access(
        _ dossier: Int64, epoch: Int64? = nil, closed: Set<Int64> = [], _ db: Connection
    ) throws -> DossierAccess {
        if let known = dossiers[dossier], epoch == nil || known.epoch == epoch { return .open(known) }
        guard let row = try DossierTable.key(of: dossier, upTo: epoch ?? .max, db) else { return .closed(node: nil) }
        guard !closed.contains(row.node), let node = try open(node: row.node, db) else {
            return .closed(node: row.node)
        }
        let epoch = row.epoch
        let secret = try KeyWrap.unwrap(
            row.wrapped, under: node.wrapKey,
            context: dossierContext(node: node.keyID, dossier: dossier, epoch: epoch))
        let key = DossierKey(dossier: dossier, epoch: epoch, cipher: try XAES256GCM(key: secret))
        dossiers[dossier] = key
        return .open(key)
    }

    private func dossierContext(node: Int64, dossier: Int64, epoch: Int64) -> [UInt8] {
        context(from: "key:\(node)", to: "dossier:\(dossier):\(epoch)", purpose: "dossier")
    }

    // MARK: Making

    /// The node at `place`, made at first use by a holder of its parent.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where no key of the user leads to the place.
    func node(at place: NodePlace, in writer: RowWriter) throws -> NodeSecret {
        let db = writer.db
        if let id = try keyID(.node, at: place, db) {
            guard let node = try open(node: id, db) else {
                throw ArchiveError(noKeyFor: place)
            }
            return node
        }
        guard let parent = try UnitTable.parent(of: place.unit, db) else {
            throw ArchiveError(noKeyFor: place)
        }
        let above = try node(at: NodePlace(category: place.category, unit: parent), in: writer)
        return try makeNode(at: place, below: above, in: writer).node
    }

    /// Makes the node at `place` with its intake, index and tag keys and its recovery wrap.
    ///
    /// - Parameter above: nil makes a root, whose first wrap to a user the caller adds (the ceremony).
    /// - Returns: the node, and the public key of its drop-box with the number of its row.
    @discardableResult
    func makeNode(at place: NodePlace, below above: NodeSecret?, in writer: RowWriter) throws -> (
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
        _ node: NodeSecret, key: Int64, kind: KeyKind, secret: consuming SecretBytes, in writer: RowWriter
    ) throws {
        try writer.insertWrap(
            of: key, byKey: node.keyID,
            KeyWrap.wrap(
                secret, under: node.wrapKey, context: keyContext(from: node.keyID, to: "key:\(key)", purpose: kind)))
    }

    /// Makes the dossier of an officer in a category, with its first key.
    func makeDossier(_ category: Category, officer: Int64, below node: NodeSecret, in writer: RowWriter) throws
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
    func dossierTag(_ category: Category, officer: Int64, at place: NodePlace, _ db: Connection) throws -> [UInt8] {
        guard let key = try tagKey(.tag, at: place, db) else {
            throw ArchiveError(
                .notVisible, "no key for \(category.rawValue)", rule: "key.category",
                params: ["category": "category/\(category.rawValue)"])
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
}
