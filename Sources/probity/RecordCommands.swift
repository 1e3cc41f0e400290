import ArgumentParser
import CanonicalJSON
import Foundation
import ProbityRecords
import ProbityReports
import ProbityStore

struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Records of officers. / 记录",
        subcommands: [Add.self, Show.self, List.self, Amend.self, Withdraw.self, Advance.self], aliases: ["记录"])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "File a record. / 登记")
        @OptionGroup var global: GlobalOptions
        @Option(help: "record kind / 记录种类") var kind: String
        @Option(help: "number, ID number, name or identifier / 人员") var officer: String
        @Option(name: .customLong("set"), help: "FIELD=VALUE, repeated / 字段=值") var fields: [String] = []
        @Option(help: "state to file in / 状态") var state: String?

        func run() throws {
            try global.withSession { session, console in
                let kind = try FieldInput.kind(kind)
                let state = try state.map { try stateName($0, kind) }
                let values = try FieldInput.values(
                    fields, from: nil, kind: kind, state: state, today: session.archive.today, console)
                let subject = try RecordCommand.confirmed(officer, kind, session, console, global)
                let draft = RecordDraft(kind: kind.id, officer: subject, values: values, state: state)
                let filed = try session.file(draft)
                if global.json {
                    console.out("record", ["id": .string(filed.text)])
                } else {
                    console.out(filed.text)
                    console.remark(
                        console.text("cli.filed", ["kind": kind.labels[console.language], "officer": officer]))
                }
            }
        }
    }

    /// The officer as he is to be named to the archive. On a terminal his number and name are shown first and confirmed: a
    /// record in the wrong file is a harm that no correction undoes.
    static func confirmed(
        _ officer: String, _ kind: RecordKind, _ session: Session, _ console: Console, _ global: GlobalOptions
    ) throws -> String {
        guard console.mayAsk, !global.yes else { return officer }
        let subject = try session.identify(officer, filing: kind.id)
        try console.confirm(
            console.text(
                "cli.fileQuestion",
                [
                    "kind": kind.labels[console.language], "number": subject.policeNo, "name": subject.name,
                    "unit": subject.unit,
                ]), global)
        return subject.id.text
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a record with its versions. / 查看记录")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "record identifier / 记录编号") var record: String

        func run() throws {
            try global.withSession { session, console in
                let display = try Display(console)
                let (entry, versions) = try session.show(try recordID(record))
                if global.json {
                    var members = display.json(entry).object ?? [:]
                    members["history"] = .array(
                        versions.map {
                            .object([
                                "state": .string($0.state), "filedOn": .string($0.filedOn.description),
                                "filedBy": .string($0.filedBy), "reason": $0.reason.map { .string($0) } ?? .null,
                                "values": .object($0.values),
                            ])
                        })
                    console.out("record", members)
                    return
                }
                console.out("\(entry.id)  \(display.kind(entry.content.kind))  \(display.state(entry.content.state))")
                for line in display.lines(entry.content) { console.out(line) }
                for (index, version) in versions.enumerated() {
                    console.out(
                        console.text(
                            "cli.version",
                            [
                                "number": String(index + 1), "date": version.filedOn.description,
                                "user": version.filedBy,
                                "state": display.state(version.state), "reason": version.reason ?? "",
                            ]))
                }
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The records of one officer that you may see. / 记录列表")
        @OptionGroup var global: GlobalOptions
        @Option(help: "number, ID number, name or identifier / 人员") var officer: String
        @Option(help: "record kind / 记录种类") var kind: String?

        func run() throws {
            try global.withSession { session, console in
                let display = try Display(console)
                let (officer, records) = try session.records(
                    of: officer, kind: try kind.map { try FieldInput.kind($0).id })
                if global.json {
                    console.out(
                        "records",
                        ["officer": display.json(officer), "records": .array(records.map { display.json($0) })])
                    return
                }
                console.out("\(officer.policeNo)  \(officer.name)")
                for line in RecordCommand.table(records.map { (nil, $0) }, display, console) { console.out(line) }
            }
        }
    }

    static func table(_ rows: [(OfficerEntry?, RecordEntry)], _ display: Display, _ console: Console) -> [String] {
        let withOfficer = rows.contains { $0.0 != nil }
        var table = TextTable(
            (withOfficer ? ["number", "name"] : []).map { console.text("cli.column.\($0)") }
                + ["date", "kind", "state", "summary", "record"].map { console.text("cli.column.\($0)") })
        for (officer, record) in rows {
            table.add(
                (withOfficer ? [officer?.policeNo ?? "", officer?.name ?? ""] : []) + [
                    record.content.occurredOn.description, display.kind(record.content.kind),
                    display.state(record.content.state), display.summary(record.content), record.id.text,
                ])
        }
        return table.lines
    }

    struct Amend: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "File a new version. / 更正")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "record identifier / 记录编号") var record: String
        @Option(help: "why / 理由") var reason: String
        @Option(name: .customLong("set"), help: "FIELD=VALUE, repeated; an empty value removes / 字段=值") var fields:
            [String] = []
        @Option(help: "kind of the record / 记录种类") var kind: String
        @Option(help: "the version you read / 所依据版本") var version: String?

        func run() throws {
            try global.withSession { session, console in
                let kind = try FieldInput.kind(kind)
                let changes = try FieldInput.changes(fields, kind, console, today: session.archive.today)
                let made = try session.amend(
                    try recordID(record), changes: changes, reason: reason, expected: try version.map(recordID))
                if global.json { console.out("version", ["id": .string(made.text)]) } else { console.out(made.text) }
            }
        }
    }

    struct Withdraw: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Withdraw a misfiled record; it stays visible and never counts. / 撤回")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "record identifier / 记录编号") var record: String
        @Option(help: "why / 理由") var reason: String

        func run() throws {
            try global.withSession { session, console in
                let made = try session.withdraw(try recordID(record), reason: reason)
                if global.json { console.out("version", ["id": .string(made.text)]) } else { console.out(made.text) }
            }
        }
    }

    struct Advance: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a step of the record's workflow. / 办理")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "record identifier / 记录编号") var record: String
        @Option(help: "step, for example close / 办理动作") var step: String
        @Option(help: "kind of the record / 记录种类") var kind: String
        @Option(help: "why / 理由") var reason: String
        @Option(name: .customLong("set"), help: "FIELD=VALUE, repeated / 字段=值") var fields: [String] = []

        func run() throws {
            try global.withSession { session, console in
                let kind = try FieldInput.kind(kind)
                let changes = try FieldInput.changes(fields, kind, console, today: session.archive.today)
                let made = try session.advance(try recordID(record), step: step, changes: changes, reason: reason)
                if global.json { console.out("version", ["id": .string(made.text)]) } else { console.out(made.text) }
            }
        }
    }
}

func recordID(_ text: String) throws -> RecordID {
    guard let id = RecordID(text) else { throw CommandFailure(ExitCodes.usage, "cli.recordForm", ["record": text]) }
    return id
}

func stateName(_ text: String, _ kind: RecordKind) throws -> String {
    guard let state = kind.state(named: text) else {
        throw CommandFailure(ExitCodes.invalidEntry, "import.stateUnknown", ["value": text])
    }
    return state
}

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Records of your scope by kind, state and date. / 查询")
    @OptionGroup var global: GlobalOptions
    @Option(help: "record kind / 记录种类") var kind: String?
    @Option(help: "state / 状态") var state: String?
    @Option(help: "from this date / 起始日期") var since: String?
    @Option(help: "to this date / 截止日期") var until: String?
    @Option(help: "at most so many / 条数") var limit = 50
    @Option(help: "continue after this record / 续查位置") var cursor: String?

    func run() throws {
        try global.withSession { session, console in
            let display = try Display(console)
            var query = RecordQuery()
            let kind = try kind.map { try FieldInput.kind($0) }
            query.kind = kind?.id
            query.state = try state.map { text in try kind.map { try stateName(text, $0) } ?? text }
            query.since = try global.date(since, "--since")
            query.until = try global.date(until, "--until")
            guard (1...10_000).contains(limit) else { throw CommandFailure(ExitCodes.usage, "cli.limitForm") }
            query.limit = limit
            query.cursor = try cursor.map(recordID)
            let (found, next) = try session.search(query)
            if global.json {
                console.out(
                    "search",
                    [
                        "records": .array(
                            found.map { officer, record in
                                var members = display.json(record).object ?? [:]
                                members["policeNo"] = .string(officer.policeNo)
                                members["name"] = .string(officer.name)
                                return .object(members)
                            }), "next": next.map { .string($0.text) } ?? .null,
                    ])
                return
            }
            for line in RecordCommand.table(found.map { ($0.officer, $0.record) }, display, console) {
                console.out(line)
            }
            if let next { console.remark(console.text("cli.more", ["cursor": next.text])) }
        }
    }
}

struct ComplaintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "complaint", abstract: "Complaints and the tray. / 信访举报",
        subcommands: [Open.self, Tray.self, TakeIn.self], aliases: ["举报"])

    struct Open: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register a complaint; who may not read complaints drops it into the tray. / 登记举报")
        @OptionGroup var global: GlobalOptions
        @Option(help: "officer concerned / 被反映人") var officer: String
        @Option(name: .customLong("set"), help: "FIELD=VALUE, repeated / 字段=值") var fields: [String] = []

        func run() throws {
            try global.withSession { session, console in
                let kind = try FieldInput.kind("complaint")
                let values = try FieldInput.values(
                    fields, from: nil, kind: kind, state: nil, today: session.archive.today, console)
                let mayFile = try AccessPolicy.standard().decide(
                    role: session.role, act: .file, category: .complaints, kind: kind.id
                ).isAllowed
                // Who drops into the tray may name somebody whom he cannot look up; the reader finds out.
                let subject =
                    mayFile ? try RecordCommand.confirmed(officer, kind, session, console, global) : officer
                let draft = RecordDraft(kind: kind.id, officer: subject, values: values)
                let id = mayFile ? try session.file(draft).text : try session.drop(draft).text
                if global.json { console.out("complaint", ["id": .string(id)]) } else { console.out(id) }
                if !mayFile { console.remark(console.text("cli.dropped")) }
            }
        }
    }

    struct Tray: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What waits in the tray. / 待接收")
        @OptionGroup var global: GlobalOptions

        func run() throws {
            try global.withSession { session, console in
                let display = try Display(console)
                let kind = try FieldInput.kind("complaint")
                var table = TextTable(
                    ["tray", "date", "user", "number", "summary"].map { console.text("cli.column.\($0)") })
                for entry in try session.trayEntries() {
                    if global.json {
                        console.out(
                            "tray",
                            [
                                "id": .string(entry.id.text), "filedBy": .string(entry.filedBy),
                                "filedOn": .string(entry.filedOn.description), "officer": .string(entry.officer),
                                "values": .object(entry.values),
                            ])
                        continue
                    }
                    let summary = entry.values["content"].map { display.value($0, kind.field("content")) } ?? ""
                    table.add([entry.id.text, entry.filedOn.description, entry.filedBy, entry.officer, summary])
                }
                if !global.json { for line in table.lines { console.out(line) } }
            }
        }
    }

    struct TakeIn: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "take-in", abstract: "Take an item into a dossier. / 接收")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "tray identifier / 待接收编号") var item: String
        @Option(help: "officer, where the item names none that is known / 被反映人") var officer: String?
        @Option(name: .customLong("set"), help: "FIELD=VALUE, repeated / 字段=值") var fields: [String] = []

        func run() throws {
            try global.withSession { session, console in
                guard let id = TrayID(item) else {
                    throw CommandFailure(ExitCodes.usage, "cli.trayForm", ["item": item])
                }
                let kind = try FieldInput.kind("complaint")
                let changes = try FieldInput.changes(fields, kind, console, today: session.archive.today)
                let record = try session.takeIn(id, officer: officer, changes: changes)
                if global.json { console.out("record", ["id": .string(record.text)]) } else { console.out(record.text) }
            }
        }
    }
}

struct PromoteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "The four musts. / 凡提四必", subcommands: [Check.self], aliases: ["凡提四必"])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Answer the four musts. Exit 0 clear, 50 findings, 51 pending. / 凡提四必核查")
        @OptionGroup var global: GlobalOptions
        @Option(help: "officer, repeated / 人员") var officer: [String] = []
        @Flag(help: "everybody in your scope / 全部人员") var all = false
        @Option(help: "promotion, grade, rank, furtherUse, equalMove or exchange / 拟任事项") var move = "promotion"

        func run() throws {
            guard all != !officer.isEmpty else { throw CommandFailure(ExitCodes.usage, "cli.officerOrAll") }
            guard let move = PromotionMove(rawValue: move) else {
                throw CommandFailure(ExitCodes.usage, "cli.moveUnknown", ["move": move])
            }
            var worst = PromotionVerdict.clear
            try global.withSession { session, console in
                let display = try Display(console)
                try session.checkPromotion(all ? nil : officer, move: move) { result in
                    worst = max(worst, result.answer.verdict)
                    if global.json {
                        print(result.json.canonicalText)
                    } else {
                        for line in PromoteCommand.lines(result, display, console) { console.out(line) }
                    }
                }
                console.remark(console.text("promotion.peopleDecide"))
            }
            if worst == .blocked { throw Verdict(exitCode: ExitCodes.promotionFindings) }
            if worst == .hold { throw Verdict(exitCode: ExitCodes.promotionPending) }
        }
    }

    static func lines(_ result: PromotionResult, _ display: Display, _ console: Console) -> [String] {
        let answer = result.answer
        let verdict = console.text("promotion.verdict.\(answer.verdict.rawValue)")
        let until = answer.until.map { console.text("promotion.until", ["date": $0.description]) } ?? ""
        var lines = ["\(result.officer.policeNo)  \(result.officer.name)  \(verdict)\(until)"]
        let missing = answer.reasons.filter { $0.message == "promotion.missing" }
        for reason in answer.reasons where reason.message != "promotion.missing" {
            let params = reason.params.mapValues { display.phrase($0) }
            var text = console.text(reason.message, params)
            if reason.params["basis"] != nil {
                text +=
                    "；"
                    + console.text(
                        "promotion.basis", ["document": params["basis"] ?? "", "result": params["basisResult"] ?? ""])
            }
            lines.append(
                "  [\(console.text("promotion.verdict.\(reason.verdict.rawValue)"))] \(console.text("promotion.section.\(reason.section)")): \(text)"
            )
            let records = reason.recordIDs.joined(separator: ", ")
            lines.append(
                "      "
                    + console.text(
                        "promotion.source",
                        [
                            "rule": reason.ruleID, "edition": reason.edition, "source": reason.source,
                            "confidence": reason.confidence, "records": records.isEmpty ? "–" : records,
                        ]))
        }
        // What nobody has filed is one line, not one a part: it must not bury what was filed.
        if !missing.isEmpty {
            let parts = missing.map {
                "\(console.text("promotion.section.\($0.section)"))（\($0.ruleID) \($0.edition)）"
            }
            lines.append(
                "  [\(console.text("promotion.verdict.hold"))] \(console.text("promotion.missing")): \(parts.joined(separator: "、"))"
            )
        }
        return lines
    }
}
