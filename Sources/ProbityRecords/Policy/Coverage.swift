/// What a reading could not see (未能查看的范围): part of every answer, because an empty list that hides a missing key looks
/// like a clean file.
///
/// A gap says what kind of content was out of reach and why, never whether anything lies there.
public struct Coverage: Sendable, Hashable {
    /// Why a part was out of reach.
    public enum Cause: String, Sendable, CaseIterable, Hashable {
        /// The role does not read the category.
        case role
        /// No grant of the reader's leads there.
        case noKey
        /// A grant led there until ``Gap/on``.
        case grantEnded
        /// A rule withholds it from this reader, whatever lies there: what is about himself (回避).
        case withheld

        /// Key of the sentence in the message catalogue.
        public var messageKey: String { "coverage.\(rawValue)" }
    }

    /// One part that was not seen.
    public struct Gap: Sendable, Hashable {
        public let category: Category
        /// Units whose files were out of reach; empty where it is the whole category.
        public let units: [String]
        public let cause: Cause
        /// The last day of the grant that ended.
        public let on: CivilDate?

        public init(_ category: Category, _ cause: Cause, units: [String] = [], on: CivilDate? = nil) {
            self.category = category
            self.cause = cause
            self.units = units
            self.on = on
        }

        /// As the ledger's line says it: category, cause, and the units where there are such.
        public var code: String {
            "\(category.rawValue):\(cause.rawValue)" + (units.isEmpty ? "" : "(\(units.joined(separator: ",")))")
        }
    }

    /// In the order of the categories.
    public let gaps: [Gap]

    public init(_ gaps: [Gap]) {
        let order = Dictionary(uniqueKeysWithValues: Category.allCases.enumerated().map { ($1, $0) })
        self.gaps = gaps.sorted { (order[$0.category] ?? 0, $0.code) < (order[$1.category] ?? 0, $1.code) }
    }

    /// Nothing was out of reach.
    public static let complete = Coverage([])

    /// Gaps that more keys would close; what the role or a rule withholds stays closed.
    public var closable: [Gap] { gaps.filter { $0.cause == .noKey || $0.cause == .grantEnded } }
}
