import ProbityRecords

/// The grants to the present keys of one user, signatures checked, and the day on which an act asks for them.
///
/// Ends are asked at each act, against the later of the clock and the time of the ledger's last line (design §5): a session
/// that runs on loses a grant that ends meanwhile, and a clock that is set back revives none.
struct HeldGrants {
    /// Numbers of all rows under the user's name, so that one that was added or taken away shows.
    let rows: [Int64]
    /// In force, ended, and not yet begun.
    let all: [Grant]
    let day: CivilDate

    static func none(on day: CivilDate) -> HeldGrants { HeldGrants(rows: [], all: [], day: day) }

    init(rows: [Int64], all: [Grant], day: CivilDate) {
        self.rows = rows
        self.all = all
        self.day = day
    }

    /// The grants of `certificate` as they stand in one snapshot.
    init(_ archive: Archive, of certificate: Certificate, _ credentials: Credentials, _ db: Connection) throws {
        let rows = try GrantTable.rows(of: certificate.user, db)
        self.rows = rows.map(\.id)
        // A grant to keys that the user had before opens nothing: his new certificate needs new ones.
        all = try rows.map(credentials.verified).filter { $0.serial == certificate.serial }
        day = try HeldGrants.day(archive, db)
    }

    /// The day on which an act asks.
    static func day(_ archive: Archive, _ db: Connection) throws -> CivilDate {
        let now = archive.now
        return max(now, try Ledger.lastTime(db) ?? now).date
    }

    func asked(on day: CivilDate) -> HeldGrants { HeldGrants(rows: rows, all: all, day: day) }

    var inForce: [Grant] { all.filter { $0.isInForce(on: day) } }

    /// The last day of the newest grant of a category that ended, at one of `units`.
    func ended(_ category: Category, at units: Set<String>) -> CivilDate? {
        all.compactMap { grant in
            guard grant.place.category == category, units.contains(grant.place.unit) else { return nil }
            return grant.notAfter.flatMap { $0 < day ? $0 : nil }
        }.max()
    }
}
