import ProbityRecords

/// What an act may add to the archive, and who may do it.
///
/// The gate writes nothing else, and `check` finds a ledger line whose actor or rows are others: somebody with keys and
/// tools of his own can sign a line, but not one that says what his role never does.
struct ActRule {
    /// Tables that the act adds rows to.
    let tables: Set<String>
    /// A right of the actor's role; nil where the role is judged by what the act did (certificates and grants carry
    /// their own signatures).
    let right: AccessAct?
    /// Whether the act files content, which no administrator does (三员分立).
    let isContent: Bool

    private init(_ tables: Set<String>, right: AccessAct? = nil, isContent: Bool = false) {
        self.tables = tables
        self.right = right
        self.isContent = isContent
    }

    private static let structure: Set<String> = ["key", "wrap", "dossier", "dossierKey"]
    private static let filing = structure.union(["version"])
    private static let roster: Set<String> = ["officer", "officerTag"]

    /// Acts that add rows, by their code in the ledger; every other act adds none.
    private static let rules: [String: ActRule] = [
        "archive.init": ActRule(["archive", "unit", "certificate", "key", "wrap", "accessGrant"], right: .manageRoles),
        "unit.add": ActRule(["unit"], right: .configure),
        "user.add": ActRule(["proposal"], right: .manageRoles),
        "user.countersign": ActRule(["proposal", "certificate", "accessGrant", "wrap"]),
        "user.leave": ActRule(["certificate"], right: .manageRoles),
        "access.grant": ActRule(["proposal", "key", "wrap"]),
        "officer.add": ActRule(filing.union(roster), isContent: true),
        "record.add": ActRule(filing, isContent: true),
        "record.amend": ActRule(filing, isContent: true),
        "record.withdraw": ActRule(filing, isContent: true),
        "record.advance": ActRule(filing, isContent: true),
        "complaint.drop": ActRule(["tray"], isContent: true),
        "complaint.take-in": ActRule(filing.union(["trayIntake"]), isContent: true),
        "key.rotate": ActRule([], right: .configure),
        "backup.create": ActRule([], right: .configure),
        "dossier.open": ActRule(structure, isContent: true),
        "import": ActRule(filing.union(roster), isContent: true),
    ]

    static func of(_ act: String) -> ActRule { rules[act] ?? ActRule([]) }

    func allows(_ role: Role, _ policy: AccessPolicy) -> Bool {
        if isContent, role.isAdministrator { return false }
        guard let right else { return true }
        return policy.decide(role: role, act: right).isAllowed
    }
}
