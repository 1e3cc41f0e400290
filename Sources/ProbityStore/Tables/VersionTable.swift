import ProbityRecords

/// A row of `version`.
struct VersionRow {
    let id: Int64
    let record: Int64
    let epoch: Int64
    /// Nil where the category seals them.
    let clear: Clear?
    let sealed: [UInt8]
    /// Nil in a row that is not written yet.
    var batch: Int64?

    var dossier: Int64 { id >> 20 }

    /// What stands in the clear.
    struct Clear: Equatable {
        let kind: String
        let state: String
        let occurredOn: String
        let dueOn: String?
        let form: Int64?

        init(_ columns: ClearColumns) {
            kind = columns.kind
            state = columns.state
            occurredOn = columns.occurredOn.description
            dueOn = columns.dueOn?.description
            form = columns.form.map { Int64($0) }
        }

        fileprivate init?(kind: String?, _ rows: borrowing Rows) {
            guard let kind, let state = rows.optionalText(4), let occurred = rows.optionalText(5) else { return nil }
            self.kind = kind
            self.state = state
            occurredOn = occurred
            dueOn = rows.optionalText(6)
            form = rows.optionalInteger(7)
        }
    }

    /// The kind as the row has it, also where the rest is damaged: it is part of what the seal is over.
    let kind: String?

    init(id: Int64, record: Int64, epoch: Int64, clear: Clear?, sealed: [UInt8]) {
        self.id = id
        self.record = record
        self.epoch = epoch
        self.clear = clear
        self.sealed = sealed
        kind = clear?.kind
    }

    /// Of all columns but the batch.
    var columns: [Value] {
        [
            .integer(id), .integer(record), .integer(epoch), Value(kind), Value(clear?.state),
            Value(clear?.occurredOn), Value(clear?.dueOn), Value(clear?.form), .blob(sealed),
        ]
    }

    fileprivate init(_ rows: borrowing Rows) {
        id = rows.integer(0)
        record = rows.integer(1)
        epoch = rows.integer(2)
        kind = rows.optionalText(3)
        clear = Clear(kind: kind, rows)
        sealed = rows.bytes(8)
        batch = rows.integer(9)
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

    private static let columns = "id, record, epoch, kind, state, occurredOn, dueOn, form, sealed, batch"

    /// The versions in a dossier, oldest first.
    ///
    /// - Parameter record: only those of this record.
    static func rows(in dossier: Int64, record: Int64? = nil, _ db: Connection) throws -> [VersionRow] {
        let range = range(of: dossier)
        let bounds: [Value] = [.integer(range.lowerBound), .integer(range.upperBound)]
        let sql = "SELECT \(columns) FROM version WHERE id >= ? AND id < ? AND \(Published.rows)"
        guard let record else { return try db.all(sql + " ORDER BY id", bounds) { VersionRow($0) } }
        return try db.all(sql + " AND record = ? ORDER BY id", bounds + [.integer(record)]) { VersionRow($0) }
    }

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
    func insertVersion(_ version: VersionRow) throws { try insert(.version, version.columns) }
}
