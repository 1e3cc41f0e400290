import ProbityRecords
import Testing

@Suite("Citizen ID numbers")
struct CitizenIDTests {
    /// The twelve fictional persons of the samples; region 990101 does not exist.
    static let samples = [
        ("990101197803120018", "1978-03-12", "1"), ("990101198207250136", "1982-07-25", "1"),
        ("990101198501090022", "1985-01-09", "2"), ("990101198811300275", "1988-11-30", "1"),
        ("990101199004180363", "1990-04-18", "2"), ("990101199306060412", "1993-06-06", "1"),
        ("990101199509230581", "1995-09-23", "2"), ("990101197608140777", "1976-08-14", "1"),
        ("990101198702210844", "1987-02-21", "2"), ("990101199112050937", "1991-12-05", "1"),
        ("99010119980517115X", "1998-05-17", "1"), ("990101200002291129", "2000-02-29", "2"),
    ]

    @Test("A number says birth date and sex", arguments: samples)
    func fields(number: String, birth: String, sex: String) throws {
        let id = try CitizenID(number)
        #expect(id.text == number)
        #expect(id.birthDate.description == birth)
        #expect(id.sexCode == sex)
    }

    @Test("The worked example of the standard has the check character X")
    func standardExample() throws {
        #expect(try CitizenID("11010519491231002X").sexCode == "2")
        #expect(try CitizenID(" １１０１０５１９４９１２３１００２ｘ ").text == "11010519491231002X")
        for last in "0123456789" {
            #expect(throws: CitizenID.Problem.checkDigit) { try CitizenID("11010519491231002\(last)") }
        }
    }

    @Test("Every change of one digit is found", arguments: samples.map(\.0))
    func oneDigitChanged(number: String) {
        let characters = Array(number)
        for position in 0..<17 {
            for digit in "0123456789" where digit != characters[position] {
                var changed = characters
                changed[position] = digit
                #expect(throws: CitizenID.Problem.self, "\(position) \(digit)") { try CitizenID(String(changed)) }
            }
        }
    }

    @Test("Every swap of two neighbouring digits is found", arguments: samples.map(\.0))
    func neighboursSwapped(number: String) {
        let characters = Array(number)
        for position in 0..<16 where characters[position] != characters[position + 1] {
            var changed = characters
            changed.swapAt(position, position + 1)
            #expect(throws: CitizenID.Problem.self) { try CitizenID(String(changed)) }
        }
    }

    @Test(
        "A text that is no number is refused for its reason",
        arguments: [
            ("", CitizenID.Problem.length), ("99010119780312001", .length), ("9901011978031200188", .length),
            ("99010119780312001a", .characters), ("9901011978031200X8", .characters),
            ("X90101197803120018", .characters),
            ("99010119780312001-", .characters), ("990101197813120018", .birthDate), ("990101197802300018", .birthDate),
            ("990101190002290018", .birthDate), ("990101187912310018", .birthDate), ("990101197803120019", .checkDigit),
            ("990101780312001", .length),
        ])
    func refused(text: String, problem: CitizenID.Problem) {
        #expect(throws: problem) { try CitizenID(text) }
    }

    @Test("A birth after today is refused, a birth today is not")
    func future() throws {
        #expect(throws: CitizenID.Problem.future) {
            try CitizenID("990101200002291129", today: CivilDate("2000-02-28"))
        }
        _ = try CitizenID("990101200002291129", today: CivilDate("2000-02-29"))
    }

    @Test("The birth date is hidden wherever a number is shown")
    func masking() throws {
        let id = try CitizenID("990101198811300275")
        #expect(id.masked == "990101********0275")
        #expect("\(id)" == "990101********0275")
        #expect(String(reflecting: id) == "990101********0275")
        #expect(CitizenID.masked("99010119980517115X") == "990101********115X")
        #expect(CitizenID.masked("990101") == "******")
        #expect(CitizenID.masked("") == "")
        #expect(CitizenID.masked("99010178031200") == "990101****1200")
    }
}
