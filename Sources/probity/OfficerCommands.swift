import ArgumentParser
import CanonicalJSON
import ProbityRecords
import ProbityReports
import ProbityStore

struct OfficerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "officer", abstract: "The roster. / 人员",
        subcommands: [Add.self, Show.self, List.self, Import.self],
        aliases: ["人员"])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add one officer. / 登记人员")
        @OptionGroup var global: GlobalOptions
        @Option(name: .customLong("set"), help: "FIELD=VALUE, repeated / 字段=值")
        var fields: [String] = []

        func run() throws {
            try global.withSession { session, console in
                let kind = try FieldInput.kind("officer")
                let values = try FieldInput.values(
                    fields, from: nil, kind: kind, state: nil, today: session.archive.today, console)
                let added = try session.addOfficers([values])
                for id in added {
                    if global.json { console.out("officer", ["id": .string(id.text)]) } else { console.out(id.text) }
                }
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one officer. / 查看人员")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "number, ID number, name or identifier / 警号、身份证号、姓名或编号")
        var officer: String

        func run() throws {
            try global.withSession { session, console in
                let display = try Display(console)
                let entry = try session.showOfficer(officer)
                if global.json {
                    console.out("officer", display.json(entry).object ?? [:])
                    return
                }
                console.out("\(entry.policeNo)  \(entry.name)  \(entry.id)")
                let kind = try FieldInput.kind("officer")
                var table = TextTable(["", ""])
                for field in kind.fields {
                    guard let value = entry.values[field.name] else { continue }
                    let text =
                        field.format == .citizenID ? CitizenID.masked(value.string ?? "") : display.value(value, field)
                    table.add(["  " + field.labels[console.language], text])
                }
                for line in table.lines.dropFirst() { console.out(line) }
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the roster of your scope. / 人员列表")
        @OptionGroup var global: GlobalOptions
        @Option(help: "only this unit and those below / 单位") var unit: String?

        func run() throws {
            try global.withSession { session, console in
                let display = try Display(console)
                var table = TextTable(["number", "name", "unit", "post"].map { console.text("cli.column.\($0)") })
                try session.listOfficers(unit: unit) { entry in
                    if global.json {
                        console.out("officer", display.json(entry).object ?? [:])
                    } else {
                        table.add([entry.policeNo, entry.name, entry.unit, entry.values["post"]?.string ?? ""])
                    }
                }
                if !global.json { for line in table.lines { console.out(line) } }
            }
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Import officers from CSV, all or none. / 导入人员")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "CSV file, UTF-8 or GB18030 / CSV 文件") var file: String
        @Flag(name: [.customLong("dry-run"), .short], help: "check only / 只检查") var dryRun = false

        func run() throws {
            try global.withSession { session, console in
                try ImportRun(session: session, console: console).run(file, kind: "officer", dryRun: dryRun)
            }
        }
    }
}

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Import records of one kind from CSV, all or none. / 导入记录")
    @OptionGroup var global: GlobalOptions
    @Argument(help: "CSV file, UTF-8 or GB18030 / CSV 文件") var file: String
    @Option(help: "record kind / 记录种类") var kind: String
    @Flag(name: [.customLong("dry-run"), .short], help: "check only / 只检查") var dryRun = false

    func run() throws {
        try global.withSession { session, console in
            try ImportRun(session: session, console: console).run(file, kind: kind, dryRun: dryRun)
        }
    }
}

/// One import, with its report.
struct ImportRun {
    let session: Session
    let console: Console

    func run(_ path: String, kind name: String, dryRun: Bool) throws {
        let kind = try FieldInput.kind(name)
        let file = ImportFile(path: path, kind: kind, today: session.archive.today)
        let report: ImportReport
        do {
            report = try session.importRecords(kind: kind.id, dryRun: dryRun, rows: file.rows) { done, pass in
                console.progress(
                    console.text(pass == 1 ? "cli.progress.check" : "cli.progress.file"), UInt64(done), nil)
            }
        } catch let refusal as HeaderRefusal {
            for problem in refusal.problems { console.say("  " + problem.text(console.messages)) }
            throw CommandFailure(ExitCodes.invalidEntry, "import.headerRefused", ["path": path])
        }
        if Console.isErrorTerminal { console.say("") }
        for row in report.rejected {
            for problem in row.problems {
                var params = problem.params
                params["field"] = kind.field(problem.field)?.labels[console.language] ?? problem.field
                console.say(
                    console.text(
                        "import.row", ["row": String(row.number), "problem": console.text(problem.code, params)]))
            }
        }
        if console.isJSON {
            console.out(
                "import",
                [
                    "rows": .integer(Int64(report.rowCount)), "rejected": .integer(Int64(report.rejectedCount)),
                    "published": .bool(report.isPublished),
                    "rejections": .array(
                        report.rejected.map { row in
                            .object([
                                "row": .integer(Int64(row.number)),
                                "problems": .array(
                                    row.problems.map {
                                        .object(["field": .string($0.field), "code": .string($0.code)])
                                    }),
                            ])
                        }),
                ])
        } else {
            let key = report.rejectedCount > 0 ? "import.refused" : dryRun ? "import.wouldFile" : "import.filed"
            console.out(
                console.text(
                    key,
                    [
                        "rows": String(report.rowCount), "rejected": String(report.rejectedCount),
                        "kind": kind.labels[console.language],
                    ]))
        }
        if report.rejectedCount > 0 { throw Verdict(exitCode: ExitCodes.invalidEntry) }
    }
}

/// Fields from the command line or a JSON file.
enum FieldInput {
    static func kind(_ name: String) throws -> RecordKind {
        guard let kind = try KindCatalogue.standard().kind(named: name) else {
            throw CommandFailure(ExitCodes.invalidEntry, "cli.kindUnknown", ["kind": name])
        }
        return kind
    }

    /// Splits `FIELD=VALUE` texts; a field may be named in either language.
    static func texts(_ fields: [String], _ kind: RecordKind) throws -> [String: String] {
        var texts: [String: String] = [:]
        for field in fields {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw CommandFailure(ExitCodes.usage, "cli.fieldForm", ["field": parts[0]]) }
            let known = kind.fields.first { field in
                field.name == parts[0] || field.labels.zh == parts[0] || field.labels.en == parts[0]
                    || field.aliases.contains(parts[0])
            }
            guard let known else {
                throw CommandFailure(ExitCodes.invalidEntry, "cli.fieldUnknown", ["field": parts[0], "kind": kind.id])
            }
            texts[known.name] = parts[1]
        }
        return texts
    }

    static func values(
        _ fields: [String], from file: String?, kind: RecordKind, state: String?, today: CivilDate, _ console: Console
    ) throws -> [String: JSONValue] {
        let parsed = kind.parse(texts: try texts(fields, kind), state: state, today: today)
        try demandValid(parsed, kind, console)
        return parsed.values
    }

    static func demandValid(_ parsed: ParsedValues, _ kind: RecordKind, _ console: Console) throws {
        for problem in parsed.problems { console.say("  " + problem.text(console.messages, kind: kind)) }
        guard parsed.isValid else {
            let isReporter = parsed.problems.contains { $0.code == .reporterIdentity }
            throw CommandFailure(
                isReporter ? 24 : ExitCodes.invalidEntry, "cli.entryInvalid", ["kind": kind.labels[console.language]])
        }
    }

    /// Fields to change: an empty value removes one.
    static func changes(_ fields: [String], _ kind: RecordKind, _ console: Console, today: CivilDate) throws -> [String:
        JSONValue]
    {
        let texts = try texts(fields, kind)
        let parsed = kind.parse(texts: texts.filter { !$0.value.isEmpty }, today: today)
        var changes: [String: JSONValue] = [:]
        for (name, text) in texts { changes[name] = text.isEmpty ? .null : parsed.values[name] }
        for (name, text) in texts where !text.isEmpty && parsed.values[name] == nil {
            throw CommandFailure(ExitCodes.invalidEntry, "cli.fieldValue", ["field": name])
        }
        return changes
    }
}
