/// One thing that verification found.
public struct Finding: Sendable, Equatable, CustomStringConvertible {
    /// How bad it is.
    public enum Severity: String, Sendable {
        /// Worth a look; the content is as it was written.
        case notice
        /// The content is not what was written, or cannot be shown to be.
        case violation
    }

    /// The file or entry.
    public let place: String
    /// A code of the message catalogue: what does not hold.
    public let rule: String
    /// Whether it speaks against the export.
    public let severity: Severity
    /// What else helps to find it; never a value from a record.
    public let detail: String

    /// A finding of its parts.
    public init(place: String, rule: String, severity: Severity = .violation, detail: String = "") {
        self.place = place
        self.rule = rule
        self.severity = severity
        self.detail = detail
    }

    public var description: String { "\(severity.rawValue): \(place): \(rule) \(detail)" }
}

/// What verification looked at and found. An empty list of violations is the verdict "sound".
public struct VerificationReport: Sendable {
    /// In the order of the checks, at most ``maximumFindings`` of each severity.
    public internal(set) var findings: [Finding] = []
    /// The head; nil where its signature does not hold.
    public internal(set) var checkpoint: Checkpoint?
    /// The entries that the export is about. The head does not sign it: a reader compares it with what he asked for.
    public internal(set) var range: Range<UInt64>?
    /// How many of each were looked at: files, leaves, entries, proofs, openings.
    public internal(set) var counts: [String: Int] = [:]

    /// A damaged export of a million entries must not become a million findings.
    public static let maximumFindings = 1_000

    /// A report of nothing.
    public init() {}

    /// Whether nothing speaks against the export.
    public var isSound: Bool { !findings.contains { $0.severity == .violation } }
}
