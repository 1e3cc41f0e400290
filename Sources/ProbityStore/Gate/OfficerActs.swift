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
                let outcome = try run.decide(kind) { () throws(WorkflowRefusal) in
                    try Workflow.file(
                        kind, values: fields, by: workflowActor,
                        Workflow.Context(policy: archive.policy, today: archive.now.date))
                }
                return try roster.add(outcome, kind, writer, structure: writer)
            }
            if let only = added.first, added.count == 1 { run[.officer] = only.text }
            return added
        }
    }

    /// Finds an officer by number, ID number, name or identifier and shows his roster entry.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where none is visible, `invalidEntry` where a name has several bearers (the
    ///   subject lists their numbers).
    public func showOfficer(_ query: String) throws -> Reading<OfficerEntry> {
        try look(.officerShow, [.query: query]) { run, db in
            try run.demandRight(in: .roster)
            let match = try roster.match(query, db)
            try run.concerns(match.officer)
            let coverage = try namesakes(match, db)
            run.reads(coverage)
            return (match.officer, coverage)
        } reveal: { db, plan in
            Reading(try roster.entry(plan.0, db), plan.1)
        }
    }

    /// Number, name and unit of the officer about whom something is to be filed, to be confirmed before it is.
    ///
    /// Filing needs no purpose, and neither has this; it shows no more than the head of the roster entry, to a role that
    /// files the kind. It is an act as every look is.
    /// - Throws: as ``showOfficer(_:)``, and `roleRefuses` where the role does not file the kind.
    public func identify(_ query: String, filing kind: String) throws -> (
        id: OfficerID, policeNo: String, name: String, unit: String, hasLeft: Bool
    ) {
        try look(.officerIdentify, [.query: query, .kind: kind]) { run, db in
            try run.demandRight(in: declaredKind(kind).category, kind: kind, "record.add \(kind)")
            let officer = try roster.locate(query, db)
            try run.concerns(officer)
            return officer
        } reveal: { db, officer in
            let entry = try roster.entry(officer, db)
            return (entry.id, entry.policeNo, entry.name, entry.unit, entry.hasLeft)
        }
    }

    /// The roster of the user's scope, unit by unit.
    ///
    /// - Parameters:
    ///   - unit: only this unit and those below it.
    ///   - receive: gets one entry at a time, so that a long list needs no memory.
    /// - Returns: how many there were.
    public func listOfficers(unit: String? = nil, receive: (OfficerEntry) throws -> Void) throws -> Reading<Int> {
        try look(.officerList, [.unit: unit ?? ""]) { run, db -> Reading<[Unit]> in
            try run.demandRight(in: .roster)
            try actor.demandOthers(.roster)
            try run.demandPurpose()
            let reach = try vault.reach(.roster, below: unit, Organisation(db), db)
            let coverage = Coverage([reach.gap].compactMap(\.self) + actor.withheld([.roster]))
            run.reads(coverage)
            return Reading(reach.units, coverage)
        } reveal: { db, plan in
            var count = 0
            var coverage = plan.coverage
            for unit in plan.value {
                let listed = try roster.officers(of: unit.id, db)
                coverage = coverage.adding(listed.coverage.gaps)
                for officer in try roster.inOrderOfNumber(listed.value.filter { !actor.isHimself($0) }, db) {
                    try receive(officer)
                    count += 1
                }
            }
            return Reading(count, coverage)
        }
    }
}
