import CanonicalJSON
import ProbityRecords
import Testing

@Suite("Values from texts")
struct CatalogueParsingTests {
    let catalogue: KindCatalogue

    init() throws { catalogue = try KindCatalogue.standard() }

    @Test("A row of the sample roster becomes an officer")
    func officerRow() throws {
        let officer = try #require(catalogue.kind("officer"))
        let parsed = officer.parse(texts: [
            "policeNo": " 990004 ", "name": "丁四", "idNo": "９９０１０１１９８８１１３００２７５", "sex": "男", "politics": "党员",
            "unit": "U03",
            "personCategory": "民警", "post": "所长", "rank": "二级警督", "joinedOn": "2011年7月1日", "unitHead": "是",
            "education": "",
        ])
        #expect(parsed.problems == [])
        #expect(
            parsed.values == [
                "policeNo": "990004", "name": "丁四", "idNo": "990101198811300275", "sex": "1", "politics": "01",
                "unit": "U03",
                "personCategory": "police", "post": "所长", "rank": "7", "joinedOn": "2011-07-01", "unitHead": true,
            ])
        #expect(parsed.isValid)
    }

    @Test("A small x of an ID number becomes a large one")
    func lowerCaseX() throws {
        let officer = try #require(catalogue.kind("officer"))
        #expect(officer.parse(texts: ["idNo": "99010119980517115x"]).values["idNo"] == "99010119980517115X")
    }

    @Test(
        "Dates are read as people write them",
        arguments: [
            "2026-03-05", "2026/3/5", "2026.3.5", "2026年3月5日", "20260305", "２０２６－０３－０５", "2026-03-05 00:00:00",
            " 2026/03/05 ",
        ])
    func dates(text: String) throws {
        let talk = try #require(catalogue.kind("talk"))
        #expect(talk.parse(texts: ["talkOn": text]).values["talkOn"] == "2026-03-05")
    }

    @Test(
        "What is no date is refused, once",
        arguments: [
            "2026-02-30", "26-3-5", "2026-3", "3/5/2026", "2026-03-05 08:30", "2026-13-01", "二〇二六年", "46086", "2026--5",
            "2026-03-05-01", "2026年3-5", "+026-03-05",
        ])
    func notDates(text: String) throws {
        let talk = try #require(catalogue.kind("talk"))
        let parsed = talk.parse(texts: ["talkOn": text])
        #expect(parsed.values["talkOn"] == nil)
        #expect(parsed.problems.filter { $0.field == "talkOn" }.map(\.code) == [.badDate])
        #expect(!parsed.isValid)
    }

    @Test("Several codes are read in any of the usual separators, each once")
    func severalCodes() throws {
        let report = try #require(catalogue.kind("engagementReport"))
        for text in ["家人亲属、朋友", "family,friend", "friends；family ；friend", "family、, friend"] {
            let guests = try #require(report.parse(texts: ["guests": text]).values["guests"]?.array)
            let codes = guests.compactMap(\.string)
            #expect(Set(codes) == ["family", "friend"] && codes.count == 2, "\(text)")
        }
        #expect(
            report.parse(texts: ["guests": "朋友、领导"]).problems.contains { $0.field == "guests" && $0.code == .notInList }
        )
    }

    @Test("Truth is read in both languages and nothing else")
    func truth() throws {
        let report = try #require(catalogue.kind("engagementReport"))
        for text in ["是", "TRUE", "yes", "Y", "1", "√"] {
            #expect(report.parse(texts: ["alcohol": text]).values["alcohol"] == true)
        }
        for text in ["否", "false", "No", "0", "无"] {
            #expect(report.parse(texts: ["alcohol": text]).values["alcohol"] == false)
        }
        for text in ["不详", "2", "t"] {
            #expect(
                report.parse(texts: ["alcohol": text]).problems.contains {
                    $0.field == "alcohol" && $0.code == .badBool
                })
        }
    }

    @Test("An unknown field is reported and not kept")
    func unknownField() throws {
        let talk = try #require(catalogue.kind("talk"))
        let parsed = talk.parse(texts: ["mood": "好"])
        #expect(parsed.values.isEmpty)
        #expect(parsed.problems.contains(FieldProblem("mood", .unknownField)))
        // An empty cell under an unknown name says nothing and is no problem.
        #expect(!talk.parse(texts: ["mood": "  "]).problems.contains { $0.field == "mood" })
    }

    @Test("Every kind reads back the labels of values it accepts", arguments: [UInt64](1...20))
    func roundTrip(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        for kind in catalogue.kinds {
            for language in Language.allCases {
                var texts: [String: String] = [:]
                var values: [String: JSONValue] = [:]
                for field in kind.fields where field.format == nil && field.pattern == nil {
                    let (value, text) = Self.sample(field, language, &random)
                    values[field.name] = value
                    texts[field.name] = text
                }
                let parsed = kind.parse(texts: texts)
                for field in kind.fields where values[field.name] != nil {
                    #expect(parsed.values[field.name] == values[field.name], "seed \(seed), \(kind.id).\(field.name)")
                }
                // Values alone are well formed; rules over several fields may still object.
                let objections = parsed.problems.filter { $0.rule == nil && $0.code != .missing }
                #expect(objections == [], "seed \(seed), \(kind.id)")
            }
        }
    }

    private static func sample(_ field: Field, _ language: Language, _ random: inout SplitMix) -> (JSONValue, String) {
        switch field.type {
        case .text, .longText: return ("文本 text", " 文本 text\u{3000}")
        case .date:
            let date = CivilDate(daysSinceEpoch: Int.random(in: 10_000...25_000, using: &random))
            return (.string(date.description), "\(date.year)/\(date.month)/\(date.day)")
        case .integer:
            let number = Int.random(in: (field.minimum ?? 0)...(field.maximum ?? 99), using: &random)
            return (.integer(Int64(number)), String(number))
        case .decimal:
            let number = Int.random(in: 0...99_999, using: &random)
            return (.string("\(number).50"), "0\(number).50")
        case .bool:
            let flag = Bool.random(using: &random)
            return (.bool(flag), flag ? "是" : "no")
        case .code:
            guard let code = field.codeList?.codes.randomElement(using: &random) else { return (.null, "") }
            return (.string(code.code), Bool.random(using: &random) ? code.labels[language] : code.code)
        case .codes:
            let codes = (field.codeList?.codes ?? []).shuffled(using: &random).prefix(2)
            return (.array(codes.map { .string($0.code) }), codes.map { $0.labels[.zh] }.joined(separator: "、"))
        case .officerRef, .recordRef: return ("7f3a-01", "7f3a-01")
        }
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
