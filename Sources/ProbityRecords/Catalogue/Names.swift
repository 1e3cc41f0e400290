/// A closed set of names (名称): what somebody may type for one of several things, each a code with its labels.
///
/// It finds what a text means, and for a text that means nothing it tells what there is and which name is nearest.
public struct Names: Sendable, Hashable {
    /// One of the things.
    public struct Name: Sendable, Hashable {
        /// What commands, files and JSON call it.
        public let code: String
        public let labels: Labels
        /// Other spellings.
        public let aliases: [String]

        public init(_ code: String, _ labels: Labels, aliases: [String] = []) {
            self.code = code
            self.labels = labels
            self.aliases = aliases
        }

        var spellings: [String] { [code, labels.zh, labels.en] + aliases }
    }

    /// In the order in which forms offer them.
    public let all: [Name]

    public init(_ all: [Name]) { self.all = all }

    /// The code that a person means by `text`: the code itself, a label in either language, or an alias.
    public func code(for text: String) -> String? {
        let folded = Spelling.folded(text)
        return
            (all.first { $0.code == text }
            ?? all.first { $0.spellings.contains { Spelling.folded($0) == folded } })?.code
    }

    /// The name of which `text` may be a slip; nil where none is near.
    ///
    /// Near is at most a third of the letters changed, added or left out (one of the two or three of a short word), or one a
    /// part of the other.
    public func nearest(to text: String) -> Name? {
        let typed = Array(Spelling.folded(text))
        guard typed.count > 1 else { return nil }
        var best: (name: Name, distance: Int)?
        for name in all {
            for spelling in name.spellings {
                let known = Array(Spelling.folded(spelling))
                let isPart = String(known).contains(String(typed)) || String(typed).contains(String(known))
                // A part is further than any slip, and nearer the more of the word it is.
                let distance =
                    isPart && known.count > 1
                    ? 10 + abs(known.count - typed.count) : Names.distance(typed, known)
                guard isPart && known.count > 1 || distance * 3 <= max(typed.count, known.count, 3) else { continue }
                if distance < best?.distance ?? .max { best = (name, distance) }
            }
        }
        return best?.name
    }

    /// How many letters must be changed, added or left out (Levenshtein), two neighbours that were swapped counting as one.
    private static func distance(_ one: [Character], _ other: [Character]) -> Int {
        var before: [Int] = []
        var last = Array(0...other.count)
        for (row, letter) in one.enumerated() {
            var next = [row + 1]
            for (column, known) in other.enumerated() {
                var least = min(last[column + 1] + 1, next[column] + 1, last[column] + (letter == known ? 0 : 1))
                if row > 0, column > 0, letter == other[column - 1], one[row - 1] == known {
                    least = min(least, before[column - 1] + 1)
                }
                next.append(least)
            }
            (before, last) = (last, next)
        }
        return last[other.count]
    }
}

/// What somebody typed where one of several names was asked for: the part of a refusal that says what would do.
public struct Misnomer: Sendable, Hashable {
    public let typed: String
    public let names: Names

    public init(_ typed: String, of names: Names) {
        self.typed = typed
        self.names = names
    }

    /// Which name may be meant.
    public var nearest: Names.Name? { names.nearest(to: typed) }
}

extension CodeList {
    /// The list as names to choose from.
    public var names: Names { Names(codes.map { Names.Name($0.code, $0.labels, aliases: $0.aliases) }) }

    /// Those of its codes that are among `codes`.
    public func names(among codes: some Collection<String>) -> Names {
        Names(names.all.filter { codes.contains($0.code) })
    }
}

extension KindCatalogue {
    /// The kinds as names to choose from.
    public var kindNames: Names { Names(kinds.map { Names.Name($0.id, $0.labels) }) }
}

extension RecordKind {
    /// The fields as names to choose from.
    public var fieldNames: Names { Names(fields.map { Names.Name($0.name, $0.labels, aliases: $0.aliases) }) }
}
