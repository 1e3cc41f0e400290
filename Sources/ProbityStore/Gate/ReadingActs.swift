public import ProbityRecords

extension Session {
    /// One record with all its versions, whether any was left out because it does not prove where it belongs, and the step of
    /// it that waits for others.
    public func show(_ record: RecordID) throws -> RecordHistory {
        try look(.recordShow, [.record: record.text]) { run, db in
            let entry = try vault.history(record, db).entry
            run[.officer] = entry.content.officer.text
            run[.kind] = entry.content.kind
            try run.demandRight(in: entry.category)
            try run.concerns(entry.content.officer.number)
            return entry
        } reveal: { db, entry in
            let history = try vault.history(record, db)
            return RecordHistory(
                entry: history.entry, versions: history.versions,
                waiting: try waitingProposal(of: history.entry, db).map {
                    RecordHistory.Waiting(id: $0.id, step: $0.step.outcome.step, proposedBy: $0.step.proposedBy)
                }, coverage: Coverage(history.setAside.gaps(in: entry.category)))
        }
    }

    /// The records of one officer, as much as the reader may see, oldest first.
    ///
    /// - Parameters:
    ///   - kind: only this kind; one of a category that the role does not read is refused, not left out.
    ///   - since: only records of this day and later, by their own date; `until` likewise.
    public func records(
        of query: String, kind: String? = nil, since: CivilDate? = nil, until: CivilDate? = nil
    ) throws -> Reading<OfficerRecords> {
        try look(.recordList, [.query: query, .kind: kind ?? ""]) { run, db -> (OfficerEntry, Reading<[FilePart]>) in
            let categories = try readable(kind, run)
            let match = try roster.match(query, db)
            try run.concerns(match.officer)
            try run.demandPurpose()
            let officer = try roster.entry(match.officer, db)
            let file = try vault.file(of: officer, categories, db)
            let coverage = file.coverage.adding(
                try namesakes(match, db).gaps + (kind == nil ? actor.roleGaps : []))
            run.reads(file.value.map(\.category), coverage)
            return (officer, Reading(file.value, coverage))
        } reveal: { db, plan in
            let (officer, file) = plan
            let found = try vault.records(in: file.value, of: officer, db)
            let records = found.value.filter { entry in
                let day = entry.content.occurredOn
                return (kind == nil || entry.content.kind == kind) && (since.map { $0 <= day } ?? true)
                    && (until.map { day <= $0 } ?? true)
            }.sorted {
                ($0.content.occurredOn, $0.id.number) < ($1.content.occurredOn, $1.id.number)
            }
            return Reading(
                OfficerRecords(officer: officer, records: records), file.coverage.adding(found.coverage.gaps))
        }
    }

    /// Where somebody of the same name may be whom the look-up did not see; nowhere for one by a number.
    func namesakes(_ match: Roster.Match, _ db: Connection) throws -> Coverage {
        guard match.field == .name else { return .complete }
        return Coverage([try vault.reach(.roster, Organisation(db), db).gap].compactMap(\.self))
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

    /// Records of all officers in the user's scope that fit, in the order of their numbers; at most `limit` of them.
    public func search(_ query: RecordQuery) throws -> Reading<FoundRecords> {
        let words = [
            query.kind.map { "kind=\($0)" }, query.state.map { "state=\($0)" }, query.since.map { "since=\($0)" },
            query.until.map { "until=\($0)" },
        ].compactMap { $0 }.joined(separator: " ")
        return try look(.search, [.query: words]) { run, db -> Reading<[Reach]> in
            let categories = try readable(query.kind, run)
            for category in categories { try actor.demandOthers(category) }
            try run.demandPurpose()
            let organisation = try Organisation(db)
            let reaches = try categories.map { try vault.reach($0, organisation, db) }
            let open = reaches.filter { !$0.units.isEmpty }
            // A record whose officer's roster entry is out of reach has no name to stand under: a reviewer has the
            // sanctions of the whole bureau and the roster of his station.
            let people = try vault.reach(.roster, organisation, db)
            let nameless = open.contains { !Set($0.units).isSubset(of: people.units) } ? [people.gap] : []
            let coverage = Coverage(
                (reaches.map(\.gap) + nameless).compactMap(\.self) + (query.kind == nil ? actor.roleGaps : [])
                    + actor.withheld(open.map(\.category)))
            run.reads(open.map(\.category), coverage)
            return Reading(open, coverage)
        } reveal: { db, plan in
            var sieve = DossierSieve(graph, plan.value)
            let found = try matches(query, plan.value.map(\.category), &sieve, db)
            return Reading(found, plan.coverage.adding(sieve.gaps))
        }
    }

    private static let dossiersPerPage = 500

    private func matches(
        _ query: RecordQuery, _ categories: [ProbityRecords.Category], _ sieve: inout DossierSieve, _ db: Connection
    ) throws -> FoundRecords {
        var found: [(officer: OfficerEntry, record: RecordEntry)] = []
        // The record of the cursor may not be the last of its dossier.
        var last = query.cursor.map { $0.dossier - 1 } ?? 0
        while !categories.isEmpty {
            let page = try DossierTable.page(of: categories, after: last, limit: Session.dossiersPerPage, db)
            for dossier in page {
                guard let category = ProbityRecords.Category(rawValue: dossier.category),
                    try sieve.opens(dossier.id, category, db)
                else { continue }
                let read = try vault.entries(in: dossier.id, category, db)
                sieve.note(read.setAside.gaps(in: category))
                for entry in read.entries where fits(entry, query) {
                    let officer = entry.content.officer.number
                    guard try roster.opens(officer, db) else { continue }
                    if found.count == query.limit {
                        return FoundRecords(found: found, next: found.last?.record.id)
                    }
                    found.append((try roster.entry(officer, db), entry))
                }
            }
            guard let end = page.last, page.count == Session.dossiersPerPage else { break }
            last = end.id
        }
        return FoundRecords(found: found, next: nil)
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
