import Glibc
public import ProbityCrypto

// Rotation of the page key (换页密钥).
//
//   use.lock alone -> archive.db.next: all pages, sealed under the new key -> the act's ledger line, in the new database only
//   -> Keys/pages/<new file id>.json -> rename over archive.db -> the old key's file goes
//
// The rename decides. A crash before it leaves the old archive and two files that nobody needs; the next rotation removes
// them. A crash after it leaves the new archive and the old key's file, which opens nothing that stands there any more. The
// ledger has the rotation's line exactly if the database has the new key.

extension Session {
    /// Puts the archive under a new page key, which the users with a certificate in force open and nobody else.
    ///
    /// Everything that is copied is re-sealed: who had the old key opens copies that were made before, and nothing of today.
    /// The session and its archive are closed when this returns; begin new ones.
    ///
    /// - Returns: the new key's generation.
    /// - Throws: ``ArchiveError`` `locked` where other programs have the archive open longer than the caller would wait;
    ///   `roleRefuses`; `ledgerNotWritable`, `inputOutput`, with the old archive untouched.
    public func rotatePageKey(progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> Int64 {
        let act = Act.keyRotate
        let generation = archive.pageKey.file.generation + 1
        let run = ActRun(act, actor, purpose, [:])
        do {
            try run.begin()
        } catch {
            try recordRefusal(of: run, error)
            throw error
        }
        try archive.useAlone("\(user) \(act.code)")
        defer { archive.useWithOthers() }
        // The claim keeps other programs out, not the other threads of this one: what they committed between the copy and the
        // rename would be lost.
        return try archive.transactNothing { close in
            let next = archive.databasePath + ".next"
            try archive.clearRotation(next)
            defer { PageStore.removeKey(of: next) }
            let (key, head) = try copy(to: next, act, generation, progress)
            // Readers who wait to write their line let go of what they read, or closing would wait for them.
            close(
                ArchiveError(
                    .changedSinceRead, "the page key was rotated meanwhile; begin again", rule: "pageKey.rotated"))
            try archive.engine.close()
            guard unsafe rename(next, archive.databasePath) == 0 else {
                throw Files.failure("replace", archive.databasePath)
            }
            try Files.syncFolder(of: archive.databasePath)
            remember(head)
            rememberFile(key.file.fileID)
            try PageStore.addKey(key.secret, for: archive.databasePath)
            for file in try PageKeyFile.all(archive.path) where file.fileID != key.file.fileID {
                Files.remove(file.path(archive.path))
            }
            return generation
        }
    }

    /// Makes the database that takes the archive's place: its pages under a new key, and the rotation's line.
    private func copy(
        to next: String, _ act: Act, _ generation: Int64, _ progress: (UInt64, UInt64) -> Void
    ) throws -> (key: PageKey, head: LedgerHead) {
        do {
            let key = try archive.copyDatabase(to: next, generation: generation, progress: progress)
            let engine = try Engine.open(in: archive.path, file: next, lockWaitSeconds: archive.lockWaitSeconds)
            let successor = try Archive(
                path: archive.path, header: archive.header, engine: engine, pageKey: key, use: nil,
                clock: archive.clock, lockWaitSeconds: archive.lockWaitSeconds)
            let session = try Session(successor, identity: identity)
            session.clockIsConfirmed = clockIsConfirmed
            let head = try session.writeToHead(act, [.generation: String(generation)]) { _, _ in }.head
            try engine.close()
            try key.file.write(archive.path)
            return (key, head)
        } catch {
            try archive.clearRotation(next)
            throw error
        }
    }

    /// Encrypts the user's key files under another passphrase. That locks nobody out who kept a copy of the old files.
    public func changePassphrase(_ passphrase: borrowing SecretBytes) throws {
        // The leaf comes first: a file that is changed without its line would be an act nobody knows of.
        try look(.keyPasswd) { _, _ in
        } reveal: { _, _ in
        }
        let claim = try archive.claimWriting("\(user) key files")
        defer { withExtendedLifetime(claim) {} }
        try identity.save(in: archive.keysFolder, passphrase: passphrase, replacing: true)
    }

    /// Makes a backup in the new folder `path`, while others go on working.
    ///
    /// - Throws: ``ArchiveError`` `alreadyExists`, `roleRefuses`, `inputOutput`; nothing is left of a backup that failed.
    public func createBackup(
        to path: String, progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> BackupSummary {
        try Files.demandPlace(at: path)
        // The line comes first, so that the copy has it, too.
        try look(.backupCreate) { _, _ in
        } reveal: { _, _ in
        }
        return try Files.makeWhole(path, "backup") { try Backup.fill($0, for: path, of: archive, progress) }
    }
}

extension Archive {
    /// Removes what a rotation left that did not come to its rename.
    fileprivate func clearRotation(_ next: String) throws {
        Files.removeDatabase(next)
        for file in try PageKeyFile.all(path) where file.fileID != pageKey.file.fileID { Files.remove(file.path(path)) }
    }
}
