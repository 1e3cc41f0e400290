import ProbityRecords

// Figures (统计): how many records there are of a kind, in each form, unit and state.
//
//  1. They are counted from the clear columns, by an index that holds all of them (`versionCount`): no record is opened.
//     In a sealed category there are none, so that whoever holds its key decrypts and counts, and nobody else counts.
//  2. A record counts once, as its newest version says: kind, state, form and date. `versionLater` names those that a
//     newer one replaced.
//  3. The unit is that of the node under which the dossier's key hangs, never one from content. A sealed category
//     has one node for the whole bureau, and so no figures by unit.
//  4. Who reads a category counts where his keys reach, and his own file not at all: what he could count for himself.
//     Who only counts does so below his own unit, for whole calendar months (``AccessPolicy``); he has no key that would
//     tell whose dossier is whose, his own among them.
//  5. The answer names no officer, no record and no day.
//
// The clear columns are believed as they stand, as in every list; that they are the ledger's, `check` says.

/// The kinds of one category that are counted, and where.
struct CountedPart {
    let category: ProbityRecords.Category
    let kinds: [RecordKind]
    /// In the order of the tree.
    let units: [Unit]
}

/// What is counted of a query, and what cannot be.
struct CountingPlan {
    let parts: [CountedPart]
    let coverage: Coverage
}

/// Counts records in one snapshot.
struct Counting {
    private let actor: Actor
    private let vault: Vault
    private let catalogue: KindCatalogue
    private let organisation: Organisation
    private let db: Connection

    init(
        _ actor: Actor, _ vault: Vault, _ catalogue: KindCatalogue, _ organisation: Organisation, _ db: Connection
    ) {
        self.actor = actor
        self.vault = vault
        self.catalogue = catalogue
        self.organisation = organisation
        self.db = db
    }

    // MARK: Policy and scope

    /// What is counted of a query. Kinds that were named are counted or refused; otherwise what cannot be counted is left
    /// out, and told.
    func plan(_ query: StatisticsQuery, named kinds: [String], _ run: ActRun) throws -> CountingPlan {
        guard query.from <= query.until else {
            throw ArchiveError(
                .invalidEntry, "the period ends before it begins", subject: "from", rule: "period.order")
        }
        let named = Set(kinds)
        var counted: [CountedPart] = []
        var gaps: [Coverage.Gap] = []
        var uncounted: [ProbityRecords.Category] = []
        for category in ProbityRecords.Category.allCases {
            let kinds = catalogue.kinds(in: category).filter { named.isEmpty || named.contains($0.id) }
            if kinds.isEmpty { continue }
            let decision = actor.policy.decide(
                role: actor.role, counting: category, from: query.from, until: query.until)
            if named.isEmpty, !decision.isAllowed, decision != .refuse(.wholeMonths) {
                gaps.append(Coverage.Gap(category, .role))
                continue
            }
            try run.demand(decision, category.rawValue, ["category": "category/\(category.rawValue)"])
            let (units, gap) = try countedUnits(category, below: query.unit)
            if let gap { gaps.append(gap) }
            if units.isEmpty {
                uncounted.append(category)
            } else {
                counted.append(CountedPart(category: category, kinds: kinds, units: units))
                if actor.reads(category) { gaps += actor.withheld([category]) }
            }
        }
        // Nobody who counts nothing gets an empty answer that looks as if nothing had happened.
        if counted.isEmpty, uncounted.isEmpty { try run.demandRight(in: .roster, run.act.code) }
        if let category = uncounted.first, counted.isEmpty || !named.isEmpty {
            throw ArchiveError(
                .notVisible, "\(category.rawValue): no key or unit of yours leads there", subject: category.rawValue,
                rule: "key.category", params: ["category": "category/\(category.rawValue)"])
        }
        return CountingPlan(parts: counted, coverage: Coverage(gaps))
    }

    /// Where the user counts in a category, and where not; nowhere is no error here.
    private func countedUnits(
        _ category: ProbityRecords.Category, below top: String?
    ) throws -> (units: [Unit], gap: Coverage.Gap?) {
        guard let first = (top.map(organisation.below) ?? organisation.units).first else {
            throw ArchiveError(noUnit: top ?? "", .notVisible, organisation)
        }
        if actor.reads(category) {
            let reach = try vault.reach(category, below: top, organisation, db)
            if category.isSealed {
                guard first.id == vault.rootUnit else { return ([], Coverage.Gap(category, .bureauOnly)) }
                return (reach.units.filter { $0.id == vault.rootUnit }, reach.gap)
            }
            // Figures that are asked for a unit are that unit's whole, not the part of it that is the user's.
            guard let top, let gap = reach.gap else { return (reach.units, reach.gap) }
            return ([], Coverage.Gap(category, gap.cause, units: [top], on: gap.on))
        }
        // Who only counts holds no key, and needs one for what is sealed.
        if category.isSealed { return ([], Coverage.Gap(category, .role)) }
        let asked = organisation.below(first.id)
        guard actor.policy.scope(role: actor.role, category: category) == .subtree else { return (asked, nil) }
        let own = organisation.below(actor.certificate.unit).map(\.id)
        let units = asked.filter { own.contains($0.id) }
        if units.count == asked.count { return (units, nil) }
        return top == nil
            ? (units, Coverage.Gap(category, .role, units: [first.id], except: [actor.certificate.unit]))
            : ([], Coverage.Gap(category, .role, units: [first.id]))
    }

    // MARK: Counting

    func count(_ query: StatisticsQuery, _ plan: CountingPlan) throws -> Statistics {
        let cells = Dictionary(grouping: try plan.parts.flatMap { try count($0, query) }, by: \.kind)
        let named = Set(cells.values.joined().map(\.unit))
        return Statistics(
            cells: catalogue.kinds.flatMap { cells[$0.id] ?? [] },
            units: organisation.units.filter { named.contains($0.id) },
            counted: plan.parts.map(\.category))
    }

    private func count(_ part: CountedPart, _ query: StatisticsQuery) throws -> [Statistics.Cell] {
        let units = try dossierUnits(part)
        var tallies = part.kinds.map { Tally(kind: $0, units: part.units) }
        if part.category.isSealed {
            try countSealed(part, query, units, &tallies)
        } else {
            for index in tallies.indices { try countClear(query, units, &tallies[index]) }
        }
        return tallies.flatMap(\.cells)
    }

    /// Where the dossiers of a category hang, as places in `part.units`.
    ///
    /// A dossier that an unpublished import made is among them; it has no versions that count.
    private func dossierUnits(_ part: CountedPart) throws -> DossierUnits {
        let places = Dictionary(uniqueKeysWithValues: part.units.enumerated().map { ($1.id, $0) })
        var nodes: [Int64: Int] = [:]
        for node in try KeyTable.nodes(of: part.category, db) { nodes[node.id] = places[node.unit] }
        var units = DossierUnits()
        var (node, unit): (Int64, Int?) = (0, nil)
        do {
            let rows = try db.rows(DossierTable.places, [.text(part.category.rawValue)])
            while try rows.next() {
                if rows.integer(1) != node {
                    node = rows.integer(1)
                    unit = nodes[node]
                }
                units.set(rows.integer(0), unit)
            }
        }
        for own in try ownDossiers(part) { units.set(own, nil) }
        return units
    }

    /// What says to be the user's own dossier in a category that he reads.
    private func ownDossiers(_ part: CountedPart) throws -> [Int64] {
        guard let officer = actor.certificate.officer, actor.reads(part.category) else { return [] }
        // The tag key is one for the whole category: any unit of his leads to it.
        return try vault.dossiers(part.category, officer: officer, unit: part.units[0].id, db).map(\.id)
    }

    private func countClear(
        _ query: StatisticsQuery, _ units: DossierUnits, _ tally: inout Tally
    ) throws {
        let kind = tally.kind.id
        let hidden = Set(try OpenBatchTable.all(db))
        let replaced = try replacedVersions(kind, hidden)
        let states = tally.states.map { Array($0.utf8) }
        let rows = try db.rows(
            VersionTable.counted, [.text(kind), .text(query.from.description), .text(query.until.description)])
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
    private func replacedVersions(_ kind: String, _ hidden: Set<Int64>) throws -> Set<Int64> {
        var replaced: Set<Int64> = []
        var (record, newest): (Int64, Int64) = (-1, -1)
        let rows = try db.rows(VersionTable.later, [.text(kind)])
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
        _ part: CountedPart, _ query: StatisticsQuery, _ units: DossierUnits, _ tallies: inout [Tally]
    ) throws {
        let places = Dictionary(uniqueKeysWithValues: part.kinds.enumerated().map { ($1.id, $0) })
        for (dossier, unit) in units.all {
            let found = try vault.entries(in: dossier, part.category, db)
            guard !found.setAside.contains(.changed) else {
                throw ArchiveError(.integrity, "a version of dossier \(dossier) does not prove where it belongs")
            }
            for entry in found.entries {
                let content = entry.content
                guard let place = places[content.kind], (query.from...query.until).contains(content.occurredOn) else {
                    continue
                }
                let form = content.form ?? 0
                guard let state = tallies[place].states.firstIndex(of: content.state), (0...4).contains(form) else {
                    throw ArchiveError(.integrity, "version \(entry.version) is not one of its kind")
                }
                tallies[place].add(form: form, unit: unit, state: state)
            }
        }
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
