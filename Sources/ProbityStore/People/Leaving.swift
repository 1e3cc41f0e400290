public import ProbityRecords

/// Where a grant opens something.
public struct GrantPlace: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let category: ProbityRecords.Category
    public let unit: String

    public var description: String { "\(category.rawValue) \(unit)" }
    public static func < (one: GrantPlace, other: GrantPlace) -> Bool { one.description < other.description }
}

/// What somebody who left leaves behind.
public struct Leaving: Sendable {
    /// The certificate that has ended.
    public let certificate: Certificate
    /// Where he ever held a grant: whose keys he knows.
    public let held: [GrantPlace]
    /// Of these, what no other user can open any more: recovery can.
    public let vacant: [GrantPlace]
    /// Whether nobody of his role is left to sign for another one.
    public let roleIsVacant: Bool
}

extension Credentials {
    /// Where `leaver` ever held a grant, and where, of what he holds now, nobody else holds the same node or one above it.
    func places(of leaver: String, on today: CivilDate, _ db: Connection) throws -> (
        held: [GrantPlace], vacant: [GrantPlace]
    ) {
        let serials = try Credentials.serialsInForce(db)
        let grants = try GrantTable.all(db).map(verified)
        func place(_ grant: Grant) -> GrantPlace {
            GrantPlace(category: grant.place.category, unit: grant.place.unit)
        }
        let inForce = grants.filter { serials[$0.user] == $0.serial && $0.isInForce(on: today) }
        let others = Set(inForce.filter { $0.user != leaver }.map(place))
        let organisation = try Organisation(db)
        let vacant = Set(inForce.filter { $0.user == leaver }.map(place)).filter { held in
            organisation.above(held.unit).allSatisfy {
                !others.contains(GrantPlace(category: held.category, unit: $0))
            }
        }
        return (Set(grants.filter { $0.user == leaver }.map(place)).sorted(), vacant.sorted())
    }
}
