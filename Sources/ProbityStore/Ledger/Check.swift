public import ProbityLedger

extension Archive {
    /// Compares everything in the archive with its ledger, both ways: every row has its line, every line its rows.
    ///
    /// It needs no key but that of the pages, because every digest is over what stands in the database. What is found goes into the report; a
    /// thrown error means that the check could not be made.
    /// - Parameters:
    ///   - against: a checkpoint remembered elsewhere, as a signed note or its text.
    ///   - stateFolder: where a user's side remembers the last head that it saw: it is compared as well.
    public func check(
        against: [UInt8]? = nil, stateFolder: String? = nil, progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> CheckReport {
        let own = try stateFolder.flatMap { try HeadMemory.file(in: $0, archiveID: header.archiveID) }
        return try snapshot { try check($0, against: against, remembered: own, progress: progress) }
    }

    func check(
        _ db: Connection, against: [UInt8]? = nil, remembered: (path: String, bytes: [UInt8])? = nil,
        progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> CheckReport {
        var checker = try Checker(archive: self, db: db)
        try checker.run(against: against, progress: progress)
        if let remembered { try checker.checkRemembered(remembered.path, remembered.bytes) }
        return checker.report
    }

    /// What can be told without a leaf.
    public func status() throws -> ArchiveStatus {
        try snapshot { db in
            ArchiveStatus(
                ledgerSize: try Ledger.size(db), pageKeyGeneration: pageKey.file.generation,
                openImportCount: try OpenBatchTable.all(db).count)
        }
    }
}

/// What can be told of an archive to everybody who opens it.
public struct ArchiveStatus: Sendable {
    /// Number of ledger lines.
    public let ledgerSize: UInt64
    /// Which page key the database has, counted from 1.
    public let pageKeyGeneration: Int64
    /// Imports that are not published: running, or died and not swept yet.
    public let openImportCount: Int
}

/// What `check` looked at and found.
public struct CheckReport: Sendable {
    public internal(set) var findings: [Finding] = []
    public internal(set) var leafCount: UInt64 = 0
    public internal(set) var rowCount = 0
    public internal(set) var root = ""
    /// How many lines the user's own side has seen; nil where it remembers nothing.
    public internal(set) var rememberedSize: UInt64?

    public var isSound: Bool { !findings.contains { $0.severity == .violation } }
    /// Whether something is missing rather than changed.
    public var isIncomplete: Bool { findings.contains { $0.rule.hasPrefix("check.incomplete") } }
}
