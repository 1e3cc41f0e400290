/// The tables whose rows are made by acts, in the order in which an act's rows are counted and hashed.
///
/// Parents stand before their children, so that a removal in the opposite order keeps every reference.
enum Table: String, CaseIterable, Sendable {
    case archive, unit, certificate, proposal, key, wrap, accessGrant, dossier, officer, officerTag, dossierKey, version
    case tray, trayIntake

    /// All columns but the batch, which is the last of each.
    var columns: [String] {
        switch self {
        case .archive: ["id", "archiveId", "bureauId", "name", "suite", "recoveryKey", "logKey"]
        case .unit: ["id", "parent", "kind", "name"]
        case .certificate: ["id", "userId", "serial", "note"]
        case .proposal: ["id", "kind", "first", "dossier", "epoch", "note", "release"]
        case .key: ["id", "kind", "category", "unit", "epoch", "publicKey"]
        case .wrap: ["id", "key", "byUser", "byKey", "byRecovery", "wrapped"]
        case .accessGrant: ["id", "userId", "category", "unit", "note"]
        case .dossier: ["id", "category", "officerTag"]
        case .officer: ["id", "dossier"]
        case .officerTag: ["tag", "officer"]
        case .dossierKey: ["dossier", "epoch", "node", "wrapped"]
        case .version: ["id", "record", "epoch", "kind", "state", "occurredOn", "dueOn", "form", "sealed"]
        case .tray: ["id", "category", "intake", "wrapped", "commitment", "sealed"]
        case .trayIntake: ["tray", "record", "dossier", "epoch", "wrapped"]
        }
    }

    /// All columns, as a statement names them whose rows are hashed (``RowMark``).
    var list: String { (columns + ["batch"]).joined(separator: ", ") }

    /// The primary key, which orders the rows of a table; the first columns.
    var keyColumnCount: Int { [.officerTag, .dossierKey, .trayIntake].contains(self) ? 2 : 1 }
}

/// What nobody sees: rows whose batch is an import that is not published. A batch that has a line is published, whatever
/// else is said of it.
enum Published {
    /// A condition on the rows of a table with a column `batch`.
    static let rows = "batch NOT IN (\(OpenBatchTable.unpublished))"

    /// The same for a table of a join.
    static func rows(of table: Table) -> String { "\(table.rawValue).\(rows)" }
}
