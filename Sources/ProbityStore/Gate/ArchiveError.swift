public import ProbityRecords

/// Why an act on the archive did not happen.
///
/// Equality looks at ``code`` only. ``reason`` names rules and identifiers, never a value of a record and never key
/// material.
public struct ArchiveError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The closed set of causes; `probity exit-codes` lists the number each one ends the program with.
    public enum Code: String, Sendable, CaseIterable {
        /// There is no archive at the path.
        case notFound
        /// Another program holds the write lock longer than the caller would wait.
        case locked
        /// The passphrase or key opens nothing.
        case wrongPassphrase
        /// A key file or wrap is structurally damaged.
        case damagedKey
        /// An archive, or something else, is already at the path.
        case alreadyExists
        /// The format or suite is not supported by this version.
        case unsupported
        /// The role does not allow the act.
        case roleRefuses
        /// Another person must do it, or sign it: whoever asks never approves.
        case needsSecondPerson
        /// The acting user is the subject of the file (回避).
        case recusal
        /// No purpose, or one that is not accepted.
        case purposeMissing
        /// The text would tell who reported (举报人身份).
        case reporterIdentity
        /// Nothing of that name, or nothing that this user may see: the same on purpose.
        case notVisible
        /// The entry failed validation.
        case invalidEntry
        /// The record has a newer version than the one the caller read.
        case changedSinceRead
        /// The record's state forbids this step.
        case stateForbids
        /// The content of the archive does not match its ledger.
        case integrity
        /// The ledger could not be written; nothing was shown and nothing changed.
        case ledgerNotWritable
        /// The archive is older than a head that was seen before, or rows are cut.
        case incomplete
        /// The disk or the operating system refused.
        case inputOutput
        /// The clock is more than a day ahead of the last leaf; the act has to be confirmed.
        case clockAhead
    }

    public let code: Code
    public let reason: String
    /// An identifier that the reader needs: a request, a file, a lock's holder.
    public let subject: String?

    /// The rule that refused, where the message catalogue has a sentence for it and not only for the code.
    public let rule: String?

    /// What the sentence names, by placeholder: an identifier, or codes as references (`category/talks`, `kind/talk`,
    /// `field/talk.followUpOn`, several joined by ", "), which a front end calls by their labels.
    public let params: [String: String]

    /// What was named where one of several things would do; for the reader, never for a log.
    public let misnomer: Misnomer?

    public init(
        _ code: Code, _ reason: String, subject: String? = nil, rule: String? = nil, params: [String: String] = [:],
        misnomer: Misnomer? = nil
    ) {
        self.misnomer = misnomer
        self.code = code
        self.reason = reason
        self.subject = subject
        self.rule = rule
        self.params = params
    }

    public static func == (one: ArchiveError, other: ArchiveError) -> Bool { one.code == other.code }

    public var description: String { "\(code.rawValue): \(reason)" }

    /// Whether the refusal itself has to be in the ledger (design: refusing is an act).
    public var isRefusal: Bool {
        switch code {
        // A failed validation is one too: that a number is taken, or borne by several, tells something.
        case .roleRefuses, .needsSecondPerson, .recusal, .purposeMissing, .reporterIdentity, .notVisible, .stateForbids,
            .invalidEntry,
            .changedSinceRead:
            true
        default: false
        }
    }
}
