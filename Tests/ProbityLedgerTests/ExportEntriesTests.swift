import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityTestSupport
import Testing

@Suite("Export verification: entries and openings")
struct ExportEntriesTests {
    /// Entry lists that differ from 0, 1, 2 … in one place: dropped, swapped, repeated.
    private static func tampered(_ entries: [[UInt8]]) -> [(name: String, entries: [[UInt8]])] {
        var lists: [(name: String, entries: [[UInt8]])] = []
        for index in entries.indices {
            if index < entries.count - 1 {
                lists.append(("drop \(index)", Array(entries[..<index] + entries[(index + 1)...])))
            }
            lists.append(("repeat \(index)", Array(entries[...index] + entries[index...])))
            lists.append(("repeat \(index) at the end", entries + [entries[index]]))
            for other in entries.indices.dropFirst(index + 1) {
                var swapped = entries
                swapped.swapAt(index, other)
                lists.append(("swap \(index) \(other)", swapped))
            }
        }
        return lists
    }

    @Test("An entry that is dropped, swapped or repeated in its bundle is found")
    func bundle() throws {
        let fixture = try ExportFixture(size: 12)
        let name = Tiles.path("entries", index: 0, count: 12)
        for (what, entries) in ExportEntriesTests.tampered(fixture.entries) + [("drop 11", fixture.entries.dropLast())]
        {
            let bundle = try Tiles.bundle(Array(entries))
            #expect(
                try !fixture.rules { $0.files[name] = bundle }.isDisjoint(with: [
                    "export.entry.hash", "export.entries.count",
                ]), "\(what)")
        }
    }

    @Test("It is found where the tiles were made to fit")
    func bundleAndTiles() throws {
        let fixture = try ExportFixture(size: 12)
        for (what, entries) in ExportEntriesTests.tampered(fixture.entries) {
            var changed = fixture
            changed.range = 0..<UInt64(entries.count)
            try changed.make(entries)
            for name in ["checkpoint", "range.json"] { changed.files[name] = fixture.files[name] }
            changed.seal()
            let rules = Set(try changed.verify().findings.map(\.rule))
            #expect(!rules.isDisjoint(with: ["export.root.mismatch", "export.tile.missing"]), "\(what)")
        }
    }

    /// Every user holds the log's key: a new checkpoint over a changed ledger costs nothing. What its actors signed remains.
    @Test("It is found where the whole export was made anew with the log's own key")
    func remade() throws {
        let fixture = try ExportFixture(size: 8)
        for (what, entries) in ExportEntriesTests.tampered(fixture.entries) {
            var changed = fixture
            changed.range = 0..<UInt64(entries.count)
            try changed.make(entries)
            let rules = Set(try changed.verify(expectedLog: fixture.log.verifier).findings.map(\.rule))
            #expect(rules.contains("export.entry.sequence"), "\(what)")
        }
    }

    /// The limit that docs and threat model state: only a remembered head or a witness shows a cut tail.
    @Test(
        "A tail cut with the log's own key is not found by the export alone, but no proof leads to it from the true head"
    )
    func cutTail() throws {
        let fixture = try ExportFixture(size: 8)
        var cut = fixture
        cut.range = 0..<6
        try cut.make(Array(fixture.entries.dropLast(2)))
        let report = try cut.verify()
        #expect(report.isSound)
        let old = try #require(try fixture.verify().checkpoint)
        let new = try #require(report.checkpoint)
        #expect(throws: LedgerError(.outOfRange, "")) {
            try MerkleTree.verifyConsistency(
                from: old.size, oldRoot: old.root, to: new.size, newRoot: new.root, proof: [])
        }
    }

    /// The last entry replaced by `entry`, everything else made to fit with the log's key.
    private func rules(replacingLast entry: (SHA256Digest) throws -> [UInt8]) throws -> Set<String> {
        var fixture = try ExportFixture(size: 4)
        let before = Array(fixture.entries.dropLast())
        let root = MerkleTree.root(of: before.map(MerkleTree.leafHash))
        try fixture.make(before + [entry(root)])
        fixture.files["openings.jsonl"] = nil
        fixture.seal()
        return Set(try fixture.verify().findings.map(\.rule))
    }

    @Test("An entry that its actor did not sign is found")
    func signatures() throws {
        let fixture = try ExportFixture(size: 1)
        let stranger = try ExportUser("clerk1", role: "clerk")
        #expect(try rules { try ExportFixture.entry(3, $0, stranger) } == ["export.entry.signature"])
        // The security administrator's own valid signature on a line that names the clerk.
        var changed = try ExportFixture(size: 2)
        let root = MerkleTree.root(of: changed.entries.prefix(1).map(MerkleTree.leafHash))
        try changed.make([
            changed.entries[0], ExportFixture.entry(1, root, changed.security, actor: "clerk1"),
        ])
        #expect(Set(try changed.verify().findings.map(\.rule)) == ["export.entry.signature"])
        // And one in the name of another bureau's user.
        let elsewhere = try ExportUser("clerk1", role: "clerk", key: fixture.clerk.key, bureau: "probity.other")
        #expect(try rules { try ExportFixture.entry(3, $0, elsewhere) } == ["export.entry.signature"])
    }

    @Test("A key of another bureau's user of the same name does not count, certified or not")
    func otherBureau() throws {
        var fixture = try ExportFixture(size: 2)
        let elsewhere = try ExportUser("clerk1", role: "clerk", bureau: "probity.other")
        let root = MerkleTree.root(of: fixture.entries.prefix(1).map(MerkleTree.leafHash))
        try fixture.make([fixture.entries[0], ExportFixture.entry(1, root, elsewhere)])
        fixture.files["certificates/clerk1-2.note"] =
            try SignedNote(
                text: elsewhere.certificate(serial: 2), signers: [elsewhere.signer, fixture.security.signer]
            ).bytes
        fixture.files["keys/clerk1-2.pem"] = Array(try elsewhere.key.publicKey.pem.utf8)
        fixture.files["vkeys"]? += Array((elsewhere.signer.verifier.vkey + "\n").utf8)
        fixture.seal()
        let rules = Set(try fixture.verify().findings.map(\.rule))
        #expect(
            rules == [
                "export.certificate.signature", "export.userKey.uncertified", "export.entry.signature",
                "export.file.unlisted",
            ])
    }

    @Test("An entry that extends another tree, or is no ledger line, is found")
    func wrongEntries() throws {
        let clerk = try ExportFixture(size: 4)
        #expect(!clerk.entries.isEmpty)
        var fixture = clerk
        try fixture.make(
            Array(clerk.entries.dropLast()) + [ExportFixture.entry(3, SHA256Digest.hash([7]), clerk.clerk)])
        #expect(Set(try fixture.verify().findings.map(\.rule)) == ["export.entry.previousRoot"])
        for text in ["{}\n", "text\n", "{\"v\":1}\n"] {
            var broken = clerk
            let note = try SignedNote(text: text, signers: [clerk.clerk.signer]).bytes
            try broken.make(Array(clerk.entries.dropLast()) + [note])
            #expect(Set(try broken.verify().findings.map(\.rule)) == ["export.entry.malformed"], "\(text)")
        }
    }

    @Test("A clock that runs backward is a notice, by instants and not by their spelling")
    func time() throws {
        let forward = ["2026-12-01T08:00:00+08:00", "2026-12-01T00:30:00Z", "2026-12-01T09:00:00+08:00"]
        #expect(try ExportFixture(size: 3) { forward[Int($0)] }.verify().findings == [])
        let backward = ["2026-12-01T08:00:00+08:00", "2026-12-01T08:30:00+09:00", "2026-12-01T09:00:00+08:00"]
        let report = try ExportFixture(size: 3) { backward[Int($0)] }.verify()
        #expect(report.findings == [Finding(place: "entry 1", rule: "export.entry.time", severity: .notice)])
        #expect(report.isSound)
    }

    @Test("A thousand notices do not hide a violation")
    func crowdedOut() throws {
        var fixture = try ExportFixture(size: 1_100, range: 0..<1_100) {
            $0 == 0 ? "2026-12-01T08:00:00+08:00" : "2026-12-01T07:00:00+08:00"
        }
        #expect(try fixture.verify().isSound)
        fixture.files[Tiles.path("entries", index: 4, count: 76)]?[1_500] ^= 1
        fixture.seal()
        let report = try fixture.verify()
        #expect(!report.isSound)
        #expect(report.findings.contains { $0.rule == "export.entry.hash" || $0.rule == "export.entries.malformed" })
    }

    @Test("An opening has to match the commitment of its entry, in the range")
    func openings() throws {
        let fixture = try ExportFixture(size: 5, range: 1..<4)
        func rules(_ opening: [UInt8]) throws -> Set<String> {
            try fixture.rules { $0.files["openings.jsonl"]? += opening }
        }
        #expect(try rules(ExportFixture.opening(2)) == [])
        #expect(try rules(ExportFixture.opening(2, value: "O-3")) == ["export.opening.mismatch"])
        #expect(try rules(ExportFixture.opening(2, field: "record")) == ["export.opening.mismatch"])
        #expect(
            try rules(ExportFixture.opening(2, nonce: [UInt8](repeating: 8, count: 32))) == ["export.opening.mismatch"])
        #expect(
            try rules(ExportFixture.opening(2, nonce: [UInt8](repeating: 9, count: 31))) == ["export.opening.malformed"]
        )
        #expect(try rules(ExportFixture.opening(4)) == ["export.opening.outside"])
        #expect(try rules(ExportFixture.opening(1 << 50)) == ["export.opening.outside"])
        for line in ["x\n", "{}\n", "{\"seq\":-1,\"field\":\"officer\",\"nonce\":\"\",\"value\":\"\"}\n"] {
            #expect(try rules(Array(line.utf8)) == ["export.opening.malformed"], "\(line)")
        }
    }

    @Test("Openings beside an empty range are outside it")
    func openingsOfNothing() throws {
        let fixture = try ExportFixture(size: 5, range: 2..<2)
        #expect(
            try fixture.rules { $0.files["openings.jsonl"] = ExportFixture.opening(2) } == ["export.opening.outside"])
    }
}
