/// A record (件) or a roster entry set out to be read.
public struct RecordView: Sendable, Equatable {
    /// One field that has a value.
    public struct Field: Sendable, Equatable {
        public let name: String
        public let label: String
        public let text: String
    }

    /// What it is, in a few words: identifier, kind and state, or number, name and identifier.
    public let heading: [String]
    public let fields: [Field]
    /// What rules say about it.
    public let facts: [String]
    /// Its versions, a sentence each, the first one first.
    public let versions: [String]
    /// What was left out of it.
    public let notice: CoverageNotice
    public let json: JSONAnswer
}
