import ProbityOffice

/// The numbers that the program ends with. They are printed by `probity exit-codes` and never change their meaning.
enum ExitCodes {
    static func of(_ outcome: Outcome) -> Int32 {
        switch outcome {
        case .done: 0
        case .unclassified: 1
        case .declined: 3
        case .partlySeen: 4
        case .notFound: 10
        case .locked: 11
        case .wrongPassphrase: 12
        case .damagedKey: 13
        case .alreadyExists: 14
        case .unsupported: 15
        case .roleRefuses: 20
        case .needsSecondPerson: 21
        case .recusal: 22
        case .purposeMissing: 23
        case .reporterIdentity: 24
        case .notVisible: 30
        case .invalidEntry: 31
        case .changedSinceRead: 32
        case .stateForbids: 33
        case .integrity: 40
        case .ledgerNotWritable: 41
        case .incomplete: 42
        case .exportInvalid: 43
        case .promotionFindings: 50
        case .promotionPending: 51
        case .inputOutput: 60
        case .usage: 64
        }
    }

    /// Every outcome with its number, in order.
    static var table: [(code: Int32, outcome: Outcome)] {
        Outcome.allCases.map { (of($0), $0) }.sorted { $0.0 < $1.0 }
    }
}

/// Ends the program with a code after a command that did its work: an answer "no" is an answer.
struct Verdict: Error {
    let outcome: Outcome

    /// - Throws: itself, for every outcome but `done`.
    static func demandDone(_ outcome: Outcome) throws {
        if outcome != .done { throw Verdict(outcome: outcome) }
    }
}
