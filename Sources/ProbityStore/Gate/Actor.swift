import ProbityRecords

/// Who acts, as the rules see him: his certificate and the access matrix. It decides; what was asked is ``ActRun``'s.
struct Actor {
    let certificate: Certificate
    let policy: AccessPolicy

    var role: Role { certificate.role }

    /// Throws the refusal of `decision` as the archive's error.
    ///
    /// - Parameters:
    ///   - what: what was asked for, for logs.
    ///   - params: what the sentence names beside the role: a category, a kind.
    func demand(_ decision: Decision, _ what: String, _ params: [String: String] = [:]) throws {
        guard case .refuse(let refusal) = decision else { return }
        let code: ArchiveError.Code
        switch refusal {
        case .ownFile, .relative: code = .recusal
        case .neverExported: code = .reporterIdentity
        default: code = .roleRefuses
        }
        // A sentence names what it is about where that is known.
        let about = params["kind"] != nil ? "kind" : params["category"] != nil ? "category" : "role"
        throw ArchiveError(
            code, "\(role.rawValue): \(what): \(refusal.rawValue)", subject: refusal.rawValue,
            rule: "\(about).\(refusal.rawValue)", params: params.merging(["role": "role/\(role.rawValue)"]) { $1 })
    }

    /// Whether his role reads a category.
    func reads(_ category: Category) -> Bool { policy.decide(role: role, act: .read, category: category).isAllowed }

    /// The categories that his role does not read, as gaps.
    var roleGaps: [Coverage.Gap] {
        Category.allCases.filter { $0.isPerOfficer && !reads($0) }.map { Coverage.Gap($0, .role) }
    }

    /// What recusal leaves out of lists of these categories: by who he is, and never by what lies there.
    func withheld(_ categories: [Category]) -> [Coverage.Gap] {
        certificate.officer == nil ? [] : categories.map { Coverage.Gap($0, .withheld) }
    }

    /// Lists and searches of others' files are not for who reads his own only.
    func demandOthers(_ category: Category) throws {
        if policy.scope(role: role, category: category) == .own {
            try demand(.refuse(.notOwnFile), category.rawValue)
        }
    }

    /// Whether the officer is himself (回避).
    func isHimself(_ officer: Int64) -> Bool { certificate.officer == officer }

    /// - Throws: ``ArchiveError`` `recusal` where he may not read or handle the file of `officer`.
    func demandNoRecusal(_ officer: Int64) throws {
        let own = certificate.officer.map { OfficerID($0).text }
        try demand(
            policy.recusal(role: role, user: own, subjects: [OfficerID(officer).text], relatives: []), "recusal")
    }

    /// - Throws: ``ArchiveError`` `purposeMissing`, whose parameters list the purposes that would do.
    func demand(_ purpose: Purpose?, _ rule: Act.PurposeRule) throws {
        if rule == .none { return }
        let figures = "statistics"
        // Figures have a purpose of their own: who reads for another one is not counting.
        let accepted = policy.purposes(role).filter { rule == .stated || $0 == figures }
        let refusal: (reason: String, rule: String)
        switch purpose {
        case nil: refusal = ("the act needs a purpose", "purpose.none")
        case let purpose? where !accepted.contains(purpose.code):
            refusal =
                rule == .figures
                ? ("figures are for the purpose \(figures)", "purpose.figures")
                : ("the purpose is not one of the role \(role.rawValue)", "purpose.notOfRole")
        default: return
        }
        throw ArchiveError(
            .purposeMissing, refusal.reason, subject: accepted.joined(separator: ", "), rule: refusal.rule,
            params: [
                "role": "role/\(role.rawValue)",
                "purposes": accepted.map { "purpose/\($0)" }.joined(separator: ", "),
            ],
            misnomer: try purpose.flatMap { given in
                guard !policy.isPurpose(given.code) else { return nil }
                let purposes = try KindCatalogue.standard().codeList("purpose")?.names(among: accepted)
                return purposes.map { Misnomer(given.code, of: $0) }
            })
    }
}
