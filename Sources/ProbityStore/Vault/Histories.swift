import ProbityRecords

extension Vault {
    /// An officer's records in a category with their whole history, as rules see them; none where the user has no key there
    /// or there is no dossier.
    func histories(
        in category: ProbityRecords.Category, of officer: OfficerEntry, _ db: Connection
    ) throws -> [RecordFact] {
        guard try nearestVisible(place(category, unit: officer.unit), db) != nil,
            let dossier = try dossier(category, officer: officer.id.number, unit: officer.unit, db),
            try graph.dossierKey(dossier, db) != nil
        else { return [] }
        var order: [Int64] = []
        var histories: [Int64: (kind: String, versions: [RecordFact.Version])] = [:]
        for row in try VersionTable.rows(in: dossier, record: nil, db) {
            let opened = try open(row, category, db)
            let content = opened.content
            guard content.officer == officer.id else {
                throw ArchiveError(.integrity, "version \(RecordID(row.id)) belongs to another dossier")
            }
            let version = RecordFact.Version(
                state: content.state, occurredOn: content.occurredOn, filedOn: content.filedOn,
                filedSequence: opened.provenance.sequence, asFound: false, values: content.values)
            if histories[row.record] == nil { order.append(row.record) }
            histories[row.record, default: (content.kind, [])].versions.append(version)
        }
        return order.compactMap { record in
            histories[record].map {
                RecordFact(recordID: RecordID(record).text, kind: $0.kind, versions: $0.versions)
            }
        }
    }
}
