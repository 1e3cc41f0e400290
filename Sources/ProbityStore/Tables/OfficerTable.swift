enum OfficerTable {
    /// The roster dossier of an officer; nil where there is no such officer.
    static func dossier(of officer: Int64, _ db: Connection) throws -> Int64? {
        try db.integer("SELECT dossier FROM officer WHERE id = ? AND \(Published.rows)", [.integer(officer)])
    }

    /// Officers whose roster dossier hangs below a node, by number.
    static func officers(below node: Int64, _ db: Connection) throws -> [Int64] {
        try db.all(
            """
            SELECT officer.id FROM dossierKey JOIN officer ON officer.dossier = dossierKey.dossier
            WHERE dossierKey.node = ? AND \(Published.rows(of: .officer)) ORDER BY officer.id
            """, [.integer(node)]
        ) { $0.integer(0) }
    }

    private static let tagsPerStatement = 100

    /// Officers who bear one of the blind-index tags, by number.
    ///
    /// One statement for a hundred units: a province has hundreds, and an import looks up every officer.
    static func officers(withTags tags: [[UInt8]], _ db: Connection) throws -> [Int64] {
        var found: Set<Int64> = []
        for start in stride(from: 0, to: tags.count, by: tagsPerStatement) {
            let chunk = tags[start..<min(start + tagsPerStatement, tags.count)]
            let marks = Array(repeating: "?", count: chunk.count).joined(separator: ",")
            found.formUnion(
                try db.all(
                    "SELECT officer FROM officerTag WHERE tag IN (\(marks)) AND \(Published.rows)",
                    chunk.map { .blob($0) }
                ) { $0.integer(0) })
        }
        return found.sorted()
    }
}

extension RowWriter {
    func insertOfficer(_ id: Int64, dossier: Int64) throws { try insert(.officer, [.integer(id), .integer(dossier)]) }

    func insertOfficerTag(_ tag: [UInt8], officer: Int64) throws {
        try insert(.officerTag, [.blob(tag), .integer(officer)])
    }
}
