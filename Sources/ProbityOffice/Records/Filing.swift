import CanonicalJSON
import ProbityRecords
import ProbityStore

extension Desk {
    /// Files a form (登记) into the officer's file.
    ///
    /// - Parameter named: the officer in the user's own words, for the answer.
    /// - Throws: the archive's refusals.
    public func file(_ form: FilingForm, about subject: FilingSubject, named officer: String) throws -> Answer {
        let filed = try session.file(draft(form, about: subject))
        var notes = [
            Answer.Note.remark(
                words.text("cli.filed", ["kind": words.kind(form.kind), "officer": officer]), inJSON: true)
        ]
        let verifiers = form.kind.verifiers(in: form.kind.initialState)
        if !verifiers.isEmpty {
            notes.append(.remark(words.text("cli.waitsForVerifier", ["roles": words.roles(verifiers)]), inJSON: true))
        }
        return Answer(
            [filed.text],
            JSONAnswer(
                "record",
                [
                    "id": .string(filed.text),
                    "verifiers": .array(Role.allCases.filter(verifiers.contains).map { .string($0.rawValue) }),
                ]), notes: notes)
    }

    func draft(_ form: FilingForm, about subject: FilingSubject) -> RecordDraft {
        RecordDraft(kind: form.kind.id, officer: subject.query, values: form.values)
    }

    /// Files a new version of a record (更正).
    ///
    /// - Parameters:
    ///   - fields: `FIELD=VALUE` texts; an empty value removes a field.
    ///   - version: number of the version that the user read, as ``show(_:)`` counts them; nil for whatever is the newest.
    /// - Throws: ``OfficeError`` for what cannot be read; the archive's refusals.
    public func amend(_ record: String, kind: String, fields: [String], reason: String, version: Int?) throws
        -> Answer
    {
        let kind = try Named.kind(kind)
        let changes = try FieldInput(fields, of: kind, wording).changes()
        return stepped([
            try session.amend(
                Named.record(record), kind: kind.id, changes: changes, reason: reason,
                expected: version)
        ])
    }

    /// Withdraws a misfiled record (撤回); it stays visible and never counts.
    public func withdraw(_ record: String, reason: String) throws -> Answer {
        stepped([try session.withdraw(Named.record(record), reason: reason)])
    }

    /// Takes a step of the workflow of one or several records of a kind (办理), all or none.
    ///
    /// - Parameter step: code or label of the step, for example `close`.
    public func advance(_ records: [String], step: String, kind: String, fields: [String], reason: String) throws
        -> Answer
    {
        let kind = try Named.kind(kind)
        let changes = try FieldInput(fields, of: kind, wording).changes()
        return stepped(
            try session.advance(
                records.map(Named.record), step: Named.step(step, of: kind), kind: kind.id, changes: changes,
                reason: reason))
    }

    /// The answer to a step: the versions, or what it waits for.
    private func stepped(_ results: [StepResult]) -> Answer {
        var notes: [Answer.Note] = []
        for result in results {
            guard let proposal = result.proposal, let approval = result.approval else { continue }
            notes.append(
                .warning(
                    words.text(
                        "cli.waitsForApproval",
                        [
                            "id": String(proposal), "record": result.record.text,
                            "roles": words.roles(approval.roles), "count": String(approval.count),
                        ])))
            let signers = ["signers": result.signers.joined(separator: " ")]
            notes.append(
                result.signers.count < approval.count
                    ? .warning(words.text(result.signers.isEmpty ? "cli.nobodySigns" : "cli.tooFewSign", signers))
                    : .remark(words.text("cli.maySign", signers)))
        }
        let waits = results.contains { $0.proposal != nil }
        func members(_ result: StepResult) -> [String: JSONValue] {
            [
                "record": .string(result.record.text),
                "version": result.version.map { .integer(Int64($0)) } ?? .null,
                "proposal": result.proposal.map { .integer($0) } ?? .null,
                "maySign": .array(result.signers.map { .string($0) }),
            ]
        }
        let json =
            results.count == 1
            ? JSONAnswer("version", members(results[0]))
            : JSONAnswer("versions", ["versions": .array(results.map { .object(members($0)) })])
        return Answer(
            results.map { result in
                result.version.map {
                    words.text("cli.versionFiled", ["record": result.record.text, "number": String($0)])
                } ?? String(result.proposal ?? 0)
            }, json, notes: notes,
            outcome: waits ? .needsSecondPerson : .done)
    }
}
