import ProbityCrypto
import ProbityLedger

// The hashes of an act's rows (docs/formats.md, "Rows of an act").
//
// A line names the root over all rows of its act, and who reads one row must not read an import of a million to believe it. So
// the hashes stand beside the line, in tiles as those of C2SP tlog-tiles: one of level 0 holds the hashes of up to 256 rows, in
// their order; one of level n + 1 the roots of up to 256 tiles of level n. Only the last of a level may be short, and the last
// level has one tile, whose root is the line's.
//
// A row is believed where its hash stands in a tile that leads to the root which its actor signed. Whatever else stands under
// the act's number is nobody's, and takes nothing from the rows beside it.

/// A run of hashes.
struct RowTile: Equatable {
    static let width = 256

    let level: Int
    /// The place among the tiles of its level, from 0.
    let position: Int64
    /// At level 0 the first version in it, by which its reader finds it, and below zero where there is none; at others the
    /// place.
    let first: Int64
    let hashes: [SHA256Digest]
}

/// Makes the tiles of an act while its rows are hashed, in their order.
struct RowTiles {
    private struct Level {
        var position: Int64 = 0
        var first: Int64?
        var hashes: [SHA256Digest] = []
    }

    private var levels = [Level()]
    /// How many rows there are.
    private(set) var count: UInt64 = 0

    /// Adds a row.
    ///
    /// - Parameters:
    ///   - version: its number, where it is a version.
    ///   - receive: gets the tiles that it completes.
    mutating func append(_ hash: SHA256Digest, version: Int64?, _ receive: (RowTile) throws -> Void) rethrows {
        count += 1
        try add(hash, 0, version: version, receive)
    }

    /// Hands on the tiles that are left, once all rows are there.
    ///
    /// - Returns: how many rows there are, and the root over them: a whole tile is a subtree of theirs (RFC 6962 §2.1), so it is
    ///   the root of the last tile.
    mutating func finish(_ receive: (RowTile) throws -> Void) rethrows -> (count: UInt64, root: SHA256Digest) {
        var level = 0
        while !levels[level].hashes.isEmpty {
            let isLast = levels[level].position == 0
            let root = try complete(level, receive)
            if isLast { return (count, root) }
            try add(root, level + 1, receive)
            level += 1
        }
        return (count, MerkleTree.emptyRoot)
    }

    private mutating func add(
        _ hash: SHA256Digest, _ level: Int, version: Int64? = nil, _ receive: (RowTile) throws -> Void
    ) rethrows {
        if level == levels.count { levels.append(Level()) }
        if levels[level].hashes.count == RowTile.width {
            try add(complete(level, receive), level + 1, receive)
        }
        if levels[level].first == nil { levels[level].first = version }
        levels[level].hashes.append(hash)
    }

    /// - Returns: the root of the tile that stood there.
    private mutating func complete(
        _ level: Int, _ receive: (RowTile) throws -> Void
    ) rethrows -> SHA256Digest {
        let done = levels[level]
        levels[level] = Level(position: done.position + 1)
        let first = level == 0 ? done.first ?? -done.position - 1 : done.position
        try receive(RowTile(level: level, position: done.position, first: first, hashes: done.hashes))
        return MerkleTree.root(of: done.hashes)
    }
}

/// The tiles of one act, as a reader believes them.
struct RowProof {
    let batch: Int64
    /// As the line names them.
    let count: UInt64
    let root: SHA256Digest

    private static let width = UInt64(RowTile.width)

    /// Whether a row is one of the act's.
    ///
    /// - Parameters:
    ///   - hash: of the row as it stands.
    ///   - known: what was believed before.
    func holds(_ hash: SHA256Digest, _ known: VouchedRows, _ db: Connection) throws -> Bool {
        try RowSearch(self).finds(hash, version: nil, known, db)
    }

    /// The hashes of a short act's rows; nil where they do not lead to its root.
    func hashes(_ known: VouchedRows, _ db: Connection) throws -> [SHA256Digest]? {
        try RowTileTable.places(inBatch: batch, db).first.flatMap { try tile($0, known, db) }
    }

    /// The hashes of a tile; nil where it is missing, or does not lead to the root.
    fileprivate func tile(
        level: Int = 0, _ place: RowTileTable.Place, _ known: VouchedRows, _ db: Connection
    ) throws -> [SHA256Digest]? {
        let address = RowTileAddress(batch: batch, level: level, position: place.position)
        if let hashes = known.tile(address) { return hashes }
        // How many entries there are at the level, each over width^level rows.
        let entries = (0..<level).reduce(count) { count, _ in (count + RowProof.width - 1) / RowProof.width }
        let (start, overflows) = place.position.multipliedReportingOverflow(by: RowProof.width)
        guard !overflows, start < entries,
            let hashes = try RowTileTable.hashes(level: level, first: place.first, inBatch: batch, db),
            hashes.count == min(RowProof.width, entries - start)
        else { return nil }
        var above: SHA256Digest? = root
        if entries > RowProof.width {
            let position = place.position / RowProof.width
            let parent = RowTileTable.Place(position: position, first: Int64(clamping: position))
            above = try tile(level: level + 1, parent, known, db)?[Int(place.position % RowProof.width)]
        }
        guard MerkleTree.root(of: hashes) == above else { return nil }
        known.remember(address, hashes)
        return hashes
    }
}

/// Looks for rows of one act, one after the other: those of a file stand together.
final class RowSearch {
    let proof: RowProof
    /// Of the tile in which a row was found last, and where the row behind it stands.
    private var hashes: [SHA256Digest] = []
    private var next = 0
    /// Where the act's tiles are, once that was looked up.
    private var places: [RowTileTable.Place] = []

    init(_ proof: RowProof) { self.proof = proof }

    /// Whether a row is one of the act's.
    ///
    /// - Parameters:
    ///   - hash: of the row as it stands.
    ///   - version: its number, where it is a version: of a long act, whose other rows are looked for in every tile.
    func finds(
        _ hash: SHA256Digest, version: Int64?, _ known: VouchedRows, _ db: Connection
    ) throws -> Bool {
        if next < hashes.count, hashes[next] == hash {
            next += 1
            return true
        }
        // The tree over one row is its hash.
        if proof.count == 1 { return hash == proof.root }
        if place(hash, in: hashes) { return true }
        if try finds(hash, among: candidates(version), known, db) { return true }
        places = try RowTileTable.places(inBatch: proof.batch, db)
        return try finds(hash, among: candidates(version), known, db)
    }

    private func finds(
        _ hash: SHA256Digest, among places: ArraySlice<RowTileTable.Place>, _ known: VouchedRows, _ db: Connection
    ) throws -> Bool {
        try places.contains { try proof.tile($0, known, db).map { place(hash, in: $0) } ?? false }
    }

    private func place(_ hash: SHA256Digest, in hashes: [SHA256Digest]) -> Bool {
        guard let found = hashes.firstIndex(of: hash) else { return false }
        (self.hashes, next) = (hashes, found + 1)
        return true
    }

    /// The tiles in which a row may stand: a version in the last one that begins before it.
    private func candidates(_ version: Int64?) -> ArraySlice<RowTileTable.Place> {
        guard let version, proof.count > UInt64(RowTile.width) else { return places[...] }
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle].first <= version { low = middle + 1 } else { high = middle }
        }
        return places[max(0, low - 1)..<low]
    }
}

/// Where a tile stands.
struct RowTileAddress: Hashable {
    let batch: Int64
    let level: Int
    let position: UInt64
}
