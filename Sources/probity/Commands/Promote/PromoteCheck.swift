import ArgumentParser
import ProbityOffice

extension PromoteCommand {
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Answer the four musts. Exit 0 clear, 50 findings, 51 pending. / 凡提四必核查")
        @OptionGroup var global: GlobalOptions
        @Option(help: "officer, repeated / 人员") var officer: [String] = []
        @Flag(help: "everybody in your scope / 全部人员") var all = false
        @Option(help: "promotion, grade, rank, furtherUse, equalMove or exchange / 拟任事项") var move = "promotion"

        func run() throws {
            let inquiry = try PromotionInquiry(officers: officer, everybody: all, move: move)
            var outcome = Outcome.done
            try global.atDesk { desk, console in
                // Who is clear and who is not comes first; what speaks against somebody stands below, by name.
                var details: [(candidate: String, lines: [String])] = []
                let (worst, notes) = try desk.checkPromotion(inquiry) { answer in
                    console.out(console.isJSON ? answer.json.text : answer.headline)
                    if !console.isJSON { details.append((answer.candidate, answer.details)) }
                }
                for candidate in details where !candidate.lines.isEmpty {
                    if details.count > 1 { console.out("\n\(candidate.candidate)") }
                    for line in candidate.lines { console.out(line) }
                }
                for note in notes { console.give(note) }
                outcome = worst
            }
            try Verdict.demandDone(outcome)
        }
    }
}
