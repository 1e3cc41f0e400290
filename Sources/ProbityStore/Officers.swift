public import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityRecords

/// An officer as the roster knows him.
public struct OfficerEntry: Sendable, Equatable {
    public let id: OfficerID
    public let record: RecordID
    public let values: [String: JSONValue]

    private func text(_ field: String) -> String { values[field]?.string ?? "" }
    public var policeNo: String { text("policeNo") }
    public var name: String { text("name") }
    public var unit: String { text("unit") }
    public var personCategory: String { text("personCategory") }
}

/// The fields of an officer that have blind-index tags.
enum OfficerIndex: String, CaseIterable {
    case policeNo, idNo, name

    /// The spelling under which a value is indexed: no white space, full-width forms folded, letters upper case.
    static func normalized(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !scalar.properties.isWhitespace {
            let folded =
                (0xFF01...0xFF5E).contains(scalar.value) ? Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar : scalar
            scalars.append(contentsOf: folded.properties.uppercaseMapping.unicodeScalars)
        }
        return String(scalars)
    }
}

extension Session {
    // MARK: Acts

    /// Adds officers; all or none. Filing one and importing thousands are the same act.
    ///
    /// - Parameter values: fields of the kind `officer`, each set validated already.
    /// - Throws: ``ArchiveError`` `roleRefuses`, `notVisible` (a unit outside the scope), `invalidEntry` (unknown unit, or
    ///   a number or ID number that is already there; the subject says which).
    @discardableResult
    public func addOfficers(_ values: [[String: JSONValue]]) throws -> [OfficerID] {
        let lock = try rosterLock()
        defer { withExtendedLifetime(lock) {} }
        return try write("officer.add") { writer, details in
            try demand(archive.policy.decide(role: role, act: .file, category: .roster, kind: "officer"), "officer.add")
            details.fields["count"] = String(values.count)
            guard let kind = catalogue.kind("officer") else { throw ArchiveError(.unsupported, "no kind 'officer'") }
            var added: [OfficerID] = []
            for fields in values { added.append(try addOfficer(fields, kind, writer, structure: writer)) }
            if let only = added.first, added.count == 1 { details.fields["officer"] = only.text }
            return added
        }
    }

    /// - Parameter structure: takes the node of a unit that has none yet; an import makes those in the open.
    func addOfficer(
        _ fields: [String: JSONValue], _ kind: RecordKind, _ writer: BatchWriter, structure: BatchWriter
    ) throws -> OfficerID {
        let problems = kind.validate(values: fields, today: today).filter { $0.severity == .error }
        if let problem = problems.first {
            throw ArchiveError(.invalidEntry, "\(problem.field): \(problem.code.rawValue)", subject: problem.field)
        }
        guard let unit = fields["unit"]?.string else { throw ArchiveError(.invalidEntry, "no unit", subject: "unit") }
        let exists =
            try Int.fetchOne(
                writer.db, sql: "SELECT COUNT(*) FROM unit WHERE id = ?", arguments: [unit]) ?? 0
        guard exists == 1 else { throw ArchiveError(.invalidEntry, "there is no unit \(unit)", subject: unit) }
        let place = NodePlace(category: .roster, unit: unit)
        let node = try graph.node(at: place, in: structure)
        for field in [OfficerIndex.policeNo, .idNo] {
            guard let value = fields[field.rawValue]?.string else { continue }
            if try !officers(matching: value, in: field, writer.db).isEmpty {
                throw ArchiveError(
                    .invalidEntry, "an officer with this \(field.rawValue) is in the roster", subject: field.rawValue)
            }
        }
        let id = OfficerID(Int64(RandomBytes.uint64() >> 3))
        let key = try graph.makeDossier(.roster, officer: id.number, below: node, in: writer)
        try writer.insertOfficer(id.number, dossier: key.dossier)
        guard let index = try graph.tagKey(.index, at: place, writer.db) else {
            throw ArchiveError(.integrity, "the roster of \(unit) has no index key")
        }
        for field in OfficerIndex.allCases {
            guard let value = fields[field.rawValue]?.string else { continue }
            try writer.insertOfficerTag(Session.officerTag(index, field, value), officer: id.number)
        }
        let now = archive.now.date
        let columns = kind.clearColumns(values: fields, state: kind.initialState, filedOn: now)
        let content = VersionContent(
            officer: id, kind: kind.id, state: kind.initialState, occurredOn: columns.occurredOn, filedOn: now,
            filedBy: user, reason: nil, values: fields)
        try insertVersion(content, kind: kind, record: nil, version: key.dossier << 20, key: key, in: writer)
        return id
    }

    /// Finds an officer by number, ID number, name or identifier and shows his roster entry.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where none is visible, `invalidEntry` where a name has several bearers (the
    ///   subject lists their numbers).
    public func showOfficer(_ query: String) throws -> OfficerEntry {
        try look("officer.show") { db, details in
            details.fields["query"] = query
            try demandRead(.roster)
            let officer = try locate(query, db)
            details.fields["officer"] = OfficerID(officer).text
            try demandNoRecusal(officer)
            try demandPurpose(&details)
            return officer
        } reveal: { db, officer in
            try rosterEntry(officer, db)
        }
    }

    /// Number, name and unit of the officer about whom something is to be filed, to be confirmed before it is.
    ///
    /// Filing needs no purpose, and neither has this; it shows no more than the head of the roster entry, to a role that
    /// files the kind. It is an act as every look is.
    /// - Throws: as ``showOfficer(_:)``, and `roleRefuses` where the role does not file the kind.
    public func identify(_ query: String, filing kind: String) throws -> (
        id: OfficerID, policeNo: String, name: String, unit: String
    ) {
        try look("officer.identify") { db, details in
            details.fields["query"] = query
            details.fields["kind"] = kind
            let declared = try declaredKind(kind)
            try demand(
                archive.policy.decide(role: role, act: .file, category: declared.category, kind: kind),
                "record.add \(kind)")
            let officer = try locate(query, db)
            details.fields["officer"] = OfficerID(officer).text
            try demandNoRecusal(officer)
            return officer
        } reveal: { db, officer in
            let entry = try rosterEntry(officer, db)
            return (entry.id, entry.policeNo, entry.name, entry.unit)
        }
    }

    /// The roster of the user's scope, unit by unit.
    ///
    /// - Parameters:
    ///   - unit: only this unit and those below it.
    ///   - receive: gets one entry at a time, so that a long list needs no memory.
    public func listOfficers(unit: String? = nil, receive: (OfficerEntry) throws -> Void) throws {
        try look("officer.list") { db, details in
            details.fields["unit"] = unit ?? ""
            try demandRead(.roster)
            try demandPurpose(&details)
            return try visibleUnits(.roster, below: unit, db)
        } reveal: { db, units in
            for unit in units {
                for officer in try officerIDs(unit: unit, db) where certificate.officer != officer {
                    try receive(rosterEntry(officer, db))
                }
            }
        }
    }

    // MARK: Parts that other acts use

    /// Held by whoever adds officers: numbers are compared with the visible roster only.
    func rosterLock() throws -> FileLock {
        try FileLock(
            path: archive.path + "/roster.lock", holder: "\(user) officers, pid \(getpid())",
            waitSeconds: archive.lockWaitSeconds)
    }

    static func officerTag(_ key: TagKey, _ field: OfficerIndex, _ value: String) -> [UInt8] {
        key.tag(Array("officer/\(field.rawValue)/\(OfficerIndex.normalized(value))".utf8))
    }

    /// The units of a category that the user's keys open, in the order of the organisation tree.
    func visibleUnits(_ category: ProbityRecords.Category, below top: String? = nil, _ db: Database) throws -> [String]
    {
        let all = try archive.units(db)
        let units = top.map(all.below) ?? all
        if let top, units.isEmpty { throw ArchiveError(.notVisible, "there is no unit \(top)", subject: top) }
        return try units.map(\.id).filter { unit in
            try graph.open(NodePlace(category: category, unit: unit), db) != nil
        }
    }

    /// Officers whose roster dossier hangs below the unit's node.
    func officerIDs(unit: String, _ db: Database) throws -> [Int64] {
        guard let node = try graph.keyID(.node, at: NodePlace(category: .roster, unit: unit), db) else { return [] }
        return try Int64.fetchAll(
            db,
            sql: """
                SELECT officer.id FROM dossierKey JOIN officer ON officer.dossier = dossierKey.dossier
                WHERE dossierKey.node = ? AND officer.batch NOT IN (SELECT id FROM openBatch) ORDER BY officer.id
                """, arguments: [node])
    }

    private static let tagsPerStatement = 100

    /// Officers with the value in the field, among those whose roster the user can open.
    func officers(matching value: String, in field: OfficerIndex, _ db: Database) throws -> [Int64] {
        var tags: [Data] = []
        for unit in try visibleRosterUnits(db) {
            guard let key = try graph.tagKey(.index, at: NodePlace(category: .roster, unit: unit), db) else { continue }
            tags.append(Data(Session.officerTag(key, field, value)))
        }
        // One statement for all units of the scope: a province has hundreds, and an import looks up every officer.
        var found: Set<Int64> = []
        for start in stride(from: 0, to: tags.count, by: Session.tagsPerStatement) {
            let chunk = tags[start..<min(start + Session.tagsPerStatement, tags.count)]
            let marks = Array(repeating: "?", count: chunk.count).joined(separator: ",")
            found.formUnion(
                try Int64.fetchAll(
                    db.cachedStatement(
                        sql: """
                            SELECT officer FROM officerTag WHERE tag IN (\(marks))
                            AND batch NOT IN (SELECT id FROM openBatch)
                            """), arguments: StatementArguments(chunk)))
        }
        return found.sorted()
    }

    private func visibleRosterUnits(_ db: Database) throws -> [String] {
        if let known = rosterUnits { return known }
        let units = try visibleUnits(.roster, db)
        rosterUnits = units
        return units
    }

    /// The officer whom `query` means: an identifier, a number, an ID number or a name.
    func locate(_ query: String, _ db: Database) throws -> Int64 {
        if let id = OfficerID(query) {
            guard try rosterKey(id.number, db) != nil else {
                throw ArchiveError(.notVisible, "no officer of that identifier is visible")
            }
            return id.number
        }
        for field in OfficerIndex.allCases {
            let found = try officers(matching: query, in: field, db)
            if found.count == 1, let only = found.first { return only }
            if found.count > 1 {
                let numbers = try found.map { try rosterEntry($0, db).policeNo }.sorted()
                throw ArchiveError(
                    .invalidEntry, "several officers have this \(field.rawValue); use a number",
                    subject: numbers.joined(separator: ", "))
            }
        }
        throw ArchiveError(.notVisible, "no officer of that number, ID number or name is visible")
    }

    private func rosterKey(_ officer: Int64, _ db: Database) throws -> DossierKey? {
        guard
            let dossier = try Int64.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT dossier FROM officer WHERE id = ? AND batch NOT IN (SELECT id FROM openBatch)
                        """), arguments: [officer])
        else { return nil }
        return try graph.dossierKey(dossier, db)
    }

    /// The newest roster entry of an officer.
    func rosterEntry(_ officer: Int64, _ db: Database) throws -> OfficerEntry {
        guard let key = try rosterKey(officer, db) else {
            throw ArchiveError(.notVisible, "no officer of that identifier is visible")
        }
        let entries = try entries(dossier: key.dossier, category: .roster, officer: officer, db)
        guard let entry = entries.first(where: { $0.content.kind == "officer" }) else {
            throw ArchiveError(.integrity, "officer \(OfficerID(officer)) has no roster entry")
        }
        return OfficerEntry(id: OfficerID(officer), record: entry.id, values: entry.content.values)
    }

    /// The dossier of an officer in a category; nil where there is none yet.
    func dossier(_ category: ProbityRecords.Category, officer: Int64, unit: String, _ db: Database) throws -> Int64? {
        if category == .roster {
            return try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT dossier FROM officer WHERE id = ?"), arguments: [officer])
        }
        let place = NodePlace(category: category, unit: category.isSealed ? rootUnit : unit)
        guard let tagPlace = try nearestVisible(place, db) else {
            throw ArchiveError(.notVisible, "no key for \(category.rawValue)")
        }
        let tag = try graph.dossierTag(category, officer: officer, at: tagPlace, db)
        return try Int64.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT id FROM dossier WHERE officerTag = ? AND category = ?
                    AND batch NOT IN (SELECT id FROM openBatch)
                    """), arguments: [Data(tag), category.rawValue])
    }

    /// The place itself or the nearest unit above it whose node the user can open.
    func nearestVisible(_ place: NodePlace, _ db: Database) throws -> NodePlace? {
        var unit: String? = place.unit
        while let current = unit {
            let here = NodePlace(category: place.category, unit: current)
            if try graph.open(here, db) != nil { return here }
            unit = try String.fetchOne(
                db.cachedStatement(sql: "SELECT parent FROM unit WHERE id = ?"), arguments: [current])
        }
        return nil
    }
}
