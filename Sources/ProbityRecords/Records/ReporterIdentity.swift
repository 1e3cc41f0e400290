/// Finds what would name a reporter (举报人) in the text of a record.
///
/// A reporter's identity lives in its own category under a key of its own; a record that carried it would show it to
/// every reader of the complaint. So kinds with `refusesReporterIdentity`, and every text of a ledger line, refuse a
/// labelled name or contact, a mobile number or a citizen ID. The rule errs towards refusing: such numbers are not
/// needed in the facts of a complaint.
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
        "举报人", "举报人姓名", "检举人", "控告人", "投诉人", "投诉人姓名", "信访人", "来信人", "来访人", "来电人", "反映人", "联系电话", "联系方式",
        "reporter", "reportername", "complainant", "informant",
    ])

    /// Words between a label and a name: 举报人是某某.
    private static let links = spelt(["是", "为", "系", "叫", "名叫", "姓名", "is", "named"])
    /// What may follow them and names nobody: 举报人为匿名.
    private static let nameless = spelt(["匿名", "不详", "未知", "未署名", "anonymous", "unknown"])
    /// The labels that mean a person, behind which his name may stand at once: 举报人王五反映.
    private static let persons = Set(spelt(["举报人", "检举人", "控告人", "投诉人", "信访人", "来信人", "来访人", "来电人", "反映人"]))
    private static let firstBytes = Set(labels.compactMap(\.first))

    private static func spelt(_ words: [String]) -> [[UInt8]] { words.map { Array($0.utf8) } }

    /// Whether a field of this name or header would hold a reporter's identity.
    public static func isFieldName(_ name: String) -> Bool { fieldNames.contains(Spelling.folded(name)) }

    /// Whether `text` seems to hold a reporter's identity.
    public static func isSuspected(in text: String) -> Bool {
        guard mayHold(text) else { return false }
        let folded = Spelling.folded(text)
        return hasNumber(folded) || hasLabelledName(Array(folded.utf8))
    }

    /// Whether it is worth a closer look: nearly every text of an import is not. A number has eleven digits, and every label the
    /// character 人 or 联, or a letter; what is typed in full width is always looked at.
    private static func mayHold(_ text: String) -> Bool {
        var digits = 0
        var (before, last): (UInt8, UInt8) = (0, 0)
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39: digits += 1
            case 0x41...0x5A, 0x61...0x7A, 0xEF: return true
            case 0xBA where before == 0xE4 && last == 0xBA: return true
            case 0x94 where before == 0xE8 && last == 0x81: return true
            default: break
            }
            (before, last) = (last, byte)
        }
        return digits >= 11
    }

    /// Whether a look-up text would carry a reporter to the auditors. A whole citizen ID is how an officer is looked up.
    public static func isSuspected(inLookUp text: String) -> Bool {
        guard isSuspected(in: text) else { return false }
        do {
            _ = try CitizenID(text)
            return false
        } catch {
            return true
        }
    }

    /// A label with a colon, a linking word or a name behind it. It goes over the bytes once: every text of an import passes
    /// here.
    private static func hasLabelledName(_ bytes: [UInt8]) -> Bool {
        func stands(_ word: [UInt8], at index: Int) -> Bool {
            index + word.count <= bytes.count && word.indices.allSatisfy { bytes[index + $0] == word[$0] }
        }
        for index in bytes.indices where firstBytes.contains(bytes[index]) {
            for label in labels where stands(label, at: index) {
                let end = index + label.count
                if stands(colon, at: end) || stands(wideColon, at: end) { return true }
                if persons.contains(label), hasName(bytes, at: end) { return true }
                for link in links where stands(link, at: end) {
                    let name = end + link.count
                    if name < bytes.count, !nameless.contains(where: { stands($0, at: name) }) { return true }
                }
            }
        }
        return false
    }

    /// A surname with one or two characters more, and behind them the end, a stop, or what a sentence goes on with.
    private static func hasName(_ bytes: [UInt8], at start: Int) -> Bool {
        func characters(_ count: Int, at index: Int) -> [UInt8]? {
            let end = index + 3 * count
            guard end <= bytes.count else { return nil }
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

    private static let unnamed = Array("某".utf8)
    private static let colon = Array(":".utf8)
    private static let wideColon = Array("：".utf8)

    /// A run of digits (an X may end it) that is a mobile number, one of a landline with its area code (0…), or a valid citizen
    /// ID, separators left out.
    private static func hasNumber(_ folded: String) -> Bool {
        var run: [UInt8] = []
        func isNumber() -> Bool {
            if run.count == 11, run[0] == 0x31, (0x33...0x39).contains(run[1]), run[10] != 0x78 { return true }
            if (11...12).contains(run.count), run[0] == 0x30, run[1] != 0x30, run.last != 0x78 { return true }
            guard run.count == 18 else { return false }
            do {
                _ = try CitizenID(String(decoding: run, as: UTF8.self))
                return true
            } catch {
                return false
            }
        }
        for byte in folded.utf8 {
            switch byte {
            case 0x30...0x39: run.append(byte)
            case 0x78 where run.count == 17: run.append(byte)
            case 0x2D: continue
            default:
                if isNumber() { return true }
                run.removeAll(keepingCapacity: true)
            }
        }
        return isNumber()
    }
}
