import ProbityCrypto
import ProbityLedger
import ProbityRecords

/// Whether a certificate or grant carries the signatures that it needs.
///
/// The ceremony's own rows (the batch of the archive's header) are signed by the user, the security administrator and
/// another administrator; the ledger's first leaf fixes them. Later ones need the persons listed in Certificate.swift.
/// A signature counts where its maker served when the row came into the ledger: by his newest row before it, which is a
/// certificate and no leave. What somebody signed while he served stays signed.
/// One object serves one snapshot: what it read it reads no second time.
final class Credentials {
    private let archive: Archive
    private let db: Connection
    /// What rows lack, by number; nil for one that was followed back to the ceremony.
    private var verdicts: [Int64: MissingCredential?] = [:]
    private var entries: [String: [Entry]] = [:]
    /// By row number: the highest ledger line of all rows up to it. A row that somebody planted may have a lower one than a
    /// row before it.
    private var lines: [(id: Int64, highest: Int64)]?
    private var grants: [Int64: Result<Grant, any Error>] = [:]
    /// Digests of the wraps to a user, by key.
    private var wraps: [String: [Int64: Set<SHA256Digest>]] = [:]
    private var ceremony: Int64?

    init(_ archive: Archive, _ db: Connection) {
        self.archive = archive
        self.db = db
    }

    private func ceremonyBatch() throws -> Int64 {
        if let ceremony { return ceremony }
        let batch = try ArchiveTable.ceremonyBatch(db)
        ceremony = batch
        return batch
    }

    /// Users whose valid signatures a note carries, with the certificate whose key made each.
    ///
    /// - Parameters:
    ///   - subject: a certificate whose own signature counts too.
    ///   - limit: only certificates with a smaller row number may have signed, so that no two can vouch for each other.
    ///   - isCeremony: the signers are those of the ceremony, who all sign one another; the ledger's first leaf fixes them.
    func signers(
        of note: SignedNote, subject: Certificate? = nil, before limit: Int64 = .max, isCeremony: Bool = false
    ) throws -> [Certificate] {
        var found: [Certificate] = []
        for signature in note.signatures {
            guard let user = archive.header.names.userID(signature.name) else { continue }
            var candidates =
                isCeremony ? try founding(user) : try [serving(user, before: limit)].compactMap { $0 }
            if let subject, subject.user == user, !candidates.contains(subject) { candidates.append(subject) }
            let match = candidates.last {
                note.isSigned(by: NoteVerifier(name: signature.name, key: $0.signingKey))
            }
            if let match { found.append(match) }
        }
        return found
    }

    /// As above, for a note whose signers served when ledger line `line` was written.
    func signers(of note: SignedNote, atLine line: Int64) throws -> [Certificate] {
        try signers(of: note, before: limit(atLine: line))
    }

    /// A row of `certificate` as it reads; whether it is believed is another question.
    private struct Entry {
        let id: Int64
        let isFounding: Bool
        let says: UserNote
        let note: SignedNote
    }

    /// The rows of a user, oldest first, read once.
    private func entries(_ user: String) throws -> [Entry] {
        if let known = entries[user] { return known }
        let read = try CertificateTable.rows(of: user, db).map(entry)
        entries[user] = read
        return read
    }

    /// A row as it reads.
    ///
    /// - Throws: ``ArchiveError`` `integrity` where the columns say what the signed note does not: the copy of an ended
    ///   certificate under a new number would be in force again.
    private func entry(_ row: CertificateRow) throws -> Entry {
        let note = try parsed(row.note)
        let says = try UserNote(text: note.text, archiveID: archive.header.archiveID)
        guard says.user == row.user, says.serial == row.serial else {
            throw ArchiveError(.integrity, "a certificate of \(says.user) stands under another name or number")
        }
        return Entry(id: row.id, isFounding: try row.batch == ceremonyBatch(), says: says, note: note)
    }

    private func founding(_ user: String) throws -> [Certificate] {
        try entries(user).compactMap { entry in
            guard entry.isFounding, case .certificate(let certificate) = entry.says else { return nil }
            return certificate
        }
    }

    /// The certificate by which `user` served before row `limit`; nil where he had none or had left.
    private func serving(_ user: String, before limit: Int64) throws -> Certificate? {
        let newest = try entries(user).last { try $0.id < limit && missing($0) == nil }
        guard let newest, case .certificate(let certificate) = newest.says else { return nil }
        return certificate
    }

    /// The certificate by which `user` served when ledger line `line` was written.
    func serving(_ user: String, atLine line: Int64) throws -> Certificate? {
        try serving(user, before: limit(atLine: line))
    }

    /// The certificates by which `user` served, each from a ledger line on; nil from the line of a leave on.
    func terms(of user: String) throws -> [(line: Int64, certificate: Certificate?)] {
        let lines = try lines ?? readLines()
        self.lines = lines
        let highest = Dictionary(lines.map { ($0.id, $0.highest) }) { $1 }
        return try entries(user).compactMap { entry in
            guard let line = highest[entry.id], try missing(entry) == nil else { return nil }
            guard case .certificate(let certificate) = entry.says else { return (line, nil) }
            return (line, certificate)
        }
    }

    /// Users who were certified as an officer, each from a ledger line on.
    func users(of officer: Int64) throws -> [(user: String, line: Int64)] {
        // Notes name him in clear: those of the others are not looked at.
        let named = Array(OfficerID(officer).text.utf8)
        let users = try CertificateTable.rowsByUser(db).filter { $0.note.firstRange(of: named) != nil }.map(\.user)
        return try Set(users).sorted().flatMap { user in
            try terms(of: user).filter { $0.certificate?.officer == officer }.map { (user: user, line: $0.line) }
        }
    }

    /// The number of the first row that came after ledger line `line`.
    private func limit(atLine line: Int64) throws -> Int64 {
        let lines = try lines ?? readLines()
        self.lines = lines
        // The first that is higher: they ascend.
        var (low, high) = (0, lines.count)
        while low < high {
            let middle = (low + high) / 2
            if lines[middle].highest > line { high = middle } else { low = middle + 1 }
        }
        return low < lines.count ? lines[low].id : .max
    }

    private func readLines() throws -> [(id: Int64, highest: Int64)] {
        var highest = Int64.min
        return try CertificateTable.lines(db).map { row in
            highest = max(highest, row.line)
            return (row.id, highest)
        }
    }

    /// What a row still lacks; nil for one that leads back to the ceremony.
    ///
    /// The recursion ends, because each step goes to smaller row numbers; what was found once is remembered.
    private func missing(_ entry: Entry) throws -> MissingCredential? {
        if let known = verdicts[entry.id] { return known }
        let lack: MissingCredential?
        switch entry.says {
        case .certificate(let certificate):
            lack = try missing(certificate, entry.note, before: entry.id, isCeremony: entry.isFounding)
        case .leave(let leave):
            lack = try missing(leave, entry.note, before: entry.id)
        }
        verdicts[entry.id] = .some(lack)
        return lack
    }

    /// What a leave lacks.
    private func missing(_ leave: Leave, _ note: SignedNote, before limit: Int64) throws -> MissingCredential? {
        guard let ended = try serving(leave.user, before: limit), ended.serial &+ 1 == leave.serial else {
            return .endedCertificate
        }
        let isSigned = try signers(of: note, before: limit).contains { $0.role == .secadmin && $0.user != leave.user }
        return isSigned ? nil : .security
    }

    /// Who a user is by his newest row, and since when he is no more, if he left; nil where there is no such user.
    ///
    /// - Throws: ``ArchiveError`` `integrity` where the row lacks a signature.
    func standing(of user: String) throws -> UserStanding? {
        guard let entry = try entries(user).last else { return nil }
        try demandSound(entry)
        switch entry.says {
        case .certificate(let certificate): return UserStanding(certificate: certificate, leftOn: nil)
        case .leave(let leave):
            return try serving(user, before: entry.id).map { UserStanding(certificate: $0, leftOn: leave.date) }
        }
    }

    private func demandSound(_ entry: Entry) throws {
        guard let lack = try missing(entry) else { return }
        throw ArchiveError(.integrity, "the certificate of \(entry.says.user) lacks \(lack)")
    }

    /// What a certificate still lacks; nil when it is complete.
    func missing(
        _ certificate: Certificate, _ note: SignedNote, before limit: Int64 = .max, isCeremony: Bool
    ) throws -> MissingCredential? {
        let signers = try signers(of: note, subject: certificate, before: limit, isCeremony: isCeremony)
        guard signers.contains(where: { $0.user == certificate.user && $0.signingKey == certificate.signingKey }) else {
            return .own
        }
        let others = signers.filter { $0.user != certificate.user }
        if isCeremony {
            let administrators = Set(others.filter(\.role.isAdministrator).map(\.user))
            return administrators.count >= 2 || (certificate.role.isAdministrator && administrators.count >= 1)
                ? nil : .administrators
        }
        let administrators = Set(others.filter(\.role.isAdministrator).map(\.user))
        let security = others.first { $0.role == .secadmin }
        // A security administrator is not certified by himself: two others stand in.
        guard security != nil || (certificate.role == .secadmin && administrators.count >= 2) else {
            return .security
        }
        if certificate.role.isContentRole, !others.contains(where: { $0.role == certificate.role }) {
            return .roleHolder
        }
        // Nobody beside the security administrator answers for the other roles: he alone would make puppets.
        if !certificate.role.isContentRole || certificate.officer == nil, administrators.count < 2 {
            return .secondAdministrator
        }
        return nil
    }

    /// Reads a row of `certificate` and checks its signatures.
    ///
    /// - Throws: ``ArchiveError`` `integrity`.
    func verified(_ row: CertificateRow) throws -> UserNote {
        let entry = try entry(row)
        try demandSound(entry)
        return entry.says
    }

    /// Reads a row of `accessGrant` and checks its signatures and that its wrap is the one in the archive.
    ///
    /// - Throws: ``ArchiveError`` `integrity`, also where the columns say what the signed note does not: the copy of another
    ///   user's grant would make its owner a holder.
    func verified(_ row: GrantRow) throws -> Grant {
        if let known = grants[row.id] { return try known.get() }
        let result = Result { try verify(row) }
        grants[row.id] = result
        return try result.get()
    }

    private func verify(_ row: GrantRow) throws -> Grant {
        let note = try parsed(row.note)
        let grant = try Grant(text: note.text, archiveID: archive.header.archiveID)
        guard grant.user == row.user, grant.place.category.rawValue == row.category, grant.place.unit == row.unit
        else {
            throw ArchiveError(
                .integrity,
                "a grant of \(grant.place.category.rawValue) to \(grant.user) stands under another name or place")
        }
        let isCeremony = try row.batch == ceremonyBatch()
        // Nobody's own signature counts for what he is given.
        let line = try LeafTable.line(ofBatch: row.batch, db)
        let signers =
            isCeremony
            ? try signers(of: note, isCeremony: true)
            : try signers(of: note, atLine: line ?? .max).filter { $0.user != grant.user }
        let security = signers.contains { $0.role == .secadmin }
        let second = signers.contains { signer in
            isCeremony
                ? signer.role.isAdministrator && signer.role != .secadmin
                : archive.policy.readableCategories(signer.role).contains(grant.place.category)
        }
        guard security, second else {
            throw ArchiveError(
                .integrity, "the grant of \(grant.place.category.rawValue) to \(grant.user) lacks a signature")
        }
        if !isCeremony, let line, let grantee = try serving(grant.user, atLine: line) {
            guard archive.policy.readableCategories(grantee.role).contains(grant.place.category) else {
                throw ArchiveError(
                    .integrity, "the grant of \(grant.place.category.rawValue) is to a role that does not read it")
            }
        }
        guard try wraps(to: grant.user)[grant.key]?.contains(grant.wrapDigest) ?? false else {
            throw ArchiveError(.integrity, "the wrap of a grant to \(grant.user) is not the one that was signed")
        }
        return grant
    }

    /// A node's key is wrapped to everybody who was granted it: what is his is looked up by the user.
    private func wraps(to user: String) throws -> [Int64: Set<SHA256Digest>] {
        if let known = wraps[user] { return known }
        var found: [Int64: Set<SHA256Digest>] = [:]
        for wrap in try WrapTable.wraps(to: user, db) {
            found[wrap.key, default: []].insert(SHA256Digest.hash(wrap.wrapped))
        }
        wraps[user] = found
        return found
    }

    func parsed(_ bytes: [UInt8]) throws -> SignedNote {
        do {
            return try SignedNote(parsing: bytes)
        } catch {
            throw ArchiveError(.integrity, "a signed note is damaged: \(error.reason)")
        }
    }

    // MARK: Who serves

    /// The certificate of `user` that is in force, signatures checked; nil where he has none or has left.
    func certificate(of user: String) throws -> Certificate? {
        guard let entry = try standing(of: user), entry.leftOn == nil else { return nil }
        return entry.certificate
    }

    /// The certificates in force, by user.
    func certificates() throws -> [Certificate] { try standings().filter { $0.leftOn == nil }.map(\.certificate) }

    /// All who are or were users, by name.
    func standings() throws -> [UserStanding] { try CertificateTable.users(db).compactMap { try standing(of: $0) } }

    /// The serials of the certificates in force, by user, as the rows read: signatures are not looked at.
    static func serialsInForce(_ db: Connection) throws -> [String: Int64] {
        let rows = try CertificateTable.newest(db).filter { !UserNote.isLeave($0.note) }
        return Dictionary(rows.map { ($0.user, $0.serial) }, uniquingKeysWith: max)
    }
}
