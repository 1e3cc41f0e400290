public import ProbityLedger
public import ProbityRecords

/// A ledger line as an auditor sees it.
public struct LedgerLine: Sendable {
    public let leaf: LeafBody
    /// The opened details, by field; nil where the reader's keys do not open them, or a rule withholds them.
    public let details: [String: String]?
    public let isWithheld: Bool
    /// Whether the line is not signed by whom it names, or its details are not what was signed.
    public let isDamaged: Bool
}

/// What to list or export.
public struct LedgerQuery: Sendable {
    public var actor: String?
    public var act: String?
    public var since: CivilDate?
    public var until: CivilDate?
    /// Lines before this one, newest first; nil begins at the end.
    public var before: UInt64?
    public var limit = 50

    public init() {}
}
