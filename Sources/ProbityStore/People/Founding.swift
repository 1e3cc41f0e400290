public import ProbityCrypto
import ProbityLedger
import ProbityRecords

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
        try Files.makeWhole(path, "archive") { work in
            try Files.makeFolder(keysFolder(work))
            let identities = try makeIdentities(ceremony, folder: keysFolder(work), passphrase)
            // Nothing of a half-made archive stays; its keys open nothing.
            try found(at: work, ceremony, identities, clock)
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
        let database = Engine.file(in: work)
        let secret = SecretBytes(randomByteCount: PageStore.keyByteCount)
        try Files.makeFolder(PageKeyFile.folder(work))
        try PageStore.addKey(secret, for: database)
        let engine = try Engine.create(in: work)
        let pageKeyFile = try PageKeyFile(
            archiveID: header.archiveID, fileID: engine.fileID(), generation: 1, key: secret,
            recoveryKey: ceremony.recoveryKey)
        let archive = try Archive(
            path: work, header: header, engine: engine, pageKey: PageKey(secret, pageKeyFile), use: nil, clock: clock,
            lockWaitSeconds: 5)
        let founding = try Founding(archive, ceremony, identities, logKey)
        try archive.transact("ceremony") { db in try founding.fill(RowWriter(db)) }
        try archive.wrapPageKey()
        try engine.close()
        PageStore.removeKey(of: database)
        // SQLite makes the file readable for others and not writable for the group; the group is who works here.
        try Files.setMode(database, 0o660)
        try Files.write(
            Array((NoteVerifier(name: header.names.ledger, key: logKey.publicKey).vkey + "\n").utf8),
            to: keysFolder(work) + "/log.vkey", mode: 0o640)
    }
}

/// The rows of the ceremony: what later acts lead back to.
private struct Founding {
    let archive: Archive
    let ceremony: Ceremony
    let identities: [String: Identity]
    let logKey: Ed25519SigningKey
    /// The security administrator, who signs the first leaf.
    let security: Identity
    /// The administrators, who sign every first certificate and grant.
    let signers: [NoteSigner]

    init(
        _ archive: Archive, _ ceremony: Ceremony, _ identities: [String: Identity], _ logKey: Ed25519SigningKey
    ) throws {
        self.archive = archive
        self.ceremony = ceremony
        self.identities = identities
        self.logKey = logKey
        let administrators = ceremony.members.filter(\.role.isAdministrator)
        guard let security = administrators.first(where: { $0.role == .secadmin }).flatMap({ identities[$0.user] })
        else { throw ArchiveError(.invalidEntry, "the ceremony has no security administrator") }
        self.security = security
        let names = archive.header.names
        signers = administrators.compactMap { identities[$0.user] }.map {
            NoteSigner(name: names.user($0.user), key: $0.signingKey)
        }
    }

    private var header: ArchiveHeader { archive.header }
    private var root: String { ceremony.units[0].id }

    func fill(_ writer: RowWriter) throws {
        try writer.insertArchive(header.row)
        for unit in ceremony.units { try writer.insertUnit(unit) }
        let certificates = try certify(writer)
        // The founding holders' session makes the nodes: the security administrator's keys only sign.
        let graph = KeyGraph(
            archive, rootUnit: root, identity: security, grants: .none(on: archive.now.date))
        var detailsKey: (id: Int64, key: X25519PublicKey)?
        for category in ProbityRecords.Category.allCases where category != .reporter {
            let made = try graph.makeNode(at: NodePlace(category: category, unit: root), below: nil, in: writer)
            if category == .audit { detailsKey = made.intake }
        }
        try grant(to: certificates, graph, writer)
        guard let detailsKey else { throw ArchiveError(.integrity, "the ceremony made no key for the auditors") }
        var details = ActDetails()
        details[.bureau] = ceremony.name
        details[.users] = ceremony.members.map(\.user).joined(separator: " ")
        _ = try LedgerWriter(
            archive: archive, actor: security, logKey: logKey, clockIsConfirmed: true, foundingDetailsKey: detailsKey
        ).append(.archiveInit, outcome: "done", details, rows: writer, writer.db)
    }

    /// The first certificates, and the ledger's key for each user.
    private func certify(_ writer: RowWriter) throws -> [String: Certificate] {
        let logID = try writer.insertKey(.log, category: "", unit: root, publicKey: nil)
        var certificates: [String: Certificate] = [:]
        for member in ceremony.members {
            guard let identity = identities[member.user] else { continue }
            let certificate = Certificate(
                user: member.user, serial: 1, role: member.role, unit: member.unit, officer: nil,
                signingKey: identity.signingKey.publicKey, agreementKey: identity.agreementKey.publicKey,
                validFrom: archive.now.date)
            certificates[member.user] = certificate
            let own = NoteSigner(name: header.names.user(member.user), key: identity.signingKey)
            let note = try SignedNote(
                text: certificate.text(archiveID: header.archiveID),
                signers: [own] + signers.filter { $0.name != own.name })
            try writer.insertCertificate(user: member.user, serial: 1, note: note.bytes)
            try writer.insertWrap(
                of: logID, byUser: member.user,
                PersonWrap.wrap(
                    logKey.rawSecret(), to: certificate.agreementKey,
                    context: KeyGraph.userContext(
                        archiveID: header.archiveID, user: member.user, to: "key:\(logID)", purpose: .log)))
        }
        return certificates
    }

    private func grant(to certificates: [String: Certificate], _ graph: KeyGraph, _ writer: RowWriter) throws {
        for member in ceremony.members {
            guard let certificate = certificates[member.user] else { continue }
            for category in member.grants {
                let place = NodePlace(category: category, unit: member.unit)
                let node = try graph.node(at: place, in: writer)
                let wrap = try graph.wrap(node, to: certificate)
                try writer.insertWrap(of: node.keyID, byUser: member.user, wrap)
                let grant = Grant(
                    to: certificate, place: place, key: node.keyID, wrap: wrap, notBefore: archive.now.date,
                    notAfter: nil)
                let note = try SignedNote(text: grant.text(archiveID: header.archiveID), signers: signers)
                try writer.insertGrant(user: member.user, place: place, note: note.bytes)
            }
        }
    }
}
