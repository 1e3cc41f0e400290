import CanonicalJSON
import ProbityRecords
import ProbityStore

/// What a search (查询) asks for, as people write it.
public struct RecordSearch: Sendable {
    /// Identifier or label of a kind.
    public var kind: String?
    /// A state, in either language where a kind is named.
    public var state: String?
    /// First and last date, `YYYY-MM-DD`.
    public var since: String?
    public var until: String?
    /// At most so many, up to 10,000.
    public var limit = 50
    /// Identifier of the record to go on after.
    public var cursor: String?

    public init() {}

    func query() throws -> RecordQuery {
        var query = RecordQuery()
        let kind = try kind.map { try Named.kind($0) }
        query.kind = kind?.id
        query.state = try state.map { text in try kind.map { try Named.state(text, of: $0) } ?? Named.state(text) }
        (query.since, query.until) = try Named.period(since: since, until: until)
        query.limit = try Named.limit(limit)
        query.cursor = try cursor.map(Named.record)
        return query
    }
}

extension Desk {
    /// A record with its versions.
    ///
    /// - Throws: ``OfficeError`` for a text that is no identifier; the archive's refusals.
    public func show(_ record: String) throws -> RecordView {
        let history = try session.show(Named.record(record))
        let (entry, versions, notice) = (history.entry, history.versions, CoverageNotice(history.coverage, words))
        var members = words.members(entry)
        members["history"] = .array(versions.map { .object(words.members($0)) })
        members["waiting"] = history.waiting.map { .integer($0.id) } ?? .null
        let step = history.waiting.map {
            words.text(
                "cli.stepWaits", ["step": words.step($0.step), "id": String($0.id), "user": $0.proposedBy])
        }
        let (content, kind) = (entry.inForce ?? entry.content, entry.content.kind)
        let waits = entry.inForce.map { inForce in
            words.text(
                "cli.correctionWaits",
                ["changes": words.changes(from: inForce.values, to: entry.content.values, of: kind)])
        }
        return RecordView(
            heading: [entry.id.text, words.kind(kind), words.state(of: entry)],
            fields: words.fields(content.values, of: kind),
            facts: [waits, step].compactMap(\.self) + DerivedFacts(content, words).sentences,
            versions: versions.enumerated().flatMap { index, version in
                let line = words.text(
                    "cli.version",
                    [
                        "number": String(index + 1), "date": version.filedOn.description,
                        "user": words.takers(of: version),
                        "state": words.state(of: version), "reason": version.reason ?? words.intake(version),
                    ])
                guard index > 0 else { return [line] }
                let changes = words.changes(from: versions[index - 1].values, to: version.values, of: kind)
                return changes.isEmpty ? [line] : [line, "  " + changes]
            }, notice: notice, json: JSONAnswer("record", members, notice))
    }

    /// The records of one officer that the user may see, and what he may not.
    ///
    /// - Parameters:
    ///   - kind: identifier or label of a kind; nil for all.
    ///   - since: first date of the records, `YYYY-MM-DD`; `until` the last.
    public func records(
        of officer: String, kind: String? = nil, since: String? = nil, until: String? = nil
    ) throws -> Listing {
        let kind = try kind.map { try Named.kind($0).id }
        let (first, last) = try Named.period(since: since, until: until)
        let read = try session.records(of: officer, kind: kind, since: first, until: last)
        let (officer, records) = (read.officer, read.records)
        let notice = CoverageNotice(read.coverage, words)
        return ListForm.records.listing(
            records, words, heading: [officer.policeNo, officer.name],
            whole: JSONAnswer(
                "records",
                [
                    "officer": .object(words.members(officer)),
                    "records": .array(records.map { .object(words.members($0)) }),
                ], notice), notes: records.isEmpty ? [noRecords] : [], notice: notice)
    }

    /// The records of the user's scope that a search finds.
    public func search(_ search: RecordSearch) throws -> Listing {
        let read = try session.search(search.query())
        let next = read.next
        let notice = CoverageNotice(read.coverage, words)
        let records = read.found.map { FoundRecord(officer: $0.officer, record: $0.record) }
        let form = ListForm<FoundRecord>.found
        let whole = JSONAnswer(
            "search",
            [
                "records": .array(records.map { .object(form.members($0, words)) }),
                "next": next.map { .string($0.text) } ?? .null,
            ], notice)
        let notes = next.map { [Answer.Note.remark(words.text("cli.more", ["cursor": $0.text]), inJSON: true)] } ?? []
        // Where nothing was found there is no officer to name.
        guard !records.isEmpty else {
            return ListForm.records.listing([], words, whole: whole, notes: notes + [noRecords], notice: notice)
        }
        return form.listing(records, words, whole: whole, notes: notes, notice: notice)
    }

    /// An empty list says so: silence looks like a list that was cut.
    private var noRecords: Answer.Note { .remark(words.text("coverage.noRecords"), inJSON: true) }
}
