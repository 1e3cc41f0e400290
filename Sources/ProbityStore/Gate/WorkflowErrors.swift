import ProbityRecords

extension ArchiveError {
    /// The workflow's refusal as the archive's.
    ///
    /// - Parameter kind: whose fields it names.
    init(_ refusal: WorkflowRefusal, of kind: RecordKind) {
        let params = [
            "step": "transition/\(refusal.step)",
            "field": refusal.field.isEmpty ? "" : "field/\(kind.id).\(refusal.field)", "kind": "kind/\(kind.id)",
            "possible": refusal.possible.map { "transition/\($0)" }.joined(separator: ", "),
        ]
        func make(_ code: Code, _ reason: String, subject: String? = nil, rule: String? = nil) -> ArchiveError {
            ArchiveError(
                code, reason, subject: subject, rule: rule ?? "workflow.\(refusal.reason.rawValue)", params: params)
        }
        let what = "\(kind.id) \(refusal.step)"
        switch refusal.reason {
        case .derivedKind: self = make(.roleRefuses, "\(what): the program files these records itself")
        case .notInitial: self = make(.invalidEntry, "\(what): no record begins in this state", subject: "state")
        case .noSuchStep:
            self = make(
                .stateForbids, "\(what): the record's state allows no such step",
                subject: refusal.possible.joined(separator: ", "))
        case .otherValues: self = make(.stateForbids, "\(what): the step is for records with other values")
        case .role:
            let why = refusal.decision?.rawValue ?? "roleDoesNotAct"
            self = make(.roleRefuses, "\(what): \(why)", subject: why)
        case .filer: self = make(.needsSecondPerson, "\(what): another person must do it")
        case .namedPerson:
            self = make(.needsSecondPerson, "\(what): another person than \(refusal.field) must do it")
        case .fieldNotSet:
            self = make(
                .invalidEntry, "\(what): the step does not change the field \(refusal.field)", subject: refusal.field)
        case .notLater:
            self = make(
                .invalidEntry, "\(what): the step moves \(refusal.field) to a later day only", subject: refusal.field)
        case .notCleared:
            self = make(.invalidEntry, "\(what): the step empties \(refusal.field)", subject: refusal.field)
        case .fieldRequired:
            self = make(.invalidEntry, "\(what): the step needs the field \(refusal.field)", subject: refusal.field)
        case .nothingChanged: self = make(.invalidEntry, "\(what): nothing is changed")
        case .invalid:
            self =
                refusal.problems.first.map { ArchiveError($0, of: kind) }
                ?? make(.invalidEntry, "\(what): the values are not valid")
        case .leadOpen: self = make(.stateForbids, "\(what): the team has an open specific lead")
        case .protectionNotMarked:
            self = make(
                .invalidEntry, "\(what): the officer is protected and \(refusal.field) does not say so",
                subject: refusal.field)
        case .protectionNotSeen:
            self = make(.notVisible, "\(what): whether the officer is protected cannot be seen with these keys")
        case .leadsNotSeen: self = make(.notVisible, "\(what): the team's leads cannot be seen with these keys")
        }
    }
}
