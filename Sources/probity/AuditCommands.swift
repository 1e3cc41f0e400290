import ArgumentParser
import CanonicalJSON
import Foundation
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityReports
import ProbityStore

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "The ledger of acts. / 台账", subcommands: [List.self, Export.self, Verify.self],
        aliases: ["台账"])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ledger lines, newest first. / 查看台账")
        @OptionGroup var global: GlobalOptions
        @Option(help: "only this user / 用户") var actor: String?
        @Option(help: "only acts that begin so / 行为") var act: String?
        @Option(help: "from this date / 起始日期") var since: String?
        @Option(help: "to this date / 截止日期") var until: String?
        @Option(help: "at most so many / 条数") var limit = 50
        @Option(help: "lines before this number / 序号之前") var before: UInt64?

        func run() throws {
            try global.withSession { session, console in
                var query = LedgerQuery()
                query.actor = actor
                query.act = act
                query.since = try global.date(since, "--since")
                query.until = try global.date(until, "--until")
                query.limit = limit
                query.before = before
                let (lines, next) = try session.auditLines(query)
                var table = TextTable(
                    ["sequence", "time", "user", "act", "outcome", "details"].map { console.text("cli.column.\($0)") })
                for line in lines {
                    if global.json {
                        console.out(
                            "leaf",
                            [
                                "seq": .integer(Int64(line.leaf.sequence)), "time": .string(line.leaf.time),
                                "actor": .string(line.leaf.actor), "act": .string(line.leaf.act),
                                "outcome": .string(line.leaf.outcome),
                                "details": .object(line.details.mapValues { .string($0) }),
                            ])
                        continue
                    }
                    let details = line.details.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
                        separator: " ")
                    table.add([
                        String(line.leaf.sequence), line.leaf.time, line.leaf.actor, line.leaf.act, line.leaf.outcome,
                        details,
                    ])
                }
                if !global.json { for line in table.lines { console.out(line) } }
                if let next { console.remark(console.text("cli.moreLines", ["before": String(next)])) }
            }
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Export the ledger for a third party. / 导出台账")
        @OptionGroup var global: GlobalOptions
        @Option(help: "new folder for the export / 导出目录") var out: String
        @Option(help: "first line / 起始序号") var from: UInt64?
        @Option(help: "line after the last / 截止序号") var to: UInt64?
        @Flag(help: "open the commitments: identifiers, purposes, queries / 附承诺明细") var openings = false

        func run() throws {
            try global.withSession { session, console in
                let size = try session.archive.status().ledgerSize
                let upper = to ?? size
                guard (from ?? 0) <= upper else { throw CommandFailure(ExitCodes.usage, "cli.rangeForm") }
                let checkpoint = try session.exportLedger(to: out, range: (from ?? 0)..<upper, openings: openings) {
                    console.progress(console.text("cli.progress.export"), $0, $1)
                }
                if global.json {
                    console.out(
                        "export",
                        [
                            "folder": .string(out), "size": .integer(Int64(checkpoint.size)),
                            "root": .string(Base64.encode(checkpoint.root.bytes)),
                        ])
                } else {
                    console.out(
                        console.text(
                            "cli.exported",
                            [
                                "folder": out, "size": String(checkpoint.size),
                                "root": Base64.encode(checkpoint.root.bytes),
                            ]))
                }
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify an export; needs neither archive nor keys. / 验证导出")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "the export's folder / 导出目录") var folder: String
        @Option(help: "the log's verifier key, from elsewhere / 另行取得的台账公钥") var log: String?

        func run() throws {
            let console = try global.console()
            let expected = try log.map { text in
                do throws(LedgerError) { return try NoteVerifier(vkey: text) } catch {
                    throw CommandFailure(ExitCodes.usage, "cli.vkeyForm")
                }
            }
            let report = try ExportVerifier.verify(folder: folder, expectedLog: expected)
            if global.json {
                console.out(
                    "verification",
                    [
                        "sound": .bool(report.isSound), "findings": .array(report.findings.map(Report.json)),
                        "counts": .object(report.counts.mapValues { .integer(Int64($0)) }),
                        "size": report.checkpoint.map { .integer(Int64($0.size)) } ?? .null,
                    ])
            } else {
                for finding in report.findings { console.out(Report.line(finding, console)) }
                if let checkpoint = report.checkpoint {
                    console.out(
                        console.text(
                            "cli.verified",
                            [
                                "origin": checkpoint.origin, "size": String(checkpoint.size),
                                "entries": String(report.counts["entries"] ?? 0),
                                "proofs": String(report.counts["proofs"] ?? 0),
                            ]))
                }
                console.out(Report.conclusion(report.findings, console))
            }
            if !report.isSound { throw Verdict(exitCode: ExitCodes.exportInvalid) }
        }
    }
}

/// Findings as text.
enum Report {
    static func line(_ finding: Finding, _ console: Console) -> String {
        "  \(console.text("severity.\(finding.severity.rawValue)"))  \(finding.place)  \(console.text(finding.rule))"
            + (finding.detail.isEmpty ? "" : " (\(finding.detail))")
    }

    static func json(_ finding: Finding) -> JSONValue {
        .object([
            "place": .string(finding.place), "rule": .string(finding.rule),
            "severity": .string(finding.severity.rawValue),
            "detail": .string(finding.detail),
        ])
    }

    static func conclusion(_ findings: [Finding], _ console: Console) -> String {
        let count = findings.filter { $0.severity == .violation }.count
        return count == 0 ? console.text("cli.sound") : console.text("cli.unsound", ["count": String(count)])
    }
}

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Compare the archive with its ledger; opens no record. / 完整性检查")
    @OptionGroup var global: GlobalOptions
    @Option(help: "a checkpoint remembered elsewhere / 另行保存的检查点文件") var against: String?

    func run() throws {
        let console = try global.console()
        let (archive, _) = try global.openArchive(console, acceptsReadOnly: true)
        let remembered = try against.map { path -> [UInt8] in
            guard let data = FileManager.default.contents(atPath: path) else {
                throw CommandFailure(60, "cli.fileUnreadable", ["path": path])
            }
            return [UInt8](data)
        }
        let report = try archive.check(against: remembered) {
            console.progress(console.text("cli.progress.check"), $0, $1)
        }
        if global.json {
            console.out(
                "check",
                [
                    "sound": .bool(report.isSound), "leaves": .integer(Int64(report.leafCount)),
                    "rows": .integer(Int64(report.rowCount)), "root": .string(report.root),
                    "findings": .array(report.findings.map(Report.json)),
                ])
        } else {
            for finding in report.findings { console.out(Report.line(finding, console)) }
            console.out(
                console.text(
                    "cli.checked",
                    ["leaves": String(report.leafCount), "rows": String(report.rowCount), "root": report.root]))
            console.out(Report.conclusion(report.findings, console))
        }
        if !report.isSound {
            throw Verdict(exitCode: report.isIncomplete ? ExitCodes.incomplete : ExitCodes.integrity)
        }
    }
}

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What the folder tells, and with --user the archive. / 状态")
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = try global.console()
        let folder = try ArchiveFolder(global.archivePath())
        let opened = global.hasUser ? try global.openArchive(console, acceptsReadOnly: true).0.status() : nil
        if global.json {
            console.out(
                "status",
                [
                    "archive": .string(folder.path), "origin": .string(folder.origin),
                    "bytes": .integer(folder.byteCount),
                    "pageKey": opened.map { .integer($0.pageKeyGeneration) } ?? .null,
                    "users": .array(folder.users.map { .string($0) }),
                    "ledgerSize": opened.map { .integer(Int64($0.ledgerSize)) } ?? .null,
                    "openImports": opened.map { .integer(Int64($0.openImportCount)) } ?? .null,
                    "writer": folder.writer.map { .string($0) } ?? .null,
                ])
            return
        }
        console.out(
            console.text(
                "cli.status",
                [
                    "origin": folder.origin, "bytes": String(folder.byteCount),
                    "users": folder.users.joined(separator: " "),
                ]))
        if let opened {
            console.out(
                console.text(
                    "cli.statusOpened",
                    [
                        "size": String(opened.ledgerSize), "imports": String(opened.openImportCount),
                        "pageKey": String(opened.pageKeyGeneration),
                    ]))
        }
        console.out(folder.writer.map { console.text("cli.writer", ["writer": $0]) } ?? console.text("cli.noWriter"))
    }
}
