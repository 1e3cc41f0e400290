import ProbityRecords

extension Session {
    /// One record with all its versions.
    public func show(_ record: RecordID) throws -> (entry: RecordEntry, versions: [VersionContent]) {
        try look(.recordShow, [.record: record.text]) { run, db in
            let entry = try vault.entry(record, db)
            run[.officer] = entry.content.officer.text
            try run.demandRight(in: entry.category)
            try run.concerns(entry.content.officer.number)
            return entry
        } reveal: { db, entry in
            (entry, try vault.versions(of: record, entry.category, db))
        }
    }

    /// The records of one officer, as much as the reader may see, oldest first.
    ///
    /// - Parameter kind: only this kind; one of a category that the role does not read is refused, not left out.
    public func records(of query: String, kind: String? = nil) throws -> (officer: OfficerEntry, records: [RecordEntry])
    {
        try look(.recordList, [.query: query, .kind: kind ?? ""]) { run, db -> (Int64, [ProbityRecords.Category]) in
            let categories = try readable(kind, run)
            let officer = try roster.locate(query, db)
            try run.concerns(officer)
            try run.demandPurpose()
            run[.categories] = categories.map(\.rawValue).joined(separator: " ")
            return (officer, categories)
        } reveal: { db, plan in
            let (officer, categories) = plan
            let entry = try roster.entry(officer, db)
            let found = try categories.flatMap { try vault.records(in: $0, of: entry, db) }
            return (
                entry,
                found.filter { kind == nil || $0.content.kind == kind }.sorted {
                    ($0.content.occurredOn, $0.id.number) < ($1.content.occurredOn, $1.id.number)
                }
            )
        }
    }

    /// Categories that the role reads, or the one of `kind`.
    private func readable(_ kind: String?, _ run: ActRun) throws -> [ProbityRecords.Category] {
        if let kind {
            let category = try declaredKind(kind).category
            try run.demandRight(in: category)
            return [category]
        }
        let categories = ProbityRecords.Category.allCases.filter { $0.isPerOfficer && actor.reads($0) }
        // Nobody who reads nothing gets an empty answer that looks like a clean file.
        try run.demandRight(in: categories.first ?? .roster)
        return categories
    }

    /// Records of all officers in the user's scope that fit, in the order of their numbers.
    ///
    /// - Returns: at most `limit` entries with their officers, and the cursor of the next page; nil at the end.
    public func search(_ query: RecordQuery) throws -> (
        found: [(officer: OfficerEntry, record: RecordEntry)], next: RecordID?
    ) {
        let words = [
            query.kind.map { "kind=\($0)" }, query.state.map { "state=\($0)" }, query.since.map { "since=\($0)" },
            query.until.map { "until=\($0)" },
        ].compactMap { $0 }.joined(separator: " ")
        return try look(.search, [.query: words]) { run, _ in
            try readable(query.kind, run)
        } reveal: { db, categories in
            try matches(query, categories, db)
        }
    }

    private static let dossiersPerPage = 500

    private func matches(
        _ query: RecordQuery, _ categories: [ProbityRecords.Category], _ db: Connection
    ) throws -> (found: [(officer: OfficerEntry, record: RecordEntry)], next: RecordID?) {
        var found: [(officer: OfficerEntry, record: RecordEntry)] = []
        // The record of the cursor may not be the last of its dossier.
        var last = query.cursor.map { $0.dossier - 1 } ?? 0
        while true {
            let page = try DossierTable.page(of: categories, after: last, limit: Session.dossiersPerPage, db)
            for dossier in page {
                guard let category = ProbityRecords.Category(rawValue: dossier.category),
                    try graph.dossierKey(dossier.id, db) != nil
                else { continue }
                for entry in try vault.entries(in: dossier.id, category, db) where fits(entry, query) {
                    if found.count == query.limit { return (found, found.last?.record.id) }
                    found.append((try roster.entry(entry.content.officer.number, db), entry))
                }
            }
            guard let end = page.last, page.count == Session.dossiersPerPage else { return (found, nil) }
            last = end.id
        }
    }

    /// Whether a record is one that the query asks for, after its cursor, and about somebody else.
    private func fits(_ entry: RecordEntry, _ query: RecordQuery) -> Bool {
        (query.cursor.map { entry.id.number > $0.number } ?? true)
            && (query.kind == nil || entry.content.kind == query.kind)
            && (query.state == nil || entry.content.state == query.state)
            && (query.since.map { entry.content.occurredOn >= $0 } ?? true)
            && (query.until.map { entry.content.occurredOn <= $0 } ?? true)
            && !actor.isHimself(entry.content.officer.number)
    }
}
