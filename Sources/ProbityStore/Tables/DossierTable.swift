import ProbityRecords

enum DossierTable {
    /// The dossiers that say to be those of an officer's tag in a category, with their batches: more than one where
    /// somebody put another there.
    static func dossiers(
        _ tag: [UInt8], in category: ProbityRecords.Category, _ db: Connection
    ) throws -> [(id: Int64, batch: Int64)] {
        try db.all(
            "SELECT id, batch FROM dossier WHERE officerTag = ? AND category = ? AND \(Published.rows) ORDER BY id",
            [.blob(tag), .text(category.rawValue)]
        ) { ($0.integer(0), $0.integer(1)) }
    }

    /// The category of a dossier; nil where there is no such dossier.
    static func category(of dossier: Int64, _ db: Connection) throws -> ProbityRecords.Category? {
        try db.text("SELECT category FROM dossier WHERE id = ? AND \(Published.rows)", [.integer(dossier)])
            .flatMap(ProbityRecords.Category.init(rawValue:))
    }

    /// The next dossiers of some categories, by number.
    ///
    /// - Parameter last: none up to this number.
    static func page(
        of categories: [ProbityRecords.Category], after last: Int64, limit: Int, _ db: Connection
    ) throws -> [(id: Int64, category: String)] {
        let marks = Array(repeating: "?", count: categories.count).joined(separator: ", ")
        return try db.all(
            """
            SELECT id, category FROM dossier WHERE category IN (\(marks)) AND id > ?
            AND \(Published.rows) ORDER BY id LIMIT ?
            """, categories.map { .text($0.rawValue) } + [.integer(last), .integer(Int64(limit))]
        ) { ($0.integer(0), $0.text(1)) }
    }

    /// A dossier's key, with the category that the dossier says; nil where there is none.
    static func key(
        of dossier: Int64, _ db: Connection
    ) throws -> (category: ProbityRecords.Category?, node: Int64, wrapped: [UInt8])? {
        try db.first(
            """
            SELECT dossier.category, dossierKey.node, dossierKey.wrapped FROM dossierKey
            JOIN dossier ON dossier.id = dossierKey.dossier
            WHERE dossierKey.dossier = ? AND dossierKey.epoch = \(Epoch.first)
            """, [.integer(dossier)]
        ) { (ProbityRecords.Category(rawValue: $0.text(0)), $0.integer(1), $0.bytes(2)) }
    }

    /// Dossiers that say to be those of one officer in one category, all but the oldest of each.
    static func twice(_ db: Connection) throws -> [Int64] {
        try db.all(
            """
            SELECT MAX(id) FROM dossier WHERE \(Published.rows) GROUP BY officerTag, category HAVING COUNT(*) > 1
            ORDER BY 1
            """
        ) { $0.integer(0) }
    }

    /// Dossiers with keys of another epoch than the first, or under no node of their category.
    static func astray(_ db: Connection) throws -> [Int64] {
        try db.all(
            """
            SELECT DISTINCT dossierKey.dossier FROM dossierKey
            LEFT JOIN dossier ON dossier.id = dossierKey.dossier
            LEFT JOIN key ON key.id = dossierKey.node
            WHERE dossierKey.epoch <> \(Epoch.first) OR dossier.id IS NULL OR key.id IS NULL
                OR key.kind <> 'node' OR key.category <> dossier.category ORDER BY 1
            """
        ) { $0.integer(0) }
    }

    /// Where the dossiers of a category hang: dossier and node of every key. Answered from indexes alone.
    static let places = """
        SELECT dossierKey.dossier, dossierKey.node FROM key JOIN dossierKey ON dossierKey.node = key.id
        WHERE key.category = ? AND key.kind = 'node' AND dossierKey.epoch = \(Epoch.first)
        """
}

extension RowWriter {
    /// Random, so that numbers tell neither order nor person; 42 bits leave 20 for the versions of a dossier.
    func insertDossier(_ category: ProbityRecords.Category, officerTag: [UInt8]) throws -> Int64 {
        let id = try drawNumber(.dossier) { Int64($0 >> 22) | 1 }
        try insert(.dossier, [.integer(id), .text(category.rawValue), .blob(officerTag)])
        return id
    }

    func insertDossierKey(_ dossier: Int64, epoch: Int64, node: Int64, wrapped: [UInt8]) throws {
        try insert(.dossierKey, [.integer(dossier), .integer(epoch), .integer(node), .blob(wrapped)])
    }
}
