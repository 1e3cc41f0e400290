import CanonicalJSON

/// A JSON object for programs: canonical (RFC 8785), its form named in the member `schema`.
public struct JSONAnswer: Sendable, Equatable {
    let value: JSONValue

    /// - Parameter schema: the name of the form, for example `record` for `probity/record/v1`.
    init(_ schema: String, _ members: [String: JSONValue]) {
        var members = members
        members["schema"] = .string("probity/\(schema)/v1")
        value = .object(members)
    }

    /// An object that goes out as it is.
    init(asIs value: JSONValue) { self.value = value }

    /// The object in one line.
    public var text: String { value.canonicalText }
}
