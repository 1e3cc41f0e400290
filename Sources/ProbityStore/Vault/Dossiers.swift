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
        let organisation = try Organisation(db)
        let units = top.map(organisation.below) ?? organisation.units
        if let top, units.isEmpty {
            throw ArchiveError(noUnit: top, .notVisible, organisation)
        }
        return try units.map(\.id).filter { try graph.open(NodePlace(category: category, unit: $0), db) != nil }
    }

    /// The dossier of an officer in a category; nil where there is none yet.
    ///
    /// - Parameter unit: the officer's.
    func dossier(
        _ category: ProbityRecords.Category, officer: Int64, unit: String, _ db: Connection
    ) throws -> Int64? {
        if category == .roster { return try OfficerTable.dossier(of: officer, db) }
        guard let tagPlace = try nearestVisible(place(category, unit: unit), db) else {
            throw ArchiveError(
                .notVisible, "no key for \(category.rawValue)", rule: "key.category",
                params: ["category": "category/\(category.rawValue)"])
        }
        return try DossierTable.dossier(
            graph.dossierTag(category, officer: officer, at: tagPlace, db), in: category, db)
    }

    /// The dossier key of an officer in a category; node and dossier are made at first use.
    func dossierKey(
        _ category: ProbityRecords.Category, officer: Int64, unit: String, in writer: RowWriter
    ) throws -> DossierKey {
        let node = try graph.node(at: place(category, unit: unit), in: writer)
        if let dossier = try dossier(category, officer: officer, unit: unit, writer.db) {
            guard let key = try graph.dossierKey(dossier, writer.db) else {
                throw ArchiveError(.notVisible, "no key for the dossier", rule: "key.missing")
            }
            return key
        }
        return try graph.makeDossier(category, officer: officer, below: node, in: writer)
    }
}
