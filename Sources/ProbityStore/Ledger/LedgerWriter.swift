import CanonicalJSON
import ProbityCrypto
import ProbityLedger

/// The personal things about an act: committed to in its leaf, opened in the details that only auditors can read.
struct ActDetails {
    private(set) var fields: [Act.Field: String] = [:]

    subscript(field: Act.Field) -> String? {
        get { fields[field] }
        set { fields[field] = newValue }
    }
}

/// Makes the leaf of an act and appends it, inside the transaction of what the act did.
struct LedgerWriter {
    let archive: Archive
    let actor: Identity
    let logKey: Ed25519SigningKey
    let clockIsConfirmed: Bool
    /// The auditors' key where no ledger line vouches for it yet: in the ceremony, which makes it.
    var foundingDetailsKey: (id: Int64, key: X25519PublicKey)?

    /// - Parameters:
    ///   - writer: inserted the rows of the act; nil for an act without rows.
    ///   - reads: size of the tree that a reading act saw.
    func append(
        _ act: Act, outcome: String, _ details: ActDetails, rows writer: RowWriter? = nil, reads: UInt64? = nil,
        _ db: Connection
    ) throws -> LedgerHead {
        do {
            try archive.ledgerFault?()
            let head = try Ledger.head(archive.header, archive.ledgerMemory, db)
            let now = archive.now
            if let last = head.time, now.seconds - last.seconds > 86_400, !clockIsConfirmed {
                throw ArchiveError(
                    .clockAhead, "the clock is more than a day ahead of the last ledger line (\(last.text))",
                    subject: now.text)
            }
            let objects = try writer?.digest()
            guard objects?.tables.isSubset(of: act.adds) ?? true, act.fields.isSuperset(of: details.fields.keys) else {
                throw ArchiveError(.integrity, "the act \(act.code) is not one that adds such rows or says such things")
            }
            var commitments: [String: SHA256Digest] = [:]
            var opened: [String: JSONValue] = [:]
            for (field, value) in details.fields {
                let nonce = RandomBytes.bytes(Commitment.nonceByteCount)
                commitments[field.rawValue] = Commitment.make(field: field.rawValue, nonce: nonce, value: value)
                opened[field.rawValue] = .object(["nonce": .string(Base64.encode(nonce)), "value": .string(value)])
            }
            let detailsKey = try foundingDetailsKey ?? Vouching(archive, db).detailsKey()
            let sealed = try DetailsEnvelope.seal(
                .object(opened), sequence: head.size, key: detailsKey, archive.header)
            let signer = NoteSigner(name: archive.header.names.user(actor.user), key: actor.signingKey)
            let leaf = LeafBody(
                sequence: head.size, time: now.text, actor: actor.user, keyID: signer.verifier.keyIDText, act: act.code,
                outcome: outcome, batch: writer?.batch,
                objects: objects.map { LeafBody.Objects(count: $0.count, root: $0.root) },
                details: SHA256Digest.hash(sealed), commitments: commitments, reads: reads, previousRoot: head.root)
            let note = try SignedNote(text: leaf.text, signers: [signer])
            return try Ledger.append(
                note: note.bytes, at: now, details: sealed, batch: writer?.batch, after: head, header: archive.header,
                logKey: logKey, archive.ledgerMemory, db)
        } catch let error as LedgerError where error.code == .tooLong {
            throw ArchiveError(.ledgerNotWritable, "the ledger line cannot be made: \(error.reason)")
        } catch let error as CryptoError where error.code == .internalFailure {
            throw ArchiveError(.ledgerNotWritable, "the ledger line cannot be signed: \(error.reason)")
        }
    }
}
