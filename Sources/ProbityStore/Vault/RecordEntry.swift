public import ProbityRecords

/// One record (件): its newest version and how many it has.
public struct RecordEntry: Sendable, Equatable {
    public let id: RecordID
    /// Identifier of the newest version; an amendment names it, so that two amendments cannot cross.
    public let version: RecordID
    public let versionCount: Int
    public let category: ProbityRecords.Category
    public let content: VersionContent
    /// Day until which something is to be done.
    public var dueOn: CivilDate? { content.dueOn }
    /// Ledger sequence of the act that filed the newest version.
    public let filedSequence: UInt64
    /// Ledger sequence of the act that filed the first version.
    public let firstFiledSequence: UInt64
    /// The day on which the first version was filed.
    public let firstFiledOn: CivilDate

    /// Whether what it says was found in old files and nobody here has confirmed it since.
    public let isAsFound: Bool
    /// Users who filed or changed what it says, since somebody else last confirmed it.
    public let filers: Set<String>
    /// Users who have taken, proposed or signed any step of it.
    let hands: Set<String>
    /// Users that each field which keeps somebody from a step has ever named.
    let named: [String: Set<String>]

    /// What stands in force while a correction waits for its second person (更正待审核); nil elsewhere.
    public let inForce: VersionContent?

    public static let withdrawnState = "withdrawn"
    private static let correctedState = "corrected"
    public var isWithdrawn: Bool { content.state == RecordEntry.withdrawnState }

    /// As the workflow sees it.
    var standing: Workflow.Standing {
        Workflow.Standing(
            state: content.state, values: content.values, filers: filers, hands: hands, named: named,
            isAsFound: isAsFound)
    }

    /// The record with one version more.
    init(
        _ opened: Vault.OpenedVersion, _ category: ProbityRecords.Category, _ taking: Vault.Taking,
        after before: RecordEntry?
    ) {
        id = RecordID(opened.row.record)
        version = RecordID(opened.row.id)
        versionCount = (before?.versionCount ?? 0) + 1
        self.category = category
        content = opened.content
        filedSequence = opened.provenance.sequence
        firstFiledSequence = before?.firstFiledSequence ?? opened.provenance.sequence
        firstFiledOn = before?.firstFiledOn ?? opened.content.filedOn
        let waits = content.state == RecordEntry.correctedState
        inForce = waits ? before.map { $0.inForce ?? $0.content } : nil
        let taker: Set = [taking.user]
        var hands = before.map { $0.hands.union(taker) } ?? taker
        if !taking.approvers.isEmpty { hands.formUnion(taking.approvers) }
        // What lay in the tray somebody else had written.
        if let intake = content.intake { hands.insert(intake.item.text) }
        self.hands = hands
        named = Workflow.named(of: opened.kind, before?.named ?? [:], and: content.values)
        if let before, let step = taking.step {
            filers = Workflow.filers(after: step, before.standing, to: content.values, by: taking.user)
            isAsFound = before.isAsFound && !Workflow.confirms(step, isApproved: !taking.approvers.isEmpty)
        } else {
            filers = taker
            isAsFound = content.isAsFound
        }
    }
}
