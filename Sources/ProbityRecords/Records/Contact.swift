/// Finds by what somebody could be reached or told: telephone numbers, accounts and citizen IDs.
///
/// Texts come as ``ReporterIdentity`` searches them: half-width, in lower case, without spaces.
enum Contact {
    static func stands(in bytes: [UInt8]) -> Bool { hasNumber(bytes) || hasAddress(bytes) }

    private static func words(_ words: [String]) -> [[UInt8]] { words.map { Array($0.utf8) } }

    /// A run of digits (an X may end it), separators left out, or a part of it between separators, that is a mobile number,
    /// perhaps behind 86, one of a landline with its area code (0…), or a valid citizen ID.
    private static func hasNumber(_ bytes: [UInt8]) -> Bool {
        var run: [UInt8] = []
        // Where the parts of the run begin.
        var parts = [0]
        func hasNumber() -> Bool {
            if isNumber(run[...]) { return true }
            let bounds = parts + [run.count]
            for start in bounds.indices.dropLast() {
                for end in bounds.indices[(start + 1)...] {
                    let part = run[bounds[start]..<bounds[end]]
                    // Days and amounts side by side are none: the first digits of a number are written together.
                    if end == start + 1, part.count < 3, !part.elementsEqual(country) { break }
                    if part.count > 18 { break }
                    if isNumber(part) { return true }
                }
            }
            return false
        }
        let numerals = numerals
        var index = 0
        var isSpelt = false
        while index < bytes.count {
            let byte = bytes[index]
            // 一三八…: what is written in characters and what is written in figures are parts of their own.
            let digit =
                byte >= 0xE0 && numerals.has(bytes, index)
                ? numerals[bytes, index].first { $0.first == byte }?.digit : nil
            index += byte.characterLength
            switch digit ?? byte {
            case 0x30...0x39:
                if isSpelt != (digit != nil), run.count > parts[parts.count - 1] { parts.append(run.count) }
                isSpelt = digit != nil
                run.append(digit ?? byte)
            case 0x78 where run.count == 17 || run.count - parts[parts.count - 1] == 17: run.append(byte)
            case 0x28, 0x29, 0x2C, 0x2D, 0x2E, 0x2F, 0x5F:
                if run.count > parts[parts.count - 1] { parts.append(run.count) }
            default:
                if run.isEmpty { continue }
                if hasNumber() { return true }
                (run, parts) = ([], [0])
            }
        }
        return hasNumber()
    }

    /// A Chinese numeral by its first byte; ``Pairs`` knows the others.
    private struct Numeral {
        let first: UInt8
        let digit: UInt8
    }

    private static let numerals = Pairs(
        ["〇零", "一幺壹", "二贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"].enumerated().flatMap { digit, characters in
            characters.map { character in
                let bytes = Array(character.utf8)
                return (bytes, Numeral(first: bytes[0], digit: 0x30 + UInt8(digit)))
            }
        })

    /// An e-mail address, or an account of a messenger behind its name: 微信号zhang88.
    private static func hasAddress(_ bytes: [UInt8]) -> Bool {
        func isOfAccount(_ byte: UInt8) -> Bool { byte.isLetterOrDigit || byte == 0x2D || byte == 0x5F || byte == 0x2E }
        let markers = markers
        var next = 0
        while next < bytes.count {
            let (index, byte) = (next, bytes[next])
            next += byte.characterLength
            if byte == 0x40, index > 0, isOfAccount(bytes[index - 1]),
                bytes[(index + 1)...].prefix(while: isOfAccount).contains(0x2E)
            {
                return true
            }
            // A word of ASCII by its first byte, any other by its third.
            guard byte < 0x80 || index + 2 < bytes.count && byte >= 0xE4 else { continue }
            for marker in markers[Int(byte < 0x80 ? byte : bytes[index + 2])] {
                guard bytes[index...].starts(with: marker.word), !isOfIdentifier(bytes, index) else { continue }
                let rest = bytes[(index + marker.word.count)...].drop {
                    $0 == ReporterIdentity.colon[0] || ReporterIdentity.fences.contains($0)
                }
                if marker.isTelephone {
                    // Without its area's number.
                    if rest.prefix(while: { (0x30...0x39).contains($0) }).count >= 7 { return true }
                    continue
                }
                let mark = [accountMark, idMark].first { rest.starts(with: $0) }
                let account = rest.dropFirst(mark?.count ?? 0)
                if account.drop(while: { $0 == ReporterIdentity.colon[0] }).prefix(while: isOfAccount).count >= 5 {
                    return true
                }
            }
        }
        return false
    }

    /// Whether a byte belongs to an identifier of the archive (`O-`, `R-` or `T-` and 13 characters): in one of a hundred the
    /// letters of a messenger stand by chance.
    private static func isOfIdentifier(_ bytes: [UInt8], _ index: Int) -> Bool {
        (max(0, index - 14)..<index).contains { start in
            guard bytes[start + 1] == 0x2D,
                [UInt8(ascii: "o"), UInt8(ascii: "r"), UInt8(ascii: "t")].contains(bytes[start])
            else { return false }
            let body = bytes[(start + 2)...].prefix(13)
            return body.count == 13 && body.endIndex > index && body.allSatisfy(\.isLetterOrDigit)
        }
    }

    /// What an account or a telephone number stands behind.
    private struct Marker {
        let word: [UInt8]
        let isTelephone: Bool
    }

    private static let markers: [[Marker]] = {
        let all =
            words(["微信", "qq", "vx", "v信", "钉钉", "抖音"]).map { Marker(word: $0, isTelephone: false) }
            + [Marker(word: Array("电话".utf8), isTelephone: true)]
        return (UInt8.min...UInt8.max).map { byte in
            all.filter { ($0.word[0] < 0x80 ? $0.word[0] : $0.word[2]) == byte }
        }
    }()
    private static let accountMark = Array("号".utf8)
    private static let idMark = Array("id".utf8)
    private static let country = Array("86".utf8)

    private static func isNumber(_ digits: ArraySlice<UInt8>) -> Bool {
        let national = digits.starts(with: Array("00".utf8) + country) ? digits.dropFirst(2) : digits
        if isMobile(digits) || national.starts(with: country) && isMobile(national.dropFirst(country.count)) {
            return true
        }
        guard let first = digits.first, let last = digits.last else { return false }
        if (11...12).contains(digits.count), first == 0x30, digits[digits.startIndex + 1] != 0x30, last != 0x78 {
            return true
        }
        return digits.count == 18 && CitizenID.isNumber(String(decoding: digits, as: UTF8.self))
    }

    private static func isMobile(_ digits: ArraySlice<UInt8>) -> Bool {
        digits.count == 11 && digits.first == 0x31 && (0x33...0x39).contains(digits[digits.startIndex + 1])
            && digits.last != 0x78
    }
}
