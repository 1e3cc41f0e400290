import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityRecords

// The one queue (待审批): certificates, grants and steps that wait for other users. A signature is over exactly the text that
// was shown, and the last one puts the matter in force in the same act. Whoever asks never approves; a step waits sealed under
// the record's dossier key, so whoever cannot open the file can neither see nor sign it, and where nobody can it waits.

/// What became of a matter that was signed.
public struct AcceptResult: Sendable, Hashable {
    /// What is still missing; nil when it is in force.
    public let missing: MissingSignature?
    /// The proposal that the program made beside it, for others to sign: the last specific lead about the officer was closed,
    /// and its signal is to go.
    public var lowering: Int64?
}

extension Session {
    /// Puts a step into the queue.
    func propose(
        _ outcome: Workflow.Outcome, of entry: RecordEntry, reason: String, _ writer: RowWriter
    ) throws -> Int64 {
        guard let key = try graph.dossierKey(entry.id.dossier, writer.db) else {
            throw ArchiveError(.notVisible, "no key for the dossier")
        }
        let id = try writer.nextProposal()
        let proposal = StepProposal(
            number: id, record: entry.id, base: entry.version, officer: entry.content.officer, kind: entry.content.kind,
            outcome: outcome, reason: reason, proposedBy: user, proposedOn: archive.now.date)
        let note: SignedNote
        do {
            note = try SignedNote(text: proposal.text(archiveID: archive.header.archiveID), signers: [ownSigner])
        } catch let error as LedgerError {
            throw ArchiveError(.invalidEntry, "the reason cannot be signed: \(error.reason)", subject: "reason")
        }
        let sealed = try vault.seal(note, outcome.values, first: id, under: key)
        try writer.insertProposal(
            .step, place: ProposalRow.Place(dossier: key.dossier, epoch: key.epoch), note: sealed)
        return id
    }

    /// While a matter of a record waits, nobody changes the record: what others have signed or are reading would be overtaken.
    ///
    /// - Throws: ``ArchiveError`` `stateForbids`, naming the matter.
    func demandNothingWaits(of entry: RecordEntry, _ db: Connection) throws {
        guard let (id, step) = try waitingProposal(of: entry, db) else { return }
        throw ArchiveError(
            .stateForbids, "proposal \(id) of the record waits for its signatures", subject: String(id),
            rule: "approve.waiting", params: ["step": "transition/\(step.outcome.step)"])
    }

    /// The matter of a record that waits.
    func waitingProposal(of entry: RecordEntry, _ db: Connection) throws -> (id: Int64, step: StepProposal)? {
        for proposal in try ProposalReader(vault, db).all(of: entry.id.dossier).proposals {
            guard proposal.isOpen, case .step(let opened) = proposal.subject, opened.proposal.record == entry.id
            else { continue }
            return (proposal.id, opened.proposal)
        }
        return nil
    }

    /// What waits, as far as the user may sign it, and what he has proposed himself, with what came of it.
    public func proposals() throws -> Reading<ProposalQueue> {
        try look(.approveList) { run, db -> Reading<ProposalQueue> in
            let reading = try queue(db)
            run.reads(reading.coverage)
            return reading
        } reveal: { _, reading in
            reading
        }
    }

    /// One matter with everything that a signature would be over. Who may sign it needs no purpose: the approval is one.
    ///
    /// - Throws: ``ArchiveError`` `notVisible`, also for one that does not concern the user, or concerns him himself.
    public func proposal(_ id: Int64) throws -> ProposalEntry {
        try look(.approveShow, [.proposal: String(id)]) { run, db in
            let proposal = try concerning(id, run, db)
            guard proposal.isOpen else { throw Session.isClosed }
            return proposal
        } reveal: { db, proposal in
            try entry(proposal, db)
        }
    }

    /// Signs a matter (同意). With its last signature it takes effect, in the same act.
    ///
    /// - Parameters:
    ///   - acceptance: for a certificate, the signature of the user concerned, from ``UserAcceptance``; he has no certificate
    ///     yet with which to begin a session.
    ///   - fingerprint: of the text that was shown; another text is not signed. Nil signs whatever the matter says.
    /// - Throws: ``ArchiveError`` `notVisible`, also where he may not sign it, `needsSecondPerson` where whoever asks would
    ///   approve, `stateForbids` for what is in force already, was denied or was overtaken, `changedSinceRead`.
    @discardableResult
    public func accept(_ id: Int64, acceptance: String? = nil, fingerprint: String? = nil) throws -> AcceptResult {
        // To whom it does not concern, not even the act in the ledger's line says that it is a step.
        let isHisStep = try archive.snapshot { db in
            roster.beginTransaction()
            try askGrants(db)
            guard let proposal = try ProposalReader(vault, db).numbered(id), case .step = proposal.subject else {
                return false
            }
            return try hidden(proposal, db) == nil
        }
        guard !isHisStep else { return try acceptStep(id, fingerprint) }
        let missing = try write(.approveAccept, [.proposal: String(id)]) { run, writer -> MissingSignature? in
            let proposal = try concerning(id, run, writer.db)
            run[.user] = proposal.user
            guard proposal.isOpen else { throw Session.isClosed }
            guard proposal.user != user else {
                throw ArchiveError(
                    .needsSecondPerson, "nobody signs for himself", subject: user, rule: "approve.self")
            }
            try demandSame(proposal, fingerprint)
            var note = proposal.note
            if !note.isSigned(by: ownSigner.verifier) { note = try note.adding(ownSigner) }
            switch proposal.subject {
            case .certificate(let certificate):
                return try sign(certificate, note, proposal: id, acceptance, writer).map { .credential($0) }
            case .grant(let grant):
                try sign(grant, note, proposal: id, writer)
                return nil
            case .step: throw ArchiveError(.changedSinceRead, "proposal \(id) became the user's a moment ago")
            }
        }
        wrapPageKey()
        return AcceptResult(missing: missing)
    }

    private func acceptStep(_ id: Int64, _ fingerprint: String?) throws -> AcceptResult {
        try write(.recordApprove, [.proposal: String(id)]) { run, writer -> AcceptResult in
            let proposal = try concerning(id, run, writer.db)
            guard case .step(let opened) = proposal.subject else {
                throw ArchiveError(.integrity, "proposal \(id) is of two kinds")
            }
            let (step, entry, kind) = try open(opened, writer.db)
            run[.step] = step.outcome.step
            guard proposal.isOpen else { throw Session.isClosed }
            try demandSame(proposal, fingerprint)
            let unit = try roster.entry(entry.content.officer.number, writer.db).unit
            let outcome = try decideAgain(opened, entry, kind, unit: unit, run, writer.db)
            guard let approval = outcome.approval else {
                throw ArchiveError(.changedSinceRead, "the step needs no other signature now; take it again")
            }
            let actor = try vault.actor(certificate, writer.db)
            try run.decide(kind) { () throws(WorkflowRefusal) in
                try Workflow.mayApprove(
                    approval, of: kind, step: step.outcome.step, entry.standing, values: outcome.values,
                    proposedBy: step.proposedBy, by: actor, archive.policy)
            }
            guard !proposal.note.isSigned(by: ownSigner.verifier) else {
                throw ArchiveError(.stateForbids, "the user has signed it already", rule: "approve.signed")
            }
            let note = try proposal.note.adding(ownSigner)
            let approvers = try approvers(note, proposal.subject, writer.db)
            guard approvers.count >= approval.count else {
                try writer.insertProposal(
                    .step, first: id, place: opened.place,
                    note: vault.seal(
                        note, step.outcome.values, first: id, under: dossierKey(at: opened.place, writer.db)))
                return AcceptResult(
                    missing: .approvers(roles: approval.roles, count: approval.count - approvers.count))
            }
            return AcceptResult(
                missing: nil,
                lowering: try insert(
                    outcome, after: entry, kind, unit: unit, reason: step.reason, approval: note, in: writer))
        }
    }

    /// Turns a matter down (不同意), or takes it back where the user proposed it himself.
    ///
    /// - Throws: ``ArchiveError`` `notVisible` as ``proposal(_:)``, `stateForbids`; `invalidEntry` without a reason.
    public func deny(_ id: Int64, reason: String) throws {
        try write(.approveDeny, [.proposal: String(id), .reason: reason]) { run, writer in
            guard !LineText.isBlank(reason) else {
                throw ArchiveError(
                    .invalidEntry, "turning down needs a reason", subject: "reason", rule: "reason.missing")
            }
            let proposal = try concerning(id, run, writer.db)
            guard proposal.isOpen else { throw Session.isClosed }
            let denial = Denial(of: id, proposal.note.text, by: user, reason: reason)
            let note: SignedNote
            do {
                note = try SignedNote(text: denial.text(archiveID: archive.header.archiveID), signers: [ownSigner])
            } catch let error as LedgerError {
                throw ArchiveError(.invalidEntry, "the reason cannot be signed: \(error.reason)", subject: "reason")
            }
            guard case .step(let opened) = proposal.subject else {
                return _ = try writer.insertProposal(.denial, first: id, note: note.bytes)
            }
            try writer.insertProposal(
                .denial, first: id, place: opened.place,
                note: vault.seal(note, [:], first: id, under: dossierKey(at: opened.place, writer.db)))
        }
    }

    // MARK: Parts

    private static let isClosed = ArchiveError(
        .stateForbids, "it is in force already, was turned down, or was overtaken", rule: "approve.closed")

    private func dossierKey(at place: ProposalRow.Place, _ db: Connection) throws -> DossierKey {
        guard let key = try graph.dossierKey(place.dossier, db) else {
            throw ArchiveError(.notVisible, "no key for the dossier")
        }
        return key
    }

    private func demandSame(_ proposal: Proposal, _ fingerprint: String?) throws {
        guard let fingerprint,
            fingerprint.filter({ !$0.isWhitespace }) != proposal.fingerprint.filter({ !$0.isWhitespace })
        else { return }
        throw ArchiveError(
            .changedSinceRead, "the proposal says something else than what was shown", subject: String(proposal.id),
            rule: "approve.fingerprint")
    }

    /// Why a matter is not there for the user. For him there is one answer, and one form of line, whichever it is; only
    /// auditors read which, so all are of one length.
    private enum Hidden: String {
        /// There is none, or none that his keys open.
        case unknown = "unknown"
        /// He neither may sign it nor proposed it.
        case foreign = "foreign"
        /// It is about himself (回避).
        case recusal = "recusal"
    }

    private func hidden(_ proposal: Proposal, _ db: Connection) throws -> Hidden? {
        if case .step(let opened) = proposal.subject, actor.isHimself(opened.proposal.officer.number) {
            return .recusal
        }
        if proposal.proposedBy == user || proposal.note.isSigned(by: ownSigner.verifier) { return nil }
        guard try !ProposalReader(vault, db).concerns(proposal.subject, certificate) else { return nil }
        if case .step = proposal.subject { return .foreign }
        return proposal.user == user ? .recusal : .foreign
    }

    /// The matter of this number, where it concerns the user; the line names whose file it shows then.
    private func concerning(_ id: Int64, _ run: ActRun, _ db: Connection) throws -> Proposal {
        try run.concerns([Int64]())
        let proposal = try ProposalReader(vault, db).numbered(id)
        if let hidden = try proposal.map({ try hidden($0, db) }) ?? .unknown {
            run[.refusal] = hidden.rawValue
            throw ArchiveError(
                .notVisible, "there is no proposal \(id), or none for this user", subject: String(id),
                rule: "proposal.unknown")
        }
        guard let proposal else { throw ArchiveError(.integrity, "proposal \(id) is there and is not") }
        if case .step(let opened) = proposal.subject {
            let step = opened.proposal
            if run.act.fields.contains(.record) { run[.record] = step.record.text }
            if run.act.fields.contains(.kind) { run[.kind] = step.kind }
            if run.act.fields.contains(.officer) { try run.concerns(step.officer.number) }
        }
        return proposal
    }

    /// How long what came of a proposal is told to whoever made it.
    private static let toldDays = 30

    private func queue(_ db: Connection) throws -> Reading<ProposalQueue> {
        let organisation = try Organisation(db)
        let categories = Set(
            catalogue.kinds.filter { kind in
                actor.reads(kind.category) && kind.steps.contains { $0.approvals.contains { $0.roles.contains(role) } }
            }.map(\.category))
        let reaches = try ProbityRecords.Category.allCases.filter(categories.contains).map {
            try vault.reach($0, organisation, db)
        }
        // As in a search: a step whose officer's roster entry is out of reach has no name to stand under.
        let people = try vault.reach(.roster, organisation, db)
        let isNameless = reaches.contains { !Set($0.units).isSubset(of: people.units) }
        var gaps = reaches.compactMap(\.gap) + (isNameless ? [people.gap].compactMap(\.self) : [])
        gaps += actor.withheld(reaches.map(\.category))
        let reader = ProposalReader(vault, db)
        var found = try reader.all()
        var sieve = DossierSieve(graph, reaches)
        for dossier in found.closed.sorted() {
            guard let category = try DossierTable.category(of: dossier, db), categories.contains(category) else {
                continue
            }
            _ = try sieve.opens(dossier, category, db)
        }
        gaps += sieve.gaps
        let since = graph.grants.day.adding(days: -Session.toldDays)
        var entries: [ProposalEntry] = []
        for proposal in found.proposals {
            let isTold = proposal.proposedBy == user && (proposal.closedOn ?? proposal.proposedOn) >= since
            guard proposal.isOpen || isTold else { continue }
            do {
                guard try hidden(proposal, db) == nil else { continue }
                if case .step(let opened) = proposal.subject, try !roster.opens(opened.proposal.officer.number, db) {
                    if people.gap == nil { gaps.append(Coverage.Gap(.roster, .noKey)) }
                    continue
                }
                entries.append(try entry(proposal, db))
            } catch let error as ArchiveError where error.code == .integrity {
                found.damaged.append(proposal.id)
            }
        }
        return Reading(ProposalQueue(entries: entries, damaged: found.damaged.sorted()), Coverage(gaps))
    }

    /// The step with its record and kind, as the record stands now.
    private func open(_ opened: OpenedProposal, _ db: Connection) throws -> (
        StepProposal, RecordEntry, RecordKind
    ) {
        let step = opened.proposal
        let entry = try vault.entry(step.record, db)
        guard entry.content.officer == step.officer, entry.content.kind == step.kind else {
            throw ArchiveError(.integrity, "a proposed step names another officer or kind than its record")
        }
        return (step, entry, try declaredKind(step.kind))
    }

    /// The step decided anew for whoever proposed it, as the record stands now.
    private func decideAgain(
        _ opened: OpenedProposal, _ entry: RecordEntry, _ kind: RecordKind, unit: String, _ run: ActRun,
        _ db: Connection
    ) throws -> Workflow.Outcome {
        let (step, proposer) = (opened.proposal, opened.proposer)
        var changes = step.outcome.values
        for name in entry.content.values.keys where changes[name] == nil { changes[name] = .null }
        changes = changes.filter { entry.content.values[$0.key] != $0.value }
        let context = try context(
            kind, officer: entry.content.officer.number, unit: unit, step: step.outcome.step, changes: changes, db)
        let actor = try vault.actor(proposer, db)
        let outcome = try run.decide(kind) { () throws(WorkflowRefusal) in
            try Workflow.take(
                step.outcome.step, of: kind, entry.standing, changes: changes, by: actor, context)
        }
        guard outcome.values == step.outcome.values, outcome.state == step.outcome.state else {
            throw ArchiveError(.changedSinceRead, "the step would come to something else now; take it again")
        }
        return outcome
    }

    /// The users whose signatures stand under a step and count for it.
    private func approvers(
        _ note: SignedNote, _ subject: Proposal.Subject, _ db: Connection
    ) throws -> Set<String> {
        let reader = ProposalReader(vault, db)
        return Set(try reader.credentials.signers(of: note).filter { try reader.maySign(subject, $0) }.map(\.user))
    }

    private func entry(_ proposal: Proposal, _ db: Connection) throws -> ProposalEntry {
        let names = archive.header.names
        func make(_ matter: ProposalEntry.Matter, _ missing: MissingSignature) -> ProposalEntry {
            ProposalEntry(
                id: proposal.id, matter: matter,
                signers: proposal.note.signatures.compactMap { names.userID($0.name) }, missing: missing,
                fingerprint: proposal.fingerprint, proposedOn: proposal.proposedOn, fate: proposal.fate)
        }
        switch proposal.subject {
        case .certificate(let certificate):
            let lack = try Credentials(archive, db).missing(certificate, proposal.note, isCeremony: false)
            return make(.certificate(certificate), .credential(lack ?? .security))
        case .grant(let grant):
            return make(.grant(GrantEntry(grant)), .credential(.security))
        case .step(let opened):
            let (step, kind) = (opened.proposal, try declaredKind(opened.proposal.kind))
            let reader = ProposalReader(vault, db)
            let entry = try reader.base(of: step)
            let approval = try reader.approval(of: opened, entry)
            let signed = try approvers(proposal.note, proposal.subject, db).count
            let fields = kind.fields.map(\.name).filter { entry.content.values[$0] != step.outcome.values[$0] }
            let matter = StepMatter(
                record: entry, officer: try roster.entry(entry.content.officer.number, db), step: step.outcome.step,
                state: step.outcome.state,
                changes: fields.map {
                    .init(field: $0, before: entry.content.values[$0], after: step.outcome.values[$0])
                },
                reason: step.reason, proposedBy: step.proposedBy, proposedOn: step.proposedOn)
            return make(
                .step(matter),
                .approvers(roles: approval?.roles ?? [], count: max(0, (approval?.count ?? 0) - signed)))
        }
    }
}
