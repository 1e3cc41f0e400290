public import ProbityRecords

/// What was read, and what could not be seen: no answer without its coverage (design §3).
///
/// Members of the value are members of the reading, but the value alone is no answer: what a front end shows or an engine
/// judges takes the reading whole.
@dynamicMemberLookup
public struct Reading<Value> {
    public let value: Value
    public let coverage: Coverage

    init(_ value: Value, _ coverage: Coverage) {
        self.value = value
        self.coverage = coverage
    }

    public subscript<Member>(dynamicMember member: KeyPath<Value, Member>) -> Member { value[keyPath: member] }
}

extension Reading: Sendable where Value: Sendable {}
extension Reading: Equatable where Value: Equatable {}

/// The records of one officer.
public struct OfficerRecords: Sendable {
    public let officer: OfficerEntry
    /// Oldest first.
    public let records: [RecordEntry]
}

/// One record as it is shown alone.
public struct RecordHistory: Sendable {
    /// A step that somebody has proposed and that waits for others.
    public struct Waiting: Sendable {
        /// Number of the matter.
        public let id: Int64
        public let step: String
        public let proposedBy: String
    }

    public let entry: RecordEntry
    /// Oldest first.
    public let versions: [VersionContent]
    public let waiting: Waiting?
    /// Of the versions, those that were left out.
    public let coverage: Coverage
}

/// Records that a search found.
public struct FoundRecords: Sendable {
    public let found: [(officer: OfficerEntry, record: RecordEntry)]
    /// The cursor of the next page; nil at the end.
    public let next: RecordID?
}

/// Ledger lines, newest first.
public struct LedgerPage: Sendable {
    public let lines: [LedgerLine]
    /// Where the next page begins; nil at the start of the ledger.
    public let next: UInt64?
}
