import ProbityRecords

extension Session {
    /// Counts the records of a period.
    ///
    ///     var query = StatisticsQuery(from: firstOfMay, until: lastOfMay)
    ///     query.kinds = ["majorEvent"]
    ///     let events = try session.statistics(query).cells.filter { !$0.isWithdrawn }.reduce(0) { $0 + $1.count }
    ///
    /// - Throws: ``ArchiveError`` `roleRefuses` (a category that the role does not count, or a period that is not whole
    ///   months), `notVisible` (no key or unit of the user's leads there), `purposeMissing`, `invalidEntry` (no such kind, a
    ///   period that ends before it begins), `integrity`.
    public func statistics(_ query: StatisticsQuery) throws -> Reading<Statistics> {
        let words = "from=\(query.from) until=\(query.until) kinds=\(query.kinds.joined(separator: ","))"
        return try look(.reportCounts, [.query: words, .unit: query.unit ?? ""]) { run, db in
            let counting = Counting(actor, vault, catalogue, try Organisation(db), db)
            let plan = try counting.plan(query, named: query.kinds.map { try declaredKind($0).id }, run)
            try run.demandPurpose()
            run.reads(plan.parts.map(\.category), plan.coverage)
            return (counting, plan)
        } reveal: { _, plan in
            Reading(try plan.0.count(query, plan.1), plan.1.coverage)
        }
    }
}
