import CanonicalJSON
import ProbityStore

extension Desk {
    /// Adds an officer to the roster (登记人员).
    ///
    /// - Parameter form: of the kind `officer`.
    public func addOfficer(_ form: FilingForm) throws -> Answer {
        // One form, one officer.
        let id = try session.addOfficers([form.values]).map(\.text).joined()
        return Answer([id], JSONAnswer("officer", ["id": .string(id)]))
    }

    /// One officer's roster entry.
    ///
    /// - Parameter officer: number, ID number, name or identifier.
    public func showOfficer(_ officer: String) throws -> RecordView {
        let read = try session.showOfficer(officer)
        let (entry, notice) = (read.value, CoverageNotice(read.coverage, words))
        return RecordView(
            heading: [entry.policeNo, words.name(entry), entry.id.text],
            fields: words.fields(entry.values, of: "officer"),
            facts: [], versions: [], notice: notice, json: JSONAnswer("officer", words.members(entry), notice))
    }

    /// The columns of ``roster(unit:receive:)``.
    public var rosterColumns: [Listing.Column] { ListForm.roster.heads(words) }

    /// The roster of the user's scope, one entry at a time, so that a long list needs no memory.
    ///
    /// - Parameter unit: only this unit and those below it.
    /// - Returns: who was out of reach.
    public func roster(unit: String? = nil, receive: (Listing.Row) throws -> Void) throws -> CoverageNotice {
        let form = ListForm.roster
        let read = try session.listOfficers(unit: unit) { try receive(form.row($0, words)) }
        return CoverageNotice(read.coverage, words)
    }
}
