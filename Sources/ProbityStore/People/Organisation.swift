import ProbityRecords

/// A unit (单位) of the organisation tree.
public struct Unit: Hashable, Sendable {
    public let id: String
    public let parent: String?
    /// bureau, dept, brigade, squad, station, custody or policeType (domain.md §1.1).
    public let kind: String
    public let name: String

    public init(id: String, parent: String?, kind: String, name: String) {
        self.id = id
        self.parent = parent
        self.kind = kind
        self.name = name
    }

    /// Whether `text` may name a unit: it stands in options, file names, notes and sealed contexts, so it is 1 to 32 letters
    /// A–Z and a–z, digits, dots, hyphens and underscores, and begins with a letter or digit. GA/T 380's twelve digits fit.
    public static func isValidID(_ text: String) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        let bytes = Array(text.utf8)
        guard (1...32).contains(bytes.count), isAlphanumeric(bytes[0]) else { return false }
        return bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
    }

    /// - Throws: ``ArchiveError`` `invalidEntry`.
    func demandValid() throws {
        guard Unit.isValidID(id) else {
            throw ArchiveError(.invalidEntry, "a unit's identifier has another form", subject: id, rule: "unit.idForm")
        }
        guard name.contains(where: { !$0.isWhitespace }) else {
            throw ArchiveError(.invalidEntry, "a unit has no name", subject: id, rule: "unit.nameMissing")
        }
    }
}

/// The organisation tree (机构树) as it stands in one snapshot.
struct Organisation {
    /// Parents stand before their children.
    let units: [Unit]
    private let parents: [String: String]

    init(_ db: Connection) throws {
        let all = try UnitTable.all(db)
        var byParent = Dictionary(grouping: all, by: { $0.parent ?? "" })
        var ordered = byParent.removeValue(forKey: "") ?? []
        var index = 0
        while index < ordered.count {
            ordered += byParent.removeValue(forKey: ordered[index].id) ?? []
            index += 1
        }
        units = ordered
        parents = Dictionary(
            all.compactMap { unit in unit.parent.map { (unit.id, $0) } }, uniquingKeysWith: { first, _ in first })
    }

    /// The units as names to choose from.
    var names: Names { Names(units.map { Names.Name($0.id, Labels(zh: $0.name, en: $0.name)) }) }

    /// `unit` and the units above it.
    func above(_ unit: String) -> Set<String> {
        var above: Set<String> = []
        var next: String? = unit
        while let here = next, above.insert(here).inserted { next = parents[here] }
        return above
    }

    /// The unit `top` and those below it; none where there is no such unit.
    func below(_ top: String) -> [Unit] {
        var inside: Set<String> = []
        return units.filter { unit in
            guard unit.id == top || unit.parent.map(inside.contains) ?? false else { return false }
            inside.insert(unit.id)
            return true
        }
    }
}
