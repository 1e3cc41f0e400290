import ProbityCrypto
import ProbityLedger

/// The rows of `rowTile`: what they mean stands in RowTiles.swift.
enum RowTileTable {
    /// The hashes of a tile; nil where there is none, or it is no run of hashes.
    static func hashes(level: Int, first: Int64, inBatch batch: Int64, _ db: Connection) throws -> [SHA256Digest]? {
        let bytes = try db.bytes(
            "SELECT hashes FROM rowTile WHERE batch = ? AND level = ? AND first = ?",
            [.integer(batch), .integer(Int64(level)), .integer(first)])
        return bytes.flatMap(SHA256Digest.several)
    }

    /// Where a tile is at its level.
    struct Place {
        let position: UInt64
        let first: Int64
    }

    /// Where the tiles of level 0 are, by their first versions.
    static func places(inBatch batch: Int64, _ db: Connection) throws -> [Place] {
        try db.all(
            "SELECT position, first FROM rowTile WHERE batch = ? AND level = 0 ORDER BY first", [.integer(batch)]
        ) { Place(position: UInt64(clamping: $0.integer(0)), first: $0.integer(1)) }
    }

    /// A tile, its hashes as one.
    struct Fingerprint: Hashable {
        let level: Int64
        let position: Int64
        let first: Int64
        let digest: SHA256Digest

        init(_ tile: RowTile) {
            level = Int64(tile.level)
            position = tile.position
            first = tile.first
            digest = SHA256Digest.hash(SHA256Digest.bytes(of: tile.hashes))
        }

        fileprivate init(_ rows: borrowing Rows) {
            level = rows.integer(0)
            position = rows.integer(1)
            first = rows.integer(2)
            digest = SHA256Digest.hash(rows.bytes(3))
        }
    }

    static func fingerprints(ofBatch batch: Int64, _ db: Connection) throws -> Set<Fingerprint> {
        Set(
            try db.all("SELECT level, position, first, hashes FROM rowTile WHERE batch = ?", [.integer(batch)]) {
                Fingerprint($0)
            })
    }

    /// How many tiles there are.
    static func count(_ db: Connection) throws -> Int64 { try db.integer("SELECT COUNT(*) FROM rowTile") ?? 0 }

    static func insert(_ tile: RowTile, batch: Int64, _ db: Connection) throws {
        try db.insert(
            into: "rowTile", "batch, level, first, position, hashes",
            [
                [
                    .integer(batch), .integer(Int64(tile.level)), .integer(tile.first), .integer(tile.position),
                    .blob(SHA256Digest.bytes(of: tile.hashes)),
                ]
            ])
    }
}
