public import CanonicalJSON
import ProbityCrypto
public import ProbityRecords

// The drop-box (design §5). Somebody who may not read complaints files one: its content is sealed under a fresh key, and
// that key is wrapped to the public half of the category's node. A holder of the node takes it in: the key is wrapped once
// more, under the dossier key of the officer concerned, and the bytes stay as they were filed. XAES-256-GCM does not
// commit to its key, so a commitment to it stands beside the item and is compared before anything is opened.

/// An item in the tray without what it says.
public struct TrayHeading: Sendable {
    public let id: TrayID
    public let filedBy: String
    public let filedOn: CivilDate
    /// Number of the officer as the person who filed it wrote it.
    public let officer: String
}

/// An item in the tray, as its reader sees it.
@dynamicMemberLookup
public struct TrayEntry: Sendable {
    public let heading: TrayHeading
    public let values: [String: JSONValue]

    public subscript<Value>(dynamicMember member: KeyPath<TrayHeading, Value>) -> Value { heading[keyPath: member] }
}

/// One item and what became of it.
public struct TrayItem: Sendable {
    public let entry: TrayEntry
    /// The record that it became; nil while it waits.
    public let record: RecordID?
}

/// Seals items into the drop-box and opens them.
struct Tray {
    let archive: Archive
    let vault: Vault
    /// Whom a text means.
    let roster: Roster

    /// An item that was opened, with its key.
    struct Opened {
        let entry: TrayEntry
        fileprivate let secret: SharedSecret
    }

    /// Holds a secret where a value type needs a reference.
    fileprivate final class SharedSecret: Sendable {
        let secret: SecretBytes
        init(_ secret: consuming SecretBytes) { self.secret = secret }
    }

    private func context(from: String, _ id: TrayID) -> [UInt8] {
        KeyGraph.context(archiveID: archive.header.archiveID, from: from, to: "tray:\(id.number)", purpose: "tray")
    }

    private static func commitment(_ secret: borrowing SecretBytes) throws -> [UInt8] {
        let derived = try HKDFSHA256.derive(
            secret: secret, salt: [], info: Array("probity/commit".utf8), byteCount: 32)
        return derived.revealed()
    }

    /// Seals what `user` files about `officer` to the holders of the category.
    func drop(
        _ values: [String: JSONValue], _ kind: RecordKind, officer: String, by user: String, in writer: RowWriter
    ) throws -> TrayID {
        let (intake, intakeKey) = try Vouching(archive, writer.db).intakeKey(of: kind.category)
        let id = TrayID(try writer.drawNumber(.tray) { Int64($0 >> 3) })
        let content = JSONValue.object([
            "kind": .string(kind.id), "officer": .string(officer), "filedBy": .string(user),
            "filedOn": .string(archive.now.date.description), "values": .object(values),
        ])
        let secret = SecretBytes(randomByteCount: 32)
        let wrapped = try PersonWrap.wrap(secret, to: intakeKey, context: context(from: "key:\(intake)", id))
        let sealed = try XAES256GCM(key: secret.copy()).seal(
            content.canonicalBytes, associatedData: context(from: "content", id))
        try writer.insertTray(
            id: id.number, category: kind.category, intake: intake, wrapped: wrapped,
            commitment: Tray.commitment(secret), sealed: sealed)
        return id
    }

    static let notVisible = ArchiveError(
        .notVisible, "no tray item of that identifier is visible", rule: "tray.unknown")

    /// Opens an item.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where there is none or no key leads there; `integrity`.
    func open(_ id: TrayID, _ db: Connection) throws -> Opened {
        guard let row = try TrayTable.row(id.number, db) else { throw Tray.notVisible }
        return try open(row, db)
    }

    /// The items that are not taken in yet, in the order in which they came, and what was left out because it proves nothing.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where no key leads there.
    func waiting(
        _ category: ProbityRecords.Category, _ db: Connection
    ) throws -> (entries: [TrayEntry], setAside: Vault.SetAside) {
        var setAside: Vault.SetAside = []
        guard try vault.graph.intakeKey(Vouching(archive, db).intakeKey(of: category).id, db) != nil else {
            throw Tray.notVisible
        }
        let taken = Set(try TrayTable.intakes(in: category, db).filter { try isTakenIn($0, db) }.map(\.tray))
        let entries = try TrayTable.rows(of: category, db).filter { !taken.contains($0.id) }.compactMap { row in
            do {
                return try open(row, db).entry
            } catch let error as ArchiveError where [.integrity, .unsupported].contains(error.code) {
                let isPlanted = try vault.isPlanted(row.mark, db)
                setAside.insert(isPlanted ? .planted : .changed)
                return nil
            }
        }
        return (entries, setAside)
    }

    /// Whether a row that says that an item was taken in comes from somebody who could, and from the act that filed the item.
    private func isTakenIn(_ row: TrayIntakeRow, _ db: Connection) throws -> Bool {
        if vault.takenIn[row.tray] == row.record { return true }
        do {
            let isAllowed = try vault.provenance(of: row.mark, db).certificate.map {
                archive.policy.decide(role: $0.role, act: .takeIn, category: .complaints).isAllowed
            }
            guard isAllowed ?? false, try isFiled(row, db) else { return false }
        } catch let error as ArchiveError where error.code == .integrity {
            return false
        }
        vault.takenIn[row.tray] = row.record
        return true
    }

    /// Whether the record that an item is said to have become begins in the same act, with all that the item says, in the file
    /// of an officer whom it means. Who does not open the file sees of that the act.
    private func isFiled(_ row: TrayIntakeRow, _ db: Connection) throws -> Bool {
        let record = RecordID(row.record)
        var isFiled = false
        do {
            guard let category = try DossierTable.category(of: record.dossier, db),
                let item = try TrayTable.row(row.tray, db).map({ try open($0, db).entry })
            else { return false }
            _ = try vault.walk(record.dossier, category, officer: nil, record: record, db) { _, version in
                guard version.row.id == row.record, version.row.mark.batch == row.mark.batch,
                    version.content.intake == VersionContent.Intake(item: item.id, officer: item.officer),
                    item.values.allSatisfy({ version.content.values[$0.key] == $0.value })
                else { return }
                let meant = try roster.meant(item.officer, db)
                isFiled = meant.isEmpty || meant.contains(version.content.officer.number)
            }
        } catch let error as ArchiveError where error.code == .notVisible {
            for version in try VersionTable.rows(in: record.dossier, record: record.number, db)
            where version.id == row.record && version.mark.batch == row.mark.batch {
                _ = try vault.provenance(of: version.mark, version: version.id, db)
                isFiled = true
            }
        }
        return isFiled
    }

    private func open(_ row: TrayRow, _ db: Connection) throws -> Opened {
        let id = TrayID(row.id)
        let intake = try ProbityRecords.Category(rawValue: row.category).map {
            try Vouching(archive, db).intakeKey(of: $0).id
        }
        guard row.intake == intake else {
            throw ArchiveError(.integrity, "tray item \(id) was not sealed to the drop-box of its category")
        }
        guard let key = try vault.graph.intakeKey(row.intake, db) else { throw Tray.notVisible }
        return try Seal.opening("tray item \(id)") {
            let secret = try PersonWrap.unwrap(row.wrapped, with: key, context: context(from: "key:\(row.intake)", id))
            guard areEqualInConstantTime(try Tray.commitment(secret), row.commitment) else {
                throw ArchiveError(.integrity, "the key of tray item \(id) is not the one that it was sealed under")
            }
            let shared = SharedSecret(secret)
            let bytes = try XAES256GCM(key: shared.secret.copy()).open(
                row.sealed, associatedData: context(from: "content", id))
            guard let value = JSONReader.value(bytes), let by = value["filedBy"]?.string,
                let on = value["filedOn"]?.string.flatMap({ CivilDate($0) }), let officer = value["officer"]?.string,
                officer.unicodeScalars.count <= LineText.maximumLength, let values = value["values"]?.object
            else { throw ArchiveError(.integrity, "tray item \(id) has another form") }
            let provenance = try vault.provenance(of: row.mark, db)
            guard provenance.actor == by else {
                throw ArchiveError(.integrity, "tray item \(id) was not filed by the person that it names")
            }
            guard let day = provenance.day, Provenance.brings(on, on: day) else {
                throw ArchiveError(.integrity, "tray item \(id) was not filed on the day that it names")
            }
            return Opened(
                entry: TrayEntry(
                    heading: TrayHeading(id: id, filedBy: by, filedOn: on, officer: officer), values: values),
                secret: shared)
        }
    }

    /// The record that an item became; nil while it waits.
    func record(of id: TrayID, _ db: Connection) throws -> RecordID? {
        try TrayTable.intakes(of: id.number, db).first { try isTakenIn($0, db) }.map { RecordID($0.record) }
    }

    /// Wraps the item's key under the dossier of the record that it has become.
    func takeIn(_ opened: Opened, as record: RecordID, in writer: RowWriter) throws {
        guard let key = try vault.graph.dossierKey(record.dossier, writer.db) else {
            throw ArchiveError(.integrity, "the dossier of the record has no key")
        }
        let id = opened.entry.id
        let wrapped = try KeyWrap.wrap(
            opened.secret.secret, under: key.cipher,
            context: context(from: "dossier:\(record.dossier):\(key.epoch)", id))
        try writer.insertTrayIntake(
            tray: id.number, dossier: record.dossier, epoch: key.epoch, record: record.number, wrapped: wrapped)
    }
}
