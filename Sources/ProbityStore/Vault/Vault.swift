import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityRecords

// Versions (docs/formats.md, "Version").
//
//   sealed = nonce (24) ‖ XAES-256-GCM(dossier key, canonical JSON of the content) ‖ tag (16)
//   associated data = "probity/version/v1" | suite | archive | dossier | epoch | record | version | kind or empty
//
// in decimal, joined by '|'. The content names the officer, kind, state and dates itself, so that a row moved to another
// dossier or given other clear columns shows when it is opened, not only when the ledger is checked.

/// Seals and opens versions, for one user with the keys that he reaches.
///
/// Not thread-safe: it belongs to one ``Session``.
final class Vault {
    let graph: KeyGraph
    let rootUnit: String
    let archive: Archive
    private let user: String
    /// What the associated data of every version begins with.
    private let dataPrefix: [UInt8]
    /// Who made the rows of a batch and when: it never changes once it is committed.
    private var provenances: [Int64: Provenance] = [:]
    /// By what users served, each from a ledger line on, and how long the ledger was when that was read.
    private var terms: [String: (size: Int64, terms: [(line: Int64, certificate: Certificate?)])] = [:]
    /// Users who were certified as an officer, each from a ledger line on, and how long the ledger was when that was read.
    private var namesakes: [Int64: (size: Int64, users: [(user: String, line: Int64)])] = [:]
    let days: LineDays
    /// Items of the tray that were taken in, with the records that they became.
    var takenIn: [Int64: Int64] = [:]
    /// The batch of the act that is being written: its line comes last, and the act itself may read what it has filed.
    var writing: Int64?

    init(_ archive: Archive, _ graph: KeyGraph, rootUnit: String, user: String) {
        self.archive = archive
        self.graph = graph
        self.rootUnit = rootUnit
        self.user = user
        days = LineDays(archive)
        dataPrefix = Array("probity/version/v1|\(Suite.intl.rawValue)|\(archive.header.archiveID)|".utf8)
    }

    /// Forgets what a rolled-back transaction may have made.
    func forget() {
        provenances.removeAll()
        takenIn.removeAll()
        days.forget()
        terms.removeAll()
        namesakes.removeAll()
    }

    private func associatedData(dossier: Int64, epoch: Int64, record: Int64, version: Int64, kind: String?) -> [UInt8] {
        // Built for every version that is opened: without a text in between.
        var data = dataPrefix
        for number in [dossier, epoch, record, version] {
            data.append(contentsOf: String(number).utf8)
            data.append(UInt8(ascii: "|"))
        }
        data.append(contentsOf: (kind ?? "").utf8)
        return data
    }

    // MARK: Sealing

    /// What a new version says, filed now by the user.
    func content(
        _ outcome: Workflow.Outcome, _ kind: RecordKind, officer: Int64, isAsFound: Bool = false,
        reason: String? = nil, approval: SignedNote? = nil, intake: VersionContent.Intake? = nil
    ) -> VersionContent {
        let now = archive.now.date
        let columns = kind.clearColumns(values: outcome.values, state: outcome.state, filedOn: now)
        return VersionContent(
            officer: OfficerID(officer), columns, edition: kind.edition, filedOn: now, filedBy: user,
            step: outcome.step, isAsFound: isAsFound, reason: reason, values: outcome.values,
            approval: approval.map { String(decoding: $0.bytes, as: UTF8.self) }, intake: intake)
    }

    /// The next free version number of a dossier.
    func nextVersion(in dossier: Int64, _ db: Connection) throws -> Int64 {
        guard let next = try VersionTable.next(in: dossier, db) else {
            throw ArchiveError(
                .invalidEntry, "a dossier holds at most 1,048,576 versions", rule: "dossier.full")
        }
        return next
    }

    /// Seals and inserts one version.
    ///
    /// - Parameters:
    ///   - record: nil begins a record.
    ///   - version: the number to give it, from ``nextVersion(in:_:)``.
    /// - Returns: the record's number.
    @discardableResult
    func insert(
        _ content: VersionContent, kind: RecordKind, record: Int64?, version: Int64, key: DossierKey,
        in writer: RowWriter
    ) throws -> Int64 {
        let record = record ?? version
        let clear = kind.category.isSealed ? nil : content.columns
        let sealed = try key.cipher.seal(
            content.canonicalBytes,
            associatedData: associatedData(
                dossier: key.dossier, epoch: key.epoch, record: record, version: version, kind: clear?.kind))
        try writer.insertVersion(id: version, record: record, epoch: key.epoch, clear: clear, sealed: sealed)
        return record
    }

    // MARK: Opening

    /// A version that was opened, and what stands with it.
    struct OpenedVersion {
        let row: VersionRow
        let kind: RecordKind
        let content: VersionContent
        let provenance: Provenance
    }

    /// Opens one version, the only way there is to read one.
    ///
    /// - Throws: ``ArchiveError`` `integrity` where the version does not open, does not
    ///   say what its row says, or was not filed by the person that it names.
    private func open(
        _ row: VersionRow, _ provenance: Provenance, _ category: ProbityRecords.Category, with key: DossierKey
    ) throws -> OpenedVersion {
        let id = RecordID(row.id)
        let content = try Seal.opening("version \(id)") { () throws -> VersionContent in
            let bytes = try key.cipher.open(
                row.sealed,
                associatedData: associatedData(
                    dossier: row.dossier, epoch: row.epoch, record: row.record, version: row.id, kind: row.kind))
            guard let content = VersionContent(canonical: bytes) else {
                throw ArchiveError(.integrity, "version \(id) has another form")
            }
            return content
        }
        guard let declared = archive.catalogue.kind(content.kind, edition: content.edition) else {
            throw ArchiveError(
                .integrity, "version \(id) was filed under an edition of its kind that is not known here")
        }
        guard declared.category == category, content.officer.number == key.officer else {
            throw ArchiveError(.integrity, "version \(id) belongs to another dossier")
        }
        guard declared.hasForm(of: content.values) else {
            throw ArchiveError(.integrity, "version \(id) has fields that its kind does not have")
        }
        let columns = declared.clearColumns(values: content.values, state: content.state, filedOn: content.filedOn)
        guard content.columns == columns else {
            throw ArchiveError(.integrity, "version \(id) has another date, due day or form than what it says")
        }
        if category.isSealed ? row.kind != nil : row.clear != columns {
            throw ArchiveError(.integrity, "the clear columns of version \(id) are not its content's")
        }
        // Who files is named twice, inside the seal and by whoever signed the ledger line.
        guard content.filedBy == provenance.actor else {
            throw ArchiveError(.integrity, "version \(id) was not filed by the person that it names")
        }
        guard let day = provenance.day, Provenance.brings(content.filedOn, on: day) else {
            throw ArchiveError(.integrity, "version \(id) was not filed on the day that it names")
        }
        return OpenedVersion(
            row: row, kind: declared, content: content, provenance: provenance)
    }

    // MARK: Reading a dossier

    /// Of the versions that stand in a dossier, those that were left out because they prove no place there.
    struct SetAside: OptionSet {
        let rawValue: Int
        /// Somebody put a row beside the true ones, or filed one that no step leads to.
        static let planted = SetAside(rawValue: 1)
        /// A row that an act made, or what proves it, was changed: what stood there is not known.
        static let changed = SetAside(rawValue: 2)

        /// What an answer says of it.
        func gaps(in category: ProbityRecords.Category) -> [Coverage.Gap] {
            isEmpty ? [] : [Coverage.Gap(category, .setAside)]
        }
    }

    /// The records of one dossier, oldest first, and what was left out.
    ///
    /// - Parameters:
    ///   - officer: whose dossier it is; nil where that is not known.
    ///   - record: only this one.
    /// - Throws: ``ArchiveError`` `notVisible` where no key leads there.
    func entries(
        in dossier: Int64, _ category: ProbityRecords.Category, officer: Int64? = nil, record: RecordID? = nil,
        _ db: Connection
    ) throws -> (entries: [RecordEntry], setAside: SetAside) {
        var order: [Int64] = []
        var newest: [Int64: RecordEntry] = [:]
        let setAside = try walk(dossier, category, officer: officer, record: record, db) { entry, _ in
            if newest.updateValue(entry, forKey: entry.id.number) == nil { order.append(entry.id.number) }
        }
        return (order.compactMap { newest[$0] }, setAside)
    }

    /// Opens the versions in a dossier in the order of the ledger, and hands each on with its record as it stood then. What
    /// proves no place is left out: it stands before nothing that does.
    ///
    /// - Parameter kinds: those that are asked for. Versions that are as they were filed, and say in the clear that they are of
    ///   another, are not opened.
    func walk(
        _ dossier: Int64, _ category: ProbityRecords.Category, officer: Int64?, record: RecordID? = nil,
        kinds: Set<String>? = nil, _ db: Connection, _ receive: (RecordEntry, OpenedVersion) throws -> Void
    ) throws -> SetAside {
        var setAside: SetAside = []
        func leaveOut(_ row: VersionRow) throws {
            setAside.insert(try isPlanted(row.mark, version: row.id, db) ? .planted : .changed)
        }
        var rows: [(row: VersionRow, provenance: Provenance)] = []
        for row in try VersionTable.rows(in: dossier, record: record?.number, db) {
            do {
                let provenance = try provenance(of: row.mark, version: row.id, db)
                if let kinds, let kind = row.kind, !kinds.contains(kind) { continue }
                rows.append((row, provenance))
            } catch let error as ArchiveError where error.code == .integrity {
                try leaveOut(row)
            }
        }
        // Numbers are in the order of the ledger but where somebody had taken the last one.
        if zip(rows, rows.dropFirst()).contains(where: { $1.provenance.sequence < $0.provenance.sequence }) {
            rows.sort { ($0.provenance.sequence, $0.row.id) < ($1.provenance.sequence, $1.row.id) }
        }
        if rows.isEmpty { return setAside }
        guard let key = try graph.dossierKey(dossier, db) else {
            throw ArchiveError(.notVisible, "no key for the dossier", rule: "key.missing")
        }
        var standing: [Int64: RecordEntry] = [:]
        for (row, provenance) in rows {
            let before = standing[row.record]
            let version: OpenedVersion
            let entry: RecordEntry
            do {
                version = try open(row, provenance, category, with: key)
                guard officer == nil || version.content.officer.number == officer else {
                    throw ArchiveError(.integrity, "version \(RecordID(row.id)) belongs to another dossier")
                }
                entry = RecordEntry(version, category, try follow(version, after: before, db), after: before)
            } catch let error as ArchiveError where error.code == .integrity {
                try leaveOut(row)
                continue
            }
            standing[row.record] = entry
            try receive(entry, version)
        }
        return setAside
    }

    /// One record, where a key leads there; otherwise the same error as for one that does not exist.
    ///
    /// - Throws: ``ArchiveError`` also `integrity` where a version of it was changed: nothing is built on what may not be the
    ///   newest. What somebody put beside it stops nobody.
    func entry(_ record: RecordID, _ db: Connection) throws -> RecordEntry {
        let found = try history(record, db)
        guard !found.setAside.contains(.changed) else {
            throw ArchiveError(.integrity, "a version of record \(record) does not prove where it belongs")
        }
        return found.entry
    }

    /// One record with its versions, oldest first, as far as they prove where they belong.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` as ``entry(_:_:)``; `integrity` where none does.
    func history(
        _ record: RecordID, _ db: Connection
    ) throws -> (entry: RecordEntry, versions: [VersionContent], setAside: SetAside) {
        let notVisible = ArchiveError(
            .notVisible, "no record of that identifier is visible", subject: record.text, rule: "record.unknown")
        guard let category = try DossierTable.category(of: record.dossier, db),
            try graph.dossierKey(record.dossier, db) != nil
        else { throw notVisible }
        var newest: RecordEntry?
        var versions: [VersionContent] = []
        let setAside = try walk(record.dossier, category, officer: nil, record: record, db) { entry, version in
            newest = entry
            versions.append(version.content)
        }
        guard let newest else {
            guard setAside.contains(.changed) else { throw notVisible }
            throw ArchiveError(.integrity, "record \(record) does not prove where it belongs")
        }
        return (newest, versions, setAside)
    }

    // MARK: Provenance

    /// The ledger line that a row stands under, where that is one of the rows which it names.
    ///
    /// - Parameter version: its number, where it is a version.
    /// - Throws: ``ArchiveError`` `integrity` where there is no such line, nobody who served has signed it, or it does not name
    ///   the row.
    func provenance(of row: RowMark, version: Int64? = nil, _ db: Connection) throws -> Provenance {
        let provenance = try provenance(ofBatch: row.batch, db)
        if let rows = provenance.rows, try !rows.finds(row.hash, version: version, archive.vouched, db) {
            throw ArchiveError(.integrity, "ledger line \(provenance.sequence) names no such row")
        }
        return provenance
    }

    private func provenance(ofBatch batch: Int64, _ db: Connection) throws -> Provenance {
        if let known = provenances[batch] { return known }
        guard let (sequence, bytes) = try LeafTable.leaf(ofBatch: batch, db) else {
            if batch == writing {
                let sequence = Int64(try Ledger.size(db))
                let certificate = try certificate(of: user, atLine: sequence, db)
                return Provenance(
                    sequence: UInt64(sequence), actor: user, day: archive.now.date, certificate: certificate,
                    filer: try certificate.map { try actor($0, atLine: sequence, db) }, rows: nil)
            }
            throw ArchiveError(.integrity, "rows of batch \(batch) have no ledger line")
        }
        let (note, leaf): (SignedNote, LeafBody)
        do throws(LedgerError) {
            note = try SignedNote(parsing: bytes)
            leaf = try LeafBody(parsing: note.text)
        } catch {
            throw ArchiveError(.integrity, "ledger line \(sequence): \(error.reason)")
        }
        guard leaf.sequence == UInt64(sequence), leaf.batch == batch, let objects = leaf.objects else {
            throw ArchiveError(.integrity, "ledger line \(sequence) does not speak of its rows")
        }
        let certificate = try certificate(of: leaf.actor, atLine: sequence, db)
        let name = archive.header.names.user(leaf.actor)
        guard let certificate, note.isSigned(by: NoteVerifier(name: name, key: certificate.signingKey)) else {
            throw ArchiveError(.integrity, "ledger line \(sequence) is not signed by a user of the archive")
        }
        try Ledger.demandIncluded(leaf.sequence, bytes, archive, db)
        let provenance = Provenance(
            sequence: leaf.sequence, actor: leaf.actor, day: ArchiveTime(leaf.time)?.date, certificate: certificate,
            filer: try actor(certificate, atLine: sequence, db),
            rows: RowSearch(RowProof(batch: batch, count: objects.count, root: objects.root)))
        provenances[batch] = provenance
        return provenance
    }

    /// Whether a row that was set aside was put beside the true ones: no act made it, or one that made it must not. Else it, or
    /// what proves it, was changed.
    func isPlanted(_ row: RowMark, version: Int64? = nil, _ db: Connection) throws -> Bool {
        guard try LeafTable.line(ofBatch: row.batch, db) != nil else { return true }
        do {
            let provenance = try provenance(ofBatch: row.batch, db)
            guard let rows = provenance.rows else { return true }
            if try rows.finds(row.hash, version: version, archive.vouched, db) { return true }
            // All rows that the line names are there: this is one more.
            return try rows.proof.count <= UInt64(RowTile.width)
                && RowDigest.holdsAll(rows.proof, archive.vouched, db)
        } catch let error as ArchiveError where error.code == .integrity {
            return false
        }
    }

    /// Who takes or signs a step under a certificate at ledger line `line`, with all users who he had been until then.
    func actor(_ certificate: Certificate, atLine line: Int64, _ db: Connection) throws -> WorkflowActor {
        guard let officer = certificate.officer else {
            return WorkflowActor(user: certificate.user, role: certificate.role)
        }
        if namesakes[officer].map({ $0.size < line }) ?? true {
            namesakes[officer] = (Int64(try Ledger.size(db)), try Credentials(archive, db).users(of: officer))
        }
        let others = namesakes[officer]?.users.filter { $0.line <= line }.map(\.user) ?? []
        return WorkflowActor(user: certificate.user, role: certificate.role, others: Set(others))
    }

    /// As above, for what is done now.
    func actor(_ certificate: Certificate, _ db: Connection) throws -> WorkflowActor {
        try actor(certificate, atLine: Int64(Ledger.size(db)), db)
    }

    /// By what a user served when ledger line `line` was written; nil where he did not.
    ///
    /// What is known of a user holds for the lines that there were when it was read, and for the next.
    private func certificate(of user: String, atLine line: Int64, _ db: Connection) throws -> Certificate? {
        if terms[user].map({ $0.size < line }) ?? true {
            terms[user] = (Int64(try Ledger.size(db)), try Credentials(archive, db).terms(of: user))
        }
        return terms[user]?.terms.last { $0.line <= line }?.certificate
    }
}

/// What a reader needs to know of the act that made a row; one for all rows of the act.
final class Provenance {
    let sequence: UInt64
    let actor: String
    /// The day of the line, in Asia/Shanghai.
    let day: CivilDate?
    /// By what the actor served at that line; nil where he did not.
    let certificate: Certificate?
    /// The actor as the workflow sees him; nil where he did not serve.
    let filer: WorkflowActor?
    /// The officer whom the actor is; nil where he is none.
    let officer: Int64?
    /// The rows that the line names; nil where it is not written yet.
    let rows: RowSearch?

    init(
        sequence: UInt64, actor: String, day: CivilDate?, certificate: Certificate?, filer: WorkflowActor?,
        rows: RowSearch?
    ) {
        self.sequence = sequence
        self.actor = actor
        self.day = day
        self.certificate = certificate
        self.filer = filer
        officer = certificate?.officer
        self.rows = rows
    }

    /// Whether a line of `day` may bring what says that it was filed on `filedOn`: a table that is read over midnight is
    /// published on the day after.
    static func brings(_ filedOn: CivilDate, on day: CivilDate) -> Bool {
        (0...1).contains(day.daysSinceEpoch - filedOn.daysSinceEpoch)
    }
}
