import CanonicalJSON
import ProbityStore

extension Desk {
    /// Adds a unit (单位) to the organisation tree.
    ///
    /// - Parameter kind: code or label of a kind of unit.
    /// - Returns: the unit's identifier.
    public func addUnit(id: String, parent: String, kind: String, name: String) throws -> Answer {
        try session.addUnits([Unit(id: id, parent: parent, kind: Named.unitKind(kind), name: name)])
        return Answer([id], JSONAnswer("unit", ["id": .string(id)]))
    }

    /// The organisation tree, from the top.
    public func units() throws -> Listing { try ListForm.units.listing(session.listUnits(), words) }
}

extension ListForm where Entry == ProbityStore.Unit {
    static var units: ListForm {
        ListForm(
            schema: "unit",
            columns: [
                Column("unit") { unit, _ in unit.id }, Column("name") { unit, _ in unit.name },
            ],
            members: { unit, _ in
                [
                    "id": .string(unit.id), "parent": unit.parent.map { .string($0) } ?? .null,
                    "kind": .string(unit.kind), "name": .string(unit.name),
                ]
            })
    }
}
