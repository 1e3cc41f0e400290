import CanonicalJSON
public import ProbityCrypto

// A leaf is the bytes of a signed note whose text is one line of canonical JSON (crypto.md §1, "Our format, exactly"):
//
//   v          1
//   seq        position in the ledger
//   time       the actor's clock, RFC 3339 with offset
//   actor      user ID; keyId is the ID of the key that signs the note
//   act        code of the act; outcome is "done", or "refused" followed by a colon and the cause
//   batch      number of the batch that the act's rows carry; null for an act without rows
//   objects    {"count", "root"}: how many rows, and the RFC 6962 root over them; null without rows
//   details    SHA-256 of the details sealed to the auditors
//   commit     salted commitments to every personal thing about the act: officer, record, purpose, query …
//   reads      size of the tree that a reading act saw; null for an act that writes
//   extends    {"size", "root"} of the tree that the leaf is added to

/// What one act leaves in the ledger. It names no person but its actor.
public struct LeafBody: Sendable, Equatable {
    /// The rows that an act made.
    public struct Objects: Sendable, Equatable {
        /// How many.
        public let count: UInt64
        /// The RFC 6962 root over their digests.
        public let root: SHA256Digest

        /// `count` rows with `root` over them.
        public init(count: UInt64, root: SHA256Digest) {
            self.count = count
            self.root = root
        }
    }

    /// Position in the ledger, from 0.
    public let sequence: UInt64
    /// The actor's clock: RFC 3339, whole seconds, with offset. A claim, not a proof.
    public let time: String
    /// User ID of who acted.
    public let actor: String
    /// ID of the key that signs the note, in hexadecimal.
    public let keyID: String
    /// Code of the act.
    public let act: String
    /// `done`, or `refused:` and the cause.
    public let outcome: String
    /// Number of the batch that the act's rows carry; nil for an act without rows.
    public let batch: Int64?
    /// The act's rows; nil for an act without rows.
    public let objects: Objects?
    /// SHA-256 of the details sealed to the auditors.
    public let details: SHA256Digest
    /// Salted commitments to what is personal about the act, by field.
    public let commitments: [String: SHA256Digest]
    /// Size of the tree that a reading act saw, never beyond ``sequence``; nil for an act that writes.
    public let reads: UInt64?
    /// The root of the tree that the leaf is added to.
    ///
    /// The size of the tree that the leaf extends is its own sequence number.
    public let previousRoot: SHA256Digest

    /// A leaf of its parts.
    public init(
        sequence: UInt64, time: String, actor: String, keyID: String, act: String, outcome: String = LeafBody.done,
        batch: Int64? = nil, objects: Objects? = nil, details: SHA256Digest, commitments: [String: SHA256Digest],
        reads: UInt64? = nil, previousRoot: SHA256Digest
    ) {
        self.sequence = sequence
        self.time = time
        self.actor = actor
        self.keyID = keyID
        self.act = act
        self.outcome = outcome
        self.batch = batch
        self.objects = objects
        self.details = details
        self.commitments = commitments
        self.reads = reads
        self.previousRoot = previousRoot
    }

    private static func hash(_ digest: SHA256Digest) -> JSONValue { .string(Base64.encode(digest.bytes)) }

    /// The line that is signed, with its newline.
    public var text: String {
        var line = CanonicalObject()
        line.add("act", .string(act))
        line.add("actor", .string(actor))
        line.add("batch", batch.map { .integer($0) } ?? .null)
        line.add("commit", .object(commitments.mapValues { LeafBody.hash($0) }))
        line.add("details", LeafBody.hash(details))
        line.add("extends", ["root": LeafBody.hash(previousRoot), "size": .integer(Int64(sequence))])
        line.add("keyId", .string(keyID))
        line.add(
            "objects",
            objects.map { ["count": .integer(Int64($0.count)), "root": LeafBody.hash($0.root)] } ?? .null)
        line.add("outcome", .string(outcome))
        line.add("reads", reads.map { .integer(Int64($0)) } ?? .null)
        line.add("seq", .integer(Int64(sequence)))
        line.add("time", .string(time))
        line.add("v", 1)
        return String(decoding: line.finish(), as: UTF8.self) + "\n"
    }

    private static let keys: Set<String> = [
        "v", "seq", "time", "actor", "keyId", "act", "outcome", "batch", "objects", "details", "commit", "reads",
        "extends",
    ]

    /// Reads the text of a leaf; anything but the canonical spelling of exactly these members is refused.
    ///
    /// - Throws: ``LedgerError`` `malformed`.
    public init(parsing text: String) throws(LedgerError) {
        let malformed = LedgerError(.malformed, "not a ledger line")
        guard text.hasSuffix("\n") else { throw malformed }
        let line = text.dropLast()
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: Array(line.utf8), maximumDepth: 4)
        } catch {
            throw malformed
        }
        guard value.canonicalBytes.elementsEqual(line.utf8), let members = value.object,
            Set(members.keys) == LeafBody.keys,
            value["v"]?.integer == 1, let sequence = value["seq"]?.integer, sequence >= 0,
            let time = value["time"]?.string, LedgerTime(time) != nil, let actor = value["actor"]?.string,
            let keyID = value["keyId"]?.string,
            let act = value["act"]?.string, let outcome = value["outcome"]?.string,
            let details = LeafBody.digest(value["details"]), let commit = value["commit"]?.object,
            let extends = value["extends"], extends["size"]?.integer == sequence, extends.object?.count == 2,
            let previous = LeafBody.digest(extends["root"])
        else { throw malformed }
        self.sequence = UInt64(sequence)
        self.time = time
        self.actor = actor
        self.keyID = keyID
        self.act = act
        self.outcome = outcome
        self.details = details
        self.previousRoot = previous
        var commitments: [String: SHA256Digest] = [:]
        for (name, hash) in commit {
            // A zero byte would blur where the field ends in what is hashed.
            guard let digest = LeafBody.digest(hash), !name.utf8.contains(0) else { throw malformed }
            commitments[name] = digest
        }
        self.commitments = commitments
        self.batch = try LeafBody.optional(value["batch"])
        self.reads = try LeafBody.optional(value["reads"]).map { UInt64($0) }
        guard self.reads ?? 0 <= self.sequence else { throw malformed }
        switch value["objects"] {
        case .null?: self.objects = nil
        case let objects?:
            guard objects.object?.count == 2, let count = objects["count"]?.integer, count >= 0,
                let root = LeafBody.digest(objects["root"])
            else { throw malformed }
            self.objects = Objects(count: UInt64(count), root: root)
        case nil: throw malformed
        }
        // What was refused made nothing.
        guard outcome == LeafBody.done || self.objects?.count ?? 0 == 0 else { throw malformed }
    }

    /// ``outcome`` of an act that took place.
    public static let done = "done"

    private static func digest(_ value: JSONValue?) -> SHA256Digest? {
        guard let bytes = value?.string.flatMap(Base64.decode), bytes.count == SHA256Digest.byteCount else {
            return nil
        }
        do throws(CryptoError) { return try SHA256Digest(bytes: bytes) } catch { return nil }
    }

    private static func optional(_ value: JSONValue?) throws(LedgerError) -> Int64? {
        switch value {
        case .null?: return nil
        case .integer(let number)? where number >= 0: return number
        default: throw LedgerError(.malformed, "not a ledger line")
        }
    }
}

/// A salted commitment: what a leaf says of a personal thing.
public enum Commitment {
    /// How many random bytes salt a commitment.
    public static let nonceByteCount = 32

    /// SHA-256("probity/commit/v1" ‖ 0x00 ‖ field ‖ 0x00 ‖ nonce ‖ value).
    public static func make(field: String, nonce: [UInt8], value: String) -> SHA256Digest {
        SHA256Digest.hash(
            Array("probity/commit/v1".utf8), [0], Array(field.utf8), [0], nonce, Array(value.utf8))
    }
}
