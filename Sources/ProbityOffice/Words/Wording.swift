import ProbityRecords

/// The sentences that one reader gets, in his language.
///
/// A front end makes one for each reader and hands it to everything it asks for.
public struct Wording: Sendable {
    let language: Language
    let messages: MessageCatalogue

    /// The names of the languages there are: `zh` and `en`.
    public static let languages = Language.allCases.map(\.rawValue)

    /// - Parameter name: one of ``languages``; any other speaks Chinese, because the people who use it do.
    /// - Throws: an error when an embedded file is damaged.
    public init(language name: String) throws {
        language = Language(rawValue: name) ?? .zh
        messages = try MessageCatalogue.standard(language)
    }

    /// The sentence of the message catalogue for `key`, with its placeholders filled in.
    public func text(_ key: String, _ params: [String: String] = [:]) -> String { messages.text(key, params) }
}
