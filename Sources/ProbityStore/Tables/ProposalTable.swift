/// A row of `proposal`: something that waits for other users, with the signatures that it has so far. Each signature is a row
/// of its own behind the first, and so is a denial.
struct ProposalRow {
    let id: Int64
    /// Nil for one that this program never writes.
    let kind: Kind?
    /// Number of the proposal's first row, by which people know it.
    let first: Int64
    /// Where it is sealed; nil where it stands in the clear.
    let place: Place?
    let note: [UInt8]
    let release: [UInt8]?
    let mark: RowMark

    enum Kind: String {
        case certificate, grant, step, denial
    }

    /// The dossier under whose key a note is sealed.
    struct Place: Hashable {
        let dossier: Int64
        let epoch: Int64
    }

    fileprivate init(_ rows: borrowing Rows) throws {
        id = rows.integer(0)
        kind = Kind(rawValue: rows.text(1))
        first = rows.integer(2)
        place = rows.optionalInteger(3).map { Place(dossier: $0, epoch: rows.optionalInteger(4) ?? 0) }
        note = rows.bytes(5)
        release = rows.optionalBytes(6)
        mark = RowMark(.proposal, rows)
    }
}

enum ProposalTable {
    private static let columns = Table.proposal.list

    /// - Parameter dossier: only the proposals that begin there.
    static func all(of dossier: Int64? = nil, _ db: Connection) throws -> [ProposalRow] {
        guard let dossier else {
            return try db.all("SELECT \(columns) FROM proposal ORDER BY id") { try ProposalRow($0) }
        }
        return try db.all(
            """
            SELECT \(columns) FROM proposal
            WHERE first IN (SELECT id FROM proposal WHERE dossier = ? AND id = first) ORDER BY id
            """, [.integer(dossier)]
        ) { try ProposalRow($0) }
    }

    /// The rows of one proposal, oldest first.
    static func rows(of first: Int64, _ db: Connection) throws -> [ProposalRow] {
        try db.all("SELECT \(columns) FROM proposal WHERE first = ? ORDER BY id", [.integer(first)]) {
            try ProposalRow($0)
        }
    }

    /// A grant's wrap as it waits, sealed to the security administrator.
    static func release(of id: Int64, _ db: Connection) throws -> [UInt8]? {
        try db.bytes("SELECT release FROM proposal WHERE id = ?", [.integer(id)])
    }
}

extension RowWriter {
    /// The number that the next row will have.
    func nextProposal() throws -> Int64 { try nextID(.proposal) }

    /// - Parameter first: the proposal that the row belongs to; nil begins one.
    @discardableResult
    func insertProposal(
        _ kind: ProposalRow.Kind, first: Int64? = nil, place: ProposalRow.Place? = nil, note: [UInt8],
        release: [UInt8]? = nil
    ) throws -> Int64 {
        let id = try nextProposal()
        try insert(
            .proposal,
            [
                .integer(id), .text(kind.rawValue), .integer(first ?? id), Value(place?.dossier), Value(place?.epoch),
                .blob(note), Value(release),
            ])
        return id
    }
}
