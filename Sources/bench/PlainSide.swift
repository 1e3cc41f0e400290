import ArgumentParser
import CanonicalJSON
import Foundation
import GRDB
import ProbityRecords

/// The reference: the same rows, in the clear, in a plain table with three indexes.
struct PlainSide {
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

    func load(_ rows: ArchiveRows) throws {
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

    func visitAll(_ rows: ArchiveRows) throws {
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
