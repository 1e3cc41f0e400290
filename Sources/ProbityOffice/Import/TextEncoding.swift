import Glibc
import ProbityReports

/// The encodings that Chinese spreadsheets write.
enum TextEncoding {
    case utf8, gb18030

    /// UTF-8 if the whole table is; otherwise GB18030, which nearly every Chinese spreadsheet of another encoding is.
    init(of source: ImportSource) throws {
        var tail: [UInt8] = []
        var isUTF8 = true
        try source.read { piece in
            var bytes = tail + piece
            // A character may be cut at the end of a piece: keep its beginning for the next.
            let keep = TextEncoding.incompleteSuffix(bytes)
            tail = Array(bytes.suffix(keep))
            bytes.removeLast(keep)
            isUTF8 = String(validating: bytes, as: UTF8.self) != nil
            return isUTF8
        }
        self = isUTF8 && tail.isEmpty ? .utf8 : .gb18030
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
}

/// Converts text to UTF-8 in pieces, with the C library's iconv.
@safe final class TextConverter {
    private let handle: iconv_t
    private var rest: [UInt8] = []

    init(from encoding: String) throws {
        let handle = unsafe iconv_open("UTF-8", encoding)
        guard Int(bitPattern: handle) != -1, let handle = unsafe handle else {
            throw OfficeError(.inputOutput, "import.csv.notText", ["row": "", "path": encoding])
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
