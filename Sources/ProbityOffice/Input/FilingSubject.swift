import ProbityRecords
import ProbityStore

/// The officer into whose file a form goes, and the question that makes sure of him.
///
/// A record in the wrong file is a harm that no correction undoes: where a person can be asked, number and name are shown
/// first and confirmed.
public struct FilingSubject: Sendable, Equatable {
    /// What the archive is told.
    let query: String
    /// The question to be answered with yes before anything is filed; nil for an officer taken as he was named.
    public let question: String?

    /// An officer taken as he was named, where nobody can be asked.
    public static func asNamed(_ officer: String) -> FilingSubject { FilingSubject(query: officer, question: nil) }
}

extension Desk {
    /// Looks up the officer whom a form is about, which is an act, and puts the question.
    ///
    /// - Parameter officer: number, ID number, name or identifier.
    /// - Throws: the archive's refusals: not visible, several of the name, oneself, a kind that the role does not file.
    public func identify(_ officer: String, for form: FilingForm) throws -> FilingSubject {
        let found = try session.identify(officer, filing: form.kind.id)
        return FilingSubject(
            query: found.id.text,
            question: words.text(
                found.hasLeft ? "cli.fileQuestionLeft" : "cli.fileQuestion",
                [
                    "kind": words.kind(form.kind), "number": found.policeNo, "name": found.name, "unit": found.unit,
                ]))
    }
}
