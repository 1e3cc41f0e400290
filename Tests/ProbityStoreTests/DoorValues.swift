import CanonicalJSON

// Values with which the doors are tried: a first filing of each kind, what a step brings, and other values of a field.

extension DoorModel.Kind {
    /// Records of which each takes other ways through the kind's steps; the first is the usual one.
    ///
    /// Only what a rule over several fields asks for stands here; the rest is made.
    private var seeds: [[String: JSONValue]] {
        switch id {
        case "auxEntry": [["matter": "entry", "result": "passed"]]
        case "clearance": [["clearanceKind": "clearance", "mode": "letter", "consent": true]]
        case "complaint": [["jurisdiction": "own", "content": "反映内容", "specificLead": false]]
        case "dutyTrace": [["evidence": "材料"]]
        case "engagementReport": [["alcohol": false, "dutyNext12h": false]]
        case "helpMeasure":
            [
                ["level": "watch", "toldOn": "2026-06-01"],
                ["level": "control", "toldOn": "2026-06-01", "decisionNo": "1号", "appealRoute": "申诉"],
            ]
        case "opinion": [["specificLeadOpen": true]]
        case "postChange": [["toPost": "所长"]]
        case "sanction": [["measure": "a1"]]
        case "talk": [["talkKind": "heartTalk"], ["talkKind": "criticise"]]
        case "verification": [["result": "r1"]]
        default: [[:]]
        }
    }

    var variantCount: Int { seeds.count }

    /// Valid values of a first filing.
    func filing(variant: Int = 0) -> [String: JSONValue] {
        var values = seeds[variant]
        for field in fields where field.isRequired && values[field.name] == nil {
            values[field.name] = field.candidates.first
        }
        return values
    }
}

extension DoorModel.Field {
    /// Values of the field, each valid by itself.
    var candidates: [JSONValue] {
        switch type {
        // It names users who do not sign, so nobody else's name.
        case _ where name == "handlers": ["clerk1", "reviewer1"]
        case "date": ["2026-06-01", "2026-06-02"]
        case "integer": [.integer(range.lowerBound + 2), .integer(range.lowerBound + 3)]
        case "bool": [true, false]
        case "code": codes.map { .string($0) }
        case "codes": codes.map { .array([.string($0)]) }
        case "recordRef", "officerRef": ["R-1", "R-2"]
        default:
            switch pattern {
            case nil: [.string("文字 \(name)"), .string("另文 \(name)")]
            case let pattern? where pattern.contains(":"): ["12:30", "13:45"]
            default: ["2018", "2023"]
            }
        }
    }
}

extension DoorModel {
    /// Another value of a field that the kind's rules allow in the state; where they allow none, one that they do not.
    func other(_ field: Field, _ kind: Kind, _ values: [String: JSONValue], _ state: String) -> JSONValue {
        let others = field.candidates.filter { $0 != values[field.name] }
        let good = others.first { problems(kind, values.merging([field.name: $0]) { $1 }, state).isEmpty }
        return good ?? others.first ?? .null
    }

    /// What a step has to bring from a record that stands so: the fields that it and the rules of the state after it ask for.
    func changes(_ step: Step, _ kind: Kind, _ record: Standing) -> [String: JSONValue] {
        let state = step.to ?? record.state
        var changes: [String: JSONValue] = [:]
        func set(_ name: String) {
            guard let field = kind.field(name), changes[name] == nil, step.sets?.contains(name) ?? true else { return }
            let values = record.values.merging(changes) { $1 }
            changes[name] =
                field.candidates.first { problems(kind, values.merging([name: $0]) { $1 }, state).isEmpty }
                ?? field.candidates.first
        }
        for (index, name) in step.postpones.enumerated() { changes[name] = .string("2026-11-2\(index + 8)") }
        for name in step.requires where record.values[name] == nil || step.clears.contains(name) { set(name) }
        for rule in kind.constraints where rule["require"] != nil {
            let values = record.values.merging(changes) { $1 }
            guard problems(kind, values, state).contains(rule["id"]?.string ?? "") else { continue }
            for name in rule["require"]?.array?.compactMap(\.string) ?? [] where values[name] == nil { set(name) }
        }
        if step.act == "correct" {
            // A correction changes something.
            let field = kind.fields.first {
                step.sets?.contains($0.name) ?? true
                    && problems(
                        kind, record.values.merging([$0.name: other($0, kind, record.values, state)]) { $1 }, state
                    ).isEmpty
            }
            if let field { changes[field.name] = other(field, kind, record.values, state) }
        }
        return changes
    }
}
