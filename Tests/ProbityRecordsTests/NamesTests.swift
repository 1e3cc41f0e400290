import Testing

@testable import ProbityRecords

@Suite("Names to choose from")
struct NamesTests {
    private func kinds() throws -> Names { try KindCatalogue.standard().kindNames }

    @Test(
        "A name is known by code, label and other spellings, whatever its case, width and spaces",
        arguments: ["talk", "Talk", "谈话记录", " 谈话 记录　", "ｔａｌｋ"])
    func known(text: String) throws {
        #expect(try kinds().code(for: text) == "talk")
        #expect(try KindCatalogue.standard().kind(named: text)?.id == "talk")
    }

    @Test(
        "A slip is near the name that was meant",
        arguments: [
            ("tlak", "talk"), ("sanctoin", "sanction"), ("谈话纪录", "talk"), ("complaints", "complaint"),
            ("诫免", "admonition"),
            ("majorevents", "majorEvent"), ("谈话", "talk"),
        ])
    func near(text: String, code: String) throws {
        #expect(try kinds().code(for: text) == nil)
        #expect(try kinds().nearest(to: text)?.code == code)
    }

    @Test("Nothing is near what has nothing in common with a name", arguments: ["", "x", "zzzzzzzz", "天气", "1234"])
    func far(text: String) throws {
        #expect(try kinds().nearest(to: text) == nil)
    }

    @Test("Every name of every list means its own code, and no name is nearer to another")
    func consistent() throws {
        let catalogue = try KindCatalogue.standard()
        for list in catalogue.codeLists {
            for name in list.names.all {
                for text in [name.code, name.labels.zh, name.labels.en] {
                    #expect(list.names.code(for: text) == list.code(for: text), "\(list.id) \(text)")
                    #expect(list.names.code(for: text) == name.code, "\(list.id) \(text)")
                }
            }
        }
        for kind in catalogue.kinds {
            #expect(kind.stateNames.all.map(\.code).sorted() == kind.states.sorted())
            #expect(kind.fieldNames.all.map(\.code) == kind.fields.map(\.name))
        }
    }
}
