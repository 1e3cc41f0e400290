import ProbitySchema
import Testing

/// The embedded access matrix as text, for tests that damage it.
enum PolicyFile {
    static func text() throws -> String {
        let file = try #require(Schema.rules.first { $0.name == "rules-access.json" })
        return String(decoding: file.bytes, as: UTF8.self)
    }
}
