import ArgumentParser
import Foundation

/// The workload A to G on every peer, taking turns (docs/performance.md).
///
/// Each round loads every peer's database anew and runs all operations on it; a ratio is that of two peers in one round.
/// Equal answers are part of the result: where two peers do not answer alike, there is none.
struct WorkloadBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workload",
        abstract: "The page store, the archive's layout and Debian's sqlcipher beside plain SQLite: ratios of CPU time."
    )

    @Option(help: "officers, with 50 records each") var officers = 20_000
    @Option(help: "rounds; each runs every operation on every peer") var rounds = 5
    @Option(help: "a folder for the databases, in memory if it can be; left out: /dev/shm") var into = "/dev/shm"
    @Option(help: "a folder on the disk for D; left out: the present one") var disk = "."

    func run() throws {
        guard rounds >= 1 else { throw ValidationError("at least one round") }
        let peers = try Peers()
        let workload = try Workload(officers: officers)
        let folders = ["\(into)/probity-bench-\(getpid())", "\(disk)/probity-bench-disk-\(getpid())"]
        for folder in folders {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        defer { for folder in folders { Bench.remove(folder) } }
        print("\(officers) officers × 50 records, \(rounds) rounds; peers: \(peers.present.map(\.rawValue))")

        var results = Results()
        for round in 0..<rounds {
            // Who comes first in a round finds other caches than who comes last: they take turns.
            for peer in round % 2 == 0 ? peers.present : peers.present.reversed() {
                let run = PeerRun(
                    peer: peer, peers: peers, workload: workload, folder: folders[0], diskFolder: folders[1],
                    round: round)
                try results.add(run.all(), of: peer)
            }
            print("round \(round + 1) of \(rounds) is done")
        }
        results.report(peers.present)
    }
}

/// What one peer took for one operation in one round.
struct Outcome {
    let seconds: Double
    /// Equal on every peer; nil where an operation has no answer to compare.
    let checksum: Int64?
}

/// All operations of one peer in one round.
private struct PeerRun {
    let peer: Peer
    let peers: Peers
    let workload: Workload
    let folder: String
    let diskFolder: String
    let round: Int

    func all() throws -> [(operation: String, Outcome)] {
        var outcomes: [(operation: String, Outcome)] = []
        func time(_ name: String, less: Double = 0, _ body: () throws -> Int64?) throws {
            var checksum: Int64?
            let measured = try Bench.measure { checksum = try body() }
            outcomes.append((name, Outcome(seconds: max(measured.cpu - less, 1e-6), checksum: checksum)))
        }
        func store(_ name: String, _ workload: Workload) -> Store {
            Store(peer, peers, "\(folder)/\(peer.rawValue)-\(name).db", workload)
        }
        // What making the rows costs is not the database's.
        let generation = try Bench.measure {
            if peer.isLayout { workload.forEachByOfficer { _ in } } else { workload.forEachInTime { _ in } }
        }.cpu
        // The layout sorts and indexes last, whatever plain does: its A1 is how an archive is loaded.
        let first = store("a1", workload)
        try time("A1 load, indexes live", less: generation) {
            try first.load(indexesFirst: !peer.isLayout)
            return Int64(workload.count)
        }
        first.removeFiles()
        let main = store("a2", workload)
        try time("A2 load, indexes last", less: generation) {
            try main.load(indexesFirst: false)
            return Int64(workload.count)
        }
        try time("B1 officer, new connection") { try main.coldLookups(round: round) }
        try time("B2 officers, cache 16 MiB") { try main.lookups(cacheKiB: 16_384) }
        try time("B2 officers, cache 1 MiB") { try main.lookups(cacheKiB: 1_024) }
        try time("Cm statistics, month") { try main.statistics(days: 30) }
        try time("Cy statistics, year") { try main.statistics(days: 364) }
        try main.addEntries()
        try time("E scan of entries") { try main.scan(hashing: false) }
        try time("E scan and root") { try main.scan(hashing: true) }
        try time("F backup") { try main.backup() }
        try time("A3 month on top") {
            try main.increment()
            return Int64(workload.incrementCount)
        }
        main.removeFiles()
        outcomes += try onDisk()
        return outcomes
    }

    /// D and G: a county's file on the disk.
    private func onDisk() throws -> [(operation: String, Outcome)] {
        let county = try Workload(officers: min(1_000, workload.officers))
        let path = "\(diskFolder)/\(peer.rawValue).db"
        let store = Store(peer, peers, path, county)
        defer { store.removeFiles() }
        try store.load(indexesFirst: false)
        var outcomes: [(operation: String, Outcome)] = []
        let alone = try Bench.measure { _ = try store.file(300, from: 0) }
        var filed = try store.filedCount()
        outcomes.append(("D1 filing, CPU", Outcome(seconds: alone.cpu, checksum: filed)))
        outcomes.append(("D1 filing, wall", Outcome(seconds: alone.wall, checksum: filed)))

        let together = try Bench.measure { _ = try Bench.fileTogether(store) }
        filed = try store.filedCount()
        outcomes.append(("D4 four processes, CPU", Outcome(seconds: together.cpu, checksum: filed)))
        outcomes.append(("D4 four processes, wall", Outcome(seconds: together.wall, checksum: filed)))

        let start = try Bench.measure {
            for _ in 0..<20 {
                try Bench.wait(
                    for: Bench.start(["first-row", peer.rawValue, path, "--officers", String(county.officers)]))
            }
        }
        outcomes.append(("G process to first row", Outcome(seconds: start.cpu, checksum: nil)))
        return outcomes
    }
}

/// A process of D4.
struct FileWorker: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "file", shouldDisplay: false)

    @Argument var peer: String
    @Argument var path: String
    @Option var officers: Int
    @Option var worker: Int

    func run() throws {
        guard let peer = Peer(rawValue: peer) else { throw ValidationError("no such peer") }
        let store = try Store(peer, Peers(), path, Workload(officers: officers))
        for seconds in try store.file(100, from: 300 + worker * 100) { print(seconds) }
    }
}

/// A process of G.
struct FirstRow: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "first-row", shouldDisplay: false)

    @Argument var peer: String
    @Argument var path: String
    @Option var officers: Int

    func run() throws {
        guard let peer = Peer(rawValue: peer) else { throw ValidationError("no such peer") }
        _ = try Store(peer, Peers(), path, Workload(officers: officers)).firstRow()
    }
}

/// Outcomes of all rounds, and what is said of them.
private struct Results {
    private var order: [String] = []
    private var seconds: [String: [Peer: [Double]]] = [:]
    private var answers: [String: Int64] = [:]

    mutating func add(_ outcomes: [(operation: String, Outcome)], of peer: Peer) throws {
        var answersOfRun: [String: Int64] = [:]
        for (operation, outcome) in outcomes {
            if seconds[operation] == nil { order.append(operation) }
            seconds[operation, default: [:]][peer, default: []].append(outcome.seconds)
            answersOfRun[operation] = outcome.checksum
        }
        // B1 asks for other officers in each round.
        for (operation, answer) in answersOfRun where operation != "B1 officer, new connection" {
            let known = answers[operation] ?? answer
            guard known == answer else {
                throw ValidationError("\(operation): \(peer.rawValue) does not answer as the others do")
            }
            answers[operation] = answer
        }
    }

    /// Paired ratios to plain SQLite, sorted.
    private func ratios(_ operation: String, _ peer: Peer) -> [Double] {
        guard let plain = seconds[operation]?[.plain], let other = seconds[operation]?[peer] else { return [] }
        return zip(other, plain).map { $0 / $1 }.sorted()
    }

    private func median(_ operation: String, _ peer: Peer) -> Double? {
        let all = ratios(operation, peer)
        return all.isEmpty ? nil : all[all.count / 2]
    }

    func report(_ peers: [Peer]) {
        let others = peers.filter { $0 != .plain }
        let names = others.map(\.rawValue).joined(separator: " | ")
        print("\n| CPU, min/median/max of paired ratios | plain, ms | \(names) |")
        print("|---|---|" + others.map { _ in "---|" }.joined())
        for operation in order {
            let plain = (seconds[operation]?[.plain] ?? []).sorted()
            let columns = others.map { peer -> String in
                let all = ratios(operation, peer)
                return all.isEmpty
                    ? "–" : [all[0], all[all.count / 2], all[all.count - 1]].map(Bench.text).joined(separator: "/")
            }
            let middle = plain.isEmpty ? "–" : Bench.text(plain[plain.count / 2] * 1000)
            print("| \(operation) | \(middle) | \(columns.joined(separator: " | ")) |")
        }
        print("\nPage encryption alone (equal layout, median ratio − 1):")
        for operation in ["A1 load, indexes live", "B2 officers, cache 16 MiB", "E scan of entries"] {
            guard let pages = median(operation, .pages) else { continue }
            judge("\(operation) at most 0.35", pages - 1, pages - 1 <= 0.35)
        }
        for operation in order {
            // Waiting for the disk is not the pages' doing.
            guard !operation.hasSuffix("wall"), let pages = median(operation, .pages),
                let cipher = median(operation, .sqlcipher), cipher - 1 > 0.3
            else { continue }
            judge(
                "\(operation) at most half of sqlcipher's \(Bench.text(cipher - 1))", pages - 1,
                pages - 1 <= (cipher - 1) / 2)
        }
        print("\nGoals of the archive's layout (median ratio to plain):")
        let goals: [(String, Double)] = [
            ("A1 load, indexes live", 0.55), ("A3 month on top", 3.3), ("B1 officer, new connection", 0.55),
            ("B2 officers, cache 16 MiB", 0.60), ("Cm statistics, month", 0.30), ("Cy statistics, year", 0.12),
            ("D1 filing, CPU", 1.25), ("D1 filing, wall", 1.05), ("E scan and root", 0.70), ("F backup", 1 / 1.15),
            ("G process to first row", 1.4),
        ]
        for (operation, goal) in goals {
            guard let found = median(operation, .layout) else { continue }
            judge("\(operation) at most \(Bench.text(goal))", found, found <= goal)
        }
    }

    private func judge(_ what: String, _ value: Double, _ isMet: Bool) {
        print("  \(isMet ? "met    " : "not met") \(what): \(Bench.text(value))")
    }
}
