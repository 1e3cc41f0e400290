import ArgumentParser
import CanonicalJSON
import ProbityRecords
import ProbityReports
import ProbityStore

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Figures without persons. / 报表", subcommands: [Counts.self], aliases: ["报表"])

    struct Counts: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "How many records there are, by kind, form and unit. / 统计",
            discussion: """
                Counts records by their newest version and its date; withdrawn ones stand beside
                and are not added. Who reads a category counts where his keys reach, without his
                own file. Who does not read it counts whole calendar months below his own unit.
                Sealed categories are counted by decrypting, for the whole bureau only.

                  probity report counts --from 2026-01-01 --to 2026-06-30 \\
                      --kind talk --by unit --by form --purpose statistics:半年报

                EXIT STATUS / 退出码
                  0 counted / 已统计
                  20 not this role, or not whole months / 角色不允许或统计期不是整月
                  23 the purpose is not statistics / 用途不是 statistics
                  30 no key or unit of yours leads there / 没有通向该处的密钥或单位
                  31 no such kind / 没有该种类
                  64 usage / 用法错误
                """)
        @OptionGroup var global: GlobalOptions
        @Option(help: "first day / 起始日期") var from: String
        @Option(help: "last day / 截止日期") var to: String
        @Option(help: "record kind, repeated; left out: all / 记录种类") var kind: [String] = []
        @Option(help: "only this unit and those below / 单位") var unit: String?
        @Option(help: "kind, form or unit, repeated: what to add up by / 分组") var by: [String] = []
        @Flag(help: "comma-separated, a row a state / 输出 CSV") var csv = false

        func run() throws {
            guard !(csv && global.json) else { throw CommandFailure(ExitCodes.usage, "report.csvOrJSON") }
            guard let from = try global.date(from, "--from"), let to = try global.date(to, "--to"), from <= to else {
                throw CommandFailure(ExitCodes.usage, "cli.rangeForm")
            }
            var query = StatisticsQuery(from: from, until: to)
            query.kinds = try kind.map { try FieldInput.kind($0).id }
            query.unit = unit
            let by = try (by.isEmpty ? [CountColumn.kind.rawValue] : by).map { name in
                guard let column = CountColumn(rawValue: name) else {
                    throw CommandFailure(ExitCodes.usage, "report.byUnknown", ["by": name])
                }
                return column
            }
            try global.withSession { session, console in
                let table = CountTable(try counts(query, session), by: by, try Display(console))
                if global.json {
                    console.out("counts", table.json(query))
                } else if csv {
                    print(table.csv, terminator: "")
                } else {
                    for line in table.lines { console.out(line) }
                }
                table.remark()
            }
        }

        /// A refusal that a clerk can do something about, in words of his own language.
        private func counts(_ query: StatisticsQuery, _ session: Session) throws -> Statistics {
            do {
                return try session.statistics(query)
            } catch let refusal as ArchiveError where refusal.subject == Decision.Refusal.wholeMonths.rawValue {
                throw CommandFailure(ExitCodes.of(refusal.code), Decision.Refusal.wholeMonths.messageKey)
            }
        }
    }
}

/// What figures are added up by.
enum CountColumn: String {
    case kind, form, unit
}

/// Figures, added up and put into words.
struct CountTable {
    /// One line: what its cells have in common, and how many are in each state.
    private struct Row {
        let cell: Statistics.Cell
        var states: [String: Int] = [:]

        var withdrawn: Int { states[RecordEntry.withdrawnState] ?? 0 }
        var records: Int { states.values.reduce(0, +) - withdrawn }
    }

    private let statistics: Statistics
    private let by: [CountColumn]
    private let display: Display
    private let rows: [Row]
    private let stateOrder: [String]
    private let unitNames: [String: String]

    init(_ statistics: Statistics, by: [CountColumn], _ display: Display) {
        self.statistics = statistics
        self.by = by
        self.display = display
        stateOrder = display.catalogue.codeList("state")?.codes.map(\.code) ?? []
        unitNames = Dictionary(statistics.units.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        let kinds = Dictionary(
            display.catalogue.kinds.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        let units = Dictionary(
            statistics.units.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        var rows: [[Int]: Row] = [:]
        for cell in statistics.cells {
            let key = by.map { column in
                switch column {
                case .kind: kinds[cell.kind] ?? 0
                case .form: cell.form ?? 0
                case .unit: units[cell.unit] ?? 0
                }
            }
            rows[key, default: Row(cell: cell)].states[cell.state, default: 0] += cell.count
        }
        self.rows = rows.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    private var console: Console { display.console }

    private func title(_ column: CountColumn) -> String {
        console.text(column == .form ? "report.column.form" : "cli.column.\(column.rawValue)")
    }

    private func label(_ column: CountColumn, _ cell: Statistics.Cell) -> String {
        switch column {
        case .kind: display.kind(cell.kind)
        case .form: console.text("report.form.\(cell.form.map { String($0) } ?? "none")")
        case .unit: "\(cell.unit) \(unitNames[cell.unit] ?? "")"
        }
    }

    /// The states of a row in the order of the code list, without the withdrawn records.
    private func states(_ row: Row) -> [(state: String, count: Int)] {
        stateOrder.compactMap { state in
            state == RecordEntry.withdrawnState ? nil : row.states[state].map { (state, $0) }
        }
    }

    /// The table for a terminal; the last line is the sum.
    var lines: [String] {
        var table = TextTable(
            by.map(title) + ["records", "states", "withdrawn"].map { console.text("report.column.\($0)") })
        for row in rows {
            let states = states(row).map { "\(display.state($0.state)) \($0.count)" }.joined(separator: " · ")
            table.add(by.map { label($0, row.cell) } + [String(row.records), states, String(row.withdrawn)])
        }
        let blanks = Array(repeating: "", count: by.count - 1)
        table.add(
            [console.text("report.total")] + blanks + [
                String(rows.reduce(0) { $0 + $1.records }), "", String(rows.reduce(0) { $0 + $1.withdrawn }),
            ])
        return table.lines
    }

    /// A row for every state, so that a spreadsheet can turn it as it likes; with the mark that makes it open as UTF-8.
    var csv: String {
        var text = "\u{FEFF}"
        text += CSVWriter.row(
            by.map(title) + [console.text("cli.column.state"), console.text("report.column.records")])
        for row in rows {
            for (state, count) in states(row) + [(RecordEntry.withdrawnState, row.withdrawn)] where count > 0 {
                text += CSVWriter.row(by.map { label($0, row.cell) } + [display.state(state), String(count)])
            }
        }
        return text
    }

    func json(_ query: StatisticsQuery) -> [String: JSONValue] {
        let rows = rows.map { row -> JSONValue in
            var members: [String: JSONValue] = [
                "records": .integer(Int64(row.records)), "withdrawn": .integer(Int64(row.withdrawn)),
                "states": .object(
                    Dictionary(uniqueKeysWithValues: states(row).map { ($0.state, .integer(Int64($0.count))) })),
            ]
            for column in by {
                switch column {
                case .kind: members["kind"] = .string(row.cell.kind)
                case .form: members["form"] = row.cell.form.map { .integer(Int64($0)) } ?? .null
                case .unit: members["unit"] = .string(row.cell.unit)
                }
            }
            return .object(members)
        }
        return [
            "from": .string(query.from.description), "to": .string(query.until.description), "rows": .array(rows),
            "counted": .array(statistics.counted.map { .string($0.rawValue) }),
            "uncounted": .array(statistics.uncounted.map { .string($0.rawValue) }),
            "withoutOwnFile": .bool(statistics.isWithoutOwnFile),
        ]
    }

    /// What the figures leave out: a clerk must not take them for all there is.
    func remark() {
        if !statistics.uncounted.isEmpty {
            let categories = statistics.uncounted.map { $0.label(console.language, in: display.catalogue) }
            console.remark(console.text("report.uncounted", ["categories": categories.joined(separator: ", ")]))
        }
        if statistics.isWithoutOwnFile { console.remark(console.text("report.ownFile")) }
    }
}
