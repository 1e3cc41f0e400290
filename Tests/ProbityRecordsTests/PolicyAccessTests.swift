import ProbityRecords
import Testing

@Suite("Access matrix")
struct PolicyAccessTests {
    let policy: AccessPolicy
    let catalogue: KindCatalogue

    init() throws {
        policy = try AccessPolicy.standard()
        catalogue = try KindCatalogue.standard()
    }

    /// The role table of design.md §5, written a second time: r reads, f files everything, k files some kinds, a
    /// approves, t drops into the tray, g is told that reading needs an approval.
    ///
    /// Columns in the order of ``Category``: roster events drinking talks complaints reporter sanctions opinions duty
    /// care governance audit.
    static let table: [(Role, String)] = [
        (.clerk, "rf rf rf rf t t - - rf rf - -"),
        (.reviewer, "ra ra ra ra t t rfa - ra ra - -"),
        (.promoter, "r r - - - - r rk r - - -"),
        (.inspector, "r rk r rka rfa gt rfa rfa - rka - r"),
        (.supervisor, "r - - - t - - - r - rf -"),
        (.leader, "g ga ga ga - - ga ga ga ga ra -"),
        (.officer, "r rk rk r - - r - rk r - -"),
        (.sysadmin, "- - - - - - - - - - - -"),
        (.secadmin, "- - - - - - - - - - - -"),
        (.auditor, "- - - - - - - - - - - r"),
    ]

    @Test("Every cell of the matrix answers as the table says, both ways", arguments: table)
    func matrix(role: Role, row: String) throws {
        let cells = row.split(separator: " ").map(String.init)
        try #require(cells.count == Category.allCases.count)
        for (category, cell) in zip(Category.allCases, cells) {
            func decide(_ act: AccessAct, kind: String? = nil) -> Decision {
                policy.decide(role: role, act: act, category: category, kind: kind)
            }
            func allows(_ act: AccessAct, kind: String? = nil) -> Bool { decide(act, kind: kind).isAllowed }
            let place = Comment(rawValue: "\(role) in \(category)")
            #expect(allows(.read) == cell.contains("r"), place)
            #expect((decide(.read) == .refuse(.approvalRequired)) == cell.contains("g"), place)
            #expect(allows(.file) == (cell.contains("f") || cell.contains("k")), place)
            #expect(allows(.file, kind: "no such kind") == cell.contains("f"), place)
            #expect(allows(.approve) == cell.contains("a"), place)
            #expect(allows(.tray) == cell.contains("t"), place)
            #expect(allows(.takeIn) == (cell.contains("r") && cell.contains("f")), place)
            // A node key opens every file below it, so the role that reads its own file gets none.
            #expect(
                policy.readableCategories(role).contains(category) == (cell.contains("r") && role != .officer), place)
        }
    }

    @Test(
        "Kinds narrow what a role files in a category",
        arguments: [
            // Not `opinion`: the discipline team's answer may not come from those who asked for it.
            (Role.promoter, ["fileReview", "useJudgement"]),
            (.inspector, ["verification", "talk", "helpMeasure", "clearance", "antiGangCase"]),
            (.officer, ["majorEvent", "drinkingRisk", "engagementReport", "caseEnquiry", "dutyTrace"]),
        ])
    func filedKinds(role: Role, kinds: [String]) {
        for kind in catalogue.kinds where !["complaints", "sanctions"].contains(kind.category.rawValue) {
            if role == .inspector, kind.category == .opinions { continue }
            let decision = policy.decide(role: role, act: .file, category: kind.category, kind: kind.id)
            #expect(decision.isAllowed == kinds.contains(kind.id), "\(role) \(kind.id)")
        }
    }

    @Test(
        "Acts without category belong to these roles only",
        arguments: [
            (AccessAct.promotionCheck, [Role.promoter]), (.configure, [.sysadmin]), (.manageRoles, [.secadmin]),
            (.countersign, [.secadmin]), (.readLedger, [.inspector, .auditor]), (.exportAudit, [.inspector, .auditor]),
        ] as [(AccessAct, [Role])])
    func actsWithoutCategory(act: AccessAct, roles: [Role]) {
        #expect(!act.needsCategory)
        for role in Role.allCases {
            #expect(policy.decide(role: role, act: act).isAllowed == roles.contains(role), "\(role) \(act)")
        }
    }

    @Test("The three administrators hold no content, and are told so")
    func administrators() {
        for role in [Role.sysadmin, .secadmin, .auditor] {
            #expect(role.isAdministrator && !role.isContentRole)
            for category in Category.allCases where category != .audit {
                for act in AccessAct.allCases where act.needsCategory {
                    let decision = policy.decide(role: role, act: act, category: category)
                    let expected: Decision.Refusal =
                        category == .reporter && act == .statistics ? .neverExported : .administrator
                    #expect(decision == .refuse(expected), "\(role) \(act) \(category)")
                }
            }
        }
    }

    @Test("Nobody reads reporter identity alone, and nobody counts it")
    func reporterIdentity() {
        for role in Role.allCases {
            let alone = policy.decide(role: role, act: .read, category: .reporter)
            #expect(
                alone
                    == .refuse(
                        role == .inspector
                            ? .approvalRequired : role.isAdministrator ? .administrator : .roleDoesNotRead))
            #expect(
                policy.decide(role: role, act: .statistics, category: .reporter) == .refuse(.neverExported))
        }
    }

    @Test("Who reads a category has figures of any days; who only counts, of whole calendar months; 本人 has none")
    func figures() throws {
        func decide(_ role: Role, _ category: ProbityRecords.Category, _ from: String, _ until: String) throws
            -> Decision
        {
            policy.decide(
                role: role, counting: category, from: try #require(CivilDate(from)),
                until: try #require(CivilDate(until)))
        }
        for (from, until, isWhole) in [
            ("2026-05-01", "2026-05-31", true), ("2026-02-01", "2026-02-28", true),
            ("2024-02-01", "2024-02-29", true), ("2025-12-01", "2026-01-31", true),
            ("2024-02-01", "2024-02-28", false), ("2026-05-02", "2026-05-31", false),
            ("2026-05-01", "2026-05-30", false), ("2026-05-01", "2026-06-01", false),
            ("2026-05-20", "2026-05-20", false),
        ] {
            #expect(try decide(.clerk, .care, from, until) == .allow)
            #expect(try decide(.leader, .care, from, until) == (isWhole ? .allow : .refuse(.wholeMonths)))
            #expect(try decide(.leader, .complaints, from, until) == .refuse(.roleDoesNotRead))
            #expect(try decide(.officer, .events, from, until) == .refuse(.notOwnFile))
            #expect(try decide(.auditor, .events, from, until) == .refuse(.administrator))
        }
    }

    @Test("The promoter reads no complaints: the fourth must is answered by the opinion")
    func promoterReadsNoComplaints() {
        #expect(policy.decide(role: .promoter, act: .read, category: .complaints) == .refuse(.roleDoesNotRead))
    }

    @Test("A refusal says why")
    func reasons() {
        #expect(policy.decide(role: .clerk, act: .read, category: .complaints) == .refuse(.roleDoesNotRead))
        #expect(policy.decide(role: .clerk, act: .file, category: .sanctions) == .refuse(.roleDoesNotFile))
        #expect(
            policy.decide(role: .promoter, act: .file, category: .opinions, kind: "other") == .refuse(.kindNotAllowed))
        #expect(policy.decide(role: .leader, act: .read, category: .roster) == .refuse(.approvalRequired))
        #expect(policy.decide(role: .clerk, act: .read) == .refuse(.categoryMissing))
        #expect(policy.decide(role: .clerk, act: .configure) == .refuse(.roleDoesNotAct))
    }

    @Test("Scopes are those of the table")
    func scopes() {
        #expect(policy.scope(role: .clerk, category: .roster) == .subtree)
        #expect(policy.scope(role: .reviewer, category: .talks) == .subtree)
        #expect(policy.scope(role: .reviewer, category: .sanctions) == .bureau)
        #expect(policy.scope(role: .inspector, category: .complaints) == .bureau)
        #expect(policy.scope(role: .officer, category: .roster) == .own)
        #expect(policy.scope(role: .sysadmin, category: .roster) == .none)
        for category in Category.allCases where category.isSealed && category != .reporter {
            for role in Role.allCases where policy.readableCategories(role).contains(category) {
                #expect(policy.scope(role: role, category: category) == .bureau, "a sealed category has one node")
            }
        }
    }

    @Test("Sealed are the categories in which a date would name its man")
    func sealedCategories() {
        #expect(Category.allCases.filter(\.isSealed) == [.complaints, .reporter, .sanctions, .opinions])
        #expect(Category.allCases.filter { !$0.isPerOfficer } == [.governance, .audit])
    }

    @Test("Nobody handles his own file or a relative's, and an officer no other than his own")
    func recusal() {
        func decide(_ role: Role, _ user: String?, _ subjects: Set<String>, _ relatives: Set<String> = []) -> Decision {
            policy.recusal(role: role, user: user, subjects: subjects, relatives: relatives)
        }
        #expect(decide(.inspector, "P01", ["P02"]) == .allow)
        #expect(decide(.inspector, "P01", ["P02", "P01"]) == .refuse(.ownFile))
        #expect(decide(.clerk, "P01", ["P02"], ["P02"]) == .refuse(.relative))
        #expect(decide(.clerk, nil, ["P02"]) == .allow)
        #expect(decide(.officer, "P05", ["P05"]) == .allow)
        #expect(decide(.officer, "P05", ["P05", "P06"]) == .refuse(.notOwnFile))
        #expect(decide(.officer, "P05", ["P06"]) == .refuse(.notOwnFile))
        #expect(decide(.officer, "P05", []) == .refuse(.notOwnFile))
        #expect(decide(.officer, nil, ["P05"]) == .refuse(.notOwnFile))
    }

    @Test(
        "A damaged matrix is refused, and no setting gives an administrator content",
        arguments: [
            (
                #""sysadmin": {"scope": "none", "read": []"#, #""sysadmin": {"scope": "none", "read": ["roster"]"#,
                "roles.sysadmin"
            ),
            (
                #""secadmin": {"scope": "none", "read": []"#, #""secadmin": {"scope": "none", "read": ["audit"]"#,
                "roles.secadmin"
            ),
            (
                #""auditor": {"scope": "bureau", "read": ["audit"]"#,
                #""auditor": {"scope": "bureau", "read": ["duty"]"#, "roles.auditor"
            ),
            (#""scope": "subtree""#, #""scope": "galaxy""#, "roles.clerk.scope"),
            (#""events", "#, #""evnts", "#, "roles.clerk.read[1]"),
            (#""acts": ["promotionCheck"]"#, #""acts": ["read"]"#, "roles.promoter.acts[0]"),
            (#""clerk": {"#, #""clark": {"#, "roles.clark"), (#""edition": "2026","#, "", "edition"),
        ])
    func damaged(from: String, to: String, field: String) throws {
        let text = try PolicyFile.text().replacing(from, with: to, maxReplacements: 1)
        #expect(throws: SchemaError(file: "rules-access.json", field: field, reason: "")) {
            try AccessPolicy(file: "rules-access.json", bytes: Array(text.utf8))
        }
    }
}
