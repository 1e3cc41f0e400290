import CanonicalJSON
import ProbityRecords
import ProbityStore

extension Desk {
    /// Whether the user files complaints (举报); who does not drops them into the tray, which he cannot read.
    public var filesComplaints: Bool {
        get throws {
            try AccessPolicy.standard().decide(
                role: session.role, act: .file, category: .complaints, kind: "complaint"
            ).isAllowed
        }
    }

    /// Registers a complaint: into the officer's file, or into the tray.
    ///
    /// Who drops into the tray may name somebody whom he cannot look up (``FilingSubject/asNamed(_:)``); the reader finds out.
    public func openComplaint(_ form: FilingForm, about subject: FilingSubject) throws -> Answer {
        let draft = draft(form, about: subject)
        guard try filesComplaints else {
            let id = try session.drop(draft).text
            return Answer(
                [id], JSONAnswer("complaint", ["id": .string(id)]), notes: [.remark(words.text("cli.dropped"))])
        }
        let id = try session.file(draft).text
        return Answer([id], JSONAnswer("complaint", ["id": .string(id)]))
    }

    /// What waits in the tray.
    public func tray() throws -> Listing {
        let read = try session.trayEntries()
        return ListForm.tray.listing(read.value, words, notice: CoverageNotice(read.coverage, words))
    }

    /// One item as it was dropped, also after it was taken in.
    public func trayItem(_ item: String) throws -> RecordView {
        let read = try session.trayItem(Named.trayItem(item))
        let entry = read.entry
        let named = RecordView.Field(
            name: "officer", label: words.text("cli.namedOfficer"), text: CitizenID.masked(in: entry.officer))
        var members: [String: JSONValue] = [
            "id": .string(entry.id.text), "filedBy": .string(entry.filedBy),
            "filedOn": .string(entry.filedOn.description), "officer": .string(CitizenID.masked(in: entry.officer)),
            "values": .object(words.catalogue.shown(entry.values, of: "complaint")),
        ]
        members["record"] = read.record.map { .string($0.text) } ?? .null
        let taken = read.record.map { words.text("cli.takenInAs", ["record": $0.text]) }
        return RecordView(
            heading: [entry.id.text, entry.filedOn.description, entry.filedBy],
            fields: [named] + words.fields(entry.values, of: "complaint"), facts: [taken].compactMap(\.self),
            versions: [], notice: CoverageNotice(.complete, words), json: JSONAnswer("tray", members))
    }

    /// The question to be answered with yes before an item is taken in: which it is, and into whose file it goes.
    public func takeInQuestion(_ item: String, officer: String?) throws -> String {
        let found = try session.identify(takingIn: Named.trayItem(item), officer: officer)
        return words.text(
            found.officer.hasLeft ? "cli.takeInQuestionLeft" : "cli.takeInQuestion",
            [
                "item": found.item.id.text, "date": found.item.filedOn.description, "user": found.item.filedBy,
                "named": found.item.officer, "number": found.officer.policeNo, "name": found.officer.name,
                "unit": found.officer.unit,
            ])
    }

    /// Takes an item of the tray into a dossier (接收): what was dropped is what is filed.
    ///
    /// - Parameters:
    ///   - officer: whose, where the item names nobody who is known, or several.
    ///   - fields: `FIELD=VALUE` texts for fields that the item leaves empty.
    public func takeIn(_ item: String, officer: String?, fields: [String]) throws -> Answer {
        let id = try Named.trayItem(item)
        let record = try session.takeIn(id, officer: officer, changes: changes(fields, kind: "complaint"))
        return Answer([record.text], JSONAnswer("record", ["id": .string(record.text)]))
    }
}
