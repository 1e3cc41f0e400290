import ProbitySchema

// Format of Schema/Rules/rules-access.json:
//
//   {"ruleId", "edition", "effectiveFrom", "effectiveTo", "source", "confidence",
//    "roles": {role: {"scope", "scopes"*: {category: scope}, "read": [category], "onApproval"*: [category],
//                     "file": [category], "fileKinds"*: {category: [kind]}, "approve"*: [category],
//                     "tray"*: [category], "statistics"*: [category], "acts"*: [act without category],
//                     "purposes": [code]}}}
//
// A category in `fileKinds` may be filed in with these kinds only; it need not stand in `file`. `onApproval` is what
// the role reads with a time-limited grant or a second person's approval. All ten roles must be given.

/// What a user wants to do, as far as policy tells acts apart.
public enum AccessAct: String, Sendable, CaseIterable, Hashable {
    /// Read, list, search or compare records.
    case read
    /// File a record (归档), or amend one.
    case file
    /// Move a record to its next state as the person who approves or signs (审批).
    case approve
    /// Drop something into a tray without being able to read it.
    case tray
    /// Take an item out of a tray into a dossier.
    case takeIn
    /// Figures without persons.
    case statistics
    /// Answer the four musts for candidates (凡提四必).
    case promotionCheck
    /// Units, page keys, backups.
    case configure
    /// Certificates and leaves; the second signature under grants.
    case manageRoles, countersign
    /// The ledger with its details; its export.
    case readLedger, exportAudit

    /// Whether the act touches records of one category.
    public var needsCategory: Bool {
        switch self {
        case .read, .file, .approve, .tray, .takeIn, .statistics: true
        case .promotionCheck, .configure, .manageRoles, .countersign, .readLedger, .exportAudit: false
        }
    }
}

/// How far a role's right reaches.
public enum AccessScope: String, Sendable, CaseIterable, Hashable {
    /// The whole bureau.
    case bureau
    /// The unit subtree that the grant names.
    case subtree
    /// The user's own file.
    case own
    /// Nothing.
    case none
}

/// Whether an act is allowed, and if not, why.
public enum Decision: Sendable, Hashable {
    case allow
    case refuse(Refusal)

    public enum Refusal: String, Sendable, CaseIterable, Hashable {
        /// Administrators hold no content (三员分立).
        case administrator
        case roleDoesNotRead, roleDoesNotFile, roleDoesNotAct
        /// The role files in the category, but not this kind.
        case kindNotAllowed
        /// A time-limited grant or a second person is needed.
        case approvalRequired
        /// Reporter identity is never counted.
        case neverExported
        /// The act names no category, or one that it does not have.
        case categoryMissing
        /// 回避: the user's own file; a declared relative's; for the role 本人, another person's file.
        case ownFile, relative, notOwnFile
        /// Figures of a shorter period than this role may have.
        case wholeMonths

        /// Key of the sentence in the message catalogue.
        public var messageKey: String { "refusal.\(rawValue)" }
    }

    public var isAllowed: Bool { self == .allow }
}

/// The access matrix (权限矩阵): which role may do what in which category.
///
/// It narrows what keys allow and never widens it. Scope, state, purpose and recusal are further rules of the gate.
/// Source: design.md §5.
public struct AccessPolicy: Sendable {
    struct Right: Sendable {
        let scope: AccessScope
        let scopes: [Category: AccessScope]
        let read: Set<Category>
        let onApproval: Set<Category>
        let file: Set<Category>
        let fileKinds: [Category: Set<String>]
        let approve: Set<Category>
        let tray: Set<Category>
        let statistics: Set<Category>
        let acts: Set<AccessAct>
        let purposes: [String]
    }

    private let rights: [Role: Right]

    /// Reads `rules-access.json`. - Throws: ``SchemaError`` naming file and member.
    public init(file: String, bytes: [UInt8]) throws(SchemaError) {
        let reader = try SchemaReader(file: file, bytes: bytes)
        _ = try reader.members(["ruleId", "edition", "effectiveFrom", "effectiveTo", "source", "confidence", "roles"])
        _ = try reader.required("edition").text()
        _ = try Confidence.read(reader)
        var rights: [Role: Right] = [:]
        let rolesReader = try reader.required("roles")
        for (name, entry) in try rolesReader.entries() {
            guard let role = Role(rawValue: name) else { throw entry.failure("there is no such role") }
            rights[role] = try Self.right(entry, role)
        }
        for role in Role.allCases where rights[role] == nil {
            throw rolesReader.failure("the role '\(role)' is missing")
        }
        self.rights = rights
    }

    private static func right(_ reader: SchemaReader, _ role: Role) throws(SchemaError) -> Right {
        _ = try reader.members([
            "scope", "scopes", "read", "onApproval", "file", "fileKinds", "approve", "tray", "statistics", "acts",
            "purposes",
        ])
        func categories(_ key: String) throws(SchemaError) -> Set<Category> {
            var categories: Set<Category> = []
            for element in try reader.optional(key)?.elements() ?? [] {
                categories.insert(try element.oneOf(Category.self))
            }
            return categories
        }
        func category(_ name: String, _ reader: SchemaReader) throws(SchemaError) -> Category {
            guard let category = Category(rawValue: name) else { throw reader.failure("there is no such category") }
            return category
        }
        var scopes: [Category: AccessScope] = [:]
        for (name, scope) in try reader.optional("scopes")?.entries() ?? [] {
            scopes[try category(name, scope)] = try scope.oneOf(AccessScope.self)
        }
        var fileKinds: [Category: Set<String>] = [:]
        for (name, kinds) in try reader.optional("fileKinds")?.entries() ?? [] {
            fileKinds[try category(name, kinds)] = Set(try kinds.texts())
        }
        var acts: Set<AccessAct> = []
        for element in try reader.optional("acts")?.elements() ?? [] {
            let act = try element.oneOf(AccessAct.self)
            guard !act.needsCategory else { throw element.failure("the act is given by category") }
            acts.insert(act)
        }
        let right = Right(
            scope: try reader.required("scope").oneOf(AccessScope.self), scopes: scopes, read: try categories("read"),
            onApproval: try categories("onApproval"), file: try categories("file"), fileKinds: fileKinds,
            approve: try categories("approve"), tray: try categories("tray"), statistics: try categories("statistics"),
            acts: acts, purposes: try reader.required("purposes").texts())
        // 三员分立 is no setting: a policy file that gives an administrator content is refused as a whole. The ledger's
        // details (category audit) are no record content.
        let content = right.read.union(right.onApproval).union(right.file).union(right.approve).union(
            right.fileKinds.keys)
        guard !role.isAdministrator || content.subtracting([.audit]).isEmpty,
            !(role != .auditor && role.isAdministrator)
                || content.isEmpty
        else { throw reader.failure("an administrator holds no content (三员分立)") }
        return right
    }

    /// The matrix embedded in the program, read once.
    ///
    /// - Throws: ``SchemaError`` when the embedded file is damaged.
    public static func standard() throws(SchemaError) -> AccessPolicy { try embedded.get() }

    private static let embedded: Result<AccessPolicy, SchemaError> = Result { () throws(SchemaError) in
        let file = try Schema.rule("rules-access.json")
        return try AccessPolicy(file: file.name, bytes: file.bytes)
    }

    /// Whether `role` may do `act`.
    ///
    /// - Parameters:
    ///   - category: required by acts on records, ignored by the others.
    ///   - kind: narrows filing; nil asks whether the role may file anything in the category.
    public func decide(role: Role, act: AccessAct, category: Category? = nil, kind: String? = nil) -> Decision {
        guard let right = rights[role] else { return .refuse(.roleDoesNotAct) }
        guard act.needsCategory else { return right.acts.contains(act) ? .allow : .refuse(.roleDoesNotAct) }
        guard let category else { return .refuse(.categoryMissing) }
        if category == .reporter, act == .statistics { return .refuse(.neverExported) }
        switch act {
        case .read:
            if right.read.contains(category) { return .allow }
            if right.onApproval.contains(category) { return .refuse(.approvalRequired) }
            return .refuse(role.isAdministrator ? .administrator : .roleDoesNotRead)
        case .statistics:
            // Figures of one's own file are its content.
            if scope(role: role, category: category) == .own { return .refuse(.notOwnFile) }
            let allowed = right.statistics.contains(category) || right.read.contains(category)
            return allowed ? .allow : .refuse(role.isAdministrator ? .administrator : .roleDoesNotRead)
        case .file:
            if right.file.contains(category) { return .allow }
            guard let kinds = right.fileKinds[category] else {
                return .refuse(role.isAdministrator ? .administrator : .roleDoesNotFile)
            }
            return kind.map(kinds.contains) ?? true ? .allow : .refuse(.kindNotAllowed)
        case .approve:
            return right.approve.contains(category)
                ? .allow : .refuse(role.isAdministrator ? .administrator : .roleDoesNotAct)
        case .tray:
            // Whoever may file openly needs no tray.
            return right.tray.contains(category)
                ? .allow : .refuse(role.isAdministrator ? .administrator : .roleDoesNotFile)
        case .takeIn:
            let allowed = right.read.contains(category) && right.file.contains(category)
            return allowed ? .allow : .refuse(role.isAdministrator ? .administrator : .roleDoesNotFile)
        default:
            return .refuse(.roleDoesNotAct)
        }
    }

    /// Whether `role` may have figures of `category` about the days `from` to `until`.
    ///
    /// Who reads the category may ask for any days: he could count for himself. Who does not gets whole calendar months,
    /// because the difference of two periods is a period too, and a day names its man in a small station.
    public func decide(role: Role, counting category: Category, from: CivilDate, until: CivilDate) -> Decision {
        let counting = decide(role: role, act: .statistics, category: category)
        guard counting.isAllowed, !decide(role: role, act: .read, category: category).isAllowed else { return counting }
        return from.day == 1 && until.adding(days: 1).day == 1 ? .allow : .refuse(.wholeMonths)
    }

    /// How far the role's right in `category` reaches.
    public func scope(role: Role, category: Category) -> AccessScope {
        guard let right = rights[role] else { return .none }
        return right.scopes[category] ?? right.scope
    }

    /// The categories whose node keys a user of this role may be granted.
    ///
    /// Where a role reaches its own file only, there are none: the key of a node opens every file below it, so 本人 gets the
    /// keys of single dossiers.
    public func readableCategories(_ role: Role) -> Set<Category> {
        (rights[role]?.read ?? []).filter { scope(role: role, category: $0) != .own }
    }

    /// Whether some role may state the purpose.
    public func isPurpose(_ code: String) -> Bool { rights.values.contains { $0.purposes.contains(code) } }

    /// The purposes (code list `purpose`) that a user of this role may state.
    public func purposes(_ role: Role) -> [String] { rights[role]?.purposes ?? [] }

    /// Recusal (回避): nobody reads or handles his own file, a declared relative's, or a complaint about himself. A user
    /// in the role 本人 reads his own file and no other.
    ///
    /// - Parameters:
    ///   - user: the officer the user is; nil for a user who is none.
    ///   - subjects: the officers the record is about.
    ///   - relatives: officers the user has declared as near relatives.
    /// Source: 政务处分法 2020 Art. 47–48; 检举控告规则 2020.
    public func recusal(role: Role, user: String?, subjects: Set<String>, relatives: Set<String>) -> Decision {
        if role == .officer {
            guard let user, subjects == [user] else { return .refuse(.notOwnFile) }
            return .allow
        }
        if let user, subjects.contains(user) { return .refuse(.ownFile) }
        return subjects.isDisjoint(with: relatives) ? .allow : .refuse(.relative)
    }
}
