import ProbityLedger
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
        day = try HeldGrants.firstDay(archive, certificate.user, db)
    }

    /// How many lines of his own a user would have to write at another time before the true one is forgotten.
    private static let ownLineCount = 256

    /// The day of a session's first act. The user's own lines say what his clock said, so the newest of somebody else's is
    /// asked as well.
    private static func firstDay(_ archive: Archive, _ user: String, _ db: Connection) throws -> CivilDate {
        var day = archive.now.date
        var sequence = try Ledger.size(db)
        for _ in 0..<ownLineCount where sequence > 0 {
            sequence -= 1
            let leaf = try Ledger.leaf(sequence, db)
            if let time = ArchiveTime(leaf.time) { day = max(day, time.date) }
            if leaf.actor != user { break }
        }
        return day
    }

    /// The same grants on the day of the next act. A session's days go forward only.
    func asked(_ archive: Archive, _ db: Connection) throws -> HeldGrants {
        let now = archive.now.date
        let last = try Ledger.lastTime(archive.ledgerMemory, db)?.date ?? now
        return HeldGrants(rows: rows, all: all, day: max(day, now, last))
    }

    var inForce: [Grant] { all.filter { $0.isInForce(on: day) } }

    /// The last day of the newest grant of a category that ended, at one of `units`.
    func ended(_ category: Category, at units: Set<String>) -> CivilDate? {
        all.compactMap { grant in
            guard grant.place.category == category, units.contains(grant.place.unit) else { return nil }
            return grant.notAfter.flatMap { $0 < day ? $0 : nil }
        }.max()
    }
}
