import Dispatch
import Foundation
import GRDB
import ProbityTestSupport
import Synchronization
import Testing

@testable import ProbityStore

/// Counts transactions as SQLite ends them.
private final class CommitCounter: TransactionObserver, Sendable {
    let count = Mutex(0)
    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ db: Database) { count.withLock { $0 += 1 } }
    func databaseDidRollback(_ db: Database) {}
}

/// Runs `body` on so many threads at once and returns what each threw.
private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) -> [(any Error)?] {
    let errors = Mutex([(any Error)?](repeating: nil, count: count))
    let group = DispatchGroup()
    for index in 0..<count {
        group.enter()
        Thread.detachNewThread {
            do { try body(index) } catch { errors.withLock { $0[index] = error } }
            group.leave()
        }
    }
    group.wait()
    return errors.withLock { $0 }
}

@Suite("Commits that acts share")
struct SharedCommitTests {
    /// A small database and a line before it, without an archive around.
    private final class Bench: Sendable {
        let folder: TemporaryFolder
        let queue: DatabaseQueue
        let commits = SharedCommit()
        let counter = CommitCounter()
        let forgotten = Mutex(0)
        let takenBack = Mutex(0)

        init() throws {
            folder = try TemporaryFolder()
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            queue = try DatabaseQueue(configuration: configuration)
            try queue.write { db in
                try db.execute(
                    sql: """
                        CREATE TABLE parent(id INTEGER PRIMARY KEY);
                        CREATE TABLE item(id INTEGER PRIMARY KEY,
                            parent REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED);
                        """)
            }
            queue.add(transactionObserver: counter, extent: .databaseLifetime)
        }

        func perform<T>(waitSeconds: Double = 10, _ body: (Connection) throws -> T) throws -> T {
            try commits.perform(
                waitSeconds: waitSeconds,
                begin: {
                    let claim = try FileLock(path: folder.path + "/lock", holder: "test", waitSeconds: 0)
                    return try Transaction(queue, claim: claim) { [self] _ in takenBack.withLock { $0 += 1 } }
                },
                forget: { forgotten.withLock { $0 += 1 } }, body)
        }

        func insert(_ id: Int64, parent: Int64? = nil, _ db: Connection) throws {
            try db.execute("INSERT INTO item VALUES (?, ?)", [.integer(id), Value(parent)])
        }

        /// Holds the turn until so many others stand in line.
        func awaitLine(_ count: Int) { while commits.waitingCount < count { usleep(500) } }

        func items() throws -> [Int] { try queue.read { try Int.fetchAll($0, sql: "SELECT id FROM item ORDER BY id") } }
    }

    private struct Refused: Error, Equatable {}

    /// The first act waits for the others to stand in line; each of them is one of `bodies`.
    private func line(
        _ bench: Bench, _ bodies: [@Sendable (Connection) throws -> Void]
    ) -> [(any Error)?] {
        let first = DispatchSemaphore(value: 0)
        return onThreads(bodies.count) { index in
            if index > 0 {
                first.wait()
                first.signal()
                // In the order of their numbers.
                bench.awaitLine(index - 1)
            }
            try bench.perform { db in
                if index == 0 {
                    first.signal()
                    bench.awaitLine(bodies.count - 1)
                }
                try bodies[index](db)
            }
        }
    }

    @Test("Acts that stand in line are one transaction, and an act alone is one too")
    func oneTransaction() throws {
        let bench = try Bench()
        #expect(try bench.perform { try $0.integer("SELECT 42") } == 42)
        let errors = line(bench, (0..<6).map { index in { try bench.insert(Int64(index), $0) } })
        #expect(errors.allSatisfy { $0 == nil })
        #expect(try bench.items() == Array(0..<6))
        #expect(bench.counter.count.withLock { $0 } == 2)
    }

    @Test("An act that fails undoes itself and no other", arguments: [0, 1, 3])
    func oneFails(failing: Int) throws {
        let bench = try Bench()
        let errors = line(
            bench,
            (0..<4).map { index in
                { db in
                    try bench.insert(Int64(index), db)
                    if index == failing { throw Refused() }
                }
            })
        for index in 0..<4 { #expect((errors[index] as? Refused != nil) == (index == failing)) }
        #expect(try bench.items() == [0, 1, 2, 3].filter { $0 != failing })
        #expect(bench.forgotten.withLock { $0 } >= 1)
    }

    @Test("Where the commit fails every act in it fails, and the next one works", arguments: [0, 2])
    func commitFails(violating: Int) throws {
        let bench = try Bench()
        try bench.queue.write { try $0.execute(sql: "INSERT INTO parent VALUES (1)") }
        let errors = line(
            bench,
            (0..<3).map { index in { try bench.insert(Int64(index), parent: index == violating ? 99 : 1, $0) } })
        for error in errors { #expect((error as? ArchiveError)?.code == .integrity) }
        #expect(try bench.items().isEmpty)
        #expect(bench.takenBack.withLock { $0 } == 1)
        try bench.perform { try bench.insert(7, parent: 1, $0) }
        #expect(try bench.items() == [7])
    }

    @Test("Where an error ends the transaction, what was in it fails too")
    func transactionEnds() throws {
        let bench = try Bench()
        let errors = line(
            bench,
            [
                { try bench.insert(0, $0) }, { try bench.insert(1, $0) },
                { db in
                    // As SQLite does by itself where a disk is full.
                    try db.execute("ROLLBACK")
                    throw ArchiveError(.ledgerNotWritable, "full")
                },
                { try bench.insert(3, $0) },
            ])
        for index in 0..<3 { #expect((errors[index] as? ArchiveError)?.code == .ledgerNotWritable, "\(index)") }
        #expect(errors[3] == nil)
        #expect(try bench.items() == [3])
    }

    @Test("Who waits too long for his turn is told so, and is out of the line")
    func waitsTooLong() throws {
        let bench = try Bench()
        let entered = DispatchSemaphore(value: 0), leave = DispatchSemaphore(value: 0)
        let errors = onThreads(2) { index in
            if index == 0 {
                try bench.perform { db in
                    entered.signal()
                    leave.wait()
                    try bench.insert(0, db)
                }
            } else {
                entered.wait()
                defer { leave.signal() }
                try bench.perform(waitSeconds: 0) { try bench.insert(1, $0) }
            }
        }
        #expect(errors[0] == nil)
        #expect((errors[1] as? ArchiveError)?.code == .locked)
        #expect(try bench.items() == [0])
        #expect(bench.commits.waitingCount == 0)
    }

    @Test("Where the lock file cannot be taken the line goes on")
    func lockIsHeld() throws {
        let bench = try Bench()
        do {
            let held = try FileLock(path: bench.folder.path + "/lock", holder: "another", waitSeconds: 0)
            #expect(throws: ArchiveError(.locked, "")) { try bench.perform { try bench.insert(0, $0) } }
            withExtendedLifetime(held) {}
        }
        try bench.perform { try bench.insert(1, $0) }
        #expect(try bench.items() == [1])
    }

    @Test("Threads that file in one archive at once file everything, with fewer commits than acts")
    func archive() throws {
        let fixture = try Fixture()
        let archive = fixture.archive
        let counter = CommitCounter()
        archive.engine.database.add(transactionObserver: counter, extent: .databaseLifetime)
        let before = try fixture.ledgerSize()
        let users = ["clerk1", "clerk1", "inspector1", "clerk1"]
        let identities = try users.map { try #require(fixture.identities[$0]) }
        let filed = Mutex<[String]>([])
        let errors = onThreads(4) { thread in
            let session = try Session(archive, identity: identities[thread])
            for number in 0..<12 {
                func draft(_ officer: String) -> RecordDraft {
                    users[thread] == "inspector1"
                        ? Fixture.sanction(officer) : Fixture.event(officer, "thread \(thread) number \(number)")
                }
                if number % 4 == 3 {
                    // Refused, and the refusal is a line too.
                    do {
                        try session.file(draft("999999"))
                        Issue.record("filed about nobody")
                    } catch let error as ArchiveError { #expect(error.code == .notVisible) }
                    continue
                }
                let record = try session.file(draft("990001"))
                filed.withLock { $0.append(record.text) }
            }
        }
        #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
        let records = filed.withLock { $0 }
        #expect(records.count == 36 && Set(records).count == 36)
        let lines = try fixture.ledgerSize() - before
        #expect(lines == 48)
        #expect(counter.count.withLock { $0 } < 48)
        #expect(try archive.check().isSound)
    }

    @Test("An act whose transaction ended by itself is not answered as done")
    func overButSuccess() throws {
        let fixture = try Fixture()
        #expect(throws: (any Error).self) {
            try fixture.archive.transact("test") { db in
                try db.execute("INSERT INTO unit (id, parent, kind, name, batch) VALUES ('U77', 'U00', 'x', 'x', 1)")
                try db.execute("ROLLBACK")
            }
        }
        let has = try fixture.archive.snapshot { try UnitTable.has("U77", $0) }
        #expect(!has)
    }
}
