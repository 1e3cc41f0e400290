public import CanonicalJSON
public import ProbityRecords

/// The state of a record at one filing (版本).
public struct VersionContent: Sendable, Equatable {
    public let officer: OfficerID
    public let kind: String
    /// The edition of the kind under which it was filed: what its fields and steps mean is read there.
    public let edition: Int
    public let state: String
    public let occurredOn: CivilDate
    /// The day until which something is still to be done.
    public let dueOn: CivilDate?
    /// One of the four forms (四种形态), 1…4.
    public let form: Int?
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

    /// What stands outside the seal, where the category has it in the clear.
    var columns: ClearColumns {
        ClearColumns(kind: kind, state: state, occurredOn: occurredOn, dueOn: dueOn, form: form)
    }

    /// What is sealed.
    var canonicalBytes: [UInt8] {
        func text(_ text: String?) -> JSONValue? { text.map { .string($0) } }
        var object = CanonicalObject()
        object.add("approval", text(approval))
        object.add("asFound", isAsFound ? true : nil)
        object.add("dueOn", text(dueOn?.description))
        object.add("edition", .integer(Int64(edition)))
        object.add("filedBy", text(filedBy))
        object.add("filedOn", text(filedOn.description))
        object.add("form", form.map { .integer(Int64($0)) })
        object.add("intake", intake.map { ["item": .string($0.item.text), "officer": .string($0.officer)] })
        object.add("kind", text(kind))
        object.add("occurredOn", text(occurredOn.description))
        object.add("officer", text(officer.text))
        object.add("reason", text(reason))
        object.add("state", text(state))
        object.add("step", text(step))
        object.add("values", .object(values))
        return object.finish()
    }

    init(
        officer: OfficerID, _ columns: ClearColumns, edition: Int, filedOn: CivilDate, filedBy: String, step: String,
        isAsFound: Bool = false, reason: String?, values: [String: JSONValue], approval: String? = nil,
        intake: Intake? = nil
    ) {
        self.intake = intake
        self.officer = officer
        kind = columns.kind
        self.edition = edition
        state = columns.state
        occurredOn = columns.occurredOn
        dueOn = columns.dueOn
        form = columns.form
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
        var (occurred, due, filed): (CivilDate?, CivilDate?, CivilDate?)
        var (edition, form): (Int64?, Int64?)
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
                case "dueOn": due = value.string.flatMap { CivilDate($0) }
                case "edition": edition = value.integer
                case "filedBy": by = value.string
                case "filedOn": filed = value.string.flatMap { CivilDate($0) }
                case "form": form = value.integer
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
        guard let officer, let kind, let edition, let state, let occurred, let filed, let by, let step, let values
        else { return nil }
        var intake: Intake?
        if let item {
            guard let id = item["item"]?.string.flatMap({ TrayID($0) }), let named = item["officer"]?.string
            else { return nil }
            intake = Intake(item: id, officer: named)
        }
        self.init(
            officer: officer,
            ClearColumns(kind: kind, state: state, occurredOn: occurred, dueOn: due, form: form.map { Int($0) }),
            edition: Int(edition), filedOn: filed, filedBy: by, step: step, isAsFound: isAsFound, reason: reason,
            values: values, approval: approval, intake: intake)
    }
}
