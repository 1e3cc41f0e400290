import ProbityRecords

extension Session {
    /// Whether the user's role may file a kind, asked before anybody looks at what he wrote: whoever may not is told that,
    /// and not which of his fields are wrong.
    ///
    /// A yes leaves no line, because nothing was seen or done yet; a no is an act as every refusal is. The filing itself asks
    /// again.
    /// - Throws: ``ArchiveError`` `roleRefuses`; `invalidEntry` for a kind that is none.
    public func demandMayFile(_ kind: String) throws {
        let isOfficer = kind == Session.officerKind
        let details: [Act.Field: String] = isOfficer ? [:] : [.kind: known(kind, catalogue.kind(kind) != nil)]
        let run = ActRun(isOfficer ? .officerAdd : .recordAdd, actor, purpose, details)
        do {
            try demandRight(toFile: declaredKind(kind), run)
        } catch {
            try recordRefusal(of: run, error)
            throw error
        }
    }

    /// The kind of a roster entry, which is an act of its own to add.
    static let officerKind = "officer"

    func demandRight(toFile kind: RecordKind, _ run: ActRun) throws {
        try run.demand(
            archive.policy.decide(role: role, act: .file, category: kind.category, kind: kind.id),
            "\(run.act.code) \(kind.id)",
            ["category": "category/\(kind.category.rawValue)", "kind": "kind/\(kind.id)"])
    }
}
