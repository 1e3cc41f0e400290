import CanonicalJSON
import ProbityCrypto

/// The details of an act, sealed to the auditors: suite (1) ‖ id of the intake key (8, big-endian) ‖ HPKE.
enum DetailsEnvelope {
    private static func info(_ sequence: UInt64, key: Int64, _ header: ArchiveHeader) -> [UInt8] {
        KeyGraph.context(
            archiveID: header.archiveID, from: "leaf:\(sequence)", to: "key:\(key)", purpose: "details")
    }

    static func seal(
        _ value: JSONValue, sequence: UInt64, key: (id: Int64, key: X25519PublicKey), _ header: ArchiveHeader
    ) throws -> [UInt8] {
        let identifier = (0..<8).map { UInt8(truncatingIfNeeded: key.id >> (56 - 8 * $0)) }
        return [Suite.intl.rawValue] + identifier
            + (try HPKE.seal(value.canonicalBytes, to: key.key, info: info(sequence, key: key.id, header)))
    }

    static func open(
        _ sealed: [UInt8], sequence: UInt64, _ header: ArchiveHeader, key: (Int64) throws -> X25519PrivateKey?
    ) throws -> JSONValue {
        guard sealed.count > 9, sealed[0] == Suite.intl.rawValue else {
            throw ArchiveError(.integrity, "the details of ledger line \(sequence) have another form")
        }
        let id = sealed[1..<9].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        guard let key = try key(id) else {
            throw ArchiveError(.notVisible, "no key for the ledger's details", rule: "key.ledger")
        }
        return try Seal.opening("the details of ledger line \(sequence)") {
            let bytes = try HPKE.open(Array(sealed[9...]), with: key, info: info(sequence, key: id, header))
            do {
                return try JSONValue(parsing: bytes)
            } catch {
                throw ArchiveError(.integrity, "the details of ledger line \(sequence) are no JSON")
            }
        }
    }
}
