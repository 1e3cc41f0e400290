import ProbityRecords

// How far keys reach, asked before anything is read, so that the ledger's line can say it: by grants and their nodes, never
// by whether a dossier is there.

/// How far a user's keys reach in one category.
struct Reach {
    let category: ProbityRecords.Category
    /// Those of what was asked where a key leads, parents before their children.
    let units: [Unit]
    /// The rest.
    let gap: Coverage.Gap?
}

/// A category of one officer's file to which a key leads. Only the vault makes one, and with it the gaps beside it: there is
/// no reading that takes a missing key for an empty dossier.
struct FilePart {
    let category: ProbityRecords.Category
    /// Nil where there is no dossier yet.
    let dossier: Int64?

    fileprivate init(_ category: ProbityRecords.Category, _ dossier: Int64?) {
        self.category = category
        self.dossier = dossier
    }
}

extension Vault {
    /// Why no key leads to the files of a category at `unit`.
    private func missing(
        _ category: ProbityRecords.Category, at unit: String, above: Set<String>
    ) -> Coverage.Gap {
        let ended = graph.grants.ended(category, at: above)
        return Coverage.Gap(
            category, ended == nil ? .noKey : .grantEnded, units: category.isSealed ? [] : [unit], on: ended)
    }

    /// How far the keys reach in a category.
    ///
    /// - Parameter top: only this unit and those below it were asked for; nil asks for all that is the user's.
    /// - Throws: ``ArchiveError`` `notVisible` where there is no unit `top`.
    func reach(
        _ category: ProbityRecords.Category, below top: String? = nil, _ organisation: Organisation, _ db: Connection
    ) throws -> Reach {
        let asked = top.map(organisation.below) ?? organisation.units
        guard let first = asked.first else {
            throw ArchiveError(noUnit: top ?? "", .notVisible, organisation)
        }
        let held = try Set(
            graph.grants.inForce.map(\.place).filter { try $0.category == category && graph.open($0, db) != nil }
                .map(\.unit))
        // A category with one node for the whole bureau is granted at the root, and so is everywhere or nowhere.
        var reached: Set<String> = []
        var highest: [String] = []
        for unit in organisation.units {
            let isBelow = unit.parent.map(reached.contains) ?? false
            guard isBelow || held.contains(unit.id) else { continue }
            reached.insert(unit.id)
            if !isBelow { highest.append(unit.id) }
        }
        let units = asked.filter { reached.contains($0.id) }
        if units.count == asked.count { return Reach(category: category, units: units, gap: nil) }
        let inside = Set(asked.map(\.id))
        let ended = graph.grants.ended(category, at: inside.union(organisation.above(first.id)).subtracting(reached))
        let cause: Coverage.Cause = top == nil && !units.isEmpty ? .scope : ended == nil ? .noKey : .grantEnded
        let isWhole = category.isSealed || (top == nil && units.isEmpty)
        return Reach(
            category: category, units: units,
            gap: Coverage.Gap(
                category, cause, units: isWhole ? [] : [first.id], except: highest.filter(inside.contains), on: ended))
    }

    /// The parts of an officer's file to which keys lead, and why not to the others.
    func file(
        of officer: OfficerEntry, _ categories: [ProbityRecords.Category], _ db: Connection
    ) throws -> Reading<[FilePart]> {
        var parts: [FilePart] = []
        var gaps: [Coverage.Gap] = []
        for category in categories {
            if try nearestVisible(place(category, unit: officer.unit), db) != nil {
                let search = try dossier(category, officer: officer.id.number, unit: officer.unit, db)
                if !search.astray.isEmpty { gaps.append(Coverage.Gap(category, .setAside)) }
                if try search.dossier.map({ try graph.dossierKey($0, db) != nil }) ?? true {
                    parts.append(FilePart(category, search.dossier))
                    continue
                }
            }
            let unit = place(category, unit: officer.unit).unit
            gaps.append(missing(category, at: unit, above: try Organisation(db).above(unit)))
        }
        return Reading(parts, Coverage(gaps))
    }

    /// An officer's records in parts of his file.
    func records(
        in parts: [FilePart], of officer: OfficerEntry, _ db: Connection
    ) throws -> Reading<[RecordEntry]> {
        var read = Reading<[RecordEntry]>([], .complete)
        for part in parts {
            guard let dossier = part.dossier else { continue }
            let found = try entries(in: dossier, part.category, officer: officer.id.number, db)
            read = Reading(
                read.value + found.entries, read.coverage.adding(found.setAside.gaps(in: part.category)))
        }
        return read
    }
}

extension Vault {
    /// An officer's records of some kinds in parts of his file, with their whole history, as rules see them.
    func histories(
        in parts: [FilePart], of officer: OfficerEntry, kinds: Set<String>, _ db: Connection
    ) throws -> Reading<[RecordFact]> {
        var facts: [RecordFact] = []
        var gaps: [Coverage.Gap] = []
        for part in parts { gaps += try histories(in: part, of: officer, kinds: kinds, db) { facts.append($0) } }
        return Reading(facts, Coverage(gaps))
    }

    private func histories(
        in part: FilePart, of officer: OfficerEntry, kinds: Set<String>, _ db: Connection,
        _ receive: (RecordFact) -> Void
    ) throws -> [Coverage.Gap] {
        guard let dossier = part.dossier else { return [] }
        var order: [Int64] = []
        var histories: [Int64: (kind: String, versions: [RecordFact.Version])] = [:]
        let vouching = Vouching(archive, db)
        let setAside = try walk(dossier, part.category, officer: officer.id.number, kinds: kinds, db) { entry, opened in
            let (record, content) = (entry.id.number, opened.content)
            guard kinds.contains(content.kind) else { return }
            if histories[record] == nil { order.append(record) }
            let provenance = opened.provenance
            let filedOn = try days.day(
                content.filedOn, line: provenance.sequence, of: provenance.actor, vouching, db)
            histories[record, default: (content.kind, [])].versions.append(
                RecordFact.Version(
                    state: content.state, occurredOn: content.occurredOn, filedOn: filedOn,
                    filedSequence: provenance.sequence, asFound: entry.isAsFound, values: content.values))
        }
        let queue = try ProposalReader(self, db).all(of: dossier)
        var waiting: [RecordID: [RecordFact.Waiting]] = [:]
        for proposal in queue.proposals where proposal.isOpen || proposal.closedOn != nil {
            guard case .step(let opened) = proposal.subject else { continue }
            waiting[opened.proposal.record, default: []].append(
                RecordFact.Waiting(
                    step: opened.proposal.outcome.step, proposedOn: proposal.proposedOn,
                    endedOn: proposal.isOpen ? nil : proposal.closedOn))
        }
        for record in order {
            guard let history = histories[record] else { continue }
            let id = RecordID(record)
            receive(
                RecordFact(
                    recordID: id.text, kind: history.kind, versions: history.versions, waiting: waiting[id] ?? []))
        }
        // What waits there cannot be told where a row of the queue does not read.
        let unread = queue.damaged.isEmpty ? [] : [Coverage.Gap(part.category, .setAside)]
        return setAside.gaps(in: part.category) + unread
    }
}

/// Of a search that goes through the dossiers of all officers: which it opens, and the gaps that show only then.
///
/// What keys reach is known before (``Vault/reach(_:below:_:_:)``). A dossier that hangs outside is passed over; one that
/// hangs inside and does not open is a gap that no grant explains.
struct DossierSieve {
    private let graph: KeyGraph
    private let reached: [ProbityRecords.Category: Set<String>]
    /// Nodes that did not open.
    private var closed: Set<Int64> = []
    private(set) var gaps: [Coverage.Gap] = []

    init(_ graph: KeyGraph, _ reaches: [Reach]) {
        self.graph = graph
        reached = Dictionary(uniqueKeysWithValues: reaches.map { ($0.category, Set($0.units.map(\.id))) })
    }

    /// What a dossier that opens left out.
    mutating func note(_ found: [Coverage.Gap]) { gaps += found }

    mutating func opens(_ dossier: Int64, _ category: ProbityRecords.Category, _ db: Connection) throws -> Bool {
        let node: Int64
        switch try graph.access(dossier, closed: closed, db) {
        case .open: return true
        case .astray:
            gaps.append(Coverage.Gap(category, .setAside))
            return false
        case .closed(let above): node = above
        }
        if closed.insert(node).inserted, let unit = try KeyTable.row(node, db)?.unit,
            reached[category]?.contains(unit) == true
        {
            gaps.append(Coverage.Gap(category, .noKey, units: category.isSealed ? [] : [unit]))
        }
        return false
    }
}
