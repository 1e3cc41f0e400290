import CanonicalJSON
import ProbityCrypto
import ProbityRecords

/// The roster (花名册) as one user's keys open it: finds officers and adds them.
///
/// Not thread-safe: it belongs to one ``Session``.
final class Roster {
    private let archive: Archive
    private let vault: Vault
    /// Units whose roster the user opens. Within one transaction: others make nodes between two.
    private var units: [String]?
    /// Newest entries that were opened in this transaction: a look-up opens whom it finds, and so does what comes after it.
    private var opened = BoundedCache<Int64, OfficerEntry>(capacity: 4_096)

    init(_ archive: Archive, _ vault: Vault) {
        self.archive = archive
        self.vault = vault
    }

    /// Forgets what may have changed since the transaction before.
    func beginTransaction() { forget() }

    /// Forgets what a rolled-back transaction may have made.
    func forget() {
        units = nil
        opened.removeAll()
    }

    private var graph: KeyGraph { vault.graph }

    // MARK: Finding

    private static func tag(_ key: TagKey, _ field: OfficerIndex, _ value: String) -> [UInt8] {
        key.tag(Array("officer/\(field.rawValue)/\(OfficerIndex.normalized(value))".utf8))
    }

    private func visibleUnits(_ db: Connection) throws -> [String] {
        if let units { return units }
        let found = try vault.visibleUnits(.roster, db)
        units = found
        return found
    }

    /// Officers whose roster dossier hangs below the unit's node; with a gap where some of those that say so do not.
    func officers(of unit: String, _ db: Connection) throws -> Reading<[Int64]> {
        guard let node = try graph.open(NodePlace(category: .roster, unit: unit), db) else {
            return Reading([], .complete)
        }
        let said = try OfficerTable.officers(below: node.keyID, db)
        let officers = try said.filter { officer in
            guard let dossier = try OfficerTable.dossier(of: officer, db),
                case .open(let key) = try graph.access(dossier, db)
            else { return false }
            return key.officer == officer && key.place.unit == unit
        }
        let gaps = officers.count < said.count ? [Coverage.Gap(.roster, .setAside, units: [unit])] : []
        return Reading(officers, Coverage(gaps))
    }

    /// Officers with the value in the field, among those whose roster the user can open.
    ///
    /// - Throws: ``ArchiveError`` `integrity` where the index leads only to officers who do not have it.
    func officers(matching value: String, in field: OfficerIndex, _ db: Connection) throws -> [Int64] {
        let indexed = try indexed(value, in: field, db)
        // A tag may have been put under another officer.
        let bearers = try indexed.filter { officer in
            try opens(officer, db)
                && entry(officer, db).values[field.rawValue]?.string.map(OfficerIndex.normalized)
                    == OfficerIndex.normalized(value)
        }
        guard indexed.isEmpty || !bearers.isEmpty else {
            throw ArchiveError(.integrity, "the index leads to an officer who does not have the \(field.rawValue)")
        }
        return bearers
    }

    private func indexed(_ value: String, in field: OfficerIndex, _ db: Connection) throws -> [Int64] {
        let tags = try visibleUnits(db).compactMap { unit in
            try graph.tagKey(.index, at: NodePlace(category: .roster, unit: unit), db).map {
                Roster.tag($0, field, value)
            }
        }
        return try OfficerTable.officers(withTags: tags, db)
    }

    /// The officer whom a text means, and by what; by his identifier where there is no field.
    struct Match {
        let officer: Int64
        let field: OfficerIndex?
    }

    /// The officer whom `query` means: an identifier, a number, an ID number or a name.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where none is visible, `invalidEntry` where a name has several bearers (the
    ///   subject lists their numbers).
    func locate(_ query: String, _ db: Connection) throws -> Int64 { try match(query, db).officer }

    /// The officers whom `queries` mean, in their order; an error says which of several means nobody.
    func locate(_ queries: [String], _ db: Connection) throws -> [Int64] {
        try queries.enumerated().map { index, query in
            do { return try locate(query, db) } catch let error as ArchiveError
                where error.rule == "officer.unknown" && queries.count > 1
            {
                throw ArchiveError(
                    .notVisible, error.reason, rule: "officer.unknownAmong",
                    params: ["place": String(index + 1), "count": String(queries.count)])
            }
        }
    }

    /// As ``locate(_:_:)``.
    func match(_ query: String, _ db: Connection) throws -> Match {
        let (field, found) = try candidates(query, db)
        guard let officer = found.first else {
            // Without a key to any roster nobody can be told from nobody.
            guard graph.grants.inForce.contains(where: { $0.place.category == .roster }) else {
                throw ArchiveError(
                    .notVisible, "no key for the roster", rule: "key.category",
                    params: ["category": "category/\(ProbityRecords.Category.roster.rawValue)"])
            }
            throw ArchiveError(
                .notVisible, "no officer of that number, ID number, name or identifier is visible",
                rule: "officer.unknown")
        }
        if let field, found.count > 1 {
            let numbers = try found.map { try entry($0, db).policeNo }.sorted()
            throw ArchiveError(
                .invalidEntry, "several officers have this \(field.rawValue); use a number",
                subject: numbers.joined(separator: ", "), rule: "officer.several",
                params: ["field": "field/officer.\(field.rawValue)"])
        }
        return Match(officer: officer, field: field)
    }

    /// Everybody whom `query` may mean, and by which field.
    private func candidates(
        _ query: String, _ db: Connection
    ) throws -> (field: OfficerIndex?, officers: [Int64]) {
        if let id = OfficerID(query) { return (nil, try key(of: id.number, db) == nil ? [] : [id.number]) }
        for field in OfficerIndex.allCases {
            let found = try officers(matching: query, in: field, db)
            if !found.isEmpty { return (field, found) }
        }
        return (nil, [])
    }

    /// The spellings under which a text is looked up: as it stands, without what nobody sees, and each of its words.
    private static func spellings(_ text: String) -> [String] {
        let seen = text.unicodeScalars.filter { !$0.properties.isDefaultIgnorableCodePoint }
        let text = String(String.UnicodeScalarView(seen))
        let words = text.split { !isOfWord($0) }.map(String.init)
        return words == [text] ? words : [text] + words
    }

    private static func isOfWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "-"
    }

    /// Everybody whom a text may mean, as somebody wrote it.
    func meant(_ text: String, _ db: Connection) throws -> Set<Int64> {
        try Roster.spellings(text).reduce(into: []) { $0.formUnion(try candidates($1, db).officers) }
    }

    /// Letters and digits alone, whatever stands between them, with digits in whatever form as one of ASCII (⑨, 九, ９): what a
    /// reader sees in 壬·九 or 9900 0９ although no look-up does.
    private static func compact(_ text: String) -> String {
        var compact = ""
        for scalar in OfficerIndex.normalized(text).unicodeScalars {
            if let value = scalar.properties.numericValue, (0...9).contains(value), value == value.rounded() {
                compact += String(Int(value))
            } else if scalar == "O" {
                compact += "0"
            } else if scalar.properties.isAlphabetic {
                compact.unicodeScalars.append(scalar)
            }
        }
        return compact
    }

    /// Whether `text`, as somebody wrote it, means `officer`: in whatever spelling a look-up accepts, as one of several
    /// words, where his name or number stands within a word that means nobody else (民警张三, 警号990001), and where it does
    /// with anything between its letters.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where the user's keys do not open the officer's own entry: nothing is said
    ///   of him then.
    func means(_ text: String, _ officer: OfficerEntry, _ db: Connection) throws -> Bool {
        let own = Set(
            OfficerIndex.allCases.compactMap { officer.values[$0.rawValue]?.string }.map(OfficerIndex.normalized))
        // Without the words that mean somebody else.
        let rest = try text.split { !Roster.isOfWord($0) }.filter { try candidates(String($0), db).officers.isEmpty }
        let compact = Roster.compact(rest.joined())
        if own.contains(where: { compact.contains(Roster.compact($0)) }) { return true }
        return try Roster.spellings(text).contains { spelling in
            let normalized = OfficerIndex.normalized(spelling)
            if own.contains(normalized) || OfficerID(normalized) == officer.id { return true }
            let found = try candidates(spelling, db).officers
            if found.contains(officer.id.number) { return true }
            let word = normalized.replacing("-", with: "")
            return found.isEmpty && spelling.allSatisfy(Roster.isOfWord) && own.contains(where: word.contains)
        }
    }

    private func key(of officer: Int64, _ db: Connection) throws -> DossierKey? {
        guard let dossier = try OfficerTable.dossier(of: officer, db) else { return nil }
        return try graph.dossierKey(dossier, db)
    }

    /// Whether a key leads to the roster entry of an officer.
    func opens(_ officer: Int64, _ db: Connection) throws -> Bool { try key(of: officer, db) != nil }

    /// The newest roster entry of an officer.
    ///
    /// - Parameter day: as it stood on this day; as it stood first where it is younger.
    func entry(_ officer: Int64, asOf day: CivilDate? = nil, _ db: Connection) throws -> OfficerEntry {
        if day == nil, let known = opened[officer] { return known }
        guard let key = try key(of: officer, db) else {
            throw ArchiveError(
                .notVisible, "no officer of that identifier is visible", rule: "officer.unknown")
        }
        var found: RecordEntry?
        let setAside = try vault.walk(key.dossier, .roster, officer: officer, db) { entry, version in
            guard version.content.kind == "officer", found == nil || found?.id == entry.id else { return }
            if found == nil || day.map({ version.content.filedOn <= $0 }) ?? true { found = entry }
        }
        guard let entry = found, !setAside.contains(.changed) else {
            throw ArchiveError(.integrity, "officer \(OfficerID(officer)) has no roster entry that proves to be his")
        }
        guard entry.content.values["unit"]?.string == key.place.unit else {
            throw ArchiveError(
                .integrity, "the roster entry of \(OfficerID(officer)) hangs under another unit than its own")
        }
        let made = OfficerEntry(
            id: OfficerID(officer), record: entry.id, values: entry.content.values,
            hasLeft: entry.content.state == OfficerEntry.leftState)
        if day == nil { opened[officer] = made }
        return made
    }

    /// The newest entries of officers in the order of their police numbers; their own numbers are random.
    func inOrderOfNumber(_ officers: [Int64], _ db: Connection) throws -> [OfficerEntry] {
        try officers.map { try entry($0, db) }.sorted {
            ($0.policeNo, $0.id.number) < ($1.policeNo, $1.id.number)
        }
    }

    // MARK: Adding

    /// Held by whoever adds officers: numbers are compared with the visible roster only.
    func claim(_ user: String) throws -> FileLock { try archive.claim(.roster, "\(user) officers") }

    /// Adds one officer.
    ///
    /// - Parameter structure: takes the node of a unit that has none yet; an import makes those in the open.
    /// - Throws: ``ArchiveError`` `invalidEntry` (unknown unit, or a number or ID number that is already there; the subject
    ///   says which), `notVisible` (a unit outside the scope).
    func add(
        _ outcome: Workflow.Outcome, _ kind: RecordKind, _ writer: RowWriter, structure: RowWriter
    ) throws -> OfficerID {
        let (db, fields) = (writer.db, outcome.values)
        guard let unit = fields["unit"]?.string else {
            throw ArchiveError(FieldProblem("unit", .missing), of: kind)
        }
        guard try UnitTable.has(unit, db) else {
            throw ArchiveError(noUnit: unit, .invalidEntry, try Organisation(db))
        }
        let place = NodePlace(category: .roster, unit: unit)
        let node = try graph.node(at: place, in: structure)
        for field in OfficerIndex.unique {
            guard let value = fields[field.rawValue]?.string else { continue }
            if try !officers(matching: value, in: field, db).isEmpty {
                throw ArchiveError(
                    .invalidEntry, "an officer with this \(field.rawValue) is in the roster", subject: field.rawValue,
                    rule: "officer.taken", params: ["field": "field/officer.\(field.rawValue)"])
            }
        }
        let id = OfficerID(try writer.drawNumber(.officer) { Int64($0 >> 3) })
        let key = try graph.makeDossier(.roster, officer: id.number, below: node, in: writer)
        try writer.insertOfficer(id.number, dossier: key.dossier)
        guard let index = try graph.tagKey(.index, at: place, db) else {
            throw ArchiveError(.integrity, "the roster of \(unit) has no index key")
        }
        for field in OfficerIndex.allCases {
            guard let value = fields[field.rawValue]?.string else { continue }
            try writer.insertOfficerTag(Roster.tag(index, field, value), officer: id.number)
        }
        try vault.insert(
            vault.content(outcome, kind, officer: id.number), kind: kind, record: nil,
            version: VersionTable.range(of: key.dossier).lowerBound, key: key, in: writer)
        return id
    }
}
