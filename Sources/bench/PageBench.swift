import ArgumentParser
import CPageCipher
import CPageStore
import Foundation
import GRDBSQLite
import Glibc

/// What sealing every page costs: the same statements on the same rows through plain SQLite and through the page store, in one
/// process, taking turns. Clear payloads and one layout on both sides, so that nothing but the pages differs.
///
/// The rows, indexes and operations are those of the workload in docs/performance.md.
struct PageBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pages", abstract: "The page store beside plain SQLite: ratios of CPU time.")

    @Option(help: "officers, with 50 records each") var officers = 4_000
    @Option(help: "rounds; each runs every operation on both sides") var rounds = 5
    @Option(help: "a folder on the disk to measure; left out: a temporary one") var into: String?

    func run() throws {
        guard officers >= 50, rounds >= 1 else { throw ValidationError("at least 50 officers and one round") }
        let base = into ?? FileManager.default.temporaryDirectory.path
        let folder = "\(base)/probity-pages-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { Bench.remove(folder) }
        guard unsafe probity_pagestore_use_gcm(probity_page_cipher()) == SQLITE_OK,
            probity_pagestore_register() == SQLITE_OK
        else { throw ValidationError("the page store is not usable") }
        let workload = Workload(officers: officers)
        print("\(officers) officers × 50 records = \(workload.count) records, \(rounds) rounds")
        let generation = try Bench.measure { try workload.forEach { _ in } }.cpu

        var ratios: [String: [Double]] = [:]
        var plainTimes: [String: [Double]] = [:]
        for round in 0..<rounds {
            var results: [Peer: [String: Outcome]] = [:]
            // The first in a round finds colder caches: they take turns at being first.
            for peer in round % 2 == 0 ? Peer.allCases : Peer.allCases.reversed() {
                let path = "\(folder)/\(peer.rawValue)-\(round).db"
                results[peer] = try PeerRun(peer: peer, path: path, workload: workload, round: round).all(
                    generation: generation)
                for ending in ["", "-wal", "-shm", ".copy"] { _ = unsafe unlink(path + ending) }
            }
            guard let plain = results[.plain], let pages = results[.pages] else { continue }
            for name in PeerRun.operations {
                guard let one = plain[name], let other = pages[name] else { continue }
                guard one.checksum == other.checksum else {
                    throw ValidationError("\(name): the two sides do not answer alike")
                }
                ratios[name, default: []].append(other.seconds / max(one.seconds, 1e-9))
                plainTimes[name, default: []].append(one.seconds)
            }
        }
        for name in PeerRun.operations {
            guard let all = ratios[name]?.sorted(), let times = plainTimes[name]?.sorted() else { continue }
            let text = [all[0], all[all.count / 2], all[all.count - 1]].map(Bench.text).joined(separator: " / ")
            print("\(name): \(text)   (plain \(Bench.text(times[times.count / 2] * 1000)) ms)")
        }
    }
}

enum Peer: String, CaseIterable {
    case plain, pages
    var vfs: String { self == .plain ? "unix" : "probity" }
}

struct Outcome {
    let seconds: Double
    let checksum: Int64
}

/// The rows of the workload: docs/performance.md, section "Rows".
struct Workload {
    struct Row {
        var id: Int64 = 0
        var officer: Int64 = 0
        var unit = ""
        var kind: Int64 = 0
        var form: Int64 = 0
        var occurred: Int64 = 0
        var status: Int64 = 0
        var created: Int64 = 0
        var author: Int64 = 0
        var payload: [UInt8] = []
    }

    let officers: Int
    var count: Int { officers * 50 }

    private static let characters = Array(
        "本人配偶子女婚姻变化出国境投资企业房产持股理财保险从业移居留学经商办受到刑事追究责任调查核实如不一致说明情况申请备案审批登记年月"
    ).map { Array(String($0).utf8) }

    static func fmix(_ value: UInt64) -> UInt64 {
        var word = value
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    func row(_ index: Int) -> Row {
        var state = Workload.fmix(0x5052_4F42_4954_5931 ^ UInt64(index))
        func draw(_ bound: UInt64) -> Int64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            return Int64(Workload.fmix(state) % bound)
        }
        func drawWord() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            return Workload.fmix(state)
        }
        var row = Row()
        row.id = Int64(index + 1)
        row.officer = Int64(1 + ((index % officers) * 7919 + (index / officers) * 104_729) % officers)
        let unit = (Int(row.officer) - 1) % max(1, officers / 50)
        row.unit = "/330000/\(Workload.four(unit / 100))/\(Workload.four(unit % 100))"
        row.kind = 1 + draw(12)
        row.form = 1 + draw(6)
        row.occurred = 18_262 + Int64(index * 1826 / count) - draw(60)
        let status = draw(100)
        row.status = status < 80 ? 4 : status % 8
        row.created = 1_577_836_800_000 + Int64(index) * 157_766_400_000 / Int64(count)
        row.author = 1 + draw(UInt64(max(1, officers / 20)))
        let level = draw(10)
        let amount = draw(10_000_000)
        let length = 560 + Int(draw(81)) - 4
        var payload = Array(
            "{\"v\":1,\"编号\":\(row.id),\"人员\":\(row.officer),\"等级\":\(level),\"金额\":\(amount),\"说明\":\"".utf8)
        while payload.count < length {
            var word = drawWord()
            for _ in 0..<10 where payload.count < length {
                payload += Workload.characters[Int(word & 63) % Workload.characters.count]
                word >>= 6
            }
        }
        payload += Array("\"}".utf8)
        row.payload = payload
        return row
    }

    private static func four(_ number: Int) -> String { String(String(10_000 + number).dropFirst()) }

    func forEach(_ body: (Row) throws -> Void) throws {
        for index in 0..<count { try body(row(index)) }
    }
}

/// One side of one round.
@safe final class PeerRun {
    static let operations = [
        "A1 insert", "B1 officer, new connection", "B2 officers, 16 MiB cache", "B2 officers, 1 MiB cache", "Cm month",
        "Cy year", "E scan", "D1 filing, CPU", "D1 filing, wall", "F backup",
    ]

    private let peer: Peer
    private let path: String
    private let workload: Workload
    private let round: Int

    init(peer: Peer, path: String, workload: Workload, round: Int) throws {
        (self.peer, self.path, self.workload, self.round) = (peer, path, workload, round)
        for path in [path, path + ".copy"] where peer == .pages {
            let key = [UInt8](repeating: 0xB7, count: Int(PROBITY_PAGESTORE_KEY_BYTES))
            guard unsafe probity_pagestore_add_key(path, key) == SQLITE_OK else { throw ValidationError("no key") }
        }
    }

    deinit {
        for path in [path, path + ".copy"] { unsafe probity_pagestore_remove_key(path) }
    }

    func all(generation: Double) throws -> [String: Outcome] {
        var outcomes: [String: Outcome] = [:]
        func time(_ name: String, less: Double = 0, _ body: () throws -> Int64) throws {
            var checksum: Int64 = 0
            let measured = try Bench.measure { checksum = try body() }
            outcomes[name] = Outcome(seconds: max(measured.cpu - less, 1e-6), checksum: checksum)
        }
        try time("A1 insert", less: generation) { try insert() }
        try time("B1 officer, new connection") { try lookUp(officers: 50, cacheKiB: 16_384, isReopening: true) }
        try time("B2 officers, 16 MiB cache") { try lookUp(officers: 1000, cacheKiB: 16_384, isReopening: false) }
        try time("B2 officers, 1 MiB cache") { try lookUp(officers: 1000, cacheKiB: 1_024, isReopening: false) }
        try time("Cm month") { try statistics(days: 30) }
        try time("Cy year") { try statistics(days: 364) }
        try time("E scan") {
            try Database(path, peer).number("SELECT sum(length(payload) + status) FROM record NOT INDEXED")
        }
        var checksum: Int64 = 0
        let filing = try Bench.measure { checksum = try file(300) }
        outcomes["D1 filing, CPU"] = Outcome(seconds: filing.cpu, checksum: checksum)
        outcomes["D1 filing, wall"] = Outcome(seconds: filing.wall, checksum: checksum)
        try time("F backup") { try backup() }
        return outcomes
    }

    private func insert() throws -> Int64 {
        let database = try Database(path, peer, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        try database.execute(
            """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;
            CREATE TABLE record(id INTEGER PRIMARY KEY, officer, unit TEXT, kind, form, occurred, status, created, author,
                payload BLOB);
            CREATE INDEX byOfficer ON record(officer, kind, occurred);
            CREATE INDEX byKind ON record(kind, status, occurred);
            CREATE INDEX byUnit ON record(unit, kind, occurred);
            CREATE TABLE audit(seq INTEGER PRIMARY KEY, entry BLOB, leaf BLOB);
            CREATE TABLE merkle(id INTEGER PRIMARY KEY, size, frontier BLOB); INSERT INTO merkle VALUES (1, 0, zeroblob(640));
            """)
        let statement = try Statement(database, "INSERT INTO record VALUES (?,?,?,?,?,?,?,?,?,?)")
        var inserted = 0
        try database.execute("BEGIN")
        try workload.forEach { row in
            try statement.run(
                [row.id, row.officer, row.kind, row.form, row.occurred, row.status, row.created, row.author],
                at: [1, 2, 4, 5, 6, 7, 8, 9], text: row.unit, at: 3, blob: row.payload, at: 10)
            inserted += 1
            if inserted % 10_000 == 0 { try database.execute("COMMIT; BEGIN") }
        }
        try database.execute("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
        return Int64(inserted)
    }

    /// Reads the files of officers and evaluates each payload: level and amount (等级, 金额).
    private func lookUp(officers: Int, cacheKiB: Int, isReopening: Bool) throws -> Int64 {
        let sql = "SELECT id, kind, occurred, status, payload FROM record WHERE officer = ? ORDER BY kind, occurred"
        let step = max(1, Int(0.6180339 * Double(workload.officers)) | 1)
        var sum: Int64 = 0
        var officer = 0
        var kept: (Database, Statement)?
        for number in 0..<officers {
            if isReopening || kept == nil {
                let database = try Database(path, peer)
                try database.execute("PRAGMA cache_size = -\(cacheKiB)")
                kept = (database, try Statement(database, sql))
            }
            guard let (_, statement) = kept else { continue }
            officer =
                isReopening
                ? Int(Workload.fmix(UInt64(round * 1000 + number)) % UInt64(workload.officers))
                : (officer + step) % workload.officers
            sum = try sum &+ statement.evaluate(officer: Int64(officer + 1))
        }
        return sum
    }

    private func statistics(days: Int) throws -> Int64 {
        let database = try Database(path, peer)
        try database.execute("PRAGMA cache_size = -16384")
        let day = 18_262 + 730
        let statement = try Statement(
            database,
            """
            SELECT kind, form, unit, count(*), sum(status = 4) FROM record
            WHERE kind IN (1,2,3,4,5,6,7,8,9,10,11,12) AND status IN (0,1,2,3,4,5,6,7)
            AND occurred BETWEEN \(day) AND \(day + days) GROUP BY kind, form, unit
            """)
        return try statement.sum(columns: [0, 1, 3, 4])
    }

    /// Filings as of today: a record, a ledger entry with its leaf, the frontier rewritten, one commit each.
    private func file(_ count: Int) throws -> Int64 {
        let database = try Database(path, peer)
        try database.execute("PRAGMA synchronous = FULL; PRAGMA cache_size = -16384")
        for number in 0..<count {
            let row = workload.row(number)
            try database.execute("BEGIN IMMEDIATE")
            try Statement(database, "INSERT INTO record VALUES (?,?,?,?,?,?,?,?,?,?)").run(
                [
                    Int64(workload.count + number + 1), row.officer, row.kind, row.form, row.occurred, row.status,
                    row.created, row.author,
                ], at: [1, 2, 4, 5, 6, 7, 8, 9], text: row.unit, at: 3, blob: row.payload, at: 10)
            try database.execute(
                """
                INSERT INTO audit VALUES (\(number), randomblob(300), randomblob(32));
                UPDATE merkle SET size = size + 1, frontier = randomblob(640); COMMIT
                """)
        }
        return try database.number("SELECT count(*) + (SELECT size FROM merkle) FROM record")
    }

    private func backup() throws -> Int64 {
        let source = try Database(path, peer)
        let copy = try Database(path + ".copy", peer, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        try copy.execute("PRAGMA synchronous = OFF")
        let backup = unsafe sqlite3_backup_init(copy.handle, "main", source.handle, "main")
        unsafe sqlite3_backup_step(backup, -1)
        guard unsafe sqlite3_backup_finish(backup) == SQLITE_OK else { throw ValidationError("the backup failed") }
        return try copy.number("SELECT count(*) FROM record")
    }

    /// A connection; SQLite itself, without a library between.
    @safe final class Database {
        private(set) var handle: OpaquePointer?

        init(_ path: String, _ peer: Peer, flags: Int32 = SQLITE_OPEN_READWRITE) throws {
            guard unsafe sqlite3_open_v2(path, &handle, flags, peer.vfs) == SQLITE_OK else {
                throw ValidationError("\(peer.rawValue): the database does not open")
            }
        }

        deinit { unsafe sqlite3_close_v2(handle) }

        func execute(_ sql: String) throws {
            guard unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
                throw ValidationError("SQLite: \(unsafe String(cString: sqlite3_errmsg(handle)))")
            }
        }

        func number(_ sql: String) throws -> Int64 { try Statement(self, sql).sum(columns: [0]) }
    }

    @safe final class Statement {
        private var handle: OpaquePointer?
        private let database: Database

        init(_ database: Database, _ sql: String) throws {
            self.database = database
            guard unsafe sqlite3_prepare_v2(database.handle, sql, -1, &handle, nil) == SQLITE_OK else {
                throw ValidationError("SQLite: \(unsafe String(cString: sqlite3_errmsg(database.handle)))")
            }
        }

        deinit { unsafe sqlite3_finalize(handle) }

        func run(
            _ numbers: [Int64], at places: [Int32], text: String, at textPlace: Int32, blob: [UInt8],
            at blobPlace: Int32
        )
            throws
        {
            for (number, place) in zip(numbers, places) { unsafe sqlite3_bind_int64(handle, place, number) }
            // What is bound lives until the statement has run: no copy is needed.
            let code = unsafe text.withCString { text in
                unsafe blob.withUnsafeBytes { bytes in
                    unsafe sqlite3_bind_text(handle, textPlace, text, -1, nil)
                    unsafe sqlite3_bind_blob(handle, blobPlace, bytes.baseAddress, Int32(bytes.count), nil)
                    return unsafe sqlite3_step(handle)
                }
            }
            unsafe sqlite3_reset(handle)
            guard code == SQLITE_DONE else { throw ValidationError("a row was not inserted (\(code))") }
        }

        func sum(columns: [Int32]) throws -> Int64 {
            var sum: Int64 = 0
            while true {
                let code = unsafe sqlite3_step(handle)
                if code == SQLITE_DONE { break }
                guard code == SQLITE_ROW else { throw ValidationError("SQLite ended with \(code)") }
                for column in columns { sum = unsafe sum &* 31 &+ sqlite3_column_int64(handle, column) }
            }
            unsafe sqlite3_reset(handle)
            return sum
        }

        /// All records of one officer: counts and sums of what stands in the payloads.
        func evaluate(officer: Int64) throws -> Int64 {
            unsafe sqlite3_bind_int64(handle, 1, officer)
            var sum: Int64 = 0
            while true {
                let code = unsafe sqlite3_step(handle)
                if code == SQLITE_DONE { break }
                guard code == SQLITE_ROW else { throw ValidationError("SQLite ended with \(code)") }
                for column in Int32(0)...3 { sum = unsafe sum &+ sqlite3_column_int64(handle, column) }
                let count = Int(unsafe sqlite3_column_bytes(handle, 4))
                guard let start = unsafe sqlite3_column_blob(handle, 4) else { continue }
                let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
                let level = unsafe Statement.value(after: Statement.level, in: bytes)
                let amount = unsafe Statement.value(after: Statement.amount, in: bytes)
                sum = sum &+ level &+ amount &+ (level >= 8 ? 1 : 0) &+ (amount >= 5_000_000 ? 1 : 0)
            }
            unsafe sqlite3_reset(handle)
            return sum
        }

        private static let level = Array("\"等级\":".utf8)
        private static let amount = Array("\"金额\":".utf8)

        private static func value(after name: [UInt8], in bytes: UnsafeRawBufferPointer) -> Int64 {
            guard let base = bytes.baseAddress else { return -1 }
            var place = 0
            while place + name.count <= bytes.count, unsafe memcmp(base + place, name, name.count) != 0 { place += 1 }
            place += name.count
            var number: Int64 = 0
            while place < bytes.count, unsafe (48...57).contains(bytes[place]) {
                number = unsafe number * 10 + Int64(bytes[place] - 48)
                place += 1
            }
            return number
        }
    }
}
