import Dispatch
import Glibc
import Synchronization

// How acts of several threads share a commit (group commit).
//
// A commit waits for the disk once, whatever it holds. Acts that come while another is at work stand in line; the
// transaction stays open for them, and whoever finds nobody behind him commits for all:
//
//   turn      one thread at a time runs its act, in the order of arrival
//   first     begins the transaction, which keeps other programs out
//   others    run in a savepoint of their own: an act that fails undoes itself and nothing else
//   last      commits, and tells everybody how it ended
//
// What must hold:
//
//  1. No act is answered before the commit that holds it has ended.
//  2. Where the commit fails, or an error ended the transaction with all that was in it (a full disk), every act in it fails.
//  3. Nobody waits for an act that has not arrived: an act alone runs exactly as it would without this file.
//  4. What has to be done between two transactions (the rotation of the page key) has the turn meanwhile; where it ends the
//     use of the database, whoever stands in line or comes later is told so and writes nothing.

/// The line of threads that want to write, and the transaction that is open between two of them.
final class SharedCommit: Sendable {
    /// More would make the first wait too long for its answer.
    private static let maximumActCount = 64

    /// A transaction, which only whoever has the turn touches, and the acts in it that wait for its end.
    private final class Group: Sendable {
        struct State {
            var waiting: [DispatchSemaphore] = []
            var actCount = 0
            var failure: (any Error)?
        }
        let transaction: Transaction
        let state = Mutex(State())

        init(_ transaction: Transaction) { self.transaction = transaction }
    }

    private struct Line {
        var isTaken = false
        var waiting: [DispatchSemaphore] = []
        /// The transaction that stays open for the next in line.
        var open: Group?
        /// Why nobody writes here any more.
        var closed: ArchiveError?
    }

    private let line = Mutex(Line())

    /// Acts that stand in line now.
    var waitingCount: Int { line.withLock { $0.waiting.count } }

    /// Runs `body` in a transaction, alone or with what others do at the same time, and returns when it is committed.
    ///
    /// - Parameters:
    ///   - waitSeconds: how long to stand in line.
    ///   - begin: begins a transaction, keeping other programs out.
    ///   - forget: is called when rows that somebody has read may be gone.
    func perform<T>(
        waitSeconds: Double, begin: () throws -> Transaction, forget: () -> Void,
        _ body: (Connection) throws -> T
    ) throws -> T {
        try takeTurn(waitSeconds)
        let joined = line.withLock { line in
            defer { line.open = nil }
            return line.open
        }
        let group: Group
        do {
            group = try joined ?? Group(begin())
        } catch {
            passTurn(nil)
            throw error
        }
        let result = Result { try group.transaction.act(isFirst: joined == nil, body) }
        if case .failure = result { forget() }
        try finish(group, result.map { _ in }, forget)
        return try result.get()
    }

    /// Runs `body` when no act is under way, and lets none begin before it has ended.
    ///
    /// - Parameters:
    ///   - waitSeconds: how long to stand in line.
    ///   - body: gets a function that closes this line for good, with what later acts are told.
    func alone<T>(waitSeconds: Double, forget: () -> Void, _ body: ((ArchiveError) -> Void) throws -> T) throws -> T {
        try takeTurn(waitSeconds)
        let open = line.withLock { line in
            defer { line.open = nil }
            return line.open
        }
        // Whose transaction it is waits for its end.
        if let open { _ = end(open, nil, forget) }
        defer { passTurn(nil) }
        return try body(close)
    }

    private func close(_ reason: ArchiveError) {
        let waiting = line.withLock { line in
            line.closed = reason
            defer { line.waiting = [] }
            return line.waiting
        }
        for semaphore in waiting { semaphore.signal() }
    }

    // MARK: The end

    /// Leaves the transaction open for the next in line, or ends it. For an act that succeeded it returns when the
    /// transaction has ended, and throws where that failed.
    private func finish(_ group: Group, _ result: Result<Void, any Error>, _ forget: () -> Void) throws {
        let isPart = if case .success = result { true } else { false }
        let isOver = group.transaction.isOver
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
        let failure = end(group, isOver ? result : nil, forget)
        passTurn(nil)
        if isPart, let failure { throw failure }
    }

    /// Ends a transaction and tells everybody in it how.
    ///
    /// - Parameter ended: how the act ended that it ended with; nil for one that is to be committed.
    /// - Returns: why it failed, if it did.
    private func end(
        _ group: Group, _ ended: Result<Void, any Error>?, _ forget: () -> Void
    ) -> (any Error)? {
        var failure: (any Error)?
        do {
            if let ended {
                try ended.get()
                // Nothing that this file knows of ends a transaction of an act that succeeds.
                throw ArchiveError(.inputOutput, "the transaction ended before it was committed")
            }
            try group.transaction.commit()
        } catch {
            failure = error
            forget()
        }
        // Others may write before the turn goes on: the next in line asks for that again.
        failure = group.transaction.close(after: failure)
        let waiting = group.state.withLock { state in
            state.failure = failure
            return state.waiting
        }
        for member in waiting { member.signal() }
        return failure
    }

    // MARK: The line

    private func takeTurn(_ waitSeconds: Double) throws {
        let semaphore = DispatchSemaphore(value: 0)
        let isMine = try line.withLock { line in
            if let closed = line.closed { throw closed }
            if line.isTaken {
                line.waiting.append(semaphore)
                return false
            }
            line.isTaken = true
            return true
        }
        guard !isMine else { return }
        guard semaphore.wait(timeout: .now() + max(1, waitSeconds)) == .timedOut else {
            // Woken by the end of the line, not by the turn.
            if let closed = line.withLock({ $0.closed }) { throw closed }
            return
        }
        let hasLeft = line.withLock { line in
            guard let place = line.waiting.firstIndex(where: { $0 === semaphore }) else { return false }
            line.waiting.remove(at: place)
            return true
        }
        // The turn came in the very moment: it is taken all the same. Or the line was closed.
        guard hasLeft else {
            if let closed = line.withLock({ $0.closed }) { throw closed }
            return
        }
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
