/// Why a change is not made.
public struct WorkflowRefusal: Error, Sendable, Hashable {
    public enum Reason: String, Sendable, CaseIterable {
        /// The program files the kind by itself.
        case derivedKind
        /// No record of the kind begins in this state.
        case notInitial
        /// The state allows no such step.
        case noSuchStep
        /// The step is for records with other values.
        case otherValues
        /// The role does not take the step; ``WorkflowRefusal/decision`` says more where the matrix refused.
        case role
        /// Whoever filed it does not take this step; another person must.
        case filer
        /// Whoever the field names does not take this step; another person must.
        case namedPerson
        /// The step does not change the field.
        case fieldNotSet
        /// The step only postpones the day in the field, and not to one that has passed.
        case notLater
        /// The step leaves the field empty.
        case notCleared
        /// The step needs a value in the field.
        case fieldRequired
        /// A correction that changes nothing.
        case nothingChanged
        /// The values are not valid; see ``WorkflowRefusal/problems``.
        case invalid
        /// The team has an open specific lead, or whether it has one cannot be seen with these keys.
        case leadOpen, leadsNotSeen
        /// The officer is protected and the record does not say so, or whether he is cannot be seen with these keys.
        case protectionNotMarked, protectionNotSeen
    }

    public let reason: Reason
    public let step: String
    /// The field that it is about; empty where it is about none.
    public let field: String
    public let decision: Decision.Refusal?
    public let problems: [FieldProblem]
    /// Codes of the steps that the state allows.
    public let possible: [String]

    /// Values that are not valid.
    public init(invalid problems: [FieldProblem], _ step: String) { self.init(.invalid, step, problems: problems) }

    init(
        _ reason: Reason, _ step: String, field: String = "", decision: Decision.Refusal? = nil,
        problems: [FieldProblem] = [], possible: [String] = []
    ) {
        self.reason = reason
        self.step = step
        self.field = field
        self.decision = decision
        self.problems = problems
        self.possible = possible
    }
}
