import ProbityCrypto
import ProbityLedger
public import ProbityRecords

/// A grant in force.
public struct GrantEntry: Sendable {
    public let user: String
    public let category: ProbityRecords.Category
    public let unit: String
    public let notBefore: CivilDate
    public let notAfter: CivilDate?
}

/// Why a user may or may not do something in a category.
public struct AccessExplanation: Sendable {
    /// What the access matrix says of his role; keys are another question.
    public let decision: Decision
    /// Whether the role's right there ends at the user's own file, so that there is no grant of a unit for him.
    public let ownFileOnly: Bool
    /// Whether a key of his leads to any file there.
    public let isReached: Bool
    /// His grants there, those that ended among them.
    public let grants: [(grant: GrantEntry, isInForce: Bool)]
}

extension GrantEntry {
    init(_ grant: Grant) {
        self.init(
            user: grant.user, category: grant.place.category, unit: grant.place.unit, notBefore: grant.notBefore,
            notAfter: grant.notAfter)
    }
}

extension Session {
    /// Proposes a grant of a category in a unit subtree; the security administrator's signature puts it in force.
    @discardableResult
    public func proposeGrant(
        user grantee: String, category: ProbityRecords.Category, unit: String, until: CivilDate? = nil
    ) throws -> Int64 {
        let details: [Act.Field: String] = [.user: grantee, .category: category.rawValue, .unit: unit]
        return try write(.accessGrant, details) { run, writer in
            try run.demandRight(in: category)
            guard grantee != user else {
                throw ArchiveError(
                    .needsSecondPerson, "nobody proposes a grant to himself", subject: user, rule: "grant.self")
            }
            if let until, until < archive.now.date {
                throw ArchiveError(
                    .invalidEntry, "the last day of the grant is past", subject: until.description, rule: "grant.past")
            }
            let credentials = Credentials(archive, writer.db)
            guard let certificate = try credentials.certificate(of: grantee) else {
                throw ArchiveError(.notVisible, "there is no user \(grantee)", subject: grantee, rule: "user.unknown")
            }
            try demandHolds(certificate, category)
            guard !(category.isSealed || category == .audit) || unit == rootUnit else {
                throw ArchiveError(
                    .invalidEntry, "\(category.rawValue) has one node for the whole bureau", subject: rootUnit,
                    rule: "grant.bureauOnly", params: ["category": "category/\(category.rawValue)"])
            }
            guard try UnitTable.has(unit, writer.db) else {
                throw ArchiveError(noUnit: unit, .notVisible, try Organisation(writer.db))
            }
            let place = NodePlace(category: category, unit: unit)
            let node = try graph.node(at: place, in: writer)
            let wrap = try graph.wrap(node, to: certificate)
            let grant = Grant(
                to: certificate, place: place, key: node.keyID, wrap: wrap, notBefore: archive.now.date,
                notAfter: until)
            guard let security = try credentials.certificates().last(where: { $0.role == .secadmin }) else {
                throw ArchiveError(.integrity, "the archive has no security administrator")
            }
            // The wrap opens the node at once, so it waits sealed to the person whose signature releases it. To him it is
            // one more closed envelope: inside is a wrap to the grantee.
            let release = try PersonWrap.wrap(
                SecretBytes(copying: wrap), to: security.agreementKey,
                context: releaseContext(grant, to: security.user))
            return try writer.insertProposal(
                .grant,
                note: SignedNote(text: grant.text(archiveID: archive.header.archiveID), signers: [ownSigner]).bytes,
                release: release)
        }
    }

    /// Whether the role of a user may hold keys of a category: asked of whoever proposes and of whoever signs.
    private func demandHolds(_ grantee: Certificate, _ category: ProbityRecords.Category) throws {
        guard !archive.policy.readableCategories(grantee.role).contains(category) else { return }
        throw ArchiveError(
            .roleRefuses, "the role \(grantee.role.rawValue) may not hold \(category.rawValue)",
            subject: "roleDoesNotRead", rule: "grant.role",
            params: ["role": "role/\(grantee.role.rawValue)", "category": "category/\(category.rawValue)"])
    }

    /// Puts a grant in force with the last signature that it needs.
    func sign(_ grant: Grant, _ note: SignedNote, proposal: Int64, _ writer: RowWriter) throws {
        try actor.demand(archive.policy.decide(role: role, act: .countersign), AccessAct.countersign.rawValue)
        let credentials = Credentials(archive, writer.db)
        let grantee = try credentials.certificate(of: grant.user)
        if let grantee { try demandHolds(grantee, grant.place.category) }
        guard grantee?.serial == grant.serial else {
            throw ArchiveError(
                .changedSinceRead, "the certificate of \(grant.user) was replaced; propose the grant again",
                subject: grant.user, rule: "grant.certificate")
        }
        // Who proposed it may have left, or have new keys: a grant that nobody signed who serves would be a damaged one.
        let isProposed = try credentials.signers(of: note).contains {
            $0.user != grant.user && archive.policy.readableCategories($0.role).contains(grant.place.category)
        }
        guard isProposed else {
            throw ArchiveError(
                .changedSinceRead, "whoever proposed the grant serves no more; propose the grant again",
                rule: "grant.proposer")
        }
        try writer.insertWrap(of: grant.key, byUser: grant.user, releasedWrap(grant, proposal: proposal, writer.db))
        try writer.insertGrant(user: grant.user, place: grant.place, note: note.bytes)
    }

    private func releaseContext(_ grant: Grant, to security: String) -> [UInt8] {
        KeyGraph.context(
            archiveID: archive.header.archiveID, from: "wrap:\(grant.wrapDigest)", to: "user:\(security)",
            purpose: "release")
    }

    /// The wrap that the proposal of `grant` holds back; only the security administrator to whom it is sealed opens it.
    private func releasedWrap(_ grant: Grant, proposal: Int64, _ db: Connection) throws -> [UInt8] {
        guard let sealed = try ProposalTable.release(of: proposal, db) else {
            throw ArchiveError(.integrity, "proposal \(proposal) holds no wrap")
        }
        let wrap: [UInt8]
        do throws(CryptoError) {
            wrap = try PersonWrap.unwrap(
                sealed, with: identity.agreementKey, context: releaseContext(grant, to: user)
            ).revealed()
        } catch {
            throw ArchiveError(
                .stateForbids, "the proposal was made for another security administrator; propose the grant again",
                rule: "grant.security")
        }
        guard SHA256Digest.hash(wrap) == grant.wrapDigest else {
            throw ArchiveError(.integrity, "proposal \(proposal) holds another wrap than the one that was signed")
        }
        return wrap
    }

    /// The grants of those who serve, signatures checked; one ends with the certificate that it was made to.
    public func grantEntries(of user: String? = nil) throws -> [GrantEntry] {
        try look(.accessList) { _, _ in
        } reveal: { db, _ in
            let credentials = Credentials(archive, db)
            let serials = try Credentials.serialsInForce(db)
            return try GrantTable.allByUser(db).map(credentials.verified).filter {
                (user == nil || user == $0.user) && serials[$0.user] == $0.serial
            }.map { GrantEntry($0) }
        }
    }

    /// Why the user may or may not do something in a category: the matrix, his grants there, and how far they lead.
    public func explain(
        _ act: AccessAct, _ category: ProbityRecords.Category, kind: String?
    ) throws -> Reading<AccessExplanation> {
        try look(.accessExplain, [.query: "\(act.rawValue) \(category.rawValue)"]) { run, db -> Reading<[Unit]> in
            let reach = try vault.reach(category, Organisation(db), db)
            let gap = actor.reads(category) ? reach.gap : Coverage.Gap(category, .role)
            let coverage = Coverage([gap].compactMap(\.self))
            run.reads(coverage)
            return Reading(reach.units, coverage)
        } reveal: { _, reached in
            let grants = graph.grants
            return Reading(
                AccessExplanation(
                    decision: archive.policy.decide(role: role, act: act, category: category, kind: kind),
                    ownFileOnly: archive.policy.scope(role: role, category: category) == .own,
                    isReached: !reached.value.isEmpty,
                    grants: grants.all.filter { $0.place.category == category }.map {
                        (grant: GrantEntry($0), isInForce: $0.isInForce(on: grants.day))
                    }), reached.coverage)
        }
    }
}
