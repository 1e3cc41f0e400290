import Foundation
import GRDBSQLite
import ProbityTestSupport
import Testing

/// The same statements through SQLite's own VFS and through ours.
@Suite("Beside the stock VFS")
struct DifferentialTests {
    /// A script of the seed: tables, indexes, triggers, savepoints, long values, and what moves pages about.
    private func script(_ seed: UInt64) -> [String] {
        var random = SeededGenerator(seed: seed)
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        var lines = [
            // A setting that makes page 1 before there is a WAL would leave no transaction to turn WAL mode on.
            "PRAGMA journal_mode = WAL", "PRAGMA auto_vacuum = \(["NONE", "FULL", "INCREMENTAL"][Int(seed % 3)])",
            "VACUUM",
            "PRAGMA cache_size = \(number(3...60))", "PRAGMA wal_autocheckpoint = \(number(2...80))",
            "CREATE TABLE a(id INTEGER PRIMARY KEY, body TEXT, other INTEGER)",
            "CREATE TABLE b(key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID",
            "CREATE INDEX aOther ON a(other, body)", "CREATE TABLE log(line TEXT)",
            "CREATE TRIGGER aAdded AFTER INSERT ON a BEGIN INSERT INTO log VALUES ('added ' || new.id); END",
            "CREATE VIRTUAL TABLE words USING fts5(text)",
        ]
        var depth = 0
        for step in 0..<150 {
            let id = number(1...80), length = number(0...12_000)
            switch number(0...17) {
            case 0...4:
                lines.append(
                    "INSERT OR REPLACE INTO a VALUES (\(id), printf('%.*c', \(length), '\(step % 10)'), \(number(0...9)))"
                )
            case 5: lines.append("DELETE FROM a WHERE other = \(number(0...9))")
            case 6: lines.append("UPDATE a SET body = body || \(step), other = other + 1 WHERE id % 4 = \(id % 4)")
            case 7: lines.append("INSERT OR REPLACE INTO b VALUES ('k\(id)', zeroblob(\(length)))")
            case 8: lines.append("INSERT INTO words VALUES ('w\(id) w\(id + 1) w\(step)')")
            case 9:
                lines.append("SAVEPOINT s\(depth)")
                depth += 1
            case 10 where depth > 0:
                depth -= 1
                lines += ["ROLLBACK TO s\(depth)", "RELEASE s\(depth)"]
            case 11, 12:
                while depth > 0 {
                    depth -= 1
                    lines.append("RELEASE s\(depth)")
                }
            case 13: lines.append("SELECT other, count(*), sum(length(body)) FROM a GROUP BY other ORDER BY 1")
            case 14: lines.append("SELECT count(*) FROM words WHERE words MATCH 'w\(id)'")
            case 15: lines.append("PRAGMA incremental_vacuum(3)")
            case 16 where depth == 0: lines.append("VACUUM")
            case 17 where depth == 0: lines.append("PRAGMA wal_checkpoint(PASSIVE)")
            default: lines.append("SELECT max(id), min(id) FROM a")
            }
        }
        while depth > 0 {
            depth -= 1
            lines.append("RELEASE s\(depth)")
        }
        return lines
    }

    /// What the script answers, then everything in the database.
    private func transcript(_ connection: Connection, _ script: [String]) throws -> [String] {
        var lines: [String] = []
        for statement in script {
            let rows = try connection.rows(statement)
            // How many frames a checkpoint finds, and how many pages a vacuum frees, depends on the reserved bytes.
            let isCount = statement.contains("checkpoint") || statement.contains("incremental_vacuum(")
            lines.append("\(statement.prefix(60)) -> \(isCount ? [] : rows)")
        }
        return try lines + dump(connection)
    }

    private func dump(_ connection: Connection) throws -> [String] {
        try connection.rows("PRAGMA integrity_check")
            + connection.rows("SELECT type, name, sql FROM sqlite_schema ORDER BY name, sql")
            + connection.rows("SELECT id, body, other FROM a ORDER BY id")
            + connection.rows("SELECT key, hex(value) FROM b ORDER BY key") + connection.rows("SELECT line FROM log")
            + connection.rows("SELECT rowid, text FROM words ORDER BY rowid")
    }

    @Test("One script gives one dump", arguments: 0..<12)
    func oneScript(seed: Int) throws {
        let folder = try TemporaryFolder(), script = script(UInt64(seed))
        let sealed = folder.path + "/sealed.db", plain = folder.path + "/plain.db"
        try Store.addKey(sealed)
        let (first, second) = (try Connection(sealed), try Connection(plain, vfs: "unix"))
        let expected = try transcript(second, script)
        let found = try transcript(first, script)
        #expect(found == expected, "seed \(seed)")
        #expect(expected.count > script.count + 10)
        first.close()
        second.close()
        #expect(try dump(Connection(sealed)) == dump(Connection(plain, vfs: "unix")), "seed \(seed)")
    }
}
