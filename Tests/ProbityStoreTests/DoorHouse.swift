import CanonicalJSON
import Foundation
import ProbityCrypto
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

/// How much of the whole product is tried: a part drawn by a seed, or with PROBITY_EXHAUSTIVE all of it.
struct DoorSample {
    static let isWhole = ProcessInfo.processInfo.environment["PROBITY_EXHAUSTIVE"] != nil
    static let seed = ProcessInfo.processInfo.environment["PROBITY_SEED"].flatMap { UInt64($0) } ?? 13

    private var generator: SeededGenerator

    init(_ name: String) {
        generator = SeededGenerator(seed: name.utf8.reduce(DoorSample.seed) { $0 &* 31 &+ UInt64($1) })
    }

    /// One of `count` cases on average.
    mutating func takes(oneOf count: UInt64) -> Bool { DoorSample.isWhole || generator.next() % count == 0 }

    mutating func coin() -> Bool { generator.next() % 2 == 0 }
}

/// An archive in which every role has two users with every key that the role may have, an officer's own user among them, and
/// enough officers that no file grows long.
final class DoorHouse {
    /// A record as the model expects it.
    struct Record {
        let id: RecordID
        let kind: DoorModel.Kind
        var standing: DoorModel.Standing
    }

    /// The officer whose own user is ``subject``.
    static let subjectNumber = "990100"

    let fixture: Fixture
    private let officerCount: Int
    let model: DoorModel
    /// Every user, the two of a role one after the other.
    let people: [DoorModel.Person]
    private(set) var subject: DoorModel.Person?
    private var sessions: [String: Session] = [:]
    private var identities: [String: Identity] = [:]
    private var numbers: [String] = []
    private var next = 0

    static func user(_ role: String, _ index: Int = 1) -> String { "\(role)\(index)" }

    /// - Parameter subject: the role of the user who is an officer himself; nil makes none.
    init(subject role: String? = nil, officerCount: Int = 9) throws {
        self.officerCount = officerCount
        model = try DoorModel.standard.get()
        var members: [Ceremony.Member] = []
        for role in Role.allCases {
            let count = role.isAdministrator ? 1 : role == .inspector ? 4 : 2
            let grants = model.keys(role.rawValue).compactMap { ProbityRecords.Category(rawValue: $0) }
            members += (1...count).map {
                .init(user: DoorHouse.user(role.rawValue, $0), role: role, unit: "U00", grants: grants)
            }
        }
        fixture = try Fixture(withRecords: false, members: members)
        people = members.map { DoorModel.Person(user: $0.user, role: $0.role.rawValue) }
        let added = try session("clerk1").addOfficers(
            (0..<officerCount).map {
                Fixture.officer("\(990_100 + $0)", unit: "U01", name: "人\($0)", idNo: Fixture.idNumber($0))
            })
        numbers = (0..<officerCount).map { "\(990_100 + $0)" }
        if let role, let own = added.first { subject = try certify("self-\(role)", role, own) }
    }

    /// A user who is an officer of the roster himself, with every key that his role may have.
    private func certify(_ user: String, _ name: String, _ own: OfficerID) throws -> DoorModel.Person {
        let role = try #require(Role(rawValue: name))
        let identity = try Identity.generate(user: user)
        let (security, holder) = try (session("secadmin1"), session(DoorHouse.user(name)))
        let request = try UserRequest.make(identity, bureauID: "test")
        let (proposal, text) = try security.proposeUser(request: request, role: role, unit: "U00", officer: own)
        let acceptance = try UserAcceptance.make(ArchiveFolder(fixture.path), proposal: text, identity: identity).text
        for signer in try [holder, session("sysadmin1")] {
            guard try signer.accept(proposal, acceptance: acceptance).missing != nil else { break }
        }
        for category in model.keys(name).compactMap({ ProbityRecords.Category(rawValue: $0) }) {
            let grant = try holder.proposeGrant(user: user, category: category, unit: "U00")
            #expect(try security.accept(grant).missing == nil)
        }
        identities[user] = identity
        return DoorModel.Person(user: user, role: name, isSubject: true)
    }

    func session(_ user: String) throws -> Session {
        if let known = sessions[user] { return known }
        let session = try identities[user].map { try Session(fixture.archive, identity: $0) } ?? fixture.session(user)
        session.purpose = fixture.archive.policy.purposes(session.role).first.map { Purpose(code: $0, reason: "") }
        sessions[user] = session
        return session
    }

    func person(_ user: String) throws -> DoorModel.Person { try #require(people.first { $0.user == user }) }

    /// The number of an officer of whom little is filed yet.
    func number() -> String {
        next = next % (numbers.count - 1) + 1
        return numbers[next]
    }

    /// Who files records of the kind.
    func filer(_ kind: DoorModel.Kind) throws -> DoorModel.Person {
        try #require(people.first { model.mayFile($0.role, kind) && model.opens($0.role, kind.category) }, "\(kind.id)")
    }

    // MARK: What stands in the archive

    /// The record as the archive has it, without an act.
    func entry(_ record: Record) throws -> RecordEntry {
        let session = try session(filer(record.kind).user)
        return try fixture.archive.snapshot { try session.vault.entry(record.id, $0) }
    }

    /// Demands that the archive has the record as the model expects it, field by field.
    func demandSame(_ record: Record, _ what: String) throws {
        let entry = try entry(record)
        #expect(entry.content.state == record.standing.state, "\(what)")
        #expect(entry.content.values == record.standing.values, "\(what)")
        #expect(entry.filers == record.standing.filers, "\(what)")
        #expect(entry.isAsFound == record.standing.isAsFound, "\(what)")
    }

    // MARK: Making records

    func file(_ kind: DoorModel.Kind, variant: Int = 0, about number: String? = nil, by user: String? = nil) throws
        -> Record
    {
        let user = try user ?? filer(kind).user
        let (session, values) = (try session(user), kind.filing(variant: variant))
        let id: RecordID
        if kind.id == "officer" { return try addOfficer(kind, user) }
        id = try session.file(RecordDraft(kind: kind.id, officer: number ?? self.number(), values: values))
        return Record(id: id, kind: kind, standing: .init(state: kind.initial, values: values, filers: [user]))
    }

    private var added = 0

    private func addOfficer(_ kind: DoorModel.Kind, _ user: String) throws -> Record {
        added += 1
        let values = Fixture.officer(
            "\(991_000 + added)", unit: "U02", name: "新人\(added)",
            idNo: Fixture.idNumber(officerCount + added))
        let officer = try #require(try session(user).addOfficers([values]).first)
        let entry = try fixture.archive.snapshot { try session(user).roster.entry(officer.number, $0) }
        return Record(
            id: entry.record, kind: kind, standing: .init(state: kind.initial, values: values, filers: [user]))
    }

    /// Brings in one record as found in old files.
    func importPast(
        _ kind: DoorModel.Kind, variant: Int = 0, state: String, about number: String? = nil,
        more: [String: JSONValue] = [:]
    ) throws -> Record {
        let (user, officer) = (try filer(kind).user, number ?? self.number())
        var standing = DoorModel.Standing(
            state: state, values: kind.filing(variant: variant).merging(more) { $1 }, filers: [user],
            isAsFound: state != kind.initial)
        // What the rules of the state ask for besides.
        let filling = DoorModel.Step(
            act: "", from: [], to: state, roles: [], when: nil, sets: nil, requires: [], not: [], approvals: [])
        standing.values.merge(model.changes(filling, kind, standing)) { $1 }
        let session = try session(user)
        let report = try session.importRecords(kind: kind.id, past: true, dryRun: false) {
            try $0(2, .values(officer: officer, state: state, standing.values))
        }
        #expect(report.isPublished, "\(kind.id) \(state): \(report.rejected)")
        let id = try fixture.archive.snapshot { db -> Int64? in
            let officer = try session.roster.locate(officer, db)
            let unit = try session.roster.entry(officer, db).unit
            guard let category = ProbityRecords.Category(rawValue: kind.category) else { return nil }
            return try session.vault.dossier(category, officer: officer, unit: unit, db).dossier.flatMap {
                try VersionTable.last(in: $0, db)
            }
        }
        return Record(id: RecordID(try #require(id)), kind: kind, standing: standing)
    }

    /// One step on the way to a state.
    struct Stage {
        let step: DoorModel.Step
        let changes: [String: JSONValue]
    }

    /// The shortest way from a record to each state that it can come to by people with keys; by breadth first.
    func ways(_ kind: DoorModel.Kind, from first: DoorModel.Standing) -> [String: [Stage]] {
        var ways: [String: [Stage]] = [first.state: []]
        var waiting = [(first, [Stage]())]
        while let (record, way) = waiting.first {
            waiting.removeFirst()
            for step in kind.steps where step.from.contains(record.state) && !step.isForAsFound {
                let state = step.to ?? record.state
                let changes = model.changes(step, kind, record)
                guard ways[state] == nil, let taker = taker(step, kind, record, changes) else { continue }
                ways[state] = way + [Stage(step: step, changes: changes)]
                waiting.append(
                    (
                        after(step, record, changes, by: taker.person.user, taker.signers.map(\.user)),
                        way + [Stage(step: step, changes: changes)]
                    ))
            }
        }
        return ways
    }

    /// Somebody for whom the step goes through, with those who can sign it.
    private func taker(
        _ step: DoorModel.Step, _ kind: DoorModel.Kind, _ record: DoorModel.Standing, _ changes: [String: JSONValue]
    ) -> (person: DoorModel.Person, signers: [DoorModel.Person])? {
        let values = DoorModel.values(after: step, record, changes)
        for person in people {
            switch model.take(step.act, kind, record, changes, by: person) {
            case .refused: continue
            case .now: return (person, [])
            case .waits(_, _, let count):
                let signers = people.filter {
                    model.sign(step, kind, record, values, proposedBy: person.user, by: $0) == nil
                }
                if signers.count >= count { return (person, Array(signers.prefix(count))) }
            }
        }
        return nil
    }

    /// Takes a step with all the signatures that it needs.
    func perform(_ stage: Stage, _ record: inout Record) throws {
        let found = taker(stage.step, record.kind, record.standing, stage.changes)
        let (person, signers) = try #require(found, "\(record.kind.id) \(stage.step.act)")
        let result = try change(stage.step.act, record, stage.changes, by: person.user)
        for (index, signer) in signers.enumerated() {
            let missing = try session(signer.user).accept(#require(result.proposal)).missing
            #expect((missing == nil) == (index == signers.count - 1))
        }
        follow(stage.step, &record, stage.changes, by: person.user, signers.map(\.user))
    }

    /// What the model expects of the record after a step.
    func follow(
        _ step: DoorModel.Step, _ record: inout Record, _ changes: [String: JSONValue], by user: String,
        _ signers: [String] = []
    ) {
        record.standing = after(step, record.standing, changes, by: user, signers)
    }

    private func after(
        _ step: DoorModel.Step, _ record: DoorModel.Standing, _ changes: [String: JSONValue], by user: String,
        _ signers: [String]
    ) -> DoorModel.Standing {
        let values = DoorModel.values(after: step, record, changes)
        return .init(
            state: step.to ?? record.state, values: values,
            filers: model.filers(after: step, record, values, by: user),
            hands: record.hands.union([user]).union(signers),
            isAsFound: record.isAsFound && !model.confirms(step, record, values, by: user))
    }

    /// Any change of a record by its act's own entrance.
    func change(
        _ act: String, _ record: Record, _ changes: [String: JSONValue], by user: String, reason: String = "事由",
        isByStep: Bool = false
    ) throws -> StepResult {
        let session = try session(user)
        switch act {
        case "correct" where !isByStep: return try session.amend(record.id, changes: changes, reason: reason)
        case "withdraw" where !isByStep && changes.isEmpty: return try session.withdraw(record.id, reason: reason)
        default: return try session.advance(record.id, step: act, changes: changes, reason: reason)
        }
    }

    // MARK: Answers

    /// What the gate answers, in the model's words; an error of another class is rethrown.
    static func answer(_ body: () throws -> DoorModel.Answer) throws -> DoorModel.Answer {
        do { return try body() } catch let error as ArchiveError {
            switch error.code {
            case .notVisible: return .refused(.notVisible)
            case .recusal: return .refused(.recusal)
            case .roleRefuses: return .refused(.role)
            case .needsSecondPerson: return .refused(.secondPerson)
            case .stateForbids: return .refused(.state)
            case .invalidEntry: return .refused(.invalid)
            default: throw error
            }
        }
    }
}
