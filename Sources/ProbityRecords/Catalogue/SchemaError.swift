/// An embedded or overriding schema file that does not say what its format demands.
///
/// Two errors are equal when file and field are; the reason is for people.
public struct SchemaError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file's name, for example `kind-talk.json`.
    public let file: String
    /// Path of the member inside the file, for example `fields[3].codes`; empty for the whole file.
    public let field: String
    /// What is wrong, naming the rule of the format.
    public let reason: String

    public init(file: String, field: String, reason: String) {
        self.file = file
        self.field = field
        self.reason = reason
    }

    public static func == (left: SchemaError, right: SchemaError) -> Bool {
        left.file == right.file && left.field == right.field
    }

    public var description: String { field.isEmpty ? "\(file): \(reason)" : "\(file): \(field): \(reason)" }
}
