import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityTestSupport
import Testing

@Suite("Export verification")
struct ExportVerifierTests {
    // MARK: Both sides of the rule

    @Test("An export as it was made has no finding", arguments: [1, 2, 5, 256, 257, 300] as [UInt64])
    func sound(size: UInt64) throws {
        let fixture = try ExportFixture(size: size)
        let report = try fixture.verify(expectedLog: fixture.log.verifier)
        #expect(report.findings == [])
        #expect(report.isSound)
        #expect(report.checkpoint?.size == size)
        #expect(report.range == 0..<size)
        #expect(report.counts["leaves"] == Int(size))
        #expect(report.counts["entries"] == Int(size))
        #expect(report.counts["proofs"] == Int(size))
        #expect(report.counts["openings"] == Int(size))
        #expect(report.counts["files"] == fixture.files.count - 1)
    }

    @Test("A part of a ledger verifies alone, in the first bundle, across bundles, and in the last")
    func parts() throws {
        var fixture = try ExportFixture(size: 600)
        for range in [0..<1, 3..<9, 250..<260, 512..<600, 599..<600, 7..<7, 0..<0] as [Range<UInt64>] {
            fixture.range = range
            try fixture.make()
            let report = try fixture.verify()
            #expect(report.findings == [], "\(range)")
            #expect(report.range == range)
        }
    }

    @Test("An empty ledger has an export too")
    func emptyLedger() throws {
        let report = try ExportFixture(size: 0).verify()
        #expect(report.findings == [])
        #expect(report.checkpoint?.root == MerkleTree.emptyRoot)
    }

    @Test("A tree of three tile levels is recomputed level by level")
    func threeLevels() throws {
        var fixture = try ExportFixture(size: 1)
        var leaves = (0..<65_800).map { (number: Int) -> SHA256Digest in
            let bytes: [UInt8] = [16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
            return SHA256Digest.hash(bytes)
        }
        let last = UInt64(leaves.count - 1)
        let entry = try ExportFixture.entry(last, MerkleTree.root(of: leaves.dropLast()), fixture.clerk)
        leaves[Int(last)] = MerkleTree.leafHash(entry)
        fixture.files = fixture.files.filter { !$0.key.hasPrefix("tile/") && !$0.key.hasPrefix("proofs/") }
        fixture.files["openings.jsonl"] = nil
        fixture.range = 0..<0
        try fixture.writeTree(leaves)
        try fixture.sign(
            Checkpoint(origin: ExportFixture.origin, size: UInt64(leaves.count), root: MerkleTree.root(of: leaves)))
        fixture.seal()
        #expect(try fixture.verify().findings == [])
        for name in ["tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1"] {
            let rules = try fixture.rules { $0.files[name]?[5] ^= 1 }
            #expect(rules == ["export.tile.mismatch"], "\(name)")
        }
        #expect(try fixture.rules { $0.files["tile/0/256"]?[5] ^= 1 }.contains("export.root.mismatch"))
    }

    // MARK: Every byte, every file

    /// The manifest and what rests on it alone. Every other file is looked at below under the harder condition.
    @Test("No byte of the manifest changes unseen, nor of a file that only the manifest holds")
    func everyByteOfTheManifest() throws {
        let fixture = try ExportFixture(size: 2, range: 1..<2)
        for name in ["SHA256SUMS", "VERIFY.txt"] {
            for index in try #require(fixture.files[name]).indices {
                var changed = fixture
                changed.files[name]?[index] ^= 1 << UInt8(index % 8)
                #expect(try !changed.verify().isSound, "\(name) byte \(index)")
            }
        }
        #expect(try fixture.rules { $0.files["VERIFY.txt"]?[0] ^= 1 } == [])
    }

    @Test("No byte of any other file changes unseen, even where the manifest is made true again")
    func everyByte() throws {
        let fixture = try ExportFixture(size: 2, range: 1..<2)
        for (name, bytes) in fixture.files.sorted(by: { $0.key < $1.key })
        where name != "SHA256SUMS" && name != "VERIFY.txt" {
            for index in bytes.indices {
                var changed = fixture
                changed.files[name]?[index] ^= 1 << UInt8(index % 8)
                changed.seal()
                let report = try changed.verify()
                // Nobody signs the range. One that is wider passes where the entries in it are there and hold.
                #expect(
                    !report.isSound || name == "range.json" && report.range == 0..<2, "\(name) byte \(index)")
            }
        }
    }

    @Test("No file is cut, lengthened, emptied or taken away unseen")
    func files() throws {
        let fixture = try ExportFixture(size: 3, range: 1..<3)
        // What an export may be without: proofs follow from the tiles, and openings are given or not.
        func isOptional(_ name: String) -> Bool {
            name == "VERIFY.txt" || name == "openings.jsonl" || name.hasPrefix("proofs/")
        }
        for (name, bytes) in fixture.files.sorted(by: { $0.key < $1.key }) {
            var gone = fixture
            gone.files[name] = nil
            #expect(try !gone.verify().isSound, "\(name) taken away")
            gone.seal()
            if name != "SHA256SUMS" {
                #expect(try gone.verify().isSound == isOptional(name), "\(name) taken away, sealed again")
            }
            for content in [[], Array(bytes.dropLast()), Array(bytes.dropFirst()), bytes + [0x41], bytes + bytes] {
                var changed = fixture
                changed.files[name] = content
                #expect(try !changed.verify().isSound, "\(name) with \(content.count) of \(bytes.count) bytes")
                // A key that has two certificates stands in vkeys twice.
                if name != "SHA256SUMS", !isOptional(name), name != "vkeys" || content != bytes + bytes {
                    changed.seal()
                    #expect(try !changed.verify().isSound, "\(name) with \(content.count) bytes, sealed again")
                }
            }
        }
    }

    @Test("A file that is no part of the export is found, in the manifest or not")
    func strayFiles() throws {
        let fixture = try ExportFixture(size: 3)
        for name in ["extra", "tile/0/001", "keys/clerk1-9.pem"] {
            var changed = fixture
            changed.files[name] = [1]
            #expect(try changed.verify().findings.map(\.rule).contains("export.file.unlisted"), "\(name)")
        }
        // Folders that the format owns hold nothing else: a reader with other tools may take what lies there for proven.
        for name in [
            "tile/0/001", "tile/0/000.p/2", "tile/1/000.p/1", "tile/entries/000.p/2", "tile/entries/001",
            "keys/clerk1-9.pem", "keys/other.pem",
        ] {
            #expect(try fixture.rules { $0.files[name] = [1] } == ["export.file.unlisted"], "\(name)")
        }
        #expect(try fixture.rules { $0.files["proofs/x"] = [1] } == ["export.proof.invalid"])
        #expect(try fixture.rules { $0.files["certificates/x"] = [1] } == ["export.certificate.malformed"])
    }

    @Test("The manifest names every file once")
    func manifest() throws {
        let fixture = try ExportFixture(size: 2)
        let lines = String(decoding: try #require(fixture.files["SHA256SUMS"]), as: UTF8.self)
        for (text, rule) in [
            (lines + lines, "export.manifest.repeated"), (lines + "x\n", "export.manifest.malformed"),
            (lines + String(repeating: "0", count: 64) + "  gone\n", "export.file.missing"),
            (lines.uppercased(), "export.file.missing"),
        ] {
            var changed = fixture
            changed.files["SHA256SUMS"] = Array(text.utf8)
            #expect(try changed.verify().findings.map(\.rule).contains(rule), "\(rule)")
        }
    }

    // MARK: Entries

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
        for (what, entries) in ExportVerifierTests.tampered(fixture.entries) + [("drop 11", fixture.entries.dropLast())]
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
        for (what, entries) in ExportVerifierTests.tampered(fixture.entries) {
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
        for (what, entries) in ExportVerifierTests.tampered(fixture.entries) {
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

    // MARK: Keys, checkpoint, range

    @Test("The reader's own log key wins over the folder's")
    func expectedLog() throws {
        let fixture = try ExportFixture(size: 3)
        let other = NoteSigner(name: ExportFixture.origin, key: try Ed25519SigningKey())
        let rules = Set(try fixture.verify(expectedLog: other.verifier).findings.map(\.rule))
        #expect(rules == ["export.logKey.other", "export.checkpoint.signature"])
        var gone = fixture
        gone.files["log.vkey"] = nil
        gone.seal()
        #expect(
            Set(try gone.verify(expectedLog: fixture.log.verifier).findings.map(\.rule)) == ["export.logKey.missing"])
    }

    @Test("A checkpoint of another ledger or with another root does not pass")
    func checkpoints() throws {
        let fixture = try ExportFixture(size: 3)
        let root = MerkleTree.root(of: fixture.entries.map(MerkleTree.leafHash))
        #expect(
            try fixture.rules { try $0.sign(Checkpoint(origin: "probity.other/ledger", size: 3, root: root)) }
                == ["export.checkpoint.origin"])
        #expect(
            try fixture.rules {
                try $0.sign(Checkpoint(origin: ExportFixture.origin, size: 3, root: MerkleTree.emptyRoot))
            }
                == ["export.root.mismatch"])
        #expect(
            try fixture.rules { try $0.sign(Checkpoint(origin: ExportFixture.origin, size: 4, root: root)) }
                == ["export.tile.missing"])
    }

    @Test("A size that the folder cannot hold is found at once", arguments: [10_000, 1 << 40, 1 << 53] as [UInt64])
    func hugeSize(size: UInt64) throws {
        let fixture = try ExportFixture(size: 3)
        let rules = try fixture.rules {
            $0.range = 0..<size
            try $0.sign(Checkpoint(origin: ExportFixture.origin, size: size, root: MerkleTree.emptyRoot))
        }
        #expect(rules == ["export.tile.missing"])
    }

    @Test(
        "A range that is none is found",
        arguments: [
            "", "{}", "[]", "{\"from\":0,\"to\":4,\"size\":3}", "{\"from\":2,\"to\":1,\"size\":3}",
            "{\"from\":-1,\"to\":1,\"size\":3}", "{\"from\":0,\"to\":3,\"size\":4}", "{\"from\":0,\"to\":3}",
            "{\"from\":0,\"to\":9223372036854775807,\"size\":3}", "{\"from\":-9223372036854775808,\"to\":1,\"size\":3}",
        ])
    func ranges(text: String) throws {
        #expect(
            try ExportFixture(size: 3).rules { $0.files["range.json"] = Array(text.utf8) } == ["export.range.malformed"]
        )
    }

    @Test("A verifier key without a certificate is found")
    func uncertified() throws {
        let fixture = try ExportFixture(size: 2)
        let stranger = try ExportUser("mallory", role: "clerk")
        let rules = try fixture.rules { $0.files["vkeys"]? += Array((stranger.signer.verifier.vkey + "\n").utf8) }
        #expect(rules == ["export.userKey.uncertified"])
    }

    @Test("A certificate speaks for the user it names and for nobody else")
    func borrowedName() throws {
        // Mallory signs her own certificate in the clerk's name, so that her key verifies the clerk's entries.
        let mallory = try ExportUser("mallory", role: "clerk")
        let asClerk = try ExportUser("clerk1", role: "clerk", key: mallory.key)
        var fixture = try ExportFixture(size: 2)
        let root = MerkleTree.root(of: fixture.entries.prefix(1).map(MerkleTree.leafHash))
        try fixture.make([fixture.entries[0], ExportFixture.entry(1, root, asClerk)])
        fixture.files["certificates/mallory-1.note"] =
            try SignedNote(text: mallory.certificate(), signers: [asClerk.signer, fixture.security.signer]).bytes
        fixture.files["keys/mallory-1.pem"] = Array(try mallory.key.publicKey.pem.utf8)
        fixture.files["vkeys"]? += Array((asClerk.signer.verifier.vkey + "\n").utf8)
        fixture.seal()
        #expect(try !fixture.verify().isSound)
    }

    @Test("A leave needs the signature of a security administrator who is somebody else")
    func leave() throws {
        let fixture = try ExportFixture(size: 2)
        let (clerk, security, auditor) = (fixture.clerk, fixture.security, fixture.auditor)
        let stranger = try ExportUser("stranger", role: "secadmin")
        for (user, signers, isRight) in [
            ("clerk1", [security], true), ("auditor1", [security], true), ("clerk1", [security, auditor], true),
            ("clerk1", [clerk], false), ("clerk1", [auditor], false), ("secadmin1", [security], false),
            ("clerk1", [stranger], false), ("clerk1", [security, stranger], false),
        ] {
            let text = #"{"archive":"a","on":"2026-12-01","serial":2,"type":"leave","user":"\#(user)","v":1}"# + "\n"
            let rules = try fixture.rules {
                $0.files["certificates/\(user)-2.note"] = try SignedNote(text: text, signers: signers.map(\.signer))
                    .bytes
            }
            #expect(rules == (isRight ? [] : ["export.certificate.signature"]), "\(user) \(signers.map(\.id))")
        }
    }

    @Test("A certificate needs its user's signature and another administrator's")
    func countersignature() throws {
        let fixture = try ExportFixture(size: 2)
        let (clerk, security, auditor) = (fixture.clerk, fixture.security, fixture.auditor)
        let others = [(security, [security, auditor]), (auditor, [auditor, security])]
        let stranger = try ExportUser("stranger", role: "secadmin")
        for (signers, isRight) in [
            ([clerk, security], true), ([clerk, auditor], true), ([clerk, security, auditor], true),
            ([clerk], false), ([security], false), ([clerk, clerk], false), ([clerk, stranger], false),
        ] {
            let rules = try fixture.rules { try $0.writeUsers([(clerk, signers)] + others) }
            #expect(rules.isEmpty == isRight, "\(signers.map(\.id)): \(rules)")
            if !isRight { #expect(rules.contains("export.certificate.signature")) }
        }
        // A clerk does not certify anybody, and an administrator not himself.
        let second = try ExportUser("clerk2", role: "clerk")
        let rules = try fixture.rules {
            try $0.writeUsers([(clerk, [clerk, security]), (second, [second, clerk])] + others)
        }
        #expect(rules == ["export.certificate.signature", "export.userKey.uncertified"])
        let alone = try fixture.rules {
            try $0.writeUsers([(clerk, [clerk, security]), (security, [security]), (auditor, [auditor, security])])
        }
        #expect(alone.contains("export.certificate.signature"))
    }

    @Test("A user whose certificate was renewed for the same key has both")
    func renewed() throws {
        let fixture = try ExportFixture(size: 2)
        let (clerk, security) = (fixture.clerk, fixture.security)
        let rules = try fixture.rules {
            $0.files["certificates/clerk1-2.note"] =
                try SignedNote(text: clerk.certificate(serial: 2), signers: [clerk.signer, security.signer]).bytes
            $0.files["keys/clerk1-2.pem"] = Array(try clerk.key.publicKey.pem.utf8)
            $0.files["vkeys"]? += Array((clerk.signer.verifier.vkey + "\n").utf8)
        }
        #expect(rules == [])
    }

    @Test("The key files say the same as the verifier keys")
    func keyFiles() throws {
        let fixture = try ExportFixture(size: 2)
        let other = Array(try fixture.security.key.publicKey.pem.utf8)
        #expect(try fixture.rules { $0.files["keys/clerk1-1.pem"] = other } == ["export.userKey.malformed"])
        #expect(try fixture.rules { $0.files["keys/log.pem"] = other } == ["export.logKey.pem"])
    }

    // MARK: Proofs and openings

    @Test("A proof of another entry, of another head or by another log is found")
    func proofs() throws {
        let fixture = try ExportFixture(size: 5, range: 1..<4)
        let one = try #require(fixture.files["proofs/1.tlog-proof"])
        #expect(try fixture.rules { $0.files["proofs/2.tlog-proof"] = one } == ["export.proof.index"])
        #expect(try fixture.rules { $0.files["proofs/0.tlog-proof"] = one } == ["export.proof.index"])
        #expect(try fixture.rules { $0.files["proofs/1.tlog-proof"] = [1] } == ["export.proof.invalid"])
        let proof = try TlogProof(parsing: one)
        let outside = TlogProof(index: 1 << 60, hashes: proof.hashes, checkpoint: proof.checkpoint)
        #expect(
            try fixture.rules { $0.files["proofs/\(1 << 60).tlog-proof"] = outside.bytes } == ["export.proof.index"])
        // The proof of the tree of two: right, but of an older head than the one exported.
        let leaves = fixture.entries.prefix(2).map(MerkleTree.leafHash)
        let head = Checkpoint(origin: ExportFixture.origin, size: 2, root: MerkleTree.root(of: leaves))
        let older = TlogProof(
            index: 1, hashes: [leaves[0]], checkpoint: try SignedNote(text: head.text, signers: [fixture.log]).bytes)
        #expect(
            try fixture.rules { $0.files["proofs/1.tlog-proof"] = older.bytes } == ["export.proof.checkpoint"])
        let forger = NoteSigner(name: ExportFixture.origin, key: try Ed25519SigningKey())
        let forged = TlogProof(
            index: 1, hashes: [leaves[0]], checkpoint: try SignedNote(text: head.text, signers: [forger]).bytes)
        #expect(
            try fixture.rules { $0.files["proofs/1.tlog-proof"] = forged.bytes } == ["export.proof.signature"])
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

    // MARK: What is no finding

    @Test("A file that cannot be read fails the verification, whichever look at it fails; it is not judged")
    func unreadable() throws {
        struct Unreadable: Error {}
        let fixture = try ExportFixture(size: 3, range: 1..<3)
        func verify(failingAt failing: Int) throws -> Int {
            var reads = 0
            _ = try ExportVerifier.verify(names: Array(fixture.files.keys)) { name in
                reads += 1
                if reads == failing { throw Unreadable() }
                return fixture.files[name] ?? []
            }
            return reads
        }
        let reads = try verify(failingAt: 0)
        // Every file but the manifest once for its sum; every file but VERIFY.txt for what it says.
        #expect(reads == 2 * (fixture.files.count - 1))
        for failing in 1...reads {
            #expect(throws: Unreadable.self, "read \(failing)") { try verify(failingAt: failing) }
        }
    }

    @Test("Random damage is found, and no input traps", arguments: 1...40 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let fixture = try ExportFixture(size: 3)
        let names = fixture.files.keys.sorted().filter { $0 != "SHA256SUMS" && $0 != "VERIFY.txt" }
        for _ in 0..<20 {
            var changed = fixture
            let name = try #require(names.randomElement(using: &random))
            var bytes = try #require(changed.files[name])
            let start = Int.random(in: 0..<bytes.count, using: &random)
            let end = Int.random(in: start..<min(bytes.count, start + 40), using: &random)
            bytes.replaceSubrange(start...end, with: random.bytes(Int.random(in: 0..<40, using: &random)))
            changed.files[name] = bytes
            changed.seal()
            let report = try changed.verify()
            // Openings may be fewer, and a range may be narrower.
            #expect(
                !report.isSound || bytes == fixture.files[name] || name == "openings.jsonl" || name == "range.json",
                "seed \(seed): \(name)")
        }
    }
}
