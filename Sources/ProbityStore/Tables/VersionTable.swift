import ProbityRecords

/// A row of `version` that stands in the database.
struct VersionRow {
    let id: Int64
    let record: Int64
    let epoch: Int64
    /// Nil where the category seals them.
    let clear: ClearColumns?
    let sealed: [UInt8]
    let mark: RowMark

    var dossier: Int64 { id >> 20 }

    /// The kind as the row has it, also where the rest is damaged: it is part of what the seal is over.
    let kind: String?

    fileprivate init(_ rows: borrowing Rows) {
        id = rows.integer(0)
        record = rows.integer(1)
        epoch = rows.integer(2)
        kind = rows.optionalText(3)
        clear = ClearColumns(kind: kind, rows)
        sealed = rows.bytes(8)
        mark = RowMark(.version, rows)
    }
}

extension ClearColumns {
    /// Nil where a column is missing, or is none: its row has no content that says the same.
    fileprivate init?(kind: String?, _ rows: borrowing Rows) {
        guard let kind, let state = rows.optionalText(4), let occurred = rows.optionalText(5).flatMap({ CivilDate($0) })
        else { return nil }
        let due = rows.optionalText(6)
        let dueOn = due.flatMap { CivilDate($0) }
        guard (due == nil) == (dueOn == nil) else { return nil }
        self.init(
            kind: kind, state: state, occurredOn: occurred, dueOn: dueOn,
            form: rows.optionalInteger(7).map { Int($0) })
    }
}

enum VersionTable {
    /// Numbers of the versions that a dossier may have: they stand together in the table. None for a number that no dossier
    /// has.
    static func range(of dossier: Int64) -> Range<Int64> {
        (0..<1 << 42).contains(dossier) ? dossier << 20..<(dossier + 1) << 20 : 0..<0
    }

    /// The next free number of a version in a dossier; nil where it is full. Where somebody put a row at the end, what is free
    /// before it.
    static func next(in dossier: Int64, _ db: Connection) throws -> Int64? {
        let range = range(of: dossier)
        guard let last = try last(in: dossier, db) else { return range.first }
        if range.contains(last + 1) { return last + 1 }
        let free = try db.integer(
            """
            SELECT MIN(id) + 1 FROM version WHERE id >= ? AND id < ?
            AND NOT EXISTS (SELECT 1 FROM version AS after WHERE after.id = version.id + 1)
            """, [.integer(range.lowerBound), .integer(range.upperBound)])
        return free.flatMap { range.contains($0) ? $0 : nil }
    }

    /// The highest number of a version in a dossier; nil where it has none.
    static func last(in dossier: Int64, _ db: Connection) throws -> Int64? {
        let range = range(of: dossier)
        return try db.integer(
            "SELECT MAX(id) FROM version WHERE id >= ? AND id < ?",
            [.integer(range.lowerBound), .integer(range.upperBound)])
    }

    /// The versions in a dossier, oldest first.
    ///
    /// - Parameter record: only those of this record.
    static func rows(in dossier: Int64, record: Int64? = nil, _ db: Connection) throws -> [VersionRow] {
        let range = range(of: dossier)
        let bounds: [Value] = [.integer(range.lowerBound), .integer(range.upperBound)]
        guard let record else { return try db.all(inDossier + " ORDER BY id", bounds) { VersionRow($0) } }
        return try db.all(inDossier + " AND record = ? ORDER BY id", bounds + [.integer(record)]) { VersionRow($0) }
    }

    private static let inDossier =
        "SELECT \(Table.version.list) FROM version WHERE id >= ? AND id < ? AND \(Published.rows)"

    // MARK: Figures; a test holds that each is answered from indexes alone.

    /// Number, state, form and batch of the versions of a kind in a period.
    static let counted = """
        SELECT id, state, form, batch FROM version WHERE kind = ? AND occurredOn BETWEEN ? AND ?
        """

    /// Record, number and batch of the versions of a kind that are not the first of their record.
    static let later = """
        SELECT record, id, batch FROM version WHERE kind = ? AND record < id ORDER BY record
        """
}

extension RowWriter {
    func insertVersion(
        id: Int64, record: Int64, epoch: Int64, clear: ClearColumns?, sealed: [UInt8]
    ) throws {
        try insert(
            .version,
            [
                .integer(id), .integer(record), .integer(epoch), Value(clear?.kind), Value(clear?.state),
                Value(clear?.occurredOn.description), Value(clear?.dueOn?.description),
                Value(clear?.form.map { Int64($0) }), .blob(sealed),
            ])
    }
}
