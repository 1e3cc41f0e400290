import Foundation
import GRDB
public import ProbityCrypto
import ProbityLedger
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

    /// Everything that is wrong with the plan, as codes of the message catalogue with the thing concerned.
    public func problems() throws -> [(code: String, subject: String)] {
        var problems: [(code: String, subject: String)] = []
        let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789-.")
        if bureauID.isEmpty || bureauID.count > 40 || !bureauID.allSatisfy(allowed.contains) {
            problems.append(("ceremony.bureauId", bureauID))
        }
        guard let root = units.first, root.parent == nil else { return problems + [("ceremony.rootUnit", "")] }
        let unitIDs = Set(units.map(\.id))
        if unitIDs.count != units.count { problems.append(("ceremony.unitRepeated", "")) }
        for unit in units.dropFirst() where !(unit.parent.map(unitIDs.contains) ?? false) {
            problems.append(("ceremony.unitParent", unit.id))
        }
        for role in [Role.sysadmin, .secadmin, .auditor] where members.filter({ $0.role == role }).count != 1 {
            problems.append(("ceremony.administrator", role.rawValue))
        }
        let policy = try AccessPolicy.standard()
        var names: Set<String> = []
        for member in members {
            if !UserID.isValid(member.user) { problems.append(("ceremony.userName", member.user)) }
            if !names.insert(member.user).inserted { problems.append(("ceremony.userRepeated", member.user)) }
            if !unitIDs.contains(member.unit) { problems.append(("ceremony.userUnit", member.user)) }
            for category in member.grants where !policy.readableCategories(member.role).contains(category) {
                problems.append(("ceremony.grant", "\(member.user): \(category.rawValue)"))
            }
            for category in member.grants where (category.isSealed || category == .audit) && member.unit != root.id {
                problems.append(("ceremony.grantScope", "\(member.user): \(category.rawValue)"))
            }
        }
        // reporter has no node: its keys go to two inspectors for each identity (crypto.md §2), not to a holder.
        for category in ProbityRecords.Category.allCases where category != .reporter {
            if !members.contains(where: { $0.unit == root.id && $0.grants.contains(category) }) {
                problems.append(("ceremony.noHolder", category.rawValue))
            }
        }
        return problems
    }
}

extension Archive {
    /// Makes an archive in the folder `path`: its database, the users' key files in `Keys/`, and the ledger's first leaf.
    ///
    /// Everything is made in a folder beside and renamed into place, so a failure leaves nothing.
    /// - Parameter passphrases: of every member, by user.
    /// - Throws: ``ArchiveError`` `alreadyExists`, `invalidEntry` (the subject names the problem), `inputOutput`.
    public static func create(
        at path: String, ceremony: Ceremony, passphrase: (String) throws -> SecretBytes, clock: ArchiveClock = .system
    ) throws {
        if let problem = try ceremony.problems().first {
            throw ArchiveError(.invalidEntry, "the ceremony is not complete: \(problem.code)", subject: problem.subject)
        }
        guard !Files.exists(path) else {
            throw ArchiveError(.alreadyExists, "something is at this path", subject: path)
        }
        let work = path + ".making-\(getpid())"
        try Files.makeFolder(work)
        do {
            try Files.makeFolder(work + "/Keys")
            let identities = try makeIdentities(ceremony, folder: work + "/Keys", passphrase)
            try found(at: work, ceremony, identities, clock)
            guard unsafe rename(work, path) == 0 else { throw Files.failure("make", path) }
            try Files.syncFolder(of: path)
        } catch {
            // Nothing of a half-made archive stays; its keys open nothing.
            do { try FileManager.default.removeItem(atPath: work) } catch {
                throw ArchiveError(.inputOutput, "a half-made archive cannot be removed", subject: work)
            }
            throw error
        }
    }

    private static func makeIdentities(
        _ ceremony: Ceremony, folder: String, _ passphrase: (String) throws -> SecretBytes
    ) throws -> [String: Identity] {
        var identities: [String: Identity] = [:]
        for member in ceremony.members {
            let identity = try Identity.generate(user: member.user)
            try identity.save(in: folder, passphrase: passphrase(member.user))
            identities[member.user] = identity
        }
        return identities
    }

    /// Makes the database, the first leaf and `Keys/log.vkey` in the folder `work`, for identities that exist.
    static func found(
        at work: String, _ ceremony: Ceremony, _ identities: [String: Identity], _ clock: ArchiveClock
    ) throws {
        let logKey = try Ed25519SigningKey()
        let header = ArchiveHeader(
            archiveID: Hex.text(RandomBytes.bytes(16)), bureauID: ceremony.bureauID, name: ceremony.name,
            recoveryKey: ceremony.recoveryKey, logKey: logKey.publicKey)
        let database = work + "/archive.db"
        let secret = SecretBytes(randomByteCount: PageStore.keyByteCount)
        try Files.makeFolder(PageKeyFile.folder(work))
        try PageStore.addKey(secret, for: database)
        let pool = try ArchiveDatabase.create(database)
        let pageKeyFile = try PageKeyFile(
            archiveID: header.archiveID, fileID: pool.writeWithoutTransaction { try PageStore.fileID($0) },
            generation: 1, key: secret, recoveryKey: ceremony.recoveryKey)
        let archive = try Archive(
            path: work, header: header, pool: pool, pageKey: PageKey(secret, pageKeyFile), use: nil, clock: clock,
            lockWaitSeconds: 5)
        let today = archive.now.date
        let root = ceremony.units[0]
        let administrators = ceremony.members.filter(\.role.isAdministrator)
        guard let security = administrators.first(where: { $0.role == .secadmin }).flatMap({ identities[$0.user] })
        else {
            throw ArchiveError(.invalidEntry, "the ceremony has no security administrator")
        }
        func signer(_ identity: Identity) -> NoteSigner {
            NoteSigner(name: header.names.user(identity.user), key: identity.signingKey)
        }
        let adminSigners = administrators.compactMap { identities[$0.user] }.map(signer)

        try archive.exclusively("ceremony") { db in
            let writer = try BatchWriter(db)
            try writer.insertArchive(header)
            for unit in ceremony.units { try writer.insertUnit(unit) }
            let logID = try writer.insertKey(.log, category: "", unit: root.id, publicKey: nil)
            var certificates: [String: Certificate] = [:]
            for member in ceremony.members {
                guard let identity = identities[member.user] else { continue }
                let certificate = Certificate(
                    user: member.user, serial: 1, role: member.role, unit: member.unit, officer: nil,
                    signingKey: identity.signingKey.publicKey, agreementKey: identity.agreementKey.publicKey,
                    validFrom: today)
                certificates[member.user] = certificate
                let own = signer(identity)
                let note = try SignedNote(
                    text: certificate.text(archiveID: header.archiveID),
                    signers: [own] + adminSigners.filter { $0.name != own.name })
                try writer.insertCertificate(user: member.user, serial: 1, note: note.bytes)
                try writer.insertWrap(
                    of: logID, byUser: member.user,
                    PersonWrap.wrap(
                        logKey.rawSecret(), to: certificate.agreementKey,
                        context: KeyGraph.userContext(
                            archiveID: header.archiveID, user: member.user, key: logID, purpose: KeyKind.log.rawValue)))
            }
            // The founding holders' session makes the nodes: the security administrator's keys only sign.
            let graph = KeyGraph(header: header, rootUnit: root.id, identity: security)
            var detailsKey: (id: Int64, key: X25519PublicKey)?
            for category in ProbityRecords.Category.allCases where category != .reporter {
                let made = try graph.makeNode(at: NodePlace(category: category, unit: root.id), below: nil, in: writer)
                if category == .audit { detailsKey = made.intake }
            }
            for member in ceremony.members {
                guard let certificate = certificates[member.user] else { continue }
                for category in member.grants {
                    let place = NodePlace(category: category, unit: member.unit)
                    let node = try graph.node(at: place, in: writer)
                    let wrap = try graph.wrap(node, to: certificate)
                    try writer.insertWrap(of: node.keyID, byUser: member.user, wrap)
                    let grant = Grant(
                        to: certificate, place: place, key: node.keyID, wrap: wrap, notBefore: today, notAfter: nil)
                    let note = try SignedNote(text: grant.text(archiveID: header.archiveID), signers: adminSigners)
                    try writer.insertGrant(user: member.user, place: place, note: note.bytes)
                }
            }
            let details = ActDetails([
                "bureau": ceremony.name, "users": ceremony.members.map(\.user).joined(separator: " "),
            ])
            guard let detailsKey else { throw ArchiveError(.integrity, "the ceremony made no key for the auditors") }
            _ = try LedgerWriter(
                archive: archive, actor: security, logKey: logKey, clockIsConfirmed: true,
                foundingDetailsKey: detailsKey
            ).append("archive.init", outcome: "done", details, batch: writer.batch, reads: nil, db)
        }
        try archive.wrapPageKey()
        try pool.close()
        PageStore.removeKey(of: database)
        // SQLite makes the file readable for others and not writable for the group; the group is who works here.
        try Files.setMode(work + "/archive.db", 0o660)
        try Files.write(
            Array((NoteVerifier(name: header.names.ledger, key: logKey.publicKey).vkey + "\n").utf8),
            to: work + "/Keys/log.vkey", mode: 0o640)
    }
}
