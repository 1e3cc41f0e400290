import ProbityStore

/// The numbers that the program ends with. They are printed by `probity exit-codes` and never change their meaning.
enum ExitCodes {
    static let done: Int32 = 0
    static let unclassified: Int32 = 1
    static let declined: Int32 = 3
    static let usage: Int32 = 64
    static let promotionFindings: Int32 = 50
    static let promotionPending: Int32 = 51
    static let exportInvalid: Int32 = 43
    static let integrity: Int32 = 40
    static let incomplete: Int32 = 42
    static let invalidEntry: Int32 = 31

    /// Every code with the key of its sentence, in order.
    static let table: [(code: Int32, key: String)] = [
        (0, "done"), (1, "unclassified"), (3, "declined"), (10, "notFound"), (11, "locked"), (12, "wrongPassphrase"),
        (13, "damagedKey"), (14, "alreadyExists"), (15, "unsupported"), (20, "roleRefuses"), (21, "needsSecondPerson"),
        (22, "recusal"), (23, "purposeMissing"), (24, "reporterIdentity"), (30, "notVisible"), (31, "invalidEntry"),
        (32, "changedSinceRead"), (33, "stateForbids"), (40, "integrity"), (41, "ledgerNotWritable"),
        (42, "incomplete"),
        (43, "exportInvalid"), (50, "promotionFindings"), (51, "promotionPending"), (60, "inputOutput"), (64, "usage"),
    ]

    static func of(_ code: ArchiveError.Code) -> Int32 {
        if code == .clockAhead { return declined }
        return table.first { $0.key == code.rawValue }?.code ?? unclassified
    }
}
