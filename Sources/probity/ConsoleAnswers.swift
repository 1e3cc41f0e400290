import ProbityOffice
import ProbityReports

// Answers of the office on the terminal: JSON or lines and tables on standard output, notes on standard error.

extension Console {
    func give(_ answer: Answer) {
        if isJSON {
            out(answer.json.text)
        } else {
            for line in answer.lines { out(line) }
        }
        for note in answer.notes { give(note) }
    }

    /// A note, unless the JSON object says it.
    func give(_ note: Answer.Note) {
        if isJSON && note.isInJSON { return }
        if note.isWarning { say(note.text) } else { remark(note.text) }
    }

    /// - Throws: ``Verdict`` for a list that is not all that was asked for.
    func show(_ listing: Listing) throws {
        if isJSON, let whole = listing.whole {
            out(whole.text)
        } else {
            if !isJSON, !listing.heading.isEmpty { out(listing.heading.joined(separator: "  ")) }
            show(listing.columns) { receive in
                for row in listing.rows { receive(row) }
            }
        }
        for note in listing.notes { give(note) }
        guard let notice = listing.notice else { return }
        try give(notice, asLine: listing.whole == nil)
    }

    /// What a list could not see.
    ///
    /// - Parameter asLine: whether the entries are objects of their own, and this one is the last.
    /// - Throws: ``Verdict`` where something was asked for that could not be seen.
    func give(_ notice: CoverageNotice, asLine: Bool) throws {
        if isJSON && asLine { out(notice.json.text) }
        for note in notice.notes { give(note) }
        try Verdict.demandDone(notice.outcome)
    }

    /// A list whose rows come one after the other; programs get each as it comes.
    func show(
        _ columns: [Listing.Column], rows: ((Listing.Row) -> Void) throws -> Void
    ) rethrows {
        var table = TextTable(columns.map(\.title))
        try rows { row in
            if isJSON { out(row.json.text) } else { table.add(row.cells) }
        }
        if !isJSON { for line in table.lines { out(line) } }
    }

    /// - Throws: ``Verdict`` for what is not the whole.
    func show(_ view: RecordView) throws {
        if isJSON {
            out(view.json.text)
        } else {
            out(view.heading.joined(separator: "  "))
            var table = TextTable(["", ""])
            for field in view.fields { table.add(["  " + field.label, field.text]) }
            for line in table.lines.dropFirst() { out(line) }
            for fact in view.facts { out("  " + fact) }
            for version in view.versions { out(version) }
        }
        try give(view.notice, asLine: false)
    }

    func show(_ view: ApprovalView) {
        if isJSON { return out(view.json.text) }
        for line in [view.title] + view.lines { out(line) }
    }

    /// Says what is remarkable about a form before it is filed.
    func warn(of form: FilingForm) {
        for warning in form.warnings { say("  " + warning) }
    }

    /// The officer whom a form is about: on a terminal his number and name are shown first and confirmed.
    func confirmed(_ officer: String, _ form: FilingForm, _ desk: Desk, _ global: GlobalOptions) throws
        -> FilingSubject
    {
        var subject = FilingSubject.asNamed(officer)
        try confirm(global, "cli.personNeeded") {
            subject = try desk.identify(officer, for: form)
            return subject.question
        }
        return subject
    }

    /// Puts a question for which something has to be looked up, which is an act: only where it is asked.
    ///
    /// - Parameter needed: key of the refusal where there is nobody to ask and nothing was answered.
    func confirm(_ global: GlobalOptions, _ needed: String, question: () throws -> String?) throws {
        guard global.yes || mayAsk else { throw OfficeError(.declined, needed) }
        guard !global.yes, let question = try question() else { return }
        try confirm(question, global)
    }
}
