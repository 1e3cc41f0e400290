import ProbityRecords
import ProbityStore

/// What people name in texts (kinds, states, dates, identifiers, roles) as the archive knows it.
///
/// Every function throws an ``OfficeError`` that repeats the name and says what it is not; where there is a closed set of
/// names, also which would do.
enum Named {
    /// One of several names; the only way from a text that somebody typed to a code.
    ///
    /// - Parameters:
    ///   - key: of the sentence that refuses; `param` is its placeholder for the text.
    private static func one(
        _ text: String, of names: Names, or code: Outcome, _ key: String, _ param: String,
        _ params: [String: String] = [:]
    ) throws -> String {
        guard let found = names.code(for: text) else {
            throw OfficeError(
                code, key, params.merging([param: text]) { $1 }, misnomer: Misnomer(text, of: names))
        }
        return found
    }

    private static func names(_ list: String) throws -> Names {
        try KindCatalogue.standard().codeList(list)?.names ?? Names([])
    }

    /// A record kind (种类) by identifier or label.
    static func kind(_ text: String) throws -> RecordKind {
        let catalogue = try KindCatalogue.standard()
        if let kind = catalogue.kind(named: text) { return kind }
        throw OfficeError(
            .invalidEntry, "cli.kindUnknown", ["kind": text], misnomer: Misnomer(text, of: catalogue.kindNames))
    }

    /// A field (字段) of a kind by name, label or column header.
    ///
    /// - Parameter language: in which the refusal calls the kind by its name.
    static func field(_ text: String, of kind: RecordKind, _ language: Language) throws -> String {
        try one(
            text, of: kind.fieldNames, or: .invalidEntry, "cli.fieldUnknown", "field", ["kind": kind.labels[language]])
    }

    /// An act of the ledger by code or name, or the beginning of codes.
    static func acts(_ text: String) throws -> String {
        func called(_ code: String, _ language: Language) throws -> String {
            try MessageCatalogue.standard(language).text("act.\(code)")
        }
        let names = Names(
            try ActCodes.all.map { Names.Name($0, Labels(zh: try called($0, .zh), en: try called($0, .en))) })
        if let code = names.code(for: text) { return code }
        if ActCodes.all.contains(where: { $0.hasPrefix(text) }), !text.isEmpty { return text }
        return try one(text, of: names, or: .usage, "cli.actUnknown", "act")
    }

    static func state(_ text: String, of kind: RecordKind) throws -> String {
        try one(text, of: kind.stateNames, or: .invalidEntry, "cli.stateUnknown", "state")
    }

    /// A state of any kind, by code or label.
    static func state(_ text: String) throws -> String {
        try one(text, of: names("state"), or: .invalidEntry, "cli.stateUnknown", "state")
    }

    /// A step (办理动作) by code or label. One of another kind is the gate's to refuse, which knows what the record's state
    /// allows; of a text that names none the kind's own are offered.
    static func step(_ text: String, of kind: RecordKind) throws -> String {
        let list = try names("transition")
        if let step = list.code(for: text) { return step }
        // These two are commands of their own.
        let acts = Set(kind.steps.map(\.act)).subtracting(["correct", "withdraw"])
        return try one(
            text, of: Names(list.all.filter { acts.contains($0.code) }), or: .usage, "cli.stepUnknown", "step")
    }

    /// Two dates of which the first is not after the second.
    static func period(since: String?, until: String?) throws -> (since: CivilDate?, until: CivilDate?) {
        let (first, last) = (try date(since, "--since"), try date(until, "--until"))
        if let first, let last, first > last {
            throw OfficeError(.usage, "cli.periodForm", ["from": "--since \(first)", "to": "--until \(last)"])
        }
        return (first, last)
    }

    /// How many entries of a list.
    static func limit(_ limit: Int) throws -> Int {
        guard (1...10_000).contains(limit) else { throw OfficeError(.usage, "cli.limitForm") }
        return limit
    }

    static func record(_ text: String) throws -> RecordID {
        guard let id = RecordID(text) else { throw OfficeError(.usage, "cli.recordForm", ["record": text]) }
        return id
    }

    static func officer(_ text: String) throws -> OfficerID {
        guard let id = OfficerID(text) else { throw OfficeError(.usage, "cli.officerForm", ["officer": text]) }
        return id
    }

    static func trayItem(_ text: String) throws -> TrayID {
        guard let id = TrayID(text) else { throw OfficeError(.usage, "cli.trayForm", ["item": text]) }
        return id
    }

    /// A category (门类) by code or label.
    static func category(_ text: String) throws -> ProbityRecords.Category {
        try choice(text, "category", "cli.categoryUnknown")
    }

    /// A role (角色) by code or label.
    static func role(_ text: String) throws -> Role { try choice(text, "role", "cli.roleUnknown") }

    /// What the access matrix lets somebody do (权限), by code or label.
    static func right(_ text: String) throws -> AccessAct { try choice(text, "right", "cli.rightUnknown") }

    /// What an officer is to do (拟任事项), by code or label.
    static func move(_ text: String) throws -> PromotionMove { try choice(text, "move", "cli.moveUnknown") }

    /// What figures are added up by (统计口径), by code or label.
    static func breakdown(_ text: String) throws -> FigureColumn { try choice(text, "breakdown", "report.byUnknown") }

    /// One of a closed set whose code list is called `list`, which is also the placeholder of the refusal.
    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String, _ list: String, _ key: String
    ) throws -> Choice where Choice.RawValue == String {
        let all = Set(Choice.allCases.map(\.rawValue))
        let names = Names(try names(list).all.filter { all.contains($0.code) })
        guard let choice = Choice(rawValue: try one(text, of: names, or: .usage, key, list)) else {
            throw OfficeError(.usage, key, [list: text], misnomer: Misnomer(text, of: names))
        }
        return choice
    }

    /// A purpose (用途) by code or label, with a reason behind a colon of either script. What is none is the gate's to
    /// refuse, which knows the purposes of the role.
    static func purpose(_ text: String) throws -> Purpose {
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == ":" || $0 == "：" }.map(
            String.init)
        let code = try names("purpose").code(for: parts[0]) ?? parts[0]
        return Purpose(code: code, reason: parts.count > 1 ? parts[1] : "")
    }

    /// A kind of unit (单位类别) by code or label.
    static func unitKind(_ text: String) throws -> String {
        try one(text, of: names("unitKind"), or: .invalidEntry, "cli.unitKind", "kind")
    }

    /// A date, where one is given.
    ///
    /// - Parameter option: what the reader calls the date.
    static func date(_ text: String?, _ option: String) throws -> CivilDate? {
        guard let text else { return nil }
        guard let date = CivilDate(text) else {
            throw OfficeError(.usage, "cli.dateForm", ["option": option, "value": text])
        }
        return date
    }
}
