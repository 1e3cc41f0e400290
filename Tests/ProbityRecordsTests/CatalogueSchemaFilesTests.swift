import CanonicalJSON
import Foundation
import ProbityRecords
import ProbitySchema
import Testing

@Suite("Embedded schema files")
struct CatalogueSchemaFilesTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Schema")

    @Test(
        "Schema.swift lists exactly the files of each folder, with their bytes",
        arguments: [
            ("Migrations", "sql", Schema.migrations), ("Kinds", "json", Schema.kinds),
            ("CodeLists", "json", Schema.codeLists),
            ("Rules", "json", Schema.rules), ("Messages", "json", Schema.messages),
        ])
    func listMatchesFolder(folder: String, ending: String, files: [Schema.File]) throws {
        let path = Self.root.appendingPathComponent(folder)
        let found = try FileManager.default.contentsOfDirectory(atPath: path.path).filter { !$0.hasPrefix(".") }
            .sorted()
        #expect(files.map(\.name) == found)
        for file in files {
            #expect(file.name.hasSuffix(".\(ending)"))
            #expect(file.bytes == [UInt8](try Data(contentsOf: path.appendingPathComponent(file.name))), "\(file.name)")
            #expect(file.bytes.count < 16 * 1024, "\(file.name) is large for an array in code")
        }
    }

    @Test("Every embedded JSON file is JSON in strict spelling")
    func filesAreJSON() throws {
        for file in Schema.kinds + Schema.codeLists + Schema.rules + Schema.messages {
            _ = try JSONValue(parsing: file.bytes)
        }
    }

    @Test("The standard catalogue, matrix and messages load")
    func standardLoads() throws {
        _ = try KindCatalogue.standard()
        _ = try AccessPolicy.standard()
        for language in Language.allCases { _ = try MessageCatalogue.standard(language) }
    }

    @Test("Every kind is kept in the category that the design gives it")
    func kindsAndCategories() throws {
        let catalogue = try KindCatalogue.standard()
        let expected: [Category: Set<String>] = [
            .roster: ["officer", "postChange"], .events: ["majorEvent", "verification"],
            .drinking: ["drinkingRisk", "engagementReport", "incident"], .talks: ["talk"], .complaints: ["complaint"],
            .sanctions: ["sanction", "admonition", "accountability"],
            .opinions: ["fileReview", "opinion", "useJudgement", "leadSignal"],
            .duty: ["appraisal", "training", "dutyTrace", "auxEntry", "caseEnquiry"],
            .care: ["antiGangCase", "helpMeasure", "clearance"],
        ]
        for category in Category.allCases {
            #expect(Set(catalogue.kinds(in: category).map(\.id)) == expected[category] ?? [], "\(category)")
        }
    }

    @Test("Every code list is used by a field or names what the program shows")
    func codeListsAreUsed() throws {
        let catalogue = try KindCatalogue.standard()
        var used: Set<String> = [
            "state", "transition", "section", "category", "role", "purpose", "unitKind", "personCategory",
            "right", "move", "breakdown",
        ]
        for kind in catalogue.kinds { used.formUnion(kind.fields.compactMap { $0.codeList?.id }) }
        #expect(Set(catalogue.codeLists.map(\.id)).subtracting(used).sorted() == [])
    }

    @Test("Roles, categories and purposes are the codes of their lists")
    func listsOfThePolicy() throws {
        let catalogue = try KindCatalogue.standard()
        #expect(catalogue.codeList("role")?.codes.map(\.code) == Role.allCases.map(\.rawValue))
        #expect(catalogue.codeList("category")?.codes.map(\.code) == Category.allCases.map(\.rawValue))
        #expect(catalogue.codeList("right")?.codes.map(\.code) == AccessAct.allCases.map(\.rawValue))
        #expect(catalogue.codeList("move")?.codes.map(\.code) == PromotionMove.allCases.map(\.rawValue))
        let policy = try AccessPolicy.standard()
        for role in Role.allCases {
            for purpose in policy.purposes(role) {
                #expect(catalogue.codeList("purpose")?.contains(purpose) == true, "\(role) \(purpose)")
            }
        }
        #expect(catalogue.codeList("personCategory")?.codes.map(\.code) == ["police", "auxiliary", "staff"])
    }
}
