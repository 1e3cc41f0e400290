public import CanonicalJSON
public import ProbityRecords

/// What is to be filed about one officer.
public struct RecordDraft: Sendable {
    public let kind: String
    /// Number, ID number, name or identifier of the officer.
    public let officer: String
    public let values: [String: JSONValue]

    public init(kind: String, officer: String, values: [String: JSONValue]) {
        self.kind = kind
        self.officer = officer
        self.values = values
    }
}

/// What a search asks for; nil leaves a thing open.
public struct RecordQuery: Sendable {
    public var kind: String?
    public var state: String?
    public var since: CivilDate?
    public var until: CivilDate?
    public var limit = 50
    /// Records after this one, as the answer before named it.
    public var cursor: RecordID?

    public init() {}
}
