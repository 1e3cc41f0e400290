import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords

// Objects of an act.
//
// Every row that an act makes carries the act's batch number. The leaf of the act commits to them with the root of an
// RFC 6962 tree whose entries are the rows, table by table in the order of `Batch.tables` and by primary key inside a
// table. An entry is the table's name and every column in the order given, each as
//
//     type (1 byte: 0 NULL, 1 integer, 2 text, 3 blob) ‖ length in bytes (4, big-endian) ‖ value
//
// with integers as 8 bytes big-endian two's complement and the name as text. One function computes the root when the act
// is written, when an import is published, and when `check` goes over the archive, so they cannot differ.

enum Batch {
    struct Table {
        let name: String
        /// All columns, the batch among them.
        let columns: [String]
        let order: String
    }

    static let tables: [Table] = [
        Table(
            name: "archive",
            columns: ["id", "archiveId", "bureauId", "name", "suite", "recoveryKey", "logKey", "batch"], order: "id"),
        Table(name: "unit", columns: ["id", "parent", "kind", "name", "batch"], order: "id"),
        Table(name: "certificate", columns: ["id", "user", "serial", "note", "batch"], order: "id"),
        Table(name: "proposal", columns: ["id", "kind", "note", "release", "batch"], order: "id"),
        Table(name: "key", columns: ["id", "kind", "category", "unit", "epoch", "publicKey", "batch"], order: "id"),
        Table(name: "wrap", columns: ["id", "key", "byUser", "byKey", "byRecovery", "wrapped", "batch"], order: "id"),
        Table(name: "accessGrant", columns: ["id", "user", "category", "unit", "note", "batch"], order: "id"),
        Table(name: "officer", columns: ["id", "dossier", "batch"], order: "id"),
        Table(name: "officerTag", columns: ["tag", "officer", "batch"], order: "tag, officer"),
        Table(name: "dossier", columns: ["id", "category", "officerTag", "batch"], order: "id"),
        Table(name: "dossierKey", columns: ["dossier", "epoch", "node", "wrapped", "batch"], order: "dossier, epoch"),
        Table(
            name: "version",
            columns: ["id", "record", "epoch", "kind", "state", "occurredOn", "dueOn", "form", "sealed", "batch"],
            order: "id"),
        Table(
            name: "tray", columns: ["id", "category", "intake", "wrapped", "commitment", "sealed", "batch"], order: "id"
        ),
        Table(
            name: "trayIntake", columns: ["tray", "dossier", "epoch", "record", "wrapped", "batch"], order: "tray"),
    ]

    struct Digest: Equatable {
        let count: UInt64
        let root: SHA256Digest
        /// Tables that the rows stand in.
        let tables: Set<String>
    }

    /// The number and root of the rows of `batch`, read from the database.
    static func digest(_ batch: Int64, _ db: Database, progress: (Int) -> Void = { _ in }) throws -> Digest {
        var edge = TreeEdge()
        var entry: [UInt8] = []
        entry.reserveCapacity(2048)
        var filled: Set<String> = []
        for table in tables {
            let statement = try db.cachedStatement(
                sql:
                    "SELECT \(table.columns.joined(separator: ", ")) FROM \(table.name) WHERE batch = ? ORDER BY \(table.order)"
            )
            let rows = try Row.fetchCursor(statement, arguments: [batch])
            let before = edge.size
            while let row = try rows.next() {
                encode(row, of: table, into: &entry)
                edge.append(MerkleTree.leafHash(entry))
                progress(1)
            }
            if edge.size > before { filled.insert(table.name) }
        }
        return Digest(count: edge.size, root: edge.root, tables: filled)
    }

    static func encode(_ row: Row, of table: Table, into entry: inout [UInt8]) {
        entry.removeAll(keepingCapacity: true)
        append(2, Array(table.name.utf8), to: &entry)
        for index in table.columns.indices {
            let value: DatabaseValue = row[index]
            switch value.storage {
            case .null: append(0, [], to: &entry)
            case .int64(let number): append(1, bigEndian(number), to: &entry)
            case .string(let text): append(2, Array(text.utf8), to: &entry)
            case .blob(let data): append(3, [UInt8](data), to: &entry)
            // STRICT tables without REAL columns hold no doubles; a damaged one must still be covered.
            case .double(let number): append(4, bigEndian(Int64(bitPattern: number.bitPattern)), to: &entry)
            }
        }
    }

    private static func append(_ type: UInt8, _ value: [UInt8], to entry: inout [UInt8]) {
        entry.append(type)
        let count = UInt32(truncatingIfNeeded: value.count)
        entry.append(UInt8(truncatingIfNeeded: count >> 24))
        entry.append(UInt8(truncatingIfNeeded: count >> 16))
        entry.append(UInt8(truncatingIfNeeded: count >> 8))
        entry.append(UInt8(truncatingIfNeeded: count))
        entry.append(contentsOf: value)
    }

    private static func bigEndian(_ number: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }
}

/// Inserts the rows of one act. There is no update and no delete.
final class BatchWriter {
    let db: Database
    let batch: Int64
    private(set) var hasRows = false

    /// - Parameter batch: nil takes the next free number; a number continues an open batch (a long import).
    init(_ db: Database, continuing batch: Int64? = nil) throws {
        self.db = db
        self.batch = try batch ?? BatchWriter.next(db)
    }

    /// Batch numbers are never used twice: one more than any that a leaf or an open import has.
    static func next(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(
            db,
            sql: """
                SELECT 1 + MAX(COALESCE((SELECT MAX(batch) FROM leaf), 0), COALESCE((SELECT MAX(id) FROM openBatch), 0))
                """) ?? 1
    }

    private func insert(_ table: String, _ arguments: StatementArguments, _ columns: String) throws {
        let marks = Array(repeating: "?", count: columns.split(separator: ",").count).joined(separator: ", ")
        let statement = try db.cachedStatement(sql: "INSERT INTO \(table) (\(columns)) VALUES (\(marks))")
        try statement.execute(arguments: arguments)
        hasRows = true
    }

    private func nextID(_ table: String) throws -> Int64 {
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT COALESCE(MAX(id), 0) + 1 FROM \(table)")) ?? 1
    }

    func insertArchive(_ header: ArchiveHeader) throws {
        try insert(
            "archive",
            [
                1, header.archiveID, header.bureauID, header.name, Int64(Suite.intl.rawValue),
                Data(header.recoveryKey.rawBytes), Data(header.logKey.rawBytes), batch,
            ], "id, archiveId, bureauId, name, suite, recoveryKey, logKey, batch")
    }

    func insertUnit(_ unit: Unit) throws {
        try insert("unit", [unit.id, unit.parent, unit.kind, unit.name, batch], "id, parent, kind, name, batch")
    }

    func insertCertificate(user: String, serial: Int64, note: [UInt8]) throws {
        try insert(
            "certificate", [nextID("certificate"), user, serial, Data(note), batch], "id, user, serial, note, batch")
    }

    func insertProposal(kind: String, note: [UInt8], release: [UInt8]? = nil) throws -> Int64 {
        let id = try nextID("proposal")
        try insert(
            "proposal", [id, kind, Data(note), release.map { Data($0) }, batch], "id, kind, note, release, batch")
        return id
    }

    func insertKey(_ kind: KeyKind, at place: NodePlace, publicKey: [UInt8]?) throws -> Int64 {
        try insertKey(kind, category: place.category.rawValue, unit: place.unit, publicKey: publicKey)
    }

    func insertKey(_ kind: KeyKind, category: String, unit: String, publicKey: [UInt8]?) throws -> Int64 {
        let id = try nextID("key")
        let epoch = try Int64.fetchOne(
            db, sql: "SELECT COALESCE(MAX(epoch), 0) + 1 FROM key WHERE kind = ? AND category = ? AND unit = ?",
            arguments: [kind.rawValue, category, unit])
        try insert(
            "key", [id, kind.rawValue, category, unit, epoch, publicKey.map { Data($0) }, batch],
            "id, kind, category, unit, epoch, publicKey, batch")
        return id
    }

    private func insertWrap(of key: Int64, user: String?, byKey: Int64?, recovery: Bool, _ wrapped: [UInt8]) throws {
        try insert(
            "wrap", [nextID("wrap"), key, user, byKey, recovery ? 1 : 0, Data(wrapped), batch],
            "id, key, byUser, byKey, byRecovery, wrapped, batch")
    }

    func insertWrap(of key: Int64, byKey: Int64, _ wrapped: [UInt8]) throws {
        try insertWrap(of: key, user: nil, byKey: byKey, recovery: false, wrapped)
    }

    func insertWrap(of key: Int64, byUser user: String, _ wrapped: [UInt8]) throws {
        try insertWrap(of: key, user: user, byKey: nil, recovery: false, wrapped)
    }

    func insertRecoveryWrap(of key: Int64, _ wrapped: [UInt8]) throws {
        try insertWrap(of: key, user: nil, byKey: nil, recovery: true, wrapped)
    }

    func insertGrant(user: String, place: NodePlace, note: [UInt8]) throws {
        try insert(
            "accessGrant", [nextID("accessGrant"), user, place.category.rawValue, place.unit, Data(note), batch],
            "id, user, category, unit, note, batch")
    }

    func insertOfficer(_ id: Int64, dossier: Int64) throws {
        try insert("officer", [id, dossier, batch], "id, dossier, batch")
    }

    func insertOfficerTag(_ tag: [UInt8], officer: Int64) throws {
        try insert("officerTag", [Data(tag), officer, batch], "tag, officer, batch")
    }

    /// Random, so that numbers tell neither order nor person; 42 bits leave 20 for the versions of a dossier.
    func insertDossier(_ category: Category, officerTag: [UInt8]) throws -> Int64 {
        let id = Int64(RandomBytes.uint64() >> 22) | 1
        try insert("dossier", [id, category.rawValue, Data(officerTag), batch], "id, category, officerTag, batch")
        return id
    }

    func insertDossierKey(_ dossier: Int64, epoch: Int64, node: Int64, wrapped: [UInt8]) throws {
        try insert(
            "dossierKey", [dossier, epoch, node, Data(wrapped), batch], "dossier, epoch, node, wrapped, batch")
    }

    func insertVersion(_ version: VersionRow) throws {
        try insert(
            "version",
            [
                version.id, version.record, version.epoch, version.clear?.kind, version.clear?.state,
                version.clear?.occurredOn, version.clear?.dueOn, version.clear?.form, Data(version.sealed), batch,
            ], "id, record, epoch, kind, state, occurredOn, dueOn, form, sealed, batch")
    }

    func insertTray(
        id: Int64, category: Category, intake: Int64, wrapped: [UInt8], commitment: [UInt8], sealed: [UInt8]
    ) throws {
        try insert(
            "tray", [id, category.rawValue, intake, Data(wrapped), Data(commitment), Data(sealed), batch],
            "id, category, intake, wrapped, commitment, sealed, batch")
    }

    func insertTrayIntake(tray: Int64, dossier: Int64, epoch: Int64, record: Int64, wrapped: [UInt8]) throws {
        try insert(
            "trayIntake", [tray, dossier, epoch, record, Data(wrapped), batch],
            "tray, dossier, epoch, record, wrapped, batch")
    }
}
