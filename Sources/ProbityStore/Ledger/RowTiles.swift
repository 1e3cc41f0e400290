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

    /// Adds a row.
    ///
    /// - Parameters:
    ///   - version: its number, where it is a version.
    ///   - receive: gets the tiles that it completes.
    mutating func append(_ hash: SHA256Digest, version: Int64?, _ receive: (RowTile) throws -> Void) rethrows {
        if levels[0].hashes.count == RowTile.width { try complete(0, receive) }
        if levels[0].first == nil { levels[0].first = version }
        levels[0].hashes.append(hash)
    }

    /// Hands on the tiles that are left, once all rows are there.
    mutating func finish(_ receive: (RowTile) throws -> Void) rethrows {
        var level = 0
        while !levels[level].hashes.isEmpty {
            let isLast = levels[level].position == 0
            try complete(level, receive)
            if isLast { return }
            level += 1
        }
    }

    private mutating func complete(_ level: Int, _ receive: (RowTile) throws -> Void) rethrows {
        let done = levels[level]
        levels[level] = Level(position: done.position + 1)
        let first = level == 0 ? done.first ?? -done.position - 1 : done.position
        try receive(RowTile(level: level, position: done.position, first: first, hashes: done.hashes))
        if level + 1 == levels.count { levels.append(Level()) }
        if levels[level + 1].hashes.count == RowTile.width { try complete(level + 1, receive) }
        levels[level + 1].hashes.append(MerkleTree.root(of: done.hashes))
    }
}

/// The tiles of one act, as a reader believes them.
struct RowProof {
    let batch: Int64
    /// As the line names them.
    let count: UInt64
    let root: SHA256Digest

    private static let width = UInt64(RowTile.width)

    /// The tile in which a row stands; nil where it is none of the act's.
    ///
    /// - Parameters:
    ///   - hash: of the row as it stands.
    ///   - version: its number, where it is a version.
    ///   - known: what was believed before.
    func tile(
        of hash: SHA256Digest, version: Int64?, _ known: VouchedRows, _ db: Connection
    ) throws -> [SHA256Digest]? {
        // Of a short act there is one tile, wherever the row stands in it.
        let places =
            if let version, count > RowProof.width {
                try [RowTileTable.place(of: version, inBatch: batch, db)].compactMap(\.self)
            } else {
                try RowTileTable.places(inBatch: batch, db)
            }
        for place in places {
            if let hashes = try tile(level: 0, place, known, db), hashes.contains(hash) { return hashes }
        }
        return nil
    }

    /// The hashes of a short act's rows; nil where they do not lead to its root.
    func hashes(_ known: VouchedRows, _ db: Connection) throws -> [SHA256Digest]? {
        try RowTileTable.places(inBatch: batch, db).first.flatMap { try tile(level: 0, $0, known, db) }
    }

    /// The hashes of a tile; nil where it is missing, or does not lead to the root.
    private func tile(
        level: Int, _ place: (position: UInt64, first: Int64), _ known: VouchedRows, _ db: Connection
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
            let parent = place.position / RowProof.width
            above = try tile(level: level + 1, (parent, Int64(clamping: parent)), known, db)?[
                Int(place.position % RowProof.width)]
        }
        guard MerkleTree.root(of: hashes) == above else { return nil }
        known.remember(address, hashes)
        return hashes
    }
}

/// Where a tile stands.
struct RowTileAddress: Hashable {
    let batch: Int64
    let level: Int
    let position: UInt64
}
