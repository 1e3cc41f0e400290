/// A table of texts for a terminal: columns as wide as their widest cell, where a Chinese character counts two. The lines of a
/// cell stand below each other in its column.
public struct TextTable: Sendable {
    private let header: [String]
    private var rows: [[String]] = []

    public init(_ header: [String]) { self.header = header }

    public mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The lines of the table, without trailing spaces.
    public var lines: [String] {
        let all = ([header] + rows).map { $0.map { $0.split(separator: "\n", omittingEmptySubsequences: false) } }
        let widths = header.indices.map { column in
            all.map { column < $0.count ? $0[column].map(DisplayWidth.of).max() ?? 0 : 0 }.max() ?? 0
        }
        return all.flatMap { row in
            (0..<max(1, row.map(\.count).max() ?? 1)).map { index in
                var line = ""
                for (column, cell) in row.enumerated() {
                    let part = index < cell.count ? cell[index] : ""
                    line += part
                    if column < row.count - 1 {
                        line += String(repeating: " ", count: max(0, widths[column] - DisplayWidth.of(part)) + 2)
                    }
                }
                while line.last == " " { line.removeLast() }
                return line
            }
        }
    }
}

/// How many columns a text takes on a terminal (Unicode Standard Annex #11: wide and full-width forms take two).
public enum DisplayWidth {
    public static func of(_ text: some StringProtocol) -> Int { text.unicodeScalars.reduce(0) { $0 + width($1) } }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x20 || scalar.properties.generalCategory == .nonspacingMark || scalar.value == 0x200B {
            return 0
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF,
            0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
