import CanonicalJSON

/// A list for people and programs: columns, and for each entry its cells and its JSON object.
public struct Listing: Sendable, Equatable {
    /// One column of a list.
    public struct Column: Sendable, Equatable {
        /// Name of the column; never changes with the language.
        public let key: String
        public let title: String
    }

    /// One entry of a list.
    public struct Row: Sendable, Equatable {
        /// Texts in the order of the columns.
        public let cells: [String]
        /// The entry for programs.
        public let json: JSONAnswer
    }

    /// Whom or what the list is about; empty where the columns say it.
    public let heading: [String]
    public let columns: [Column]
    public let rows: [Row]
    /// The list as one JSON object; nil where every row is one of its own.
    public let whole: JSONAnswer?
    public let notes: [Answer.Note]
    /// What the list could not see; nil for one that reads no files.
    public let notice: CoverageNotice?

    /// How it ended.
    public var outcome: Outcome { notice?.outcome ?? .done }
}

/// How one kind of list is set out: its columns, and how an entry becomes cells and JSON members. Each is declared once.
struct ListForm<Entry> {
    struct Column {
        let key: String
        /// Key of the title in the message catalogue.
        let title: String
        let cell: (Entry, Vocabulary) -> String

        init(_ key: String, title: String? = nil, _ cell: @escaping (Entry, Vocabulary) -> String) {
            self.key = key
            self.title = title ?? "cli.column.\(key)"
            self.cell = cell
        }
    }

    /// The name of an entry's JSON form.
    let schema: String
    let columns: [Column]
    let members: (Entry, Vocabulary) -> [String: JSONValue]

    func heads(_ words: Vocabulary) -> [Listing.Column] {
        columns.map { Listing.Column(key: $0.key, title: words.text($0.title)) }
    }

    func row(_ entry: Entry, _ words: Vocabulary) -> Listing.Row {
        Listing.Row(cells: columns.map { $0.cell(entry, words) }, json: JSONAnswer(schema, members(entry, words)))
    }

    func listing(
        _ entries: [Entry], _ words: Vocabulary, heading: [String] = [], whole: JSONAnswer? = nil,
        notes: [Answer.Note] = [], notice: CoverageNotice? = nil
    ) -> Listing {
        Listing(
            heading: heading, columns: heads(words), rows: entries.map { row($0, words) }, whole: whole, notes: notes,
            notice: notice)
    }
}
