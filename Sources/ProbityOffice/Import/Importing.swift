import CanonicalJSON
import ProbityRecords
import ProbityStore

/// How an import (导入) ended, row by row where it was refused.
public struct ImportAnswer: Sendable, Equatable {
    /// One problem of one row.
    public struct Rejection: Sendable, Equatable {
        /// Number of the row in the table, counting the header as 1.
        public let row: Int
        /// The field's label; empty for the row as a whole.
        public let field: String
        /// Row and reason in one sentence.
        public let text: String
    }

    /// Rows that were refused, the first thousand of them.
    public let rejections: [Rejection]
    public let answer: Answer
}

extension Desk {
    /// Imports records of one kind, all or none.
    ///
    /// - Parameters:
    ///   - kind: identifier or label of a record kind; `officer` for the roster.
    ///   - past: the rows are found in files of the time before the archive (旧档补录).
    ///   - dryRun: checks only.
    ///   - progress: gets the number of rows done in the present pass, and the pass: 1 checks, 2 files.
    /// - Throws: ``OfficeError`` for a table that cannot be read; the archive's refusals. Rows that are wrong are no error
    ///   but part of the answer.
    public func importTable(
        _ source: ImportSource, kind: String, past: Bool = false, dryRun: Bool,
        progress: @escaping (Int, Int) -> Void = { _, _ in }
    ) throws -> ImportAnswer {
        let kind = try Named.kind(kind)
        let table = ImportTable(source: source, kind: kind, wording: wording)
        let report = try session.importRecords(
            kind: kind.id, past: past, dryRun: dryRun, rows: table.rows, progress: progress)
        let rejections = report.rejected.flatMap { row in
            row.problems.map { problem in
                let field = kind.field(problem.field).map(words.field) ?? problem.field
                var params = problem.params.mapValues(words.phrases)
                params.merge(["field": field, "row": String(row.number)]) { $1 }
                if let list = kind.field(problem.field)?.codeList {
                    params["list"] = words.phrases("list/\(list.id)")
                    params["codes"] = words.phrases("codes/\(list.id)")
                }
                if let why = params["why"] { params["why"] = words.text("citizenID.\(why)") }
                return ImportAnswer.Rejection(
                    row: row.number, field: field,
                    text: words.text(
                        "import.row", ["row": String(row.number), "problem": words.text(problem.code, params)]))
            }
        }
        let key = report.rejectedCount > 0 ? "import.refused" : dryRun ? "import.wouldFile" : "import.filed"
        let sentence = words.text(
            key,
            [
                "rows": String(report.rowCount), "rejected": String(report.rejectedCount), "kind": words.kind(kind),
            ])
        return ImportAnswer(
            rejections: rejections,
            answer: Answer(
                [sentence], json(report), outcome: report.rejectedCount > 0 ? .invalidEntry : .done))
    }

    private func json(_ report: ImportReport) -> JSONAnswer {
        JSONAnswer(
            "import",
            [
                "rows": .integer(Int64(report.rowCount)), "rejected": .integer(Int64(report.rejectedCount)),
                "published": .bool(report.isPublished),
                "rejections": .array(
                    report.rejected.map { row in
                        .object([
                            "row": .integer(Int64(row.number)),
                            "problems": .array(
                                row.problems.map { .object(["field": .string($0.field), "code": .string($0.code)]) }),
                        ])
                    }),
            ])
    }
}
