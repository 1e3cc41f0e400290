import ProbityRecords

// The acts (行为): everything that a user can do in an archive, each declared once.
//
// The gate asks what is declared here, and finds where an act asked for no right and no recusal at all
// (``ActRun/finish()``); it writes no rows and no details but those declared; `check` finds a ledger line with rows whose
// actor or tables are others: somebody with keys and tools of his own can sign such a line, but none that his role never
// makes. Help and docs/acts.md are printed from it.

/// One act, by its code in the ledger.
struct Act: Sendable, Hashable {
    /// Who may do it.
    enum Right: Sendable, Hashable {
        /// Every user.
        case everybody
        /// Who has this right by his role. The gate asks before anything else.
        case role(AccessAct)
        /// Who has this right in the category that the act is about.
        case category(AccessAct)
        /// Who may take the step by the declaration of the record's kind.
        case step
        /// Whoever one of the signatures is that it needs (Certificate.swift).
        case signature
        /// Whoever does the act that it is part of.
        case part
    }

    /// Why somebody does it (用途).
    enum PurposeRule: Sendable, Hashable {
        case none
        /// Reading another person's file: one of the purposes of the role.
        case stated
        /// Counting: the purpose of figures.
        case figures
    }

    /// What happens where the actor is himself concerned (回避).
    enum Recusal: Sendable, Hashable {
        /// The act is about nobody.
        case none
        /// It is refused for each person whom it names.
        case refused
        /// His own file is left out of the answer.
        case leftOut
    }

    /// What the line of an act may say in its details, which only auditors read.
    enum Field: String, Sendable, CaseIterable {
        case bureau, categories, category, count, coverage, dryRun, generation, kind, officer, officers, on, openings,
            past,
            proposal
        case purpose, query, range, reason, record, refusal, role, rules, step, tray, unit, user, users

        /// Whether somebody typed it, as it is: the others are the program's own identifiers, codes and numbers.
        var isFreeText: Bool {
            switch self {
            case .bureau, .kind, .on, .query, .reason, .role, .rules, .step, .unit, .user, .users: true
            default: false
            }
        }
    }

    let code: String
    /// Tables that it adds rows to.
    let adds: Set<Table>
    let right: Right
    let purpose: PurposeRule
    let recusal: Recusal
    let fields: Set<Field>

    private init(
        _ code: String, _ right: Right, adds: Set<Table> = [], purpose: PurposeRule = .none,
        recusal: Recusal = .none, _ fields: Set<Field> = []
    ) {
        self.code = code
        self.adds = adds
        self.right = right
        self.purpose = purpose
        self.recusal = recusal
        self.fields = purpose == .none ? fields : fields.union([.purpose, .reason])
    }

    private static let structure: Set<Table> = [.key, .wrap, .dossier, .dossierKey]
    private static let filing = structure.union([.version])
    private static let roster = filing.union([.officer, .officerTag])
    /// A step is in force at once, or waits.
    private static let step = filing.union([.proposal])
    private static let stepFields: Set<Field> = [.record, .reason, .officer, .kind, .step, .proposal]

    // MARK: The archive, its units and users

    static let archiveInit = Act(
        "archive.init", .role(.manageRoles), adds: [.archive, .unit, .certificate, .key, .wrap, .accessGrant],
        [.bureau, .users])
    static let unitAdd = Act("unit.add", .role(.configure), adds: [.unit], [.count])
    static let unitList = Act("unit.list", .everybody)
    static let userList = Act("user.list", .everybody)
    static let userAdd = Act("user.add", .role(.manageRoles), adds: [.proposal], [.role, .unit, .user])
    static let userLeave = Act(
        "user.leave", .role(.manageRoles), adds: [.certificate], [.user, .reason, .role, .unit, .categories])
    static let accessGrant = Act(
        "access.grant", .category(.read), adds: [.proposal, .key, .wrap], [.user, .category, .unit])
    static let accessList = Act("access.list", .everybody)
    static let accessExplain = Act("access.explain", .everybody, [.query, .coverage])
    static let keyPasswd = Act("key.passwd", .everybody)
    static let keyRotate = Act("key.rotate", .role(.configure), [.generation])
    static let backupCreate = Act("backup.create", .role(.configure))

    // MARK: What waits for other users

    static let approveList = Act("approve.list", .everybody, recusal: .leftOut, [.coverage])
    static let approveShow = Act(
        "approve.show", .everybody, recusal: .refused, [.proposal, .refusal, .record, .officer, .kind])
    /// A certificate or a grant.
    static let approveAccept = Act(
        "approve.accept", .signature, adds: [.proposal, .certificate, .accessGrant, .wrap],
        [.proposal, .refusal, .user])
    /// A step of a record.
    static let recordApprove = Act(
        "record.approve", .step, adds: filing.union([.proposal]), recusal: .refused,
        [.proposal, .refusal, .record, .officer, .kind, .step])
    static let approveDeny = Act(
        "approve.deny", .signature, adds: [.proposal], recusal: .refused,
        [.proposal, .refusal, .record, .officer, .kind, .reason])

    // MARK: The roster

    static let officerAdd = Act("officer.add", .category(.file), adds: roster, [.count, .officer])
    static let officerShow = Act(
        "officer.show", .category(.read), purpose: .stated, recusal: .refused, [.query, .officer, .coverage])
    static let officerIdentify = Act(
        "officer.identify", .category(.file), recusal: .refused, [.query, .kind, .officer])
    static let officerList = Act(
        "officer.list", .category(.read), purpose: .stated, recusal: .leftOut, [.unit, .coverage])

    // MARK: Records

    static let recordAdd = Act(
        "record.add", .step, adds: filing, recusal: .refused, [.kind, .query, .officer, .record])
    static let recordAmend = Act("record.amend", .step, adds: step, recusal: .refused, stepFields)
    static let recordWithdraw = Act("record.withdraw", .step, adds: step, recusal: .refused, stepFields)
    static let recordAdvance = Act("record.advance", .step, adds: step, recusal: .refused, stepFields)
    static let recordShow = Act(
        "record.show", .category(.read), purpose: .stated, recusal: .refused, [.record, .officer, .kind])
    static let recordList = Act(
        "record.list", .category(.read), purpose: .stated, recusal: .refused,
        [.query, .kind, .officer, .categories, .coverage])
    static let search = Act(
        "search", .category(.read), purpose: .stated, recusal: .leftOut, [.query, .categories, .coverage])
    static let complaintDrop = Act("complaint.drop", .category(.tray), adds: [.tray], [.kind, .tray])
    static let complaintTray = Act(
        "complaint.tray", .category(.read), purpose: .stated, recusal: .leftOut, [.tray, .coverage])
    static let complaintIdentify = Act(
        "complaint.identify", .category(.takeIn), recusal: .refused, [.tray, .officer])
    static let complaintTakeIn = Act(
        "complaint.take-in", .category(.takeIn), adds: filing.union([.trayIntake]), recusal: .refused,
        [.tray, .officer, .kind, .query, .record])
    static let importBegin = Act("import.begin", .category(.file), [.kind, .past, .dryRun])
    /// Publishes what ``importBegin`` allowed; who may be filed about is asked row by row.
    static let importPublish = Act("import", .part, adds: roster, [.kind, .count])
    /// Nodes and dossiers that an import makes at first use.
    static let dossierOpen = Act("dossier.open", .part, adds: structure)

    // MARK: Answers and the ledger

    static let promoteCheck = Act(
        "promote.check", .role(.promotionCheck), purpose: .stated, recusal: .refused,
        [.query, .on, .rules, .officers, .categories, .coverage])
    static let reportCounts = Act(
        "report.counts", .category(.statistics), purpose: .figures, recusal: .leftOut,
        [.query, .unit, .categories, .coverage])
    static let auditList = Act("audit.list", .role(.readLedger), [.query, .coverage])
    static let auditExport = Act("audit.export", .role(.exportAudit), [.range, .openings])

    static let all: [Act] = [
        archiveInit, unitAdd, unitList, userList, userAdd, userLeave, accessGrant, accessList, accessExplain, keyPasswd,
        keyRotate, backupCreate, approveList, approveShow, approveAccept, recordApprove, approveDeny, officerAdd,
        officerShow, officerIdentify,
        officerList, recordAdd, recordAmend, recordWithdraw, recordAdvance, recordShow, recordList, search,
        complaintDrop, complaintTray, complaintIdentify, complaintTakeIn, importBegin, importPublish, dossierOpen,
        promoteCheck,
        reportCounts, auditList, auditExport,
    ]

    private static let byCode = Dictionary(uniqueKeysWithValues: all.map { ($0.code, $0) })

    /// The act of a ledger line; nil for a code that is none.
    static func named(_ code: String) -> Act? { byCode[code] }

    // MARK: What a ledger line may say

    /// Whether the act files content, which no administrator does (三员分立).
    private var isContent: Bool { adds.contains(.version) || adds.contains(.tray) || self == .dossierOpen }

    /// Whether a line of this act that adds rows may be a role's, as far as the role alone tells.
    func allows(_ role: Role, _ policy: AccessPolicy) -> Bool {
        if isContent, role.isAdministrator { return false }
        guard case .role(let right) = right else { return true }
        return policy.decide(role: role, act: right).isAllowed
    }
}

/// The acts in words, for help and docs/acts.md.
public enum ActCodes {
    /// The codes, in the order of their declaration.
    public static let all = Act.all.map(\.code)

    /// A row of Markdown for each act: code, right, purpose, recusal, tables, fields of its line.
    public static let table = Act.all.map { act in
        let right =
            switch act.right {
            case .everybody: "everybody"
            case .role(let right): right.rawValue
            case .category(let right): "\(right.rawValue) in the category"
            case .step: "the kind's step"
            case .signature: "one of the signatures"
            case .part: "part of another act"
            }
        let purpose = ["–", "stated", "statistics"][act.purpose == .none ? 0 : act.purpose == .stated ? 1 : 2]
        let recusal = ["–", "refused", "left out"][act.recusal == .none ? 0 : act.recusal == .refused ? 1 : 2]
        let tables = Table.allCases.filter(act.adds.contains).map(\.rawValue).joined(separator: " ")
        let fields = act.fields.map(\.rawValue).sorted().joined(separator: " ")
        return "| `\(act.code)` | \(right) | \(purpose) | \(recusal) | \(tables.isEmpty ? "–" : tables) | \(fields) |"
    }
}
