import CanonicalJSON
import Foundation
import ProbityCrypto
import ProbityLedger
import ProbityTestSupport
import Testing

@Suite("Signed notes, checkpoints, leaves and proof files")
struct NoteTests {
    private static func vectorFile() throws -> [String: Any] {
        try #require(try json("signed_notes.json") as? [String: Any])
    }

    @Test("The published notes verify, byte for byte")
    func published() throws {
        let notes = try #require(try NoteTests.vectorFile()["notes"] as? [[String: Any]])
        for note in notes {
            let verifier = try NoteVerifier(vkey: try #require(note["vkey"] as? String))
            let bytes = Array(try #require(note["note"] as? String).utf8)
            let parsed = try SignedNote(parsing: bytes)
            #expect(parsed.isSigned(by: verifier))
            #expect(parsed.bytes == bytes)
            #expect(verifier.vkey == note["vkey"] as? String)
        }
        for vkey in try #require(try NoteTests.vectorFile()["bad_vkeys"] as? [String]) {
            #expect(throws: LedgerError.self) { try NoteVerifier(vkey: vkey) }
        }
    }

    @Test("No byte of a note can change without the signature failing or the note being refused")
    func everyByte() throws {
        let signer = try NoteSigner(name: "probity.example/user/a", key: Ed25519SigningKey())
        let bytes = try SignedNote(text: "line one\n\nline two\n", signers: [signer]).bytes
        for index in bytes.indices {
            for bit in [0, 5, 7] {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                let accepted = (try? SignedNote(parsing: changed))?.isSigned(by: signer.verifier) ?? false
                #expect(!accepted, "byte \(index) bit \(bit)")
            }
            let cut = (try? SignedNote(parsing: Array(bytes[..<index])))?.isSigned(by: signer.verifier) ?? false
            #expect(!cut, "cut at \(index)")
        }
    }

    @Test(
        "What is not a note is refused",
        arguments: [
            "", "\n", "text\n", "text\n\n", "text\n\n\n", "text\n— a AAAAAAA=\n", "text\r\n\n— a AAAAAAA=\n",
            "text\n\n— a AAAAAAA=\r\n", "text\n\n— \u{A0} AAAAAAA=\n", "text\n\n—  AAAAAAA=\n",
            "text\n\n— a AAAAAAA=\nmore\n", "text\n\n— a AAAAAAA=\n\n",
            "text\n\n- a AAAAAAA=\n",
            "text\n\n— a AAAAAAA=", "text\n\n— a  AAAAAAA=\n", "text\n\n— a+b AAAAAAA=\n", "text\n\n— a AAAA\n",
            "text\n\n— a AAAAAAB=\n", "te\u{0}xt\n\n— a AAAAAAA=\n",
        ])
    func malformed(text: String) {
        #expect(throws: LedgerError.self) { try SignedNote(parsing: Array(text.utf8)) }
    }

    @Test("A note has bounds in bytes and in signatures, the same for the writer and the reader")
    func bounds() throws {
        let signer = try NoteSigner(name: "a", key: Ed25519SigningKey())
        let overhead = try SignedNote(text: "\n", signers: [signer]).bytes.count
        let longest = String(repeating: "x", count: SignedNote.maximumByteCount - overhead) + "\n"
        let note = try SignedNote(text: longest, signers: [signer])
        #expect(note.bytes.count == SignedNote.maximumByteCount)
        #expect(try SignedNote(parsing: note.bytes) == note)
        #expect(throws: LedgerError(.tooLong, "")) { try SignedNote(text: "x" + longest, signers: [signer]) }
        #expect(throws: LedgerError(.tooLong, "")) { try SignedNote(parsing: [0x78] + note.bytes) }
        let signature = try SignedNote(text: "t\n", signers: [signer]).signatures[0]
        let full = try SignedNote(text: "t\n", signatures: Array(repeating: signature, count: 100))
        #expect(try SignedNote(parsing: full.bytes).isSigned(by: signer.verifier))
        #expect(throws: LedgerError(.tooLong, "")) {
            try SignedNote(text: "t\n", signatures: Array(repeating: signature, count: 101))
        }
        let line = try #require(String(decoding: full.bytes, as: UTF8.self).split(separator: "\n").last)
        #expect(throws: LedgerError(.tooLong, "")) { try SignedNote(parsing: full.bytes + Array("\(line)\n".utf8)) }
    }

    @Test(
        "A text that cannot be a note, and a name that cannot sign, are refused when signing",
        arguments: [
            ("no newline", "a"), ("a\tb\n", "a"), ("a\r\n", "a"), ("", "a"), ("t\n", "a b"), ("t\n", "a+b"),
            ("t\n", ""),
        ])
    func unsignable(text: String, name: String) throws {
        let signer = try NoteSigner(name: name, key: Ed25519SigningKey())
        #expect(throws: LedgerError(.malformed, "")) { try SignedNote(text: text, signers: [signer]) }
    }

    /// U+212A KELVIN SIGN is canonically equivalent to the letter K: Swift's `==` takes one for the other.
    @Test("A name that only looks the same to Unicode is another name")
    func equivalentNames() throws {
        let key = try Ed25519SigningKey()
        let signer = NoteSigner(name: "K", key: key)
        let note = try SignedNote(text: "t\n", signers: [signer])
        let text = String(decoding: note.bytes, as: UTF8.self).replacingOccurrences(of: "— K ", with: "— \u{212A} ")
        #expect(try !SignedNote(parsing: Array(text.utf8)).isSigned(by: signer.verifier))
        #expect(NoteVerifier(name: "\u{212A}", key: key.publicKey).keyID != signer.verifier.keyID)
    }

    @Test(
        "What is not a checkpoint is refused",
        arguments: [
            "", "o\n", "o\n1\n", "\n1\n\(root)\n", "o\n01\n\(root)\n", "o\n+1\n\(root)\n", "o\n-1\n\(root)\n",
            "o\n1\n\(root)", "o\n1\nAAAA\n", "o\n1 \n\(root)\n", "o\n9223372036854775808\n\(root)\n",
            "o\n1\n\(root)\n\nx\n",
        ])
    func malformedCheckpoint(text: String) {
        #expect(throws: LedgerError(.malformed, "")) { try Checkpoint(parsing: text) }
    }

    private static let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

    @Test("A checkpoint of the empty tree, of the largest size, and one with extension lines are read")
    func checkpoints() throws {
        let empty = try Checkpoint(parsing: "o\n0\n\(NoteTests.root)\n")
        #expect(empty == Checkpoint(origin: "o", size: 0, root: MerkleTree.emptyRoot))
        #expect(try Checkpoint(parsing: "o\n9223372036854775807\n\(NoteTests.root)\n").size == UInt64(Int64.max))
        #expect(try Checkpoint(parsing: "o\n0\n\(NoteTests.root)\nsm3 x\n") == empty)
    }

    @Test("Two signers sign one text; a wrong signature of a known key spoils the note for that key only")
    func twoSigners() throws {
        let one = try NoteSigner(name: "probity.example/user/a", key: Ed25519SigningKey())
        let two = try NoteSigner(name: "probity.example/user/b", key: Ed25519SigningKey())
        let note = try SignedNote(text: "grant\n", signers: [one]).adding(two)
        let read = try SignedNote(parsing: note.bytes)
        #expect(read.isSigned(by: one.verifier) && read.isSigned(by: two.verifier))
        let stranger = try NoteSigner(name: "probity.example/user/a", key: Ed25519SigningKey())
        #expect(!read.isSigned(by: stranger.verifier))
        let other = try SignedNote(text: "other\n", signers: [two])
        let mixed = try SignedNote(text: "grant\n", signatures: note.signatures + other.signatures)
        #expect(mixed.isSigned(by: one.verifier) && !mixed.isSigned(by: two.verifier))
    }

    @Test("The published log: every checkpoint is signed, and tiles and entries lead to its root")
    func tesseraLog() throws {
        let log = try NoteVerifier(vkey: try #require(try NoteTests.vectorFile()["tessera_log_vkey"] as? String))
        for size in 1...15 {
            let bytes = try [UInt8](Data(contentsOf: vectors.appending(path: "tessera-log/checkpoint.\(size)")))
            let note = try SignedNote(parsing: bytes)
            #expect(note.isSigned(by: log))
            let checkpoint = try Checkpoint(parsing: note.text)
            #expect(checkpoint.size == UInt64(size) && checkpoint.text == note.text)
            let path = Tiles.path("0", index: 0, count: UInt64(size))
            let tile = try [UInt8](Data(contentsOf: vectors.appending(path: "tessera-log/\(path)")))
            let hashes = try stride(from: 0, to: tile.count, by: 32).map { try SHA256Digest(bytes: tile[$0..<$0 + 32]) }
            #expect(MerkleTree.root(of: hashes) == checkpoint.root)
            let bundle = try [UInt8](
                Data(
                    contentsOf: vectors.appending(
                        path: "tessera-log/\(Tiles.path("entries", index: 0, count: UInt64(size)))")))
            let entries = try Tiles.entries(of: bundle)
            #expect(entries.map(MerkleTree.leafHash) == hashes)
            #expect(try Tiles.bundle(entries) == bundle)
        }
    }

    @Test("Tile paths are those of the specification")
    func tilePaths() {
        #expect(Tiles.path("0", index: 1_234_067, count: 256) == "tile/0/x001/x234/067")
        #expect(Tiles.path("0", index: 273, count: 112) == "tile/0/273.p/112")
        #expect(Tiles.path("entries", index: 0, count: 1) == "tile/entries/000.p/1")
        let tiles = Tiles.hashTiles(size: 70_000)
        #expect(tiles.filter { $0.level == 0 }.count == 274)
        #expect(tiles.filter { $0.level == 1 }.map(\.count) == [256, 17])
        #expect(tiles.filter { $0.level == 2 }.map(\.count) == [1])
    }

    @Test("A proof file with witnesses' signatures verifies, comes back byte for byte, and fails when changed")
    func proofFile() throws {
        let local = try #require(try NoteTests.vectorFile()["local_cosigned"] as? [String: Any])
        let bytes = Array(try #require(local["tlog_proof_for_index_4"] as? String).utf8)
        let log = try NoteVerifier(vkey: try #require(local["log_vkey"] as? String))
        let proof = try TlogProof(parsing: bytes)
        #expect(proof.bytes == bytes)
        #expect(try proof.verify(leafHash: MerkleTree.leafHash(Array("entry 4".utf8)), log: log).size == 7)
        #expect(throws: LedgerError(.mismatch, "")) {
            try proof.verify(leafHash: MerkleTree.leafHash(Array("entry 5".utf8)), log: log)
        }
        for index in stride(from: 0, to: bytes.count, by: 1) {
            var changed = bytes
            changed[index] ^= 1
            // The witness's line is not the log's: a change there leaves the log's proof as good as it was.
            if index > bytes.count - 160 { continue }
            #expect(throws: LedgerError.self, "byte \(index)") {
                try TlogProof(parsing: changed).verify(leafHash: MerkleTree.leafHash(Array("entry 4".utf8)), log: log)
            }
        }
    }

    @Test("A proof file's extra data is kept; other forms are refused")
    func proofFileForms() throws {
        let digest = SHA256Digest.hash([1])
        let plain = TlogProof(index: 1 << 40, hashes: [digest, digest], checkpoint: Array("c\n".utf8))
        let full = TlogProof(index: 0, hashes: [], checkpoint: Array("c\n".utf8), extra: [1, 2, 3])
        for proof in [plain, full] { #expect(try TlogProof(parsing: proof.bytes) == proof) }
        #expect(plain.extra == nil)
        let head = "c2sp.org/tlog-proof@v1\n"
        let hash = Base64.encode(digest.bytes) + "\n"
        for text in [
            "", head, head + "index 0\n", "c2sp.org/tlog-proof@v2\nindex 0\n\nc\n", head + "index 00\n\nc\n",
            head + "index -1\n\nc\n", head + "index +1\n\nc\n", head + "index 18446744073709551616\n\nc\n",
            head + "extra !\nindex 0\n\nc\n", head + "extra AA==\nextra AA==\nindex 0\n\nc\n",
            head + "index 0\nAAAA\n\nc\n", head + "index 0\r\n\nc\n", head + "index 0\nindex 1\n\nc\n",
            head + "index 0\n" + String(repeating: hash, count: 64) + "\nc\n",
        ] {
            #expect(throws: LedgerError(.malformed, ""), "\(text)") { try TlogProof(parsing: Array(text.utf8)) }
        }
    }

    @Test("An entry bundle that is cut anywhere between entries' ends is refused; an entry too long is not written")
    func bundles() throws {
        let entries: [[UInt8]] = [[1], [], [UInt8](repeating: 7, count: 300)]
        let bundle = try Tiles.bundle(entries)
        #expect(try Tiles.entries(of: bundle) == entries)
        #expect(try Tiles.entries(of: []) == [])
        let ends: Set<Int> = [0, 3, 5, bundle.count]
        for count in 0...bundle.count where !ends.contains(count) {
            #expect(throws: LedgerError(.malformed, ""), "cut at \(count)") {
                try Tiles.entries(of: Array(bundle[..<count]))
            }
        }
        #expect(throws: Never.self) { try Tiles.bundle([[UInt8](repeating: 0, count: 65_535)]) }
        #expect(throws: LedgerError(.tooLong, "")) { try Tiles.bundle([[UInt8](repeating: 0, count: 65_536)]) }
    }

    private static func leaf(
        time: String = "2026-12-01T08:00:00+08:00", reads: UInt64? = nil, field: String = "officer"
    )
        -> LeafBody
    {
        let digest = SHA256Digest.hash([1])
        return LeafBody(
            sequence: 3, time: time, actor: "clerk1", keyID: "01020304", act: "record.show", details: digest,
            commitments: [field: digest], reads: reads, previousRoot: digest)
    }

    @Test(
        "A leaf's time is RFC 3339 with an offset, and a day that there was",
        arguments: [
            ("2026-12-01T08:00:00+08:00", true), ("2026-12-01T00:00:00Z", true), ("2024-02-29T23:59:59-11:30", true),
            ("2000-02-29T00:00:00Z", true), ("", false), ("2026-12-01", false), ("2026-12-01T08:00:00", false),
            ("2026-12-01 08:00:00+08:00", false), ("2026-13-01T08:00:00Z", false), ("2026-00-01T08:00:00Z", false),
            ("2026-02-29T08:00:00Z", false), ("1900-02-29T08:00:00Z", false), ("2026-04-31T08:00:00Z", false),
            ("2026-12-01T24:00:00Z", false), ("2026-12-01T08:60:00Z", false), ("2026-12-01T08:00:60Z", false),
            ("2026-12-01T08:00:00+24:00", false), ("2026-12-01T08:00:00+08:60", false),
            ("2026-12-01T08:00:00.5Z", false), ("+026-12-01T08:00:00Z", false), ("2026-12-01T08:00:00z", false),
            ("2026-12-01T08:00:00*08:00", false), ("2026-12-0１T08:00Z", false),
        ])
    func leafTime(time: String, isRight: Bool) throws {
        if isRight {
            #expect(try LeafBody(parsing: NoteTests.leaf(time: time).text).time == time)
        } else {
            #expect(throws: LedgerError(.malformed, "")) { try LeafBody(parsing: NoteTests.leaf(time: time).text) }
        }
    }

    @Test("A reading act saw no more of the ledger than there was, and a field's name has no zero byte")
    func leafBounds() throws {
        #expect(try LeafBody(parsing: NoteTests.leaf(reads: 3).text).reads == 3)
        #expect(throws: LedgerError(.malformed, "")) { try LeafBody(parsing: NoteTests.leaf(reads: 4).text) }
        #expect(throws: LedgerError(.malformed, "")) {
            try LeafBody(parsing: NoteTests.leaf(field: "officer\u{0}x").text)
        }
    }

    @Test("A leaf's line comes back whole; other spellings and members are refused")
    func leaf() throws {
        let digest = SHA256Digest.hash([1])
        let leaf = LeafBody(
            sequence: 3, time: "2026-12-01T08:00:00+08:00", actor: "clerk1", keyID: "01020304", act: "record.add",
            batch: 7,
            objects: .init(count: 2, root: digest), details: digest, commitments: ["officer": digest], reads: nil,
            previousRoot: digest)
        #expect(try LeafBody(parsing: leaf.text) == leaf)
        for (find, replace) in [
            ("\"v\":1", "\"v\":2"), ("\"seq\":3", "\"seq\": 3"), ("\"act\"", "\"extra\":1,\"act\""),
            ("\"size\":3", "\"size\":4"), ("\"reads\":null,", ""), ("\"batch\":7", "\"batch\":-7"),
            // What was refused made no rows.
            ("\"outcome\":\"done\"", "\"outcome\":\"refused:recusal\""),
        ] {
            #expect(throws: LedgerError.self, "\(find)") {
                try LeafBody(parsing: leaf.text.replacingOccurrences(of: find, with: replace))
            }
        }
    }

    @Test("A commitment binds field, nonce and value")
    func commitment() {
        let nonce = [UInt8](repeating: 7, count: 32)
        let made = Commitment.make(field: "officer", nonce: nonce, value: "O-1")
        #expect(made != Commitment.make(field: "officer", nonce: nonce, value: "O-2"))
        #expect(made != Commitment.make(field: "record", nonce: nonce, value: "O-1"))
        #expect(made != Commitment.make(field: "officer", nonce: [UInt8](repeating: 8, count: 32), value: "O-1"))
    }

    @Test(
        "Base64 is strict",
        arguments: ["A", "AA", "AAA", "A===", "AA=A", "AB==", "AAB=", "AA==AA==", " AAA", "AA\n=", "AA-_", "===="])
    func base64Refused(text: String) { #expect(Base64.decode(text) == nil) }

    @Test("Hexadecimal is lower-case, two digits a byte, and nothing else is read")
    func hexadecimal() {
        let bytes = Array(UInt8.min...UInt8.max)
        let text = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(Hex.text(bytes) == text)
        #expect(Hex.bytes(text) == bytes)
        #expect(Hex.text([]) == "" && Hex.bytes("") == [])
        for refused in ["0", "000", "0A", "0g", " 0", "0x", "１０"] { #expect(Hex.bytes(refused) == nil, "\(refused)") }
    }

    @Test("Base64 agrees with Foundation's", arguments: 0...70)
    func base64RoundTrip(count: Int) {
        var random = SeededGenerator(seed: UInt64(count))
        let bytes = random.bytes(count)
        #expect(Base64.encode(bytes) == Data(bytes).base64EncodedString())
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
}
