import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import Synchronization

/// The personal things about an act: committed to in its leaf, opened in the details that only auditors can read.
struct ActDetails {
    var fields: [String: String] = [:]

    init(_ fields: [String: String] = [:]) { self.fields = fields }
}

/// Makes the leaf of an act and appends it, inside the transaction of what the act did.
struct LedgerWriter {
    let archive: Archive
    let actor: Identity
    let logKey: Ed25519SigningKey
    let clockIsConfirmed: Bool
    /// The auditors' key where no ledger line vouches for it yet: in the ceremony, which makes it.
    var foundingDetailsKey: (id: Int64, key: X25519PublicKey)?

    func append(
        _ act: String, outcome: String, _ details: ActDetails, batch: Int64?, reads: UInt64?, _ db: Database
    ) throws -> LedgerHead {
        do {
            try archive.ledgerFault.withLock { $0 }?()
            let head = try LedgerTable.head(archive.header, db)
            let now = archive.now
            if let last = head.time, now.seconds - last.seconds > 86_400, !clockIsConfirmed {
                throw ArchiveError(
                    .clockAhead, "the clock is more than a day ahead of the last ledger line (\(last.text))",
                    subject: now.text)
            }
            let objects = try batch.map { try Batch.digest($0, db) }
            guard objects?.tables.isSubset(of: ActRule.of(act).tables) ?? true else {
                throw ArchiveError(.integrity, "the act \(act) is not one that adds such rows")
            }
            var commitments: [String: SHA256Digest] = [:]
            var opened: [String: JSONValue] = [:]
            for (field, value) in details.fields {
                let nonce = RandomBytes.bytes(Commitment.nonceByteCount)
                commitments[field] = Commitment.make(field: field, nonce: nonce, value: value)
                opened[field] = .object(["nonce": .string(Base64.encode(nonce)), "value": .string(value)])
            }
            let sealed = try DetailsEnvelope.seal(
                .object(opened), sequence: head.size, key: foundingDetailsKey ?? archive.detailsKey(db),
                archive.header)
            let signer = NoteSigner(name: archive.header.names.user(actor.user), key: actor.signingKey)
            let leaf = LeafBody(
                sequence: head.size, time: now.text, actor: actor.user, keyID: signer.verifier.keyIDText, act: act,
                outcome: outcome, batch: batch,
                objects: objects.map { LeafBody.Objects(count: $0.count, root: $0.root) },
                details: SHA256Digest.hash(sealed), commitments: commitments, reads: reads, previousRoot: head.root)
            let note = try SignedNote(text: leaf.text, signers: [signer])
            return try LedgerTable.append(
                note: note.bytes, details: sealed, batch: batch, after: head, header: archive.header, logKey: logKey, db
            )
        } catch let error as LedgerError where error.code == .tooLong {
            throw ArchiveError(.ledgerNotWritable, "the ledger line cannot be made: \(error.reason)")
        } catch let error as CryptoError where error.code == .internalFailure {
            throw ArchiveError(.ledgerNotWritable, "the ledger line cannot be signed: \(error.reason)")
        }
    }
}

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
        guard let key = try key(id) else { throw ArchiveError(.notVisible, "no key for the ledger's details") }
        return try Session.opening("the details of ledger line \(sequence)") {
            let bytes = try HPKE.open(Array(sealed[9...]), with: key, info: info(sequence, key: id, header))
            do {
                return try JSONValue(parsing: bytes)
            } catch {
                throw ArchiveError(.integrity, "the details of ledger line \(sequence) are no JSON")
            }
        }
    }
}
