import CanonicalJSON
import ProbityCrypto
import ProbityLedger

/// Opens the details of ledger lines, for who holds the auditors' key.
struct LedgerReader {
    let header: ArchiveHeader
    let graph: KeyGraph
    let vouching: Vouching
    let db: Connection
    /// Whether a line's details are kept from the reader by a rule, by what they say.
    var withholds: (LeafBody, [String: String]) throws -> Bool = { _, _ in false }
    /// Whether a field of a line is.
    var hides: (LeafBody, String) -> Bool = { _, _ in false }

    private static let linesPerPage = 256

    /// Lines that fit, newest first, with their details.
    ///
    /// What stands in the clear (actor, act, date) decides; only a line that fits is opened, and nothing is read beyond the
    /// last one that is wanted.
    /// - Parameter size: of the ledger.
    /// - Returns: the lines, and where the next page begins; nil at the start of the ledger.
    /// - Throws: ``ArchiveError`` `integrity` where the details are not those that were signed.
    func lines(_ query: LedgerQuery, size: UInt64) throws -> LedgerPage {
        var lines: [LedgerLine] = []
        var sequence = min(query.before ?? size, size)
        while sequence > 0, lines.count < query.limit {
            let page = try LeafTable.notes(
                before: sequence, limit: min(LedgerReader.linesPerPage, max(query.limit - lines.count, 16)), db)
            guard !page.isEmpty else { throw ArchiveError(.integrity, "ledger line \(sequence - 1) is missing") }
            for row in page where lines.count < query.limit {
                guard UInt64(clamping: row.sequence) == sequence - 1 else {
                    throw ArchiveError(.integrity, "ledger line \(sequence - 1) is missing")
                }
                sequence -= 1
                let leaf = try Ledger.leaf(sequence, note: row.note)
                guard fits(leaf, query) else { continue }
                lines.append(try line(leaf, row.note))
            }
        }
        return LedgerPage(lines: lines, next: sequence > 0 ? sequence : nil)
    }

    /// A line with its details, if a key of the user's opens them.
    private func line(_ leaf: LeafBody, _ note: [UInt8]) throws -> LedgerLine {
        func closed(isDamaged: Bool) -> LedgerLine {
            LedgerLine(leaf: leaf, details: nil, isWithheld: false, isDamaged: isDamaged)
        }
        do {
            try vouching.demandLine(leaf, note)
            let details = try opened(leaf).mapValues(\.value).filter { !hides(leaf, $0.key) }
            let isWithheld = try withholds(leaf, details)
            return LedgerLine(
                leaf: leaf, details: isWithheld ? nil : details, isWithheld: isWithheld, isDamaged: false)
        } catch let error as ArchiveError where error.code == .notVisible {
            return closed(isDamaged: false)
        } catch let error as ArchiveError where LedgerReader.isDamage(error) {
            return closed(isDamaged: true)
        }
    }

    /// Whether details do not open because of what they are: whoever writes a line may write anything there.
    private static func isDamage(_ error: ArchiveError) -> Bool { [.integrity, .unsupported].contains(error.code) }

    private func fits(_ leaf: LeafBody, _ query: LedgerQuery) -> Bool {
        if let actor = query.actor, leaf.actor != actor { return false }
        if let act = query.act, !leaf.act.hasPrefix(act) { return false }
        guard query.since != nil || query.until != nil else { return true }
        guard let date = ArchiveTime(leaf.time)?.date else { return false }
        return query.since.map { date >= $0 } ?? true && query.until.map { date <= $0 } ?? true
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

    /// One line of JSON for each commitment in the range that is not withheld, a ledger line's at a time to `receive`.
    func openings(_ range: Range<UInt64>, receive: ([UInt8]) throws -> Void) throws {
        for sequence in range {
            var bytes: [UInt8] = []
            let leaf = try Ledger.leaf(sequence, db)
            let details: [String: (nonce: [UInt8], value: String)]
            do { details = try opened(leaf) } catch let error as ArchiveError where LedgerReader.isDamage(error) {
                // Its commitments stay closed; `check` tells it.
                continue
            }
            if try withholds(leaf, details.mapValues(\.value)) { continue }
            for (field, entry) in details.sorted(by: { $0.key < $1.key }) where !hides(leaf, field) {
                bytes +=
                    JSONValue.object([
                        "seq": .integer(Int64(sequence)), "field": .string(field),
                        "nonce": .string(Base64.encode(entry.nonce)), "value": .string(entry.value),
                    ]).canonicalBytes + [0x0A]
            }
            try receive(bytes)
        }
    }
}
