import CanonicalJSON
import Foundation
import Glibc
import ProbityRecords
import ProbityReports
import ProbityStore

/// A table on disk as rows of an import: CSV in UTF-8, with or without byte-order mark, or GB18030.
struct ImportFile {
    let path: String
    let kind: RecordKind
    let today: CivilDate

    private static let pieceByteCount = 1 << 16

    enum Encoding { case utf8, gb18030 }

    /// UTF-8 if the whole file is; otherwise GB18030, which nearly every Chinese spreadsheet of another encoding is.
    private func encoding() throws -> Encoding {
        var tail: [UInt8] = []
        let handle = try open()
        while let piece = try handle.read(upToCount: ImportFile.pieceByteCount), !piece.isEmpty {
            var bytes = tail + [UInt8](piece)
            // A character may be cut at the end of a piece: keep its beginning for the next.
            let keep = ImportFile.incompleteSuffix(bytes)
            tail = Array(bytes.suffix(keep))
            bytes.removeLast(keep)
            if String(validating: bytes, as: UTF8.self) == nil { return .gb18030 }
        }
        return tail.isEmpty ? .utf8 : .gb18030
    }

    private static func incompleteSuffix(_ bytes: [UInt8]) -> Int {
        for count in 1...3 where bytes.count >= count {
            let byte = bytes[bytes.count - count]
            if byte & 0xC0 == 0x80 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > count ? count : 0
        }
        return 0
    }

    private func open() throws -> FileHandle {
        do {
            return try FileHandle(forReadingFrom: URL(filePath: path))
        } catch {
            throw CommandFailure(60, "cli.fileUnreadable", ["path": path])
        }
    }

    /// Feeds every row to `receive`; the header is checked first.
    func rows(_ receive: (Int, ImportRow) throws -> Void) throws {
        let encoding = try encoding()
        let converter = encoding == .gb18030 ? try TextConverter(from: "GB18030") : nil
        let handle = try open()
        var parser = CSVParser()
        var header: ImportMap?
        var isFirstPiece = true
        func row(_ number: Int, _ cells: [String]) throws {
            guard let known = header else {
                header = try readHeader(cells)
                return
            }
            try receive(number, read(cells, known))
        }
        do {
            while let piece = try handle.read(upToCount: ImportFile.pieceByteCount), !piece.isEmpty {
                var bytes = [UInt8](piece)
                if let converter { bytes = try converter.convert(bytes) }
                if isFirstPiece, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
                isFirstPiece = false
                try parser.feed(bytes, row: row)
            }
            if let converter { try parser.feed(converter.finish(), row: row) }
            try parser.finish(row: row)
        } catch let failure as CSVParser.Failure {
            throw CommandFailure(
                ExitCodes.invalidEntry, "import.csv.\(failure.code.rawValue)",
                ["row": String(failure.row), "path": path])
        }
        guard header != nil else { throw CommandFailure(ExitCodes.invalidEntry, "import.csv.empty", ["path": path]) }
    }

    private func readHeader(_ cells: [String]) throws -> ImportMap {
        switch ImportMap.reading(kind: kind, header: cells) {
        case .success(let map): return map
        case .failure(let refusal): throw HeaderRefusal(problems: refusal.problems)
        }
    }

    private func read(_ cells: [String], _ map: ImportMap) -> ImportRow {
        guard let row = map.row(cells) else { return .rejected([.init(field: "", code: "import.tooManyCells")]) }
        var state: String?
        if let text = row.state {
            guard let named = kind.state(named: text), kind.initialStates.contains(named) else {
                return .rejected([.init(field: "state", code: "import.stateUnknown", params: ["value": text])])
            }
            state = named
        }
        let parsed = kind.parse(texts: row.texts, state: state, today: today)
        let problems = parsed.problems.filter { $0.severity == .error }
        guard problems.isEmpty else {
            return .rejected(problems.map { .init(field: $0.field, code: $0.messageKey, params: $0.params) })
        }
        return .values(officer: row.officer, state: state, parsed.values)
    }
}

/// A header row that does not fit the kind.
struct HeaderRefusal: Error {
    let problems: [ImportMap.Problem]
}

/// Converts text to UTF-8 in pieces, with the C library's iconv.
@safe private final class TextConverter {
    private let handle: iconv_t
    private var rest: [UInt8] = []

    init(from encoding: String) throws {
        let handle = unsafe iconv_open("UTF-8", encoding)
        guard Int(bitPattern: handle) != -1, let handle = unsafe handle else {
            throw CommandFailure(60, "import.csv.notText", ["row": "", "path": encoding])
        }
        unsafe self.handle = handle
    }

    deinit { _ = unsafe iconv_close(handle) }

    func convert(_ bytes: [UInt8]) throws -> [UInt8] {
        var input = rest + bytes
        var output = [UInt8](repeating: 0, count: input.count * 3 + 16)
        var consumed = 0
        var produced = 0
        var failed = false
        unsafe input.withUnsafeMutableBytes { source in
            unsafe output.withUnsafeMutableBytes { target in
                var from = unsafe source.baseAddress?.assumingMemoryBound(to: CChar.self)
                var to = unsafe target.baseAddress?.assumingMemoryBound(to: CChar.self)
                var left = source.count
                var room = target.count
                let result = unsafe iconv(handle, &from, &left, &to, &room)
                // EINVAL is a character cut at the end of the piece: it waits for the next.
                failed = result == Int(bitPattern: UInt.max) && errno != EINVAL
                consumed = source.count - left
                produced = target.count - room
            }
        }
        guard !failed else { throw CSVParser.Failure(code: .notText, row: 0) }
        rest = Array(input[consumed...])
        return Array(output[..<produced])
    }

    func finish() throws -> [UInt8] {
        guard rest.isEmpty else { throw CSVParser.Failure(code: .notText, row: 0) }
        return []
    }
}
