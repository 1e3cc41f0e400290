public import CanonicalJSON

/// What a rule sees of a record: its history, without anything about storage.
///
/// The whole history, because a question is asked about a day: what was filed later is not there yet.
public struct RecordFact: Sendable, Equatable {
    /// The record at one filing.
    public struct Version: Sendable, Equatable {
        public let state: String
        public let occurredOn: CivilDate
        public let filedOn: CivilDate
        /// Ledger line of the act that filed it. Lines order the filings of one day; a time would be somebody's claim.
        public let filedSequence: UInt64
        /// Filed at once in a later state than the kind's first, as found in the old files: nobody here verified it.
        public let asFound: Bool
        /// As validation accepted them.
        public let values: [String: JSONValue]

        public init(
            state: String, occurredOn: CivilDate, filedOn: CivilDate, filedSequence: UInt64, asFound: Bool = false,
            values: [String: JSONValue]
        ) {
            self.state = state
            self.occurredOn = occurredOn
            self.filedOn = filedOn
            self.filedSequence = filedSequence
            self.asFound = asFound
            self.values = values
        }

        /// The day from which a question sees it: what was found in old files stood there on its own date.
        var existsFrom: CivilDate { asFound ? min(occurredOn, filedOn) : filedOn }
    }

    public let recordID: String
    public let kind: String
    /// Oldest first.
    public let versions: [Version]
    /// Steps that wait, or waited, for another person's signature.
    public let waiting: [Waiting]

    /// A step that one person proposed.
    public struct Waiting: Sendable, Equatable {
        /// Code of the list `transition`.
        public let step: String
        public let proposedOn: CivilDate
        /// The day on which it was signed, turned down or overtaken; nil while it waits.
        public let endedOn: CivilDate?

        public init(step: String, proposedOn: CivilDate, endedOn: CivilDate? = nil) {
            self.step = step
            self.proposedOn = proposedOn
            self.endedOn = endedOn
        }

        /// Whether it waited on `day`: what came of it afterwards is not seen.
        func waits(on day: CivilDate) -> Bool { proposedOn <= day && endedOn.map { day < $0 } ?? true }
    }

    public init(recordID: String, kind: String, versions: [Version], waiting: [Waiting] = []) {
        self.waiting = waiting
        self.recordID = recordID
        self.kind = kind
        self.versions = versions
    }
}
