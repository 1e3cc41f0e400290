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

    // MARK: The log, the head, the range

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
