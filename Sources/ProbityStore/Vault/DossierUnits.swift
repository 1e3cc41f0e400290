/// The unit of every dossier: an open-addressing table in two flat arrays, because it is made for each question and asked
/// for each record.
struct DossierUnits {
    /// 0 in a free slot: no dossier has that number.
    private var dossiers: [Int64] = Array(repeating: 0, count: 1024)
    /// −1 for a dossier that is not counted.
    private var units: [Int32] = Array(repeating: -1, count: 1024)
    private var count = 0

    /// The slot of a dossier, or the free one where it goes. At least half of the slots are free.
    private func slot(_ dossier: Int64) -> Int {
        // Fibonacci hashing: numbers of dossiers are random, but nobody need make them so.
        let hash = UInt64(bitPattern: dossier) &* 0x9E37_79B9_7F4A_7C15
        var slot = Int(truncatingIfNeeded: hash >> UInt64(dossiers.count.leadingZeroBitCount + 1))
        while dossiers[slot] != dossier, dossiers[slot] != 0 { slot = (slot + 1) & (dossiers.count - 1) }
        return slot
    }

    /// The unit of a dossier that is counted.
    subscript(dossier: Int64) -> Int? {
        let unit = units[slot(dossier)]
        return unit < 0 ? nil : Int(unit)
    }

    /// - Parameter unit: nil for a dossier that is not counted.
    mutating func set(_ dossier: Int64, _ unit: Int?) {
        if dossier == 0 { return }
        var place = slot(dossier)
        if dossiers[place] == 0 {
            count += 1
            if count * 2 > dossiers.count {
                grow()
                place = slot(dossier)
            }
        }
        dossiers[place] = dossier
        units[place] = unit.map { Int32(truncatingIfNeeded: $0) } ?? -1
    }

    private mutating func grow() {
        let (oldDossiers, oldUnits) = (dossiers, units)
        dossiers = Array(repeating: 0, count: oldDossiers.count * 2)
        units = Array(repeating: -1, count: oldDossiers.count * 2)
        for (dossier, unit) in zip(oldDossiers, oldUnits) where dossier != 0 {
            let place = slot(dossier)
            dossiers[place] = dossier
            units[place] = unit
        }
    }

    /// The dossiers that are counted, with their units.
    var all: [(dossier: Int64, unit: Int)] {
        dossiers.indices.filter { units[$0] >= 0 }.map { (dossiers[$0], Int(units[$0])) }
    }
}
