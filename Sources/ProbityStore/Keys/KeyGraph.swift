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
//     wrap moved to another place does not open. A node, and what hangs below it, is named with its place (category and
//     unit), so that a row whose place was changed does not open either.
//  2. Access is reachability: a user reads what his wraps lead to and nothing else. No code path decides otherwise.
//  3. A wrap to a user counts only with a grant that names its digest and carries both signatures; a wrap to a public key
//     is made only with a key taken from a verified certificate, or from a key row whose batch has a leaf.
//  4. The tag key of a category is one for all its nodes and does not rotate: a dossier is found by its officer in one
//     look-up wherever it hangs. The index key is each node's own: equality leaks inside a node only.
//  5. A row is believed where it proves its place, and set aside otherwise: it never stands before one that does. A node
//     opens below the node of the unit above it, in its own category; a dossier's key below a node of the dossier's
//     category, and it says whose dossier it is. No act begins a second epoch of anything yet, so no other is believed.

/// The part of the key graph that one unlocked user can walk.
///
/// Not thread-safe: it belongs to one ``Session``.
final class KeyGraph {
    private let archive: Archive
    private let rootUnit: String
    private let identity: Identity
    /// The user's grants as the act under way asks for them.
    private(set) var grants: HeldGrants
    /// Wraps that a grant in force gives to the user, by the node key that each opens.
    private var granted: [Int64: Set<SHA256Digest>] = [:]
    private var nodes: [Int64: NodeSecret] = [:]
    private var tagKeys: [Int64: TagKey] = [:]
    private var keyIDs: [KeyKind: [NodePlace: [Int64]]] = [:]
    /// Opened private keys of drop-boxes, by key row.
    private var intakeKeys: [Int64: X25519PrivateKey] = [:]
    private var dossiers = BoundedCache<Int64, DossierKey>(capacity: 16_384)

    init(_ archive: Archive, rootUnit: String, identity: Identity, grants: HeldGrants) {
        self.archive = archive
        self.rootUnit = rootUnit
        self.identity = identity
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
        KeyGraph.context(archiveID: archive.header.archiveID, from: from, to: to, purpose: purpose)
    }

    /// A key as contexts name it, with its place.
    static func name(_ key: Int64, at place: NodePlace) -> String {
        "key:\(key):\(place.category.rawValue):\(place.unit)"
    }

    /// The context of a wrap (crypto.md §2, "Context"), canonical JSON.
    static func context(archiveID: String, from: String, to: String, purpose: String) -> [UInt8] {
        var context = CanonicalObject()
        context.add("archive", .string(archiveID))
        context.add("from", .string(from))
        context.add("purpose", .string(purpose))
        context.add("suite", .integer(Int64(Suite.intl.rawValue)))
        context.add("to", .string(to))
        context.add("v", 1)
        return context.finish()
    }

    static func userContext(archiveID: String, user: String, to key: String, purpose: KeyKind) -> [UInt8] {
        context(archiveID: archiveID, from: "user:\(user)", to: key, purpose: purpose.rawValue)
    }

    private func nodeContext(to user: String, _ key: Int64, at place: NodePlace) -> [UInt8] {
        KeyGraph.userContext(
            archiveID: archive.header.archiveID, user: user, to: KeyGraph.name(key, at: place), purpose: .node)
    }

    private func keyContext(from node: NodeSecret, to key: Int64, at place: NodePlace, _ kind: KeyKind) -> [UInt8] {
        context(
            from: KeyGraph.name(node.keyID, at: node.place), to: KeyGraph.name(key, at: place), purpose: kind.rawValue)
    }

    /// What hangs below a node by its wrap; nil where the wrap is not one of that node to that key at that place.
    private func opened(
        _ wrapped: [UInt8], below node: NodeSecret, _ key: Int64, at place: NodePlace, _ kind: KeyKind
    ) throws -> SecretBytes? {
        try KeyGraph.believed {
            try KeyWrap.unwrap(
                wrapped, under: node.wrapKey, context: keyContext(from: node, to: key, at: place, kind))
        }
    }

    /// Nil for what does not open: somebody put it there, or changed it.
    private static func believed(_ open: () throws -> SecretBytes) throws -> SecretBytes? {
        do { return try open() } catch let error as CryptoError where error.code != .internalFailure { return nil }
    }

    // MARK: Opening

    /// The keys of `kind` that say to stand at `place`: more than one where somebody put another there.
    private func keyIDs(_ kind: KeyKind, at place: NodePlace, _ db: Connection) throws -> [Int64] {
        if let known = keyIDs[kind]?[place] { return known }
        let ids = try KeyTable.rows(kind, at: place, db).map(\.id)
        if !ids.isEmpty { keyIDs[kind, default: [:]][place] = ids }
        return ids
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
        guard let row = try KeyTable.row(id, db), row.kind == KeyKind.node.rawValue, row.epoch == Epoch.first,
            let category = Category(rawValue: row.category)
        else { return nil }
        let place = NodePlace(category: category, unit: row.unit)
        let wraps = try WrapTable.wraps(of: id, db)
        for wrap in wraps {
            if let user = wrap.byUser, user == identity.user,
                granted[id]?.contains(SHA256Digest.hash(wrap.wrapped)) == true
            {
                // His grant names this wrap: where it does not open, the row says another place than it did.
                let secret = try Seal.opening("key \(id)") {
                    try PersonWrap.unwrap(
                        wrap.wrapped, with: identity.agreementKey, context: nodeContext(to: user, id, at: place))
                }
                return try keep(NodeSecret(keyID: id, place: place, secret: secret))
            }
        }
        let parentUnit = try UnitTable.parent(of: row.unit, db)
        var closed: [WrapRow] = []
        for wrap in wraps {
            guard let parent = wrap.byKey, let above = try open(node: parent, db, depth: depth + 1),
                above.place.category == category, above.place.unit == parentUnit
            else { continue }
            if let secret = try opened(wrap.wrapped, below: above, id, at: place, .node) {
                return try keep(NodeSecret(keyID: id, place: place, secret: secret))
            }
            closed.append(wrap)
        }
        // Put there by somebody it is nothing; a true one that was changed is damage.
        let vouching = Vouching(archive, db)
        for wrap in closed where try vouching.mayHaveMade(wrap.batch, at: place) {
            throw ArchiveError(.integrity, "key \(id) does not open below the unit above")
        }
        return nil
    }

    private func keep(_ node: NodeSecret) throws -> NodeSecret {
        nodes[node.keyID] = node
        return node
    }

    /// The node at `place`, where the user's keys lead to it.
    ///
    /// - Throws: ``ArchiveError`` `integrity` where two prove the place.
    func open(_ place: NodePlace, _ db: Connection) throws -> NodeSecret? {
        let found = try keyIDs(.node, at: place, db).compactMap { try open(node: $0, db) }
        guard found.count < 2 else { throw KeyGraph.twice(place) }
        // A grant in force opens its place, or a row that it names was changed.
        guard !found.isEmpty || !grants.inForce.contains(where: { $0.place == place }) else {
            throw ArchiveError(.integrity, "the key at \(place.category.rawValue) of \(place.unit) does not open")
        }
        return found.first
    }

    private static func twice(_ place: NodePlace) -> ArchiveError {
        ArchiveError(.integrity, "two keys stand at \(place.category.rawValue) of \(place.unit)")
    }

    /// The index or tag key that hangs below the node at `place`.
    func tagKey(_ kind: KeyKind, at place: NodePlace, _ db: Connection) throws -> TagKey? {
        // A tag key stands at the root of its category and is wrapped once under every node of it: the one at hand first,
        // then any that opens.
        let own = kind == .tag ? NodePlace(category: place.category, unit: rootUnit) : place
        for id in try keyIDs(kind, at: own, db) {
            if let known = tagKeys[id] { return known }
            let here = try open(place, db)?.keyID
            let wraps = try WrapTable.wraps(of: id, db)
            for wrap in wraps.filter({ $0.byKey == here }) + wraps.filter({ $0.byKey != here }) {
                guard let parent = wrap.byKey, let node = try open(node: parent, db),
                    node.place.category == place.category, kind == .tag || node.place == place,
                    let secret = try opened(wrap.wrapped, below: node, id, at: own, kind)
                else { continue }
                let key = TagKey(id, secret)
                tagKeys[id] = key
                return key
            }
        }
        return nil
    }

    /// The private key of a drop-box (intake), by its key row's id.
    func intakeKey(_ id: Int64, _ db: Connection) throws -> X25519PrivateKey? {
        if let known = intakeKeys[id] { return known }
        for wrap in try WrapTable.wraps(of: id, db) {
            guard let parent = wrap.byKey, let node = try open(node: parent, db),
                let secret = try opened(wrap.wrapped, below: node, id, at: node.place, .intake)
            else { continue }
            let key = try X25519PrivateKey(rawSecret: secret)
            intakeKeys[id] = key
            return key
        }
        return nil
    }

    /// The key of a dossier; nil where the user's keys do not lead to it.
    ///
    /// - Throws: ``ArchiveError`` `integrity` where the key does not prove its place.
    func dossierKey(_ dossier: Int64, _ db: Connection) throws -> DossierKey? {
        switch try access(dossier, db) {
        case .open(let key): return key
        case .closed: return nil
        case .astray: throw ArchiveError(.integrity, "the key of a dossier does not belong to it")
        }
    }

    /// What the user's keys do with a dossier.
    enum DossierAccess {
        case open(DossierKey)
        /// - Parameter node: the one that does not open.
        case closed(node: Int64)
        /// The dossier has no key that proves its place: somebody put it there, or changed it.
        case astray
    }

    /// As ``dossierKey(_:_:)``, with the node where the way ends.
    ///
    /// - Parameter closed: nodes that did not open a moment ago.
    func access(_ dossier: Int64, closed: Set<Int64> = [], _ db: Connection) throws -> DossierAccess {
        if let known = dossiers[dossier] { return .open(known) }
        guard let row = try DossierTable.key(of: dossier, db), let category = row.category,
            let stands = try KeyTable.row(row.node, db), stands.category == category.rawValue,
            !category.isSealed || stands.unit == rootUnit
        else { return .astray }
        guard !closed.contains(row.node), let node = try open(node: row.node, db) else {
            return .closed(node: row.node)
        }
        let secret = try KeyGraph.believed {
            try KeyWrap.unwrap(row.wrapped, under: node.wrapKey, context: dossierContext(node, dossier))
        }
        guard let secret, let key = try DossierKey(dossier, at: node.place, secret) else { return .astray }
        dossiers[dossier] = key
        return .open(key)
    }

    private func dossierContext(_ node: NodeSecret, _ dossier: Int64) -> [UInt8] {
        context(
            from: KeyGraph.name(node.keyID, at: node.place), to: "dossier:\(dossier):\(Epoch.first)",
            purpose: "dossier")
    }

    // MARK: Making

    /// The node at `place`, made at first use by a holder of its parent.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where no key of the user leads to the place.
    func node(at place: NodePlace, in writer: RowWriter) throws -> NodeSecret {
        let db = writer.db
        if let node = try open(place, db) { return node }
        guard let parent = try UnitTable.parent(of: place.unit, db) else {
            throw ArchiveError(noKeyFor: place)
        }
        let above = try node(at: NodePlace(category: place.category, unit: parent), in: writer)
        // Whoever holds the node above opens every true one: what does not open was put there, or changed.
        let vouching = Vouching(archive, db)
        for row in try KeyTable.rows(.node, at: place, db) where try vouching.mayHaveMade(row.batch, at: place) {
            throw ArchiveError(.integrity, "the key at \(place.category.rawValue) of \(place.unit) does not open")
        }
        // What is below the unit's node for ever hangs where the ledger says that the unit does.
        try vouching.demandUnit(place.unit, writing: writer.batch)
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
                    node.secret, under: above.wrapKey, context: keyContext(from: above, to: id, at: place, .node)))
        }
        // Everything but the reporters' identities can be recovered from paper (design §5).
        if place.category != .reporter {
            try writer.insertRecoveryWrap(
                of: id,
                PersonWrap.wrap(
                    node.secret, to: archive.header.recoveryKey,
                    context: context(
                        from: "recovery", to: KeyGraph.name(id, at: place), purpose: KeyKind.node.rawValue)))
        }
        let intake = try X25519PrivateKey()
        let intakeID = try writer.insertKey(.intake, at: place, publicKey: intake.publicKey.rawBytes)
        try wrapBelow(node, intakeID, at: place, .intake, secret: intake.rawSecret(), in: writer)
        if place.category == .roster {
            let indexID = try writer.insertKey(.index, at: place, publicKey: nil)
            try wrapBelow(node, indexID, at: place, .index, secret: SecretBytes(randomByteCount: 32), in: writer)
        }
        let root = NodePlace(category: place.category, unit: rootUnit)
        if let above {
            guard let tag = try tagKey(.tag, at: above.place, writer.db) else {
                throw ArchiveError(.integrity, "the category \(place.category.rawValue) has no tag key")
            }
            try wrapBelow(node, tag.id, at: root, .tag, secret: tag.secret.copy(), in: writer)
        } else {
            let tagID = try writer.insertKey(.tag, at: root, publicKey: nil)
            try wrapBelow(node, tagID, at: root, .tag, secret: SecretBytes(randomByteCount: 32), in: writer)
        }
        keyIDs.removeAll()
        return (try keep(node), (intakeID, intake.publicKey))
    }

    private func wrapBelow(
        _ node: NodeSecret, _ key: Int64, at place: NodePlace, _ kind: KeyKind, secret: consuming SecretBytes,
        in writer: RowWriter
    ) throws {
        try writer.insertWrap(
            of: key, byKey: node.keyID,
            KeyWrap.wrap(secret, under: node.wrapKey, context: keyContext(from: node, to: key, at: place, kind)))
    }

    /// Makes the dossier of an officer in a category, with its first key.
    func makeDossier(_ category: Category, officer: Int64, below node: NodeSecret, in writer: RowWriter) throws
        -> DossierKey
    {
        let tag = try dossierTag(category, officer: officer, at: node.place, writer.db)
        let dossier = try writer.insertDossier(category, officerTag: tag)
        let secret = DossierKey.secret(of: officer)
        let wrapped = try KeyWrap.wrap(secret, under: node.wrapKey, context: dossierContext(node, dossier))
        try writer.insertDossierKey(dossier, epoch: Epoch.first, node: node.keyID, wrapped: wrapped)
        guard let key = try DossierKey(dossier, at: node.place, secret) else {
            throw ArchiveError(.integrity, "the key of a dossier does not belong to it")
        }
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
            context: nodeContext(to: certificate.user, node.keyID, at: node.place))
    }
}
