import Dispatch
import Foundation
import GRDB
import Synchronization

// How acts of several threads share a commit (group commit).
//
// A commit waits for the disk once, whatever it holds. Acts that come while another is at work stand in line; the
// transaction stays open for them, and whoever finds nobody behind him commits for all:
//
//   turn      one thread at a time runs its act, in the order of arrival
//   first     begins the transaction, holding the archive's lock file
//   others    run in a savepoint of their own: an act that fails undoes itself and nothing else
//   last      commits, and tells everybody how it ended
//
// What must hold:
//
//  1. No act is answered before the commit that holds it has ended.
//  2. Where the commit fails, or an error ended the transaction with all that was in it (a full disk), every act in it fails.
//  3. Nobody waits for an act that has not arrived: an act alone runs exactly as it would without this file.

/// The line of threads that want to write, and the transaction that is open between two of them.
final class SharedCommit: Sendable {
    /// More would make the first wait too long for its answer.
    private static let maximumActCount = 64

    /// A transaction and the acts in it that wait for its end.
    private final class Group: Sendable {
        struct State {
            var lock: FileLock?
            var waiting: [DispatchSemaphore] = []
            var actCount = 0
            var failure: (any Error)?
        }
        let state: Mutex<State>

        init(lock: FileLock) { state = Mutex(State(lock: lock)) }
    }

    private struct Line {
        var isTaken = false
        var waiting: [DispatchSemaphore] = []
        /// The transaction that stays open for the next in line.
        var open: Group?
    }

    private let line = Mutex(Line())

    /// Acts that stand in line now.
    var waitingCount: Int { line.withLock { $0.waiting.count } }

    /// What the archive does around a transaction.
    struct Surroundings {
        let database: any DatabaseWriter
        let waitSeconds: Double
        /// Takes the archive's lock file.
        let lock: () throws -> FileLock
        /// Rows that somebody has read may be gone.
        let forget: () -> Void
        /// A transaction failed as a whole.
        let takeBack: (any Error) throws -> Void
    }

    /// Runs `body` in a transaction, alone or with what others do at the same time, and returns when it is committed.
    func perform<T>(_ around: Surroundings, _ body: (Database) throws -> T) throws -> T {
        try takeTurn(around.waitSeconds)
        let joined = line.withLock { line in
            defer { line.open = nil }
            return line.open
        }
        let group: Group
        do {
            group = try joined ?? Group(lock: around.lock())
        } catch {
            passTurn(nil)
            throw error
        }
        let result = Result { try joined == nil ? first(around, body) : following(around, body) }
        switch result {
        case .success: break
        case .failure: around.forget()
        }
        try finish(group, result.map { _ in }, around)
        return try result.get()
    }

    // MARK: Acts

    private func first<T>(_ around: Surroundings, _ body: (Database) throws -> T) throws -> T {
        try ArchiveDatabase.converting {
            try around.database.writeWithoutTransaction { db in
                try db.beginTransaction(.immediate)
                do {
                    return try body(db)
                } catch {
                    if db.isInsideTransaction { try db.rollback() }
                    throw error
                }
            }
        }
    }

    private func following<T>(_ around: Surroundings, _ body: (Database) throws -> T) throws -> T {
        try ArchiveDatabase.converting {
            try around.database.writeWithoutTransaction { db in
                try db.execute(sql: "SAVEPOINT act")
                do {
                    let value = try body(db)
                    try db.execute(sql: "RELEASE act")
                    return value
                } catch {
                    if db.isInsideTransaction { try db.execute(sql: "ROLLBACK TO act; RELEASE act") }
                    throw error
                }
            }
        }
    }

    // MARK: The end

    /// Leaves the transaction open for the next in line, or ends it. For an act that succeeded it returns when the
    /// transaction has ended, and throws where that failed.
    private func finish(_ group: Group, _ result: Result<Void, any Error>, _ around: Surroundings) throws {
        let isPart = if case .success = result { true } else { false }
        let isOver = around.database.writeWithoutTransaction { !$0.isInsideTransaction }
        let isFull = group.state.withLock { state in
            if isPart { state.actCount += 1 }
            return state.actCount >= SharedCommit.maximumActCount
        }
        if !isOver, !isFull {
            let ended = DispatchSemaphore(value: 0)
            // Before the turn goes on: whoever has it may end the transaction at once.
            if isPart { group.state.withLock { $0.waiting.append(ended) } }
            if passTurn(group) {
                guard isPart else { return }
                ended.wait()
                if let failure = group.state.withLock({ $0.failure }) { throw failure }
                return
            }
        }
        var failure: (any Error)?
        do {
            if isOver { try result.get() }
            try commit(around)
        } catch {
            failure = error
            around.forget()
            do { try around.takeBack(error) } catch { failure = error }
        }
        let waiting = group.state.withLock { state in
            state.failure = failure
            // The lock file goes before the turn: the next in line takes it again.
            state.lock = nil
            return state.waiting
        }
        for member in waiting { member.signal() }
        passTurn(nil)
        if isPart, let failure { throw failure }
    }

    private func commit(_ around: Surroundings) throws {
        try ArchiveDatabase.converting {
            try around.database.writeWithoutTransaction { db in
                do {
                    try db.commit()
                } catch {
                    if db.isInsideTransaction { try db.rollback() }
                    throw error
                }
            }
        }
    }

    // MARK: The line

    private func takeTurn(_ waitSeconds: Double) throws {
        let semaphore = DispatchSemaphore(value: 0)
        let isMine = line.withLock { line in
            if line.isTaken {
                line.waiting.append(semaphore)
                return false
            }
            line.isTaken = true
            return true
        }
        guard !isMine, semaphore.wait(timeout: .now() + max(1, waitSeconds)) == .timedOut else { return }
        let hasLeft = line.withLock { line in
            guard let place = line.waiting.firstIndex(where: { $0 === semaphore }) else { return false }
            line.waiting.remove(at: place)
            return true
        }
        // The turn came in the very moment: it is taken all the same.
        guard hasLeft else { return }
        throw ArchiveError(.locked, "another act of this program is writing", subject: "pid \(getpid())")
    }

    /// Lets the next in line go on, in `group` where that is open. `false` where nobody is there to take a group over:
    /// then the turn is kept.
    @discardableResult
    private func passTurn(_ group: Group?) -> Bool {
        let next: DispatchSemaphore?? = line.withLock { line in
            if line.waiting.isEmpty {
                if group != nil { return .none }
                line.isTaken = false
                return .some(nil)
            }
            line.open = group
            return line.waiting.removeFirst()
        }
        guard let next else { return false }
        next?.signal()
        return true
    }
}
