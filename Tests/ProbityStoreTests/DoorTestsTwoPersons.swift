import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

extension DoorTests {
    /// Steps that need the signatures of others.
    @Suite("Two persons")
    struct TwoPersons {
        /// A step that waits.
        private struct Waiting {
            let step: DoorModel.Step
            let values: [String: JSONValue]
            let proposer: DoorModel.Person
            let id: Int64
            let count: Int
            /// Whom the answer named as able to sign.
            let named: [String]
        }

        /// Proposes a step as the first who may.
        private func propose(
            _ house: DoorHouse, _ step: DoorModel.Step, _ record: DoorHouse.Record, more: [String: JSONValue] = [:]
        ) throws -> Waiting? {
            var changes = house.model.changes(step, record.kind, record.standing)
            changes.merge(more.filter { step.sets?.contains($0.key) ?? true }) { $1 }
            for person in house.people {
                guard
                    case .waits(_, _, let count) = house.model.take(
                        step.act, record.kind, record.standing, changes, by: person)
                else { continue }
                let result = try house.change(step.act, record, changes, by: person.user)
                return Waiting(
                    step: step, values: DoorModel.values(after: step, record.standing, changes), proposer: person,
                    id: try #require(result.proposal), count: count, named: result.signers)
            }
            return nil
        }

        static let kinds = DoorTests.kinds.filter { id in
            let kind = try? DoorTests.model.get().kinds[id]
            return kind?.steps.contains { !$0.approvals.isEmpty } ?? false
        }

        static func refusal(_ body: () throws -> Void) throws -> DoorModel.Refusal? {
            let answer = try DoorHouse.answer {
                try body()
                return .now("")
            }
            if case .refused(let refusal) = answer { return refusal }
            return nil
        }

        @Test(
            "Under every step that waits only those sign who are declared, and only what was shown; the officer himself does not",
            arguments: TwoPersons.kinds)
        func signatures(kind id: String) throws {
            let (house, kind) = try DoorTests.house(id)
            var (sample, found) = (DoorSample("sign \(id)"), 0)
            try refuseSubject(house, kind)
            for (name, make) in try DoorTests.standings(house, kind) {
                let state = try make(nil).standing.state
                for step in kind.steps where !step.approvals.isEmpty && step.from.contains(state) {
                    guard sample.takes(oneOf: id == "complaint" ? 6 : 3) || found == 0 else { continue }
                    var record = try make(nil)
                    // Named as a handler: he may propose, and may not sign.
                    guard let waiting = try propose(house, step, record, more: ["handlers": "inspector3、clerk1"]) else {
                        continue
                    }
                    found += 1
                    try refuseOthers(house, waiting, record, "\(name) \(step.act)", &sample)
                    #expect(
                        waiting.named.filter { !$0.hasPrefix("self-") }
                            == signers(house, waiting, record).map(\.user).sorted(), "\(name) \(step.act)")
                    guard signers(house, waiting, record).count >= waiting.count else {
                        // Nobody signs it, as the declarations say: it waits until it is taken back.
                        try house.session(waiting.proposer.user).deny(waiting.id, reason: "收回")
                        try house.demandSame(record, name)
                        continue
                    }
                    try accept(house, waiting, &record, "\(name) \(step.act)")
                }
            }
            #expect(found > 0, "\(id)")
        }

        private func refuseOthers(
            _ house: DoorHouse, _ waiting: Waiting, _ record: DoorHouse.Record, _ name: String,
            _ sample: inout DoorSample
        ) throws {
            let named = waiting.step.roles.union(waiting.step.approvals.flatMap(\.roles))
            for person in house.people where named.contains(person.role) || sample.takes(oneOf: 4) {
                let expected = house.model.sign(
                    waiting.step, record.kind, record.standing, waiting.values, proposedBy: waiting.proposer.user,
                    by: person)
                let session = try house.session(person.user)
                let isListed = try session.proposals().entries.contains { $0.id == waiting.id && $0.fate == .waiting }
                // Who is named sees the matter and may turn it down.
                let isHis = expected == nil || expected == .secondPerson || person.user == waiting.proposer.user
                #expect(isListed == isHis, "\(name) \(person.user)")
                guard let expected else {
                    #expect(throws: ArchiveError(.changedSinceRead, ""), "\(name)") {
                        try session.accept(waiting.id, fingerprint: "0000 0000")
                    }
                    continue
                }
                let signed = try TwoPersons.refusal { _ = try session.accept(waiting.id) }
                #expect(signed == expected, "\(name) by \(person.user)")
            }
            try house.demandSame(record, name)
        }

        /// Those who may sign.
        private func signers(
            _ house: DoorHouse, _ waiting: Waiting, _ record: DoorHouse.Record
        ) -> [DoorModel.Person] {
            house.people.filter {
                house.model.sign(
                    waiting.step, record.kind, record.standing, waiting.values, proposedBy: waiting.proposer.user,
                    by: $0) == nil
            }
        }

        /// Gathers the signatures, and demands that no one of them is missing from the version.
        private func accept(
            _ house: DoorHouse, _ waiting: Waiting, _ record: inout DoorHouse.Record, _ name: String
        ) throws {
            let before = record.standing
            let signers = signers(house, waiting, record)
            for (index, signer) in signers.prefix(waiting.count).enumerated() {
                let session = try house.session(signer.user)
                let shown = try session.proposal(waiting.id)
                guard case .step(let matter) = shown.matter else {
                    Issue.record("\(name)")
                    return
                }
                #expect(matter.proposedBy == waiting.proposer.user && matter.step == waiting.step.act, "\(name)")
                for change in matter.changes {
                    #expect(change.before == before.values[change.field], "\(name)")
                    #expect(change.after == waiting.values[change.field], "\(name)")
                    let isHis = waiting.step.sets?.contains(change.field) ?? true
                    #expect(isHis || waiting.step.clears.contains(change.field), "\(name)")
                }
                let missing = try session.accept(waiting.id, fingerprint: shown.fingerprint).missing
                if index + 1 < waiting.count {
                    guard case .approvers(_, let count)? = missing else {
                        Issue.record("\(name)")
                        return
                    }
                    #expect(count == waiting.count - index - 1, "\(name)")
                    // The same person is not the second one.
                    #expect(try TwoPersons.refusal { _ = try session.accept(waiting.id) } == .state, "\(name)")
                    try house.demandSame(record, name)
                } else {
                    #expect(missing == nil, "\(name)")
                }
            }
            record.standing = .init(
                state: waiting.step.to ?? before.state, values: waiting.values,
                filers: house.model.filers(after: waiting.step, before, waiting.values, by: waiting.proposer.user),
                hands: before.hands.union([waiting.proposer.user]).union(signers.prefix(waiting.count).map(\.user)),
                isAsFound: before.isAsFound
                    && !house.model.confirms(waiting.step, before, waiting.values, by: waiting.proposer.user))
            try house.demandSame(record, name)
            #expect(try house.entry(record).content.approval != nil, "\(name)")
            let late = try house.session(try #require(signers.last).user)
            #expect(try TwoPersons.refusal { _ = try late.accept(waiting.id) } == .state, "\(name)")
        }

        @Test("Two signatures are two persons': of a talk inquiry about a specific lead, and of an anti-gang officer")
        func two() throws {
            let (house, kind) = try DoorTests.house("complaint")
            var sample = DoorSample("two")
            for more in [["specificLead": true], ["specificLead": false, "antiGang": true]] as [[String: JSONValue]] {
                var record = try house.file(kind)
                for act in ["register", "accept", "assess"] {
                    let step = try #require(kind.steps(act, from: record.standing).first)
                    let changes = house.model.changes(step, kind, record.standing).merging(act == "assess" ? more : [:])
                    { $1 }
                    try house.perform(.init(step: step, changes: changes), &record)
                }
                let step = try #require(kind.steps("dispose", from: "assessed").first)
                let found = try propose(
                    house, step, record,
                    more: ["disposal": "talkInquiry", "handlers": "inspector3 inspector2", "conflictChecked": true])
                let waiting = try #require(found)
                #expect(waiting.count == 2 && waiting.proposer.user == "inspector1")
                try refuseOthers(house, waiting, record, "\(more)", &sample)
                // Two of the four handle it and one proposed it: it waits.
                #expect(
                    try house.session("inspector4").accept(waiting.id).missing
                        == .approvers(roles: [.inspector], count: 1))
                #expect(try TwoPersons.refusal { _ = try house.session("inspector4").accept(waiting.id) } == .state)
                #expect(
                    try TwoPersons.refusal { _ = try house.session("inspector1").accept(waiting.id) } == .secondPerson)
                try house.demandSame(record, "still waits")
            }
        }

        @Test("A handler who is named by the step that he would sign, or was named before, does not sign it")
        func handlers() throws {
            let (house, kind) = try DoorTests.house("complaint")
            var record = try house.importPast(kind, state: "accepted", more: ["handlers": "inspector2"])
            let assess = try #require(kind.steps("assess", from: "accepted").first)
            try house.perform(.init(step: assess, changes: ["specificLead": false]), &record)
            let step = try #require(kind.steps("dispose", from: "assessed").first)
            for names in ["甲", "甲，inspector3", "Inspector3", "inspector3 inspector9", "、", "，/;", "inspector3\u{200B}"]
            {
                let error = #expect(throws: ArchiveError.self, "\(names)") {
                    try propose(house, step, record, more: ["disposal": "closed", "handlers": .string(names)])
                }
                #expect(error?.rule == "problem.notUser" && error?.code == .invalidEntry, "\(names)")
            }
            for names in ["inspector3", "clerk1，inspector3", "inspector3;inspector4", "inspector4/inspector3"] {
                let waiting = try #require(
                    try propose(house, step, record, more: ["disposal": "closed", "handlers": .string(names)]))
                for user in ["inspector2", "inspector3"] {
                    let refused = try TwoPersons.refusal { _ = try house.session(user).accept(waiting.id) }
                    #expect(refused == .secondPerson, "\(names) \(user)")
                }
                try house.session("inspector1").deny(waiting.id, reason: "改")
            }
        }

        @Test("Nobody is named to handle what is about himself")
        func ownHandler() throws {
            let (house, kind) = try DoorTests.house("complaint")
            let subject = try #require(house.subject).user
            for (number, rule) in [(DoorHouse.subjectNumber, "problem.notUser"), (house.number(), nil)] {
                var record = try house.importPast(kind, state: "accepted", about: number)
                let assess = try #require(kind.steps("assess", from: "accepted").first)
                try house.perform(.init(step: assess, changes: ["specificLead": true]), &record)
                let changes: [String: JSONValue] = [
                    "disposal": "preliminary", "handlers": .string("inspector3、\(subject)"),
                ]
                do {
                    _ = try house.change("dispose", record, changes, by: "inspector1")
                    #expect(rule == nil)
                } catch let error as ArchiveError { #expect(error.rule == rule && rule != nil) }
            }
        }

        @Test("Nor does he sign a correction that makes him the handler, or takes his name out")
        func correctedHandlers() throws {
            let (house, kind) = try DoorTests.house("complaint")
            let record = try house.importPast(kind, state: "disposed", more: ["handlers": "inspector3"])
            let result = try house.change(
                "correct", record, ["handlers": "inspector2"], by: "inspector1", reason: "更换承办人")
            #expect(result.signers.filter { !$0.hasPrefix("self-") } == ["inspector4"])
            let id = try #require(result.proposal)
            for user in ["inspector2", "inspector3"] {
                #expect(try TwoPersons.refusal { _ = try house.session(user).accept(id) } == .secondPerson, "\(user)")
            }
            #expect(try house.session("inspector4").accept(id).missing == nil)
            // Struck by one step, he does not sign the next either, nor that the matter begins anew, nor what comes then.
            func propose(_ act: String, _ changes: [String: JSONValue]) throws -> Int64 {
                try #require(try house.change(act, record, changes, by: "inspector1").proposal, "\(act)")
            }
            let outcome = try propose(
                "conclude", ["outcome": "established", "outcomeOn": "2026-11-20", "finding": "核实"])
            for user in ["inspector2", "inspector3"] {
                #expect(
                    try TwoPersons.refusal { _ = try house.session(user).accept(outcome) } == .secondPerson, "\(user)")
            }
            #expect(try house.session("inspector4").accept(outcome).missing == nil)
            let reopening = try propose("reopen", [:])
            for user in ["inspector2", "inspector3"] {
                #expect(
                    try TwoPersons.refusal { _ = try house.session(user).accept(reopening) } == .secondPerson, "\(user)"
                )
            }
            #expect(try house.session("inspector4").accept(reopening).missing == nil)
            _ = try house.change("accept", record, ["acceptedOn": "2026-11-20"], by: "inspector1")
            _ = try house.change("assess", record, ["specificLead": true], by: "inspector1")
            let disposal = try propose("dispose", ["disposal": "preliminary", "handlers": "inspector2 clerk1"])
            #expect(try TwoPersons.refusal { _ = try house.session("inspector3").accept(disposal) } == .secondPerson)
            #expect(try house.session("inspector4").accept(disposal).missing == nil)
        }

        @Test("A handler's signature in a row of his own counts for nothing, and keeps nobody from signing")
        func plantedSignature() throws {
            let (house, kind) = try DoorTests.house("complaint")
            var record = try house.importPast(kind, state: "accepted")
            let assess = try #require(kind.steps("assess", from: "accepted").first)
            try house.perform(.init(step: assess, changes: ["specificLead": true]), &record)
            let result = try house.change(
                "dispose", record, ["disposal": "talkInquiry", "handlers": "inspector3", "conflictChecked": true],
                by: "inspector1")
            let (id, handler) = (try #require(result.proposal), try house.session("inspector3"))
            try house.fixture.forge(handler.identity, "record.approve") { writer in
                let proposal = try #require(try ProposalReader(handler.vault, writer.db).numbered(id))
                guard case .step(let opened) = proposal.subject else { return #expect(Bool(false)) }
                let place = opened.place
                let key = try #require(
                    try handler.graph.dossierKey(place.dossier, writer.db))
                try writer.insertProposal(
                    .step, first: id, place: place,
                    note: handler.vault.seal(
                        proposal.note.adding(handler.ownSigner), opened.proposal.outcome.values, first: id, under: key))
            }
            #expect(try house.session("inspector2").accept(id).missing == .approvers(roles: [.inspector], count: 1))
            #expect(try house.session("inspector4").accept(id).missing == nil)
            #expect(try house.session("inspector2").show(record.id).entry.content.state == "disposed")
        }

        @Test("What was denied, or whose record changed since, is closed; who denies must be one of those who may sign")
        func closed() throws {
            let (house, kind) = try DoorTests.house("sanction")
            let number = house.number()
            let record = try house.importPast(kind, state: "verified", about: number)
            let beside = try house.importPast(kind, state: "verified", about: number)
            let third = try house.importPast(kind, state: "verified", about: number)
            let step = try #require(kind.steps("withdraw", from: "verified").first)
            let first = try #require(try propose(house, step, record))
            #expect(
                try TwoPersons.refusal { try house.session("promoter1").deny(first.id, reason: "不") } == .notVisible)
            #expect(try TwoPersons.refusal { try house.session("clerk1").deny(first.id, reason: "不") } == .notVisible)
            let other = try #require(house.people.first { $0.role == "inspector" })
            #expect(try TwoPersons.refusal { try house.session(other.user).deny(first.id, reason: " ") } == .invalid)
            // While it waits nothing else happens to the record: neither the same step nor one that needs no other person.
            let changes: [String: JSONValue] = ["facts": "更正后的事实"]
            for (user, act) in [
                ("inspector2", "withdraw"), ("inspector2", "correct"), (first.proposer.user, "withdraw"),
            ] {
                let error = #expect(throws: ArchiveError.self) {
                    try house.change(act, record, act == "correct" ? changes : [:], by: user, reason: "更正")
                }
                #expect(error?.rule == "approve.waiting" && error?.subject == String(first.id), "\(user) \(act)")
            }
            try house.demandSame(record, "waits")
            // Another record of the same file does not wait.
            _ = try house.change("correct", beside, changes, by: "inspector2", reason: "更正")
            try house.session(other.user).deny(first.id, reason: "不同意")
            for user in ["inspector1", "inspector2"] {
                #expect(try TwoPersons.refusal { _ = try house.session(user).accept(first.id) } == .state)
                #expect(
                    try !house.session(user).proposals().entries.contains { $0.id == first.id && $0.fate == .waiting })
            }
            try house.demandSame(record, "denied")
            _ = try house.change("correct", record, changes, by: "inspector2", reason: "更正")
            #expect(try house.entry(record).content.state == "corrected")
            // Whoever proposed it takes it back, and the record is free.
            let second = try #require(try propose(house, step, third))
            try house.session(second.proposer.user).deny(second.id, reason: "收回")
            _ = try house.change("correct", third, changes, by: "inspector2", reason: "更正")
            #expect(try house.fixture.archive.check().findings == [])
        }

        /// The officer himself neither sees, signs nor denies a step in his file.
        private func refuseSubject(_ house: DoorHouse, _ kind: DoorModel.Kind) throws {
            let subject = try #require(house.subject)
            let session = try house.session(subject.user)
            let filer = try house.filer(kind).user
            let waits = try (0..<kind.variantCount).compactMap { variant -> (DoorHouse.Record, Waiting)? in
                let first = DoorModel.Standing(
                    state: kind.initial, values: kind.filing(variant: variant), filers: [filer])
                let ways = house.ways(kind, from: first)
                for step in kind.steps where !step.approvals.isEmpty {
                    for state in step.from.sorted() {
                        guard let way = ways[state] else { continue }
                        var record = try house.file(kind, variant: variant, about: DoorHouse.subjectNumber)
                        for stage in way { try house.perform(stage, &record) }
                        if let waiting = try propose(house, step, record) { return (record, waiting) }
                    }
                }
                return nil
            }
            let (record, waiting) = try #require(waits.first)
            let step = waiting.step
            #expect(try !session.proposals().entries.contains { $0.id == waiting.id && $0.fate == .waiting })
            for act in [
                { _ = try session.proposal(waiting.id) }, { _ = try session.accept(waiting.id) },
                { try session.deny(waiting.id, reason: "不") },
            ] {
                #expect(try TwoPersons.refusal(act) == .notVisible)
            }
            #expect(
                try TwoPersons.refusal { _ = try house.change(step.act, record, [:], by: subject.user) } == .recusal)
            try house.demandSame(record, kind.id)
        }

        @Test("One person does not call a reminder an ordinary talk and then withdraw it alone")
        func relabelled() throws {
            let (house, kind) = try DoorTests.house("talk")
            let record = try house.file(kind, variant: 1)
            let inspector = try house.session("inspector1")
            let waiting = try #require(try inspector.withdraw(record.id, reason: "误填").proposal)
            #expect(throws: ArchiveError(.stateForbids, "")) {
                try inspector.amend(record.id, changes: ["talkKind": "heartTalk"], reason: "更正")
            }
            try inspector.deny(waiting, reason: "收回")
            // What another filed is not called otherwise by one person either.
            let renaming = try inspector.amend(record.id, changes: ["talkKind": "heartTalk"], reason: "更正")
            #expect(try house.session("inspector2").accept(#require(renaming.proposal)).missing == nil)
            let result = try inspector.withdraw(record.id, reason: "误填")
            #expect(result.proposal != nil)
        }

        @Test("Without a key for the file nobody sees or signs it; what somebody proposed who has left is not signed")
        func keysAndLeaves() throws {
            let (house, kind) = try DoorTests.house("complaint")
            let (security, holder) = (try house.session("secadmin1"), try house.session("inspector1"))
            let identity = try Identity.generate(user: "inspector9")
            try house.fixture.certify(
                identity, .inspector, signers: [security, holder, house.session("sysadmin1")])
            let keyless = try Session(house.fixture.archive, identity: identity)
            let record = try house.importPast(
                kind, state: "outcome", more: ["outcome": "established", "outcomeOn": "2026-06-01", "finding": "属实"])
            let step = try #require(kind.steps("reopen", from: "outcome").first)
            let changes = house.model.changes(step, kind, record.standing)
            let id = try #require(
                try house.change("reopen", record, changes, by: "inspector2").proposal)
            for act in [
                { _ = try keyless.proposal(id) }, { _ = try keyless.accept(id) }, { try keyless.deny(id, reason: "不") },
            ] {
                #expect(try TwoPersons.refusal(act) == .notVisible)
            }
            #expect(try !keyless.proposals().entries.contains { $0.id == id && $0.fate == .waiting })
            try security.leave("inspector2", reason: "调离")
            let error = #expect(throws: ArchiveError.self) { try house.session("inspector3").accept(id) }
            #expect(error?.rule == "approve.closed")
            #expect(throws: ArchiveError.self) { try house.session("inspector2").accept(id) }
            try house.demandSame(record, "left")
            // Whoever serves takes it anew.
            let again = try #require(
                try house.change("reopen", record, changes, by: "inspector3", reason: "另提").proposal)
            #expect(try house.session("inspector1").accept(again).missing == nil)
            #expect(try house.entry(record).content.state == "reopened")
            #expect(try house.fixture.archive.check().findings == [])
        }
    }
}
