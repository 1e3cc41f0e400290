import CanonicalJSON
import ProbityStore

/// The ways in which something that was asked for can end. A front end has a number or a status for each.
public enum Outcome: String, Sendable, CaseIterable {
    case done, unclassified
    /// The user was asked and said no.
    case declined
    /// An answer that rests on a part of what was asked for.
    case partlySeen
    case notFound, locked, wrongPassphrase, damagedKey, alreadyExists, unsupported, roleRefuses
    /// Another person must do it or sign it.
    case needsSecondPerson
    /// 回避
    case recusal
    case purposeMissing, reporterIdentity, notVisible, invalidEntry, changedSinceRead, stateForbids
    case integrity, ledgerNotWritable, incomplete, exportInvalid
    /// 凡提四必: something speaks against the move.
    case promotionFindings
    /// 凡提四必: something is not decided yet.
    case promotionPending
    case inputOutput
    /// What was asked for has not the form of a question.
    case usage

    init(_ code: ArchiveError.Code) {
        // Whoever confirms the clock goes on; whoever does not has declined.
        self = code == .clockAhead ? .declined : Outcome(rawValue: code.rawValue) ?? .unclassified
    }

    /// What it means.
    public func text(_ wording: Wording) -> String { wording.text("exit.\(rawValue)") }

    /// What it means, for programs.
    ///
    /// - Parameter code: the front end's number for it.
    public func json(_ wording: Wording, code: Int32) -> JSONAnswer {
        JSONAnswer(
            "exitCode",
            ["code": .integer(Int64(code)), "id": .string(rawValue), "text": .string(text(wording))])
    }
}
