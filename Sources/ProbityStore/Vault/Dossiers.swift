import ProbityCrypto
import ProbityRecords

extension Vault {
    /// The node under which the dossiers of a category hang for an officer of `unit`: one for the whole bureau where the
    /// category is sealed.
    func place(_ category: ProbityRecords.Category, unit: String) -> NodePlace {
        NodePlace(category: category, unit: category.isSealed ? rootUnit : unit)
    }

    /// The place itself or the nearest unit above it whose node the user can open.
    func nearestVisible(_ place: NodePlace, _ db: Connection) throws -> NodePlace? {
        var unit: String? = place.unit
        while let current = unit {
            let here = NodePlace(category: place.category, unit: current)
            if try graph.open(here, db) != nil { return here }
            unit = try UnitTable.parent(of: current, db)
        }
        return nil
    }

    /// The units of a category that the user's keys open, in the order of the organisation tree.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where there is no unit `top`.
    func visibleUnits(
        _ category: ProbityRecords.Category, below top: String? = nil, _ db: Connection
    ) throws -> [String] {
        let units: [Unit]
        if let top {
            let organisation = try Organisation(db)
            units = organisation.below(top)
            if units.isEmpty { throw ArchiveError(noUnit: top, .notVisible, organisation) }
        } else {
            units = try UnitTable.all(db)
        }
        return try units.map(\.id).filter { try graph.open(NodePlace(category: category, unit: $0), db) != nil }
    }

    /// What says to be an officer's dossier in a category, by its tag.
    ///
    /// - Parameter unit: one at or below which the user's keys lead to the category's tag key.
    func dossiers(
        _ category: ProbityRecords.Category, officer: Int64, unit: String, _ db: Connection
    ) throws -> [(id: Int64, batch: Int64)] {
        guard let tagPlace = try nearestVisible(place(category, unit: unit), db) else {
            throw ArchiveError(
                .notVisible, "no key for \(category.rawValue)", rule: "key.category",
                params: ["category": "category/\(category.rawValue)"])
        }
        let tag = try graph.dossierTag(category, officer: officer, at: tagPlace, db)
        return try DossierTable.dossiers(tag, in: category, db)
    }

    /// What there is where an officer's dossier in a category is looked for.
    struct DossierSearch {
        /// The one that proves to be his; else one whose key is not the user's; nil where there is none yet.
        var dossier: Int64?
        /// Others, which prove no place: somebody put them there, or changed the true one.
        var astray: [(id: Int64, batch: Int64)] = []
    }

    /// The dossier of an officer in a category.
    ///
    /// - Parameter unit: the officer's.
    /// - Throws: ``ArchiveError`` `integrity` where two prove to be his.
    func dossier(
        _ category: ProbityRecords.Category, officer: Int64, unit: String, _ db: Connection
    ) throws -> DossierSearch {
        let place = place(category, unit: unit)
        var search = DossierSearch()
        var isOpen = false
        for row in try dossiers(category, officer: officer, unit: unit, db) {
            switch try graph.access(row.id, db) {
            case .open(let key) where key.officer == officer && key.place == place:
                guard !isOpen else {
                    throw ArchiveError(.integrity, "an officer has two dossiers in \(category.rawValue)")
                }
                (search.dossier, isOpen) = (row.id, true)
            // A key below a node of another unit is nobody's lack: his dossier hangs at his own.
            case .closed(let node) where try KeyTable.row(node, db)?.unit == place.unit:
                search.dossier = search.dossier ?? row.id
            case .open, .closed, .astray: search.astray.append(row)
            }
        }
        return search
    }

    /// The dossier of an officer in a category, for an act that rests on what lies there; nil where there is none yet.
    ///
    /// - Throws: ``ArchiveError`` `integrity` where a true one seems to have been changed. What somebody else put there is no
    ///   reason not to act.
    func trueDossier(
        _ category: ProbityRecords.Category, officer: Int64, unit: String, _ db: Connection
    ) throws -> Int64? {
        let search = try dossier(category, officer: officer, unit: unit, db)
        if let dossier = search.dossier { return dossier }
        let vouching = Vouching(archive, db)
        for row in search.astray where try vouching.mayHaveMade(row.batch, at: place(category, unit: unit)) {
            throw ArchiveError(.integrity, "a dossier of the officer in \(category.rawValue) does not open")
        }
        return nil
    }

    /// The dossier key of an officer in a category; node and dossier are made at first use.
    func dossierKey(
        _ category: ProbityRecords.Category, officer: Int64, unit: String, in writer: RowWriter
    ) throws -> DossierKey {
        let node = try graph.node(at: place(category, unit: unit), in: writer)
        if let dossier = try trueDossier(category, officer: officer, unit: unit, writer.db) {
            guard let key = try graph.dossierKey(dossier, writer.db) else {
                throw ArchiveError(.notVisible, "no key for the dossier", rule: "key.missing")
            }
            return key
        }
        return try graph.makeDossier(category, officer: officer, below: node, in: writer)
    }
}
