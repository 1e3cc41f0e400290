import CanonicalJSON
import ProbityRecords
import ProbityStore

/// What a reading could not see, in words and for programs: a part of every list that reads files.
public struct CoverageNotice: Sendable, Equatable {
    /// A warning for what more keys or a repair would show; a remark for what the role, a rule or the reader's own scope leaves
    /// out.
    public let notes: [Answer.Note]
    /// Whether all that was asked for was seen.
    public let outcome: Outcome
    /// An object of its own, for lists whose entries are objects of their own: the last line.
    public let json: JSONAnswer
    /// The member `coverage` of an answer that is one object.
    let member: JSONValue

    init(_ coverage: Coverage, _ words: Vocabulary) {
        member = coverage.json
        json = JSONAnswer("coverage", ["coverage": member])
        outcome = coverage.closable.isEmpty ? .done : .partlySeen
        notes = CoverageNotice.sentences(coverage.gaps, words).map { sentence in
            sentence.isClosable ? .warning(sentence.text) : .remark(sentence.text, inJSON: true)
        }
    }

    /// What gaps have in common that stand in one sentence.
    private struct Group: Hashable {
        let cause: Coverage.Cause
        let units: [String]
        let except: [String]
        let on: CivilDate?

        init(_ gap: Coverage.Gap) {
            (cause, units, except, on) = (gap.cause, gap.units, gap.except, gap.on)
        }
    }

    private static let order: [Coverage.Cause] = [
        .setAside, .noKey, .grantEnded, .scope, .bureauOnly, .role, .withheld,
    ]

    /// A sentence for each cause and place, with all its categories; what more keys would show comes first.
    static func sentences(_ gaps: [Coverage.Gap], _ words: Vocabulary) -> [(text: String, isClosable: Bool)] {
        var told: [(text: String, isClosable: Bool)] = []
        for cause in order {
            var groups: [Group] = []
            for gap in gaps where gap.cause == cause && !groups.contains(Group(gap)) { groups.append(Group(gap)) }
            for group in groups {
                let inside = gaps.filter { Group($0) == group }
                let text = sentence(group, inside.map(\.category), words)
                // A rule's sentence is one whatever it is applied to.
                guard !told.contains(where: { $0.text == text }) else { continue }
                told.append((text, !Coverage(inside).closable.isEmpty))
            }
        }
        return told
    }

    private static func sentence(
        _ group: Group, _ categories: [ProbityRecords.Category], _ words: Vocabulary
    ) -> String {
        func list(_ parts: [String]) -> String { parts.joined(separator: words.text("coverage.and")) }
        var what = list(categories.map(words.category))
        // Where the question was for all that is his, the units that he holds say more than those that he does not.
        if group.cause == .scope {
            what = words.text("coverage.at", ["categories": what, "units": list(group.except)])
        } else if !group.except.isEmpty {
            what = words.text(
                "coverage.atExcept",
                ["categories": what, "units": list(group.units), "except": list(group.except)])
        } else if !group.units.isEmpty {
            what = words.text("coverage.at", ["categories": what, "units": list(group.units)])
        }
        let key = group.cause.messageKey + (group.cause == .scope && group.on != nil ? "Ended" : "")
        return words.text(key, ["what": what, "on": group.on?.description ?? ""])
    }
}
