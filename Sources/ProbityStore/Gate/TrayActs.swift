public import CanonicalJSON
public import ProbityRecords

extension Session {
    private var tray: Tray { Tray(archive: archive, vault: vault, roster: roster) }

    /// Drops a complaint into the tray without being able to read what lies there.
    @discardableResult
    public func drop(_ draft: RecordDraft) throws -> TrayID {
        try write(.complaintDrop) { run, writer in
            let kind = try declaredKind(draft.kind)
            run[.kind] = kind.id
            try run.demandRight(in: kind.category, kind: kind.id, run.act.code)
            // Whom the item names is one plain line, and not who reported.
            guard LineText.isPlain(draft.officer), draft.officer.unicodeScalars.count <= LineText.maximumLength else {
                throw ArchiveError(
                    .invalidEntry, "the officer's name has control characters or is too long", subject: "officer",
                    rule: "text.notPlain")
            }
            guard !ReporterIdentity.isSuspected(inLookUp: draft.officer) else {
                throw ArchiveError(
                    .reporterIdentity, "the officer's name seems to be a reporter's", subject: "officer",
                    rule: "reporter.text")
            }
            do throws(WorkflowRefusal) { try Workflow.drop(kind, values: draft.values, today: archive.now.date) } catch
            {
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
            guard !reach.units.isEmpty else { return Reading([], trayCoverage(reach)) }
            let waiting = try tray.waiting(category, db)
            return Reading(
                try waiting.entries.filter { try !isAboutReader($0) },
                trayCoverage(reach).adding(waiting.setAside.gaps(in: category)))
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

    /// An item of the tray as it was dropped, whether it waits or was taken in.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where there is none, or one about himself.
    public func trayItem(_ id: TrayID) throws -> TrayItem {
        try look(.complaintTray, [.tray: id.text]) { run, db in
            try run.demandRight(in: .complaints)
            try run.demandPurpose()
            return try openForReader(id, db).entry
        } reveal: { db, entry in
            TrayItem(entry: entry, record: try tray.record(of: id, db))
        }
    }

    /// The officer into whose file an item would go, to be confirmed before it does; as ``identify(_:filing:)``.
    ///
    /// - Throws: as ``takeIn(_:officer:changes:)``.
    public func identify(takingIn id: TrayID, officer query: String?) throws -> (
        item: TrayHeading, officer: OfficerEntry
    ) {
        try look(.complaintIdentify, [.tray: id.text]) { run, db in
            try run.demandRight(in: .complaints)
            try demandWaiting(id, db)
            let entry = try openForReader(id, db).entry
            let officer = try subject(of: entry, query, db)
            try run.concerns(officer)
            return (entry.heading, officer)
        } reveal: { db, found in
            (found.0, try roster.entry(found.1, db))
        }
    }

    /// An item that is opened. To whom it is about there is no such item, whomever he names instead.
    private func openForReader(_ id: TrayID, _ db: Connection) throws -> Tray.Opened {
        let opened = try tray.open(id, db)
        if try isAboutReader(db)(opened.entry) { throw Tray.notVisible }
        return opened
    }

    /// - Throws: ``ArchiveError`` `stateForbids` for an item that was taken in.
    private func demandWaiting(_ id: TrayID, _ db: Connection) throws {
        guard try tray.record(of: id, db) == nil else {
            throw ArchiveError(.stateForbids, "the item is taken in already", rule: "tray.takenIn")
        }
    }

    /// Whom an item is about: the one officer whom its text means, or whom the reader names of those whom it may mean.
    ///
    /// - Throws: ``ArchiveError`` `invalidEntry` where the reader has to name one, or names another than the item does: whom it
    ///   means is not said; as ``Roster/locate(_:_:)`` for whom he names.
    private func subject(of entry: TrayEntry, _ query: String?, _ db: Connection) throws -> Int64 {
        let meant = try roster.meant(entry.officer, db)
        guard let query else {
            guard let only = meant.first, meant.count == 1 else {
                throw ArchiveError(
                    .invalidEntry, "the item names nobody who is known, or several", subject: "officer",
                    rule: "tray.officerNeeded")
            }
            return only
        }
        let officer = try roster.locate(query, db)
        guard meant.isEmpty || meant.contains(officer) else {
            throw ArchiveError(
                .invalidEntry, "the item names another officer", subject: "officer", rule: "tray.otherOfficer")
        }
        return officer
    }

    /// Takes an item of the tray into the dossier of an officer, as a record of its kind: what is filed is what was dropped.
    ///
    /// - Parameters:
    ///   - officer: whom it concerns, where its text means nobody or several; nil takes the one whom it means.
    ///   - changes: fields that the reader fills in while he registers it; none that the item has.
    /// - Throws: ``ArchiveError`` `notVisible`, also for an item about the reader; `stateForbids` for one that was taken in;
    ///   `invalidEntry` for another officer than it names, and for a field that it has.
    @discardableResult
    public func takeIn(_ id: TrayID, officer query: String? = nil, changes: [String: JSONValue] = [:]) throws
        -> RecordID
    {
        try write(.complaintTakeIn, [.tray: id.text]) { run, writer in
            let kind = try declaredKind("complaint")
            try run.demandRight(in: kind.category, run.act.code)
            try demandWaiting(id, writer.db)
            let opened = try openForReader(id, writer.db)
            let officer = try subject(of: opened.entry, query, writer.db)
            try run.concerns(officer)
            // What was dropped is what is filed: a correction comes after it and leaves both.
            if let field = changes.keys.sorted().first(where: { opened.entry.values[$0] != nil }) {
                throw ArchiveError(
                    .invalidEntry, "the item has the field \(field)", subject: field, rule: "tray.overwrites",
                    params: ["field": "field/\(kind.id).\(field)"])
            }
            let draft = RecordDraft(
                kind: kind.id, officer: OfficerID(officer).text, values: opened.entry.values.changed(by: changes))
            run[.kind] = draft.kind
            run[.query] = draft.officer
            let intake = VersionContent.Intake(item: id, officer: opened.entry.officer)
            let record = try file(draft, kind, intake: intake, run, writer)
            try tray.takeIn(opened, as: record, in: writer)
            return record
        }
    }
}
