public import ProbityCrypto

// tlog-tiles (C2SP): a tree as plain files. A hash tile of level L and index N holds up to 256 consecutive node hashes of
// tree level 8·L; an entry bundle holds the entries of the 256 leaves of a level-0 tile, each after its length in two
// big-endian bytes. A tile that is not full ends in `.p/` and its width.

/// Where the files of a tree lie and how they are written.
public enum Tiles {
    /// How many hashes or entries a full tile holds.
    public static let width: UInt64 = 256

    /// `path` of a tile: `kind` is a level or "entries"; `count` its width, 1 to 256.
    public static func path(_ kind: String, index: UInt64, count: UInt64) -> String {
        var groups: [String] = []
        var rest = index
        repeat {
            let group = String(rest % 1000)
            groups.append(String(repeating: "0", count: 3 - group.count) + group)
            rest /= 1000
        } while rest > 0
        let name = groups.reversed().enumerated().map { $0 < groups.count - 1 ? "x" + $1 : $1 }.joined(separator: "/")
        return "tile/\(kind)/\(name)" + (count < width ? ".p/\(count)" : "")
    }

    /// Every hash tile of a tree of `size` leaves: level of the tile, its index, and how many hashes it holds.
    ///
    /// The list has about `size` / 255 elements: do not ask for a size that nothing vouches for.
    public static func hashTiles(size: UInt64) -> [(level: Int, index: UInt64, count: UInt64)] {
        var tiles: [(level: Int, index: UInt64, count: UInt64)] = []
        var level = 0
        var nodes = size
        while nodes > 0 {
            for index in 0..<nodes / width { tiles.append((level, index, width)) }
            if nodes % width > 0 { tiles.append((level, nodes / width, nodes % width)) }
            nodes /= width
            level += 1
        }
        return tiles
    }

    /// The entries of a bundle.
    ///
    /// - Throws: ``LedgerError`` `malformed` where the lengths do not add up.
    public static func entries(of bundle: [UInt8]) throws(LedgerError) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        var index = 0
        while index < bundle.count {
            guard index + 2 <= bundle.count else { throw LedgerError(.malformed, "an entry bundle is cut") }
            let count = Int(bundle[index]) << 8 | Int(bundle[index + 1])
            index += 2
            guard index + count <= bundle.count else { throw LedgerError(.malformed, "an entry bundle is cut") }
            entries.append(Array(bundle[index..<index + count]))
            index += count
        }
        return entries
    }

    /// The bundle that holds `entries`.
    ///
    /// - Throws: ``LedgerError`` `tooLong` for an entry above 65,535 bytes.
    public static func bundle(_ entries: [[UInt8]]) throws(LedgerError) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            guard entry.count <= SignedNote.maximumByteCount else {
                throw LedgerError(.tooLong, "an entry is too long")
            }
            bytes.append(UInt8(entry.count >> 8))
            bytes.append(UInt8(entry.count & 0xFF))
            bytes += entry
        }
        return bytes
    }
}

/// A proof file (C2SP tlog-proof): the index and audit path of one entry, and the checkpoint that it leads to.
public struct TlogProof: Sendable, Equatable {
    static let header = "c2sp.org/tlog-proof@v1"
    /// A tree of 2^63 leaves has paths of 63 hashes.
    static let maximumHashes = 63

    /// The position of the entry.
    public let index: UInt64
    /// The audit path (RFC 9162 §2.1.3), from the leaf upward.
    public let hashes: [SHA256Digest]
    /// The checkpoint as a signed note.
    public let checkpoint: [UInt8]
    /// Data that the log's application adds; ours adds none.
    public let extra: [UInt8]?

    /// A proof file of its parts.
    public init(index: UInt64, hashes: [SHA256Digest], checkpoint: [UInt8], extra: [UInt8]? = nil) {
        self.index = index
        self.hashes = hashes
        self.checkpoint = checkpoint
        self.extra = extra
    }

    /// The file.
    public var bytes: [UInt8] {
        let extraLine = extra.map { ["extra \(Base64.encode($0))"] } ?? []
        let lines =
            [TlogProof.header] + extraLine + ["index \(index)"] + hashes.map { Base64.encode($0.bytes) } + ["", ""]
        return Array(lines.joined(separator: "\n").utf8) + checkpoint
    }

    /// Reads a proof file; neither proof nor checkpoint is verified.
    ///
    /// - Throws: ``LedgerError`` `malformed`.
    public init(parsing bytes: [UInt8]) throws(LedgerError) {
        let malformed = LedgerError(.malformed, "not a proof file")
        guard let text = String(validating: bytes, as: UTF8.self), let end = text.endOfFirstPart else {
            throw malformed
        }
        var lines = text[..<end].split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst() == Substring(TlogProof.header) else { throw malformed }
        var extra: [UInt8]?
        if let line = lines.first, line.hasPrefix("extra ") {
            guard let data = Base64.decode(String(line.dropFirst(6))) else { throw malformed }
            extra = data
            lines.removeFirst()
        }
        guard let indexLine = lines.popFirst(), indexLine.hasPrefix("index "),
            let index = UInt64(indexLine.dropFirst(6)), "index \(index)" == indexLine,
            lines.count <= TlogProof.maximumHashes
        else { throw malformed }
        var hashes: [SHA256Digest] = []
        for line in lines {
            guard let hash = Base64.decode(String(line)) else { throw malformed }
            do throws(CryptoError) { hashes.append(try SHA256Digest(bytes: hash)) } catch { throw malformed }
        }
        self.index = index
        self.hashes = hashes
        self.extra = extra
        self.checkpoint = Array(text[end...].utf8.dropFirst(2))
    }

    /// Checks that the entry with `leafHash` is in the ledger whose checkpoint the file carries and `log` has signed.
    ///
    /// - Returns: the checkpoint.
    /// - Throws: ``LedgerError`` `signature` where `log` did not sign it, another code where anything else is wrong.
    public func verify(leafHash: SHA256Digest, log: NoteVerifier) throws(LedgerError) -> Checkpoint {
        let note = try SignedNote(parsing: checkpoint)
        guard note.isSigned(by: log) else { throw LedgerError(.signature, "the log did not sign the checkpoint") }
        let head = try Checkpoint(parsing: note.text)
        guard head.origin.isSpelled(as: log.name) else {
            throw LedgerError(.mismatch, "the checkpoint is of another ledger")
        }
        try MerkleTree.verifyInclusion(
            index: index, size: head.size, leafHash: leafHash, proof: hashes, root: head.root)
        return head
    }
}

extension String {
    /// The newline before the first empty line.
    fileprivate var endOfFirstPart: String.Index? {
        var previous: String.Index?
        for index in utf8.indices {
            guard utf8[index] == 0x0A else {
                previous = nil
                continue
            }
            if let previous { return previous }
            previous = index
        }
        return nil
    }
}
