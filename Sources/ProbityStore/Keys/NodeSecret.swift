import ProbityCrypto
import ProbityRecords

/// Where a node of the key graph stands.
struct NodePlace: Hashable, Sendable {
    let category: Category
    let unit: String
}

enum KeyKind: String {
    case node, intake, index, tag, log
}

/// An opened node: what wraps below it.
final class NodeSecret: Sendable {
    let keyID: Int64
    let place: NodePlace
    let secret: SecretBytes
    let wrapKey: XAES256GCM

    init(keyID: Int64, place: NodePlace, secret: consuming SecretBytes) throws {
        self.keyID = keyID
        self.place = place
        self.wrapKey = try XAES256GCM(
            key: HKDFSHA256.derive(secret: secret, salt: [], info: Array("probity/node/wrap/v1".utf8), byteCount: 32))
        self.secret = secret
    }
}

/// A dossier key that is ready to seal and open versions.
///
/// What its node wraps is the key (32 bytes) and the number of the officer whose dossier it is (8 bytes, big-endian): whoever
/// finds a dossier by a tag, or a record by its number, learns from the key whose it is.
struct DossierKey: Sendable {
    let dossier: Int64
    let epoch = Epoch.first
    let officer: Int64
    /// Of the node under which it hangs.
    let place: NodePlace
    let cipher: XAES256GCM

    /// A new secret for the dossier of an officer.
    static func secret(of officer: Int64) -> SecretBytes {
        SecretBytes(
            SecretBytes(randomByteCount: 32),
            followedBy: (0..<8).map { UInt8(truncatingIfNeeded: officer >> (56 - 8 * $0)) })
    }

    /// Nil for a secret of another form.
    init?(_ dossier: Int64, at place: NodePlace, _ secret: borrowing SecretBytes) throws {
        guard secret.count == 40 else { return nil }
        self.dossier = dossier
        officer = secret.revealed(after: 32).reduce(0) { $0 << 8 | Int64($1) }
        self.place = place
        cipher = try XAES256GCM(key: secret.prefix(32))
    }
}

/// A secret used with HMAC: the index key of a node or the tag key of a category.
final class TagKey: Sendable {
    /// Number of the key's row.
    let id: Int64
    let secret: SecretBytes
    init(_ id: Int64, _ secret: consuming SecretBytes) {
        self.id = id
        self.secret = secret
    }

    func tag(_ parts: [UInt8]) -> [UInt8] {
        HMACSHA256.authenticate(key: secret, message: parts)
    }
}
