import CanonicalJSON
import ProbityRecords
import ProbitySchema
import Testing

@testable import ProbityOffice

extension Office {
    @Suite("Masking")
    struct MaskingTests {
        private static let idNo = "990101197803120018"
        private static let masked = "990101********0018"

        private func premises() throws -> Premises { try Premises.shared.get() }

        @Test("An ID number is masked on every way out: lines and JSON of officers, records, versions and searches")
        func everywhere() throws {
            let desk = try premises().desk("clerk1")
            let officer = try desk.showOfficer("990001")
            let record = try #require(officer.json.parsed["record"]?.string)
            #expect(officer.fields.first { $0.name == "idNo" }?.text == MaskingTests.masked)
            #expect(try officer.json.parsed["values"]?["idNo"]?.string == MaskingTests.masked)

            let view = try desk.show(record)
            #expect(view.fields.first { $0.name == "idNo" }?.text == MaskingTests.masked)
            #expect(try view.json.parsed["values"]?["idNo"]?.string == MaskingTests.masked)
            #expect(
                try view.json.parsed["history"]?.array?.map { $0["values"]?["idNo"] } == [.string(MaskingTests.masked)])

            var search = RecordSearch()
            search.kind = "officer"
            let found = try #require(try desk.search(search).whole)
            let first = try found.parsed["records"]?.array?.first { $0["policeNo"] == "990001" }
            #expect(first?["values"]?["idNo"]?.string == MaskingTests.masked)
            let list = try #require(try desk.records(of: "990001").whole)
            #expect(try list.parsed["officer"]?["values"]?["idNo"]?.string == MaskingTests.masked)
            var roster: [Listing.Row] = []
            _ = try desk.roster { roster.append($0) }
            #expect(
                try roster.first { $0.cells[0] == "990001" }?.json.parsed["values"]?["idNo"]?.string
                    == MaskingTests.masked)

            let texts =
                [officer.json.text, view.json.text, found.text, list.text] + roster.map(\.json.text)
                + officer.fields.map(\.text) + view.fields.map(\.text)
            #expect(!texts.contains { $0.contains(MaskingTests.idNo) })
        }

        @Test("A number that is found by its digits is still shown masked")
        func lookedUp() throws {
            let view = try premises().desk("clerk1").showOfficer(MaskingTests.idNo)
            #expect(view.heading[0...1] == ["990001", "甲一"])
            #expect(!view.json.text.contains(MaskingTests.idNo))
        }

        /// What decides is the declaration: the same number in two fields, one declared sensitive.
        private func kind(_ sensitivity: String) throws -> (KindCatalogue, RecordKind) {
            let text = """
                {"id": "pass", "category": "care", "section": "s01", "labels": {"zh": "证", "en": "pass"}, "source": "test",
                 "fields": [
                  {"name": "number", "type": "text", \(sensitivity)"labels": {"zh": "证号", "en": "number"},
                   "format": "citizenID"},
                  {"name": "story", "type": "longText", "sensitivity": "sensitive", "labels": {"zh": "经过", "en": "story"}},
                  {"name": "policeNo", "type": "text", "sensitivity": "sensitive", "labels": {"zh": "警号", "en": "no"},
                   "format": "policeNo"}],
                 "states": ["verified"], "initial": "verified", "steps": []}
                """
            let identity = try #require(Schema.rules.first { $0.name == "rules-identity.json" })
            let catalogue = try KindCatalogue(
                kinds: [("kind-pass.json", Array(text.utf8))], codeLists: Schema.codeLists, identity: identity)
            return (catalogue, try #require(catalogue.kind("pass")))
        }

        @Test(
            "The declared sensitivity decides, not the format",
            arguments: [
                (#""sensitivity": "sensitive", "#, masked), (#""sensitivity": "workSecret", "#, idNo), ("", idNo),
            ])
        func declared(sensitivity: String, shown: String) throws {
            let (catalogue, kind) = try kind(sensitivity)
            let values: [String: JSONValue] = [
                "number": .string(MaskingTests.idNo), "story": "长文", "policeNo": "990001", "other": 1,
            ]
            // Neither narratives nor numbers without a masked form are touched.
            #expect(
                catalogue.shown(values, of: "pass") == [
                    "number": .string(shown), "story": "长文", "policeNo": "990001", "other": 1,
                ])
            #expect(kind.field("number")?.shown(.string(MaskingTests.idNo)) == .string(shown))
            let words = try Vocabulary(Wording(language: "zh"))
            #expect(words.value(.string(MaskingTests.idNo), kind.field("number")) == shown)
        }

        @Test("A sensitive narrative is shown to whoever may read it")
        func narrative() throws {
            let desk = try premises().desk("clerk1")
            let event = try #require(try desk.records(of: "990001", kind: "majorEvent").rows.last?.cells.last)
            let view = try desk.show(event)
            #expect(view.fields.first { $0.name == "description" }?.text == "结婚")
            #expect(try view.json.parsed["values"]?["description"] == "结婚")
        }
    }
}
