public import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
public import ProbityRecords

// Versions (docs/formats.md, "Version").
//
//   sealed = nonce (24) ‖ XAES-256-GCM(dossier key, canonical JSON of the content) ‖ tag (16)
//   associated data = "probity/version/v1" | suite | archive | dossier | epoch | record | version | kind or empty
//
// in decimal, joined by '|'. The content names the officer, kind, state and dates itself, so that a row moved to another
// dossier or given other clear columns shows when it is opened, not only when the ledger is checked.

/// The state of a record at one filing (版本).
public struct VersionContent: Sendable, Equatable {
    public let officer: OfficerID
    public let kind: String
    public let state: String
    public let occurredOn: CivilDate
    public let filedOn: CivilDate
    public let filedBy: String
    /// Why this version follows another; nil in a first version.
    public let reason: String?
    public let values: [String: JSONValue]

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "officer": .string(officer.text), "kind": .string(kind), "state": .string(state),
            "occurredOn": .string(occurredOn.description), "filedOn": .string(filedOn.description),
            "filedBy": .string(filedBy), "values": .object(values),
        ]
        if let reason { members["reason"] = .string(reason) }
        return .object(members)
    }

    init(
        officer: OfficerID, kind: String, state: String, occurredOn: CivilDate, filedOn: CivilDate, filedBy: String,
        reason: String?, values: [String: JSONValue]
    ) {
        self.officer = officer
        self.kind = kind
        self.state = state
        self.occurredOn = occurredOn
        self.filedOn = filedOn
        self.filedBy = filedBy
        self.reason = reason
        self.values = values
    }

    init?(_ value: JSONValue) {
        guard let officer = value["officer"]?.string.flatMap({ OfficerID($0) }), let kind = value["kind"]?.string,
            let state = value["state"]?.string, let occurred = value["occurredOn"]?.string.flatMap({ CivilDate($0) }),
            let filed = value["filedOn"]?.string.flatMap({ CivilDate($0) }), let by = value["filedBy"]?.string,
            let values = value["values"]?.object
        else { return nil }
        self.init(
            officer: officer, kind: kind, state: state, occurredOn: occurred, filedOn: filed, filedBy: by,
            reason: value["reason"]?.string, values: values)
    }
}

/// One record (件): its newest version and how many it has.
public struct RecordEntry: Sendable, Equatable {
    public let id: RecordID
    /// Identifier of the newest version; an amendment names it, so that two amendments cannot cross.
    public let version: RecordID
    public let versionCount: Int
    public let category: ProbityRecords.Category
    public let content: VersionContent
    /// Day until which something is to be done.
    public let dueOn: CivilDate?
    /// Ledger sequence of the act that filed the newest version.
    public let filedSequence: UInt64
    /// Ledger sequence of the act that filed the first version.
    public let firstFiledSequence: UInt64
    /// The day on which the first version was filed.
    public let firstFiledOn: CivilDate

    public static let withdrawnState = "withdrawn"
    public var isWithdrawn: Bool { content.state == RecordEntry.withdrawnState }
}

/// A row of `version`.
struct VersionRow {
    let id: Int64
    let record: Int64
    let epoch: Int64
    /// Nil where the category seals them.
    let clear: Clear?
    let sealed: [UInt8]

    struct Clear: Equatable {
        let kind: String
        let state: String
        let occurredOn: String
        let dueOn: String?
        let form: Int?

        init(_ columns: ClearColumns) {
            kind = columns.kind
            state = columns.state
            occurredOn = columns.occurredOn.description
            dueOn = columns.dueOn?.description
            form = columns.form
        }
    }
}

extension Session {
    private func associatedData(dossier: Int64, epoch: Int64, record: Int64, version: Int64, kind: String?) -> [UInt8] {
        Array(
            "probity/version/v1|\(Suite.intl.rawValue)|\(archive.header.archiveID)|\(dossier)|\(epoch)|\(record)|\(version)|\(kind ?? "")"
                .utf8)
    }

    /// The next free version number of a dossier.
    func nextVersionID(_ dossier: Int64, _ db: Database) throws -> Int64 {
        let first = dossier << 20
        let last = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT MAX(id) FROM version WHERE id >= ? AND id < ?"),
            arguments: [first, first + (1 << 20)])
        guard let last else { return first }
        guard last + 1 < first + (1 << 20) else {
            throw ArchiveError(.invalidEntry, "a dossier holds at most 1,048,576 versions")
        }
        return last + 1
    }

    /// Seals and inserts one version.
    ///
    /// - Parameters:
    ///   - record: nil begins a record.
    ///   - version: the number to give it, from ``nextVersionID(_:_:)``.
    @discardableResult
    func insertVersion(
        _ content: VersionContent, kind: RecordKind, record: Int64?, version: Int64, key: DossierKey,
        in writer: BatchWriter
    ) throws -> Int64 {
        let record = record ?? version
        let columns = kind.clearColumns(values: content.values, state: content.state, filedOn: content.filedOn)
        let clear = kind.category.isSealed ? nil : VersionRow.Clear(columns)
        let sealed = try key.cipher.seal(
            content.json.canonicalBytes,
            associatedData: associatedData(
                dossier: key.dossier, epoch: key.epoch, record: record, version: version, kind: clear?.kind))
        try writer.insertVersion(
            VersionRow(id: version, record: record, epoch: key.epoch, clear: clear, sealed: sealed))
        return record
    }

    /// The records of one dossier, oldest first, as of ledger size `size`.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where no key leads there, `integrity` where a version does not open or does
    ///   not say what its row says.
    func entries(
        dossier: Int64, category: ProbityRecords.Category, officer: Int64?, _ db: Database
    ) throws -> [RecordEntry] {
        let first = dossier << 20
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT id, record, epoch, kind, state, occurredOn, dueOn, form, sealed, batch FROM version
                    WHERE id >= ? AND id < ? AND batch NOT IN (SELECT id FROM openBatch) ORDER BY id
                    """), arguments: [first, first + (1 << 20)])
        var order: [Int64] = []
        var newest: [Int64: RecordEntry] = [:]
        while let row = try rows.next() {
            let id: Int64 = row[0]
            let record: Int64 = row[1]
            let kind: String? = row[3]
            guard let key = try graph.dossierKey(dossier, epoch: row[2], db) else {
                throw ArchiveError(.notVisible, "no key for the dossier")
            }
            let content = try Session.opening("version \(RecordID(id))") { () throws -> VersionContent in
                let bytes = try key.cipher.open(
                    [UInt8](row[8] as Data),
                    associatedData: associatedData(
                        dossier: dossier, epoch: row[2], record: record, version: id, kind: kind))
                guard let value = JSONReader.value(bytes), let content = VersionContent(value) else {
                    throw ArchiveError(.integrity, "version \(RecordID(id)) has another form")
                }
                return content
            }
            guard let declared = catalogue.kind(content.kind), declared.category == category,
                officer == nil || content.officer.number == officer
            else { throw ArchiveError(.integrity, "version \(RecordID(id)) belongs to another dossier") }
            let columns = declared.clearColumns(values: content.values, state: content.state, filedOn: content.filedOn)
            if category.isSealed ? kind != nil : clear(of: row) != VersionRow.Clear(columns) {
                throw ArchiveError(.integrity, "the clear columns of version \(RecordID(id)) are not its content's")
            }
            let line = try line(ofBatch: row[9], db)
            try demandFiler(content, line, id)
            let sequence = line.sequence
            let before = newest[record]
            if before == nil { order.append(record) }
            newest[record] = RecordEntry(
                id: RecordID(record), version: RecordID(id), versionCount: (before?.versionCount ?? 0) + 1,
                category: category, content: content, dueOn: columns.dueOn, filedSequence: sequence,
                firstFiledSequence: before?.firstFiledSequence ?? sequence,
                firstFiledOn: before?.firstFiledOn ?? content.filedOn)
        }
        return order.compactMap { newest[$0] }
    }

    /// Every version of one record, oldest first.
    func versions(of record: RecordID, _ db: Database) throws -> [VersionContent] {
        let rows = try Row.fetchAll(
            db,
            sql:
                "SELECT id, epoch, kind, sealed, batch FROM version WHERE record = ? AND id >= ? AND id < ? ORDER BY id",
            arguments: [record.number, record.dossier << 20, (record.dossier + 1) << 20])
        return try rows.map { row in
            guard let key = try graph.dossierKey(record.dossier, epoch: row["epoch"], db) else {
                throw ArchiveError(.notVisible, "no key for the dossier")
            }
            let id: Int64 = row["id"]
            return try Session.opening("version \(RecordID(id))") {
                let bytes = try key.cipher.open(
                    [UInt8](row["sealed"] as Data),
                    associatedData: associatedData(
                        dossier: record.dossier, epoch: row["epoch"], record: record.number, version: id,
                        kind: row["kind"]))
                guard let value = JSONReader.value(bytes), let content = VersionContent(value) else {
                    throw ArchiveError(.integrity, "version \(RecordID(id)) has another form")
                }
                try demandFiler(content, line(ofBatch: row["batch"], db), id)
                return content
            }
        }
    }

    /// Who files is named twice, inside the seal and by whoever signed the ledger line: they must agree.
    private func demandFiler(_ content: VersionContent, _ line: Provenance, _ version: Int64) throws {
        guard content.filedBy == line.actor else {
            throw ArchiveError(
                .integrity, "version \(RecordID(version)) was not filed by the person that it names")
        }
    }

    private func clear(of row: Row) -> VersionRow.Clear? {
        guard let kind: String = row[3], let state: String = row[4], let occurred: String = row[5] else { return nil }
        return VersionRow.Clear(kind: kind, state: state, occurredOn: occurred, dueOn: row[6], form: row[7])
    }

    /// The ledger line that published `batch`: its number and who signed it.
    ///
    /// Whether its signature and rows hold is for `check`: here a reader only must not be told another filer or order.
    func line(ofBatch batch: Int64, _ db: Database) throws -> Provenance {
        if let known = lines[batch] { return known }
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT seq, note FROM leaf WHERE batch = ?"), arguments: [batch])
        else { throw ArchiveError(.integrity, "rows of batch \(batch) have no ledger line") }
        let leaf = try LeafBody(parsing: SignedNote(parsing: [UInt8](row[1] as Data)).text)
        guard leaf.sequence == UInt64(row[0] as Int64), leaf.batch == batch else {
            throw ArchiveError(.integrity, "ledger line \(row[0] as Int64) does not speak of its rows")
        }
        let line = Provenance(sequence: leaf.sequence, actor: leaf.actor)
        lines[batch] = line
        return line
    }
}

/// What a reader needs to know of the act that made a row.
struct Provenance {
    let sequence: UInt64
    let actor: String
}

extension VersionRow.Clear {
    init(kind: String, state: String, occurredOn: String, dueOn: String?, form: Int?) {
        self.kind = kind
        self.state = state
        self.occurredOn = occurredOn
        self.dueOn = dueOn
        self.form = form
    }
}

/// Canonical JSON in the archive is always valid; where it is not, the caller has a better word for it than a syntax error.
enum JSONReader {
    static func value(_ bytes: [UInt8]) -> JSONValue? {
        do throws(JSONError) { return try JSONValue(parsing: bytes) } catch { return nil }
    }
}
