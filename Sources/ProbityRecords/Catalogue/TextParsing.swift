public import CanonicalJSON

/// What texts say, before anybody asks whether it may be filed.
public struct ReadTexts: Sendable, Hashable {
    /// Every field that could be read.
    public let values: [String: JSONValue]
    /// The texts that could not be read, then the names that are no field of the kind.
    public let problems: [FieldProblem]
}

/// Values read from texts, and what was wrong with the texts.
public struct ParsedValues: Sendable, Hashable {
    /// Every field that could be read.
    public let values: [String: JSONValue]
    /// Problems of reading and of validating, one for a field at most where the text could not be read.
    public let problems: [FieldProblem]

    /// Whether the values may be filed; warnings do not forbid it.
    public var isValid: Bool { !problems.contains { $0.severity == .error } }
}

extension RecordKind {
    /// Reads a record from texts as spreadsheets and command lines carry them, and validates it.
    ///
    /// Codes may be given as code, label or alias; dates as `2026-03-05`, `2026/3/5`, `2026.3.5`, `2026年3月5日` or
    /// `20260305`; several codes separated by commas, semicolons or enumeration commas; truth as 是/否, true/false,
    /// yes/no, 1/0. An empty text is an absent field.
    ///
    /// - Parameters:
    ///   - texts: by field name.
    ///   - state: the state the record will be in; the default initial state when nil.
    ///   - today: refuses birth dates after this day.
    public func parse(texts: [String: String], state: String? = nil, today: CivilDate? = nil) -> ParsedValues {
        let read = read(texts: texts)
        let unread = Set(read.problems.map(\.field))
        // A text that could not be read is no missing field.
        let found = validate(values: read.values, state: state, today: today).filter { !unread.contains($0.field) }
        return ParsedValues(values: read.values, problems: read.problems + found)
    }

    /// Reads texts as ``parse(texts:state:today:)`` does, without validating what they say.
    ///
    /// - Parameter texts: by field name.
    public func read(texts: [String: String]) -> ReadTexts {
        var values: [String: JSONValue] = [:]
        var unreadable: [FieldProblem] = []
        var unknown: [FieldProblem] = []
        for name in texts.keys.sorted() {
            let text = Spelling.trimmed(texts[name] ?? "")
            guard !text.isEmpty else { continue }
            guard let field = field(name) else {
                unknown.append(problem(unknown: name))
                continue
            }
            switch Self.read(text, as: field) {
            case .success(let value): values[name] = value
            case .failure(let problem): unreadable.append(problem.problem)
            }
        }
        return ReadTexts(values: values, problems: unreadable + unknown)
    }

    private struct Unreadable: Error {
        let problem: FieldProblem
    }

    private static func read(_ text: String, as field: Field) -> Result<JSONValue, Unreadable> {
        func refuse(_ code: FieldProblem.Code, _ params: [String: String] = [:]) -> Result<JSONValue, Unreadable> {
            .failure(Unreadable(problem: FieldProblem(field.name, code, params: params)))
        }
        switch field.type {
        case .text:
            switch field.format {
            case .citizenID: return .success(.string(Spelling.halfWidth(text).uppercased()))
            case .policeNo: return .success(.string(Spelling.halfWidth(text)))
            case nil: return .success(.string(text))
            }
        case .longText:
            return .success(.string(text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")))
        case .date:
            guard let date = TextDates.read(Spelling.halfWidth(text)) else { return refuse(.badDate) }
            return .success(.string(date.description))
        case .integer:
            guard let number = Int64(Spelling.halfWidth(text).filter { $0 != "," }), abs(number) <= 1 << 53 else {
                return refuse(.badInteger)
            }
            return .success(.integer(number))
        case .decimal:
            guard let number = Decimals.canonical(Spelling.halfWidth(text)) else { return refuse(.badDecimal) }
            return .success(.string(number))
        case .bool:
            switch Spelling.folded(text) {
            case "是", "有", "true", "yes", "y", "1", "√", "✓": return .success(.bool(true))
            case "否", "无", "false", "no", "n", "0", "×": return .success(.bool(false))
            default: return refuse(.badBool)
            }
        case .code:
            guard let code = field.codeList?.code(for: text) else {
                return refuse(.notInList, ["list": field.codeList?.id ?? ""])
            }
            return .success(.string(code))
        case .codes:
            let separators: Set<Character> = [",", "，", "、", ";", "；", "|", "\n"]
            var codes: [String] = []
            for part in text.split(whereSeparator: separators.contains) where !Spelling.trimmed(String(part)).isEmpty {
                guard let code = field.codeList?.code(for: String(part)) else {
                    return refuse(.notInList, ["list": field.codeList?.id ?? ""])
                }
                if !codes.contains(code) { codes.append(code) }
            }
            return .success(.array(codes.map { .string($0) }))
        case .officerRef, .recordRef:
            return .success(.string(Spelling.halfWidth(text)))
        }
    }
}

/// Dates as people write them in spreadsheets.
enum TextDates {
    static func read(_ text: String) -> CivilDate? {
        // 20260305
        if text.utf8.count == 8, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) {
            return CivilDate(year: number / 10_000, month: number / 100 % 100, day: number % 100)
        }
        var text = Substring(text)
        // A spreadsheet may write midnight behind a date; any other time of day is no date.
        for midnight in [" 00:00:00", " 0:00:00", " 00:00", " 0:00", "T00:00:00"] where text.hasSuffix(midnight) {
            text = text.dropLast(midnight.count)
            break
        }
        if text.hasSuffix("日") { text = text.dropLast() }
        let separators: [(first: Character, second: Character)] = [("-", "-"), ("/", "/"), (".", "."), ("年", "月")]
        for (first, second) in separators {
            guard let one = text.firstIndex(of: first) else { continue }
            let rest = text[text.index(after: one)...]
            guard let two = rest.firstIndex(of: second) else { return nil }
            let year = text[..<one]
            let month = rest[..<two]
            let day = rest[rest.index(after: two)...]
            guard year.utf8.count == 4, (1...2).contains(month.utf8.count), (1...2).contains(day.utf8.count),
                [year, month, day].allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
                let yearNumber = Int(year), let monthNumber = Int(month), let dayNumber = Int(day)
            else { return nil }
            return CivilDate(year: yearNumber, month: monthNumber, day: dayNumber)
        }
        return nil
    }
}
