public import ProbityCrypto

// Signed notes (C2SP signed-note): a text that ends in a newline, an empty line, then signature lines
//
//     — <name> <base64(key ID (4) ‖ signature)>
//
// where the key ID of an Ed25519 key is the first 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key). Leaves,
// checkpoints, certificates and grants are all signed notes: one format, one parser.

/// A text with signatures of which none is checked yet.
public struct SignedNote: Sendable, Equatable {
    /// One signature line.
    public struct Signature: Sendable, Equatable {
        /// The name of the key, as the line has it.
        public let name: String
        /// 4 bytes that tell keys of one name apart; a hint, not a proof.
        public let keyID: [UInt8]
        /// What follows the key ID: 64 bytes for Ed25519, other counts for other kinds of key.
        public let signature: [UInt8]
    }

    /// tlog-tiles writes an entry's length in 16 bits.
    public static let maximumByteCount = 65_535
    /// The specification lets a reader bound the number of signatures.
    static let maximumSignatures = 100

    /// Ends in a newline.
    public let text: String
    /// At least one, in the order of their lines.
    public let signatures: [Signature]

    /// Reads a note; signatures are parsed, not verified.
    ///
    /// - Throws: ``LedgerError`` `malformed` or `tooLong`.
    public init(parsing bytes: [UInt8]) throws(LedgerError) {
        guard bytes.count <= SignedNote.maximumByteCount else { throw LedgerError(.tooLong, "the note is too long") }
        guard let note = String(validating: bytes, as: UTF8.self),
            !note.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" })
        else { throw LedgerError(.malformed, "the note is not text") }
        // The split is at the last empty line: the text itself may hold empty lines. Working on bytes keeps CR-LF and
        // combining characters from being read as one Character.
        var split: Int?
        var index = bytes.count - 2
        while index >= 0 {
            if bytes[index] == 0x0A, bytes[index + 1] == 0x0A {
                split = index + 1
                break
            }
            index -= 1
        }
        guard let split, bytes.last == 0x0A, split + 1 < bytes.count else {
            throw LedgerError(.malformed, "the note has no signatures")
        }
        var signatures: [Signature] = []
        for line in bytes[(split + 1)...].dropLast().split(separator: 0x0A, omittingEmptySubsequences: false) {
            guard signatures.count < SignedNote.maximumSignatures else {
                throw LedgerError(.tooLong, "the note has too many signatures")
            }
            signatures.append(try SignedNote.signature(String(decoding: line, as: UTF8.self)))
        }
        self.text = String(decoding: bytes[..<split], as: UTF8.self)
        self.signatures = signatures
    }

    private static func signature(_ line: String) throws(LedgerError) -> Signature {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "—", NoteVerifier.isValidName(String(parts[1])),
            let bytes = Base64.decode(String(parts[2])), bytes.count > 4
        else { throw LedgerError(.malformed, "a signature line is malformed") }
        return Signature(name: String(parts[1]), keyID: Array(bytes[..<4]), signature: Array(bytes[4...]))
    }

    /// Signs `text` with every signer, in order.
    ///
    /// - Throws: ``LedgerError`` `malformed` for a text that is no note, and ``CryptoError``.
    public init(text: String, signers: [NoteSigner]) throws {
        try self.init(text: text, signatures: signers.map { try $0.signature(text) })
    }

    /// Puts a note together from signatures that exist already; they are not verified.
    ///
    /// - Throws: ``LedgerError`` `malformed` for a text that is no note or no signature, `tooLong` beyond what a reader takes.
    public init(text: String, signatures: [Signature]) throws(LedgerError) {
        guard text.hasSuffix("\n"), !text.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" }) else {
            throw LedgerError(.malformed, "the text of a note ends in a newline and has no control characters")
        }
        guard !signatures.isEmpty else { throw LedgerError(.malformed, "a note has a signature") }
        guard signatures.count <= SignedNote.maximumSignatures else {
            throw LedgerError(.tooLong, "the note has too many signatures")
        }
        self.text = text
        self.signatures = signatures
        guard bytes.count <= SignedNote.maximumByteCount else { throw LedgerError(.tooLong, "the note is too long") }
    }

    /// The note as it is stored and sent.
    public var bytes: [UInt8] {
        var result = Array(text.utf8) + [0x0A]
        for signature in signatures {
            result += Array("— \(signature.name) \(Base64.encode(signature.keyID + signature.signature))\n".utf8)
        }
        return result
    }

    /// The same note with one more signature.
    ///
    /// - Throws: ``LedgerError`` and ``CryptoError``, as when a note is made.
    public func adding(_ signature: Signature) throws(LedgerError) -> SignedNote {
        try SignedNote(text: text, signatures: signatures + [signature])
    }

    /// As ``adding(_:)-(Signature)``, with a signature that `signer` makes now.
    public func adding(_ signer: NoteSigner) throws -> SignedNote {
        try SignedNote(text: text, signatures: signatures + [signer.signature(text)])
    }

    /// Whether a signature of `verifier` is there and right. One of his key that is wrong makes the note invalid for him.
    public func isSigned(by verifier: NoteVerifier) -> Bool {
        let keyID = verifier.keyID
        let own = signatures.filter { $0.keyID == keyID && $0.name.isSpelled(as: verifier.name) }
        guard !own.isEmpty else { return false }
        let message = Array(text.utf8)
        return own.allSatisfy { verifier.key.isValid(signature: $0.signature, for: message) }
    }
}

/// A name and the public key that verifies its signatures.
public struct NoteVerifier: Sendable, Hashable {
    static let ed25519: UInt8 = 0x01

    /// The key's name: no white space, no plus sign.
    public let name: String
    /// The public key.
    public let key: Ed25519PublicKey

    /// A verifier for signatures of `key` under `name`.
    public init(name: String, key: Ed25519PublicKey) {
        self.name = name
        self.key = key
    }

    /// Reads a verifier key: name + "+" + key ID in hexadecimal + "+" + base64(0x01 ‖ public key).
    ///
    /// - Throws: ``LedgerError`` `malformed`.
    public init(vkey: String) throws(LedgerError) {
        let parts = vkey.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, NoteVerifier.isValidName(String(parts[0])), let bytes = Base64.decode(String(parts[2])),
            bytes.first == NoteVerifier.ed25519, bytes.count == 33
        else { throw LedgerError(.malformed, "not an Ed25519 verifier key") }
        do throws(CryptoError) {
            self.key = try Ed25519PublicKey(rawBytes: Array(bytes.dropFirst()))
        } catch {
            throw LedgerError(.malformed, "not an Ed25519 verifier key")
        }
        guard key.isSound else { throw LedgerError(.malformed, "a key of small order signs for nobody") }
        self.name = String(parts[0])
        guard keyIDText == parts[1] else { throw LedgerError(.malformed, "the verifier key's ID is not its key's") }
    }

    /// The first 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key).
    public var keyID: [UInt8] {
        Array(
            SHA256Digest.hash(Array(name.utf8), [0x0A, NoteVerifier.ed25519], key.rawBytes).bytes.prefix(4))
    }

    /// The key ID in hexadecimal.
    public var keyIDText: String { Hex.text(keyID) }

    /// The verifier key's text form, which ``init(vkey:)`` reads.
    public var vkey: String { "\(name)+\(keyIDText)+\(Base64.encode([NoteVerifier.ed25519] + key.rawBytes))" }

    /// A name is not empty and has neither white space nor a plus sign.
    public static func isValidName(_ name: String) -> Bool {
        !name.isEmpty && !name.unicodeScalars.contains { $0.properties.isWhitespace || $0 == "+" }
    }
}

/// A name and the key that signs for it.
public struct NoteSigner: Sendable {
    /// The key's name; checked when it signs.
    public let name: String
    private let key: Ed25519SigningKey

    /// A signer for `name`.
    public init(name: String, key: Ed25519SigningKey) {
        self.name = name
        self.key = key
    }

    /// What verifies its signatures.
    public var verifier: NoteVerifier { NoteVerifier(name: name, key: key.publicKey) }

    func signature(_ text: String) throws -> SignedNote.Signature {
        guard NoteVerifier.isValidName(name) else { throw LedgerError(.malformed, "not a name of a signer") }
        return SignedNote.Signature(name: name, keyID: verifier.keyID, signature: try key.sign(Array(text.utf8)))
    }
}

extension String {
    /// Whether both are the same bytes. `==` on strings is Unicode's canonical equivalence, under which two texts that
    /// hash and sign differently can be equal: no comparison that trust hangs on.
    func isSpelled(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
