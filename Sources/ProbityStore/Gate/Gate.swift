import ProbityLedger

// The order inside an act.
//
//   writing   begin (right) → the act's own part: category, persons, keys, rows → finish (everything asked) → leaf, in one
//             transaction. A refusal rolls back and gets a line of its own.
//   looking   begin → prepare, on a snapshot → finish (purpose) → leaf, committed → reveal. If the leaf cannot be written,
//             nothing is shown.

extension Session {
    /// An act that writes: one transaction from policy to checkpoint.
    ///
    /// - Parameter details: what its line says whatever becomes of it.
    func write<T>(
        _ act: Act, _ details: [Act.Field: String] = [:], _ body: (ActRun, RowWriter) throws -> T
    ) throws -> T {
        try writeToHead(act, details, body).value
    }

    /// As above, with the ledger's head after the act.
    func writeToHead<T>(
        _ act: Act, _ details: [Act.Field: String] = [:], _ body: (ActRun, RowWriter) throws -> T
    ) throws -> (value: T, head: LedgerHead) {
        let run = ActRun(act, actor, purpose, details)
        do {
            let (value, head) = try transact(act) { db -> (T, LedgerHead) in
                try archive.sweep(db)
                let writer = try RowWriter(db)
                vault.writing = writer.batch
                defer { vault.writing = nil }
                try run.begin()
                let value = try body(run, writer)
                try run.finish()
                return (value, try append(act, run.details, rows: writer, db))
            }
            remember(head)
            return (value, head)
        } catch {
            forget()
            try recordRefusal(of: run, error)
            throw error
        }
    }

    /// An act that reads: `prepare` decides policy on the snapshot and says what is read and what cannot be; the leaf is
    /// committed; only then `reveal` decrypts for the caller, with the keys that were asked for before the leaf.
    func look<T, Plan>(
        _ act: Act, _ details: [Act.Field: String] = [:], prepare: (ActRun, Connection) throws -> Plan,
        reveal: (Connection, Plan) throws -> T
    ) throws -> T {
        let run = ActRun(act, actor, purpose, details)
        do {
            return try archive.snapshot { db in
                roster.beginTransaction()
                try askGrants(db)
                try run.begin()
                let plan = try prepare(run, db)
                try run.finish()
                let size = try Ledger.size(db)
                remember(try sign(act) { try append(act, run.details, reads: size, $0) })
                return try reveal(db, plan)
            }
        } catch {
            try recordRefusal(of: run, error)
            throw error
        }
    }

    /// A refusal is an act, too.
    func recordRefusal(of run: ActRun, _ error: any Error) throws {
        guard let refusal = error as? ArchiveError, refusal.isRefusal else { return }
        remember(
            try sign(run.act) {
                try append(run.act, outcome: "refused:\(refusal.code.rawValue)", run.details, $0)
            })
    }

    /// Runs `body` as the only writer, with the grants that are in force at that moment.
    func transact<T>(_ act: Act, _ body: (Connection) throws -> T) throws -> T {
        try sign(act) { db in
            try askGrants(db)
            return try body(db)
        }
    }

    /// Runs `body` as the only writer, for a user who serves at that moment.
    ///
    /// Every transaction in which the user signs a line begins here: a certificate that was replaced or ended after the
    /// session began ends the session, and one between two transactions of a long act ends that.
    private func sign<T>(_ act: Act, _ body: (Connection) throws -> T) throws -> T {
        try archive.transact("\(user) \(act.code)") { db in
            roster.beginTransaction()
            guard try CertificateTable.newestSerial(of: user, db) == certificate.serial else {
                throw ArchiveError(
                    .changedSinceRead, "the certificate of \(user) was replaced or has ended; begin again",
                    rule: "certificate.replaced")
            }
            return try body(db)
        }
    }

    /// Appends the leaf of an act; the caller's transaction holds what the act did.
    func append(
        _ act: Act, outcome: String = "done", _ details: ActDetails, rows: RowWriter? = nil, reads: UInt64? = nil,
        _ db: Connection
    ) throws -> LedgerHead {
        try LedgerWriter(archive: archive, actor: identity, logKey: logKey, clockIsConfirmed: clockIsConfirmed).append(
            act, outcome: outcome, details, rows: rows, reads: reads, db)
    }
}
