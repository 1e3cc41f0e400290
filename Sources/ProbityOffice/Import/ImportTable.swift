import ProbityRecords
import ProbityReports
import ProbityStore

/// A table as rows of an import: CSV in UTF-8, with or without byte-order mark, or GB18030. It says what the cells say; what
/// they may say is the gate's to judge.
struct ImportTable {
    let source: ImportSource
    let kind: RecordKind
    let wording: Wording

    /// Feeds every row to `receive`; the header is checked first.
    ///
    /// - Throws: ``OfficeError`` `invalidEntry` for a header that does not fit, with a sentence for each column, and for what
    ///   is no CSV.
    func rows(_ receive: (Int, ImportRow) throws -> Void) throws {
        let converter = try TextEncoding(of: source) == .gb18030 ? try TextConverter(from: "GB18030") : nil
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
            try source.read { piece in
                var bytes = try converter?.convert(piece) ?? piece
                if isFirstPiece, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
                isFirstPiece = false
                try parser.feed(bytes, row: row)
                return true
            }
            if let converter { try parser.feed(converter.finish(), row: row) }
            try parser.finish(row: row)
        } catch let failure as CSVParser.Failure {
            throw OfficeError(
                .invalidEntry, "import.csv.\(failure.code.rawValue)", ["row": String(failure.row), "path": source.name])
        }
        guard header != nil else { throw OfficeError(.invalidEntry, "import.csv.empty", ["path": source.name]) }
    }

    private func readHeader(_ cells: [String]) throws -> ImportMap {
        switch ImportMap.reading(kind: kind, header: cells) {
        case .success(let map): return map
        case .failure(let refusal):
            throw OfficeError(
                .invalidEntry, "import.headerRefused", ["path": source.name, "kind": kind.id],
                details: refusal.problems.map { $0.text(wording.messages, kind: kind) })
        }
    }

    private func read(_ cells: [String], _ map: ImportMap) -> ImportRow {
        guard let row = map.row(cells) else { return .rejected([.init(field: "", code: "import.tooManyCells")]) }
        let read = kind.read(texts: row.texts)
        return .values(officer: row.officer, state: row.state, read.values, unread: read.problems)
    }
}
