import ProbityRecords

/// Generations (轮次) of a key. No act begins a second one yet, so no other is believed.
enum Epoch {
    static let first: Int64 = 1
}

/// A row of `key`: a node of the key graph, or what hangs below one.
struct KeyRow {
    let id: Int64
    let kind: String
    let category: String
    let unit: String
    let epoch: Int64
    let publicKey: [UInt8]?
    let batch: Int64

    fileprivate static let columns = "id, kind, category, unit, epoch, publicKey, batch"

    fileprivate init(_ rows: borrowing Rows) {
        id = rows.integer(0)
        kind = rows.text(1)
        category = rows.text(2)
        unit = rows.text(3)
        epoch = rows.integer(4)
        publicKey = rows.optionalBytes(5)
        batch = rows.integer(6)
    }
}

enum KeyTable {
    /// The keys of a kind that say to stand at a place, oldest first. Which of them does, keys or the ledger tell.
    static func rows(_ kind: KeyKind, at place: NodePlace, _ db: Connection) throws -> [KeyRow] {
        try db.all(
            """
            SELECT \(KeyRow.columns) FROM key WHERE category = ? AND unit = ? AND kind = ? AND epoch = \(Epoch.first)
            AND \(Published.rows) ORDER BY id
            """, [.text(place.category.rawValue), .text(place.unit), .text(kind.rawValue)]
        ) { KeyRow($0) }
    }

    static func row(_ id: Int64, _ db: Connection) throws -> KeyRow? {
        try db.first("SELECT \(KeyRow.columns) FROM key WHERE id = ?", [.integer(id)]) { KeyRow($0) }
    }

    /// Every node of a category that exists, whether or not it can be opened.
    static func nodes(of category: Category, _ db: Connection) throws -> [(id: Int64, unit: String)] {
        try db.all(
            "SELECT id, unit FROM key WHERE category = ? AND kind = 'node' ORDER BY unit, epoch",
            [.text(category.rawValue)]
        ) { ($0.integer(0), $0.text(1)) }
    }

    /// The ledger's key; nil where the archive has none.
    static func logKey(_ db: Connection) throws -> Int64? {
        try db.integer("SELECT id FROM key WHERE kind = 'log' ORDER BY epoch DESC")
    }

    /// Where more keys of a kind stand than one, or one of another epoch than the first.
    static func placesTwice(_ db: Connection) throws -> [(category: String, unit: String, kind: String)] {
        try db.all(
            """
            SELECT category, unit, kind FROM key WHERE \(Published.rows) GROUP BY category, unit, kind
            HAVING COUNT(*) > 1 OR MAX(epoch) <> \(Epoch.first) OR MIN(epoch) <> \(Epoch.first) ORDER BY category, unit, kind
            """
        ) { ($0.text(0), $0.text(1), $0.text(2)) }
    }

    /// Where a batch made keys.
    static func places(ofBatch batch: Int64, _ db: Connection) throws -> [(category: String, unit: String)] {
        try db.all(
            "SELECT DISTINCT category, unit FROM key WHERE batch = ? AND kind <> 'log'", [.integer(batch)]
        ) { ($0.text(0), $0.text(1)) }
    }
}

/// A row of `wrap`: an edge of the key graph.
struct WrapRow {
    let byUser: String?
    let byKey: Int64?
    let wrapped: [UInt8]
    let batch: Int64
}

enum WrapTable {
    /// The wraps of a key to users and to other keys, oldest first.
    static func wraps(of key: Int64, _ db: Connection) throws -> [WrapRow] {
        try db.all("SELECT byUser, byKey, wrapped, batch FROM wrap WHERE key = ? ORDER BY id", [.integer(key)]) {
            WrapRow(
                byUser: $0.optionalText(0), byKey: $0.optionalInteger(1), wrapped: $0.bytes(2), batch: $0.integer(3))
        }
    }

    /// The wraps to a user, with the keys that they hold.
    static func wraps(to user: String, _ db: Connection) throws -> [(key: Int64, wrapped: [UInt8])] {
        try db.all("SELECT key, wrapped FROM wrap WHERE byUser = ? ORDER BY id", [.text(user)]) {
            ($0.integer(0), $0.bytes(1))
        }
    }

    /// The wraps of the ledger's key to a user, newest first: one that somebody put there stands before none that opens.
    static func logWraps(to user: String, _ db: Connection) throws -> [(key: Int64, wrapped: [UInt8])] {
        try db.all(
            """
            SELECT wrap.key, wrap.wrapped FROM wrap JOIN key ON key.id = wrap.key
            WHERE key.kind = 'log' AND wrap.byUser = ? ORDER BY key.epoch DESC, wrap.id DESC
            """, [.text(user)]
        ) { ($0.integer(0), $0.bytes(1)) }
    }
}

extension RowWriter {
    func insertKey(_ kind: KeyKind, at place: NodePlace, publicKey: [UInt8]?) throws -> Int64 {
        try insertKey(kind, category: place.category.rawValue, unit: place.unit, publicKey: publicKey)
    }

    func insertKey(_ kind: KeyKind, category: String, unit: String, publicKey: [UInt8]?) throws -> Int64 {
        let id = try nextID(.key)
        try insert(
            .key,
            [.integer(id), .text(kind.rawValue), .text(category), .text(unit), .integer(Epoch.first), Value(publicKey)])
        return id
    }

    private func insertWrap(of key: Int64, user: String?, byKey: Int64?, recovery: Bool, _ wrapped: [UInt8]) throws {
        try insert(
            .wrap,
            [
                .integer(nextID(.wrap)), .integer(key), Value(user), Value(byKey), .integer(recovery ? 1 : 0),
                .blob(wrapped),
            ])
    }

    func insertWrap(of key: Int64, byKey: Int64, _ wrapped: [UInt8]) throws {
        try insertWrap(of: key, user: nil, byKey: byKey, recovery: false, wrapped)
    }

    func insertWrap(of key: Int64, byUser user: String, _ wrapped: [UInt8]) throws {
        try insertWrap(of: key, user: user, byKey: nil, recovery: false, wrapped)
    }

    func insertRecoveryWrap(of key: Int64, _ wrapped: [UInt8]) throws {
        try insertWrap(of: key, user: nil, byKey: nil, recovery: true, wrapped)
    }
}
