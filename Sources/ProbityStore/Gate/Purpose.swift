/// Why somebody reads (用途): a code of the list `purpose` and a reason in words.
public struct Purpose: Sendable, Equatable {
    public let code: String
    public let reason: String

    public init(code: String, reason: String) {
        self.code = code
        self.reason = reason
    }

    /// Reads `CODE` or `CODE:text`.
    public init(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        self.code = String(parts[0])
        self.reason = parts.count > 1 ? String(parts[1]) : ""
    }
}
