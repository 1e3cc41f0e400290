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
    /// Why this version follows another; nil in a first version.
    public let reason: String?
    public let values: [String: JSONValue]

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "officer": .string(officer.text), "kind": .string(kind), "state": .string(state),
            "occurredOn": .string(occurredOn.description), "filedOn": .string(filedOn.description),
            "filedBy": .string(filedBy), "values": .object(values),
        ]
        if let reason { members["reason"] = .string(reason) }
        return .object(members)
    }

    init(
        officer: OfficerID, kind: String, state: String, occurredOn: CivilDate, filedOn: CivilDate, filedBy: String,
        reason: String?, values: [String: JSONValue]
    ) {
        self.officer = officer
        self.kind = kind
        self.state = state
        self.occurredOn = occurredOn
        self.filedOn = filedOn
        self.filedBy = filedBy
        self.reason = reason
        self.values = values
    }

    init?(_ value: JSONValue) {
        guard let officer = value["officer"]?.string.flatMap({ OfficerID($0) }), let kind = value["kind"]?.string,
            let state = value["state"]?.string, let occurred = value["occurredOn"]?.string.flatMap({ CivilDate($0) }),
            let filed = value["filedOn"]?.string.flatMap({ CivilDate($0) }), let by = value["filedBy"]?.string,
            let values = value["values"]?.object
        else { return nil }
        self.init(
            officer: officer, kind: kind, state: state, occurredOn: occurred, filedOn: filed, filedBy: by,
            reason: value["reason"]?.string, values: values)
    }
}
