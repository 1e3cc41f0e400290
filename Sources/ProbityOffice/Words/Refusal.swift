import CanonicalJSON
import ProbityRecords
import ProbityStore

/// An error in words: what happened, why, and what helps.
public struct Refusal: Sendable, Equatable {
    public let outcome: Outcome
    /// The cause as a program tells it from others.
    public let identifier: String
    public let message: String
    public let hint: String?
    /// What is wrong piece by piece.
    public let details: [String]

    /// Puts any error into words; one that nobody foresaw speaks for itself.
    public init(_ error: any Error, _ wording: Wording) {
        var subject = ""
        var rule: String?
        switch error {
        case let error as ArchiveError:
            (outcome, identifier, details) = (Outcome(error.code), error.code.rawValue, [])
            subject = error.subject ?? ""
            rule = error.rule
            let precise = error.rule.map { "error.\($0)" } ?? ""
            let key = wording.messages.contains(precise) ? precise : "error.\(identifier)"
            // The precise rule is for whoever has to fix it; it names rules and identifiers only.
            message = wording.text(key, ["subject": subject]) + " (\(error.reason))"
        case let error as OfficeError:
            (outcome, identifier, details) = (error.code, error.key, error.details)
            message = wording.text(error.key, error.params)
        case let error as SchemaError:
            (outcome, identifier, details, message) = (.unclassified, "schema", [], error.description)
        default:
            (outcome, identifier, details, message) = (.unclassified, "unclassified", [], "\(error)")
        }
        let hintKey = "hint.\(rule ?? identifier)"
        hint = wording.messages.contains(hintKey) ? wording.text(hintKey, ["subject": subject]) : nil
    }

    /// The refusal for programs.
    ///
    /// - Parameter code: the front end's number for ``outcome``.
    public func json(code: Int32) -> JSONAnswer {
        var members: [String: JSONValue] = [
            "message_type": .string("exit_error"), "code": .integer(Int64(code)), "id": .string(identifier),
            "message": .string(message),
        ]
        if let hint { members["hint"] = .string(hint) }
        return JSONAnswer(asIs: .object(members))
    }
}
