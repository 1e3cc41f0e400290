public import CanonicalJSON

/// What a reading could not see (未能查看的范围): part of every answer, because an empty list that hides a missing key looks
/// like a clean file.
///
/// A gap says what kind of content was out of reach and why, never whether anything lies there.
public struct Coverage: Sendable, Hashable {
    /// Why a part was out of reach.
    public enum Cause: String, Sendable, CaseIterable, Hashable {
        /// The role does not read the category.
        case role
        /// What was asked for lies where no grant of the reader's leads.
        case noKey
        /// As ``noKey``, where a grant led until ``Gap/on``.
        case grantEnded
        /// The question was for all that the reader's grants reach, and his grants end there.
        case scope
        /// There are figures of the whole bureau only: by unit, a number would name its man.
        case bureauOnly
        /// Something lies there that does not prove its place: it was put there or changed, and set aside.
        case setAside
        /// A rule withholds it from this reader, whatever lies there: what is about himself (回避).
        case withheld

        /// Key of the sentence in the message catalogue.
        public var messageKey: String { "coverage.\(rawValue)" }
    }

    /// One part that was not seen.
    public struct Gap: Sendable, Hashable {
        public let category: Category
        public let cause: Cause
        /// The highest units whose files were out of reach; empty where it is the whole category.
        public let units: [String]
        /// The highest units below ``units`` that were seen all the same.
        public let except: [String]
        /// The last day of the grant that ended, the newest of several.
        public let on: CivilDate?

        public init(
            _ category: Category, _ cause: Cause, units: [String] = [], except: [String] = [], on: CivilDate? = nil
        ) {
            self.category = category
            self.cause = cause
            self.units = units
            self.except = except
            self.on = on
        }

        /// As the ledger's line says it: category and cause, with the units and the day where there are such.
        public var code: String {
            var code = "\(category.rawValue):\(cause.rawValue)"
            if !units.isEmpty {
                code += "(\(units.joined(separator: ","))"
                if !except.isEmpty { code += "-\(except.joined(separator: ","))" }
                code += ")"
            }
            if let on { code += "@\(on)" }
            return code
        }

        var json: JSONValue {
            .object([
                "category": .string(category.rawValue), "cause": .string(cause.rawValue),
                "units": .array(units.map { .string($0) }), "except": .array(except.map { .string($0) }),
                "on": on.map { .string($0.description) } ?? .null,
            ])
        }
    }

    /// In the order of the categories.
    public let gaps: [Gap]

    /// - Parameter gaps: in any order; one that is given twice counts once.
    public init(_ gaps: [Gap]) {
        let order = Dictionary(uniqueKeysWithValues: Category.allCases.enumerated().map { ($1, $0) })
        self.gaps = Set(gaps).map { (order[$0.category] ?? 0, $0.code, $0) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .map(\.2)
    }

    /// Nothing was out of reach.
    public static let complete = Coverage([])

    public var isComplete: Bool { gaps.isEmpty }

    /// Parts of what was asked for that more keys, or a repair, would open. What the role or a rule withholds stays closed,
    /// and what lies outside the grants of a reader who asked for all that is his was not asked for.
    public var closable: [Gap] { gaps.filter { [.noKey, .grantEnded, .setAside].contains($0.cause) } }

    /// The coverage with more gaps.
    public func adding(_ more: [Gap]) -> Coverage { more.isEmpty ? self : Coverage(gaps + more) }

    /// As the ledger's line says it.
    public var code: String { gaps.map(\.code).joined(separator: " ") }

    /// For programs.
    public var json: JSONValue { .object(["gaps": .array(gaps.map(\.json))]) }
}
