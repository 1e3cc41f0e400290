import ProbityRecords
import ProbityStore

/// What figures (统计) are asked for.
public struct FigureInquiry: Sendable {
    let query: StatisticsQuery
    let columns: [FigureColumn]

    /// - Parameters:
    ///   - from: first day, `YYYY-MM-DD`.
    ///   - to: last day.
    ///   - kinds: identifiers or labels; none for all.
    ///   - unit: only this unit and those below it.
    ///   - by: what to add up by: `kind`, `form`, `unit`; none for `kind`.
    /// - Throws: ``OfficeError`` `usage`, and `invalidEntry` for a kind that there is not.
    public init(from: String, to: String, kinds: [String], unit: String?, by: [String]) throws {
        guard let first = try Named.date(from, "--from"), let last = try Named.date(to, "--to"), first <= last else {
            throw OfficeError(.usage, "cli.rangeForm")
        }
        var query = StatisticsQuery(from: first, until: last)
        query.kinds = try kinds.map { try Named.kind($0).id }
        query.unit = unit
        self.query = query
        columns = try (by.isEmpty ? [FigureColumn.kind.rawValue] : by).map(Named.breakdown)
    }
}

/// What figures are added up by.
enum FigureColumn: String, CaseIterable {
    case kind, form, unit
}

extension Desk {
    /// Counts records without naming anybody.
    ///
    /// - Throws: the archive's refusals; ``OfficeError`` for one that the user can do something about by asking otherwise.
    public func figures(_ inquiry: FigureInquiry) throws -> FigureTable {
        do {
            return FigureTable(try session.statistics(inquiry.query), inquiry, words)
        } catch let refusal as ArchiveError where refusal.subject == Decision.Refusal.wholeMonths.rawValue {
            throw OfficeError(Outcome(refusal.code), Decision.Refusal.wholeMonths.messageKey)
        }
    }
}
