import ArgumentParser
import CanonicalJSON
import Dispatch
import Foundation
import GRDB
import Glibc
import ProbityCrypto
import ProbityRecords
import ProbityStore
import Synchronization

/// Rates, each beside plain SQLite in the same run. Figures are CPU time of the process: machines are shared and noisy.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "The product and its page store beside plain SQLite, in one run.",
        subcommands: [ArchiveBench.self, WorkloadBench.self, FileWorker.self, FirstRow.self],
        defaultSubcommand: ArchiveBench.self)
}

/// Builds a synthetic archive through the gate and prints how fast it imports, answers promotion checks and verifies.
struct ArchiveBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive", abstract: "Import, promotion check and check of an archive.")

    @Option(help: "officers") var officers = 1_000
    @Option(help: "records of each officer") var recordsPerOfficer = 50
    @Option(help: "a new folder for the archive; left out: a temporary one, removed at the end") var into: String?

    func run() throws {
        let folder = into ?? FileManager.default.temporaryDirectory.appending(path: "probity-bench-\(getpid())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { if into == nil { Bench.remove(folder) } }
        let rows = Rows(officers: officers, recordsPerOfficer: recordsPerOfficer)
        print("\(officers) officers × \(recordsPerOfficer) records = \(rows.count) records")

        let plain = try PlainSide(path: folder + "/plain.db")
        let plainImport = try Bench.measure { try plain.load(rows) }
        report("plain SQLite: import", plainImport, rows.count)

        let product = try ProductSide(folder: folder, units: rows.unitCount)
        let officerImport = try Bench.measure { try product.importOfficers(rows) }
        report("probity: import officers", officerImport, officers)
        let recordImport = try Bench.measure { try product.importRecords(rows) }
        report("probity: import records", recordImport, rows.count)
        ratio("import of officers and records to plain", officerImport.cpu + recordImport.cpu, plainImport.cpu)

        let plainCheck = try Bench.measure { try plain.visitAll(rows) }
        report("plain SQLite: read and evaluate every officer", plainCheck, officers)
        let promotion = try Bench.measure { try product.checkPromotions(expected: officers) }
        report("probity: promotion check of every officer", promotion, officers)
        ratio("promotion check to plain reading", promotion.cpu, plainCheck.cpu)

        for (name, days) in [("month", 30), ("year", 364)] {
            let from = CivilDate(daysSinceEpoch: 18_262 + 730)
            let until = CivilDate(daysSinceEpoch: from.daysSinceEpoch + days)
            var counts = (plain: 0, probity: 0)
            let plainCount = try Bench.measure { counts.plain = try plain.count(from, until) }
            let count = try Bench.measure { counts.probity = try product.count(from, until) }
            guard counts.plain == counts.probity else { throw ValidationError("the figures differ: \(counts)") }
            report("probity: figures of a \(name)", count, counts.probity)
            ratio("figures of a \(name) to plain", count.cpu, plainCount.cpu)
        }

        let check = try Bench.measure { try product.check() }
        report("probity: check of all rows against the ledger", check, rows.count)
        try fileBesidePlain(product, folder)
        let plainFile = folder + "/plain.db"
        let copy = try Bench.measure { try plain.copy(to: folder + "/plain-copy.db") }
        let backup = try Bench.measure { try product.backUp(to: folder + "/backup") }
        let (plainSize, size) = (Bench.sizeMiB(plainFile), Bench.sizeMiB(folder + "/archive/archive.db"))
        print(
            "backup: \(Int(Double(size) / backup.cpu)) MiB/s of CPU, plain \(Int(Double(plainSize) / copy.cpu)) MiB/s")
        ratio("CPU a byte of backup create to plain's backup", backup.cpu / Double(size), copy.cpu / Double(plainSize))
        print(
            "peak memory \(Bench.peakMemoryMiB()) MiB; archive \(Bench.sizeMiB(folder + "/archive/archive.db")) MiB, "
                + "plain \(Bench.sizeMiB(folder + "/plain.db")) MiB")
    }

    /// D: filings with their ledger lines, each durable, by one and by four at a time; plain SQLite has four processes,
    /// because it has nothing that four threads could share.
    private func fileBesidePlain(_ product: ProductSide, _ folder: String) throws {
        let peers = try Peers()
        let county = try Workload(officers: 1_000)
        let store = Store(.plain, peers, folder + "/plain-county.db", county)
        try store.load(indexesFirst: false)
        func tell(_ what: String, _ measured: Bench.Measured, _ latencies: [Double]) -> (rate: Double, late: Double) {
            let sorted = latencies.sorted()
            let late = sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
            let rate = Double(sorted.count) / measured.wall
            print(
                "\(what): \(Int(rate))/s, \(Int(measured.cpu / Double(sorted.count) * 1e6)) µs CPU each, "
                    + "p50 \(Bench.text(sorted[sorted.count / 2] * 1000)) ms, p99 \(Bench.text(late * 1000)) ms")
            return (rate, late)
        }
        var latencies: [Double] = []
        var measured = try Bench.measure { latencies = try store.file(300, from: 0) }
        let plainAlone = tell("plain SQLite: one filing at a time", measured, latencies)
        measured = try Bench.measure { latencies = try product.file(threads: 1, each: 300) }
        let alone = tell("probity: one filing at a time", measured, latencies)
        measured = try Bench.measure { latencies = try Bench.fileTogether(store) }
        let plainTogether = tell("plain SQLite: four processes filing", measured, latencies)
        measured = try Bench.measure { latencies = try product.file(threads: 4, each: 100) }
        let together = tell("probity: four threads filing", measured, latencies)
        ratio("filings a second, one at a time, to plain", alone.rate, plainAlone.rate)
        ratio("filings a second, four at a time, to plain", together.rate, plainTogether.rate)
        ratio("filings a second, four at a time, to one at a time", together.rate, alone.rate)
        ratio("p99 of four at a time to plain's", together.late, plainTogether.late)
    }

    private func report(_ what: String, _ measured: Bench.Measured, _ count: Int) {
        let rate = Int(Double(count) / max(measured.cpu, 1e-9))
        print(
            "\(what): \(Bench.text(measured.cpu)) s CPU, \(Bench.text(measured.wall)) s wall, \(rate)/s of CPU, "
                + "peak \(Bench.peakMemoryMiB()) MiB")
    }

    private func ratio(_ what: String, _ one: Double, _ other: Double) {
        print("  ratio \(what): \(Bench.text(one / max(other, 1e-9)))")
    }

}

extension Bench {
    static func remove(_ folder: String) {
        do { try FileManager.default.removeItem(atPath: folder) } catch { print("left behind: \(folder)") }
    }

    struct Measured {
        let cpu: Double
        let wall: Double
    }

    /// With two digits behind the point.
    static func text(_ number: Double) -> String {
        let hundredths = Int((abs(number) * 100).rounded())
        let fraction = String(100 + hundredths % 100).dropFirst()
        return "\(number < 0 && hundredths > 0 ? "-" : "")\(hundredths / 100).\(fraction)"
    }

    static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    /// Starts this program once more.
    static func start(_ arguments: [String], output: Pipe? = nil) throws -> Process {
        let process = Process()
        if let output { process.standardOutput = output }
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        try process.run()
        return process
    }

    /// D4: four processes file a hundred records each, and say how long each took.
    static func fileTogether(_ store: Store) throws -> [Double] {
        let pipes = (0..<4).map { _ in Pipe() }
        let workers = try pipes.enumerated().map { try start(store.workerArguments($0), output: $1) }
        let texts = try pipes.map { String(decoding: try $0.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self) }
        for worker in workers { try wait(for: worker) }
        return texts.flatMap { $0.split(separator: "\n").compactMap { Double($0) } }
    }

    static func wait(for process: Process) throws {
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ValidationError("a process of the bench failed") }
    }

    static func measure(_ body: () throws -> Void) throws -> Measured {
        let wall = ContinuousClock.now
        let cpu = cpuSeconds()
        try body()
        return Measured(cpu: cpuSeconds() - cpu, wall: seconds(ContinuousClock.now - wall))
    }

    /// Of this process and of those that it has waited for.
    private static func cpuSeconds() -> Double {
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return [RUSAGE_SELF.rawValue, RUSAGE_CHILDREN.rawValue].map { usage($0) }.reduce(0) {
            $0 + seconds($1.ru_utime) + seconds($1.ru_stime)
        }
    }

    private static func usage(_ who: Int32) -> rusage {
        var usage = rusage()
        _ = unsafe getrusage(__rusage_who_t(who), &usage)
        return usage
    }

    static func peakMemoryMiB() -> Int { usage(RUSAGE_SELF.rawValue).ru_maxrss / 1024 }

    static func sizeMiB(_ path: String) -> Int {
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return ((attributes[.size] as? Int) ?? 0) >> 20
        } catch {
            return 0
        }
    }
}

/// The rows of the workload: SplitMix64 and the columns of docs/performance.md, in four kinds that the check reads or not.
struct Rows {
    static let kinds = ["majorEvent", "training", "talk", "dutyTrace"]
    private static let characters = Array(
        "本人配偶子女婚姻变化出国境投资企业房产持股理财保险从业移居留学经商办受到刑事追究责任调查核实如不一致说明情况申请备案审批登记年月")

    let officers: Int
    let recordsPerOfficer: Int
    var count: Int { officers * recordsPerOfficer }
    /// Fifty officers a unit.
    var unitCount: Int { max(1, officers / 50) }

    struct Row {
        let id: Int
        let officer: Int
        let kind: Int
        let date: CivilDate
        let text: String
    }

    /// Row `i`; nil where `kind` is given and the row is of another.
    func row(_ i: Int, kind only: Int? = nil) -> Row? {
        var state = Workload.fmix(0x5052_4F42_4954_5931 ^ UInt64(i))
        func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            return Workload.fmix(state)
        }
        let officer = ((i % officers) * 7919 + (i / officers) * 104_729) % officers
        let kind = Int(next() % 12) % Rows.kinds.count
        if let only, only != kind { return nil }
        let day = 18_262 + i * 1826 / count - Int(next() % 60)
        let target = 560 + Int(next() % 81) - 4
        var text = ""
        var length = 0
        while length < target {
            var draw = next()
            for _ in 0..<10 where length < target {
                text.append(Rows.characters[Int(draw & 63) % Rows.characters.count])
                length += 3
                draw >>= 6
            }
        }
        return Row(id: i + 1, officer: officer, kind: kind, date: CivilDate(daysSinceEpoch: day), text: text)
    }

    func policeNumber(_ officer: Int) -> String {
        let digits = String(officer)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }

    func unit(_ officer: Int) -> String { "U\(1 + officer % unitCount)" }

    /// A citizen ID with the check digit of GB 11643.
    func idNumber(_ officer: Int) -> String {
        let birth = CivilDate(daysSinceEpoch: 3_000 + officer % 9_000)
        let sequence = officer / 9_000 * 2 + 1
        let digits =
            "990101" + birth.description.filter { $0 != "-" }
            + String(repeating: "0", count: 3 - String(sequence).count)
            + String(sequence)
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
        let sum = zip(weights, digits.utf8).reduce(0) { $0 + $1.0 * Int($1.1 - 48) }
        return digits + String(Array("10X98765432")[sum % 11])
    }
}

/// The reference: the same rows, in the clear, in a plain table with three indexes.
private struct PlainSide {
    private let queue: DatabaseQueue

    init(path: String) throws {
        // By its name, because the page store is the default as soon as an archive was opened.
        queue = try DatabaseQueue(path: "file:\(path)?vfs=unix")
        try queue.writeWithoutTransaction { db in
            _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = NORMAL")
            try db.execute(
                sql: """
                    CREATE TABLE record (id INTEGER PRIMARY KEY, officer INTEGER, unit TEXT, kind INTEGER, form INTEGER,
                        occurred INTEGER, status INTEGER, created INTEGER, author INTEGER, payload BLOB);
                    CREATE INDEX byOfficer ON record (officer, kind, occurred);
                    CREATE INDEX byKind ON record (kind, status, occurred);
                    CREATE INDEX byUnit ON record (unit, kind, occurred);
                    """)
        }
    }

    func load(_ rows: Rows) throws {
        var next = 0
        while next < rows.count {
            try queue.write { db in
                let statement = try db.cachedStatement(
                    sql: "INSERT INTO record VALUES (?, ?, ?, ?, 1, ?, 4, ?, 1, ?)")
                for index in next..<min(next + 10_000, rows.count) {
                    guard let row = rows.row(index) else { continue }
                    let payload = JSONValue.object(["v": 1, "编号": .integer(Int64(row.id)), "说明": .string(row.text)])
                    try statement.execute(arguments: [
                        row.id, row.officer, rows.unit(row.officer), row.kind, row.date.daysSinceEpoch, row.id,
                        Data(payload.canonicalBytes),
                    ])
                }
            }
            next += 10_000
        }
    }

    /// Records of a period, by kind, form and unit, and how many there are in all.
    func count(_ from: CivilDate, _ until: CivilDate) throws -> Int {
        try queue.read { db in
            try Int.fetchAll(
                db,
                sql: """
                    SELECT count(*), kind, form, unit, sum(status = 4) FROM record
                    WHERE kind IN (0,1,2,3) AND status IN (0,1,2,3,4,5,6,7) AND occurred BETWEEN ? AND ?
                    GROUP BY kind, form, unit
                    """, arguments: [from.daysSinceEpoch, until.daysSinceEpoch]
            ).reduce(0, +)
        }
    }

    func copy(to path: String) throws {
        try queue.backup(to: DatabaseQueue(path: "file:\(path)?vfs=unix"))
    }

    func visitAll(_ rows: Rows) throws {
        try queue.read { db in
            var sum = 0
            for officer in 0..<rows.officers {
                let payloads = try Data.fetchAll(
                    db.cachedStatement(sql: "SELECT payload FROM record WHERE officer = ? ORDER BY kind, occurred"),
                    arguments: [officer])
                for payload in payloads {
                    sum += Int(try JSONValue(parsing: [UInt8](payload))["编号"]?.integer ?? 0)
                }
            }
            guard sum == rows.count * (rows.count + 1) / 2 else { throw ValidationError("the plain side lost rows") }
        }
    }
}

/// The product through its own gate.
private struct ProductSide {
    private let archive: Archive
    private let identity: Identity
    private let clerk: Session
    private let promoter: Session
    private let sysadmin: Session

    init(folder: String, units: Int) throws {
        let political: [ProbityRecords.Category] = [.roster, .events, .drinking, .talks, .duty, .care]
        func member(_ user: String, _ role: Role, _ grants: [ProbityRecords.Category]) -> Ceremony.Member {
            Ceremony.Member(user: user, role: role, unit: "U0", grants: grants)
        }
        let ceremony = Ceremony(
            bureauID: "bench", name: "bench",
            units: [ProbityStore.Unit(id: "U0", parent: nil, kind: "bureau", name: "bench")]
                + (1...units).map { ProbityStore.Unit(id: "U\($0)", parent: "U0", kind: "station", name: "unit \($0)") },
            members: [
                member("sysadmin", .sysadmin, []), member("secadmin", .secadmin, []),
                member("auditor", .auditor, [.audit]),
                member("clerk", .clerk, political),
                member("promoter", .promoter, [.roster, .events, .sanctions, .opinions, .duty]),
                member("inspector", .inspector, [.complaints]), member("supervisor", .supervisor, [.governance]),
            ], recoveryKey: try X25519PrivateKey().publicKey)
        let secret = Array("bench passphrase".utf8)
        let path = folder + "/archive"
        try Archive.create(at: path, ceremony: ceremony) { _ in SecretBytes(copying: secret) }
        func unlock(_ user: String) throws -> Identity {
            try Identity.unlock(
                user: user, folder: Archive.keysFolder(path), passphrase: SecretBytes(copying: secret))
        }
        identity = try unlock("clerk")
        let archive = try Archive.open(at: path, identity: identity)
        func session(_ user: String, _ purpose: String) throws -> Session {
            let identity = try unlock(user)
            let session = try Session(archive, identity: identity)
            session.purpose = Purpose(code: purpose, reason: "bench")
            session.clockIsConfirmed = true
            return session
        }
        self.archive = archive
        clerk = try session("clerk", "filing")
        promoter = try session("promoter", "promotionReview")
        sysadmin = try session("sysadmin", "configuration")
    }

    func importOfficers(_ rows: Rows) throws {
        let report = try clerk.importRecords(kind: "officer", dryRun: false) { receive in
            for officer in 0..<rows.officers {
                try receive(
                    officer + 2,
                    .values(
                        officer: nil, state: nil,
                        [
                            "policeNo": .string(rows.policeNumber(officer)), "name": .string("人员\(officer)"),
                            "idNo": .string(rows.idNumber(officer)), "sex": "1", "unit": .string(rows.unit(officer)),
                            "personCategory": "police", "politics": "01",
                        ]))
            }
        }
        guard report.isPublished else { throw ValidationError("officers were refused: \(report.rejected.prefix(3))") }
    }

    func importRecords(_ rows: Rows) throws {
        for (number, kind) in Rows.kinds.enumerated() {
            let report = try clerk.importRecords(kind: kind, dryRun: false) { receive in
                for index in 0..<rows.count {
                    guard let row = rows.row(index, kind: number) else { continue }
                    try receive(
                        index + 2,
                        .values(
                            officer: rows.policeNumber(row.officer), state: nil,
                            ProductSide.values(kind, row.date.description, row.text)))
                }
            }
            guard report.isPublished else { throw ValidationError("\(kind) refused: \(report.rejected.prefix(3))") }
        }
    }

    private static func values(_ kind: String, _ date: String, _ text: String) -> [String: JSONValue] {
        let date = JSONValue.string(date)
        let text = JSONValue.string(text)
        switch kind {
        case "majorEvent": return ["eventKind": "me06", "eventDate": date, "reportDate": date, "description": text]
        case "training": return ["course": "other", "completedOn": date, "passed": true, "title": text]
        case "talk":
            return ["talkKind": "heartTalk", "talkOn": date, "interviewers": "所长", "matter": "谈心", "summary": text]
        default: return ["performedOn": date, "area": "team", "item": "检查", "evidence": text]
        }
    }

    /// Files records in so many threads, each with a session of its own.
    ///
    /// - Returns: seconds of each filing.
    func file(threads: Int, each: Int) throws -> [Double] {
        let latencies = Mutex<[Double]>([])
        let failure = Mutex<(any Error)?>(nil)
        let group = DispatchGroup()
        for thread in 0..<threads {
            let (archive, identity) = (archive, identity)
            DispatchQueue(label: "filing \(thread)").async(group: group) {
                do {
                    let session = try Session(archive, identity: identity)
                    session.clockIsConfirmed = true
                    for number in 0..<each {
                        let officer = String(String(1_000_000 + (thread * each + number) % 50).dropFirst())
                        let began = ContinuousClock.now
                        try session.file(
                            RecordDraft(
                                kind: "training", officer: officer,
                                values: [
                                    "course": "other", "completedOn": "2026-11-02", "passed": true,
                                    "title": .string("第\(thread)组第\(number)次"),
                                ]))
                        let seconds = Bench.seconds(ContinuousClock.now - began)
                        latencies.withLock { $0.append(seconds) }
                    }
                } catch {
                    failure.withLock { $0 = error }
                }
            }
        }
        group.wait()
        if let failure = failure.withLock({ $0 }) { throw failure }
        return latencies.withLock { $0 }
    }

    func count(_ from: CivilDate, _ until: CivilDate) throws -> Int {
        var query = StatisticsQuery(from: from, until: until)
        query.kinds = Rows.kinds
        clerk.purpose = Purpose(code: "statistics", reason: "bench")
        return try clerk.statistics(query).cells.reduce(0) { $0 + $1.count }
    }

    func backUp(to path: String) throws { _ = try sysadmin.createBackup(to: path) }

    func checkPromotions(expected: Int) throws {
        var answers = 0
        try promoter.checkPromotion(nil, move: .promotion) { _ in answers += 1 }
        guard answers == expected else { throw ValidationError("\(answers) answers for \(expected) officers") }
    }

    func check() throws {
        let report = try archive.check()
        guard report.isSound else { throw ValidationError("check found \(report.findings.prefix(3))") }
    }
}
