public import CanonicalJSON

/// What a rule sees of a record: its newest version, without anything about storage.
public struct RecordFact: Sendable, Equatable {
    public let recordID: String
    public let kind: String
    public let state: String
    public let occurredOn: CivilDate
    /// Ledger line of the act that filed the record first. Lines order filings; a date would be somebody's claim.
    public let filedSequence: UInt64
    public let values: [String: JSONValue]

    /// - Parameter values: the newest version's, as validation accepted them.
    public init(
        recordID: String, kind: String, state: String, occurredOn: CivilDate, filedSequence: UInt64,
        values: [String: JSONValue]
    ) {
        self.recordID = recordID
        self.kind = kind
        self.state = state
        self.occurredOn = occurredOn
        self.filedSequence = filedSequence
        self.values = values
    }

    func text(_ field: String) -> String? { values[field]?.string }
    func date(_ field: String) -> CivilDate? { values[field]?.string.flatMap { CivilDate($0) } }
    func flag(_ field: String) -> Bool { values[field]?.bool ?? false }
    func integer(_ field: String) -> Int? { values[field]?.integer.map { Int($0) } }
    /// A misfiled or revoked record counts for nothing, on any question's date.
    var counts: Bool { state != "withdrawn" && values["revokedOn"] == nil }
}
