import ProbityCrypto

// What leads to the signed head: hash tiles, and the proofs of single entries.

extension ExportVerifier {
    /// Reads the hash tiles, recomputes every level from the one below, and the root.
    mutating func checkTiles(_ head: Checkpoint) throws -> [SHA256Digest]? {
        var below: [SHA256Digest] = []
        var leaves: [SHA256Digest] = []
        var level: [SHA256Digest] = []
        var current = 0
        func parents(_ hashes: [SHA256Digest]) -> [SHA256Digest] {
            stride(from: 0, to: hashes.count - hashes.count % 256, by: 256).map {
                MerkleTree.root(of: hashes[$0..<$0 + 256])
            }
        }
        // A head of any size can be signed by whoever has a log's key. It costs nothing here before the folder has as many
        // files as the size asks for: one tile of level 0 for each 256 leaves.
        let last = head.size == 0 ? 0 : (head.size - 1) / Tiles.width
        guard last < UInt64(max(names.count, 1)) else {
            found(Tiles.path("0", index: last, count: head.size - last * Tiles.width), "export.tile.missing")
            return nil
        }
        for tile in Tiles.hashTiles(size: head.size) {
            let name = Tiles.path("\(tile.level)", index: tile.index, count: tile.count)
            if tile.level != current {
                below = level
                level = []
                current = tile.level
            }
            guard let bytes = try content(name) else {
                found(name, "export.tile.missing")
                return nil
            }
            guard bytes.count == Int(tile.count) * SHA256Digest.byteCount else {
                found(name, "export.tile.malformed")
                return nil
            }
            let hashes = try stride(from: 0, to: bytes.count, by: 32).map {
                try SHA256Digest(bytes: bytes[$0..<$0 + 32])
            }
            if tile.level == 0 {
                leaves += hashes
            } else {
                let start = Int(tile.index) * 256 * 256
                let expected = parents(Array(below[start..<min(start + 256 * 256, below.count)]))
                if expected != hashes { found(name, "export.tile.mismatch") }
            }
            level += hashes
        }
        guard MerkleTree.root(of: leaves) == head.root else {
            found("tile/0", "export.root.mismatch")
            return nil
        }
        report.counts["leaves"] = leaves.count
        return leaves
    }

    mutating func checkProofs(_ log: NoteVerifier, _ range: Range<UInt64>, _ hashes: [SHA256Digest]) throws {
        var count = 0
        for name in names(in: "proofs/") {
            count += 1
            let bytes = try content(name) ?? []
            do throws(LedgerError) {
                let proof = try TlogProof(parsing: bytes)
                guard range.contains(proof.index), name == "proofs/\(proof.index).tlog-proof" else {
                    found(name, "export.proof.index")
                    continue
                }
                let head = try proof.verify(leafHash: hashes[Int(proof.index)], log: log)
                if head != report.checkpoint { found(name, "export.proof.checkpoint") }
            } catch {
                if error.code == .signature {
                    found(name, "export.proof.signature")
                } else {
                    found(name, "export.proof.invalid", error.reason)
                }
            }
        }
        report.counts["proofs"] = count
    }
}
