public import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
public import ProbityRecords

// The drop-box (design §5). Somebody who may not read complaints files one: its content is sealed under a fresh key, and
// that key is wrapped to the public half of the category's node. A holder of the node takes it in: the key is wrapped once
// more, under the dossier key of the officer concerned, and the bytes stay as they were filed. XAES-256-GCM does not
// commit to its key, so a commitment to it stands beside the item and is compared before anything is opened.

/// An item in the tray, as its reader sees it.
public struct TrayEntry: Sendable {
    public let id: TrayID
    public let filedBy: String
    public let filedOn: CivilDate
    /// Number of the officer as the person who filed it wrote it.
    public let officer: String
    public let values: [String: JSONValue]
}

extension Session {
    /// Drops a complaint into the tray without being able to read what lies there.
    @discardableResult
    public func drop(_ draft: RecordDraft) throws -> TrayID {
        try write("complaint.drop") { writer, details in
            let kind = try declaredKind(draft.kind)
            details.fields["kind"] = kind.id
            try demand(
                archive.policy.decide(role: role, act: .tray, category: kind.category, kind: kind.id), "complaint.drop")
            try demandValid(draft.values, kind, kind.initialState)
            let (intake, intakeKey) = try archive.intakeKey(
                at: NodePlace(category: kind.category, unit: rootUnit), writer.db)
            let id = TrayID(Int64(RandomBytes.uint64() >> 3))
            let content = JSONValue.object([
                "kind": .string(kind.id), "officer": .string(draft.officer), "filedBy": .string(user),
                "filedOn": .string(archive.now.date.description), "values": .object(draft.values),
            ])
            let secret = SecretBytes(randomByteCount: 32)
            let wrapped = try PersonWrap.wrap(
                secret, to: intakeKey, context: trayContext(from: "key:\(intake)", id))
            let sealed = try XAES256GCM(key: secret.copy()).seal(
                content.canonicalBytes, associatedData: trayContext(from: "content", id))
            try writer.insertTray(
                id: id.number, category: kind.category, intake: intake, wrapped: wrapped,
                commitment: Session.commitment(secret), sealed: sealed)
            details.fields["tray"] = id.text
            return id
        }
    }

    private func trayContext(from: String, _ id: TrayID) -> [UInt8] {
        KeyGraph.context(archiveID: archive.header.archiveID, from: from, to: "tray:\(id.number)", purpose: "tray")
    }

    private static func commitment(_ secret: borrowing SecretBytes) throws -> [UInt8] {
        let derived = try HKDFSHA256.derive(
            secret: secret, salt: [], info: Array("probity/commit".utf8), byteCount: 32)
        return derived.revealed()
    }

    /// The items of the tray that are not taken in yet.
    public func trayEntries(_ category: ProbityRecords.Category = .complaints) throws -> [TrayEntry] {
        try look("complaint.tray") { db, details in
            try demandRead(category)
            try demandPurpose(&details)
            return category
        } reveal: { db, category in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT id FROM tray WHERE category = ? AND batch NOT IN (SELECT id FROM openBatch)
                    AND id NOT IN (SELECT tray FROM trayIntake) ORDER BY batch
                    """, arguments: [category.rawValue])
            // An item about the reader himself is not his to see (回避).
            return try rows.compactMap { row in
                let entry = try openTray(TrayID(row["id"]), db).entry
                return try isAboutReader(entry, db) ? nil : entry
            }
        }
    }

    private func isAboutReader(_ entry: TrayEntry, _ db: Database) throws -> Bool {
        guard let own = certificate.officer else { return false }
        let roster = try rosterEntry(own, db)
        return [roster.policeNo, roster.name, roster.id.text].contains(entry.officer)
            || roster.values["idNo"]?.string == entry.officer
    }

    private struct OpenedTray {
        let entry: TrayEntry
        let secret: XAESKeyBox
    }

    /// Holds a secret where a value type needs a reference.
    private final class XAESKeyBox: Sendable {
        let secret: SecretBytes
        init(_ secret: consuming SecretBytes) { self.secret = secret }
    }

    private func openTray(_ id: TrayID, _ db: Database) throws -> OpenedTray {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT intake, wrapped, commitment, sealed, batch FROM tray WHERE id = ?",
                arguments: [id.number])
        else { throw ArchiveError(.notVisible, "no tray item of that identifier is visible") }
        let intake: Int64 = row["intake"]
        guard let key = try graph.intakeKey(intake, db) else {
            throw ArchiveError(.notVisible, "no tray item of that identifier is visible")
        }
        return try Session.opening("tray item \(id)") {
            let secret = try PersonWrap.unwrap(
                [UInt8](row["wrapped"] as Data), with: key, context: trayContext(from: "key:\(intake)", id))
            guard areEqualInConstantTime(try Session.commitment(secret), [UInt8](row["commitment"] as Data)) else {
                throw ArchiveError(.integrity, "the key of tray item \(id) is not the one that it was sealed under")
            }
            let box = XAESKeyBox(secret)
            let bytes = try XAES256GCM(key: box.secret.copy()).open(
                [UInt8](row["sealed"] as Data), associatedData: trayContext(from: "content", id))
            guard let value = JSONReader.value(bytes), let by = value["filedBy"]?.string,
                let on = value["filedOn"]?.string.flatMap({ CivilDate($0) }), let officer = value["officer"]?.string,
                let values = value["values"]?.object
            else { throw ArchiveError(.integrity, "tray item \(id) has another form") }
            guard try line(ofBatch: row["batch"], db).actor == by else {
                throw ArchiveError(.integrity, "tray item \(id) was not filed by the person that it names")
            }
            return OpenedTray(
                entry: TrayEntry(id: id, filedBy: by, filedOn: on, officer: officer, values: values), secret: box)
        }
    }

    /// Takes an item of the tray into the dossier of an officer, as a record of its kind.
    ///
    /// - Parameters:
    ///   - officer: whom it concerns; nil takes the number that stands in the item.
    ///   - changes: fields that the reader sets while he registers it.
    @discardableResult
    public func takeIn(_ id: TrayID, officer query: String? = nil, changes: [String: JSONValue] = [:]) throws
        -> RecordID
    {
        try write("complaint.take-in") { writer, details in
            details.fields["tray"] = id.text
            let category = ProbityRecords.Category.complaints
            try demand(archive.policy.decide(role: role, act: .takeIn, category: category), "complaint.take-in")
            let taken = try Int.fetchOne(
                writer.db, sql: "SELECT COUNT(*) FROM trayIntake WHERE tray = ?", arguments: [id.number])
            guard taken == 0 else { throw ArchiveError(.stateForbids, "the item is taken in already") }
            let opened = try openTray(id, writer.db)
            let officer = try locate(query ?? opened.entry.officer, writer.db)
            details.fields["officer"] = OfficerID(officer).text
            try demandNoRecusal(officer)
            var values = opened.entry.values
            for (field, value) in changes { values[field] = value == .null ? nil : value }
            let draft = RecordDraft(kind: "complaint", officer: OfficerID(officer).text, values: values)
            let record = try file(draft, writer, &details)
            guard let key = try graph.dossierKey(record.dossier, writer.db) else {
                throw ArchiveError(.integrity, "the dossier of the record has no key")
            }
            let wrapped = try KeyWrap.wrap(
                opened.secret.secret, under: key.cipher,
                context: trayContext(from: "dossier:\(record.dossier):\(key.epoch)", id))
            try writer.insertTrayIntake(
                tray: id.number, dossier: record.dossier, epoch: key.epoch, record: record.number, wrapped: wrapped)
            return record
        }
    }
}
