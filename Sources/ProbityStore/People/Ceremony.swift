public import ProbityCrypto
public import ProbityRecords

/// What the founding ceremony decides (design §5, "Bootstrap").
public struct Ceremony: Sendable {
    /// A founding user.
    public struct Member: Sendable {
        public let user: String
        public let role: Role
        /// The unit subtree that he serves; the root unit serves the bureau.
        public let unit: String
        /// Categories whose root node is wrapped to him, or, for a unit below the root, whose node there is.
        public let grants: [ProbityRecords.Category]

        public init(user: String, role: Role, unit: String, grants: [ProbityRecords.Category]) {
            self.user = user
            self.role = role
            self.unit = unit
            self.grants = grants
        }
    }

    public let bureauID: String
    public let name: String
    /// The organisation tree as far as it is known; the first is the root.
    public let units: [Unit]
    public let members: [Member]
    /// X25519 public key of the paper recovery key.
    public let recoveryKey: X25519PublicKey

    public init(bureauID: String, name: String, units: [Unit], members: [Member], recoveryKey: X25519PublicKey) {
        self.bureauID = bureauID
        self.name = name
        self.units = units
        self.members = members
        self.recoveryKey = recoveryKey
    }

    /// Everything that is wrong with the plan, as codes of the message catalogue with the thing concerned; codes in it as
    /// references, as in ``ArchiveError/params``.
    public func problems() throws -> [(code: String, subject: String)] {
        var problems: [(code: String, subject: String)] = []
        let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789-.")
        if bureauID.isEmpty || bureauID.count > 40 || !bureauID.allSatisfy(allowed.contains) {
            problems.append(("ceremony.bureauId", bureauID))
        }
        guard let root = units.first, root.parent == nil else { return problems + [("ceremony.rootUnit", "")] }
        for unit in units where !Unit.isValidID(unit.id) { problems.append(("ceremony.unitId", unit.id)) }
        let unitIDs = Set(units.map(\.id))
        if unitIDs.count != units.count { problems.append(("ceremony.unitRepeated", "")) }
        for unit in units.dropFirst() where !(unit.parent.map(unitIDs.contains) ?? false) {
            problems.append(("ceremony.unitParent", unit.id))
        }
        for role in [Role.sysadmin, .secadmin, .auditor] where members.filter({ $0.role == role }).count != 1 {
            problems.append(("ceremony.administrator", "role/\(role.rawValue)"))
        }
        let policy = try AccessPolicy.standard()
        var names: Set<String> = []
        for member in members {
            if !UserID.isValid(member.user) { problems.append(("ceremony.userName", member.user)) }
            if !names.insert(member.user).inserted { problems.append(("ceremony.userRepeated", member.user)) }
            if !unitIDs.contains(member.unit) { problems.append(("ceremony.userUnit", member.user)) }
            for category in member.grants where !policy.readableCategories(member.role).contains(category) {
                problems.append(("ceremony.grant", "\(member.user): category/\(category.rawValue)"))
            }
            for category in member.grants where (category.isSealed || category == .audit) && member.unit != root.id {
                problems.append(("ceremony.grantScope", "\(member.user): category/\(category.rawValue)"))
            }
        }
        // reporter has no node: its keys go to two inspectors for each identity (crypto.md §2), not to a holder.
        for category in ProbityRecords.Category.allCases where category != .reporter {
            if !members.contains(where: { $0.unit == root.id && $0.grants.contains(category) }) {
                problems.append(("ceremony.noHolder", "category/\(category.rawValue)"))
            }
        }
        return problems
    }
}
