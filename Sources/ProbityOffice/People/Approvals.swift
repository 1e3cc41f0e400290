import CanonicalJSON
import ProbityRecords
import ProbityStore

/// A matter that waits, in words: everything that a signature would be over.
public struct ApprovalView: Sendable, Equatable {
    /// The matter in one line.
    public let title: String
    /// What it says, a line for each thing.
    public let lines: [String]
    /// The question to be answered with yes before it is signed.
    public let question: String
    /// Of the text that is signed; ``Desk/accept(_:as:acceptance:)`` signs no other.
    public let fingerprint: String
    public let json: JSONAnswer
}

extension Desk {
    /// What waits for a signature of the user, or was proposed by him and what came of it (待审批).
    public func approvals() throws -> Listing {
        let read = try session.proposals()
        let damaged = read.damaged.map { Answer.Note.warning(words.text("approve.damaged", ["id": String($0)])) }
        return ListForm.approvals.listing(
            read.entries, words, notes: damaged, notice: CoverageNotice(read.coverage, words))
    }

    /// One matter with everything that a signature does.
    public func approval(_ id: Int64) throws -> ApprovalView {
        let entry = try session.proposal(id)
        return ApprovalView(
            title: words.title(entry), lines: words.lines(entry),
            question: words.text("approve.question", ["matter": words.title(entry)]),
            fingerprint: entry.fingerprint,
            json: JSONAnswer("approval", words.members(entry)))
    }

    /// Signs a matter (同意); the last signature puts it in force.
    ///
    /// - Parameters:
    ///   - fingerprint: of the text that was shown; no other is signed.
    ///   - acceptance: the newcomer's own signature, for a certificate.
    public func accept(_ id: Int64, as fingerprint: String, acceptance: String? = nil) throws -> Answer {
        let result = try session.accept(id, acceptance: acceptance, fingerprint: fingerprint)
        let missing = result.missing
        let lowering = result.lowering.map { words.text("approve.lowering", ["id": String($0)]) }
        return Answer(
            [
                missing.map { words.text("cli.stillMissing", ["missing": words.missing($0)]) }
                    ?? words.text("cli.inForce"), lowering,
            ].compactMap(\.self),
            JSONAnswer(
                "accepted",
                [
                    "inForce": .bool(missing == nil),
                    "missing": missing.map { .string(words.missing($0)) } ?? .null,
                    "lowering": result.lowering.map { .integer($0) } ?? .null,
                ]))
    }

    /// Turns a matter down (不同意), or takes back what the user proposed himself.
    public func deny(_ id: Int64, reason: String) throws -> Answer {
        try session.deny(id, reason: reason)
        return Answer(
            [words.text("approve.denied", ["id": String(id)])], JSONAnswer("denied", ["id": .integer(id)]))
    }
}

extension ListForm where Entry == ProposalEntry {
    static var approvals: ListForm {
        ListForm(
            schema: "approval",
            columns: [
                Column("proposal") { entry, _ in String(entry.id) },
                Column("summary") { entry, words in words.title(entry) },
                Column("date") { entry, _ in entry.proposedOn.description },
                Column("state") { entry, words in words.fate(entry.fate) },
                Column("signers") { entry, _ in entry.signers.joined(separator: " ") },
                Column("missing") { entry, words in entry.fate == .waiting ? words.missing(entry.missing) : "–" },
            ],
            members: { entry, words in words.members(entry) })
    }
}

extension Vocabulary {
    /// Whose signature is missing.
    func missing(_ missing: MissingSignature) -> String {
        switch missing {
        case .credential(let lack): text("missing.\(lack.rawValue)")
        case .approvers(let roles, let count):
            text("missing.approvers", ["roles": self.roles(roles), "count": String(count)])
        }
    }

    /// What came of a matter.
    func fate(_ fate: ProposalFate) -> String {
        switch fate {
        case .waiting: text("fate.waiting")
        case .inForce: text("fate.inForce")
        case .overtaken: text("fate.overtaken")
        case .lapsed: text("fate.lapsed")
        case .denied(let user, let day, let reason):
            text("fate.denied", ["user": user, "date": day.description, "reason": reason])
        }
    }

    /// A matter in one line.
    func title(_ entry: ProposalEntry) -> String {
        switch entry.matter {
        case .certificate(let certificate):
            text(
                "approve.certificate",
                ["user": certificate.user, "role": role(certificate.role), "unit": certificate.unit])
        case .grant(let grant):
            text("approve.grant", ["user": grant.user, "category": category(grant.category), "unit": grant.unit])
        case .step(let step):
            text(
                "approve.step",
                [
                    "step": self.step(step.step), "kind": kind(step.record.content.kind),
                    "number": step.officer.policeNo, "name": step.officer.name, "record": step.record.id.text,
                ])
        }
    }

    /// What a signature does, a line for each thing.
    func lines(_ entry: ProposalEntry) -> [String] {
        var lines: [String]
        switch entry.matter {
        case .certificate(let certificate):
            lines = [
                text(
                    "approve.certificateDoes",
                    [
                        "user": certificate.user, "role": role(certificate.role), "unit": certificate.unit,
                        "officer": certificate.officer.map { OfficerID($0).text } ?? "–",
                        "from": certificate.validFrom.description,
                    ]),
                text("approve.keys", ["fingerprint": certificate.keyFingerprint]),
            ]
        case .grant(let grant):
            lines = [
                text(
                    "approve.grantDoes",
                    [
                        "user": grant.user, "category": category(grant.category), "unit": grant.unit,
                        "from": grant.notBefore.description,
                        "until": grant.notAfter?.description ?? text("approve.untilRevoked"),
                    ])
            ]
        case .step(let step):
            let content = step.record.content
            lines = [
                text(
                    "approve.stepDoes",
                    [
                        "step": self.step(step.step), "kind": kind(content.kind), "number": step.officer.policeNo,
                        "name": step.officer.name, "before": state(content.state), "after": state(step.state),
                        "user": step.proposedBy, "date": step.proposedOn.description,
                    ]),
                text("approve.reason", ["reason": step.reason]),
            ]
            let declared = catalogue.kind(content.kind)
            lines += step.changes.map { change in
                let field = declared?.field(change.field)
                func shown(_ value: JSONValue?) -> String { value.map { self.value($0, field) } ?? "–" }
                return text(
                    "approve.change",
                    [
                        "field": field.map { self.field($0) } ?? change.field, "before": shown(change.before),
                        "after": shown(change.after),
                    ])
            }
            lines += fields(content.values, of: content.kind).map { "  \($0.label): \($0.text)" }
        }
        lines.append(text("approve.signers", ["signers": entry.signers.joined(separator: " ")]))
        lines.append(text("approve.missing", ["missing": missing(entry.missing)]))
        lines.append(text("approve.fingerprint", ["fingerprint": entry.fingerprint]))
        // A text of several lines stands in: none of them is taken for one of this list.
        return lines.map { $0.replacing("\n", with: "\n      ") }
    }

    func members(_ entry: ProposalEntry) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "id": .integer(entry.id), "signers": .array(entry.signers.map { .string($0) }),
            "missing": entry.fate == .waiting ? .string(missing(entry.missing)) : .null,
            "fingerprint": .string(entry.fingerprint), "proposedOn": .string(entry.proposedOn.description),
            "fate": .string(fate(entry.fate)),
        ]
        switch entry.matter {
        case .certificate(let certificate):
            members["matter"] = "certificate"
            members["user"] = .string(certificate.user)
            members["role"] = .string(certificate.role.rawValue)
            members["unit"] = .string(certificate.unit)
            members["keys"] = .string(certificate.keyFingerprint)
        case .grant(let grant):
            members["matter"] = "grant"
            members["user"] = .string(grant.user)
            members["category"] = .string(grant.category.rawValue)
            members["unit"] = .string(grant.unit)
            members["until"] = grant.notAfter.map { .string($0.description) } ?? .null
        case .step(let step):
            let content = step.record.content
            func shown(_ value: JSONValue?, _ field: String) -> JSONValue {
                guard let value else { return .null }
                return catalogue.kind(content.kind)?.field(field)?.shown(value) ?? value
            }
            members["matter"] = "step"
            members["record"] = .string(step.record.id.text)
            members["kind"] = .string(content.kind)
            members["step"] = .string(step.step)
            members["from"] = .string(content.state)
            members["to"] = .string(step.state)
            members["officer"] = .string(step.officer.id.text)
            members["reason"] = .string(step.reason)
            members["proposedBy"] = .string(step.proposedBy)
            members["changes"] = .array(
                step.changes.map {
                    .object([
                        "field": .string($0.field), "before": shown($0.before, $0.field),
                        "after": shown($0.after, $0.field),
                    ])
                })
        }
        return members
    }
}
