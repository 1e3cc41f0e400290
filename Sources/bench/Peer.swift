import ArgumentParser
import CPageCipher
import CPageStore
import Glibc
import ProbityCrypto
import ProbityLedger

/// What is measured beside what.
enum Peer: String, CaseIterable {
    /// Stock SQLite, in clear.
    case plain
    /// The page store under stock SQLite: equal statements, equal layout, so that only the pages differ.
    case pages
    /// Debian's sqlcipher with pages of 4096 bytes and a raw key: equal statements, equal layout.
    case sqlcipher
    /// The page store with the archive's layout: rows clustered by officer, each sealed under its officer's key, a covering
    /// index for statistics and a hash of each row for the ledger.
    case layout

    static let key = [UInt8](repeating: 0xB7, count: 32)

    var isLayout: Bool { self == .layout }
    fileprivate var isInPageStore: Bool { self == .pages || self == .layout }
}

/// The libraries of the peers that are here.
@safe struct Peers {
    private let sqlite: SQLiteLibrary
    private let sqlcipher: SQLiteLibrary?

    init() throws {
        guard unsafe probity_pagestore_use_gcm(probity_page_cipher()) == sqliteOK,
            probity_pagestore_register() == sqliteOK
        else { throw ValidationError("the page store is not usable") }
        guard let sqlite = try SQLiteLibrary(named: "libsqlite3.so.0") else { throw ValidationError("no libsqlite3") }
        self.sqlite = sqlite
        sqlcipher = try SQLiteLibrary(named: "libsqlcipher.so.0")
    }

    var present: [Peer] { Peer.allCases.filter { $0 != .sqlcipher || sqlcipher != nil } }

    func open(_ peer: Peer, _ path: String, isNew: Bool = false, cacheKiB: Int = 16_384) throws -> BenchDatabase {
        if peer.isInPageStore {
            guard unsafe probity_pagestore_add_key(path, Peer.key) == sqliteOK else { throw ValidationError("no key") }
        }
        let library = peer == .sqlcipher ? sqlcipher ?? sqlite : sqlite
        let vfs: String? =
            switch peer {
            case .plain: "unix"
            case .pages, .layout: "probity"
            case .sqlcipher: nil
            }
        let database = try BenchDatabase(library, path, vfs: vfs, isNew: isNew)
        if peer == .sqlcipher {
            try database.execute("PRAGMA key = \"x'\(Hex.text(Peer.key))'\"; PRAGMA cipher_page_size = 4096")
        }
        try database.execute("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -\(cacheKiB)")
        return database
    }
}

/// The statements of the workload for one peer's layout (docs/performance.md, "Layouts").
final class Store {
    let peer: Peer
    let workload: Workload
    private let peers: Peers
    private let path: String
    private var keys: [Int64: XAES256GCM] = [:]

    init(_ peer: Peer, _ peers: Peers, _ path: String, _ workload: Workload) {
        (self.peer, self.peers, self.path, self.workload) = (peer, peers, path, workload)
    }

    func open(isNew: Bool = false, cacheKiB: Int = 16_384) throws -> BenchDatabase {
        try peers.open(peer, path, isNew: isNew, cacheKiB: cacheKiB)
    }

    /// How this program is called to file as one of D4's processes.
    func workerArguments(_ worker: Int) -> [String] {
        ["file", peer.rawValue, path, "--officers", String(workload.officers), "--worker", String(worker)]
    }

    func removeFiles() {
        for ending in ["", "-wal", "-shm", ".copy", ".copy-wal", ".copy-shm"] { _ = unsafe unlink(path + ending) }
    }

    // MARK: A: loading

    private static let clearIndexes = """
        CREATE INDEX byOfficer ON record(officer, kind, occurred);
        CREATE INDEX byKind ON record(kind, status, occurred);
        CREATE INDEX byUnit ON record(unit, kind, occurred);
        """
    private static let layoutIndexes = """
        CREATE INDEX forStatistics ON record(kind, status, occurred, form, unit);
        CREATE INDEX byBatch ON record(batch);
        """

    private var insertion: String { "INSERT INTO record VALUES (?,?,?,?,?,?,?,?,?,?)" }

    private func key(_ officer: Int64) throws -> XAES256GCM {
        if let key = keys[officer] { return key }
        var bytes = [UInt8](repeating: 0x3C, count: 32)
        for place in 0..<8 { bytes[place] = UInt8(truncatingIfNeeded: officer >> (8 * Int64(place))) }
        let key = try XAES256GCM(key: SecretBytes(copying: bytes))
        keys[officer] = key
        return key
    }

    /// What a sealed row is bound to.
    private static func place(_ id: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: id >> (8 * Int64($0))) }
    }

    /// - Returns: the bytes that the ledger covers.
    @discardableResult
    private func insert(_ row: Workload.Row, number: Int, _ statement: BenchStatement) throws -> [UInt8] {
        guard peer.isLayout else {
            statement.bind(Int64(row.index + 1), row.officer)
            statement.bind(row.kind, row.form, row.occurred, row.status, row.created, row.author, from: 4)
            try statement.run(blob: row.payload, at: 10, text: row.unitPath, at: 3)
            return []
        }
        let id = row.officer << 20 | Int64(number)
        let sealed = try key(row.officer).seal(row.payload, associatedData: Store.place(id))
        statement.bind(id, row.unit, row.kind, row.form, row.occurred, row.status, row.created, row.author)
        statement.bind(1, from: 9)
        try statement.run(blob: sealed, at: 10)
        return sealed
    }

    /// - Parameter indexesFirst: whether the indexes are there while rows come in.
    func load(indexesFirst: Bool) throws {
        let database = try open(isNew: true, cacheKiB: 65_536)
        let indexes = peer.isLayout ? Store.layoutIndexes : Store.clearIndexes
        try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
        try database.execute(
            peer.isLayout
                ? "CREATE TABLE record(id INTEGER PRIMARY KEY, unit, kind, form, occurred, status, created, author, batch, sealed BLOB)"
                : "CREATE TABLE record(id INTEGER PRIMARY KEY, officer, unit TEXT, kind, form, occurred, status, created, author, payload BLOB)"
        )
        try database.execute(
            """
            CREATE TABLE audit(seq INTEGER PRIMARY KEY, entry BLOB, leaf BLOB);
            CREATE TABLE merkle(id INTEGER PRIMARY KEY, size, frontier BLOB);
            INSERT INTO merkle VALUES (1, 0, zeroblob(640))
            """)
        if indexesFirst { try database.execute(indexes) }
        let statement = try BenchStatement(database, insertion)
        var inserted = 0
        var edge = TreeEdge()
        func add(_ row: Workload.Row) throws {
            let covered = try insert(row, number: inserted % 50, statement)
            if peer.isLayout { edge.append(MerkleTree.leafHash(covered)) }
            inserted += 1
            if inserted % 10_000 == 0 { try database.execute("COMMIT; BEGIN") }
        }
        try database.execute("BEGIN")
        if peer.isLayout { try workload.forEachByOfficer(add) } else { try workload.forEachInTime(add) }
        try database.execute("COMMIT")
        if !indexesFirst { try database.execute(indexes) }
        try database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    /// A month's records on top, in the order of time.
    func increment() throws {
        let database = try open(cacheKiB: 65_536)
        try database.execute("PRAGMA synchronous = NORMAL")
        let statement = try BenchStatement(database, insertion)
        try database.execute("BEGIN")
        for extra in 0..<workload.incrementCount {
            let row = workload.row(workload.count + extra)
            // Each officer's next free numbers; here 50 and up.
            try insert(row, number: 50 + extra / workload.officers, statement)
            if extra % 10_000 == 9_999 { try database.execute("COMMIT; BEGIN") }
        }
        try database.execute("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
    }

    // MARK: B: officers

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

    private static func evaluate(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        let level = unsafe value(after: Store.level, in: bytes)
        let amount = unsafe value(after: Store.amount, in: bytes)
        return level &+ amount &+ (level >= 8 ? 1 : 0) &+ (amount >= 5_000_000 ? 1 : 0)
    }

    private func lookUp(_ officer: Int64, _ statement: BenchStatement) throws -> Int64 {
        var sum: Int64 = 0
        if peer.isLayout {
            let first = officer << 20
            statement.bind(first, first + 1 << 20)
            let key = try key(officer)
            var rows: [(order: Int64, sum: Int64)] = []
            while try statement.next() {
                let id = statement.number(0)
                let opened = try unsafe statement.bytes(4) {
                    try unsafe key.open([UInt8]($0), associatedData: Store.place(id))
                }
                let (kind, occurred) = (statement.number(1), statement.number(2))
                let value = unsafe opened.withUnsafeBytes { unsafe Store.evaluate($0) }
                rows.append((kind << 32 | occurred, kind &+ occurred &+ statement.number(3) &+ value))
            }
            // In the order that is asked for, kind and day; the sum does not depend on it.
            rows.sort { $0.order < $1.order }
            for row in rows { sum &+= row.sum }
        } else {
            statement.bind(officer)
            while try statement.next() {
                sum = sum &+ statement.number(1) &+ statement.number(2) &+ statement.number(3)
                sum = unsafe sum &+ statement.bytes(4) { unsafe Store.evaluate($0) }
            }
        }
        return sum
    }

    private var lookup: String {
        peer.isLayout
            ? "SELECT id, kind, occurred, status, sealed FROM record WHERE id >= ? AND id < ?"
            : "SELECT id, kind, occurred, status, payload FROM record WHERE officer = ? ORDER BY kind, occurred"
    }

    /// Fifty officers, a new connection for each.
    func coldLookups(round: Int) throws -> Int64 {
        var sum: Int64 = 0
        for number in 0..<50 {
            let drawn = SplitMix64.mix(0x5EED ^ UInt64(round * 1000 + number)) % UInt64(workload.officers)
            sum = try sum &+ lookUp(1 + Int64(drawn), BenchStatement(open(), lookup))
        }
        return sum
    }

    /// A thousand officers on one connection.
    func lookups(cacheKiB: Int) throws -> Int64 {
        let statement = try BenchStatement(open(cacheKiB: cacheKiB), lookup)
        let step = Int(0.6180339 * Double(workload.officers)) | 1
        var officer = 0
        var sum: Int64 = 0
        for _ in 0..<1000 {
            officer = (officer + step) % workload.officers
            sum = try sum &+ lookUp(Int64(officer + 1), statement)
        }
        return sum
    }

    // MARK: C: statistics

    /// Counts by kind, form and unit, and how many of them are finished.
    func statistics(days: Int64) throws -> Int64 {
        let database = try open()
        let first: Int64 = 18_262 + 730
        func weigh(_ kind: Int64, _ form: Int64, _ unit: Int64, _ count: Int64, _ finished: Int64) -> Int64 {
            (kind * 31 + form) * 1_000_003 &+ unit * 7 &+ count * 1_000_000_007 &+ finished * 998_244_353
        }
        var sum: Int64 = 0
        guard peer.isLayout else {
            let statement = try BenchStatement(
                database,
                """
                SELECT kind, form, unit, count(*), sum(status = 4) FROM record
                WHERE kind IN (1,2,3,4,5,6,7,8,9,10,11,12) AND status IN (0,1,2,3,4,5,6,7)
                AND occurred BETWEEN \(first) AND \(first + days) GROUP BY kind, form, unit
                """)
            while try statement.next() {
                // "/330000/aaaa/bbbb"
                let unit = unsafe statement.bytes(2) { path -> Int64 in
                    unsafe path.reduce(0) { $1 == 0x2F ? $0 : $0 &* 10 &+ Int64($1 &- 0x30) } % 100_000_000
                }
                sum =
                    sum
                    &+ weigh(
                        statement.number(0), statement.number(1), unit / 10_000 * 100 + unit % 10_000,
                        statement.number(3), statement.number(4))
            }
            return sum
        }
        // The index is stepped and counted in a flat table: cheaper than a sorter of SQLite's.
        let statement = try BenchStatement(
            database,
            "SELECT form, unit FROM record WHERE kind = ? AND status = ? AND occurred BETWEEN ? AND ?")
        let units = workload.unitCount
        for kind in Int64(1)...12 {
            var counts = [(all: Int64, finished: Int64)](repeating: (0, 0), count: 6 * units)
            for status in Int64(0)...7 {
                statement.bind(kind, status, first, first + days)
                while try statement.next() {
                    let cell = Int(statement.number(0) - 1) * units + Int(statement.number(1))
                    counts[cell].all += 1
                    if status == 4 { counts[cell].finished += 1 }
                }
            }
            for (cell, count) in counts.enumerated() where count.all > 0 {
                sum = sum &+ weigh(kind, Int64(cell / units + 1), Int64(cell % units), count.all, count.finished)
            }
        }
        return sum
    }

    // MARK: D: filing

    /// Files `count` records, each with its ledger entry and the rewritten frontier, one durable commit each.
    ///
    /// - Returns: seconds of each filing.
    func file(_ count: Int, from start: Int) throws -> [Double] {
        let database = try open()
        try database.execute("PRAGMA synchronous = FULL")
        let record = try BenchStatement(database, insertion)
        let audit = try BenchStatement(database, "INSERT INTO audit VALUES ((SELECT size FROM merkle), ?, ?)")
        let frontier = try BenchStatement(database, "SELECT size, frontier FROM merkle WHERE id = 1")
        let update = try BenchStatement(database, "UPDATE merkle SET size = ?, frontier = ? WHERE id = 1")
        return try (0..<count).map { number in
            let began = ContinuousClock.now
            let row = workload.row(workload.count + start + number)
            try database.execute("BEGIN IMMEDIATE")
            try insert(row, number: 1000 + start + number, record)
            let entry = workload.entry(start + number)
            audit.bind(0, from: 2)
            try audit.run(blob: entry, at: 1)
            guard try frontier.next() else { throw ValidationError("no frontier") }
            let size = frontier.number(0)
            var edge = unsafe frontier.bytes(1) { unsafe [UInt8]($0) }
            while try frontier.next() {}
            let leaf = MerkleTree.leafHash(entry).bytes
            edge.replaceSubrange(0..<32, with: leaf)
            update.bind(size + 1)
            try update.run(blob: edge, at: 2)
            try database.execute("COMMIT")
            return Bench.seconds(ContinuousClock.now - began)
        }
    }

    func filedCount() throws -> Int64 { try open().number("SELECT size FROM merkle") }

    // MARK: E, F, G

    /// Ledger entries for `scan`, fifty an officer.
    func addEntries() throws {
        let database = try open(cacheKiB: 65_536)
        try database.execute("PRAGMA synchronous = NORMAL")
        let statement = try BenchStatement(database, "INSERT INTO audit VALUES (?, ?, NULL)")
        try database.execute("BEGIN")
        for index in 0..<workload.count {
            statement.bind(Int64(index))
            try statement.run(blob: workload.entry(index), at: 2)
            if index % 10_000 == 9_999 { try database.execute("COMMIT; BEGIN") }
        }
        try database.execute("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
    }

    /// Reads all entries in order; with `hashing` it makes the root of their tree.
    func scan(hashing: Bool) throws -> Int64 {
        let statement = try BenchStatement(open(), "SELECT entry FROM audit ORDER BY seq")
        var edge = TreeEdge()
        var sum: Int64 = 0
        while try statement.next() {
            unsafe statement.bytes(0) { bytes in
                sum = unsafe sum &+ Int64(bytes.count) &+ Int64(bytes.first ?? 0)
                if hashing { edge.append(unsafe MerkleTree.leafHash([UInt8](bytes))) }
            }
        }
        return hashing ? edge.root.bytes.prefix(8).reduce(0) { $0 << 8 | Int64($1) } : sum
    }

    /// Copies the database, page by page, into a new file under the same key.
    func backup() throws -> Int64 {
        let source = try open()
        let copy = try peers.open(peer, path + ".copy", isNew: true)
        try copy.execute("PRAGMA synchronous = OFF")
        guard let backup = unsafe copy.library.backupInit(copy.handle, "main", source.handle, "main") else {
            throw copy.failure()
        }
        _ = unsafe copy.library.backupStep(backup, -1)
        guard unsafe copy.library.backupFinish(backup) == sqliteOK else { throw copy.failure() }
        return try copy.number("SELECT count(*) FROM record")
    }

    func firstRow() throws -> Int64 { try open().number("SELECT kind FROM record ORDER BY id LIMIT 1") }
}
