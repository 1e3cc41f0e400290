import CanonicalJSON
import ProbityRecords
import Testing

/// SplitMix64: seeded, so that a failure repeats.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// Random candidates, of whom some are clear, some held and some blocked.
struct RandomCandidate {
    static let today = 20_788  // 2026-12-01, in days since 1970-01-01
    var random: SplitMix
    private var sequence: UInt64 = 0
    private var number = 0

    init(seed: UInt64) { random = SplitMix(state: seed) }

    /// A day within the last `days` days, today included.
    mutating func day(within days: Int) -> CivilDate {
        CivilDate(daysSinceEpoch: Self.today - random.below(days))
    }

    /// - Parameter lateFiling: days after its date within which it is filed.
    mutating func record(
        _ kind: String, _ dateField: String, _ date: CivilDate, _ values: [String: JSONValue],
        state: String = "verified",
        lateFiling: Int = 1
    ) -> RecordFact {
        sequence += 1
        number += 1
        var all = values
        all[dateField] = .string(date.description)
        let filedOn = date.adding(days: lateFiling <= 1 ? 0 : random.below(lateFiling))
        return RecordFact(
            recordID: "\(kind)-\(number)", kind: kind,
            versions: [
                RecordFact.Version(
                    state: state, occurredOn: date, filedOn: filedOn, filedSequence: sequence,
                    asFound: random.chance(3), values: all)
            ])
    }

    /// A measure of domain.md §8.3.
    mutating func measure(_ decidedOn: CivilDate) -> RecordFact {
        let measure = random.one(of: [
            "p1", "p2", "p2x", "p3", "p4", "p5", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "o1", "o2", "o3", "o4",
            "x1", "x2", "x3", "w1",
        ])
        var values: [String: JSONValue] = ["documentNo": .string("n\(random.below(4))")]
        if measure == "w1" { return record("admonition", "decidedOn", decidedOn, values, lateFiling: 60) }
        values["measure"] = .string(measure)
        if measure == "p4" || measure == "a7" { values["periodMonths"] = 24 }
        if ["x1", "x2", "o1"].contains(measure), random.chance(50) {
            values["endedOn"] = .string(decidedOn.adding(days: random.below(200)).description)
        }
        if random.chance(5) { values["citedEdition"] = "1997" }
        return record("sanction", "decidedOn", decidedOn, values, lateFiling: 60)
    }

    mutating func difference(_ checkedOn: CivilDate, decisions: [String]) -> RecordFact {
        let decision = random.one(of: decisions)
        var values: [String: JSONValue] = [
            "result": .string(random.one(of: ["r2", "r3", "r4"])), "decision": .string(decision),
            "documentNo": .string("n\(random.below(4))"),
        ]
        if decision != "undecided" {
            values["decidedOn"] = .string(checkedOn.adding(days: random.below(40)).description)
        }
        return record("verification", "checkedOn", checkedOn, values, lateFiling: 60)
    }

    /// Today's answers to the musts, most of them in order, and some history.
    mutating func facts() -> [RecordFact] {
        var facts: [RecordFact] = []
        if random.chance(95) {
            let result = random.chance(95) ? "consistent" : "doubt"
            facts.append(
                record("fileReview", "reviewedOn", day(within: 190), ["result": .string(result)], lateFiling: 20))
        }
        let isClean = random.chance(95)
        facts.append(
            record("verification", "checkedOn", day(within: 190), ["result": isClean ? "r0" : "pending"]))
        if random.chance(95) {
            let conclusion = random.chance(95) ? "noObjection" : "objection"
            facts.append(
                record(
                    "opinion", "repliedOn", day(within: 150),
                    ["conclusion": .string(conclusion), "specificLeadOpen": .bool(random.chance(5))], lateFiling: 20))
        }
        for course in ["promotionTraining", "discipline"] where random.chance(97) {
            facts.append(
                record("training", "completedOn", day(within: 300), ["course": .string(course), "passed": true]))
        }
        facts.append(
            record(
                "appraisal", "decidedOn", CivilDate(daysSinceEpoch: Self.today - 300),
                ["year": 2025, "grade": random.chance(97) ? "competent" : "basic"]))
        if random.chance(30) { facts.append(measure(day(within: 4000))) }
        if random.chance(15) { facts.append(measure(day(within: 700))) }
        if random.chance(10) {
            facts.append(difference(day(within: 500), decisions: ["accepted", "handled", "adverse"]))
        }
        if random.chance(20) {
            facts.append(
                record(
                    "useJudgement", "judgedOn", day(within: 200),
                    ["sanctionNo": .string("n\(random.below(4))"), "effect": "noEffect"]))
        }
        return facts
    }

    mutating func roster() -> [String: JSONValue] {
        var roster: [String: JSONValue] = ["rank": .string(random.one(of: ["8", "9", "10", "6"]))]
        if random.chance(90) { roster["rankSince"] = .string(day(within: 4000).description) }
        if random.chance(90) { roster["postLevel"] = .string(random.one(of: ["sectionChief", "sectionDeputy"])) }
        return roster
    }
}

/// One pass over the seeded candidates, each asked once as he is and once for each property.
private struct Survey {
    enum Property: CaseIterable { case later, adverse, asFound, missingGrant, complaint, lead, order }

    /// In parts that run beside each other.
    static let result = Task {
        try await withThrowingTaskGroup(of: Survey.self) { group in
            for part in 0..<16 as Range<UInt64> {
                group.addTask { try Survey(part * 625 + 1...(part + 1) * 625) }
            }
            return try await group.reduce(into: Survey()) { all, part in
                all.failures.merge(part.failures) { $0 + $1 }
                all.counts.merge(part.counts) { $0 + $1 }
            }
        }
    }

    private(set) var failures: [Property: [UInt64]] = [:]
    private(set) var counts: [PromotionVerdict: Int] = [:]

    private struct Case {
        var random: RandomCandidate
        let facts: [RecordFact]
        let roster: [String: JSONValue]
        let question: PromotionQuestion
        let rules: RuleSet

        init(seed: UInt64, _ rules: RuleSet) {
            random = RandomCandidate(seed: seed)
            facts = random.facts()
            roster = random.roster()
            // Promotion more often, because it is the commonest question.
            let move = random.random.one(of: PromotionMove.allCases + [.promotion, .promotion, .promotion])
            question = PromotionQuestion(on: CivilDate(daysSinceEpoch: RandomCandidate.today), move: move)
            self.rules = rules
        }

        func answer(_ facts: [RecordFact], unseen: Coverage = .complete) -> PromotionAnswer {
            PromotionCheck.evaluate(
                CandidateFacts(
                    officerID: "o", personCategory: "police", facts: facts, unseen: unseen, roster: roster),
                question: question, rules: rules)
        }
    }

    private init() {}

    private init(_ seeds: ClosedRange<UInt64>) throws {
        let rules = try RuleSet.standard()
        for seed in seeds {
            var one = Case(seed: seed, rules)
            let answer = one.answer(one.facts)
            counts[answer.verdict, default: 0] += 1
            for (property, holds) in [
                (Property.later, Survey.later), (.adverse, Survey.adverse), (.missingGrant, Survey.missingGrant),
                (.asFound, Survey.asFound), (.complaint, Survey.complaint), (.lead, Survey.lead),
                (.order, Survey.order),
            ] as [(Property, (inout Case, PromotionAnswer) -> Bool)] where !holds(&one, answer) {
                failures[property, default: []].append(seed)
            }
        }
    }

    /// Whether `after` is nowhere better than `before`.
    private static func isNoBetter(_ after: PromotionAnswer, than before: PromotionAnswer) -> Bool {
        guard after.verdict == before.verdict else { return after.verdict > before.verdict }
        guard after.verdict == .blocked, let until = after.until else { return true }
        return before.until.map { until >= $0 } ?? false
    }

    private static func filed(_ fact: RecordFact, on day: CivilDate) -> RecordFact {
        RecordFact(
            recordID: fact.recordID, kind: fact.kind,
            versions: fact.versions.map {
                RecordFact.Version(
                    state: $0.state, occurredOn: $0.occurredOn, filedOn: day, filedSequence: 8_000 + $0.filedSequence,
                    values: $0.values)
            })
    }

    private static func later(_ one: inout Case, _ answer: PromotionAnswer) -> Bool {
        let day = one.question.on
        let later = day.adding(days: 1 + one.random.random.below(300))
        // A change that is filed later, whatever it says but a revocation, which works backwards.
        var facts = one.facts.map { fact -> RecordFact in
            guard let last = fact.versions.last, one.random.random.chance(30) else { return fact }
            let values = last.values.merging(["measure": "a6", "result": "r0"]) { $1 }
            let change = RecordFact.Version(
                state: one.random.random.one(of: ["verified", "corrected", "withdrawn"]), occurredOn: last.occurredOn,
                filedOn: later, filedSequence: 9_000, values: values)
            return RecordFact(recordID: fact.recordID, kind: fact.kind, versions: fact.versions + [change])
        }
        // Decided later, and filed whenever; decided long ago, and filed later.
        let decided =
            one.random.random.chance(50)
            ? one.random.measure(later) : one.random.difference(later, decisions: ["undecided", "handled", "adverse"])
        facts.append(filed(decided, on: one.random.random.chance(50) ? later : day))
        facts.append(filed(one.random.measure(one.random.day(within: 900)), on: later))
        facts.append(filed(one.random.record("opinion", "repliedOn", later, ["conclusion": "objection"]), on: day))
        facts.append(filed(one.random.record("leadSignal", "raisedOn", later, [:], state: "raised"), on: later))
        let other = one.answer(facts)
        // Equal answers have equal bytes; the bytes themselves are compared for some, because they cost more.
        return other == answer
            && (one.random.random.chance(90) || other.json.canonicalBytes == answer.json.canonicalBytes)
    }

    private static func adverse(_ one: inout Case, _ answer: PromotionAnswer) -> Bool {
        // Every candidate has a verification: that a first omission which was handled answers must 2 is §8.4.
        let record =
            one.random.random.chance(50)
            ? one.random.measure(one.random.day(within: 3000))
            : one.random.difference(one.random.day(within: 700), decisions: ["undecided", "handled", "adverse"])
        return isNoBetter(one.answer(one.facts + [record]), than: answer)
    }

    /// Whatever is found in the old files improves nothing and comes to a hold at most.
    private static func asFound(_ one: inout Case, _ answer: PromotionAnswer) -> Bool {
        let record: RecordFact
        switch one.random.random.below(4) {
        case 0: record = one.random.measure(one.random.day(within: 3000))
        case 1:
            record = one.random.difference(
                one.random.day(within: 700), decisions: ["undecided", "handled", "adverse", "accepted"])
        case 2:
            let grade = one.random.random.one(of: ["competent", "basic"])
            record = one.random.record(
                "appraisal", "decidedOn", one.random.day(within: 300), ["year": 2025, "grade": .string(grade)])
        default:
            let result = one.random.random.one(of: ["r0", "pending"])
            record = one.random.record(
                "verification", "checkedOn", one.random.day(within: 190), ["result": .string(result)])
        }
        let found = RecordFact(
            recordID: record.recordID, kind: record.kind,
            versions: record.versions.map {
                RecordFact.Version(
                    state: $0.state, occurredOn: $0.occurredOn, filedOn: $0.filedOn, filedSequence: $0.filedSequence,
                    asFound: true, values: $0.values)
            })
        let other = one.answer(one.facts + [found])
        return isNoBetter(other, than: answer) && other.until == answer.until
            && other.verdict <= max(answer.verdict, .hold)
    }

    private static let kinds: [(category: ProbityRecords.Category, kinds: Set<String>)] = [
        (.sanctions, ["sanction", "admonition"]), (.events, ["verification"]), (.duty, ["appraisal", "training"]),
        (.opinions, ["opinion", "fileReview", "useJudgement", "leadSignal"]), (.roster, []),
    ]

    private static func missingGrant(_ one: inout Case, _ answer: PromotionAnswer) -> Bool {
        let (category, kinds) = one.random.random.one(of: kinds)
        let unseen = Coverage([Coverage.Gap(category, one.random.random.one(of: Coverage.Cause.allCases))])
        func holds(_ answer: PromotionAnswer) -> Bool {
            answer.reasons.contains { $0.section == "coverage" && $0.verdict == .hold } && answer.verdict != .clear
                && answer.until == nil
        }
        // With the records as they are: the gap alone improves nothing.
        guard one.random.random.chance(50) else {
            let same = one.answer(one.facts, unseen: unseen)
            return same.verdict == max(answer.verdict, .hold) && isNoBetter(same, than: answer) && holds(same)
        }
        // Without them: nobody can tell what he cannot read, so blocked may fall to hold, and no further.
        let hidden = one.answer(one.facts.filter { !kinds.contains($0.kind) }, unseen: unseen)
        return hidden.verdict >= min(answer.verdict, .hold) && holds(hidden)
    }

    private static func complaint(_ one: inout Case, _ answer: PromotionAnswer) -> Bool {
        let complaint = one.random.record(
            "complaint", "receivedOn", one.random.day(within: 90),
            ["specificLead": .bool(one.random.random.chance(30)), "outcome": "established"],
            state: one.random.random.one(of: ["registered", "assessed", "disposed", "outcome", "archived"]))
        return one.answer(one.facts + [complaint]) == answer
    }

    private static func lead(_ one: inout Case, _ answer: PromotionAnswer) -> Bool {
        let signal = one.random.record("leadSignal", "raisedOn", one.random.day(within: 90), [:], state: "raised")
        let held = one.answer(one.facts + [signal])
        return held.verdict == max(answer.verdict, .hold) && held.until == answer.until
    }

    private static func order(_ one: inout Case, _ answer: PromotionAnswer) -> Bool {
        one.answer(one.facts.shuffled(using: &one.random.random)) == answer
    }
}

@Suite("Properties of the promotion check, over 10,000 seeded candidates")
struct PromotionPropertyTests {
    private func expectNone(_ property: Survey.Property) async throws {
        let failed = (try await Survey.result.value.failures[property] ?? []).sorted()
        #expect(failed.isEmpty, "\(failed.count) seeds, first \(failed.prefix(5))")
    }

    @Test("The candidates are of all kinds")
    func spread() async throws {
        let counts = try await Survey.result.value.counts
        #expect(counts.values.reduce(0, +) == 10_000)
        for verdict in [PromotionVerdict.clear, .hold, .blocked] {
            #expect(counts[verdict, default: 0] > 500, "\(counts)")
        }
    }

    @Test("What is decided, received or filed after the day changes nothing, byte for byte")
    func later() async throws { try await expectNone(.later) }

    @Test("An adverse record, undecided or decided, never improves an answer")
    func adverse() async throws { try await expectNone(.adverse) }

    @Test("What is found in the old files never improves an answer, never blocks and moves no end")
    func asFound() async throws { try await expectNone(.asFound) }

    @Test("A missing grant never improves an answer, and never gives a clear one")
    func missingGrant() async throws { try await expectNone(.missingGrant) }

    @Test("A complaint changes nothing, specific or not")
    func complaint() async throws { try await expectNone(.complaint) }

    @Test("A raised lead gives at most a hold")
    func lead() async throws { try await expectNone(.lead) }

    @Test("The order of the facts does not show")
    func order() async throws { try await expectNone(.order) }
}
