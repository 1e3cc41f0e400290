import ProbitySchema

/// Every record kind and code list the program knows.
///
///     let catalogue = try KindCatalogue.standard()
///     let talk = try catalogue.kind("talk")
///     let problems = talk?.validate(values: ["kind": "remind"])
public struct KindCatalogue: Sendable {
    /// A named file: the unit in which schemas are embedded and reported.
    public typealias File = (name: String, bytes: [UInt8])

    /// All kinds in the order of the integrity file's sections, then by identifier.
    public let kinds: [RecordKind]
    /// All code lists by identifier.
    public let codeLists: [CodeList]
    /// The form of police numbers.
    public let policeNumbers: PoliceNumberRule
    private let kindByID: [String: RecordKind]
    /// Editions that another has followed, by their number.
    private let former: [String: [Int: RecordKind]]
    private let listByID: [String: CodeList]

    /// Reads a catalogue.
    ///
    /// - Throws: ``SchemaError`` naming file and member of the first thing that is wrong.
    public init(kinds kindFiles: [File], codeLists listFiles: [File], identity: File) throws(SchemaError) {
        var lists: [String: CodeList] = [:]
        for file in listFiles {
            let list = try CodeList(file: file.name, bytes: file.bytes)
            guard lists.updateValue(list, forKey: list.id) == nil else {
                throw SchemaError(file: file.name, field: "id", reason: "a list of this name was read before")
            }
        }
        policeNumbers = try PoliceNumberRule(file: identity.name, bytes: identity.bytes)
        var kinds: [String: RecordKind] = [:]
        var former: [String: [Int: RecordKind]] = [:]
        for file in kindFiles {
            let kind = try RecordKind(
                file: file.name, bytes: file.bytes, codeLists: lists, policeNumbers: policeNumbers)
            let isFirst =
                file.name == "kind-\(kind.id).json"
                ? kinds.updateValue(kind, forKey: kind.id) == nil
                : former[kind.id, default: [:]].updateValue(kind, forKey: kind.edition) == nil
            guard isFirst else {
                throw SchemaError(file: file.name, field: "id", reason: "a kind of this name was read before")
            }
        }
        for id in Set(kinds.keys).union(former.keys) {
            let editions = former[id] ?? [:]
            guard let kind = kinds[id], Set(editions.keys) == Set(1..<kind.edition),
                editions.values.allSatisfy({ $0.category == kind.category })
            else {
                throw SchemaError(
                    file: "kind-\(id).json", field: "edition",
                    reason: "the editions before it must be there, each in a file of its own, in the same category")
            }
        }
        self.kinds = kinds.values.sorted { ($0.section, $0.id) < ($1.section, $1.id) }
        codeLists = lists.values.sorted { $0.id < $1.id }
        kindByID = kinds
        self.former = former
        listByID = lists
    }

    /// The kind called `id`, in the edition that records are filed under.
    public func kind(_ id: String) -> RecordKind? { kindByID[id] }

    /// The kind called `id` in one of its editions; nil for one that is not known here.
    public func kind(_ id: String, edition: Int) -> RecordKind? {
        guard let kind = kindByID[id] else { return nil }
        return kind.edition == edition ? kind : former[id]?[edition]
    }

    /// The kind that a person means by `text`: its identifier or its name in either language.
    public func kind(named text: String) -> RecordKind? {
        kindByID[text] ?? kindNames.code(for: text).flatMap { kindByID[$0] }
    }

    /// The kinds kept in one category.
    public func kinds(in category: Category) -> [RecordKind] { kinds.filter { $0.category == category } }

    /// The code list called `id`.
    public func codeList(_ id: String) -> CodeList? { listByID[id] }

    /// What `state` is called.
    public func stateLabel(_ state: String, _ language: Language) -> String {
        listByID["state"]?.label(state, language) ?? state
    }

    /// The catalogue embedded in the program, read once.
    ///
    /// - Throws: ``SchemaError`` when an embedded file is damaged.
    public static func standard() throws(SchemaError) -> KindCatalogue { try embedded.get() }

    private static let embedded: Result<KindCatalogue, SchemaError> = Result { () throws(SchemaError) in
        try KindCatalogue(
            kinds: Schema.kinds, codeLists: Schema.codeLists, identity: try Schema.rule("rules-identity.json"))
    }
}

extension Schema {
    /// The embedded rule file called `name`. - Throws: ``SchemaError`` when there is none.
    static func rule(_ name: String) throws(SchemaError) -> KindCatalogue.File {
        guard let file = rules.first(where: { $0.name == name }) else {
            throw SchemaError(file: name, field: "", reason: "the file is not embedded in the program")
        }
        return file
    }
}
