import ArgumentParser

/// The generator of docs/performance.md, "Rows".
struct SplitMix64 {
    private var state: UInt64

    init(state: UInt64) { self.state = state }

    /// The words of row `index`.
    init(row index: Int) { state = SplitMix64.mix(0x5052_4F42_4954_5931 ^ UInt64(index)) }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return SplitMix64.mix(state)
    }

    static func mix(_ value: UInt64) -> UInt64 {
        var word = value
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// The rows of the workload: docs/performance.md, "Rows".
struct Workload {
    struct Row {
        /// Position in time, from 0.
        let index: Int
        /// From 1.
        let officer: Int64
        /// Among the bureau's units, from 0; fifty officers each.
        let unit: Int64
        let kind: Int64
        let form: Int64
        /// Days since 1970.
        let occurred: Int64
        let status: Int64
        let created: Int64
        let author: Int64
        let payload: [UInt8]

        var unitPath: String { "/330000/\(Row.four(unit / 100))/\(Row.four(unit % 100))" }

        private static func four(_ number: Int64) -> String { String(String(10_000 + number).dropFirst()) }
    }

    let officers: Int
    var count: Int { officers * 50 }
    var unitCount: Int { max(1, officers / 50) }
    /// Of records that come later, one in fifty.
    var incrementCount: Int { count / 50 }

    init(officers: Int) throws {
        // Else an officer's records could not be found without looking at all.
        guard officers >= 50, officers % Workload.step != 0 else { throw ValidationError("at least 50 officers") }
        self.officers = officers
    }

    static let step = 7919
    static let drift = 104_729
    /// What texts are made of.
    static let alphabet =
        "本人配偶子女婚姻变化出国境投资企业房产持股理财保险从业移居留学经商办受到刑事追究责任调查核实如不一致说明情况申请备案审批登记年月"
    private static let characters = alphabet.map { Array(String($0).utf8) }

    func row(_ index: Int) -> Row {
        var words = SplitMix64(row: index)
        func draw(_ bound: UInt64) -> Int64 { Int64(words.next() % bound) }
        let officer = Int64(1 + ((index % officers) * Workload.step + (index / officers) * Workload.drift) % officers)
        let kind = 1 + draw(12)
        let form = 1 + draw(6)
        let occurred = 18_262 + Int64(index * 1826 / count) - draw(60)
        let status = draw(100)
        let author = 1 + draw(UInt64(max(1, officers / 20)))
        let level = draw(10)
        let amount = draw(10_000_000)
        let length = 560 + Int(draw(81)) - 4
        var payload = Array(
            "{\"v\":1,\"编号\":\(index + 1),\"人员\":\(officer),\"等级\":\(level),\"金额\":\(amount),\"说明\":\"".utf8)
        payload.reserveCapacity(660)
        while payload.count < length {
            var bits = words.next()
            for _ in 0..<10 where payload.count < length {
                payload += Workload.characters[Int(bits & 63) % Workload.characters.count]
                bits >>= 6
            }
        }
        payload += Array("\"}".utf8)
        return Row(
            index: index, officer: officer, unit: (officer - 1) % Int64(unitCount), kind: kind, form: form,
            occurred: occurred, status: status < 80 ? 4 : status % 8,
            created: 1_577_836_800_000 + Int64(index) * 157_766_400_000 / Int64(count), author: author,
            payload: payload)
    }

    /// All rows in the order of time.
    func forEachInTime(_ body: (Row) throws -> Void) rethrows {
        for index in 0..<count { try body(row(index)) }
    }

    /// All rows officer by officer, each one's in the order of time.
    func forEachByOfficer(_ body: (Row) throws -> Void) rethrows {
        let inverse = (1..<officers).first { $0 * Workload.step % officers == 1 } ?? 1
        for officer in 0..<officers {
            for round in 0..<50 {
                let shifted = (officer - round * Workload.drift % officers + officers) % officers
                try body(row(round * officers + shifted * inverse % officers))
            }
        }
    }

    /// An entry of the ledger: 300 bytes.
    func entry(_ index: Int) -> [UInt8] {
        var words = SplitMix64(state: UInt64(index))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(304)
        while bytes.count < 300 {
            let word = words.next()
            for place in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * place))) }
        }
        return Array(bytes.prefix(300))
    }
}
