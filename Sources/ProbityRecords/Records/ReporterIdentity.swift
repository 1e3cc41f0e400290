/// Finds what would name a reporter (举报人) in the text of a record.
///
/// A reporter's identity lives in its own category under a key of its own; a record that carried it would show it to
/// every reader of the complaint. So every kind refuses a text that names somebody as the reporter. Kinds with
/// `refusesReporterIdentity`, and everything that goes into a ledger line, refuse a labelled contact, a telephone number, an
/// account and a citizen ID as well. The rule errs towards refusing: such numbers are not needed in the facts of a complaint.
///
/// Source: 检举控告规则 2020 (protection of reporters); 信访工作条例 2022 Art. 30; domain.md §5.6.
public enum ReporterIdentity {
    /// Headers and field names under which spreadsheets carry a reporter.
    static let fieldNames: Set<String> = Set(
        [
            "举报人", "举报人姓名", "举报人电话", "举报人联系方式", "举报人身份证号", "举报人单位", "检举人", "检举人姓名", "控告人", "控告人姓名",
            "投诉人", "投诉人姓名", "投诉人电话", "投诉人联系方式", "信访人", "信访人姓名", "信访人电话", "来信人", "来访人", "来电人", "反映人",
            "反映人姓名", "反映人电话", "反映人联系方式", "reporter", "reporterName", "reporter name", "reporterPhone", "reporter phone",
            "reporterContact", "reporter contact", "reporterId", "reporter id", "complainant", "complainantName",
            "complainant name", "complainantPhone", "complainant phone", "informant", "whistleblower",
        ].map(Spelling.folded))

    /// Labels that introduce the reporter inside a text: with a colon behind them, or a word that links a name to them.
    private static let labels = spelt([
        "举报人", "举报人姓名", "检举人", "控告人", "投诉人", "投诉人姓名", "信访人", "来信人", "来访人", "来电人", "反映人", "举报者", "检举者", "控告者", "写信人",
        "反映者", "来函人", "署名人", "提供线索人", "线索提供人", "爆料人", "联系电话", "联系方式", "来电者", "来信者", "来访者", "知情人", "报案人", "舉報人", "署名",
        "落款", "线索来源", "自称", "实为", "真名", "真实姓名", "揭发人", "报警人", "联名人", "举报信系", "举报来自",
        "投诉群众", "reporter", "reportername", "complainant", "informant", "whistleblower",
    ])

    /// Words between a label and a name: 举报人是某某.
    private static let links = spelt(["是", "就是", "即是", "即", "为", "系", "叫", "名叫", "名为", "的名字是", "姓名", "is", "named"])
    /// What may follow them and names nobody: 举报人为匿名.
    private static let nameless = spelt([
        "匿名", "不详", "未知", "未署名", "无", "保密", "略", "未留", "不公开", "anonymous", "unknown",
    ])
    /// The labels that mean a person, behind which his name may stand at once: 举报人王五反映.
    private static let persons = Set(
        spelt([
            "举报人", "检举人", "控告人", "投诉人", "信访人", "来信人", "来访人", "来电人", "反映人", "举报者", "检举者", "控告者", "写信人", "反映者",
            "来函人", "署名人", "提供线索人", "线索提供人", "爆料人", "来电者", "来信者", "来访者", "知情人", "报案人", "舉報人", "揭发人", "报警人", "联名人",
            "举报信系", "举报来自", "真名", "真实姓名",
        ]))
    /// Labels behind which much else stands than a name: only what reads as one is.
    private static let signatures = Set(spelt(["署名", "落款", "线索来源", "自称", "实为"]))
    private static let verbs = Set(
        spelt([
            "举报", "检举", "控告", "实名举报", "署名举报", "实名控告", "实名检举", "联名举报", "电话举报", "书面举报", "女士举报", "先生举报", "来信举报", "来信反映",
        ]))
    /// What officers do as well: only behind 据 or 收到 a name before it is a reporter's.
    private static let reports = Set(spelt(["反映", "投诉", "来信", "来电", "来访"]))
    private static let allWords = Pairs<[UInt8]>(labels + verbs + reports)
    /// Without the labels that mean no person.
    private static let personWords = Pairs<[UInt8]>(
        labels.filter { persons.contains($0) || signatures.contains($0) || $0[0] < 0x80 } + verbs + reports)

    private static func spelt(_ words: [String]) -> [[UInt8]] { words.map { Array($0.utf8) } }

    /// Whether a field of this name or header would hold a reporter's identity.
    public static func isFieldName(_ name: String) -> Bool { fieldNames.contains(Spelling.folded(name)) }

    /// Whether `text` seems to hold a reporter's identity.
    public static func isSuspected(in text: String) -> Bool {
        let bytes = searched(text)
        return Contact.stands(in: bytes) || hasLabelledName(bytes, text, among: allWords)
    }

    /// Whether `text` seems to name somebody as the reporter, whatever numbers it has: those of a family are told in other
    /// records.
    public static func isNamed(in text: String) -> Bool {
        hasLabelledName(searched(text), text, among: personWords)
    }

    /// The text as it is searched: ASCII in lower case and half-width, brackets, quotes and dashes as one of ASCII, without
    /// spaces and what has no width. Between digits a hyphen stands for what was left out: numbers do not run into each other.
    ///
    /// As ``Spelling/folded(_:)``, but from UTF-8 to UTF-8: every text of an import passes here, and characters cost ten times
    /// as much.
    private static func searched(_ text: String) -> [UInt8] {
        let utf8 = text.utf8Span.span
        var searched: [UInt8] = []
        searched.reserveCapacity(utf8.count)
        var index = 0
        while index < utf8.count {
            let byte = utf8[index]
            // Nearly all of most texts, and as it is: U+4000 to U+9FFF.
            if (0xE4...0xE9).contains(byte) {
                var end = index + 3
                while end < utf8.count, (0xE4...0xE9).contains(utf8[end]) { end += 3 }
                unsafe utf8.extracting(index..<end).withUnsafeBufferPointer {
                    unsafe searched.append(contentsOf: $0)
                }
                index = end
                continue
            }
            let length = byte.characterLength
            var character: UInt32 = 0
            for place in index..<index + length { character = character << 8 | UInt32(utf8[place]) }
            switch character {
            // U+FF01 to U+FF5E are the full-width forms of 0x21 to 0x7E.
            case 0xEFBC81...0xEFBCBF: character -= 0xEFBC81 - 0x21
            case 0xEFBD80...0xEFBD9E: character -= 0xEFBD80 - 0x60
            // U+2010 to U+2015, U+2018 to U+201F, U+3008 to U+3011, U+3014 to U+301B.
            case 0xE28090...0xE28095: character = 0x2D
            case 0xE28098...0xE2809F: character = 0x22
            case 0xE38088, 0xE3808A, 0xE3808C, 0xE3808E, 0xE38090, 0xE38094, 0xE38096, 0xE38098, 0xE3809A:
                character = 0x28
            case 0xE38089, 0xE3808B, 0xE3808D, 0xE3808F, 0xE38091, 0xE38095, 0xE38097, 0xE38099, 0xE3809B:
                character = 0x29
            // U+3001, the comma of enumerations.
            case 0xE38081: character = 0x2C
            default: break
            }
            switch character {
            // Spaces, and U+0085, U+00A0, U+00AD, U+034F, U+061C, U+1680, U+180E, U+2000 to U+200F, U+2028 to U+202F, U+205F to
            // U+206F, U+3000, U+FE00 to U+FE0F, U+FEFF.
            case 0...0x20, 0xC285, 0xC2A0, 0xC2AD, 0xCD8F, 0xD89C, 0xE19A80, 0xE1A08E, 0xE28080...0xE2808F,
                0xE280A8...0xE280AF, 0xE2819F...0xE281AF, 0xE38080, 0xEFB880...0xEFB88F, 0xEFBBBF:
                if let last = searched.last, (0x30...0x39).contains(last) || last == 0x78 { searched.append(0x2D) }
            case 0x41...0x5A: searched.append(UInt8(character + 0x20))
            case 0..<0x80: searched.append(UInt8(character))
            default: for place in index..<index + length { searched.append(utf8[place]) }
            }
            index += length
        }
        return searched
    }

    /// Whether a look-up text would carry a reporter to the auditors. A whole citizen ID is how an officer is looked up.
    public static func isSuspected(inLookUp text: String) -> Bool {
        if text.utf8.count < 18 { return isSuspected(in: text) }
        return isSuspected(in: text.split(separator: " ").filter { !CitizenID.isNumber($0) }.joined(separator: " "))
    }

    /// A label with a colon, a linking word or a name behind it, or in brackets behind a name. It goes over the bytes once:
    /// every text of an import passes here.
    private static func hasLabelledName(_ bytes: [UInt8], _ text: String, among words: Pairs<[UInt8]>) -> Bool {
        func stands(_ word: [UInt8], at index: Int) -> Bool {
            index + word.count <= bytes.count && word.indices.allSatisfy { bytes[index + $0] == word[$0] }
        }
        // A word begins where a character does.
        var next = 0
        while next + 2 < bytes.count {
            let index = next
            next += bytes[index].characterLength
            guard words.has(bytes, index) else { continue }
            for label in words[bytes, index] where stands(label, at: index) {
                // 王五实名举报
                if verbs.contains(label) {
                    if endsName(bytes, at: outside(bytes, index)) { return true }
                    continue
                }
                // 据王五反映
                if reports.contains(label) {
                    if endsName(bytes, at: outside(bytes, index), behind: sources) { return true }
                    continue
                }
                if signatures.contains(label) {
                    let rest = bytes[(index + label.count)...].drop { fences.contains($0) || $0 == colon[0] }
                    let name = links.first { rest.starts(with: $0) && rest.count > $0.count }?.count ?? 0
                    if hasName(bytes, at: rest.startIndex) || hasName(bytes, at: rest.startIndex + name) { return true }
                    continue
                }
                // 被举报人 is somebody else.
                if index >= accused.count, stands(accused, at: index - accused.count) { continue }
                let end = index + label.count
                if stands(colon, at: end), !isNameless(bytes, at: end + 1) { return true }
                if persons.contains(label) {
                    // 举报人（王五）
                    let name = bytes[end...].firstIndex { !fences.contains($0) } ?? end
                    if hasName(bytes, at: name) { return true }
                    // 王五是举报人
                    if being.contains(where: {
                        index >= $0.count && stands($0, at: index - $0.count) && endsName(bytes, at: index - $0.count)
                    }) {
                        return true
                    }
                    // 王五（举报人）
                    if index > 0, bytes[index - 1] == 0x28, stands(closing, at: end),
                        (2...4).contains(where: { hasName(bytes, at: index - 1 - 3 * $0) })
                    {
                        return true
                    }
                } else if label[0] < 0x80, hasLatinName(text) {
                    return true
                }
                for link in links where stands(link, at: end) {
                    let name = end + link.count
                    if name < bytes.count, !isNameless(bytes, at: name) { return true }
                }
            }
        }
        return false
    }

    /// Whether what stands there names nobody (匿名), and no name stands in brackets behind it.
    private static func isNameless(_ bytes: [UInt8], at index: Int) -> Bool {
        nameless.contains { word in
            let end = index + word.count
            guard bytes[index...].starts(with: word) else { return false }
            return end == bytes.count || !fences.contains(bytes[end]) && !hasName(bytes, at: end)
        }
    }

    /// Where what stands before `end` ends without what is in brackets behind it: 王五（138…）举报.
    private static func outside(_ bytes: [UInt8], _ end: Int) -> Int {
        guard end > 0, bytes[end - 1] == closing[0] else { return end }
        return bytes[max(0, end - 64)..<end].lastIndex(of: 0x28) ?? end
    }

    private static let accused = Array("被".utf8)
    private static let being = spelt(["是", "系", "为"])
    /// What may stand before a name that nothing else sets apart.
    private static let before = spelt([
        "据", "由", "经", "接", "接到", "系", "收到", "核查", "调查", "邻居", "群众", "村民", "居民", "商户", "同事",
    ])
    /// What stands before whom a report came from.
    private static let sources = spelt(["据", "接", "接到", "收到", "邻居", "群众", "村民", "居民", "商户"])

    /// Whether a surname with one or two characters more ends at `end`, with the beginning, a stop or a word of ``before`` in
    /// front of it.
    ///
    /// - Parameter words: words of which one must stand there; nil for any of the above.
    private static func endsName(_ bytes: [UInt8], at end: Int, behind words: [[UInt8]]? = nil) -> Bool {
        (2...4).contains { count in
            let start = end - 3 * count
            guard start >= 0, stride(from: start, to: end, by: 3).allSatisfy({ (0xE4...0xE9).contains(bytes[$0]) })
            else { return false }
            let pair = Array(bytes[start..<start + 6])
            guard !Surnames.words.contains(pair) else { return false }
            let isName =
                Surnames.compound.contains(pair)
                ? count > 2 : count < 4 && Surnames.single.contains(Array(pair.prefix(3)))
            guard isName, !bytes[(start + 3)..<end].starts(with: unnamed) else { return false }
            if words == nil, start < 3 || !(0xE4...0xE9).contains(bytes[start - 3]) { return true }
            return (words ?? before).contains {
                start >= $0.count && bytes[(start - $0.count)..<start].elementsEqual($0)
            }
        }
    }

    /// A surname with one or two characters more, and behind them the end, a stop, or what a sentence goes on with.
    private static func hasName(_ bytes: [UInt8], at start: Int) -> Bool {
        func characters(_ count: Int, at index: Int) -> [UInt8]? {
            let end = index + 3 * count
            guard index >= 0, end <= bytes.count else { return nil }
            // CJK unified ideographs begin with E4 to E9 and take three bytes.
            for first in stride(from: index, to: end, by: 3) where !(0xE4...0xE9).contains(bytes[first]) { return nil }
            return Array(bytes[index..<end])
        }
        func isFollowed(at end: Int) -> Bool {
            guard characters(1, at: end) != nil else { return true }
            return (1...3).contains { count in
                characters(count, at: end).map(Surnames.followers.contains) ?? false
            }
        }
        guard let pair = characters(2, at: start), !Surnames.words.contains(pair) else { return false }
        let surname = Surnames.compound.contains(pair) ? 2 : Surnames.single.contains(Array(pair.prefix(3))) ? 1 : 0
        guard surname > 0 else { return false }
        return (1...2).contains { given in
            guard let name = characters(given, at: start + 3 * surname) else { return false }
            // 王某 is how a name is left out.
            return !name.starts(with: unnamed) && isFollowed(at: start + 3 * (surname + given))
        }
    }

    /// A label with a word in capitals behind it: reporter Wang Wu.
    private static func hasLatinName(_ text: String) -> Bool {
        let words = text.split { !$0.isLetter }
        return zip(words, words.dropFirst()).contains { label, name in
            latinLabels.contains(label.lowercased()) && name.first?.isUppercase == true
        }
    }

    private static let latinLabels: Set<String> = ["reporter", "complainant", "informant", "whistleblower"]
    private static let unnamed = Array("某".utf8)
    static let colon = Array(":".utf8)
    private static let closing = Array(")".utf8)
    /// What may stand between a label and a name: brackets, quotes, dashes and other marks.
    static let fences = Array("([{<\"'-_/=*#~|>".utf8)
}

/// What is looked up by the second and third byte of a word, in which Chinese characters differ most: that nothing stands at a
/// place is told by a look at two bytes.
struct Pairs<Element: Sendable>: Sendable {
    private var places: [UInt8] = Array(repeating: 0, count: 1 << 12)
    /// The first is of all pairs that have none.
    private var groups: [[Element]] = [[]]

    /// - Parameter elements: each with its word, of three bytes or more.
    init(_ elements: [(word: [UInt8], element: Element)]) {
        for (pair, group) in Dictionary(grouping: elements, by: { Pairs.pair($0.word, 0) }) {
            places[pair] = UInt8(groups.count)
            groups.append(group.map(\.element))
        }
    }

    private static func pair(_ bytes: [UInt8], _ index: Int) -> Int {
        Int(bytes[index + 1] & 0x3F) << 6 | Int(bytes[index + 2] & 0x3F)
    }

    /// Whether there is one whose word may stand at `index`, with two bytes behind it.
    func has(_ bytes: [UInt8], _ index: Int) -> Bool { places[Pairs.pair(bytes, index)] != 0 }

    /// Those whose word may stand there.
    subscript(bytes: [UInt8], index: Int) -> [Element] { groups[Int(places[Pairs.pair(bytes, index)])] }
}

extension Pairs<[UInt8]> {
    init(_ words: [[UInt8]]) { self.init(words.map { ($0, $0) }) }
}

extension UInt8 {
    /// How many bytes a character has that begins with this one, in valid UTF-8.
    var characterLength: Int { self < 0x80 ? 1 : self < 0xE0 ? 2 : self < 0xF0 ? 3 : 4 }

    /// Of ASCII, in lower case.
    var isLetterOrDigit: Bool { (0x30...0x39).contains(self) || (0x61...0x7A).contains(self) }
}
