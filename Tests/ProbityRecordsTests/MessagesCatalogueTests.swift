import ProbityRecords
import ProbitySchema
import Testing

@Suite("Messages")
struct MessagesCatalogueTests {
    private func catalogue(_ files: [(String, String)], _ language: Language = .en) throws(SchemaError)
        -> MessageCatalogue
    {
        try MessageCatalogue(language: language, files: files.map { ($0.0, Array($0.1.utf8)) })
    }

    @Test("Both languages hold the same keys and say something")
    func bothLanguages() throws {
        let zh = try MessageCatalogue.standard(.zh)
        let en = try MessageCatalogue.standard(.en)
        #expect(zh.keys == en.keys)
        #expect(!zh.keys.isEmpty)
        for key in zh.keys {
            // A sentence may be made of placeholders and marks alone.
            let words = zh.text(key).replacing(/\{[A-Za-z0-9]+\}/, with: "").unicodeScalars
            let isChinese = words.contains { (0x4E00...0x9FFF).contains($0.value) }
            #expect(isChinese || !words.contains { $0.properties.isAlphabetic }, "\(key) has no Chinese")
            #expect(
                !en.text(key).unicodeScalars.contains { (0x3000...0x303F).contains($0.value) },
                "\(key) has Chinese marks")
        }
    }

    @Test("Placeholders are replaced, once, by what is given")
    func placeholders() throws {
        let messages = try catalogue([("messages-a.json", #"{"k": {"zh": "{a}与{b}", "en": "{a} and {b}, {a}"}}"#)])
        #expect(messages.text("k", ["a": "x", "b": "y"]) == "x and y, x")
        #expect(messages.text("k", ["a": "{b}", "b": "y"]) == "{b} and y, {b}")
        #expect(messages.text("k", ["b": "y"]) == "{a} and y, {a}")
        #expect(messages.text("unknown", ["a": "x"]) == "unknown")
    }

    @Test("Braces that are no placeholder stay")
    func braces() throws {
        let messages = try catalogue([("messages-a.json", #"{"k": {"zh": "{ } {a b} {", "en": "{ } {a b} {"}}"#)])
        #expect(messages.text("k", ["a b": "x"]) == "{ } {a b} {")
    }

    @Test("A language that is missing or has other placeholders is refused")
    func refused() {
        let place = SchemaError(file: "messages-a.json", field: "k", reason: "")
        #expect(throws: place) { try catalogue([("messages-a.json", #"{"k": {"zh": "{a}", "en": "{b}"}}"#)]) }
        #expect(throws: SchemaError(file: "messages-a.json", field: "k.en", reason: "")) {
            try catalogue([("messages-a.json", #"{"k": {"zh": "{a}"}}"#)])
        }
        #expect(throws: SchemaError(file: "messages-a.json", field: "k.fr", reason: "")) {
            try catalogue([("messages-a.json", #"{"k": {"zh": "一", "en": "one", "fr": "un"}}"#)])
        }
    }

    @Test("A key stands in one file only")
    func doubles() {
        let text = #"{"k": {"zh": "一", "en": "one"}}"#
        #expect(throws: SchemaError(file: "messages-b.json", field: "k", reason: "")) {
            try catalogue([("messages-a.json", text), ("messages-b.json", text)])
        }
    }
}
