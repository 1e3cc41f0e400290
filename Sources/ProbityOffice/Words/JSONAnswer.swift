import CanonicalJSON

/// A JSON object for programs: canonical (RFC 8785), its form named in the member `schema`.
public struct JSONAnswer: Sendable, Equatable {
    let value: JSONValue

    /// - Parameters:
    ///   - schema: the name of the form, for example `record` for `probity/record/v1`.
    ///   - notice: of what a reading could not see; it becomes the member `coverage`.
    init(_ schema: String, _ members: [String: JSONValue], _ notice: CoverageNotice? = nil) {
        var members = members
        if let notice { members["coverage"] = notice.member }
        members["schema"] = .string("probity/\(schema)/v1")
        value = .object(members)
    }

    /// An object that goes out as it is.
    init(asIs value: JSONValue) { self.value = value }

    /// The object in one line.
    public var text: String { value.canonicalText }
}
