import CanonicalJSON
import ProbityRecords
import ProbityStore

extension Desk {
    /// Proposes a grant (授权); the security administrator signs it.
    ///
    /// - Parameters:
    ///   - category: code of a category (门类).
    ///   - until: last day, `YYYY-MM-DD`; nil for no end.
    public func proposeGrant(to user: String, category: String, unit: String, until: String?) throws -> Answer {
        proposed(
            try session.proposeGrant(
                user: user, category: Named.category(category), unit: unit, until: Named.date(until, "--until")))
    }

    /// Grants in the archive.
    ///
    /// - Parameter user: only his.
    public func grants(of user: String?) throws -> Listing {
        try ListForm.grants.listing(session.grantEntries(of: user), words)
    }

    /// Why the user may or may not do something in a category (为何被拒绝).
    ///
    /// - Parameter act: code or label of a right, for example `read` or `file`.
    public func explain(_ act: String, category: String) throws -> Answer {
        let read = try session.explain(Named.right(act), Named.category(category), kind: nil)
        let decision = read.decision
        var refusal: String?
        if case .refuse(let reason) = decision { refusal = reason.rawValue }
        let missing = read.ownFileOnly ? "coverage.explain.ownFile" : "coverage.explain.noKey"
        var lines = [
            refusal.map { words.text("refusal.\($0)") } ?? words.text(read.isReached ? "cli.allowed" : missing)
        ]
        lines += read.grants.map { "  " + sentence($0.grant, isInForce: $0.isInForce) }
        if read.grants.isEmpty { lines.append("  " + words.text("cli.noGrant")) }
        let form = ListForm<GrantEntry>.grants
        let notice = CoverageNotice(read.coverage, words)
        return Answer(
            lines,
            JSONAnswer(
                "explain",
                [
                    "allowed": .bool(decision.isAllowed && read.isReached), "byRole": .bool(decision.isAllowed),
                    "refusal": refusal.map { .string($0) } ?? .null,
                    "grants": .array(
                        read.grants.map { grant, isInForce in
                            .object(form.members(grant, words).merging(["inForce": .bool(isInForce)]) { $1 })
                        }),
                ], notice), notes: decision.isAllowed && read.isReached ? notice.notes : [])
    }

    private func sentence(_ grant: GrantEntry, isInForce: Bool) -> String {
        var params = [
            "category": words.category(grant.category), "unit": grant.unit, "from": grant.notBefore.description,
        ]
        if let until = grant.notAfter { params["until"] = until.description }
        let text = words.text("coverage.explain.grant" + (grant.notAfter == nil ? "" : "Until"), params)
        return isInForce ? text : words.text("coverage.explain.notInForce", ["grant": text])
    }
}

extension ListForm where Entry == GrantEntry {
    static var grants: ListForm {
        ListForm(
            schema: "grant",
            columns: [
                Column("user") { grant, _ in grant.user },
                Column("category") { grant, words in words.category(grant.category) },
                Column("unit") { grant, _ in grant.unit },
                Column("from") { grant, _ in grant.notBefore.description },
                Column("until") { grant, _ in grant.notAfter?.description ?? "–" },
            ],
            members: { grant, _ in
                [
                    "user": .string(grant.user), "category": .string(grant.category.rawValue),
                    "unit": .string(grant.unit), "notBefore": .string(grant.notBefore.description),
                    "notAfter": grant.notAfter.map { .string($0.description) } ?? .null,
                ]
            })
    }
}
