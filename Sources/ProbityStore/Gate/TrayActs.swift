public import CanonicalJSON
public import ProbityRecords

extension Session {
    private var tray: Tray { Tray(archive: archive, vault: vault) }

    /// Drops a complaint into the tray without being able to read what lies there.
    @discardableResult
    public func drop(_ draft: RecordDraft) throws -> TrayID {
        try write(.complaintDrop) { run, writer in
            let kind = try declaredKind(draft.kind)
            run[.kind] = kind.id
            try run.demandRight(in: kind.category, kind: kind.id, run.act.code)
            do throws(WorkflowRefusal) { try Workflow.drop(kind, values: draft.values, today: today) } catch {
                throw ArchiveError(error, of: kind)
            }
            let id = try tray.drop(draft.values, kind, officer: draft.officer, by: user, in: writer)
            run[.tray] = id.text
            return id
        }
    }

    /// The items of the tray that are not taken in yet.
    public func trayEntries(_ category: ProbityRecords.Category = .complaints) throws -> Reading<[TrayEntry]> {
        try look(.complaintTray) { run, db -> Reach in
            try run.demandRight(in: category)
            let reach = try vault.reach(category, Organisation(db), db)
            run.reads(trayCoverage(reach))
            return reach
        } reveal: { db, reach in
            // An item about the reader himself is not his to see (回避), and neither is whether there is one.
            let isAboutReader = try isAboutReader(db)
            let entries = try (reach.units.isEmpty ? [] : TrayTable.waiting(category, db)).compactMap { id in
                let entry = try tray.open(TrayID(id), db).entry
                return try isAboutReader(entry) ? nil : entry
            }
            return Reading(entries, trayCoverage(reach))
        }
    }

    private func trayCoverage(_ reach: Reach) -> Coverage {
        Coverage([reach.gap].compactMap(\.self) + (reach.units.isEmpty ? [] : actor.withheld([reach.category])))
    }

    /// Tells items about the user himself from others.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where his keys do not open his own roster entry: nobody could tell then.
    private func isAboutReader(_ db: Connection) throws -> (TrayEntry) throws -> Bool {
        guard let own = certificate.officer else { return { _ in false } }
        let reader = try roster.entry(own, db)
        return { [roster] in try roster.means($0.officer, reader, db) }
    }

    /// Takes an item of the tray into the dossier of an officer, as a record of its kind.
    ///
    /// - Parameters:
    ///   - officer: whom it concerns; nil takes the number that stands in the item.
    ///   - changes: fields that the reader sets while he registers it.
    @discardableResult
    public func takeIn(_ id: TrayID, officer query: String? = nil, changes: [String: JSONValue] = [:]) throws
        -> RecordID
    {
        try write(.complaintTakeIn, [.tray: id.text]) { run, writer in
            let kind = try declaredKind("complaint")
            try run.demandRight(in: kind.category, run.act.code)
            guard try !TrayTable.isTakenIn(id.number, writer.db) else {
                throw ArchiveError(.stateForbids, "the item is taken in already", rule: "tray.takenIn")
            }
            let opened = try tray.open(id, writer.db)
            // To whom it is about there is no such item, whomever he names instead.
            if try isAboutReader(writer.db)(opened.entry) { throw Tray.notVisible }
            let officer = try roster.locate(query ?? opened.entry.officer, writer.db)
            try run.concerns(officer)
            let draft = RecordDraft(
                kind: kind.id, officer: OfficerID(officer).text, values: opened.entry.values.changed(by: changes))
            run[.kind] = draft.kind
            run[.query] = draft.officer
            let record = try file(draft, kind, run, writer)
            try tray.takeIn(opened, as: record, in: writer)
            return record
        }
    }
}
