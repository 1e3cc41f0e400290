import ProbitySchema

// Format of Schema/Messages/messages-<area>.json: {"key": {"zh": "…{field}…", "en": "…{field}…"}, …}
//
// A placeholder is a name of letters and digits in braces. Both languages are required and use the same placeholders; a
// key stands in one file only.

/// The sentences Probity says, in one language.
///
///     let messages = try MessageCatalogue.standard(.zh)
///     messages.text("problem.missing", ["field": "姓名"])
public struct MessageCatalogue: Sendable {
    public let language: Language
    private let sentences: [String: String]

    /// Reads a catalogue.
    ///
    /// - Throws: ``SchemaError`` when a key stands twice, lacks a language, or its languages differ in placeholders.
    public init(language: Language, files: [KindCatalogue.File]) throws(SchemaError) {
        self.language = language
        var sentences: [String: String] = [:]
        for file in files {
            for (key, entry) in try SchemaReader(file: file.name, bytes: file.bytes).entries() {
                let labels = try entry.labels()
                guard Self.placeholders(labels.zh) == Self.placeholders(labels.en) else {
                    throw entry.failure("the two languages use different placeholders")
                }
                guard sentences.updateValue(labels[language], forKey: key) == nil else {
                    throw entry.failure("the key stands in another file too")
                }
            }
        }
        self.sentences = sentences
    }

    /// The catalogue embedded in the program, read once for each language.
    ///
    /// - Throws: ``SchemaError`` when an embedded file is damaged.
    public static func standard(_ language: Language) throws(SchemaError) -> MessageCatalogue {
        switch language {
        case .zh: try chinese.get()
        case .en: try english.get()
        }
    }

    private static let chinese = read(.zh)
    private static let english = read(.en)

    private static func read(_ language: Language) -> Result<MessageCatalogue, SchemaError> {
        Result { () throws(SchemaError) in try MessageCatalogue(language: language, files: Schema.messages) }
    }

    /// All keys, sorted.
    public var keys: [String] { sentences.keys.sorted() }

    /// Whether there is a sentence for `key`.
    public func contains(_ key: String) -> Bool { sentences[key] != nil }

    /// The sentence for `key`, with `{name}` replaced by the parameter of that name.
    ///
    /// A key without a sentence stands for itself and a placeholder without a parameter stays: a message must be seen,
    /// even when it is not as it should be. Parameters are inserted as they are; braces inside them are not
    /// placeholders.
    public func text(_ key: String, _ params: [String: String] = [:]) -> String {
        guard let sentence = sentences[key] else { return key }
        var result = ""
        var rest = Substring(sentence)
        while let open = rest.firstIndex(of: "{") {
            result += rest[..<open]
            let inner = rest[rest.index(after: open)...]
            guard let close = inner.firstIndex(of: "}"), Self.isName(inner[..<close]) else {
                result += "{"
                rest = inner
                continue
            }
            result += params[String(inner[..<close])] ?? "{\(inner[..<close])}"
            rest = inner[inner.index(after: close)...]
        }
        return result + rest
    }

    /// The placeholders of a sentence.
    static func placeholders(_ sentence: String) -> Set<String> {
        var names: Set<String> = []
        var rest = Substring(sentence)
        while let open = rest.firstIndex(of: "{") {
            rest = rest[rest.index(after: open)...]
            if let close = rest.firstIndex(of: "}"), isName(rest[..<close]) { names.insert(String(rest[..<close])) }
        }
        return names
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            }
    }
}
