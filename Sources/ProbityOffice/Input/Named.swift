import ProbityRecords
import ProbityStore

/// What people name in texts (kinds, states, dates, identifiers, roles) as the archive knows it.
///
/// Every function throws an ``OfficeError`` that repeats the name and says what it is not.
enum Named {
    /// A record kind (种类) by identifier or label.
    static func kind(_ text: String) throws -> RecordKind {
        guard let kind = try KindCatalogue.standard().kind(named: text) else {
            throw OfficeError(.invalidEntry, "cli.kindUnknown", ["kind": text])
        }
        return kind
    }

    static func state(_ text: String, of kind: RecordKind) throws -> String {
        guard let state = kind.state(named: text) else {
            throw OfficeError(.invalidEntry, "cli.stateUnknown", ["state": text])
        }
        return state
    }

    /// A step (办理动作) by code or label.
    static func step(_ text: String) throws -> String {
        guard let step = try KindCatalogue.standard().codeList("transition")?.code(for: text) else {
            throw OfficeError(.usage, "cli.stepUnknown", ["step": text])
        }
        return step
    }

    /// A state of any kind, by code or label.
    static func state(_ text: String) throws -> String {
        guard let state = try KindCatalogue.standard().codeList("state")?.code(for: text) else {
            throw OfficeError(.invalidEntry, "cli.stateUnknown", ["state": text])
        }
        return state
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
        let code = try KindCatalogue.standard().codeList("category")?.code(for: text) ?? text
        guard let category = ProbityRecords.Category(rawValue: code) else {
            throw OfficeError(.usage, "cli.categoryUnknown", ["category": text])
        }
        return category
    }

    /// A role (角色) by code or label.
    static func role(_ text: String) throws -> Role {
        let code = try KindCatalogue.standard().codeList("role")?.code(for: text) ?? text
        guard let role = Role(rawValue: code) else { throw OfficeError(.usage, "cli.roleUnknown", ["role": text]) }
        return role
    }

    /// A purpose (用途) by code or label, with a reason behind a colon of either script. What is none is the gate's to
    /// refuse, which knows the purposes of the role.
    static func purpose(_ text: String) throws -> Purpose {
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == ":" || $0 == "：" }.map(
            String.init)
        let code = try KindCatalogue.standard().codeList("purpose")?.code(for: parts[0]) ?? parts[0]
        return Purpose(code: code, reason: parts.count > 1 ? parts[1] : "")
    }

    static func act(_ text: String) throws -> AccessAct {
        guard let act = AccessAct(rawValue: text) else { throw OfficeError(.usage, "cli.actUnknown", ["act": text]) }
        return act
    }

    static func move(_ text: String) throws -> PromotionMove {
        guard let move = PromotionMove(rawValue: text) else {
            throw OfficeError(.usage, "cli.moveUnknown", ["move": text])
        }
        return move
    }

    /// A kind of unit (单位类别) by code or label.
    static func unitKind(_ text: String) throws -> String {
        guard let kind = try KindCatalogue.standard().codeList("unitKind")?.code(for: text) else {
            throw OfficeError(.invalidEntry, "cli.unitKind", ["kind": text])
        }
        return kind
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
