import GRDB
import Synchronization

/// The only writer's transaction, with the acts in it.
///
/// It begins with the claim on the archive that keeps other programs from writing, and gives that up when it is closed.
final class Transaction: Sendable {
    private let database: any DatabaseWriter
    private let claim: Mutex<FileLock?>
    private let takeBack: @Sendable (any Error) throws -> Void

    /// - Parameters:
    ///   - claim: what keeps others from writing.
    ///   - takeBack: makes sure that a transaction whose commit failed stays failed.
    init(_ database: any DatabaseWriter, claim: FileLock, takeBack: @escaping @Sendable (any Error) throws -> Void)
        throws
    {
        self.database = database
        self.claim = Mutex(claim)
        self.takeBack = takeBack
        try SQLiteFailure.converting {
            try database.writeWithoutTransaction { try $0.beginTransaction(.immediate) }
        }
    }

    /// Whether nothing of it is left: an error ended it, with all that was in it.
    var isOver: Bool { database.writeWithoutTransaction { !$0.isInsideTransaction } }

    /// Runs one act. One that fails undoes itself, and the whole transaction where it is the first.
    func act<T>(isFirst: Bool, _ body: (Connection) throws -> T) throws -> T {
        try SQLiteFailure.converting {
            try database.writeWithoutTransaction { db in
                if !isFirst { try db.execute(sql: "SAVEPOINT act") }
                do {
                    let value = try body(Connection(db))
                    if !isFirst { try db.execute(sql: "RELEASE act") }
                    return value
                } catch {
                    if db.isInsideTransaction {
                        if isFirst { try db.rollback() } else { try db.execute(sql: "ROLLBACK TO act; RELEASE act") }
                    }
                    throw error
                }
            }
        }
    }

    func commit() throws {
        try SQLiteFailure.converting {
            try database.writeWithoutTransaction { db in
                do {
                    try db.commit()
                } catch {
                    if db.isInsideTransaction { try db.rollback() }
                    throw error
                }
            }
        }
    }

    /// Ends it for good and lets others write.
    ///
    /// - Parameter failure: why its commit failed, or what ended it; what may stand in the log of it is taken back first.
    /// - Returns: the failure that those who wait for it are told; nil where there was none.
    func close(after failure: (any Error)?) -> (any Error)? {
        defer { claim.withLock { $0 = nil } }
        guard let failure else { return nil }
        do { try takeBack(failure) } catch { return error }
        return failure
    }
}
