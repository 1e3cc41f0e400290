import ProbityRecords

/// The rows of the archive: as those of ``Workload``, in four kinds that the check reads or not.
struct ArchiveRows {
    static let kinds = ["majorEvent", "training", "talk", "dutyTrace"]
    private static let characters = Array(Workload.alphabet)

    let officers: Int
    let recordsPerOfficer: Int
    var count: Int { officers * recordsPerOfficer }
    /// Fifty officers a unit.
    var unitCount: Int { max(1, officers / 50) }

    struct Row {
        let id: Int
        let officer: Int
        let kind: Int
        let date: CivilDate
        let text: String
    }

    /// Row `i`; nil where `kind` is given and the row is of another.
    func row(_ i: Int, kind only: Int? = nil) -> Row? {
        var words = SplitMix64(row: i)
        let officer = ((i % officers) * Workload.step + (i / officers) * Workload.drift) % officers
        let kind = Int(words.next() % 12) % ArchiveRows.kinds.count
        if let only, only != kind { return nil }
        let day = 18_262 + i * 1826 / count - Int(words.next() % 60)
        let target = 560 + Int(words.next() % 81) - 4
        var text = ""
        var length = 0
        while length < target {
            var draw = words.next()
            for _ in 0..<10 where length < target {
                text.append(ArchiveRows.characters[Int(draw & 63) % ArchiveRows.characters.count])
                length += 3
                draw >>= 6
            }
        }
        return Row(id: i + 1, officer: officer, kind: kind, date: CivilDate(daysSinceEpoch: day), text: text)
    }

    func policeNumber(_ officer: Int) -> String {
        let digits = String(officer)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }

    func unit(_ officer: Int) -> String { "U\(1 + officer % unitCount)" }

    /// A citizen ID with the check digit of GB 11643.
    func idNumber(_ officer: Int) -> String {
        let birth = CivilDate(daysSinceEpoch: 3_000 + officer % 9_000)
        let sequence = officer / 9_000 * 2 + 1
        let digits =
            "990101" + birth.description.filter { $0 != "-" }
            + String(repeating: "0", count: 3 - String(sequence).count)
            + String(sequence)
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
        let sum = zip(weights, digits.utf8).reduce(0) { $0 + $1.0 * Int($1.1 - 48) }
        return digits + String(Array("10X98765432")[sum % 11])
    }
}
