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
            try demandValid(draft.values, kind, kind.initialState)
            let id = try tray.drop(draft.values, kind, officer: draft.officer, by: user, in: writer)
            run[.tray] = id.text
            return id
        }
    }

    /// The items of the tray that are not taken in yet.
    public func trayEntries(_ category: ProbityRecords.Category = .complaints) throws -> [TrayEntry] {
        try look(.complaintTray) { run, _ in
            try run.demandRight(in: category)
        } reveal: { db, _ in
            // An item about the reader himself is not his to see (回避).
            try TrayTable.waiting(category, db).compactMap { id in
                let entry = try tray.open(TrayID(id), db).entry
                return try isAboutReader(entry, db) ? nil : entry
            }
        }
    }

    private func isAboutReader(_ entry: TrayEntry, _ db: Connection) throws -> Bool {
        guard let own = certificate.officer else { return false }
        let reader = try roster.entry(own, db)
        return [reader.policeNo, reader.name, reader.id.text].contains(entry.officer)
            || reader.values["idNo"]?.string == entry.officer
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
            let officer = try roster.locate(query ?? opened.entry.officer, writer.db)
            try run.concerns(officer)
            let draft = RecordDraft(
                kind: kind.id, officer: OfficerID(officer).text, values: opened.entry.values.changed(by: changes))
            run[.kind] = draft.kind
            run[.query] = draft.officer
            try actor.demand(
                archive.policy.decide(role: role, act: .file, category: kind.category, kind: kind.id),
                "record.add \(kind.id)")
            let record = try file(draft, kind, run, writer)
            try tray.takeIn(opened, as: record, in: writer)
            return record
        }
    }
}
