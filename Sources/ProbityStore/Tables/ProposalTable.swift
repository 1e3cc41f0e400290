/// A row of `proposal`: a certificate or grant that waits, with the signatures that it has so far.
struct ProposalRow {
    let id: Int64
    /// "certificate" or "grant".
    let kind: String
    let note: [UInt8]
}

enum ProposalTable {
    static func all(_ db: Connection) throws -> [ProposalRow] {
        try db.all("SELECT id, kind, note FROM proposal ORDER BY id") {
            ProposalRow(id: $0.integer(0), kind: $0.text(1), note: $0.bytes(2))
        }
    }

    /// A grant's wrap as it waits, sealed to the security administrator.
    static func release(of id: Int64, _ db: Connection) throws -> [UInt8]? {
        try db.bytes("SELECT release FROM proposal WHERE id = ?", [.integer(id)])
    }
}

extension RowWriter {
    func insertProposal(kind: String, note: [UInt8], release: [UInt8]? = nil) throws -> Int64 {
        let id = try nextID(.proposal)
        try insert(.proposal, [.integer(id), .text(kind), .blob(note), Value(release)])
        return id
    }
}
