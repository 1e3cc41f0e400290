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
struct DossierKey: Sendable {
    let dossier: Int64
    let epoch: Int64
    let cipher: XAES256GCM
}

/// A secret used with HMAC: the index key of a node or the tag key of a category.
final class TagKey: Sendable {
    let secret: SecretBytes
    init(_ secret: consuming SecretBytes) { self.secret = secret }

    func tag(_ parts: [UInt8]) -> [UInt8] {
        HMACSHA256.authenticate(key: secret, message: parts)
    }
}
