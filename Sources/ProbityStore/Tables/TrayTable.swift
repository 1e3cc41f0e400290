import ProbityRecords

/// A row of `tray`: filed by somebody who cannot read what is inside.
struct TrayRow {
    let id: Int64
    let category: String
    let intake: Int64
    let wrapped: [UInt8]
    let commitment: [UInt8]
    let sealed: [UInt8]
    let mark: RowMark

    fileprivate init(_ rows: borrowing Rows) {
        id = rows.integer(0)
        category = rows.text(1)
        intake = rows.integer(2)
        wrapped = rows.bytes(3)
        commitment = rows.bytes(4)
        sealed = rows.bytes(5)
        mark = RowMark(.tray, rows)
    }
}

/// A row of `trayIntake`: an item that was taken in.
struct TrayIntakeRow {
    let tray: Int64
    /// The record that it became.
    let record: Int64
    let mark: RowMark

    fileprivate init(_ rows: borrowing Rows) {
        tray = rows.integer(0)
        record = rows.integer(1)
        mark = RowMark(.trayIntake, rows)
    }
}

enum TrayTable {
    /// The items of a category, in the order in which they came.
    static func rows(of category: ProbityRecords.Category, _ db: Connection) throws -> [TrayRow] {
        try db.all(
            "SELECT \(Table.tray.list) FROM tray WHERE category = ? AND \(Published.rows) ORDER BY batch, id",
            [.text(category.rawValue)]
        ) { TrayRow($0) }
    }

    /// What says that an item was taken in; of all of a category where no item is named.
    static func intakes(
        of item: Int64? = nil, in category: ProbityRecords.Category? = nil, _ db: Connection
    ) throws -> [TrayIntakeRow] {
        let sql = "SELECT \(Table.trayIntake.list) FROM trayIntake WHERE "
        guard let item else {
            return try db.all(
                sql + "tray IN (SELECT id FROM tray WHERE category = ?)", [Value(category?.rawValue)]
            ) { TrayIntakeRow($0) }
        }
        return try db.all(sql + "tray = ?", [.integer(item)]) { TrayIntakeRow($0) }
    }

    static func row(_ id: Int64, _ db: Connection) throws -> TrayRow? {
        try db.first("SELECT \(Table.tray.list) FROM tray WHERE id = ?", [.integer(id)]) { TrayRow($0) }
    }
}

extension RowWriter {
    func insertTray(
        id: Int64, category: ProbityRecords.Category, intake: Int64, wrapped: [UInt8], commitment: [UInt8],
        sealed: [UInt8]
    ) throws {
        try insert(
            .tray,
            [
                .integer(id), .text(category.rawValue), .integer(intake), .blob(wrapped), .blob(commitment),
                .blob(sealed),
            ])
    }

    func insertTrayIntake(tray: Int64, dossier: Int64, epoch: Int64, record: Int64, wrapped: [UInt8]) throws {
        try insert(
            .trayIntake, [.integer(tray), .integer(record), .integer(dossier), .integer(epoch), .blob(wrapped)])
    }
}
