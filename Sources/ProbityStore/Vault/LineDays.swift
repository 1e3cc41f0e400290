import ProbityLedger
import ProbityRecords

// The time of a ledger line is its actor's claim: he may have set his clock, or a tool, to any day. An answer that asks what
// was there on a day would see nothing of a line that is said to be of another year. But a line stands among those of others.

/// On which days ledger lines can have been written, for one user.
///
/// Of the nearest lines of two other users before a line the earlier tells since when it can be there, of those behind it the
/// later until when; and whoever reads it knows that it is there today. Two, so that nobody who is wrong, or lies, moves a
/// colleague's day; his own he moves by a day, which clocks may differ.
final class LineDays {
    /// Another user's line beside the one that is asked about.
    private struct Witness {
        let actor: String
        let day: CivilDate
    }

    /// How far others are looked for: beyond it nobody tells.
    private static let reach: UInt64 = 64

    private let archive: Archive
    private var read = BoundedCache<UInt64, Witness>(capacity: 65_536)
    private var believed = BoundedCache<UInt64, Bool>(capacity: 65_536)
    /// Of a line, as the ledger stood when it was asked: until two others wrote behind it, more may come.
    private var bounds: [UInt64: (since: CivilDate?, until: CivilDate?, size: UInt64)] = [:]
    private var firstDay: CivilDate?

    init(_ archive: Archive) { self.archive = archive }

    /// Forgets what a rolled-back transaction may have made.
    func forget() {
        read.removeAll()
        believed.removeAll()
        bounds.removeAll()
        firstDay = nil
    }

    /// The day that counts for what says that it is of `claimed`: this day where the lines beside it allow it, else the nearest
    /// that they do.
    ///
    /// - Parameters:
    ///   - line: the ledger line that brought it.
    ///   - vouching: of the same snapshot.
    func day(
        _ claimed: CivilDate, line: UInt64, of actor: String, _ vouching: Vouching, _ db: Connection
    ) throws -> CivilDate {
        let today = archive.now.date
        var bound = bounds[line]
        if try bound.map({ try $0.until == nil && $0.size != Ledger.size(db) }) ?? true {
            bound = try self.bound(line, actor, vouching, db)
            bounds[line] = bound
        }
        if firstDay == nil { firstDay = try Ledger.firstDay(db) }
        let since = bound?.since ?? firstDay ?? claimed
        let latest = bound?.until.map { min($0.adding(days: 1), today) } ?? today
        return min(max(claimed, since.adding(days: -1)), latest)
    }

    private func bound(
        _ line: UInt64, _ actor: String, _ vouching: Vouching, _ db: Connection
    ) throws -> (since: CivilDate?, until: CivilDate?, size: UInt64) {
        let size = try Ledger.size(db)
        func two(_ lines: some Sequence<UInt64>) throws -> [CivilDate]? {
            var found: [Witness] = []
            for other in lines {
                let witness = try witness(other, db)
                guard let witness, witness.actor != actor, !found.contains(where: { $0.actor == witness.actor }),
                    try isBelieved(other, vouching, db)
                else { continue }
                found.append(witness)
                if found.count == 2 { return found.map(\.day) }
            }
            return nil
        }
        let before = try two((line - min(line, LineDays.reach)..<line).reversed())
        let behind = line + 1 < size ? try two(line + 1..<min(size, line + 1 + LineDays.reach)) : nil
        return (before?.min(), behind?.max(), size)
    }

    /// A line as it reads; nil for one that does not.
    private func witness(_ line: UInt64, _ db: Connection) throws -> Witness? {
        if let known = read[line] { return known }
        guard let leaf = try sound({ try Ledger.leaf(line, db) }), let day = ArchiveTime(leaf.time)?.date else {
            return nil
        }
        let witness = Witness(actor: leaf.actor, day: day)
        read[line] = witness
        return witness
    }

    /// Whether a line is in the tree and signed by whom it names.
    private func isBelieved(_ line: UInt64, _ vouching: Vouching, _ db: Connection) throws -> Bool {
        if let known = believed[line] { return known }
        let isBelieved =
            try sound {
                let note = try Ledger.leafNote(line, db)
                try vouching.demandLine(Ledger.leaf(line, note: note), note)
                return true
            } ?? false
        believed[line] = isBelieved
        return isBelieved
    }

    /// Nil for a line that is damaged: it tells nothing, and `check` tells of it.
    private func sound<T>(_ body: () throws -> T) throws -> T? {
        do { return try body() } catch let error as ArchiveError where error.code == .integrity { return nil }
    }
}
