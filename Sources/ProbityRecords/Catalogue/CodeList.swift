// Format of Schema/CodeLists/codes-<id>.json:
//
//   {"id": "sex", "labels": {"zh": …, "en": …}, "source": "GB/T 2261.1", "confidence": "C|L|K|S|P|U",
//    "codes": [{"code": "1", "zh": "男", "en": "male", "aliases": ["男性"], "source": …}, …]}
//
// The order of `codes` is the order in which forms offer them. `aliases` and the inner `source` may be left out. A
// code, a label or an alias names one code only: what is read from a spreadsheet must never have two meanings.

/// A closed list of values (代码表), each with its code and its names.
public struct CodeList: Sendable, Hashable {
    /// One value of a list.
    public struct Code: Sendable, Hashable {
        public let code: String
        public let labels: Labels
        /// Other spellings accepted on import.
        public let aliases: [String]
    }

    public let id: String
    public let labels: Labels
    public let codes: [Code]
    private let byText: [String: String]
    private let byCode: [String: Int]

    /// Reads one file. - Throws: ``SchemaError`` naming file and member.
    public init(file: String, bytes: [UInt8]) throws(SchemaError) {
        try self.init(SchemaReader(file: file, bytes: bytes))
    }

    init(_ reader: SchemaReader) throws(SchemaError) {
        _ = try reader.members(["id", "labels", "source", "confidence", "codes"])
        id = try reader.required("id").text()
        guard reader.file == "codes-\(id).json" else {
            throw try reader.required("id").failure("the file must be named codes-\(id).json")
        }
        labels = try reader.required("labels").labels()
        _ = try reader.required("source").text()
        _ = try Confidence.read(reader)
        var codes: [Code] = []
        var byText: [String: String] = [:]
        var byCode: [String: Int] = [:]
        for element in try reader.required("codes").elements() {
            _ = try element.members(["code", "zh", "en", "aliases", "source"])
            let code = Code(
                code: try element.required("code").text(),
                labels: Labels(zh: try element.required("zh").text(), en: try element.required("en").text()),
                aliases: try element.optional("aliases")?.texts() ?? [])
            guard byCode.updateValue(codes.count, forKey: code.code) == nil else {
                throw element.failure("the code '\(code.code)' stands twice in the list")
            }
            for text in [code.code, code.labels.zh, code.labels.en] + code.aliases {
                let other = byText.updateValue(code.code, forKey: Spelling.folded(text))
                guard other == nil || other == code.code else {
                    throw element.failure("'\(text)' already means the code '\(other ?? "")'")
                }
            }
            codes.append(code)
        }
        guard !codes.isEmpty else { throw try reader.required("codes").failure("a list must hold a code") }
        self.codes = codes
        self.byText = byText
        self.byCode = byCode
    }

    /// Whether `code` is one of the list's codes, letter by letter.
    public func contains(_ code: String) -> Bool { byCode[code] != nil }

    /// The code that a person means by `text`: the code itself, a label in either language, or an alias.
    public func code(for text: String) -> String? {
        byCode[text] == nil ? byText[Spelling.folded(text)] : text
    }

    /// The names to choose from, as a sentence offers them: all of a short list, the first of a long one.
    public func offer(_ messages: MessageCatalogue) -> String {
        let names = codes.prefix(12).map { $0.labels[messages.language] }
        return names.joined(separator: messages.text("problem.codeSeparator")) + (codes.count > names.count ? "……" : "")
    }

    /// What `code` is called; nil for a code that is not in the list.
    public func label(_ code: String, _ language: Language) -> String? {
        byCode[code].map { codes[$0].labels[language] }
    }
}

/// The confidence marks of domain.md: read in the source, local, known, seed, proposal, unconfirmed.
enum Confidence {
    static let marks: Set<String> = ["C", "L", "K", "S", "P", "U"]

    static func read(_ reader: SchemaReader) throws(SchemaError) -> String {
        let member = try reader.required("confidence")
        let mark = try member.text()
        guard marks.contains(mark) else { throw member.failure("'\(mark)' is none of the marks C, L, K, S, P, U") }
        return mark
    }
}
