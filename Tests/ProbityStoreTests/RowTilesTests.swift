import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import Testing

@testable import ProbityStore

/// The hashes beside a ledger line: which row they prove, and that nothing else passes.
@Suite("Hashes of an act's rows")
struct RowTilesTests {
    private let fixture: Fixture
    private static let batch: Int64 = 7

    init() throws { fixture = try Fixture(withRecords: false) }

    private func hash(_ index: Int) -> SHA256Digest { SHA256Digest.hash(Array("row \(index)".utf8)) }

    /// The number of the row's version; the first rows are of other tables.
    private func version(_ index: Int) -> Int64? { index < 5 ? nil : Int64(index * 3) }

    /// Writes the tiles of an act with so many rows, and returns what its line says.
    private func write(_ count: Int) throws -> (proof: RowProof, tiles: [RowTile]) {
        var (tiles, made, edge) = (RowTiles(), [RowTile](), TreeEdge())
        for index in 0..<count {
            edge.append(hash(index))
            tiles.append(hash(index), version: version(index)) { made.append($0) }
        }
        let (size, root) = tiles.finish { made.append($0) }
        #expect(size == edge.size && root == edge.root)
        try fixture.archive.engine.database.write { database in
            let db = Connection(database)
            try database.execute(sql: "DELETE FROM rowTile WHERE batch = ?", arguments: [RowTilesTests.batch])
            for tile in made { try RowTileTable.insert(tile, batch: RowTilesTests.batch, db) }
        }
        return (RowProof(batch: RowTilesTests.batch, count: edge.size, root: edge.root), made)
    }

    private func holds(_ proof: RowProof, _ hash: SHA256Digest, _ version: Int64?) throws -> Bool {
        try fixture.archive.snapshot { try RowSearch(proof).finds(hash, version: version, VouchedRows(), $0) }
    }

    @Test(
        "Every row of an act is proven, and no other",
        arguments: [1, 2, 5, 6, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 66_000])
    func each(count: Int) throws {
        let (proof, tiles) = try write(count)
        #expect(tiles.filter { $0.level == 0 }.count == (count + 255) / 256)
        let last = try #require(tiles.max { $0.level < $1.level })
        #expect(MerkleTree.root(of: last.hashes) == proof.root)
        #expect(last.level == (count <= 256 ? 0 : count <= 65_536 ? 1 : 2))
        let some =
            count < 600 ? Array(0..<count) : [0, 4, 5, 255, 256, 257, count / 2, count - 257, count - 256, count - 1]
        for index in some {
            #expect(try holds(proof, hash(index), version(index)), "\(index)")
            #expect(try !holds(proof, hash(count + index), version(index)))
            // Another row's hash, where the tile is another one.
            if index >= 256, let own = version(index) { #expect(try !holds(proof, hash(index - 256), own)) }
        }
        let other = RowProof(batch: proof.batch, count: proof.count, root: hash(0).hashedAgain)
        #expect(try !holds(other, hash(some[0]), version(some[0])))
        let longer = RowProof(batch: proof.batch, count: proof.count + 1, root: proof.root)
        #expect(try !holds(longer, hash(count - 1), version(count - 1)))
    }

    @Test(
        "Who looks for rows one after the other finds those of the act in any order, and no other",
        arguments: [1, 200, 700])
    func oneAfterTheOther(count: Int) throws {
        let (proof, _) = try write(count)
        let known = VouchedRows()
        try fixture.archive.snapshot { db in
            let search = RowSearch(proof)
            for index in Array(0..<count) + (0..<count).reversed() + [0, count / 2, 0] {
                let own = try search.finds(hash(index), version: version(index), known, db)
                let other = try search.finds(hash(count + index), version: version(index), known, db)
                #expect(own && !other, "\(index)")
            }
        }
    }

    @Test("A changed, missing or moved tile proves nothing of its rows, and takes nothing from the others")
    func changed() throws {
        let count = 700
        let (proof, _) = try write(count)
        for (sql, lost) in [
            (
                "UPDATE rowTile SET hashes = zeroblob(length(hashes)) WHERE batch = 7 AND level = 0 AND position = 1",
                256..<512
            ),
            ("DELETE FROM rowTile WHERE batch = 7 AND level = 0 AND position = 2", 512..<700),
            ("UPDATE rowTile SET position = 9 WHERE batch = 7 AND level = 0 AND position = 1", 256..<512),
            (
                "UPDATE rowTile SET hashes = substr(hashes, 1, 40) WHERE batch = 7 AND level = 0 AND position = 0",
                0..<256
            ),
            ("DELETE FROM rowTile WHERE batch = 7 AND level = 1", 0..<700),
        ] {
            _ = try write(count)
            try fixture.archive.engine.database.write { try $0.execute(sql: sql) }
            for index in [0, 100, 255, 256, 400, 511, 512, 600, 699] {
                #expect(try holds(proof, hash(index), version(index)) == !lost.contains(index), "\(sql) \(index)")
            }
        }
    }
}

extension SHA256Digest {
    fileprivate var hashedAgain: SHA256Digest { SHA256Digest.hash(bytes) }
}
