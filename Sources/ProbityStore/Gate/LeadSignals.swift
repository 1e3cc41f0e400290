import CanonicalJSON
import ProbityRecords

// Open leads as others may know them (凡提必查). Whoever runs a promotion check reads no complaint, and must not be told that
// nothing is open while something is. So the act that opens or closes a specific lead files a signal beside it, in the
// category that the checker reads: whether at least one such lead is open about the officer, and nothing else.

extension Session {
    /// The kind of the signal.
    private static let signal = "leadSignal"

    /// As ``leads(officer:unit:since:_:)``, with what waits in the tray: what the team has to look at before it says that no
    /// lead is open.
    func leadsToAnswer(officer: Int64, unit: String, _ db: Connection) throws -> LeadStanding? {
        guard var standing = try leads(officer: officer, unit: unit, isWhole: true, db) else { return nil }
        let waiting = try Tray(archive: archive, vault: vault, roster: roster).waiting(.complaints, db)
        if waiting.setAside.contains(.changed) { return nil }
        if waiting.entries.isEmpty { return standing }
        // As it would stand if it were taken in.
        let (state, rules) = (try declaredKind("complaint").initialState, try RuleSet.standard())
        let subject = try roster.entry(officer, db)
        for item in waiting.entries {
            guard try roster.means(item.officer, subject, db) else { continue }
            standing.add(state: state, values: item.values, isNews: true, on: archive.now.date, rules)
        }
        return standing
    }

    /// What the officer's complaints come to; nil where the user's keys do not open them.
    ///
    /// - Parameters:
    ///   - since: what is told already was filed under lines before this one.
    ///   - isWhole: also nil where one of them was changed, and nobody knows what it said.
    func leads(
        officer: Int64, unit: String, since: UInt64 = 0, isWhole: Bool = false, _ db: Connection
    ) throws -> LeadStanding? {
        let category = ProbityRecords.Category.complaints
        guard try vault.nearestVisible(vault.place(category, unit: unit), db) != nil else { return nil }
        var standing = LeadStanding()
        guard let dossier = try vault.trueDossier(category, officer: officer, unit: unit, db) else { return standing }
        guard try graph.dossierKey(dossier, db) != nil else { return nil }
        let (rules, today) = (try RuleSet.standard(), archive.now.date)
        let outcomeField = LeadStanding.outcomeField(on: today, rules) ?? ""
        var newest: [Int64: RecordEntry] = [:]
        // The line that brought the outcome, or somebody's confirmation of what was found: what is done later is no news.
        var decided: [Int64: (outcome: JSONValue?, isAsFound: Bool, line: UInt64)] = [:]
        let setAside = try vault.walk(dossier, category, officer: officer, db) { entry, version in
            let (record, outcome) = (entry.id.number, entry.content.values[outcomeField])
            newest[record] = entry
            if let before = decided[record], before.outcome == outcome, before.isAsFound == entry.isAsFound { return }
            decided[record] = (outcome, entry.isAsFound, version.provenance.sequence)
        }
        if isWhole, setAside.contains(.changed) { return nil }
        for (record, entry) in newest {
            standing.add(
                state: entry.content.state, values: entry.content.values, isAsFound: entry.isAsFound,
                isNews: decided[record].map { $0.line >= since } ?? true, on: today, rules)
        }
        return standing
    }

    /// Files or changes the signal where what was just filed opened the first specific lead, or established one.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` where the user cannot file it: then the act does not happen either.
    func signalLeads(after kind: RecordKind, officer: Int64, unit: String, in writer: RowWriter) throws {
        _ = try signal(after: kind, officer: officer, unit: unit, in: writer)
    }

    /// As above; and where the last specific lead was closed, proposes to others of the team that the signal goes: that nothing
    /// is open any more is not one person's word.
    ///
    /// - Returns: the proposal; nil where none was made.
    func proposeLowering(
        after kind: RecordKind, officer: Int64, unit: String, in writer: RowWriter
    ) throws -> Int64? {
        guard let (signal, standing) = try signal(after: kind, officer: officer, unit: unit, in: writer),
            !standing.isOpen, signal.content.state == "raised",
            try waitingProposal(of: signal, writer.db) == nil
        else { return nil }
        let outcome = try take(
            "lower", signal, ["loweredOn": .string(archive.now.date.description)], leads: standing)
        return try propose(outcome, of: signal, reason: label(ofStep: "lower"), writer)
    }

    /// The signal as it stands after what was filed, with what the leads come to; nil where there is none.
    private func signal(
        after kind: RecordKind, officer: Int64, unit: String, in writer: RowWriter
    ) throws -> (RecordEntry, LeadStanding)? {
        guard kind.category == .complaints else { return nil }
        let entry = try signalEntry(officer: officer, unit: unit, writer.db).first
        let told = entry?.filedSequence ?? 0
        guard let standing = try leads(officer: officer, unit: unit, since: told, writer.db) else {
            throw ArchiveError(.integrity, "a complaint was filed where none can be read")
        }
        if entry?.content.state != "raised" {
            // One that was found true is told, though none is open: what was answered before did not know it.
            guard standing.isOpen || standing.isEstablished else { return nil }
            try raiseSignal(entry, officer: officer, unit: unit, in: writer)
        }
        if standing.isEstablished, let raised = try signalEntry(officer: officer, unit: unit, writer.db).first,
            raised.content.values["established"] != true
        {
            try advanceSignal(raised, "establish", ["established": true], unit: unit, in: writer)
        }
        return try signalEntry(officer: officer, unit: unit, writer.db).first.map { ($0, standing) }
    }

    private func signalEntry(officer: Int64, unit: String, _ db: Connection) throws -> [RecordEntry] {
        let category = ProbityRecords.Category.opinions
        guard try vault.nearestVisible(vault.place(category, unit: unit), db) != nil else {
            throw ArchiveError(
                .notVisible, "no key for opinions: a lead cannot be signalled", subject: category.rawValue,
                rule: "lead.noSignal", params: ["category": "category/\(category.rawValue)"])
        }
        guard let dossier = try vault.trueDossier(category, officer: officer, unit: unit, db) else { return [] }
        return try vault.entries(in: dossier, category, officer: officer, db).entries.filter {
            $0.content.kind == Session.signal
        }
    }

    private func raiseSignal(
        _ entry: RecordEntry?, officer: Int64, unit: String, in writer: RowWriter
    ) throws {
        let raised: [String: JSONValue] = ["raisedOn": .string(archive.now.date.description)]
        if let entry { return try advanceSignal(entry, "raise", raised, unit: unit, in: writer) }
        let kind = try declaredKind(Session.signal)
        let key = try vault.dossierKey(kind.category, officer: officer, unit: unit, in: writer)
        let outcome = Workflow.Outcome(
            step: Workflow.fileStep, state: kind.initialState, values: raised, approval: nil)
        try vault.insert(
            vault.content(outcome, kind, officer: officer), kind: kind, record: nil,
            version: vault.nextVersion(in: key.dossier, writer.db), key: key, in: writer)
    }

    private func advanceSignal(
        _ entry: RecordEntry, _ step: String, _ changes: [String: JSONValue], unit: String, in writer: RowWriter
    ) throws {
        _ = try insert(
            take(step, entry, changes, leads: nil), after: entry, declaredKind(Session.signal), unit: unit,
            reason: label(ofStep: step), in: writer)
    }

    private func take(
        _ step: String, _ entry: RecordEntry, _ changes: [String: JSONValue], leads: LeadStanding?
    ) throws -> Workflow.Outcome {
        let kind = try declaredKind(Session.signal)
        do {
            return try Workflow.take(
                step, of: kind, entry.standing, changes: changes, by: workflowActor,
                Workflow.Context(policy: archive.policy, today: archive.now.date, leads: leads), isProgram: true)
        } catch {
            throw ArchiveError(error, of: kind)
        }
    }

    /// What stands as the reason of a step that the program takes.
    private func label(ofStep step: String) -> String {
        catalogue.codeList("transition")?.label(step, .zh) ?? step
    }
}
