public import CanonicalJSON
import ProbityRecords

extension Session {
    /// Adds officers; all or none. Filing one and importing thousands are the same act.
    ///
    /// - Parameter values: fields of the kind `officer`.
    /// - Throws: ``ArchiveError`` `roleRefuses`, `notVisible` (a unit outside the scope), `invalidEntry` (what the kind
    ///   refuses, an unknown unit, or a number or ID number that is already there; the subject says which).
    @discardableResult
    public func addOfficers(_ values: [[String: JSONValue]]) throws -> [OfficerID] {
        let claim = try roster.claim(user)
        defer { withExtendedLifetime(claim) {} }
        return try write(.officerAdd) { run, writer in
            let kind = try declaredKind("officer")
            try run.demandRight(in: kind.category, kind: kind.id, run.act.code)
            run[.count] = String(values.count)
            let added = try values.map { fields in
                let problems = kind.validate(values: fields, today: today).filter { $0.severity == .error }
                if let problem = problems.first { throw ArchiveError(problem, of: kind) }
                return try roster.add(fields, kind, writer, structure: writer)
            }
            if let only = added.first, added.count == 1 { run[.officer] = only.text }
            return added
        }
    }

    /// Finds an officer by number, ID number, name or identifier and shows his roster entry.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where none is visible, `invalidEntry` where a name has several bearers (the
    ///   subject lists their numbers).
    public func showOfficer(_ query: String) throws -> OfficerEntry {
        try look(.officerShow, [.query: query]) { run, db in
            try run.demandRight(in: .roster)
            let officer = try roster.locate(query, db)
            try run.concerns(officer)
            return officer
        } reveal: { db, officer in
            try roster.entry(officer, db)
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
        try look(.officerIdentify, [.query: query, .kind: kind]) { run, db in
            try run.demandRight(in: declaredKind(kind).category, kind: kind, "record.add \(kind)")
            let officer = try roster.locate(query, db)
            try run.concerns(officer)
            return officer
        } reveal: { db, officer in
            let entry = try roster.entry(officer, db)
            return (entry.id, entry.policeNo, entry.name, entry.unit)
        }
    }

    /// The roster of the user's scope, unit by unit.
    ///
    /// - Parameters:
    ///   - unit: only this unit and those below it.
    ///   - receive: gets one entry at a time, so that a long list needs no memory.
    public func listOfficers(unit: String? = nil, receive: (OfficerEntry) throws -> Void) throws {
        try look(.officerList, [.unit: unit ?? ""]) { run, db in
            try run.demandRight(in: .roster)
            try run.demandPurpose()
            return try vault.visibleUnits(.roster, below: unit, db)
        } reveal: { db, units in
            for unit in units {
                for officer in try roster.officers(of: unit, db) where !actor.isHimself(officer) {
                    try receive(roster.entry(officer, db))
                }
            }
        }
    }
}
