public import CanonicalJSON
public import ProbityRecords

/// One row of an import that was refused, and why.
public struct RejectedRow: Sendable, Equatable {
    /// Number of the row in the file, counting the header as 1.
    public let number: Int
    public let problems: [Problem]

    public struct Problem: Sendable, Equatable {
        public let field: String
        /// Key of the message catalogue.
        public let code: String
        public let params: [String: String]

        public init(field: String, code: String, params: [String: String] = [:]) {
            self.field = field
            self.code = code
            self.params = params
        }

        init(_ problem: FieldProblem) {
            self.init(field: problem.field, code: problem.messageKey, params: problem.params)
        }
    }

    public init(number: Int, problems: [Problem]) {
        self.number = number
        self.problems = problems
    }
}

/// A row of a table, read but not judged.
public enum ImportRow: Sendable {
    /// What the cells say: the officer's number and the state as they were written (nil: the kind's first), the fields that
    /// could be read, and what could not be read.
    case values(officer: String?, state: String?, [String: JSONValue], unread: [FieldProblem] = [])
    /// A row that has not the form of a row.
    case rejected([RejectedRow.Problem])
}

/// How an import ended.
public struct ImportReport: Sendable {
    public internal(set) var rowCount = 0
    public internal(set) var rejected: [RejectedRow] = []
    /// More rows were refused than `rejected` lists.
    public internal(set) var rejectedCount = 0
    public internal(set) var isPublished = false

    public static let listedRejections = 1000

    mutating func reject(_ number: Int, _ problems: [RejectedRow.Problem]) {
        rejectedCount += 1
        if rejected.count < ImportReport.listedRejections {
            rejected.append(RejectedRow(number: number, problems: problems))
        }
    }
}
