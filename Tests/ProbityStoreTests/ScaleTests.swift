import Foundation
import GRDB
import GRDBSQLite
import Glibc
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import Testing

@testable import ProbityStore

/// Work that grows with the archive and no faster.
@Suite("Scale", .serialized)
struct ScaleTests {
    /// Seconds of processor that this thread spends on `body`.
    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        func now() -> Double {
            var time = timespec()
            _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let start = now()
        try body()
        return now() - start
    }

    /// A fixture with so many clerks more, each with `grants` grants, and with units whose nodes they made.
    private func fixture(users: Int, grants: Int, units: Int) throws -> Fixture {
        let fixture = try Fixture(withRecords: false)
        let archive = fixture.archive
        let clerk = try fixture.session("clerk1")
        let names = archive.header.names
        func signer(_ user: String) throws -> NoteSigner {
            NoteSigner(name: names.user(user), key: try #require(fixture.identities[user]).signingKey)
        }
        let (security, auditor) = (try signer("secadmin1"), try signer("auditor1"))
        let holder = try signer("clerk1")
        var certificates: [Certificate] = []
        for index in 0..<users {
            let identity = try Identity.generate(user: "clerk-\(index)")
            let certificate = Certificate(
                user: identity.user, serial: 1, role: .clerk, unit: "U00", officer: nil,
                signingKey: identity.signingKey.publicKey, agreementKey: identity.agreementKey.publicKey,
                validFrom: archive.now.date)
            let own = NoteSigner(name: names.user(identity.user), key: identity.signingKey)
            let note = try SignedNote(
                text: certificate.text(archiveID: archive.header.archiveID), signers: [own, security, holder, auditor])
            try fixture.forge(try #require(fixture.identities["secadmin1"]), "approve.accept") { writer in
                try writer.insertCertificate(user: identity.user, serial: 1, note: note.bytes)
            }
            certificates.append(certificate)
        }
        for certificate in certificates {
            for category in Fixture.political.prefix(grants) {
                try fixture.forge(try #require(fixture.identities["secadmin1"]), "approve.accept") { writer in
                    let place = NodePlace(category: category, unit: "U00")
                    let node = try #require(try clerk.graph.open(place, writer.db))
                    let wrap = try clerk.graph.wrap(node, to: certificate)
                    let grant = Grant(
                        to: certificate, place: place, key: node.keyID, wrap: wrap, notBefore: archive.now.date,
                        notAfter: nil)
                    let note = try SignedNote(
                        text: grant.text(archiveID: archive.header.archiveID), signers: [security, holder])
                    try writer.insertWrap(of: node.keyID, byUser: certificate.user, wrap)
                    try writer.insertGrant(user: certificate.user, place: place, note: note.bytes)
                }
            }
        }
        let sysadmin = try fixture.session("sysadmin1")
        try sysadmin.addUnits(
            (0..<units).map { Unit(id: "S\($0)", parent: "U00", kind: "station", name: "第\($0)所") })
        for index in 0..<units {
            try clerk.addOfficers([
                Fixture.officer(
                    "\(600_000 + index)", unit: "S\(index)", name: "规模\(index)", idNo: Fixture.idNumber(index))
            ])
        }
        return fixture
    }

    /// Steps of SQLite's machine that all statements of a connection have made.
    private func steps(_ db: Database) -> Int {
        var sum = 0
        var next = unsafe sqlite3_next_stmt(db.sqliteConnection, nil)
        while let statement = unsafe next {
            sum += Int(unsafe sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0))
            unsafe next = sqlite3_next_stmt(db.sqliteConnection, statement)
        }
        return sum
    }

    /// PROBITY_SCALE=1 takes 400 users with 2,000 grants; what is counted tells as much in a small archive.
    @Test("check does four times the work in an archive with four times the certificates, grants, nodes and lines")
    func check() throws {
        let factor = ScaleTests.isLarge ? 5 : 1
        let sizes = [20 * factor, 80 * factor].map { (users: $0, grants: 5, units: $0 / 2) }
        var work: [(steps: Int, seconds: Double)] = []
        for size in sizes {
            let fixture = try fixture(users: size.users, grants: size.grants, units: size.units)
            // Who opens the archive makes up for the page key that the forged certificates lack.
            _ = try fixture.session("clerk1")
            work.append(
                try fixture.archive.raw { db in
                    let before = steps(db)
                    let seconds = try seconds {
                        let report = try fixture.archive.check(Connection(db))
                        #expect(report.findings == [], "\(report.findings.prefix(3))")
                    }
                    return (steps(db) - before, seconds)
                })
        }
        print("check of \(sizes.map(\.users)) users: \(work.map(\.steps)) steps, \(work.map(\.seconds)) s")
        // Linear is 4, and a logarithm more; quadratic is 16.
        #expect(Double(work[1].steps) < Double(work[0].steps) * 4.8, "\(work)")
    }

    private static var isLarge: Bool { ProcessInfo.processInfo.environment["PROBITY_SCALE"] != nil }

    /// The most memory that this process has had, in KiB.
    private func peakKiB() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return try #require(Int(line.filter(\.isNumber)))
    }

    @Test(
        "An export with openings of 20,000 lines takes little memory",
        .enabled(if: isLarge, "the process's memory tells something only where nothing else runs: PROBITY_SCALE=1"))
    func exportMemory() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        while try fixture.ledgerSize() < 20_000 {
            for _ in 0..<500 { _ = try clerk.showOfficer("990001") }
        }
        let auditor = try fixture.session("auditor1")
        _ = try auditor.exportLedger(to: fixture.path + "-small", range: 0..<500, openings: true)
        // Sets back what the kernel remembers (proc(5)).
        try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
        let before = try peakKiB()
        _ = try auditor.exportLedger(to: fixture.path + "-large", openings: true)
        let grown = try peakKiB() - before
        print("export of \(try fixture.ledgerSize()) lines: \(before) KiB before, \(grown) KiB more at most")
        #expect(grown < 6_000)
    }
}
