import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

private let vectors = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")

@Suite("Canonical JSON")
struct CanonicalJSONTests {
    @Test(
        "The published RFC 8785 texts come out byte for byte",
        arguments: ["arrays", "french", "structures", "unicode", "values", "weird"])
    func publishedVectors(name: String) throws {
        let input = try [UInt8](Data(contentsOf: vectors.appending(path: "input/\(name).json")))
        let output = try [UInt8](Data(contentsOf: vectors.appending(path: "output/\(name).json")))
        #expect(try JSONValue(parsing: input).canonicalBytes == output)
    }

    @Test(
        "Numbers are written as ECMAScript writes them (RFC 8785 appendix B)",
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
            (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"), (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"),
            (0x44B5_2D02_C7E1_4AF6, "1e+23"), (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
            (0x444B_1AE4_D6E2_EF50, "1e+21"), (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"),
            (0x3EB0_C6F7_A0B5_ED8D, "0.000001"), (0x41B3_DE43_5555_5553, "333333333.3333332"),
            (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
        ] as [(UInt64, String)])
    func numbers(bits: UInt64, text: String) {
        #expect(JSONValue.number(Double(bitPattern: bits)).canonicalText == text)
    }

    @Test(
        "What is not strict JSON is refused",
        arguments: [
            "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "01", "-", "1.",
            ".5", "1e",
            "+1", "nul", "truex", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"",
            "\"\t\"",
            "1 2", "9007199254740993", "-9007199254740993", "1e999", "{a:1}", "'a'", "[1}", "\u{FEFF}1", "NaN",
        ])
    func refused(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test(
        "Integers at and beyond the limits are read or refused, and none traps",
        arguments: [
            ("9007199254740992", .integer(1 << 53)), ("-9007199254740992", .integer(-(1 << 53))),
            ("9007199254740993", nil), ("9223372036854775807", nil), ("-9223372036854775808", nil),
            ("-9223372036854775809", nil), ("18446744073709551616", nil),
            ("100000000000000000000", .number(1e20)), ("-100000000000000000000", .number(-1e20)),
            ("1000000000000000000000", nil), ("-0", .number(0)),
        ] as [(String, JSONValue?)])
    func integerLimits(text: String, expected: JSONValue?) throws {
        if let expected {
            #expect(try JSONValue(parsing: Array(text.utf8)) == expected)
        } else {
            #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
        }
    }

    @Test(
        "Every finite double that is written is read back as the same double", arguments: 1...20 as ClosedRange<UInt64>)
    func doubles(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let number = Double(bitPattern: random.next())
            guard number.isFinite else { continue }
            let text = JSONValue.number(number).canonicalText
            let read = try JSONValue(parsing: Array(text.utf8))
            switch read {
            case .number(let same): #expect(same == number, "seed \(seed): \(text)")
            case .integer(let same): #expect(Double(same) == number, "seed \(seed): \(text)")
            default: Issue.record("seed \(seed): \(text)")
            }
            #expect(read.canonicalText == text, "seed \(seed)")
        }
    }

    @Test("A number that is not finite is the caller's mistake, not a text")
    func notFinite() async {
        await #expect(processExitsWith: .failure) { _ = JSONValue.number(.nan).canonicalText }
        await #expect(processExitsWith: .failure) { _ = JSONValue.array([.number(-.infinity)]).canonicalText }
    }

    @Test("Names that differ only in normalisation are one name; texts keep the spelling they had")
    func normalisation() throws {
        #expect(throws: JSONError.self) {
            try JSONValue(parsing: Array("{\"e\u{301}\":1,\"\u{E9}\":2}".utf8))
        }
        for text in ["\"e\u{301}\"", "\"\u{E9}\""] {
            let bytes = Array(text.utf8)
            #expect(try JSONValue(parsing: bytes).canonicalBytes == bytes)
        }
    }

    @Test("An object written and read member by member is the canonical one; names in another order are refused")
    func members() async throws {
        let value: JSONValue = ["a": "王\u{1F600}\n", "b": ["y": 1, "x": [true, nil]], "c": -3]
        var object = CanonicalObject()
        object.add("a", value["a"])
        object.add("aa", nil)
        object.add("b", value["b"])
        object.add("c", value["c"])
        let bytes = object.finish()
        #expect(bytes == value.canonicalBytes && CanonicalObject().finish() == Array("{}".utf8))
        var read: [String: JSONValue] = [:]
        try JSONValue.members(parsing: bytes) { read[$0] = $1 }
        #expect(JSONValue.object(read) == value)
        for text in [
            #"{"b":1,"a":2}"#, #"{"a":1,"a":1}"#, #"{"a":1"#, #"{"a":1}x"#, "[]", "", "1", #"{"a":{"b":1,"b":2}}"#,
        ] {
            #expect(throws: JSONError.self, "\(text)") { try JSONValue.members(parsing: Array(text.utf8)) { _, _ in } }
        }
        await #expect(processExitsWith: .failure) {
            var object = CanonicalObject()
            object.add("b", 1)
            object.add("a", 2)
        }
    }

    @Test(
        "Invalid UTF-8 is refused",
        arguments: [[0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xFF, 0x22]])
    func invalidText(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    }

    @Test("Depth is bounded, so that a hostile text cannot exhaust the stack")
    func depth() throws {
        let deep = Array(String(repeating: "[", count: 64).utf8) + Array(String(repeating: "]", count: 64).utf8)
        #expect(throws: Never.self) { try JSONValue(parsing: deep) }
        let deeper = Array(String(repeating: "[", count: 100_000).utf8)
        #expect(throws: JSONError.self) { try JSONValue(parsing: deeper) }
    }

    @Test("Random values survive writing and reading", arguments: 1...50 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let value = CanonicalJSONTests.value(depth: 4, &random)
        let bytes = value.canonicalBytes
        #expect(try JSONValue(parsing: bytes) == value, "seed \(seed)")
        #expect(try JSONValue(parsing: bytes).canonicalBytes == bytes, "seed \(seed)")
    }

    @Test("PyPI's rfc8785 writes random values in the same bytes")
    func otherWriter() throws {
        var random = SeededGenerator(seed: 8785)
        let values = (0..<400).map { _ in CanonicalJSONTests.value(depth: 4, &random) }
        let lines = values.map { $0.canonicalBytes + [0x0A] }
        let other = try Oracle.stranger(["canonical"], input: lines.flatMap { $0 })
        #expect(other.status == 0, "\(other.errors)")
        #expect(other.outputBytes == lines.flatMap { $0 })
    }

    @Test("A text cut at any byte is refused")
    func truncated() {
        let bytes = Array("{\"名\":[1,-2.5,true,null,\"\\u00e9\\ud83d\\ude00\"]}".utf8)
        for count in 0..<bytes.count {
            #expect(throws: JSONError.self, "cut at \(count)") { try JSONValue(parsing: Array(bytes[..<count])) }
        }
    }

    private static func value(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .integer(Int64.random(in: -(1 << 53)...(1 << 53), using: &random))
        case 3: return .number(Double.random(in: 0.1..<0.9, using: &random) * 1e-3)
        case 4: return .string(text(&random))
        case 5: return .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth: depth - 1, &random) })
        default:
            var members: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0..<5, using: &random) {
                members[text(&random)] = value(depth: depth - 1, &random)
            }
            return .object(members)
        }
    }

    private static func text(_ random: inout SeededGenerator) -> String {
        let scalars = (0..<Int.random(in: 0..<12, using: &random)).compactMap { _ in
            Unicode.Scalar(UInt32.random(in: 0..<0x11000, using: &random))
        }
        return scalars.reduce(into: "") { $0.unicodeScalars.append($1) }
    }

    @Test("Names are ordered by their UTF-16 code units, surrogates before the private use area")
    func nameOrder() throws {
        var random = SeededGenerator(seed: 8785)
        let scalars: [Unicode.Scalar] = [
            "a", "b", "é", "中", "\u{D7FF}", "\u{E000}", "\u{FB33}", "\u{FFFF}", "😀", "\u{10FFFF}",
        ]
        for _ in 0..<2_000 {
            let names = (0..<2).map { _ in
                var text = String.UnicodeScalarView()
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    text.append(scalars[Int.random(in: 0..<scalars.count, using: &random)])
                }
                return String(text)
            }
            guard names[0] != names[1] else { continue }
            let value = JSONValue.object([names[0]: 1, names[1]: 2])
            let first = names[0].utf16.lexicographicallyPrecedes(names[1].utf16) ? "1" : "2"
            let digits = value.canonicalText.filter { $0 == "1" || $0 == "2" }
            #expect(digits.hasPrefix(first), "\(names)")
        }
    }
}
