/// A pattern for short identifiers, in the small part of the regular-expression language that such rules need.
///
/// `^` alternatives separated by `|` `$`; each is a row of characters or classes (`[0-9A-Z]`), each followed by `{n}`,
/// `{n,m}`, `?` or nothing. Repetition is bounded on purpose: a pattern is a setting of an archive, and no setting may
/// make validation slow. The same text is a valid ECMA 262 pattern, so it goes into the JSON Schema unchanged.
public struct FieldPattern: Sendable, Hashable {
    private struct Piece: Sendable, Hashable {
        let ranges: [ClosedRange<UInt32>]
        let minimum: Int
        let maximum: Int

        func accepts(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar.value) } }
    }

    /// Longest repetition a pattern may ask for.
    public static let maximumRepetition = 100

    /// The pattern as written.
    public let text: String
    private let alternatives: [[Piece]]

    /// Reads a pattern; nil when it is not in the language above.
    public init?(_ text: String) {
        self.text = text
        var scalars = Array(text.unicodeScalars)[...]
        guard scalars.popFirst() == "^", scalars.popLast() == "$" else { return nil }
        // An alternative bar binds weaker than the anchors in ECMA 262, so bars must stand in one group.
        if scalars.first == "(" {
            guard scalars.removeFirst() == "(", scalars.popLast() == ")" else { return nil }
        } else if scalars.contains("|") {
            return nil
        }
        var alternatives: [[Piece]] = [[]]
        while let scalar = scalars.popFirst() {
            if scalar == "|" {
                alternatives.append([])
                continue
            }
            guard let ranges = Self.ranges(scalar, &scalars), let (low, high) = Self.repetition(&scalars) else {
                return nil
            }
            alternatives[alternatives.count - 1].append(Piece(ranges: ranges, minimum: low, maximum: high))
        }
        guard alternatives.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.alternatives = alternatives
    }

    private static func ranges(
        _ scalar: Unicode.Scalar, _ rest: inout ArraySlice<Unicode.Scalar>
    ) -> [ClosedRange<UInt32>]? {
        let special: Set<Unicode.Scalar> = ["(", ")", "]", "{", "}", "?", "*", "+", ".", "\\", "^", "$"]
        guard scalar == "[" else { return special.contains(scalar) ? nil : [scalar.value...scalar.value] }
        var ranges: [ClosedRange<UInt32>] = []
        while let low = rest.popFirst() {
            if low == "]" { return ranges.isEmpty ? nil : ranges }
            guard low != "^", low != "\\", low != "[", low != "-" else { return nil }
            if rest.first == "-" {
                rest.removeFirst()
                guard let high = rest.popFirst(), high != "]", low.value <= high.value else { return nil }
                ranges.append(low.value...high.value)
            } else {
                ranges.append(low.value...low.value)
            }
        }
        return nil
    }

    private static func repetition(_ rest: inout ArraySlice<Unicode.Scalar>) -> (Int, Int)? {
        if rest.first == "?" {
            rest.removeFirst()
            return (0, 1)
        }
        guard rest.first == "{" else { return (1, 1) }
        guard let end = rest.firstIndex(of: "}") else { return nil }
        let inner = rest[rest.index(after: rest.startIndex)..<end]
        rest = rest[rest.index(after: end)...]
        let bounds = inner.split(separator: ",", omittingEmptySubsequences: false).map {
            Int(String(String.UnicodeScalarView($0)))
        }
        guard bounds.count <= 2, let low = bounds.first ?? nil, let high = bounds.last ?? nil, low >= 0, low <= high,
            high >= 1, high <= maximumRepetition
        else { return nil }
        return (low, high)
    }

    /// Whether the whole of `text` matches.
    public func matches(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        return alternatives.contains { Self.matches($0, scalars) }
    }

    /// Follows all positions at once, so the time is bounded by pattern times text.
    private static func matches(_ pieces: [Piece], _ scalars: [Unicode.Scalar]) -> Bool {
        var positions: Set<Int> = [0]
        for piece in pieces {
            var next: Set<Int> = []
            for start in positions {
                if piece.minimum == 0 { next.insert(start) }
                var count = 0
                while count < piece.maximum, start + count < scalars.count, piece.accepts(scalars[start + count]) {
                    count += 1
                    if count >= piece.minimum { next.insert(start + count) }
                }
            }
            positions = next
        }
        return positions.contains(scalars.count)
    }
}
