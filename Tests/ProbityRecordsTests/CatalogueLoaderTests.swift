import CanonicalJSON
import Testing

@testable import ProbityRecords

@Suite("Malformed schema files")
struct CatalogueLoaderTests {
    private static let lists: [KindCatalogue.File] = [
        file("codes-state.json", list("state", [("open", "进行", "open"), ("done", "完成", "done")])),
        file("codes-transition.json", list("transition", [("finish", "办结", "finish")])),
        file("codes-section.json", list("section", [("s01", "基本", "basic")])),
        file("codes-colour.json", list("colour", [("r", "红", "red"), ("b", "蓝", "blue")])),
    ]
    private static let identity = file(
        "rules-identity.json",
        """
        {"rules": [{"ruleId": "n", "edition": "1", "source": "s", "confidence": "U",
                    "value": {"personCategory": "police", "pattern": "^[0-9]{6}$"}}]}
        """)

    private static func file(_ name: String, _ text: String) -> KindCatalogue.File { (name, Array(text.utf8)) }

    private static func list(_ id: String, _ codes: [(String, String, String)]) -> String {
        let entries = codes.map { #"{"code": "\#($0.0)", "zh": "\#($0.1)", "en": "\#($0.2)"}"# }.joined(separator: ",")
        return """
            {"id": "\(id)", "labels": {"zh": "表", "en": "list"}, "source": "s", "confidence": "P",
             "codes": [\(entries)]}
            """
    }

    static let kind = """
        {"id": "note", "category": "duty", "section": "s01", "labels": {"zh": "记事", "en": "note"}, "source": "test",
         "fields": [
           {"name": "madeOn", "type": "date", "required": true, "labels": {"zh": "日期", "en": "date"}},
           {"name": "colour", "type": "code", "codes": "colour", "labels": {"zh": "颜色", "en": "colour"}},
           {"name": "score", "type": "integer", "minimum": 0, "maximum": 9, "labels": {"zh": "数", "en": "score"}}],
         "states": ["open", "done"], "initial": "open",
         "steps": [{"from": "open", "to": "done", "act": "finish", "roles": ["clerk"], "requires": ["colour"],
                    "sets": ["score"], "not": ["filer"], "approvals": [{"roles": ["leader"], "count": 1}]}],
         "lock": {"states": ["done"], "only": []},
         "occurredOn": "madeOn", "dueOn": {"field": "madeOn", "days": 3, "states": ["open"]}, "form": 1,
         "constraints": [{"id": "note.x", "when": {"colour": "r"}, "require": ["score"],
                          "source": "s", "confidence": "P"}]}
        """

    private static func load(_ kind: String, lists: [KindCatalogue.File] = lists) throws(SchemaError) -> KindCatalogue {
        try KindCatalogue(kinds: [file("kind-note.json", kind)], codeLists: lists, identity: identity)
    }

    @Test("The kind that the next tests damage is sound")
    func soundKind() throws {
        let catalogue = try Self.load(Self.kind)
        let note = try #require(catalogue.kind("note"))
        #expect(note.fields.map(\.name) == ["madeOn", "colour", "score"])
        #expect(note.validate(values: ["madeOn": "2026-01-01", "colour": "r"]).map(\.field) == ["score"])
        #expect(note.validate(values: ["madeOn": "2026-01-01", "score": 10]).map(\.code) == [.outOfRange])
    }

    @Test(
        "A damaged kind names the member",
        arguments: [
            (#""category": "duty""#, #""category": "dutty""#, "category"),
            (#""id": "note""#, #""id": "other""#, "id"),
            (#""section": "s01""#, #""section": "s77""#, "section"),
            (#""source": "test","#, "", "source"),
            (#""en": "note"}"#, #""fr": "note"}"#, "labels.fr"),
            (#""type": "date""#, #""type": "day""#, "fields[0].type"),
            (#""codes": "colour""#, #""codes": "colors""#, "fields[1].codes"),
            (#""codes": "colour","#, "", "fields[1].codes"),
            (#""required": true"#, #""required": "yes""#, "fields[0].required"),
            (#""required": true"#, #""requierd": true"#, "fields[0].requierd"),
            (#""name": "madeOn""#, #""name": "Made on""#, "fields[0].name"),
            (#""name": "score""#, #""name": "colour""#, "fields[2]"),
            (#""zh": "数", "en": "score""#, #""zh": "颜色", "en": "score""#, "fields"),
            (#""type": "integer""#, #""type": "text""#, "fields[2]"),
            (#""states": ["open", "done"]"#, #""states": ["open", "gone"]"#, "states[1]"),
            (#""states": ["open", "done"]"#, #""states": ["open", "open"]"#, "states"),
            (#""initial": "open""#, #""initial": "shut""#, "initial"),
            (#""from": "open""#, #""from": "shut""#, "steps[0]"),
            (#""act": "finish""#, #""act": "dance""#, "steps[0].act"),
            (#""roles": ["clerk"]"#, #""roles": ["clerk", "king"]"#, "steps[0].roles[1]"),
            (#""requires": ["colour"]"#, #""requires": ["shape"]"#, "steps[0].requires"),
            (#""sets": ["score"]"#, #""sets": ["shape"]"#, "steps[0].sets"),
            (#""not": ["filer"]"#, #""not": ["colour"]"#, "steps[0].not[0]"),
            (#""count": 1"#, #""count": 9"#, "steps[0].approvals[0]"),
            (#""states": ["done"], "only""#, #""states": ["open"], "only""#, "lock"),
            (#""occurredOn": "madeOn""#, #""occurredOn": "colour""#, "occurredOn"),
            (#""days": 3"#, #""weeks": 3"#, "dueOn.weeks"),
            (#""field": "madeOn""#, #""field": "score""#, "dueOn.field"),
            (#""form": 1"#, #""form": 5"#, "form"),
            (#""when": {"colour": "r"}"#, #""when": {"colour": "g"}"#, "constraints[0].when.colour"),
            (#""when": {"colour": "r"}"#, #""when": {"shape": "r"}"#, "constraints[0].when.shape"),
            (#""require": ["score"]"#, #""require": ["shape"]"#, "constraints[0].require"),
            (#""require": ["score"]"#, #""refuse": true, "require": ["score"]"#, "constraints[0]"),
            (#""require": ["score"]"#, #""order": ["madeOn", "score"]"#, "constraints[0].order"),
            (#""confidence": "P"}]}"#, #""confidence": "X"}]}"#, "constraints[0].confidence"),
            (#"{"id": "note""#, #"["id": "note""#, ""),
        ])
    func damagedKind(from: String, to: String, field: String) throws {
        let text = Self.kind.replacing(from, with: to, maxReplacements: 1)
        try #require(text != Self.kind)
        #expect(throws: SchemaError(file: "kind-note.json", field: field, reason: "")) { try Self.load(text) }
    }

    @Test("A kind or a list that stands twice is refused")
    func doubles() {
        let note = Self.file("kind-note.json", Self.kind)
        #expect(throws: SchemaError(file: "kind-note.json", field: "id", reason: "")) {
            try KindCatalogue(kinds: [note, note], codeLists: Self.lists, identity: Self.identity)
        }
        #expect(throws: SchemaError(file: "codes-state.json", field: "id", reason: "")) {
            try KindCatalogue(kinds: [], codeLists: Self.lists + [Self.lists[0]], identity: Self.identity)
        }
    }

    @Test("A kind is read in each of its editions, and a catalogue that lacks one is refused")
    func editions() throws {
        func edition(_ number: Int, _ category: String = "duty") -> String {
            let head = #"{"id": "note", "edition": \#(number), "category": "\#(category)","#
            return Self.kind.replacing(#"{"id": "note", "category": "duty","#, with: head)
        }
        let first = edition(1).replacing(#"{"name": "madeOn""#, with: #"{"name": "oldDate""#)
            .replacing(#""madeOn""#, with: #""oldDate""#)
        func load(_ files: [(String, String)]) throws -> KindCatalogue {
            try KindCatalogue(
                kinds: files.map { Self.file($0.0, $0.1) }, codeLists: Self.lists, identity: Self.identity)
        }
        let catalogue = try load([("kind-note.json", edition(2)), ("kind-note.1.json", first)])
        #expect(catalogue.kinds.map(\.edition) == [2] && catalogue.kind("note")?.edition == 2)
        #expect(catalogue.kind("note", edition: 1)?.occurredOnField == "oldDate")
        #expect(catalogue.kind("note", edition: 2)?.occurredOnField == "madeOn")
        for unknown in [0, 3, -1] { #expect(catalogue.kind("note", edition: unknown) == nil) }
        for files in [
            [("kind-note.json", edition(2))], [("kind-note.1.json", first)],
            [("kind-note.json", edition(3)), ("kind-note.1.json", first)],
            [("kind-note.json", edition(1)), ("kind-note.1.json", first)],
            [("kind-note.json", edition(2)), ("kind-note.1.json", edition(1, "talks"))],
            [("kind-note.json", edition(2)), ("kind-note.2.json", first)], [("kind-note.json", edition(0))],
        ] {
            #expect(throws: SchemaError.self, "\(files.map(\.0))") { try load(files) }
        }
    }

    @Test("A code list in which a text has two meanings is refused")
    func ambiguousList() {
        let ambiguous = Self.list("colour", [("r", "红", "red"), ("b", "蓝", "Red")])
        #expect(throws: SchemaError(file: "codes-colour.json", field: "codes[1]", reason: "")) {
            try CodeList(file: "codes-colour.json", bytes: Array(ambiguous.utf8))
        }
        let twice = Self.list("colour", [("r", "红", "red"), ("r", "蓝", "blue")])
        #expect(throws: SchemaError(file: "codes-colour.json", field: "codes[1]", reason: "")) {
            try CodeList(file: "codes-colour.json", bytes: Array(twice.utf8))
        }
        #expect(throws: SchemaError(file: "codes-colour.json", field: "codes", reason: "")) {
            try CodeList(file: "codes-colour.json", bytes: Array(Self.list("colour", []).utf8))
        }
        #expect(throws: SchemaError(file: "codes-color.json", field: "id", reason: "")) {
            try CodeList(file: "codes-color.json", bytes: Array(Self.list("colour", [("r", "红", "red")]).utf8))
        }
    }

    @Test("A code list finds codes by label, alias and letter case")
    func lookup() throws {
        let list = try CodeList(
            file: "codes-c.json",
            bytes: Array(
                """
                {"id": "c", "labels": {"zh": "表", "en": "list"}, "source": "s", "confidence": "P",
                 "codes": [{"code": "r", "zh": "红色", "en": "Deep red", "aliases": ["赤"]}]}
                """.utf8))
        for text in ["r", "R", "红色", " 红 色 ", "deep RED", "赤", "ｒ"] { #expect(list.code(for: text) == "r", "\(text)") }
        #expect(list.code(for: "blue") == nil)
        #expect(list.contains("r") && !list.contains("R"))
        #expect(list.label("r", .zh) == "红色")
        #expect(list.label("x", .zh) == nil)
    }

    @Test(
        "A damaged identity rule names the member",
        arguments: [
            (#""^[0-9]{6}$""#, #""[0-9]{6}""#, "rules[0].value.pattern"), (#""source": "s","#, "", "rules[0].source"),
            (#""confidence": "U""#, #""confidence": "?""#, "rules[0].confidence"), (#""rules""#, #""rule""#, "rule"),
        ])
    func damagedIdentity(from: String, to: String, field: String) throws {
        let text = String(decoding: Self.identity.bytes, as: UTF8.self).replacing(from, with: to, maxReplacements: 1)
        #expect(throws: SchemaError(file: "rules-identity.json", field: field, reason: "")) {
            try PoliceNumberRule(file: "rules-identity.json", bytes: Array(text.utf8))
        }
    }
}

@Suite("Field patterns")
struct CatalogueFieldPatternTests {
    @Test(
        "A pattern matches whole texts",
        arguments: [
            ("^[0-9]{6}$", "990004", true), ("^[0-9]{6}$", "99000", false), ("^[0-9]{6}$", "9900041", false),
            ("^[0-9]{6}$", "９９０００４", false), ("^[A-Z][0-9]{4}$", "F0011", true), ("^[A-Z][0-9]{4}$", "f0011", false),
            ("^[0-9A-Z]{1,8}$", "A1", true), ("^[0-9A-Z]{1,8}$", "", false), ("^A?B$", "B", true),
            ("^A?B$", "AAB", false),
            ("^(A|BC{2})$", "BCC", true), ("^(A|BC{2})$", "ABCC", false), ("^[0-9]{0,2}[0-9]$", "7", true),
            ("^警[0-9]$", "警7", true), ("^[_.]$", ".", true),
        ])
    func matching(pattern: String, text: String, expected: Bool) throws {
        #expect(try #require(FieldPattern(pattern)).matches(text) == expected)
    }

    @Test(
        "What is not in the small language is refused",
        arguments: [
            "", "^", "[0-9]{6}", "^[0-9]{6}", "^[0-9]+$", "^.*$", "^[^a]$", "^[0-9$", "^[]$", "^a{2$", "^a{3,2}$",
            "^a{0}$",
            "^a{1,101}$", "^a|b$", "^(a$", "^(a|)$", "^\\d$", "^[9-0]$", "^$", "^a**$", "^a{,2}$",
        ])
    func refused(pattern: String) {
        #expect(FieldPattern(pattern) == nil)
    }

    @Test("A pattern made to be slow is answered at once")
    func bounded() throws {
        let pattern = try #require(FieldPattern("^" + String(repeating: "a{0,100}", count: 20) + "b$"))
        #expect(!pattern.matches(String(repeating: "a", count: 2000)))
        #expect(pattern.matches(String(repeating: "a", count: 500) + "b"))
    }
}
