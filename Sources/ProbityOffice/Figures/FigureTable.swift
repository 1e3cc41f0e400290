import ProbityRecords
import ProbityReports
import ProbityStore

/// Figures, added up and put into words: for a table, for a spreadsheet and for programs.
public struct FigureTable: Sendable, Equatable {
    /// One line: what its records have in common, and how many there are.
    public struct Row: Sendable, Equatable {
        /// Labels in the order of what was added up by.
        public let labels: [String]
        /// Without the withdrawn ones.
        public let records: Int
        /// How many of them are in which state, in the order of the states; labels.
        public let states: [State]
        public let withdrawn: Int

        /// How many records are in one state.
        public struct State: Sendable, Equatable {
            public let code: String
            public let label: String
            public let count: Int
        }
    }

    /// The columns of ``Row/labels``.
    public let labelColumns: [Listing.Column]
    public let rows: [Row]
    /// What the figures leave out: nobody must take them for all there is.
    public let notice: CoverageNotice
    public let json: JSONAnswer
    private let titles: Titles

    /// What the columns and lines are called that every table has.
    private struct Titles: Sendable, Equatable {
        let records: String
        let states: String
        let withdrawn: String
        let total: String
        let state: String
        let withdrawnState: String

        init(_ words: Vocabulary) {
            records = words.text("report.column.records")
            states = words.text("report.column.states")
            withdrawn = words.text("report.column.withdrawn")
            total = words.text("report.total")
            state = words.text("cli.column.state")
            withdrawnState = words.state(RecordEntry.withdrawnState)
        }
    }

    init(_ counted: Reading<Statistics>, _ inquiry: FigureInquiry, _ words: Vocabulary) {
        let sums = FigureSums(counted.value, by: inquiry.columns, words.catalogue)
        labelColumns = inquiry.columns.map { column in
            Listing.Column(
                key: column.rawValue,
                title: words.text(column == .form ? "report.column.form" : "cli.column.\(column.rawValue)"))
        }
        rows = sums.rows.map { sum in
            Row(
                labels: inquiry.columns.map { sums.label($0, sum.cell, words) }, records: sum.records,
                states: sums.states(sum).map {
                    Row.State(code: $0.state, label: words.state($0.state), count: $0.count)
                }, withdrawn: sum.withdrawn)
        }
        notice = CoverageNotice(counted.coverage, words)
        json = JSONAnswer("counts", sums.members(inquiry), notice)
        titles = Titles(words)
    }

    /// The table; its last row is the sum.
    public var listing: Listing {
        let columns =
            labelColumns + [
                Listing.Column(key: "records", title: titles.records),
                Listing.Column(key: "states", title: titles.states),
                Listing.Column(key: "withdrawn", title: titles.withdrawn),
            ]
        func line(_ labels: [String], _ records: Int, _ states: String, _ withdrawn: Int) -> Listing.Row {
            Listing.Row(cells: labels + [String(records), states, String(withdrawn)], json: json)
        }
        let blanks = Array(repeating: "", count: labelColumns.count - 1)
        let lines = rows.map { row in
            line(
                row.labels, row.records, row.states.map { "\($0.label) \($0.count)" }.joined(separator: " · "),
                row.withdrawn)
        }
        let sum = line(
            [titles.total] + blanks, rows.reduce(0) { $0 + $1.records }, "",
            rows.reduce(0) { $0 + $1.withdrawn })
        return Listing(
            heading: [], columns: columns, rows: lines + [sum], whole: json, notes: [], notice: notice)
    }

    /// A row for every state, so that a spreadsheet can turn it as it likes; with the mark that makes it open as UTF-8.
    public var csv: String {
        var text = "\u{FEFF}"
        text += CSVWriter.row(labelColumns.map(\.title) + [titles.state, titles.records])
        for row in rows {
            let states = row.states.map { ($0.label, $0.count) } + [(titles.withdrawnState, row.withdrawn)]
            for (state, count) in states where count > 0 {
                text += CSVWriter.row(row.labels + [state, String(count)])
            }
        }
        return text
    }
}
