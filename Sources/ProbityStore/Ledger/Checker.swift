import ProbityCrypto
import ProbityLedger
import ProbityRecords

/// One run of `check` over one snapshot.
struct Checker {
    let archive: Archive
    let db: Connection
    let credentials: Credentials
    let organisation: Organisation
    var report = CheckReport()
    private var counts: [Finding.Severity: Int] = [:]

    init(archive: Archive, db: Connection) throws {
        self.archive = archive
        self.db = db
        self.credentials = Credentials(archive, db)
        self.organisation = try Organisation(db)
    }

    mutating func found(
        _ place: String, _ rule: String, severity: Finding.Severity = .violation, _ detail: String = ""
    ) {
        // So many of each: a thousand remarks leave room for every error.
        counts[severity, default: 0] += 1
        if counts[severity, default: 0] <= 1000 {
            report.findings.append(Finding(place: place, rule: rule, severity: severity, detail: detail))
        }
    }

    mutating func run(against: [UInt8]?, progress: (UInt64, UInt64) -> Void) throws {
        try checkDatabase()
        try checkPageKey()
        let keys = try checkCertificates()
        try checkLeaves(keys, progress)
        try checkOrphans()
        try checkPlaces()
        try checkGrants()
        try checkProposals()
        if let against { try checkAgainst(against, at: "--against") }
    }

    private mutating func checkDatabase() throws {
        let damages = try Engine.damages(db)
        for line in damages.pages { found("archive.db", "check.database", line) }
        for table in damages.references { found(table.isEmpty ? "?" : table, "check.foreignKey") }
    }

    /// Whoever serves opens the database, and nobody else.
    private mutating func checkPageKey() throws {
        let wrapped = archive.pageKey.file.wraps.mapValues(\.serial)
        let certified = try Credentials.serialsInForce(db)
        for user in Set(wrapped.keys).union(certified.keys).sorted() where wrapped[user] != certified[user] {
            found("Keys/pages", "check.pageKey", user)
        }
    }

    struct Signer {
        let verifier: NoteVerifier
        let role: Role
        /// Ledger lines that the key signs: from its certificate's on, up to what replaces or ends it.
        var lines: Range<Int64>
    }

    /// Signing keys by user and note key ID; every certificate's signatures.
    private mutating func checkCertificates() throws -> [String: [Signer]] {
        var served: [String: [Signer]] = [:]
        var officers: [String: Int64] = [:]
        for (row, line) in try CertificateTable.rowsWithLines(db) {
            let place = "certificate \(row.id)"
            do {
                let says = try credentials.verified(row)
                officers[says.user] = nil
                // A row without a line is found as one, and nobody serves by it.
                guard let line else { continue }
                if let before = served[says.user]?.popLast() {
                    var ended = before
                    ended.lines = before.lines.lowerBound..<max(line, before.lines.lowerBound)
                    served[says.user]?.append(ended)
                }
                guard case .certificate(let certificate) = says else { continue }
                served[says.user, default: []].append(
                    Signer(
                        verifier: NoteVerifier(
                            name: archive.header.names.user(certificate.user), key: certificate.signingKey),
                        role: certificate.role, lines: line..<Int64.max))
                officers[certificate.user] = certificate.officer
            } catch let error as ArchiveError {
                found(place, "check.certificate", error.reason)
            } catch let error as CryptoError {
                found(place, "check.certificate", error.reason)
            }
        }
        for (officer, users) in Dictionary(grouping: officers, by: \.value) where users.count > 1 {
            found(
                OfficerID(officer).text, "check.certificate.officer", users.map(\.key).sorted().joined(separator: " "))
        }
        return Dictionary(grouping: served.values.joined()) { $0.verifier.name + "+" + $0.verifier.keyIDText }
    }

    private mutating func checkGrants() throws {
        for row in try GrantTable.all(db) {
            let place = "accessGrant \(row.id)"
            do {
                _ = try credentials.verified(row)
            } catch let error as ArchiveError {
                found(place, "check.grant", error.reason)
            } catch let error as CryptoError {
                found(place, "check.grant", error.reason)
            }
        }
    }

    /// Rows of the queue, as far as they can be read without a key: what a step says is sealed.
    private mutating func checkProposals() throws {
        for row in try ProposalTable.all(db) {
            let place = "proposal \(row.id)"
            do {
                switch row.kind {
                case nil: found(place, "check.proposal")
                case .step: if row.place == nil { found(place, "check.proposal") }
                case .certificate:
                    _ = try Certificate(text: credentials.parsed(row.note).text, archiveID: archive.header.archiveID)
                case .grant:
                    _ = try Grant(text: credentials.parsed(row.note).text, archiveID: archive.header.archiveID)
                case .denial:
                    // That of a step is sealed as the step is.
                    guard row.place == nil else { break }
                    let line = try LeafTable.line(ofBatch: row.mark.batch, db)
                    let note = try credentials.parsed(row.note)
                    let signers = try line.map { try credentials.signers(of: note, atLine: $0) } ?? []
                    if signers.isEmpty { found(place, "check.proposal", "denial") }
                }
            } catch let error as ArchiveError {
                found(place, "check.proposal", error.reason)
            } catch let error as CryptoError {
                found(place, "check.proposal", error.reason)
            }
        }
    }

    /// Rows of the key graph that say to stand where another does, or where such rows never stand. Whether what they wrap
    /// opens is for whoever holds the keys.
    private mutating func checkPlaces() throws {
        for (category, unit, kind) in try KeyTable.placesTwice(db) {
            found("key \(category) \(unit)", "check.place.second", kind)
        }
        for dossier in try DossierTable.twice(db) { found("dossier \(dossier)", "check.place.second") }
        for dossier in try DossierTable.astray(db) { found("dossier \(dossier)", "check.place.dossier") }
    }

    /// Rows whose batch has no leaf and is not an import that runs.
    private mutating func checkOrphans() throws {
        for batch in try OpenBatchTable.listed(db) {
            if try LeafTable.line(ofBatch: batch, db) != nil {
                found("openBatch \(batch)", "check.openBatch.published")
            } else if !archive.engine.isClaimed(.batch(batch)) {
                found("openBatch \(batch)", "check.openBatch.dead", severity: .notice)
            }
        }
        for table in Table.allCases {
            let orphans = try LeafTable.countOfRowsWithoutLine(table, db)
            if orphans > 0 { found(table.rawValue, "check.rows.unledgered", String(orphans)) }
        }
    }

    /// What a user's own side remembers. A file that nobody can read is told: it may be what would show that lines are gone.
    mutating func checkRemembered(_ path: String, _ bytes: [UInt8]) throws {
        do {
            report.rememberedSize = try checkAgainst(bytes, at: path)
        } catch let error as ArchiveError where error.code == .invalidEntry {
            found(path, "check.incomplete.memory", error.reason)
        }
    }

    /// - Returns: the size that was remembered; nil where the checkpoint is not one of the archive's.
    @discardableResult
    private mutating func checkAgainst(_ bytes: [UInt8], at place: String) throws -> UInt64? {
        let remembered: Checkpoint
        var note: SignedNote?
        do throws(LedgerError) {
            // A signed note, or the three lines alone, as a person would copy them from a printed sheet.
            if bytes.contains(0xE2) { note = try SignedNote(parsing: bytes) }
            remembered = try Checkpoint(parsing: note?.text ?? String(decoding: bytes, as: UTF8.self))
        } catch {
            throw ArchiveError(
                .invalidEntry, "the remembered checkpoint cannot be read: \(error.reason)", subject: "--against",
                rule: "checkpoint.malformed")
        }
        // A note that another key signed was made by somebody else, or this is another archive than the one it is of.
        let log = NoteVerifier(name: archive.header.names.ledger, key: archive.header.logKey)
        if let note, remembered.origin == log.name, !note.isSigned(by: log) {
            found(place, "check.incomplete.signature")
            return nil
        }
        let size = try Ledger.size(db)
        guard remembered.origin == archive.header.names.ledger else {
            found(place, "check.incomplete.other", remembered.origin)
            return nil
        }
        guard remembered.size <= size else {
            found(place, "check.incomplete.older", "\(size) < \(remembered.size)")
            return remembered.size
        }
        if try Ledger.root(remembered.size, db) != remembered.root { found(place, "check.incomplete.root") }
        return remembered.size
    }
}
