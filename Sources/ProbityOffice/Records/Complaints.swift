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

    /// Takes an item of the tray into a dossier (接收).
    ///
    /// - Parameters:
    ///   - officer: whose, where the item names nobody who is known.
    ///   - fields: `FIELD=VALUE` texts that change the item on the way.
    public func takeIn(_ item: String, officer: String?, fields: [String]) throws -> Answer {
        let id = try Named.trayItem(item)
        let record = try session.takeIn(id, officer: officer, changes: changes(fields, kind: "complaint"))
        return Answer([record.text], JSONAnswer("record", ["id": .string(record.text)]))
    }
}
