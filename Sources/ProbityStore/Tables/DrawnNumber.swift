import ProbityCrypto

/// Numbers that are drawn at random, so that they tell neither order nor person: of dossiers, officers and tray items.
enum DrawnNumber {
    /// Where the random bits come from; tests force two to be the same.
    @TaskLocal static var source: @Sendable () -> UInt64 = { RandomBytes.uint64() }

    /// So many numbers in a row that are taken: the source is no source of random bits.
    static let drawLimit = 64
}

extension RowWriter {
    /// A number that no row of `table` has, visible or not.
    ///
    /// Two draws of 41 bits are the same once in a few hundred thousand dossiers with a chance of a few per cent: that is no
    /// damage, and the act goes on with another number.
    /// - Parameter make: the number of 64 random bits.
    /// - Throws: ``ArchiveError`` `inputOutput` where no draw is free.
    func drawNumber(_ table: Table, _ make: (UInt64) -> Int64) throws -> Int64 {
        for _ in 0..<DrawnNumber.drawLimit {
            let number = make(DrawnNumber.source())
            if try db.integer("SELECT 1 FROM \(table.rawValue) WHERE id = ?", [.integer(number)]) == nil {
                return number
            }
        }
        throw ArchiveError(.inputOutput, "no free number was drawn for a row of \(table.rawValue)")
    }
}
