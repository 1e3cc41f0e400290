import CPageStore
import Foundation
import GRDBSQLite
import ProbityTestSupport
import Synchronization
import Testing

/// Runs `body` in so many threads of its own at once; a queue would have as many as there are idle cores.
private func inThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for index in 0..<count {
        group.enter()
        Thread.detachNewThread {
            body(index)
            group.leave()
        }
    }
    group.wait()
}

@Suite("Several at once")
struct ConcurrencyTests {
    @Test("Two connections see each other's commits and their own snapshots")
    func twoConnections() throws {
        let disk = try Disk()
        let writer = try disk.open(), reader = try Connection(disk.database)
        try writer.execute("PRAGMA wal_autocheckpoint = 4; CREATE TABLE item(id INTEGER PRIMARY KEY, body TEXT)")
        for round in 1...60 {
            try reader.execute("BEGIN")
            let before = try reader.value("SELECT count(*) FROM item")
            try writer.execute("INSERT INTO item VALUES (\(round), '\(String(repeating: "x", count: round * 100))')")
            #expect(try reader.value("SELECT count(*) FROM item") == before)
            try reader.execute("COMMIT")
            #expect(
                try reader.value("SELECT count(*) || '/' || max(length(body)) FROM item") == "\(round)/\(round * 100)")
            // The two take turns at writing, so each meets rounds of the WAL that the other began.
            try reader.execute("UPDATE item SET body = body WHERE id = \(round); DELETE FROM item WHERE id = -1")
            if round % 13 == 0 { try writer.execute("PRAGMA wal_checkpoint(RESTART)") }
        }
        #expect(throws: SQLFailure.self) {
            try writer.execute("PRAGMA busy_timeout = 1")
            try reader.execute("BEGIN IMMEDIATE")
            try writer.execute("INSERT INTO item VALUES (1000, '')")
        }
        try reader.execute("COMMIT")
        #expect(try writer.rows("PRAGMA integrity_check") == ["ok"])
    }

    /// As a pool of GRDB does: one connection writes, the others read, each on a thread of its own.
    @Test("A connection that was opened on an empty file reads and writes what another makes of it")
    func openedBeforeTheDatabaseWasMade() throws {
        let disk = try Disk()
        let early = try Connection(disk.database)
        let maker = try disk.open()
        try maker.execute("CREATE TABLE item(id); INSERT INTO item VALUES (1)")
        #expect(try early.rows("SELECT id FROM item") == ["1"])
        try early.execute("INSERT INTO item VALUES (2)")
        #expect(try maker.rows("SELECT id FROM item ORDER BY id") == ["1", "2"])
    }

    @Test("A connection that was opened on an empty file recovers a log that another has left there")
    func recoversWhatWasMadeLater() throws {
        let (disk, other) = (try Disk(), try Disk())
        let early = try Connection(disk.database)
        let maker = try other.open()
        try maker.execute("CREATE TABLE item(id); INSERT INTO item VALUES (1)")
        // As after a crash of the maker: the database and its log, and no shared memory.
        disk["main.db"] = other["main.db"]
        disk["main.db-wal"] = other["main.db-wal"]
        #expect(try early.rows("SELECT id FROM item") == ["1"])
    }

    @Test("One thread writes while four read")
    func threads() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/archive.db"
        try Store.addKey(path)
        let setup = try Connection(path)
        try setup.execute(
            "PRAGMA journal_mode = WAL; CREATE TABLE item(id INTEGER PRIMARY KEY, body TEXT);"
                + "CREATE TABLE total(value); INSERT INTO total VALUES (0)")
        let finished = Atomic(false), snapshots = Atomic(0)
        let failures = Mutex<[String]>([])
        inThreads(5) { index in
            do {
                let connection = try Connection(path)
                if index == 0 {
                    defer { finished.store(true, ordering: .relaxed) }
                    try connection.execute("PRAGMA wal_autocheckpoint = 10; PRAGMA cache_size = 10")
                    for number in 1...600 {
                        let length = number * 37 % 5000
                        try connection.execute(
                            "BEGIN IMMEDIATE; INSERT INTO item VALUES (\(number), zeroblob(\(length)));"
                                + "UPDATE total SET value = value + \(length); COMMIT")
                    }
                } else {
                    while !finished.load(ordering: .relaxed) {
                        try connection.execute("BEGIN")
                        let sum = try connection.value("SELECT coalesce(sum(length(body)), 0) FROM item")
                        let total = try connection.value("SELECT value FROM total")
                        try connection.execute("COMMIT")
                        if sum != total { failures.withLock { $0.append("\(sum) and \(total)") } }
                        snapshots.add(1, ordering: .relaxed)
                    }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(snapshots.load(ordering: .relaxed) > 20)
        #expect(try setup.rows("PRAGMA integrity_check") == ["ok"])
    }

    @Test("Keys are added, used and removed by several threads")
    func keysOfThreads() throws {
        let folder = try TemporaryFolder()
        let failures = Mutex<[String]>([])
        inThreads(6) { index in
            do {
                let path = "\(folder.path)/\(index).db"
                for round in 0..<30 {
                    try Store.addKey(path, [UInt8](repeating: UInt8(index), count: 32))
                    let connection = try Connection(path)
                    try connection.execute(
                        "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS item(id); INSERT INTO item VALUES (1)")
                    let count = try connection.value("SELECT count(*) FROM item")
                    if count != "\(round + 1)" { failures.withLock { $0.append(count) } }
                    connection.close()
                    unsafe probity_pagestore_remove_key(path)
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
    }

    @Test("Writers and readers that are killed lose nothing that was committed")
    func killed() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/archive.db"
        try Store.addKey(path)
        let setup = try Connection(path)
        try setup.execute(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE counter(name TEXT PRIMARY KEY, value); INSERT INTO counter VALUES ('a', 0), ('b', 0);
            CREATE TABLE item(name, value, body); CREATE TABLE total(value); INSERT INTO total VALUES (0);
            """)
        setup.close()
        let seed = UInt64(rounds("PROBITY_SEED", 1)), loops = rounds("PROBITY_KILLS", 4)
        var random = SeededGenerator(seed: seed)
        var committed = ["a": 0, "b": 0]
        for loop in 0..<loops {
            let writers = ["a", "b"].map { name in
                (name: name, process: Process(), output: URL(filePath: "\(folder.path)/\(name).out"))
            }
            let readers = [Process(), Process()]
            let errors = URL(filePath: folder.path + "/errors")
            try Data().write(to: errors)
            for process in writers.map(\.process) + readers {
                process.executableURL = URL(filePath: Worker.path)
                let handle = try FileHandle(forWritingTo: errors)
                try handle.seekToEnd()
                process.standardError = handle
                process.standardOutput = FileHandle.nullDevice
                process.arguments = ["read", path]
            }
            for (name, process, output) in writers {
                try Data().write(to: output)
                process.arguments = ["write", path, name]
                process.standardOutput = try FileHandle(forWritingTo: output)
            }
            for process in writers.map(\.process) + readers { try process.run() }
            Thread.sleep(forTimeInterval: Double.random(in: 0.03...0.25, using: &random))
            for process in writers.map(\.process) + readers {
                let isAlive = process.isRunning
                let told = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
                #expect(isAlive, "loop \(loop): \(told)")
                kill(process.processIdentifier, SIGKILL)
            }
            for process in writers.map(\.process) + readers { process.waitUntilExit() }
            for (name, _, output) in writers {
                let lines = String(decoding: try Data(contentsOf: output), as: UTF8.self).split(separator: "\n")
                if let last = lines.last.flatMap({ Int($0) }) { committed[name] = last }
            }
            let connection = try Connection(path)
            #expect(try connection.rows("PRAGMA integrity_check") == ["ok"], "loop \(loop), seed \(seed)")
            for (name, number) in committed {
                let found = try #require(
                    Int(try connection.value("SELECT value FROM counter WHERE name = '\(name)'")))
                #expect(found == number || found == number + 1, "loop \(loop), seed \(seed): \(name)")
                committed[name] = found
            }
            #expect(
                try connection.value("SELECT sum(value) FROM counter") == connection.value("SELECT value FROM total"))
            connection.close()
        }
        #expect(committed.values.reduce(0, +) > loops)
        if ProcessInfo.processInfo.environment["PROBITY_KILLS"] != nil {
            print("\(loops) rounds of four killed processes; \(committed.values.reduce(0, +)) transactions, none lost")
        }
    }
}
