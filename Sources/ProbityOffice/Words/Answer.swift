/// What an act has to tell: its result, and what is said beside it.
public struct Answer: Sendable, Equatable {
    /// Something said beside a result.
    public struct Note: Sendable, Equatable {
        public let text: String
        /// Not to be missed, also by a reader who asked for results only.
        public let isWarning: Bool
        /// Whether the JSON object says it in its members, so that it need not stand beside that.
        public let isInJSON: Bool

        static func warning(_ text: String) -> Note { Note(text: text, isWarning: true, isInJSON: true) }
        static func remark(_ text: String, inJSON: Bool = false) -> Note {
            Note(text: text, isWarning: false, isInJSON: inJSON)
        }
    }

    /// The result for people.
    public let lines: [String]
    /// The result for programs.
    public let json: JSONAnswer
    public let notes: [Note]
    /// How it ended: a check that found something did its work and still is no success.
    public let outcome: Outcome

    init(_ lines: [String], _ json: JSONAnswer, notes: [Note] = [], outcome: Outcome = .done) {
        self.lines = lines
        self.json = json
        self.notes = notes
        self.outcome = outcome
    }
}
