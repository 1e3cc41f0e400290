public import CanonicalJSON
public import ProbityRecords

/// The state of a record at one filing (版本).
public struct VersionContent: Sendable, Equatable {
    public let officer: OfficerID
    public let kind: String
    public let state: String
    public let occurredOn: CivilDate
    public let filedOn: CivilDate
    public let filedBy: String
    /// Code of the step that made the version (code list `transition`).
    public let step: String
    /// Whether it was imported as found in the files of the time before the archive (旧档): nobody here has verified it.
    public let isAsFound: Bool
    /// Why this version follows another; nil in a first version.
    public let reason: String?
    public let values: [String: JSONValue]
    /// The item of the tray that was taken in as this version; nil in every other.
    public let intake: Intake?
    /// The signed note under which several persons took the step; nil where one did.
    let approval: String?
    /// Who proposed the step that several persons took, as their note says; nil where one did. Who filed the version signed
    /// last.
    public var proposedBy: String? {
        approval?.split(separator: "\n").first.flatMap { JSONReader.value(Array($0.utf8))?["by"]?.string }
    }

    /// An item of the tray (待接收件), and whom it names.
    public struct Intake: Sendable, Equatable {
        public let item: TrayID
        /// As it was written when it was dropped.
        public let officer: String
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "officer": .string(officer.text), "kind": .string(kind), "state": .string(state),
            "occurredOn": .string(occurredOn.description), "filedOn": .string(filedOn.description),
            "filedBy": .string(filedBy), "step": .string(step), "values": .object(values),
        ]
        if isAsFound { members["asFound"] = .bool(true) }
        if let reason { members["reason"] = .string(reason) }
        if let approval { members["approval"] = .string(approval) }
        if let intake {
            members["intake"] = .object(["item": .string(intake.item.text), "officer": .string(intake.officer)])
        }
        return .object(members)
    }

    init(
        officer: OfficerID, kind: String, state: String, occurredOn: CivilDate, filedOn: CivilDate, filedBy: String,
        step: String, isAsFound: Bool = false, reason: String?, values: [String: JSONValue], approval: String? = nil,
        intake: Intake? = nil
    ) {
        self.intake = intake
        self.officer = officer
        self.kind = kind
        self.state = state
        self.occurredOn = occurredOn
        self.filedOn = filedOn
        self.filedBy = filedBy
        self.step = step
        self.isAsFound = isAsFound
        self.reason = reason
        self.values = values
        self.approval = approval
    }

    /// Reads what was sealed; nil where it has another form.
    init?(canonical bytes: [UInt8]) {
        var officer: OfficerID?
        var (occurred, filed): (CivilDate?, CivilDate?)
        var (kind, state, by, step): (String?, String?, String?, String?)
        var (reason, approval): (String?, String?)
        var values: [String: JSONValue]?
        var isAsFound = false
        var item: JSONValue?
        do throws(JSONError) {
            try JSONValue.members(parsing: bytes) { name, value in
                switch name {
                case "approval": approval = value.string
                case "asFound": isAsFound = value.bool ?? false
                case "filedBy": by = value.string
                case "filedOn": filed = value.string.flatMap { CivilDate($0) }
                case "intake": item = value
                case "kind": kind = value.string
                case "occurredOn": occurred = value.string.flatMap { CivilDate($0) }
                case "officer": officer = value.string.flatMap { OfficerID($0) }
                case "reason": reason = value.string
                case "state": state = value.string
                case "step": step = value.string
                case "values": values = value.object
                default: break
                }
            }
        } catch { return nil }
        guard let officer, let kind, let state, let occurred, let filed, let by, let step, let values else {
            return nil
        }
        var intake: Intake?
        if let item {
            guard let id = item["item"]?.string.flatMap({ TrayID($0) }), let named = item["officer"]?.string
            else { return nil }
            intake = Intake(item: id, officer: named)
        }
        self.init(
            officer: officer, kind: kind, state: state, occurredOn: occurred, filedOn: filed, filedBy: by,
            step: step, isAsFound: isAsFound, reason: reason, values: values, approval: approval, intake: intake)
    }
}
