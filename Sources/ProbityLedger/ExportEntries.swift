import CanonicalJSON
import ProbityCrypto

// What the entries say: each one against its tile, the tree before it, its actor's key and the openings given for it.

extension ExportVerifier {
    mutating func checkEntries(
        _ range: Range<UInt64>, _ hashes: [SHA256Digest], _ users: [String: NoteVerifier], _ userPrefix: String?,
        _ openings: [UInt64: [Opening]]
    ) throws {
        report.counts["entries"] = 0
        guard !range.isEmpty else { return }
        var edge = TreeEdge()
        let first = range.lowerBound / Tiles.width
        for hash in hashes[..<Int(first * Tiles.width)] { edge.append(hash) }
        var lastTime = Int64.min
        var looked = 0
        for bundle in first...((range.upperBound - 1) / Tiles.width) {
            let start = bundle * Tiles.width
            let count = min(Tiles.width, UInt64(hashes.count) - start)
            let name = Tiles.path("entries", index: bundle, count: count)
            guard let bytes = try content(name) else {
                found(name, "export.entries.missing")
                return
            }
            let entries: [[UInt8]]
            do throws(LedgerError) {
                entries = try Tiles.entries(of: bytes)
            } catch {
                found(name, "export.entries.malformed", error.reason)
                return
            }
            guard entries.count == Int(count) else {
                found(name, "export.entries.count")
                return
            }
            for (offset, entry) in entries.enumerated() {
                let sequence = start + UInt64(offset)
                let hash = MerkleTree.leafHash(entry)
                if hash != hashes[Int(sequence)] {
                    found("entry \(sequence)", "export.entry.hash")
                } else {
                    checkLeaf(entry, sequence, edge.root, users, userPrefix, openings[sequence] ?? [], &lastTime)
                }
                edge.append(hashes[Int(sequence)])
                looked += 1
            }
        }
        report.counts["entries"] = looked
    }

    private mutating func checkLeaf(
        _ entry: [UInt8], _ sequence: UInt64, _ previousRoot: SHA256Digest, _ users: [String: NoteVerifier],
        _ userPrefix: String?, _ openings: [Opening], _ lastTime: inout Int64
    ) {
        let place = "entry \(sequence)"
        let note: SignedNote
        let leaf: LeafBody
        do throws(LedgerError) {
            note = try SignedNote(parsing: entry)
            leaf = try LeafBody(parsing: note.text)
        } catch {
            found(place, "export.entry.malformed", error.reason)
            return
        }
        if leaf.sequence != sequence { found(place, "export.entry.sequence") }
        if leaf.previousRoot != previousRoot { found(place, "export.entry.previousRoot") }
        let signed = note.signatures.contains { signature in
            guard let verifier = users[signature.name + "+" + leaf.keyID] else { return false }
            return verifier.name.isSpelled(as: (userPrefix ?? "") + leaf.actor) && note.isSigned(by: verifier)
        }
        if !signed { found(place, "export.entry.signature") }
        // Instants, not texts: offsets may differ. Reading a leaf has checked the form.
        let time = LedgerTime(leaf.time)?.seconds ?? lastTime
        if time < lastTime { found(place, "export.entry.time", severity: .notice) }
        lastTime = max(lastTime, time)
        for opening in openings {
            let made = Commitment.make(field: opening.field, nonce: opening.nonce, value: opening.value)
            if leaf.commitments[opening.field] != made { found(place, "export.opening.mismatch", opening.field) }
        }
    }

    struct Opening {
        let field: String
        let nonce: [UInt8]
        let value: String
    }

    mutating func readOpenings(_ range: Range<UInt64>) throws -> [UInt64: [Opening]] {
        var openings: [UInt64: [Opening]] = [:]
        let content = names.contains("openings.jsonl") ? try text("openings.jsonl") : "\n"
        guard let content else {
            found("openings.jsonl", "export.opening.malformed")
            return [:]
        }
        for line in content.split(separator: "\n") {
            guard let value = ExportVerifier.json(Array(line.utf8)), let sequence = value["seq"]?.integer,
                sequence >= 0,
                let field = value["field"]?.string, let nonce = value["nonce"]?.string.flatMap(Base64.decode),
                nonce.count == Commitment.nonceByteCount, let opened = value["value"]?.string,
                value.canonicalBytes.elementsEqual(line.utf8), value.object?.count == 4
            else {
                found("openings.jsonl", "export.opening.malformed")
                continue
            }
            guard range.contains(UInt64(sequence)) else {
                found("openings.jsonl", "export.opening.outside", "\(sequence)/\(field)")
                continue
            }
            openings[UInt64(sequence), default: []].append(Opening(field: field, nonce: nonce, value: opened))
        }
        report.counts["openings"] = openings.values.reduce(0) { $0 + $1.count }
        return openings
    }
}
