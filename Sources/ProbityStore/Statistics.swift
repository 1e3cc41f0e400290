import Foundation
import GRDB
import GRDBSQLite
public import ProbityRecords

// Figures (统计): how many records there are of a kind, in each form, unit and state.
//
//  1. They are counted from the clear columns, by an index that holds all of them (`versionCount`): no record is opened.
//     In a sealed category there are none, so that whoever holds its key decrypts and counts, and nobody else counts.
//  2. A record counts once, as its newest version says: kind, state, form and date. `versionLater` names those that a
//     newer one replaced.
//  3. The unit is that of the node under which the dossier's newest key hangs, never one from content. A sealed category
//     has one node for the whole bureau, and so no figures by unit.
//  4. Who reads a category counts where his keys reach, and his own file not at all: what he could count for himself.
//     Who only counts does so below his own unit, for whole calendar months (``AccessPolicy``); he has no key that would
//     tell whose dossier is whose, his own among them.
//  5. The answer names no officer, no record and no day.
//
// The clear columns are believed as they stand, as in every list; that they are the ledger's, `check` says.

/// What figures are asked for.
public struct StatisticsQuery: Sendable {
    /// First and last day, by the date of the record (when it happened, not when it was filed).
    public var from: CivilDate
    public var until: CivilDate
    /// Identifiers of the kinds to count; empty asks for every kind that the user may count.
    public var kinds: [String] = []
    /// Only this unit and those below it.
    public var unit: String?

    public init(from: CivilDate, until: CivilDate) {
        self.from = from
        self.until = until
    }
}

/// Figures without persons (统计数字).
public struct Statistics: Sendable, Equatable {
    /// How many records are of one kind, form, unit and state; never none.
    public struct Cell: Sendable, Equatable {
        public let kind: String
        /// One of the four forms, 1…4; nil for a record that is none.
        public let form: Int?
        /// The unit under which the officer's dossier hangs; the root for a sealed category.
        public let unit: String
        public let state: String
        public let count: Int

        /// Withdrawn records are shown as such and never counted as records.
        public var isWithdrawn: Bool { state == RecordEntry.withdrawnState }
    }

    /// In the order of the catalogue's kinds, then forms, the organisation tree and the kind's states.
    public let cells: [Cell]
    /// The units that the cells name.
    public let units: [Unit]
    /// Categories that were counted.
    public let counted: [ProbityRecords.Category]
    /// Categories that the role may count but where no key or unit of the user's leads.
    public let uncounted: [ProbityRecords.Category]
    /// Whether the user has a file of his own, which is not counted where he reads.
    public let isWithoutOwnFile: Bool
}

/// The kinds of one category that are counted, and where.
private struct CountedPart {
    let category: ProbityRecords.Category
    let kinds: [RecordKind]
    /// In the order of the tree.
    let units: [Unit]
}

extension Session {
    /// Counts the records of a period.
    ///
    ///     var query = StatisticsQuery(from: firstOfMay, until: lastOfMay)
    ///     query.kinds = ["majorEvent"]
    ///     let events = try session.statistics(query).cells.filter { !$0.isWithdrawn }.reduce(0) { $0 + $1.count }
    ///
    /// - Throws: ``ArchiveError`` `roleRefuses` (a category that the role does not count, or a period that is not whole
    ///   months), `notVisible` (no key or unit of the user's leads there), `purposeMissing`, `invalidEntry` (no such kind, a
    ///   period that ends before it begins), `integrity`.
    public func statistics(_ query: StatisticsQuery) throws -> Statistics {
        try look("report.counts") { db, details in
            details.fields["query"] =
                "from=\(query.from) until=\(query.until) kinds=\(query.kinds.joined(separator: ","))"
            details.fields["unit"] = query.unit ?? ""
            let tree = try archive.units(db)
            let (parts, uncounted) = try countedParts(query, tree, db)
            try demandStatisticsPurpose(&details)
            details.fields["categories"] = parts.map(\.category.rawValue).joined(separator: " ")
            return (parts, uncounted, tree)
        } reveal: { db, plan in
            let (parts, uncounted, tree) = plan
            let cells = Dictionary(grouping: try parts.flatMap { try count($0, query, db) }, by: \.kind)
            let named = Set(cells.values.joined().map(\.unit))
            return Statistics(
                cells: catalogue.kinds.flatMap { cells[$0.id] ?? [] }, units: tree.filter { named.contains($0.id) },
                counted: parts.map(\.category), uncounted: uncounted,
                isWithoutOwnFile: certificate.officer != nil && parts.contains { reads($0.category) })
        }
    }

    // MARK: Policy and scope

    /// Figures have a purpose of their own: who reads for another one is not counting.
    private func demandStatisticsPurpose(_ details: inout ActDetails) throws {
        let code = "statistics"
        if purpose != nil { try demandPurpose(&details) }
        guard purpose?.code == code else {
            throw ArchiveError(.purposeMissing, "figures are for the purpose \(code)", subject: code)
        }
    }

    /// What is counted of a query. Kinds that were named are counted or refused; otherwise what cannot be counted is left
    /// out, and told.
    private func countedParts(_ query: StatisticsQuery, _ tree: [Unit], _ db: Database) throws -> (
        counted: [CountedPart], uncounted: [ProbityRecords.Category]
    ) {
        guard query.from <= query.until else {
            throw ArchiveError(.invalidEntry, "the period ends before it begins", subject: "from")
        }
        let named = Set(try query.kinds.map { try declaredKind($0).id })
        var counted: [CountedPart] = []
        var uncounted: [ProbityRecords.Category] = []
        for category in ProbityRecords.Category.allCases {
            let kinds = catalogue.kinds(in: category).filter { named.isEmpty || named.contains($0.id) }
            if kinds.isEmpty { continue }
            let decision = archive.policy.decide(
                role: role, counting: category, from: query.from, until: query.until)
            if named.isEmpty, !decision.isAllowed, decision != .refuse(.wholeMonths) { continue }
            try demand(decision, category.rawValue)
            let units = try countedUnits(category, tree, below: query.unit, db)
            if units.isEmpty {
                uncounted.append(category)
            } else {
                counted.append(CountedPart(category: category, kinds: kinds, units: units))
            }
        }
        // Nobody who counts nothing gets an empty answer that looks as if nothing had happened.
        if counted.isEmpty, uncounted.isEmpty {
            try demand(archive.policy.decide(role: role, act: .statistics, category: .roster), "report.counts")
        }
        if let category = uncounted.first, counted.isEmpty || !named.isEmpty {
            throw ArchiveError(
                .notVisible, "\(category.rawValue): no key or unit of yours leads there", subject: category.rawValue)
        }
        return (counted, uncounted)
    }

    /// Where the user counts in a category; nowhere is no error here.
    private func countedUnits(
        _ category: ProbityRecords.Category, _ tree: [Unit], below top: String?, _ db: Database
    ) throws -> [Unit] {
        if category.isSealed {
            guard top == nil || top == rootUnit,
                try graph.open(NodePlace(category: category, unit: rootUnit), db) != nil
            else { return [] }
            return tree.filter { $0.id == rootUnit }
        }
        let asked = top.map(tree.below) ?? tree
        let units: [Unit]
        if reads(category) {
            // A unit without a node has nothing to count yet; it is his all the same if one above is.
            units = try asked.filter { try nearestVisible(NodePlace(category: category, unit: $0.id), db) != nil }
        } else if archive.policy.scope(role: role, category: category) == .subtree {
            let own = Set(tree.below(certificate.unit).map(\.id))
            units = asked.filter { own.contains($0.id) }
        } else {
            units = asked
        }
        // Figures that are asked for a unit are that unit's whole, not the part of it that is the user's.
        return top == nil || units.first?.id == top ? units : []
    }

    private func reads(_ category: ProbityRecords.Category) -> Bool {
        archive.policy.decide(role: role, act: .read, category: category).isAllowed
    }

    // MARK: Counting

    private func count(_ part: CountedPart, _ query: StatisticsQuery, _ db: Database) throws -> [Statistics.Cell] {
        let units = try dossierUnits(part, db)
        var tallies = part.kinds.map { Tally(kind: $0, units: part.units) }
        if part.category.isSealed {
            try countSealed(part, query, units, &tallies, db)
        } else {
            for index in tallies.indices { try countClear(query, units, &tallies[index], db) }
        }
        return tallies.flatMap(\.cells)
    }

    /// Where the dossiers of a category hang, as places in `part.units`.
    ///
    /// A dossier that an unpublished import made is among them; it has no versions that count.
    private func dossierUnits(_ part: CountedPart, _ db: Database) throws -> DossierUnits {
        let places = Dictionary(uniqueKeysWithValues: part.units.enumerated().map { ($1.id, $0) })
        var nodes: [Int64: Int] = [:]
        for node in try graph.nodeIDs(part.category, db) { nodes[node.id] = places[node.unit] }
        var units = DossierUnits()
        // A dossier that moved has keys of several epochs, perhaps under nodes of several units: the newest decides.
        var moved: [Int64: (epoch: Int64, unit: Int?)] = [:]
        var (node, unit): (Int64, Int?) = (0, nil)
        let rows = try RowScan(db.cachedStatement(sql: CountSQL.dossiers), [part.category.rawValue])
        while try rows.next() {
            let (dossier, epoch) = (rows.integer(0), rows.integer(1))
            if rows.integer(2) != node {
                node = rows.integer(2)
                unit = nodes[node]
            }
            if epoch == 1 {
                units.set(dossier, unit)
            } else if epoch > moved[dossier]?.epoch ?? 1 {
                moved[dossier] = (epoch, unit)
            }
        }
        for (dossier, place) in moved { units.set(dossier, place.unit) }
        if let own = try ownDossier(part, db) { units.set(own, nil) }
        return units
    }

    /// The user's own dossier in a category that he reads.
    private func ownDossier(_ part: CountedPart, _ db: Database) throws -> Int64? {
        guard let officer = certificate.officer, reads(part.category) else { return nil }
        // The tag key is one for the whole category: any unit of his leads to it.
        return try dossier(part.category, officer: officer, unit: part.units[0].id, db)
    }

    private func countClear(
        _ query: StatisticsQuery, _ units: DossierUnits, _ tally: inout Tally, _ db: Database
    ) throws {
        let kind = tally.kind.id
        let hidden = Set(try Int64.fetchAll(db, sql: "SELECT id FROM openBatch"))
        let replaced = try replacedVersions(kind, hidden, db)
        let states = tally.states.map { Array($0.utf8) }
        let rows = try RowScan(
            db.cachedStatement(sql: CountSQL.versions), [kind, query.from.description, query.until.description])
        while try rows.next() {
            let version = rows.integer(0)
            guard let unit = units[version >> 20], !replaced.contains(version) else { continue }
            if !hidden.isEmpty, hidden.contains(rows.integer(3)) { continue }
            let form = rows.isNull(2) ? 0 : rows.integer(2)
            guard let state = rows.index(1, among: states), (0...4).contains(form) else {
                throw ArchiveError(.integrity, "the clear columns of version \(RecordID(version)) are none of its kind")
            }
            tally.add(form: Int(form), unit: unit, state: state)
        }
    }

    /// The versions of a kind that a newer, published one replaces.
    private func replacedVersions(_ kind: String, _ hidden: Set<Int64>, _ db: Database) throws -> Set<Int64> {
        var replaced: Set<Int64> = []
        var (record, newest): (Int64, Int64) = (-1, -1)
        let rows = try RowScan(db.cachedStatement(sql: CountSQL.laterVersions), [kind])
        while try rows.next() {
            if !hidden.isEmpty, hidden.contains(rows.integer(2)) { continue }
            if rows.integer(0) != record {
                record = rows.integer(0)
                newest = record
            }
            let version = rows.integer(1)
            replaced.insert(min(newest, version))
            newest = max(newest, version)
        }
        return replaced
    }

    private func countSealed(
        _ part: CountedPart, _ query: StatisticsQuery, _ units: DossierUnits, _ tallies: inout [Tally], _ db: Database
    ) throws {
        let places = Dictionary(uniqueKeysWithValues: part.kinds.enumerated().map { ($1.id, $0) })
        for (dossier, unit) in units.all {
            for entry in try entries(dossier: dossier, category: part.category, officer: nil, db) {
                let content = entry.content
                guard let place = places[content.kind], (query.from...query.until).contains(content.occurredOn) else {
                    continue
                }
                let form = part.kinds[place].clearColumns(
                    values: content.values, state: content.state, filedOn: content.filedOn
                ).form
                guard let state = tallies[place].states.firstIndex(of: content.state), (0...4).contains(form ?? 0)
                else {
                    throw ArchiveError(.integrity, "version \(entry.version) is not one of its kind")
                }
                tallies[place].add(form: form ?? 0, unit: unit, state: state)
            }
        }
    }
}

/// The statements that figures are counted with; a test holds that each is answered from indexes alone.
enum CountSQL {
    static let versions = """
        SELECT id, state, form, batch FROM version WHERE kind = ? AND occurredOn BETWEEN ? AND ?
        """
    static let laterVersions = """
        SELECT record, id, batch FROM version WHERE kind = ? AND record < id ORDER BY record
        """
    static let dossiers = """
        SELECT dossierKey.dossier, dossierKey.epoch, dossierKey.node FROM key
        JOIN dossierKey ON dossierKey.node = key.id WHERE key.category = ? AND key.kind = 'node'
        """
}

/// The unit of every dossier: an open-addressing table in two flat arrays, because it is made for each question and asked
/// for each record.
struct DossierUnits {
    /// 0 in a free slot: no dossier has that number.
    private var dossiers: [Int64] = Array(repeating: 0, count: 1024)
    /// −1 for a dossier that is not counted.
    private var units: [Int32] = Array(repeating: -1, count: 1024)
    private var count = 0

    /// The slot of a dossier, or the free one where it goes. At least half of the slots are free.
    private func slot(_ dossier: Int64) -> Int {
        // Fibonacci hashing: numbers of dossiers are random, but nobody need make them so.
        let hash = UInt64(bitPattern: dossier) &* 0x9E37_79B9_7F4A_7C15
        var slot = Int(truncatingIfNeeded: hash >> UInt64(dossiers.count.leadingZeroBitCount + 1))
        while dossiers[slot] != dossier, dossiers[slot] != 0 { slot = (slot + 1) & (dossiers.count - 1) }
        return slot
    }

    /// The unit of a dossier that is counted.
    subscript(dossier: Int64) -> Int? {
        let unit = units[slot(dossier)]
        return unit < 0 ? nil : Int(unit)
    }

    /// - Parameter unit: nil for a dossier that is not counted.
    mutating func set(_ dossier: Int64, _ unit: Int?) {
        if dossier == 0 { return }
        var place = slot(dossier)
        if dossiers[place] == 0 {
            count += 1
            if count * 2 > dossiers.count {
                grow()
                place = slot(dossier)
            }
        }
        dossiers[place] = dossier
        units[place] = unit.map { Int32(truncatingIfNeeded: $0) } ?? -1
    }

    private mutating func grow() {
        let (oldDossiers, oldUnits) = (dossiers, units)
        dossiers = Array(repeating: 0, count: oldDossiers.count * 2)
        units = Array(repeating: -1, count: oldDossiers.count * 2)
        for (dossier, unit) in zip(oldDossiers, oldUnits) where dossier != 0 {
            let place = slot(dossier)
            dossiers[place] = dossier
            units[place] = unit
        }
    }

    /// The dossiers that are counted, with their units.
    var all: [(dossier: Int64, unit: Int)] {
        dossiers.indices.filter { units[$0] >= 0 }.map { (dossiers[$0], Int(units[$0])) }
    }
}

/// The figures of one kind: a number for every form, unit and state, in one flat array.
private struct Tally {
    let kind: RecordKind
    let units: [Unit]
    /// Those of the kind; any record may be withdrawn besides.
    let states: [String]
    private var counts: [Int]

    /// None, and the four.
    private static let formCount = 5

    init(kind: RecordKind, units: [Unit]) {
        self.kind = kind
        self.units = units
        states = kind.states.filter { $0 != RecordEntry.withdrawnState } + [RecordEntry.withdrawnState]
        counts = Array(repeating: 0, count: Tally.formCount * units.count * states.count)
    }

    mutating func add(form: Int, unit: Int, state: Int) {
        counts[(form * units.count + unit) * states.count + state] += 1
    }

    var cells: [Statistics.Cell] {
        counts.indices.filter { counts[$0] > 0 }.map { index in
            let (place, state) = index.quotientAndRemainder(dividingBy: states.count)
            let (form, unit) = place.quotientAndRemainder(dividingBy: units.count)
            return Statistics.Cell(
                kind: kind.id, form: form == 0 ? nil : form, unit: units[unit].id, state: states[state],
                count: counts[index])
        }
    }
}

/// The rows of a statement, column by column as SQLite holds them: in a loop over all records of a year an object for each
/// row would be most of the work.
private struct RowScan: ~Copyable {
    private let statement: Statement

    init(_ statement: Statement, _ arguments: StatementArguments) throws {
        self.statement = statement
        try statement.setArguments(arguments)
    }

    deinit { _ = unsafe sqlite3_reset(statement.sqliteStatement) }

    func next() throws -> Bool {
        switch unsafe sqlite3_step(statement.sqliteStatement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            throw unsafe DatabaseError(
                resultCode: ResultCode(rawValue: code),
                message: String(cString: sqlite3_errmsg(sqlite3_db_handle(statement.sqliteStatement))))
        }
    }

    func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(statement.sqliteStatement, column) }

    func isNull(_ column: Int32) -> Bool {
        unsafe sqlite3_column_type(statement.sqliteStatement, column) == SQLITE_NULL
    }

    /// The place of a column's text among `words`; nil where it is none of them.
    func index(_ column: Int32, among words: [[UInt8]]) -> Int? {
        guard let text = unsafe sqlite3_column_text(statement.sqliteStatement, column) else { return nil }
        let count = Int(unsafe sqlite3_column_bytes(statement.sqliteStatement, column))
        return words.firstIndex { word in unsafe word.count == count && memcmp(word, text, count) == 0 }
    }
}
