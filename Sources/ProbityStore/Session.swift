import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
public import ProbityRecords

/// Why somebody reads (用途): a code of the list `purpose` and a reason in words.
public struct Purpose: Sendable, Equatable {
    public let code: String
    public let reason: String

    public init(code: String, reason: String) {
        self.code = code
        self.reason = reason
    }

    /// Reads `CODE` or `CODE:text`.
    public init(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        self.code = String(parts[0])
        self.reason = parts.count > 1 ? String(parts[1]) : ""
    }
}

/// An unlocked user at work on an archive. All acts are methods of this type; see Archive.swift for their order.
public final class Session {
    public let archive: Archive
    public let certificate: Certificate
    /// The purpose that reading acts of the session state, unless one is given.
    public var purpose: Purpose?
    /// The date of a rule's question (`--on`); nil takes the ledger's. It never moves ledger time or the end of a grant.
    public var questionDate: CivilDate?
    /// Whether the user has confirmed that a clock more than a day ahead of the last leaf is right.
    public var clockIsConfirmed = false

    /// What did not go as it should beside an act that was done.
    public private(set) var warnings: [String] = []

    let identity: Identity
    let graph: KeyGraph
    let rootUnit: String
    let memory: HeadMemory?
    /// Places whose nodes the user holds by a grant.
    let grants: [Grant]
    let logKey: Ed25519SigningKey
    /// Officers by number, as imports of this session found them: looking one up costs a keyed hash for every unit.
    var importedOfficers = BoundedCache<String, Int64>(capacity: 65_536)
    /// Who made the rows of a batch and when, remembered: it never changes.
    var lines: [Int64: Provenance] = [:]
    /// Opened intake keys of the auditors' node, by key row.
    var intakeKeys: [Int64: X25519PrivateKey] = [:]
    /// Units whose roster the user opens; forgotten at each act, because others make nodes.
    var rosterUnits: [String]?

    public var user: String { identity.user }
    public var role: Role { certificate.role }
    var catalogue: KindCatalogue { archive.catalogue }
    var today: CivilDate { questionDate ?? archive.now.date }

    /// Begins work as the owner of `identity`.
    ///
    /// - Parameter stateFolder: where this user's side remembers the last head it saw; nil remembers nothing.
    /// - Throws: ``ArchiveError`` `wrongPassphrase` where the keys are not the certified ones; `incomplete` or `integrity`
    ///   where the archive is older than, or another than, the remembered head.
    public init(_ archive: Archive, identity: Identity, stateFolder: String? = nil) throws {
        self.archive = archive
        self.identity = identity
        let memory = try stateFolder.map { try HeadMemory(folder: $0, archiveID: archive.header.archiveID) }
        self.memory = memory
        struct Opening {
            let certificate: Certificate
            let rootUnit: String
            let grants: [Grant]
            let logWraps: [(Int64, [UInt8])]
        }
        let opening = try archive.snapshot { db -> Opening in
            // Somebody else may have made the file. It costs seconds on a large archive, so once for each file.
            if let memory, try !memory.hasSeen(PageStore.fileID(db)) { try ArchiveDatabase.demandSoundPages(db) }
            guard let certificate = try archive.certificate(of: identity.user, db),
                certificate.signingKey == identity.signingKey.publicKey,
                certificate.agreementKey == identity.agreementKey.publicKey
            else {
                throw ArchiveError(.wrongPassphrase, "these keys are not the certified keys of a user of the archive")
            }
            try memory?.compare(archive.header, db)
            // The header names the key that checkpoints are signed with and the one on paper: it is not believed unread.
            _ = try archive.vouchedLeaf(ofBatch: archive.ceremonyBatch(db), db)
            let today = archive.now.date
            let rules = CertificateRules(archive: archive, db)
            // A grant to keys that the user had before opens nothing: his new certificate needs new ones.
            let grants = try Row.fetchAll(
                db, sql: "SELECT user, category, unit, note, batch FROM accessGrant WHERE user = ? ORDER BY id",
                arguments: [identity.user]
            ).map(rules.verifiedGrant).filter { $0.serial == certificate.serial }
            let wraps = try Row.fetchAll(
                db,
                sql: """
                    SELECT wrap.key AS key, wrap.wrapped AS wrapped FROM wrap JOIN key ON key.id = wrap.key
                    WHERE key.kind = 'log' AND wrap.byUser = ? ORDER BY key.epoch DESC, wrap.id DESC
                    """, arguments: [identity.user]
            ).map { row in (row["key"] as Int64, [UInt8](row["wrapped"] as Data)) }
            return Opening(
                certificate: certificate, rootUnit: try archive.rootUnit(db),
                grants: grants.filter { $0.isInForce(on: today) },
                logWraps: wraps)
        }
        self.certificate = opening.certificate
        self.rootUnit = opening.rootUnit
        self.grants = opening.grants
        guard let (key, wrapped) = opening.logWraps.first else {
            throw ArchiveError(.integrity, "the ledger's key is not wrapped to \(identity.user)")
        }
        let seed = try Session.opening("the ledger's key") {
            try PersonWrap.unwrap(
                wrapped, with: identity.agreementKey,
                context: KeyGraph.userContext(
                    archiveID: archive.header.archiveID, user: identity.user, key: key, purpose: KeyKind.log.rawValue))
        }
        let logKey = try Ed25519SigningKey(seed: seed)
        guard logKey.publicKey == archive.header.logKey else {
            throw ArchiveError(.integrity, "the ledger's key is not the archive's")
        }
        self.logKey = logKey
        self.graph = KeyGraph(header: archive.header, rootUnit: opening.rootUnit, identity: identity)
        graph.admit(opening.grants)
        rememberFile(archive.pageKey.file.fileID)
        wrapPageKey()
    }

    /// Opens the archive to whoever was certified since, and closes it to whoever left. What is left undone, the next
    /// session does.
    func wrapPageKey() {
        do {
            try archive.wrapPageKey()
        } catch {
            warnings.append("the page key is not wrapped to exactly the users in force: \(error)")
        }
    }

    /// Turns a failed decryption of something in the archive into the archive's error: the bytes there are not ours.
    static func opening<T: ~Copyable>(_ what: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as CryptoError {
            throw ArchiveError(
                error.code == .unsupported ? .unsupported : .integrity, "\(what) does not open: \(error.reason)")
        }
    }

    // MARK: Acts

    /// An act that writes: one transaction from policy to checkpoint.
    func write<T>(_ act: String, _ body: (BatchWriter, inout ActDetails) throws -> T) throws -> T {
        try writeToHead(act, body).value
    }

    /// As above, with the ledger's head after the act.
    func writeToHead<T>(_ act: String, _ body: (BatchWriter, inout ActDetails) throws -> T) throws -> (
        value: T, head: LedgerHead
    ) {
        var details = ActDetails()
        rosterUnits = nil
        do {
            let (value, head) = try exclusively(act) { db -> (T, LedgerHead) in
                try archive.sweep(db)
                let writer = try BatchWriter(db)
                let value = try body(writer, &details)
                return (value, try append(act, outcome: "done", details, batch: writer.batch, reads: nil, db))
            }
            remember(head)
            return (value, head)
        } catch {
            graph.forget()
            try recordRefusal(of: act, error, details)
            throw error
        }
    }

    /// An act that reads: `prepare` decides policy on the snapshot and says what is read; the leaf is committed; only
    /// then `reveal` decrypts for the caller.
    func look<T, Plan>(
        _ act: String, prepare: (Database, inout ActDetails) throws -> Plan, reveal: (Database, Plan) throws -> T
    ) throws -> T {
        var details = ActDetails()
        rosterUnits = nil
        do {
            return try archive.snapshot { db in
                let plan = try prepare(db, &details)
                try record(act, outcome: "done", details, reads: LedgerTable.size(db))
                return try reveal(db, plan)
            }
        } catch {
            try recordRefusal(of: act, error, details)
            throw error
        }
    }

    /// The leaf of nodes and dossiers that an import made at first use.
    func appendStructure(_ writer: BatchWriter) throws {
        _ = try append("dossier.open", outcome: "done", ActDetails(), batch: writer.batch, reads: nil, writer.db)
    }

    /// Makes the rows of an import visible, with one leaf.
    func publishBatch(_ batch: Int64, kind: String, count: Int) throws {
        let details = ActDetails(["kind": kind, "count": String(count)])
        let head = try exclusively("import") { db -> LedgerHead in
            try db.execute(sql: "DELETE FROM openBatch WHERE id = ?", arguments: [batch])
            return try append("import", outcome: "done", details, batch: batch, reads: nil, db)
        }
        remember(head)
    }

    /// Writes the leaf of an act that changes nothing.
    private func record(_ act: String, outcome: String, _ details: ActDetails, reads: UInt64?) throws {
        let head = try exclusively(act) { db in
            try append(act, outcome: outcome, details, batch: nil, reads: reads, db)
        }
        remember(head)
    }

    /// The act is done and durable when its head is remembered: a failure here is told, not thrown.
    func remember(_ head: LedgerHead) {
        do {
            try memory?.remember(head, archive.header)
        } catch {
            warnings.append("the newest ledger head cannot be remembered: \(error.localizedDescription)")
        }
    }

    /// A file that is not remembered is examined again.
    func rememberFile(_ fileID: String) {
        do {
            try memory?.remember(file: fileID)
        } catch {
            warnings.append("the database file cannot be remembered: \(error.localizedDescription)")
        }
    }

    func recordRefusal(of act: String, _ error: any Error, _ details: ActDetails) throws {
        guard let refusal = error as? ArchiveError, refusal.isRefusal else { return }
        try record(act, outcome: "refused:\(refusal.code.rawValue)", details, reads: nil)
    }

    /// Runs `body` as the only writer, for a user who serves at that moment.
    ///
    /// Every transaction in which the user signs a line begins here: a certificate that was replaced or ended after the
    /// session began ends the session, and one between two transactions of a long act ends that.
    func exclusively<T>(_ act: String, _ body: (Database) throws -> T) throws -> T {
        try archive.exclusively("\(user) \(act)") { db in
            let serial = try Int64.fetchOne(
                db, sql: "SELECT MAX(serial) FROM certificate WHERE user = ?", arguments: [user])
            guard serial == certificate.serial else {
                throw ArchiveError(
                    .changedSinceRead, "the certificate of \(user) was replaced or has ended; begin again")
            }
            return try body(db)
        }
    }

    /// Appends the leaf of an act; the caller's transaction holds what the act did.
    private func append(
        _ act: String, outcome: String, _ details: ActDetails, batch: Int64?, reads: UInt64?, _ db: Database
    ) throws -> LedgerHead {
        try LedgerWriter(archive: archive, actor: identity, logKey: logKey, clockIsConfirmed: clockIsConfirmed).append(
            act, outcome: outcome, details, batch: batch, reads: reads, db)
    }

    // MARK: Policy

    /// Throws the refusal of `decision` as the archive's error.
    func demand(_ decision: Decision, _ what: String) throws {
        guard case .refuse(let refusal) = decision else { return }
        let code: ArchiveError.Code
        switch refusal {
        case .ownFile, .relative: code = .recusal
        case .neverExported: code = .reporterIdentity
        default: code = .roleRefuses
        }
        throw ArchiveError(code, "\(role.rawValue): \(what): \(refusal.rawValue)", subject: refusal.rawValue)
    }

    func demandRead(_ category: ProbityRecords.Category) throws {
        try demand(archive.policy.decide(role: role, act: .read, category: category), category.rawValue)
    }

    func demandAct(_ act: AccessAct) throws {
        try demand(archive.policy.decide(role: role, act: act), act.rawValue)
    }

    /// Nobody reads or handles his own file (回避).
    func demandNoRecusal(_ officer: Int64) throws {
        let own = certificate.officer.map { OfficerID($0).text }
        try demand(
            archive.policy.recusal(
                role: role, user: own, subjects: [OfficerID(officer).text], relatives: []), "recusal")
    }

    /// The purpose of reading somebody's file: stated, and one that the role may have.
    func demandPurpose(_ details: inout ActDetails) throws {
        guard let purpose else { throw ArchiveError(.purposeMissing, "reading another person's file needs a purpose") }
        details.fields["purpose"] = purpose.code
        if !purpose.reason.isEmpty { details.fields["reason"] = purpose.reason }
        guard archive.policy.purposes(role).contains(purpose.code) else {
            throw ArchiveError(
                .purposeMissing, "the purpose \(purpose.code) is not one of the role \(role.rawValue)",
                subject: archive.policy.purposes(role).joined(separator: ", "))
        }
    }
}

/// The last head that this user's side saw: what reveals a ledger that was cut or rolled back (design §6). And the last
/// database file, by its id, whose pages it found sound.
struct HeadMemory {
    private let path: String
    private let filePath: String

    init(folder: String, archiveID: String) throws {
        if !Files.exists(folder) {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        path = "\(folder)/\(archiveID).head"
        filePath = "\(folder)/\(archiveID).file"
    }

    func hasSeen(_ fileID: String) throws -> Bool {
        try Files.exists(filePath) && Files.read(filePath) == Array((fileID + "\n").utf8)
    }

    func remember(file fileID: String) throws {
        guard try !hasSeen(fileID) else { return }
        try Data((fileID + "\n").utf8).write(to: URL(filePath: filePath), options: .atomic)
    }

    /// - Throws: ``ArchiveError`` `incomplete` where the archive is older than the remembered head or another ledger.
    func compare(_ header: ArchiveHeader, _ db: Database) throws {
        guard let remembered = try head() else { return }
        let size = try LedgerTable.size(db)
        guard remembered.origin == header.names.ledger, size >= remembered.size else {
            throw ArchiveError(
                .incomplete,
                "the archive's ledger has \(size) lines; this user's side has seen \(remembered.size)", subject: path)
        }
        guard try LedgerTable.root(remembered.size, db) == remembered.root else {
            throw ArchiveError(
                .incomplete, "the archive's ledger is not the one that this user's side has seen", subject: path)
        }
    }

    /// What is remembered; nil where nothing is.
    func head() throws -> Checkpoint? {
        guard Files.exists(path) else { return nil }
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        do throws(LedgerError) {
            return try Checkpoint(parsing: text)
        } catch {
            throw ArchiveError(.incomplete, "the remembered head cannot be read: \(error.reason)", subject: path)
        }
    }

    /// Not synced: a head that a power cut takes back is an older head, which is still true.
    func remember(_ head: LedgerHead, _ header: ArchiveHeader) throws {
        let text = Checkpoint(origin: header.names.ledger, size: head.size, root: head.root).text
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }
}
