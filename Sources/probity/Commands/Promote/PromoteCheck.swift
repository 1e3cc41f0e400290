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
                let (worst, notes) = try desk.checkPromotion(inquiry) { console.give($0) }
                for note in notes { console.give(note) }
                outcome = worst
            }
            try Verdict.demandDone(outcome)
        }
    }
}
