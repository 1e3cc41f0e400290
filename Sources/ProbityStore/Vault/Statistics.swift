public import ProbityRecords

/// What figures are asked for.
public struct StatisticsQuery: Sendable {
    /// First and last day, by the date of the record (when it happened, not when it was filed).
    public var from: CivilDate
    public var until: CivilDate
    /// Identifiers of the kinds to count; empty asks for every kind that the user may count.
    public var kinds: [String] = []
    /// Only this unit and those below it.
    public var unit: String?

    public init(from: CivilDate, until: CivilDate) {
        self.from = from
        self.until = until
    }
}

/// Figures without persons (统计数字).
public struct Statistics: Sendable, Equatable {
    /// How many records are of one kind, form, unit and state; never none.
    public struct Cell: Sendable, Equatable {
        public let kind: String
        /// One of the four forms, 1…4; nil for a record that is none.
        public let form: Int?
        /// The unit under which the officer's dossier hangs; the root for a sealed category.
        public let unit: String
        public let state: String
        public let count: Int

        /// Withdrawn records are shown as such and never counted as records.
        public var isWithdrawn: Bool { state == RecordEntry.withdrawnState }
    }

    /// In the order of the catalogue's kinds, then forms, the organisation tree and the kind's states.
    public let cells: [Cell]
    /// The units that the cells name.
    public let units: [Unit]
    /// Categories that were counted.
    public let counted: [ProbityRecords.Category]
}
