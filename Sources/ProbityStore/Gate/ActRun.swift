import ProbityRecords

/// One act under way: what it has asked of the rules so far, and what its line will say.
///
/// The gate gives it to the act's own part, which asks what only it knows of (the category, the persons), and looks
/// afterwards whether a right and a recusal that are declared were asked. An act that forgot does not happen. Of whom and of
/// which category it asked is the act's own business, and so is leaving his own file out of a list, which comes later.
final class ActRun {
    let act: Act
    let actor: Actor
    private let purpose: Purpose?
    private(set) var details = ActDetails()
    private var hasAskedRight = false
    private var hasAskedRecusal = false
    private var hasAskedPurpose = false
    /// A text that was kept out of the line, and why.
    private var refused: (field: Act.Field, flaw: Flaw)?

    init(_ act: Act, _ actor: Actor, _ purpose: Purpose?, _ details: [Act.Field: String]) {
        self.act = act
        self.actor = actor
        self.purpose = purpose
        if let reason = purpose?.reason { note(.reason, reason) }
        // The purpose's reason stands in the line once the purpose is asked.
        self.details[.reason] = nil
        for (field, value) in details { note(field, value) }
    }

    private enum Flaw {
        /// It seems to name a reporter.
        case reporter
        /// It is no line that shows as it is: whoever reads it would see something else.
        case notPlain
        case tooLong
    }

    /// The only way into the line. Auditors read it, and exports carry it on: no text gets there that would tell who
    /// reported (举报人身份), neither in the line of what was done nor in that of a refusal.
    private func note(_ field: Act.Field, _ value: String?) {
        if let value, let flaw = flaw(field, value) {
            refused = refused ?? (field, flaw)
            details[field] = nil
        } else {
            details[field] = field == .query ? value.map(CitizenID.masked(in:)) : value
        }
    }

    private func flaw(_ field: Act.Field, _ text: String) -> Flaw? {
        guard field.isFreeText else { return nil }
        if !LineText.isPlain(text) { return .notPlain }
        let isSuspected =
            field == .query ? ReporterIdentity.isSuspected(inLookUp: text) : ReporterIdentity.isSuspected(in: text)
        if isSuspected { return .reporter }
        return field == .reason && text.unicodeScalars.count > LineText.maximumLength ? .tooLong : nil
    }

    /// - Throws: ``ArchiveError`` `reporterIdentity`, `invalidEntry`, which do not carry the text.
    private func demandFitTexts() throws {
        guard let (field, flaw) = refused else { return }
        switch flaw {
        case .reporter:
            throw ArchiveError(
                .reporterIdentity, "a text for the ledger seems to name a reporter", subject: field.rawValue,
                rule: field == .reason ? "reporter.reason" : "reporter.text")
        case .notPlain:
            throw ArchiveError(
                .invalidEntry, "a text for the ledger has control characters", subject: field.rawValue,
                rule: "text.notPlain")
        case .tooLong:
            throw ArchiveError(
                .invalidEntry, "a reason is too long", subject: field.rawValue, rule: "reason.tooLong",
                params: ["maximum": String(LineText.maximumLength)])
        }
    }

    var role: Role { actor.role }

    /// Sets what the line says about a thing.
    subscript(field: Act.Field) -> String? {
        get { details[field] }
        set { note(field, newValue) }
    }

    // MARK: What the gate asks

    /// A right that does not depend on what the act is about.
    ///
    /// - Throws: ``ArchiveError`` `roleRefuses`; `reporterIdentity` for a text that would carry to the auditors who reported;
    ///   `invalidEntry` for one that is no line.
    func begin() throws {
        try demandFitTexts()
        guard case .role(let right) = act.right else { return }
        try demand(actor.policy.decide(role: role, act: right), right.rawValue)
    }

    /// The purpose, and whether everything else that is declared was asked.
    func finish() throws {
        try demandPurpose()
        try demandFitTexts()
        let isRightAsked =
            switch act.right {
            case .everybody, .signature, .part: true
            case .role, .category, .step: hasAskedRight
            }
        guard isRightAsked, hasAskedRecusal || act.recusal != .refused else {
            throw ArchiveError(.integrity, "the act \(act.code) did not ask what it declares; it does not happen")
        }
    }

    // MARK: What the act asks

    /// A decision of the workflow, which asks the right by itself.
    func decide<T>(_ kind: RecordKind, _ body: () throws(WorkflowRefusal) -> T) throws -> T {
        hasAskedRight = true
        do { return try body() } catch { throw ArchiveError(error, of: kind) }
    }

    /// The right of the act in a category.
    func demandRight(in category: Category, kind: String? = nil, _ what: String? = nil) throws {
        guard case .category(let right) = act.right else {
            throw ArchiveError(.integrity, "the act \(act.code) declares no right in a category")
        }
        var params = ["category": "category/\(category.rawValue)"]
        if let kind { params["kind"] = "kind/\(kind)" }
        try demand(
            actor.policy.decide(role: role, act: right, category: category, kind: kind), what ?? category.rawValue,
            params)
    }

    /// A right that the act decides by more than its category.
    func demand(_ decision: Decision, _ what: String, _ params: [String: String] = [:]) throws {
        hasAskedRight = true
        try actor.demand(decision, what, params)
    }

    /// Nobody reads or handles his own file: asked for each officer whom the act names.
    func concerns(_ officers: [Int64]) throws {
        hasAskedRecusal = true
        for officer in officers { try actor.demandNoRecusal(officer) }
    }

    /// The one officer whom the act is about; its line names him.
    func concerns(_ officer: Int64) throws {
        details[.officer] = OfficerID(officer).text
        try concerns([officer])
    }

    /// What is read, as far as the act knows before it reads: the categories to which keys lead, and the gaps.
    func reads(_ categories: [Category], _ coverage: Coverage) {
        details[.categories] = categories.map(\.rawValue).joined(separator: " ")
        reads(coverage)
    }

    /// As above, for an act whose categories are always the same.
    func reads(_ coverage: Coverage) {
        if !coverage.isComplete { details[.coverage] = coverage.code }
    }

    /// The purpose, where something has to come after it. Asked once.
    func demandPurpose() throws {
        guard act.purpose != .none, !hasAskedPurpose else { return }
        hasAskedPurpose = true
        if let purpose {
            details[.purpose] = actor.policy.isPurpose(purpose.code) ? purpose.code : ""
            if !purpose.reason.isEmpty { note(.reason, purpose.reason) }
        }
        try actor.demand(purpose, act.purpose)
    }
}
