import ProbityOffice

/// The ceremony at the terminal.
struct CeremonyDialog {
    let console: Console

    /// Asks what no file says.
    ///
    /// - Parameter written: the recovery sheet, where it goes to a file; otherwise one is shown to be copied.
    func run(_ written: RecoveryPaper?) throws -> Founding {
        guard console.mayAsk else { throw OfficeError(.usage, "cli.ceremonyNeeded") }
        let answers = try Founding.questions.map { question in
            guard let answer = console.ask(question.text(console.wording)), !answer.isEmpty else {
                throw OfficeError(.declined, "cli.declined")
            }
            return answer
        }
        return try Founding(answers: answers, recovery: written ?? copiedSheet())
    }

    /// Shows a new recovery key to be copied by hand, asks two of its lines back, and clears the screen.
    ///
    /// Who cannot type the lines back has no recovery; better to know that before there is something to lose.
    private func copiedSheet() throws -> RecoveryPaper {
        let sheet = try RecoveryPaper(console.wording)
        for line in sheet.lines { console.say(line) }
        var asked: Set<Int> = []
        while asked.count < 2 {
            let number = Int.random(in: 1...RecoveryPaper.lineCount)
            guard asked.insert(number).inserted else { continue }
            var isRight = false
            for _ in 0..<3 where !isRight {
                guard let typed = console.ask(console.text("cli.ask.sheetLine", ["number": String(number)])) else {
                    break
                }
                isRight = sheet.matches(typed, number: number)
                if !isRight { console.say(console.text("cli.sheetLineWrong", ["number": String(number)])) }
            }
            guard isRight else { throw OfficeError(.declined, "cli.sheetNotCopied") }
        }
        // The key is on paper now.
        console.clearScreen()
        console.say(console.text("cli.sheetCopied"))
        return sheet
    }
}
