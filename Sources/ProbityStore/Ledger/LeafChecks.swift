import ProbityCrypto
import ProbityLedger
import ProbityRecords

extension Checker {
    private static let leavesPerPage = 1_000

    /// What is carried from one ledger line to the next.
    private struct Walk {
        let keys: [String: [Signer]]
        var edge = TreeEdge()
        var nodeCount: Int64 = 0
        var tileCount: Int64 = 0
        var lastTime = Int64.min

        init(_ keys: [String: [Signer]]) { self.keys = keys }
    }

    /// Goes over the ledger line by line: tree, checkpoints, signatures, and the rows of each line.
    mutating func checkLeaves(_ keys: [String: [Signer]], _ progress: (UInt64, UInt64) -> Void) throws {
        let size = try Ledger.size(db)
        let counts = try LeafTable.counts(db)
        if counts.leaves != Int64(size) { found("leaf", "check.incomplete.leaves", "\(counts.leaves) of \(size)") }
        if counts.checkpoints != Int64(size) {
            found("checkpoint", "check.incomplete.checkpoints", "\(counts.checkpoints) of \(size)")
        }
        if size == 0 { found("leaf", "check.incomplete.leaves", "0") }
        var walk = Walk(keys)
        var page = try LeafTable.page(after: nil, limit: Checker.leavesPerPage, db)
        while let last = page.last {
            for row in page {
                try check(row, &walk)
                progress(UInt64(clamping: row.sequence) + 1, size)
            }
            page = try LeafTable.page(after: last.sequence, limit: Checker.leavesPerPage, db)
        }
        if counts.nodes != walk.nodeCount { found("node", "check.node.count", "\(counts.nodes) of \(walk.nodeCount)") }
        let tileCount = try RowTileTable.count(db)
        if tileCount != walk.tileCount { found("rowTile", "check.rowTile", "\(tileCount) of \(walk.tileCount)") }
        report.leafCount = size
        report.root = Base64.encode(walk.edge.root.bytes)
    }

    private mutating func check(_ row: LeafTable.Row, _ walk: inout Walk) throws {
        let place = "leaf \(row.sequence)"
        let before = walk.edge.root
        for (address, hash) in walk.edge.append(MerkleTree.leafHash(row.note)) {
            walk.nodeCount += 1
            if try LeafTable.hash(level: address.level, position: address.index, db) != hash.bytes {
                found("node \(address.level)/\(address.index)", "check.node")
            }
        }
        checkCheckpoint(walk.edge.size, walk.edge.root)
        guard let leaf = readLeaf(row.note, place, walk.keys) else { return }
        if leaf.sequence != UInt64(clamping: row.sequence) { found(place, "check.leaf.sequence") }
        if leaf.previousRoot != before { found(place, "check.leaf.previousRoot") }
        if leaf.details != SHA256Digest.hash(row.details) { found(place, "check.leaf.details") }
        if leaf.batch != row.batch { found(place, "check.leaf.batch") }
        let time = LedgerTime(leaf.time)?.seconds ?? walk.lastTime
        if time < walk.lastTime { found(place, "check.leaf.time", severity: .notice, leaf.time) }
        walk.lastTime = max(walk.lastTime, time)
        guard let batch = leaf.batch else { return }
        // What a tile is, not the tile: an import has thousands.
        var tiles: [RowTileTable.Fingerprint] = []
        let digest = try RowDigest.ofRows(batch, db) { tiles.append(RowTileTable.Fingerprint($0)) }
        walk.tileCount += Int64(tiles.count)
        if try RowTileTable.fingerprints(ofBatch: batch, db) != Set(tiles) {
            found(place, "check.rowTile", "batch \(batch)")
        }
        report.rowCount += Int(digest.count)
        if digest.count != leaf.objects?.count || digest.root != leaf.objects?.root {
            found(place, "check.rows", "batch \(batch)")
        }
        try checkAct(leaf, batch, digest.tables, walk.keys, place)
    }

    /// Whether the actor's role does such acts, whether such acts make such rows, and whether keys came from a holder.
    private mutating func checkAct(
        _ leaf: LeafBody, _ batch: Int64, _ tables: Set<Table>, _ keys: [String: [Signer]], _ place: String
    ) throws {
        let act = Act.named(leaf.act)
        let others = tables.subtracting(act?.adds ?? []).map(\.rawValue)
        if !others.isEmpty {
            found(place, "check.act.rows", "\(leaf.act): \(others.sorted().joined(separator: " "))")
        }
        // A leaf without a known signer is a finding already.
        let role = keys[archive.header.names.user(leaf.actor) + "+" + leaf.keyID]?.first {
            $0.lines.contains(Int64(clamping: leaf.sequence))
        }?.role
        if let role, let act, !act.allows(role, archive.policy) {
            found(place, "check.act.role", "\(leaf.act): \(role.rawValue)")
        }
        guard tables.contains(.key) else { return }
        for made in try KeyTable.places(ofBatch: batch, db) {
            guard let category = Category(rawValue: made.category) else {
                found(place, "check.key.holder", made.category)
                continue
            }
            do {
                let node = NodePlace(category: category, unit: made.unit)
                if try Vouching(archive, db, credentials).isMadeByHolder(node, leaf: leaf, organisation) { continue }
            } catch let error as ArchiveError where error.code == .integrity {
                // A damaged grant: found as itself below.
            }
            found(place, "check.key.holder", "\(category.rawValue) \(made.unit)")
        }
    }

    private mutating func readLeaf(_ bytes: [UInt8], _ place: String, _ keys: [String: [Signer]]) -> LeafBody? {
        do {
            let note = try SignedNote(parsing: bytes)
            let leaf = try LeafBody(parsing: note.text)
            let name = archive.header.names.user(leaf.actor)
            let signers = keys[name + "+" + leaf.keyID] ?? []
            if !(signers.first.map { note.isSigned(by: $0.verifier) } ?? false) {
                found(place, "check.leaf.signature")
            } else if !signers.contains(where: { $0.lines.contains(Int64(clamping: leaf.sequence)) }) {
                // A key that was kept after its certificate ended.
                found(place, "check.leaf.actor", leaf.actor)
            }
            return leaf
        } catch {
            found(place, "check.leaf.malformed", error.reason)
        }
        return nil
    }

    private mutating func checkCheckpoint(_ size: UInt64, _ root: SHA256Digest) {
        do {
            let checkpoint = try Ledger.openCheckpoint(Ledger.checkpointNote(size, db), archive.header)
            if checkpoint.size != size || checkpoint.root != root { found("checkpoint \(size)", "check.checkpoint") }
        } catch let error as ArchiveError {
            found("checkpoint \(size)", "check.checkpoint", error.reason)
        } catch {
            found("checkpoint \(size)", "check.checkpoint")
        }
    }
}
