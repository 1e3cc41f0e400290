import CanonicalJSON
import Foundation
import GRDB
public import ProbityCrypto
import ProbityLedger
public import ProbityRecords

/// A certificate or grant that waits for a signature.
public struct ProposalEntry: Sendable {
    public let id: Int64
    /// "certificate" or "grant".
    public let kind: String
    public let user: String
    /// Role of a certificate, or category and unit of a grant.
    public let subject: String
    public let signers: [String]
    public let missing: String
}

/// A grant in force.
public struct GrantEntry: Sendable {
    public let user: String
    public let category: ProbityRecords.Category
    public let unit: String
    public let notBefore: CivilDate
    public let notAfter: CivilDate?
}

/// Somebody who is or was a user.
public struct UserStanding: Sendable {
    /// His newest certificate.
    public let certificate: Certificate
    /// The day on which he left; nil for who serves.
    public let leftOn: CivilDate?
}

/// Where a grant opens something.
public struct GrantPlace: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let category: ProbityRecords.Category
    public let unit: String

    public var description: String { "\(category.rawValue) \(unit)" }
    public static func < (one: GrantPlace, other: GrantPlace) -> Bool { one.description < other.description }
}

/// What somebody who left leaves behind.
public struct Leaving: Sendable {
    /// The certificate that has ended.
    public let certificate: Certificate
    /// Where he ever held a grant: whose keys he knows.
    public let held: [GrantPlace]
    /// Of these, what no other user can open any more: recovery can.
    public let vacant: [GrantPlace]
    /// Whether nobody of his role is left to sign for another one.
    public let roleIsVacant: Bool
}

/// A request for a certificate (证书申请): made on the user's side, signed with his own new key.
public enum UserRequest {
    /// The request as text: one signed note.
    public static func make(_ identity: Identity, bureauID: String) throws -> String {
        let text =
            JSONValue.object([
                "v": .integer(1), "type": .string("request"), "user": .string(identity.user),
                "signingKey": .string(Hex.text(identity.signingKey.publicKey.rawBytes)),
                "agreementKey": .string(Hex.text(identity.agreementKey.publicKey.rawBytes)),
            ]).canonicalText + "\n"
        let signer = NoteSigner(name: NoteNames(bureauID: bureauID).user(identity.user), key: identity.signingKey)
        return String(decoding: try SignedNote(text: text, signers: [signer]).bytes, as: UTF8.self)
    }
}

/// A newcomer's signature under the certificate that was proposed for him (本人确认).
///
/// He makes it on his own account, with keys that nobody else opens, from a file that the security administrator gave him:
/// the archive is not opened to him yet. He hands it on as a file.
public enum UserAcceptance {
    /// The certificate in `proposal`, and the note that accepts it.
    ///
    /// - Parameter proposal: the certificate with the security administrator's signature, as ``Session/proposeUser`` gave it.
    /// - Throws: ``ArchiveError`` `invalidEntry` where `proposal` is no certificate of this archive for the keys' owner;
    ///   `integrity` where it names other keys than his.
    public static func make(_ folder: ArchiveFolder, proposal: String, identity: Identity) throws -> (
        certificate: Certificate, text: String
    ) {
        let note: SignedNote
        let certificate: Certificate
        do {
            note = try SignedNote(parsing: Array(proposal.utf8))
            certificate = try Certificate(text: note.text, archiveID: folder.archiveID)
        } catch {
            throw ArchiveError(.invalidEntry, "this is not a proposed certificate of this archive", subject: "proposal")
        }
        guard certificate.user == identity.user else {
            throw ArchiveError(
                .invalidEntry, "the proposed certificate is for \(certificate.user)", subject: "proposal")
        }
        guard certificate.signingKey == identity.signingKey.publicKey,
            certificate.agreementKey == identity.agreementKey.publicKey
        else { throw ArchiveError(.integrity, "the proposed certificate names other keys than those of the user") }
        let signer = NoteSigner(
            name: NoteNames(bureauID: folder.bureauID).user(identity.user), key: identity.signingKey)
        let accepted = try SignedNote(text: note.text, signers: [signer])
        return (certificate, String(decoding: accepted.bytes, as: UTF8.self))
    }
}

extension Session {
    /// Who are and were users of the archive, with their roles. Names and roles stand in the clear; the list is an act all
    /// the same.
    public func users() throws -> [UserStanding] {
        try look("user.list") { _, _ in
        } reveal: { db, _ in
            try archive.userStandings(db)
        }
    }

    /// Ends the certificate of a user who leaves (离任), and takes the page key's wrap to him away.
    ///
    /// From the act's line on he begins no session, the ones that he has end, and his grants open nothing. He knows the keys
    /// that he held: ``rotatePageKey(progress:)`` closes the database to copies of them. He may be certified again.
    ///
    /// - Parameters:
    ///   - reason: why; the auditors read it.
    ///   - acceptsVacancy: whether it may be that nobody else opens what he opened, or serves in his role: then only recovery
    ///     reads it, and nobody can sign for a successor in the role.
    /// - Throws: ``ArchiveError`` `roleRefuses`; `invalidEntry` without a reason; `recusal` for oneself; `notVisible` for an
    ///   unknown user; `stateForbids` for one who has left, for the last administrator of his kind, and for a vacancy that was
    ///   not accepted. The refusals' `rule` tells them apart.
    @discardableResult
    public func leave(_ leaver: String, reason: String, acceptsVacancy: Bool = false) throws -> Leaving {
        let leaving = try end(leaver, reason, acceptsVacancy)
        wrapPageKey()
        return leaving
    }

    private func end(_ leaver: String, _ reason: String, _ acceptsVacancy: Bool) throws -> Leaving {
        try write("user.leave") { writer, details in
            details.fields["user"] = leaver
            details.fields["reason"] = reason
            try demandAct(.manageRoles)
            guard reason.contains(where: { !$0.isWhitespace }) else {
                throw ArchiveError(.invalidEntry, "leaving needs a reason", subject: "reason", rule: "leave.reason")
            }
            guard leaver != user else {
                throw ArchiveError(.recusal, "nobody ends his own certificate", subject: leaver, rule: "leave.self")
            }
            guard let entry = try CertificateRules(archive: archive, writer.db).standing(of: leaver) else {
                throw ArchiveError(.notVisible, "there is no user \(leaver)", subject: leaver, rule: "leave.unknown")
            }
            let certificate = entry.certificate
            guard entry.leftOn == nil else {
                throw ArchiveError(.stateForbids, "\(leaver) has left", subject: leaver, rule: "leave.already")
            }
            details.fields["role"] = certificate.role.rawValue
            details.fields["unit"] = certificate.unit
            let colleagues = try archive.certificates(writer.db).filter {
                $0.role == certificate.role && $0.user != leaver
            }
            guard !colleagues.isEmpty || !certificate.role.isAdministrator else {
                throw ArchiveError(
                    .stateForbids, "\(leaver) is the only \(certificate.role.rawValue)", subject: leaver,
                    rule: "leave.lastAdministrator")
            }
            let (held, vacant) = try places(of: leaver, writer.db)
            // An officer's certificate needs no officer's signature.
            let roleIsVacant = colleagues.isEmpty && certificate.role.isContentRole
            let vacancies = vacant.map(\.description) + (roleIsVacant ? [certificate.role.rawValue] : [])
            details.fields["categories"] = vacancies.joined(separator: ", ")
            guard vacancies.isEmpty || acceptsVacancy else {
                throw ArchiveError(
                    .stateForbids, "nobody else holds what \(leaver) holds",
                    subject: vacancies.joined(separator: ", "), rule: "leave.vacancy")
            }
            let leave = Leave(user: leaver, serial: certificate.serial + 1, date: archive.now.date)
            let note = try SignedNote(
                text: leave.text(archiveID: archive.header.archiveID), signers: [ownSigner])
            try writer.insertCertificate(user: leaver, serial: leave.serial, note: note.bytes)
            return Leaving(certificate: certificate, held: held, vacant: vacant, roleIsVacant: roleIsVacant)
        }
    }

    /// Where `leaver` ever held a grant, and where, of what he holds now, nobody else holds the same node or one above it.
    private func places(of leaver: String, _ db: Database) throws -> (held: [GrantPlace], vacant: [GrantPlace]) {
        let serials = try archive.serialsInForce(db)
        let rules = CertificateRules(archive: archive, db)
        let grants = try Row.fetchAll(db, sql: "SELECT user, category, unit, note, batch FROM accessGrant")
            .map(rules.verifiedGrant)
        func place(_ grant: Grant) -> GrantPlace {
            GrantPlace(category: grant.place.category, unit: grant.place.unit)
        }
        let inForce = grants.filter { serials[$0.user] == $0.serial && $0.isInForce(on: archive.now.date) }
        let others = Set(inForce.filter { $0.user != leaver }.map(place))
        let vacant = try Set(inForce.filter { $0.user == leaver }.map(place)).filter { held in
            try archive.unitsAbove(held.unit, db).allSatisfy {
                !others.contains(GrantPlace(category: held.category, unit: $0))
            }
        }
        return (Set(grants.filter { $0.user == leaver }.map(place)).sorted(), vacant.sorted())
    }

    /// Proposes a certificate; it counts when every signature that it needs is there (``countersign(_:identity:)``).
    ///
    /// - Parameter request: a signed request of the user, from ``UserRequest``.
    /// - Returns: the proposal's number, and the text that the newcomer signs (``UserAcceptance``).
    @discardableResult
    public func proposeUser(request: String, role newRole: Role, unit: String, officer: OfficerID?) throws -> (
        id: Int64, proposal: String
    ) {
        try write("user.add") { writer, details in
            details.fields["role"] = newRole.rawValue
            details.fields["unit"] = unit
            try demandAct(.manageRoles)
            let note = try CertificateRules(archive: archive, writer.db).parsed(Array(request.utf8))
            guard let value = JSONReader.value(Array(note.text.utf8)), value["type"]?.string == "request",
                let name = value["user"]?.string, UserID.isValid(name),
                let signing = value["signingKey"]?.string.flatMap(Hex.bytes),
                let agreement = value["agreementKey"]?.string.flatMap(Hex.bytes)
            else { throw ArchiveError(.invalidEntry, "this is not a user's request", subject: "request") }
            details.fields["user"] = name
            let signingKey = try Ed25519PublicKey(rawBytes: signing)
            guard note.isSigned(by: NoteVerifier(name: archive.header.names.user(name), key: signingKey)) else {
                throw ArchiveError(
                    .invalidEntry, "the request is not signed with the key that it names", subject: "request")
            }
            guard try Int.fetchOne(writer.db, sql: "SELECT COUNT(*) FROM unit WHERE id = ?", arguments: [unit]) == 1
            else {
                throw ArchiveError(.invalidEntry, "there is no unit \(unit)", subject: "unit")
            }
            let serial = try Int64.fetchOne(
                writer.db, sql: "SELECT COALESCE(MAX(serial), 0) + 1 FROM certificate WHERE user = ?", arguments: [name]
            )
            let certificate = Certificate(
                user: name, serial: serial ?? 1, role: newRole, unit: unit, officer: officer?.number,
                signingKey: signingKey, agreementKey: try X25519PublicKey(rawBytes: agreement),
                validFrom: archive.now.date)
            try demandOnlyUser(of: certificate, writer.db)
            let text = certificate.text(archiveID: archive.header.archiveID)
            let proposed = try SignedNote(text: text, signers: [ownSigner]).bytes
            return (
                try writer.insertProposal(kind: "certificate", note: proposed),
                String(decoding: proposed, as: UTF8.self)
            )
        }
    }

    private var ownSigner: NoteSigner { NoteSigner(name: archive.header.names.user(user), key: identity.signingKey) }

    /// What waits for a signature.
    public func proposals() throws -> [ProposalEntry] {
        try look("user.proposals") { _, _ in
        } reveal: { db, _ in
            var seen: Set<Int64> = []
            return try Int64.fetchAll(db, sql: "SELECT id FROM proposal ORDER BY id").compactMap { id in
                let chain = try proposalChain(id, db)
                guard seen.insert(chain.id).inserted, chain.isOpen else { return nil }
                return ProposalEntry(
                    id: chain.id, kind: chain.grant == nil ? "certificate" : "grant", user: chain.user,
                    subject: chain.subject,
                    signers: chain.note.signatures.compactMap { archive.header.names.userID($0.name) },
                    missing: chain.missing ?? "")
            }
        }
    }

    /// A proposal with the signatures that it has gathered: rows of one text, each with one signature more.
    private struct Chain {
        /// The number of the first row, by which people know the proposal.
        let id: Int64
        /// The text with all its signatures.
        let note: SignedNote
        let user: String
        let subject: String
        let missing: String?
        let isOpen: Bool
        let certificate: Certificate?
        let grant: Grant?
    }

    private func proposalChain(_ id: Int64, _ db: Database) throws -> Chain {
        let rules = CertificateRules(archive: archive, db)
        let rows = try Row.fetchAll(db, sql: "SELECT id, kind, note FROM proposal ORDER BY id").map {
            (id: $0["id"] as Int64, kind: $0["kind"] as String, note: try rules.parsed([UInt8]($0["note"] as Data)))
        }
        guard let text = rows.first(where: { $0.id == id })?.note.text else {
            throw ArchiveError(.notVisible, "there is no proposal \(id)")
        }
        let chain = rows.filter { $0.note.text == text }
        guard let first = chain.first, let note = chain.last?.note else {
            throw ArchiveError(.notVisible, "there is no proposal \(id)")
        }
        if first.kind == "certificate" {
            let certificate = try Certificate(text: note.text, archiveID: archive.header.archiveID)
            let inForce = try Int64.fetchOne(
                db, sql: "SELECT COALESCE(MAX(serial), 0) FROM certificate WHERE user = ?",
                arguments: [certificate.user])
            return Chain(
                id: first.id, note: note, user: certificate.user,
                subject: "\(certificate.role.rawValue) \(certificate.unit)",
                missing: try rules.missing(certificate, note, isCeremony: false),
                isOpen: (inForce ?? 0) < certificate.serial, certificate: certificate, grant: nil)
        }
        let grant = try Grant(text: note.text, archiveID: archive.header.archiveID)
        let inForce = try Data.fetchAll(
            db, sql: "SELECT note FROM accessGrant WHERE user = ?", arguments: [grant.user]
        ).contains { try rules.parsed([UInt8]($0)).text == note.text }
        return Chain(
            id: first.id, note: note, user: grant.user, subject: "\(grant.place.category.rawValue) \(grant.place.unit)",
            missing: "the security administrator's signature", isOpen: !inForce, certificate: nil, grant: grant)
    }

    /// Signs a proposal. When its last signature is there it takes effect, in the same act.
    ///
    /// - Parameter acceptance: the signature of the user concerned under his own certificate, from ``UserAcceptance``; he
    ///   has no certificate yet with which to begin a session.
    /// - Returns: what is still missing; nil when the proposal is in force.
    @discardableResult
    public func countersign(_ id: Int64, acceptance: String? = nil) throws -> String? {
        let missing = try sign(id, acceptance)
        wrapPageKey()
        return missing
    }

    private func sign(_ id: Int64, _ acceptance: String?) throws -> String? {
        try write("user.countersign") { writer, details in
            details.fields["proposal"] = String(id)
            let chain = try proposalChain(id, writer.db)
            details.fields["user"] = chain.user
            guard chain.isOpen else {
                throw ArchiveError(.stateForbids, "the proposal is in force already, or was overtaken by another")
            }
            guard chain.user != user else { throw ArchiveError(.recusal, "nobody signs for himself") }
            var note = chain.note
            if !note.isSigned(by: ownSigner.verifier) { note = try note.adding(ownSigner) }
            if let certificate = chain.certificate {
                guard role.isAdministrator || role == certificate.role else {
                    throw ArchiveError(
                        .roleRefuses, "a \(role.rawValue) does not sign for a \(certificate.role.rawValue)")
                }
                let rules = CertificateRules(archive: archive, writer.db)
                if let acceptance, let signature = try rules.accepted(acceptance, certificate, note) {
                    note = try note.adding(signature)
                }
                try demandOnlyUser(of: certificate, writer.db)
                if let missing = try rules.missing(certificate, note, isCeremony: false) {
                    _ = try writer.insertProposal(kind: "certificate", note: note.bytes)
                    return missing
                }
                try writer.insertCertificate(user: certificate.user, serial: certificate.serial, note: note.bytes)
                try wrapLogKey(to: certificate, writer)
                return nil
            }
            guard let grant = chain.grant else { throw ArchiveError(.integrity, "the proposal has another form") }
            try demandAct(.countersign)
            guard try archive.certificate(of: grant.user, writer.db)?.serial == grant.serial else {
                throw ArchiveError(
                    .changedSinceRead, "the certificate of \(grant.user) was replaced; propose the grant again")
            }
            // Who proposed it may have left, or have new keys: a grant that nobody signed who serves would be a damaged one.
            let signers = try CertificateRules(archive: archive, writer.db).signers(of: note)
            guard
                signers.contains(where: {
                    $0.user != grant.user && archive.policy.readableCategories($0.role).contains(grant.place.category)
                })
            else {
                throw ArchiveError(
                    .changedSinceRead, "whoever proposed the grant serves no more; propose the grant again")
            }
            try writer.insertWrap(
                of: grant.key, byUser: grant.user, releasedWrap(grant, proposal: chain.id, writer.db))
            try writer.insertGrant(user: grant.user, place: grant.place, note: note.bytes)
            return nil
        }
    }

    /// One user per officer (design §5): else his own file would be closed to one of them only.
    private func demandOnlyUser(of certificate: Certificate, _ db: Database) throws {
        guard let officer = certificate.officer else { return }
        let others = try archive.certificates(db).filter { $0.user != certificate.user && $0.officer == officer }
        guard others.isEmpty else {
            throw ArchiveError(
                .invalidEntry, "the officer is the user \(others[0].user) already", subject: OfficerID(officer).text)
        }
    }

    private func wrapLogKey(to certificate: Certificate, _ writer: BatchWriter) throws {
        guard let id = try Int64.fetchOne(writer.db, sql: "SELECT id FROM key WHERE kind = 'log' ORDER BY epoch DESC")
        else {
            throw ArchiveError(.integrity, "the archive has no ledger key")
        }
        let wrapped = try PersonWrap.wrap(
            logKey.rawSecret(), to: certificate.agreementKey,
            context: KeyGraph.userContext(
                archiveID: archive.header.archiveID, user: certificate.user, key: id, purpose: KeyKind.log.rawValue))
        try writer.insertWrap(of: id, byUser: certificate.user, wrapped)
    }

    // MARK: Grants

    /// Proposes a grant of a category in a unit subtree; the security administrator's signature puts it in force.
    @discardableResult
    public func proposeGrant(
        user grantee: String, category: ProbityRecords.Category, unit: String, until: CivilDate? = nil
    ) throws -> Int64 {
        try write("access.grant") { writer, details in
            details.fields["user"] = grantee
            details.fields["category"] = category.rawValue
            details.fields["unit"] = unit
            try demandRead(category)
            guard grantee != user else { throw ArchiveError(.recusal, "nobody proposes a grant to himself") }
            guard let certificate = try archive.certificate(of: grantee, writer.db) else {
                throw ArchiveError(.notVisible, "there is no user \(grantee)", subject: grantee)
            }
            guard archive.policy.readableCategories(certificate.role).contains(category) else {
                throw ArchiveError(
                    .roleRefuses, "the role \(certificate.role.rawValue) may not hold \(category.rawValue)",
                    subject: "roleDoesNotRead")
            }
            guard !(category.isSealed || category == .audit) || unit == rootUnit else {
                throw ArchiveError(
                    .invalidEntry, "\(category.rawValue) has one node for the whole bureau", subject: rootUnit)
            }
            let place = NodePlace(category: category, unit: unit)
            let node = try graph.node(at: place, in: writer)
            let wrap = try graph.wrap(node, to: certificate)
            let grant = Grant(
                to: certificate, place: place, key: node.keyID, wrap: wrap, notBefore: archive.now.date,
                notAfter: until)
            guard let security = try archive.certificates(writer.db).last(where: { $0.role == .secadmin }) else {
                throw ArchiveError(.integrity, "the archive has no security administrator")
            }
            // The wrap opens the node at once, so it waits sealed to the person whose signature releases it. To him it is
            // one more closed envelope: inside is a wrap to the grantee.
            let release = try PersonWrap.wrap(
                SecretBytes(copying: wrap), to: security.agreementKey,
                context: releaseContext(grant, to: security.user))
            return try writer.insertProposal(
                kind: "grant",
                note: SignedNote(text: grant.text(archiveID: archive.header.archiveID), signers: [ownSigner]).bytes,
                release: release)
        }
    }

    private func releaseContext(_ grant: Grant, to security: String) -> [UInt8] {
        KeyGraph.context(
            archiveID: archive.header.archiveID, from: "wrap:\(grant.wrapDigest)", to: "user:\(security)",
            purpose: "release")
    }

    /// The wrap that the proposal of `grant` holds back; only the security administrator to whom it is sealed opens it.
    private func releasedWrap(_ grant: Grant, proposal: Int64, _ db: Database) throws -> [UInt8] {
        guard
            let sealed = try Data.fetchOne(db, sql: "SELECT release FROM proposal WHERE id = ?", arguments: [proposal])
        else { throw ArchiveError(.integrity, "proposal \(proposal) holds no wrap") }
        let wrap: [UInt8]
        do throws(CryptoError) {
            wrap = try PersonWrap.unwrap(
                [UInt8](sealed), with: identity.agreementKey, context: releaseContext(grant, to: user)
            ).revealed()
        } catch {
            throw ArchiveError(
                .stateForbids, "the proposal was made for another security administrator; propose the grant again")
        }
        guard SHA256Digest.hash(wrap) == grant.wrapDigest else {
            throw ArchiveError(.integrity, "proposal \(proposal) holds another wrap than the one that was signed")
        }
        return wrap
    }

    /// The grants of those who serve, signatures checked; one ends with the certificate that it was made to.
    public func grantEntries(of user: String? = nil) throws -> [GrantEntry] {
        try look("access.list") { _, _ in
        } reveal: { db, _ in
            let rules = CertificateRules(archive: archive, db)
            let serials = try archive.serialsInForce(db)
            return try Row.fetchAll(
                db, sql: "SELECT user, category, unit, note, batch FROM accessGrant ORDER BY user, category, unit"
            ).compactMap { row in
                let grant = try rules.verifiedGrant(row)
                guard user == nil || user == grant.user, serials[grant.user] == grant.serial else { return nil }
                return GrantEntry(
                    user: grant.user, category: grant.place.category, unit: grant.place.unit,
                    notBefore: grant.notBefore, notAfter: grant.notAfter)
            }
        }
    }

    /// Why the user may or may not do something in a category: the matrix, and his grants there.
    public func explain(_ act: AccessAct, _ category: ProbityRecords.Category, kind: String?) throws
        -> (decision: Decision, grants: [GrantEntry])
    {
        try look("access.explain") { _, details in
            details.fields["query"] = "\(act.rawValue) \(category.rawValue)"
        } reveal: { _, _ in
            (
                archive.policy.decide(role: role, act: act, category: category, kind: kind),
                grants.filter { $0.place.category == category }.map {
                    GrantEntry(
                        user: $0.user, category: $0.place.category, unit: $0.place.unit, notBefore: $0.notBefore,
                        notAfter: $0.notAfter)
                }
            )
        }
    }

    // MARK: Units

    /// Adds units, parents before children or in any order; all or none.
    public func addUnits(_ units: [Unit]) throws {
        try write("unit.add") { writer, details in
            try demandAct(.configure)
            details.fields["count"] = String(units.count)
            var known = Set(try String.fetchAll(writer.db, sql: "SELECT id FROM unit"))
            var waiting = units
            while !waiting.isEmpty {
                let ready = waiting.filter { $0.parent.map(known.contains) ?? false }
                guard !ready.isEmpty else {
                    throw ArchiveError(.invalidEntry, "a unit's parent is not there", subject: waiting[0].id)
                }
                for unit in ready {
                    guard known.insert(unit.id).inserted else {
                        throw ArchiveError(.invalidEntry, "a unit of this identifier is there", subject: unit.id)
                    }
                    try writer.insertUnit(unit)
                }
                let done = Set(ready.map(\.id))
                waiting.removeAll { done.contains($0.id) && ready.contains($0) }
            }
        }
    }

    public func listUnits() throws -> [Unit] {
        try look("unit.list") { _, _ in
        } reveal: { db, _ in
            try archive.units(db)
        }
    }
}

extension Session {
    /// Encrypts the user's key files under another passphrase. That locks nobody out who kept a copy of the old files.
    public func changePassphrase(_ passphrase: borrowing SecretBytes) throws {
        // The leaf comes first: a file that is changed without its line would be an act nobody knows of.
        try look("key.passwd") { _, _ in
        } reveal: { _, _ in
        }
        try identity.save(in: archive.keysFolder, passphrase: passphrase, replacing: true)
    }
}
