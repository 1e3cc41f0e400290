import CanonicalJSON
import ProbityRecords
import ProbityReports

/// The record kinds (种类) for whoever fills them in: their list, their JSON Schema, their blank import tables. Needs no
/// archive.
public struct SchemaWords {
    private let words: Vocabulary

    public init(_ wording: Wording) throws { words = try Vocabulary(wording) }

    /// Every kind.
    public var kinds: Listing { ListForm.kinds.listing(words.catalogue.kinds, words) }

    /// A kind for whoever fills it in or handles it: its fields, then its steps. For programs there is the JSON Schema.
    ///
    /// - Throws: ``OfficeError`` `invalidEntry` where there is no such kind.
    public func tables(of kind: String) throws -> [Listing] {
        let kind = try Named.kind(kind)
        let policy = try AccessPolicy.standard()
        let filers = Role.allCases.filter {
            policy.decide(role: $0, act: .file, category: kind.category, kind: kind.id).isAllowed
        }
        let heading = [words.named(kind.id, kind.labels), words.category(kind.category)]
        return [
            ListForm.fields.listing(kind.fields, words, heading: heading),
            ListForm.steps.listing([.filing(kind, by: Set(filers))] + kind.steps.map { .step($0, of: kind) }, words),
        ]
    }

    /// The JSON Schema of a kind, named by identifier or label.
    ///
    /// - Throws: ``OfficeError`` `invalidEntry` where there is no such kind.
    public func jsonSchema(of kind: String) throws -> JSONAnswer {
        JSONAnswer(asIs: try Named.kind(kind).jsonSchema(words.wording.language))
    }

    /// The columns of a blank import table for programs, in their order.
    ///
    /// - Throws: ``OfficeError`` `invalidEntry` where there is no such kind.
    public func templateColumns(of kind: String) throws -> JSONAnswer {
        let kind = try Named.kind(kind)
        return JSONAnswer(
            "template",
            [
                "kind": .string(kind.id),
                "columns": .array(kind.templateHeader(words.wording.language).map { .string($0) }),
            ])
    }

    /// The header row of a blank import table, as a file that spreadsheets open as UTF-8.
    ///
    /// - Throws: ``OfficeError`` `invalidEntry` where there is no such kind.
    public func template(of kind: String) throws -> [UInt8] {
        [0xEF, 0xBB, 0xBF] + Array(CSVWriter.row(try Named.kind(kind).templateHeader(words.wording.language)).utf8)
    }
}

extension ListForm where Entry == RecordKind {
    static var kinds: ListForm {
        ListForm(
            schema: "kind",
            columns: [
                Column("kind") { kind, words in words.named(kind.id, kind.labels) },
                Column("category") { kind, words in words.category(kind.category) },
            ], members: { kind, _ in ["id": .string(kind.id), "category": .string(kind.category.rawValue)] })
    }
}
