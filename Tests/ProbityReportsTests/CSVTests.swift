import ProbityReports
import ProbityTestSupport
import Testing

@Suite("CSV (RFC 4180)")
struct CSVTests {
    /// The rows of a text, fed in pieces of `piece` bytes, each with its number.
    private func rows(_ bytes: [UInt8], piece: Int = .max) throws -> [(number: Int, cells: [String])] {
        var parser = CSVParser()
        var rows: [(number: Int, cells: [String])] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            try parser.feed(rest.prefix(piece)) { rows.append(($0, $1)) }
            rest = rest.dropFirst(piece)
        }
        try parser.finish { rows.append(($0, $1)) }
        return rows
    }

    private func failure(_ bytes: [UInt8]) -> CSVParser.Failure? {
        do {
            _ = try rows(bytes)
            return nil
        } catch {
            return error as? CSVParser.Failure
        }
    }

    @Test(
        "Cells, quotes, empty cells and the three line ends, whatever the pieces",
        arguments: [
            ("a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]), ("a,b\nc,d", [["a", "b"], ["c", "d"]]),
            ("a\rb\r", [["a"], ["b"]]), ("\"a,b\",\"c\"\"d\"\n", [["a,b", "c\"d"]]),
            ("\"two\r\nlines\",x\n", [["two\r\nlines", "x"]]), (",\n", [["", ""]]), ("\"\"\n", [[""]]),
            ("警号,\"姓,名\"\n", [["警号", "姓,名"]]), ("", []), ("\n\n", []), ("a,", [["a", ""]]),
            ("\"a\"", [["a"]]),
        ] as [(String, [[String]])])
    func reading(text: String, expected: [[String]]) throws {
        for piece in [1, 2, 3, 7, Int.max] {
            #expect(try rows(Array(text.utf8), piece: piece).map(\.cells) == expected, "pieces of \(piece)")
        }
    }

    @Test("An empty line is no row and keeps its number")
    func emptyLine() throws {
        #expect(try rows(Array("a\n\n\r\nb\n".utf8)).map(\.number) == [1, 4])
    }

    @Test(
        "What is no CSV is refused with the number of its row",
        arguments: [
            ("a\nb\"c\n", .strayQuote, 2), ("a\n\"b\"c\n", .strayQuote, 2), ("a\nb\n\"c", .unterminatedQuote, 3),
        ] as [(String, CSVParser.Failure.Code, Int)])
    func refused(text: String, code: CSVParser.Failure.Code, row: Int) {
        #expect(failure(Array(text.utf8)) == CSVParser.Failure(code: code, row: row))
    }

    @Test("Bytes that are no UTF-8 and rows beyond 1 MiB are refused with the number of their row")
    func refusedBytes() {
        #expect(failure(Array("a\n".utf8) + [0xFF, 0x0A]) == CSVParser.Failure(code: .notText, row: 2))
        #expect(failure(Array("a\n".utf8) + [0xFF, 0x2C, 0x62, 0x0A]) == CSVParser.Failure(code: .notText, row: 2))
        let long = Array(repeating: UInt8(ascii: "x"), count: (1 << 20) + 1)
        #expect(failure(Array("a\n".utf8) + long) == CSVParser.Failure(code: .rowTooLong, row: 2))
        #expect(failure(Array("a\n".utf8) + long.dropLast(2) + [0x0A]) == nil)
    }

    @Test("Random tables come back as they were written", arguments: 1...100 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let scalars: [Unicode.Scalar] = [
            "a", "1", ",", "\"", "\n", "\r", " ", "'", "\u{301}", "\u{200D}", "警", "𠮷", "\t",
        ]
        let table = (0..<20).map { _ in
            (0..<Int.random(in: 1...4, using: &random)).map { _ in
                // A letter first: a cell that looks like a formula is written with an apostrophe.
                (0..<Int.random(in: 0...6, using: &random)).reduce(into: "x") { text, _ in
                    text.unicodeScalars.append(scalars[Int.random(in: 0..<scalars.count, using: &random)])
                }
            }
        }
        let bytes = table.flatMap { Array(CSVWriter.row($0).utf8) }
        let back = try rows(bytes, piece: Int.random(in: 1...9, using: &random)).map(\.cells)
        #expect(back.map { $0.map { Array($0.utf8) } } == table.map { $0.map { Array($0.utf8) } }, "seed \(seed)")
    }

    @Test(
        "No cell is a formula to a spreadsheet, not even behind a combining accent",
        arguments: ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "=\u{301}x"])
    func formulas(cell: String) {
        let row = CSVWriter.row([cell])
        #expect(row.hasPrefix("'") || row.hasPrefix("\"'"))
    }
}

@Suite("Tables on a terminal")
struct TableTests {
    @Test("Columns align where a Chinese character takes two places, and no line ends in spaces")
    func alignment() {
        var lined = TextTable(["编号", "状态", "事"])
        lined.add(["1", "理由\n2  已同意", "x"])
        #expect(lined.lines == ["编号  状态       事", "1     理由       x", "      2  已同意"])
        var table = TextTable(["警号", "name", "状态"])
        table.add(["990001", "甲一", "已审核"])
        table.add(["F1", "x", ""])
        #expect(table.lines == ["警号    name  状态", "990001  甲一  已审核", "F1      x"])
    }

    @Test(
        "A text's width counts wide forms twice and combining marks not at all",
        arguments: [
            ("", 0), ("abc", 3), ("警号", 4), ("ＡＢ", 4), ("e\u{301}", 1), ("｡", 1), ("한", 2), ("𠮷", 2), ("（）", 4),
        ] as [(String, Int)])
    func width(text: String, expected: Int) {
        #expect(DisplayWidth.of(text) == expected)
    }
}
