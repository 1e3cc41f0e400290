import ProbityRecords

extension Session {
    /// Adds units, parents before children or in any order; all or none.
    public func addUnits(_ units: [Unit]) throws {
        try write(.unitAdd) { run, writer in
            run[.count] = String(units.count)
            for unit in units { try unit.demandValid() }
            var known = Set(try UnitTable.all(writer.db).map(\.id))
            var waiting = units
            while !waiting.isEmpty {
                let ready = waiting.filter { $0.parent.map(known.contains) ?? false }
                guard !ready.isEmpty else {
                    throw ArchiveError(
                        .invalidEntry, "a unit's parent is not there", subject: waiting[0].id, rule: "unit.parent",
                        misnomer: try waiting[0].parent.map { Misnomer($0, of: try Organisation(writer.db).names) })
                }
                for unit in ready {
                    guard known.insert(unit.id).inserted else {
                        throw ArchiveError(
                            .invalidEntry, "a unit of this identifier is there", subject: unit.id, rule: "unit.taken")
                    }
                    try writer.insertUnit(unit)
                }
                let done = Set(ready.map(\.id))
                waiting.removeAll { done.contains($0.id) && ready.contains($0) }
            }
        }
    }

    public func listUnits() throws -> [Unit] {
        try look(.unitList) { _, _ in
        } reveal: { db, _ in
            try Organisation(db).units
        }
    }
}
