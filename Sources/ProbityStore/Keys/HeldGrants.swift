import ProbityLedger
import ProbityRecords

/// The grants to the present keys of one user, signatures checked, and the day on which an act asks for them.
///
/// Ends are asked at each act, against the later of the clock and the day that the ledger's lines tell (design §5): a session
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
        day = try HeldGrants.toldDay(archive, certificate.user, credentials, db)
    }

    /// How many lines a user would have to write before what others said is forgotten.
    private static let lineCount: UInt64 = 256

    /// The day of an act: his own clock's, or the later one that two others tell by their newest lines. His own
    /// lines say what his clock said, and one colleague who dates a line ahead ends nobody's grant.
    private static func toldDay(
        _ archive: Archive, _ user: String, _ credentials: Credentials, _ db: Connection
    ) throws -> CivilDate {
        let (size, vouching) = (try Ledger.size(db), Vouching(archive, db, credentials))
        var days: [String: CivilDate] = [:]
        for line in (size - min(size, lineCount)..<size).reversed() where days.count < 2 {
            let note = try Ledger.leafNote(line, db)
            let leaf = try Ledger.leaf(line, note: note)
            guard leaf.actor != user, days[leaf.actor] == nil, let day = ArchiveTime(leaf.time)?.date else { continue }
            do {
                try vouching.demandLine(leaf, note)
                days[leaf.actor] = day
            } catch let error as ArchiveError where error.code == .integrity {
                // A line that nobody wrote tells no day; `check` tells of it.
            }
        }
        return max(archive.now.date, days.count == 2 ? days.values.min() ?? archive.now.date : archive.now.date)
    }

    /// The same grants on the day of the next act. A session's days go forward only.
    func asked(_ archive: Archive, of user: String, _ db: Connection) throws -> HeldGrants {
        var next = max(day, archive.now.date)
        // Who says that it is later is asked for another who does.
        if let last = try Ledger.lastTime(archive.ledgerMemory, db)?.date, last > next {
            next = max(next, try HeldGrants.toldDay(archive, user, Credentials(archive, db), db))
        }
        return HeldGrants(rows: rows, all: all, day: next)
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
