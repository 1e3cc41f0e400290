// Comma-separated values (RFC 4180), read as a stream of bytes, so that a file of a million rows needs the memory of one.

/// Splits bytes into rows of cells. Feed it pieces; it gives each row to a closure as soon as it is complete.
public struct CSVParser {
    /// Why a text is no CSV.
    public struct Failure: Error, Sendable, Equatable {
        public enum Code: String, Sendable {
            /// A quote inside a cell that does not begin with one, or something between a closing quote and the comma.
            case strayQuote
            /// The text ends inside a quoted cell.
            case unterminatedQuote
            /// The bytes are not text of the encoding.
            case notText
            /// A row has more than the allowed bytes.
            case rowTooLong
        }
        public let code: Code
        /// Number of the row, counting from 1; 0 where it is not known.
        public let row: Int

        public init(code: Code, row: Int) {
            self.code = code
            self.row = row
        }
    }

    private enum State { case cellStart, plain, quoted, quoteInQuoted }

    private static let maximumRowByteCount = 1 << 20

    private var state = State.cellStart
    private var cell: [UInt8] = []
    private var cells: [String] = []
    private var rowByteCount = 0
    private var hasContent = false
    private var skipLineFeed = false
    /// Rows that were complete before now.
    public private(set) var rowCount = 0

    public init() {}

    /// Takes the next piece of the text, UTF-8 without byte-order mark.
    ///
    /// - Throws: ``Failure``, and what `row` throws.
    public mutating func feed(_ bytes: some Sequence<UInt8>, row: (Int, [String]) throws -> Void) throws {
        for byte in bytes {
            if skipLineFeed {
                skipLineFeed = false
                if byte == 0x0A { continue }
            }
            rowByteCount += 1
            guard rowByteCount <= CSVParser.maximumRowByteCount else {
                throw Failure(code: .rowTooLong, row: rowCount + 1)
            }
            switch (state, byte) {
            case (.quoted, 0x22): state = .quoteInQuoted
            case (.quoted, _): cell.append(byte)
            case (.quoteInQuoted, 0x22):
                cell.append(byte)
                state = .quoted
            case (.cellStart, 0x22):
                state = .quoted
                hasContent = true
            case (.plain, 0x22): throw Failure(code: .strayQuote, row: rowCount + 1)
            case (_, 0x2C):
                try endCell()
                hasContent = true
            case (_, 0x0A), (_, 0x0D):
                skipLineFeed = byte == 0x0D
                try endRow(row)
            case (.quoteInQuoted, _): throw Failure(code: .strayQuote, row: rowCount + 1)
            default:
                cell.append(byte)
                state = .plain
                hasContent = true
            }
        }
    }

    /// Ends the text: a last row without line end counts.
    public mutating func finish(row: (Int, [String]) throws -> Void) throws {
        guard state != .quoted else { throw Failure(code: .unterminatedQuote, row: rowCount + 1) }
        if hasContent || !cells.isEmpty { try endRow(row) }
    }

    private mutating func endCell() throws {
        guard let text = String(validating: cell, as: UTF8.self) else {
            throw Failure(code: .notText, row: rowCount + 1)
        }
        cells.append(text)
        cell.removeAll(keepingCapacity: true)
        state = .cellStart
    }

    private mutating func endRow(_ row: (Int, [String]) throws -> Void) throws {
        defer {
            rowCount += 1
            cells.removeAll(keepingCapacity: true)
            rowByteCount = 0
            hasContent = false
        }
        // An empty line is no row, but it keeps its number, so that the numbers are those of the editor.
        guard hasContent || !cells.isEmpty else { return }
        try endCell()
        try row(rowCount + 1, cells)
    }
}

/// Writes comma-separated values.
public enum CSVWriter {
    /// One row with its line end; a cell that begins like a formula is kept from being one in a spreadsheet.
    public static func row(_ cells: [String]) -> String {
        // Scalars and not characters: CR LF is one character, and so is a quote with an accent on it.
        cells.map { cell in
            let risky = cell.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
            let text = risky ? "'" + cell : cell
            guard text.unicodeScalars.contains(where: { ",\"\n\r".unicodeScalars.contains($0) }) else { return text }
            var quoted = String.UnicodeScalarView("\"".unicodeScalars)
            for scalar in text.unicodeScalars {
                if scalar == "\"" { quoted.append(scalar) }
                quoted.append(scalar)
            }
            return String(quoted) + "\""
        }.joined(separator: ",") + "\r\n"
    }
}
