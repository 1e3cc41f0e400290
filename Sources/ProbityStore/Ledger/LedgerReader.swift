import CanonicalJSON
import ProbityCrypto
import ProbityLedger

/// Opens the details of ledger lines, for who holds the auditors' key.
struct LedgerReader {
    let header: ArchiveHeader
    let graph: KeyGraph
    let db: Connection

    /// A line with its details, if a key of the user's opens them.
    ///
    /// - Throws: ``ArchiveError`` `integrity` where they are not those that were signed.
    func line(_ sequence: UInt64) throws -> LedgerLine {
        let leaf = try Ledger.leaf(sequence, db)
        do {
            return LedgerLine(leaf: leaf, details: try opened(leaf).mapValues(\.value))
        } catch let error as ArchiveError where error.code == .notVisible {
            return LedgerLine(leaf: leaf, details: nil)
        }
    }

    private func opened(_ leaf: LeafBody) throws -> [String: (nonce: [UInt8], value: String)] {
        let sequence = leaf.sequence
        guard let sealed = try LeafTable.details(sequence, db) else {
            throw ArchiveError(.integrity, "ledger line \(sequence) is missing")
        }
        guard SHA256Digest.hash(sealed) == leaf.details else {
            throw ArchiveError(.integrity, "the details of ledger line \(sequence) are not the ones that were signed")
        }
        let value = try DetailsEnvelope.open(sealed, sequence: sequence, header) { try graph.intakeKey($0, db) }
        var opened: [String: (nonce: [UInt8], value: String)] = [:]
        for (field, entry) in value.object ?? [:] {
            guard let nonce = entry["nonce"]?.string.flatMap(Base64.decode), let text = entry["value"]?.string,
                leaf.commitments[field] == Commitment.make(field: field, nonce: nonce, value: text)
            else { throw ArchiveError(.integrity, "a detail of ledger line \(sequence) does not match its commitment") }
            opened[field] = (nonce, text)
        }
        return opened
    }

    /// One line of JSON for each commitment in the range.
    func openings(_ range: Range<UInt64>) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for sequence in range {
            for (field, entry) in try opened(Ledger.leaf(sequence, db)).sorted(by: { $0.key < $1.key }) {
                bytes +=
                    JSONValue.object([
                        "seq": .integer(Int64(sequence)), "field": .string(field),
                        "nonce": .string(Base64.encode(entry.nonce)), "value": .string(entry.value),
                    ]).canonicalBytes + [0x0A]
            }
        }
        return bytes
    }
}
