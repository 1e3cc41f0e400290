import Foundation
import ProbityLedger
import ProbityRecords
import Testing

@testable import ProbityStore

/// The registry of acts, asked through the gate.
@Suite("Acts")
struct ActTests {
    @Test("Every act is declared once, and every one that adds content is closed to administrators")
    func declared() throws {
        #expect(Set(Act.all.map(\.code)).count == Act.all.count)
        let policy = try AccessPolicy.standard()
        for act in Act.all {
            #expect(Act.named(act.code) == act)
            if act.adds.contains(.version) || act.adds.contains(.tray) {
                for role in Role.allCases where role.isAdministrator { #expect(!act.allows(role, policy)) }
                #expect(act.allows(.clerk, policy))
            }
        }
    }

    @Test("An act that does not ask what it declares does not happen, and leaves nothing")
    func forgetful() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let before = try fixture.fingerprint()
        let integrity = ArchiveError(.integrity, "")
        #expect(throws: integrity) { try clerk.write(.recordAdd) { _, _ in } }
        // The right alone, or the recusal alone.
        #expect(throws: integrity) { try clerk.write(.recordAdd) { run, _ in try run.demand(.allow, "x") } }
        #expect(throws: integrity) { try clerk.write(.recordAdd) { run, _ in try run.concerns([]) } }
        var shown = false
        #expect(throws: integrity) {
            try clerk.look(.recordShow) { _, _ in
            } reveal: { _, _ in
                shown = true
            }
        }
        #expect(throws: integrity) {
            try clerk.look(.search) { _, _ in
            } reveal: { _, _ in
                shown = true
            }
        }
        #expect(!shown)
        #expect(try fixture.fingerprint() == before)
        _ = try clerk.write(.recordAdd) { run, _ in
            try run.demand(.allow, "x")
            try run.concerns([])
        }
    }

    @Test("The gate asks the right of a role and the purpose by itself, whatever the act's own part forgets")
    func asked() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        var shown = false
        #expect(throws: ArchiveError(.roleRefuses, "")) {
            try clerk.look(.auditList) { _, _ in
            } reveal: { _, _ in
                shown = true
            }
        }
        #expect(try fixture.lastLeaf().outcome == "refused:roleRefuses")
        clerk.purpose = nil
        #expect(throws: ArchiveError(.purposeMissing, "")) {
            try clerk.look(.search) { run, _ in
                try run.demandRight(in: .events)
            } reveal: { _, _ in
                shown = true
            }
        }
        #expect(try fixture.lastLeaf().outcome == "refused:purposeMissing")
        // Figures have a purpose of their own, and reading has not that one.
        clerk.purpose = Purpose("dailyManagement")
        #expect(throws: ArchiveError(.purposeMissing, "")) {
            try clerk.look(.reportCounts) { run, _ in
                try run.demandRight(in: .events)
            } reveal: { _, _ in
                shown = true
            }
        }
        #expect(!shown)
    }

    @Test("A line says only what its act declares, and adds only such rows")
    func lines() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let before = try fixture.fingerprint()
        #expect(throws: ArchiveError(.integrity, "")) {
            try clerk.look(.unitList) { run, _ in
                run[.reason] = "x"
            } reveal: { _, _ in
            }
        }
        #expect(throws: ArchiveError(.integrity, "")) {
            try clerk.look(.unitList, [.officer: "x"]) { _, _ in
            } reveal: { _, _ in
            }
        }
        #expect(throws: ArchiveError(.integrity, "")) {
            try fixture.session("sysadmin1").write(.unitAdd) { _, writer in
                try writer.insertProposal(.grant, note: [])
            }
        }
        #expect(try fixture.fingerprint() == before)
    }

    @Test("docs/acts.md is what the registry says")
    func documented() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/acts.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let table = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        for (line, act) in zip(table, ActCodes.table) { #expect(line == act) }
        #expect(table.count == ActCodes.table.count)
    }
}
