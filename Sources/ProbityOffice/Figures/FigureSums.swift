import CanonicalJSON
import ProbityRecords
import ProbityStore

/// Cells of the statistics added up by what the reader asked for, in the order of the catalogue and of the unit tree.
struct FigureSums {
    /// One sum: what its cells have in common, and how many are in each state.
    struct Row {
        let cell: Statistics.Cell
        var states: [String: Int] = [:]

        var withdrawn: Int { states[RecordEntry.withdrawnState] ?? 0 }
        var records: Int { states.values.reduce(0, +) - withdrawn }
    }

    let statistics: Statistics
    let rows: [Row]
    private let stateOrder: [String]
    private let unitNames: [String: String]

    init(_ statistics: Statistics, by columns: [FigureColumn], _ catalogue: KindCatalogue) {
        self.statistics = statistics
        stateOrder = catalogue.codeList("state")?.codes.map(\.code) ?? []
        unitNames = statistics.units.reduce(into: [:]) { $0[$1.id] = $1.name }
        let kinds = catalogue.kinds.enumerated().reduce(into: [:]) { $0[$1.element.id] = $1.offset }
        let units = statistics.units.enumerated().reduce(into: [:]) { $0[$1.element.id] = $1.offset }
        var rows: [[Int]: Row] = [:]
        for cell in statistics.cells {
            let key = columns.map { column in
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

    func label(_ column: FigureColumn, _ cell: Statistics.Cell, _ words: Vocabulary) -> String {
        switch column {
        case .kind: words.kind(cell.kind)
        case .form: words.text("report.form.\(cell.form.map { String($0) } ?? "none")")
        case .unit: "\(cell.unit) \(unitNames[cell.unit] ?? "")"
        }
    }

    /// The states of a row in the order of the code list, without the withdrawn records.
    func states(_ row: Row) -> [(state: String, count: Int)] {
        stateOrder.compactMap { state in
            state == RecordEntry.withdrawnState ? nil : row.states[state].map { (state, $0) }
        }
    }

    /// The figures for programs.
    func members(_ inquiry: FigureInquiry) -> [String: JSONValue] {
        let rows = rows.map { row -> JSONValue in
            var members: [String: JSONValue] = [
                "records": .integer(Int64(row.records)), "withdrawn": .integer(Int64(row.withdrawn)),
                "states": .object(states(row).reduce(into: [:]) { $0[$1.state] = .integer(Int64($1.count)) }),
            ]
            for column in inquiry.columns {
                switch column {
                case .kind: members["kind"] = .string(row.cell.kind)
                case .form: members["form"] = row.cell.form.map { .integer(Int64($0)) } ?? .null
                case .unit: members["unit"] = .string(row.cell.unit)
                }
            }
            return .object(members)
        }
        return [
            "from": .string(inquiry.query.from.description), "to": .string(inquiry.query.until.description),
            "rows": .array(rows), "counted": .array(statistics.counted.map { .string($0.rawValue) }),
        ]
    }
}
