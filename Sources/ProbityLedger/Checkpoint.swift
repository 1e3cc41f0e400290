public import ProbityCrypto

/// The head of a ledger (C2SP tlog-checkpoint): origin, size and root, a line each.
public struct Checkpoint: Sendable, Hashable {
    /// The ledger's name, the same as its log key's.
    public let origin: String
    /// How many leaves the tree has.
    public let size: UInt64
    /// The root over them.
    public let root: SHA256Digest

    public init(origin: String, size: UInt64, root: SHA256Digest) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// The three lines that are signed.
    public var text: String { "\(origin)\n\(size)\n\(Base64.encode(root.bytes))\n" }

    /// Reads the text of a checkpoint. Lines after the third are extensions, which this version neither makes nor needs.
    ///
    /// - Throws: ``LedgerError`` `malformed`.
    public init(parsing text: String) throws(LedgerError) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, lines.last == "", !lines[0].isEmpty, !lines.dropLast().contains(""),
            let size = UInt64(lines[1]), String(size) == lines[1], size <= UInt64(Int64.max),
            let hash = Base64.decode(String(lines[2]))
        else { throw LedgerError(.malformed, "not a checkpoint") }
        self.origin = String(lines[0])
        self.size = size
        do throws(CryptoError) {
            self.root = try SHA256Digest(bytes: hash)
        } catch {
            throw LedgerError(.malformed, "a checkpoint's root has 32 bytes")
        }
    }
}
