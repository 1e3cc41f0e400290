import CanonicalJSON
import Foundation
import ProbityRecords
import Testing

/// The sample input, read with the product's own header maps and parsers; only the splitting of CSV is the test's.
struct SampleFiles {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Samples")

    struct Refused: Error, CustomStringConvertible { let description: String }

    private(set) var officers: [String: [String: JSONValue]] = [:]
    private(set) var facts: [String: [RecordFact]] = [:]
    private var sequence: UInt64 = 0

    /// The samples hold no quoted cells.
    private static func rows(_ file: URL) throws -> [[String]] {
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        if text.contains("\"") || text.contains("\r") {
            throw Refused(description: "\(file.lastPathComponent): not plain")
        }
        return text.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }

    init() throws {
        try read("officers.csv", "officer")
        // The discipline team replies after the other records are on file, as it does in the demonstration.
        let kinds = try FileManager.default.contentsOfDirectory(
            atPath: Self.folder.appendingPathComponent("records").path
        )
        .filter { $0.hasSuffix(".csv") }.map { String($0.dropLast(4)) }.sorted {
            ($0 == "opinion" ? 1 : 0, $0) < ($1 == "opinion" ? 1 : 0, $1)
        }
        for kind in kinds { try read("records/\(kind).csv", kind) }
    }

    private mutating func read(_ path: String, _ id: String) throws {
        guard let kind = try KindCatalogue.standard().kind(id) else { throw Refused(description: "no kind \(id)") }
        let rows = try Self.rows(Self.folder.appendingPathComponent(path))
        let map = try ImportMap.reading(kind: kind, header: rows[0]).get()
        sequence += 1
        for (number, cells) in rows.enumerated().dropFirst() {
            guard cells.count == rows[0].count, let row = map.row(cells) else {
                throw Refused(description: "\(path):\(number + 1) has \(cells.count) cells")
            }
            // As the demonstration leaves them: verified by a second person, or found so in the old files.
            let state = row.state ?? (kind.states.contains("verified") ? "verified" : kind.initialState)
            guard kind.states.contains(state) else {
                throw Refused(description: "\(path):\(number + 1) state \(state)")
            }
            let parsed = kind.parse(texts: row.texts, state: state, today: CivilDate("2026-12-01"))
            guard parsed.problems.isEmpty else {
                throw Refused(description: "\(path):\(number + 1) \(parsed.problems)")
            }
            if id == "officer" {
                officers[parsed.values["policeNo"]?.string ?? ""] = parsed.values
                continue
            }
            guard let officer = row.officer, officers[officer] != nil,
                let date = kind.occurredOnField.flatMap({ parsed.values[$0]?.string }).flatMap({ CivilDate($0) })
            else { throw Refused(description: "\(path):\(number + 1) names no officer or no date") }
            facts[officer, default: []].append(
                RecordFact(
                    recordID: "\(id)/\(number)", kind: id,
                    versions: [
                        RecordFact.Version(
                            state: state, occurredOn: date, filedOn: date, filedSequence: sequence,
                            values: parsed.values)
                    ]))
        }
    }

    func answer(_ policeNo: String, on: String = "2026-12-01", _ move: PromotionMove = .promotion) throws
        -> PromotionAnswer
    {
        // What a promoter may read: domain.md §8, design.md §5. Complaints are not among it.
        let readable: Set<ProbityRecords.Category> = [.events, .duty, .sanctions, .opinions]
        let catalogue = try KindCatalogue.standard()
        let mine = (facts[policeNo] ?? []).filter {
            catalogue.kind($0.kind).map { readable.contains($0.category) } ?? false
        }
        return PromotionCheck.evaluate(
            CandidateFacts(
                officerID: policeNo, personCategory: officers[policeNo]?["personCategory"]?.string ?? "", facts: mine),
            question: PromotionQuestion(on: try day(on), move: move), rules: try RuleSet.standard())
    }
}

@Suite("The sample input")
struct SamplesTests {
    let samples: SampleFiles

    init() throws { samples = try SampleFiles() }

    @Test("Every sample row is accepted by validation, and all rows of the field's list are there")
    func rows() throws {
        #expect(samples.officers.count == 12)
        let kinds = Set(samples.facts.values.joined().map(\.kind))
        #expect(
            kinds.isSuperset(of: [
                "talk", "majorEvent", "sanction", "complaint", "clearance", "antiGangCase", "drinkingRisk", "appraisal",
                "incident", "admonition", "verification", "accountability", "dutyTrace", "engagementReport",
                "helpMeasure",
                "fileReview", "opinion", "training", "auxEntry", "caseEnquiry",
            ]))
    }

    @Test("P02 is blocked until 2027-01-15 by the Party warning")
    func p02() throws {
        let answer = try samples.answer("990002")
        #expect(answer.verdict == .blocked && answer.until?.description == "2027-01-15")
        let blocking = answer.reasons.filter { $0.verdict == .blocked }
        #expect(blocking.map(\.ruleID) == ["impact.p1"] && blocking.map(\.edition) == ["2023"])
        #expect(blocking.map(\.recordIDs) == [["sanction/1"]])
        #expect(blocking[0].source?.zh == "《中国共产党纪律处分条例》（2023）第十条" && blocking[0].confidence == "C")
        #expect(try samples.answer("990002", on: "2027-01-14").verdict == .blocked)
        #expect(try samples.answer("990002", on: "2027-01-15").verdict == .hold)
        // The complaint that was found untrue is nowhere in the answer.
        #expect(!answer.json.canonicalText.contains("complaint"))
    }

    @Test("P03 is held by the fourth must, from the discipline team's opinion alone")
    func p03() throws {
        let answer = try samples.answer("990003")
        #expect(answer.verdict == .hold && answer.until == nil)
        let held = answer.reasons.filter { $0.verdict == .hold }
        #expect(Set(held.map(\.section)) == ["must3", "must4"])
        let fourth = try #require(held.first { $0.section == "must4" })
        #expect(fourth.message == "promotion.leadOpen" && fourth.recordIDs == ["opinion/1"])
        #expect(!answer.json.canonicalText.contains("complaint"))
    }

    @Test("P06 is not blocked by the administrative warning whose period ended on 2026-10-01")
    func p06() throws {
        let answer = try samples.answer("990006")
        #expect(answer.verdict != .blocked && answer.until == nil)
        let period = try #require(answer.reasons.first { $0.section == "impact" })
        #expect(period.verdict == .hold && period.params["until"] == "2026-10-01" && period.ruleID == "impact.a1")
        #expect(try samples.answer("990006", on: "2026-09-30").until?.description == "2026-10-01")
        #expect(try samples.answer("990006", on: "2026-09-30").verdict == .blocked)
    }

    @Test("P07 is blocked until 2027-02-10 by the admonition, which names the omission")
    func p07() throws {
        let answer = try samples.answer("990007")
        #expect(answer.verdict == .blocked && answer.until?.description == "2027-02-10")
        let blocking = answer.reasons.filter { $0.verdict == .blocked }
        #expect(blocking.map(\.ruleID) == ["impact.w1"])
        #expect(blocking.map(\.recordIDs) == [["admonition/1", "verification/1"]])
        #expect(blocking[0].params["basisResult"] == "verifyResult/r2")
    }

    @Test("P10 is clear, with a record, rule, edition and source for each part")
    func p10() throws {
        let answer = try samples.answer("990010")
        #expect(answer.verdict == .clear && answer.until == nil)
        #expect(
            answer.reasons.map(\.section) == ["must1", "must2", "must3", "must4", "appraisal", "training", "training"])
        for reason in answer.reasons {
            #expect(reason.verdict == .clear && !reason.recordIDs.isEmpty)
            #expect(!reason.ruleID.isEmpty && !reason.edition.isEmpty && reason.source?.zh.isEmpty == false)
        }
    }

    @Test("Accountability has no fixed period, and auxiliaries are not applicable")
    func others() throws {
        let impact = try samples.answer("990008").reasons.filter { $0.section == "impact" }
        #expect(impact.map(\.message) == ["promotion.accountability"] && impact.map(\.verdict) == [.listed])
        for officer in ["F0011", "F0012"] { #expect(try samples.answer(officer).verdict == .notApplicable) }
    }

    private func values(_ fact: RecordFact) -> [String: JSONValue] { fact.versions.last?.values ?? [:] }

    @Test("P05's marriage report is 12 days late; P01's wedding was reported in time")
    func lateness() throws {
        let rules = try RuleSet.standard()
        let marriage = try #require(samples.facts["990005"]?.first { $0.kind == "majorEvent" })
        let late = try #require(EventLateness(values: values(marriage), rules: rules))
        #expect(late.days == 42 && late.lateDays == 12 && late.rule.ruleID == "event.me01")
        let wedding = try #require(samples.facts["990001"]?.first { $0.kind == "majorEvent" })
        #expect(EventLateness(values: values(wedding), rules: rules)?.lateDays == 0)
    }

    @Test("P04 comes out at drinking level L3")
    func drinking() throws {
        let fact = try #require(samples.facts["990004"]?.first { $0.kind == "drinkingRisk" })
        let version = try #require(fact.versions.last)
        let level = try #require(
            DrinkingLevel(values: version.values, on: version.occurredOn, rules: try RuleSet.standard()))
        #expect(level.level == 3)
    }
}
