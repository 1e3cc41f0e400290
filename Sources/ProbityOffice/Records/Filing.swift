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
        return Answer(
            [filed.text], JSONAnswer("record", ["id": .string(filed.text)]),
            notes: [
                .remark(
                    words.text("cli.filed", ["kind": words.kind(form.kind), "officer": officer]), inJSON: true)
            ])
    }

    func draft(_ form: FilingForm, about subject: FilingSubject) -> RecordDraft {
        RecordDraft(kind: form.kind.id, officer: subject.query, values: form.values, state: form.state)
    }

    /// Files a new version of a record (更正).
    ///
    /// - Parameters:
    ///   - fields: `FIELD=VALUE` texts; an empty value removes a field.
    ///   - version: the version that the user read; nil for whatever is the newest.
    /// - Throws: ``OfficeError`` for what cannot be read; the archive's refusals.
    public func amend(_ record: String, kind: String, fields: [String], reason: String, version: String?) throws
        -> Answer
    {
        let changes = try changes(fields, kind: kind)
        let made = try session.amend(
            Named.record(record), changes: changes, reason: reason, expected: version.map(Named.record))
        return Answer([made.text], JSONAnswer("version", ["id": .string(made.text)]))
    }

    /// Withdraws a misfiled record (撤回); it stays visible and never counts.
    public func withdraw(_ record: String, reason: String) throws -> Answer {
        let made = try session.withdraw(Named.record(record), reason: reason)
        return Answer([made.text], JSONAnswer("version", ["id": .string(made.text)]))
    }

    /// Takes a step of a record's workflow (办理).
    ///
    /// - Parameter step: code of the step, for example `close`.
    public func advance(_ record: String, step: String, kind: String, fields: [String], reason: String) throws
        -> Answer
    {
        let changes = try changes(fields, kind: kind)
        let made = try session.advance(Named.record(record), step: step, changes: changes, reason: reason)
        return Answer([made.text], JSONAnswer("version", ["id": .string(made.text)]))
    }
}
