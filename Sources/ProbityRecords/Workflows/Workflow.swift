public import CanonicalJSON

// The one door of change (records.md §3). A record is filed, corrected, withdrawn and advanced by steps that its kind
// declares; whoever wants one, from wherever he comes (a form, a row of an import, an item of a tray, a signature under a
// proposal), gets his answer here, and the gate makes no version that was not decided here. Pure: no clock, no storage.
//
// Whose signature stands under an approval, and whether his key opens the file at all, is the gate's to prove.

/// Rules in code that a kind, or one of its steps, may name among its `guards`.
public enum WorkflowGuard: String, Sendable, CaseIterable {
    /// An answer "no specific lead is open" must agree with the team's own open leads (凡提必查).
    case leadsAnswered
    /// The signal of an open lead goes when none is open (凡提必查).
    case leadsClosed
    /// A complaint about an officer on a case against gangs says so (扫黑除恶民警): what protects him rests on no tick.
    case protectionMarked

    static func set(_ member: SchemaReader?) throws(SchemaError) -> Set<WorkflowGuard> {
        var guards: Set<WorkflowGuard> = []
        for element in try member?.elements() ?? [] { guards.insert(try element.oneOf(WorkflowGuard.self)) }
        return guards
    }
}

/// Somebody who takes or approves a step.
public struct WorkflowActor: Sendable, Hashable {
    public let user: String
    public let role: Role
    /// By what users the same person has served, this one among them: a new certificate makes nobody another person.
    public let names: Set<String>

    /// - Parameter others: users as whom the same person served before.
    public init(user: String, role: Role, others: Set<String> = []) {
        self.user = user
        self.role = role
        names = others.union([user])
    }
}

/// Decides every change of a record (办理).
public enum Workflow {
    /// Code of the first step of a record.
    public static let fileStep = "file"
    public static let correctStep = "correct"
    public static let withdrawStep = "withdraw"

    /// A record as it stands before a step.
    public struct Standing: Sendable, Hashable {
        public let state: String
        public let values: [String: JSONValue]
        /// Users who filed or changed what stands there now, since somebody else last confirmed it.
        public let filers: Set<String>
        /// Users who have taken, proposed or signed any step of it.
        public let hands: Set<String>
        /// Users that a field has ever named, though it may name others now.
        public let named: [String: Set<String>]
        /// Whether it was found in old files and nobody here has confirmed it since.
        public let isAsFound: Bool

        public init(
            state: String, values: [String: JSONValue], filers: Set<String>, hands: Set<String>,
            named: [String: Set<String>] = [:], isAsFound: Bool = false
        ) {
            self.state = state
            self.values = values
            self.filers = filers
            self.hands = hands
            self.named = named
            self.isAsFound = isAsFound
        }

        func isOwn(_ actor: WorkflowActor) -> Bool { hands.isSubset(of: actor.names) }
    }

    /// What the decision needs to know beside the record.
    public struct Context: Sendable {
        public let policy: AccessPolicy
        /// Refuses dates after this day where a kind says so.
        public let today: CivilDate
        /// What the team's own leads about the officer come to; nil where the kind does not ask, or nobody can see them.
        public var leads: LeadStanding?
        /// The officer's protection; nil where the step does not ask, or nobody can see it.
        public var protection: CaseProtection?
        /// Of the users that the changes name, those who serve and are not the officer himself.
        public var users: Set<String>

        public init(
            policy: AccessPolicy, today: CivilDate, leads: LeadStanding? = nil, protection: CaseProtection? = nil,
            users: Set<String> = []
        ) {
            self.policy = policy
            self.today = today
            self.leads = leads
            self.protection = protection
            self.users = users
        }
    }

    /// The version that follows, and whose signatures it waits for.
    public struct Outcome: Sendable, Hashable {
        public let step: String
        public let state: String
        public let values: [String: JSONValue]
        /// Nil where the step is in force at once.
        public let approval: Step.Approval?

        public init(step: String, state: String, values: [String: JSONValue], approval: Step.Approval? = nil) {
            self.step = step
            self.state = state
            self.values = values
            self.approval = approval
        }
    }

    /// Decides a first filing.
    ///
    /// - Parameter past: the state in which an import of the time before the archive found it; nil for everything else.
    public static func file(
        _ kind: RecordKind, values: [String: JSONValue], by actor: WorkflowActor, past: String? = nil,
        _ context: Context
    ) throws(WorkflowRefusal) -> Outcome {
        guard !kind.isDerived else { throw WorkflowRefusal(.derivedKind, fileStep) }
        if case .refuse(let refusal) = context.policy.decide(
            role: actor.role, act: .file, category: kind.category, kind: kind.id)
        {
            throw WorkflowRefusal(.role, fileStep, decision: refusal)
        }
        let state = past ?? kind.initialState
        // An officer's own reports of the past are for others to bring in.
        guard past == nil || kind.pastStates.contains(state) && actor.role != .officer else {
            throw WorkflowRefusal(.notInitial, fileStep, possible: [kind.initialState])
        }
        if past == nil { try demandFiled(kind, values) }
        try demandValid(kind, values, state, fileStep, context)
        return Outcome(step: fileStep, state: state, values: values, approval: nil)
    }

    /// Whether somebody else may file what a person drops who does not file it himself (投递).
    public static func drop(_ kind: RecordKind, values: [String: JSONValue], today: CivilDate) throws(WorkflowRefusal) {
        try demandFiled(kind, values)
        let problems = kind.validate(values: values, today: today).filter { $0.severity == .error }
        guard problems.isEmpty else { throw WorkflowRefusal(invalid: problems, fileStep) }
    }

    /// What steps bring is not for a first filing: whoever files would set alone what others must sign.
    static func demandFiled(_ kind: RecordKind, _ values: [String: JSONValue]) throws(WorkflowRefusal) {
        guard values.keys.contains(where: { !kind.filed.contains($0) }) else { return }
        for field in kind.fields where values[field.name] != nil && !kind.filed.contains(field.name) {
            throw WorkflowRefusal(.fieldNotSet, fileStep, field: field.name)
        }
    }

    /// Decides a step of a record.
    ///
    /// - Parameters:
    ///   - changes: fields that the step brings; null removes one.
    ///   - isProgram: whether the program itself takes the step of a derived kind. People take only those that wait for others.
    /// - Returns: what follows; with ``Outcome/approval`` where it waits for other users.
    public static func take(
        _ act: String, of kind: RecordKind, _ record: Standing, changes: [String: JSONValue],
        by actor: WorkflowActor, _ context: Context, isProgram: Bool = false
    ) throws(WorkflowRefusal) -> Outcome {
        guard isProgram || !kind.isDerived || kind.steps.contains(where: { $0.act == act && !$0.approvals.isEmpty })
        else { throw WorkflowRefusal(.derivedKind, act) }
        var values = record.values.changed(by: changes)
        let step = try step(act, of: kind, record, values, actor, context)
        // Emptying what the step empties anyhow is how a proposal of it is put in force.
        for (name, value) in changes.sorted(by: { $0.key < $1.key })
        where !step.mayChange(name) && !(value == .null && step.clears.contains(name)) {
            throw WorkflowRefusal(.fieldNotSet, act, field: name)
        }
        // Whoever is named there does not sign: a name that is nobody's would keep nobody from it, and so would none.
        for name in kind.userFields where changes[name].map({ $0 != .null }) ?? false {
            let named = Constraint.names(changes[name])
            guard !named.isEmpty, named.isSubset(of: context.users) else {
                throw WorkflowRefusal(invalid: [FieldProblem(name, .notUser)], act)
            }
        }
        for name in step.clears { values[name] = nil }
        try demandStep(step, record, values, by: actor, on: context.today)
        if step.guards.contains(.protectionMarked) {
            guard let protection = context.protection else { throw WorkflowRefusal(.protectionNotSeen, act) }
            if protection.isRunning, values[protection.mark]?.bool != true {
                throw WorkflowRefusal(.protectionNotMarked, act, field: protection.mark)
            }
        }
        let state = step.state(after: record.state)
        try demandValid(kind, values, state, act, context)
        return Outcome(
            step: act, state: state, values: values,
            approval: step.approval(from: record.values, to: values, isOwn: record.isOwn(actor)))
    }

    /// What a step asks of the values that it leaves and of whoever takes it, now or when it is read.
    private static func demandStep(
        _ step: Step, _ record: Standing, _ values: [String: JSONValue], by actor: WorkflowActor, on day: CivilDate
    ) throws(WorkflowRefusal) {
        if step.act == correctStep, values == record.values { throw WorkflowRefusal(.nothingChanged, step.act) }
        try demandOther(than: step.not, record, values, actor, step.act)
        for name in step.requires where values[name] == nil {
            throw WorkflowRefusal(.fieldRequired, step.act, field: name)
        }
        for name in step.postpones {
            // The spelling YYYY-MM-DD sorts as the dates do.
            let (before, after) = (record.values[name]?.string ?? "", values[name]?.string ?? "")
            guard after > before, after >= day.description else {
                throw WorkflowRefusal(.notLater, step.act, field: name)
            }
        }
    }

    /// Whether somebody may approve a step that another user proposed.
    ///
    /// - Parameter values: the values that the step leaves.
    public static func mayApprove(
        _ approval: Step.Approval, of kind: RecordKind, step: String, _ record: Standing,
        values: [String: JSONValue], proposedBy proposer: String, by actor: WorkflowActor, _ policy: AccessPolicy
    ) throws(WorkflowRefusal) {
        guard !actor.names.contains(proposer) else { throw WorkflowRefusal(.filer, step) }
        guard approval.roles.contains(actor.role) else {
            throw WorkflowRefusal(.role, step, decision: .roleDoesNotAct)
        }
        try demandWorks(kind, actor, step, policy)
        try demandOther(than: approval.not, record, values, actor, step)
    }

    /// Whether a version may begin a record, whoever says so: what a reader asks.
    ///
    /// - Parameter isAsFound: whether an import of the time before the archive found it in its state.
    public static func begin(
        _ act: String, of kind: RecordKind, in state: String, values: [String: JSONValue], by actor: WorkflowActor,
        isAsFound: Bool, _ policy: AccessPolicy
    ) throws(WorkflowRefusal) {
        guard act == fileStep, isAsFound ? kind.pastStates.contains(state) : state == kind.initialState else {
            throw WorkflowRefusal(.notInitial, act)
        }
        if !isAsFound { try demandFiled(kind, values) }
        // The program files a derived record beside what somebody files who takes its steps.
        let isAllowed =
            kind.isDerived
            ? kind.steps.contains { $0.roles.contains(actor.role) }
            : policy.decide(role: actor.role, act: .file, category: kind.category, kind: kind.id).isAllowed
        guard isAllowed, !(isAsFound && actor.role == .officer) else {
            throw WorkflowRefusal(.role, act, decision: .roleDoesNotFile)
        }
    }

    /// A version that stands behind another by the kind's declaration.
    public struct Following: Sendable {
        public let step: Step
        /// The signatures that it must carry; nil for none.
        public let approval: Step.Approval?
    }

    /// Whether a version may stand behind another by the kind's declaration: what a reader asks.
    ///
    /// - Parameters:
    ///   - actor: who took the step alone, or proposed it to others; nil where that is not asked.
    ///   - day: the day on which it was filed.
    /// - Throws: ``WorkflowRefusal`` where no step leads there, or another person must have taken it.
    public static func follow(
        _ act: String, of kind: RecordKind, _ record: Standing, to state: String, values: [String: JSONValue],
        by actor: WorkflowActor, on day: CivilDate, _ policy: AccessPolicy
    ) throws(WorkflowRefusal) -> Following {
        let steps = kind.steps(for: record).filter {
            $0.act == act && $0.state(after: record.state) == state && $0.isFor(record.values, or: values)
        }
        guard let step = steps.first else { throw WorkflowRefusal(.noSuchStep, act) }
        guard step.roles.contains(actor.role) else { throw WorkflowRefusal(.role, act, decision: .roleDoesNotAct) }
        if !kind.isDerived { try demandWorks(kind, actor, act, policy) }
        for (name, value) in values where record.values[name] != value && !step.mayChange(name) {
            throw WorkflowRefusal(.fieldNotSet, act, field: name)
        }
        for name in record.values.keys
        where values[name] == nil && !step.mayChange(name) && !step.clears.contains(name) {
            throw WorkflowRefusal(.fieldNotSet, act, field: name)
        }
        for name in step.clears where values[name] != nil { throw WorkflowRefusal(.notCleared, act, field: name) }
        try demandStep(step, record, values, by: actor, on: day)
        return Following(
            step: step,
            approval: step.approval(from: record.values, to: values, isOwn: record.isOwn(actor)))
    }

    /// Who filed or changed what a record says after a step, since somebody else last confirmed it.
    ///
    /// - Parameter user: who took the step; where several persons did, the one who proposed it.
    public static func filers(
        after step: Step, _ record: Standing, to values: [String: JSONValue], by user: String
    ) -> Set<String> {
        if step.not.contains(.filer) { return [] }
        // Emptying what is over says nothing.
        let hasChanged = Set(record.values.keys).union(values.keys).contains {
            step.mayChange($0) && record.values[$0] != values[$0]
        }
        return hasChanged ? record.filers.union([user]) : record.filers
    }

    /// Whom the fields that keep somebody from a step have named, with what a version says: a matter that begins anew is still
    /// the one that he handled.
    ///
    /// - Parameter named: those of the version before it.
    public static func named(
        of kind: RecordKind, _ named: [String: Set<String>], and values: [String: JSONValue]
    ) -> [String: Set<String>] {
        kind.userFields.reduce(into: named) { $0[$1, default: []].formUnion(Constraint.names(values[$1])) }
    }

    /// Whether a record as found in the old files is one of this house after a step: somebody else confirmed it, or another
    /// signed what the step brought.
    ///
    /// - Parameter isApproved: whether several persons took the step.
    public static func confirms(_ step: Step, isApproved: Bool) -> Bool {
        step.not.contains(.filer) || isApproved && !step.requires.isEmpty
    }

    // MARK: Parts

    /// The step that is meant.
    private static func step(
        _ act: String, of kind: RecordKind, _ record: Standing, _ values: [String: JSONValue],
        _ actor: WorkflowActor, _ context: Context
    ) throws(WorkflowRefusal) -> Step {
        let possible = kind.steps(for: record)
        let named = possible.filter { $0.act == act }
        guard !named.isEmpty else {
            var codes: [String] = []
            for step in possible where step.roles.contains(actor.role) && !codes.contains(step.act) {
                codes.append(step.act)
            }
            throw WorkflowRefusal(.noSuchStep, act, possible: codes)
        }
        // Whether he may take it at all comes first: a refusal tells nothing of the values.
        guard named.contains(where: { $0.roles.contains(actor.role) }) else {
            throw WorkflowRefusal(.role, act, decision: .roleDoesNotAct)
        }
        try demandWorks(kind, actor, act, context.policy)
        guard let step = named.first(where: { $0.isFor(record.values, or: values) }) else {
            throw WorkflowRefusal(.otherValues, act)
        }
        guard step.roles.contains(actor.role) else {
            throw WorkflowRefusal(.role, act, decision: .roleDoesNotAct)
        }
        return step
    }

    /// Whether the role works in the category by the matrix: a kind's declaration narrows it and never widens it.
    private static func demandWorks(
        _ kind: RecordKind, _ actor: WorkflowActor, _ act: String, _ policy: AccessPolicy
    ) throws(WorkflowRefusal) {
        if policy.decide(role: actor.role, act: .file, category: kind.category, kind: kind.id).isAllowed { return }
        if case .refuse(let refusal) = policy.decide(role: actor.role, act: .approve, category: kind.category) {
            throw WorkflowRefusal(.role, act, decision: refusal)
        }
    }

    private static func demandOther(
        than excluded: Set<Step.Exclusion>, _ record: Standing, _ values: [String: JSONValue],
        _ actor: WorkflowActor, _ act: String
    ) throws(WorkflowRefusal) {
        if excluded.contains(.filer), !record.filers.isDisjoint(with: actor.names) {
            throw WorkflowRefusal(.filer, act)
        }
        for case .named(let field) in excluded.sorted(by: { "\($0)" < "\($1)" }) {
            // Named before or now: nobody strikes his name to sign.
            let names = record.named[field, default: []].union(Constraint.names(record.values[field]))
                .union(Constraint.names(values[field]))
            if !names.isDisjoint(with: actor.names) { throw WorkflowRefusal(.namedPerson, act, field: field) }
        }
    }

    private static func demandValid(
        _ kind: RecordKind, _ values: [String: JSONValue], _ state: String, _ act: String, _ context: Context
    ) throws(WorkflowRefusal) {
        let problems = kind.validate(values: values, state: state, today: context.today).filter {
            $0.severity == .error
        }
        guard problems.isEmpty else { throw WorkflowRefusal(.invalid, act, problems: problems) }
        // A wrong answer is not kept because it is wrong.
        let saysNone: [WorkflowGuard: (field: String, isSaid: Bool)] = [
            .leadsAnswered: ("specificLeadOpen", values["specificLeadOpen"]?.bool == false),
            .leadsClosed: ("loweredOn", values["loweredOn"] != nil),
        ]
        for (field, isSaid) in kind.guards.compactMap({ saysNone[$0] }) where isSaid && act != withdrawStep {
            guard let leads = context.leads else { throw WorkflowRefusal(.leadsNotSeen, act) }
            guard !leads.isOpen else { throw WorkflowRefusal(.leadOpen, act, field: field) }
        }
    }
}

extension RecordKind {
    /// The steps that a record as it stands allows.
    func steps(for record: Workflow.Standing) -> [Step] {
        steps(from: record.state).filter { record.isAsFound || !$0.isForAsFound }
    }
}

extension [String: JSONValue] {
    /// The fields with some of them set; null removes one.
    public func changed(by changes: [String: JSONValue]) -> [String: JSONValue] {
        var values = self
        for (field, value) in changes {
            // A nil literal would be the value null.
            if value == .null { values.removeValue(forKey: field) } else { values[field] = value }
        }
        return values
    }
}
