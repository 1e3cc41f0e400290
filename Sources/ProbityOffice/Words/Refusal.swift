import CanonicalJSON
import ProbityRecords
import ProbityStore

/// An error in words: what happened, why, and what helps.
///
/// Codes are called by their names in the reader's language. What the archive says for logs (``ArchiveError/reason``, in
/// English, with codes) stands beside the sentence only where a disk, a key or the archive itself is damaged: that is for
/// whoever mends it.
public struct Refusal: Sendable, Equatable {
    public let outcome: Outcome
    /// The cause as a program tells it from others.
    public let identifier: String
    public let message: String
    public let hint: String?
    /// What is wrong piece by piece.
    public let details: [String]
    /// The cause for logs, in English; nil where the message is all there is.
    let reason: String?

    /// Puts any error into words; one that nobody foresaw speaks for itself.
    public init(_ error: any Error, _ wording: Wording) {
        var params: [String: String] = [:]
        var rule: String?
        switch error {
        case let error as ArchiveError:
            (outcome, identifier, details) = (Outcome(error.code), error.code.rawValue, [])
            params = Refusal.params(error, wording)
            rule = error.rule
            reason = error.reason
            let key = Refusal.key(error, wording)
            let sentence = wording.text(key ?? "error.\(identifier)", params)
            message = key == nil && Refusal.isTechnical(error.code) ? "\(sentence) (\(error.reason))" : sentence
        case let error as OfficeError:
            (outcome, identifier, details) = (error.code, error.key, error.details)
            (message, reason) = (wording.text(error.key, error.params), nil)
        case let error as SchemaError:
            (outcome, identifier, details, message) = (.unclassified, "schema", [], error.description)
            reason = nil
        default:
            (outcome, identifier, details, message) = (.unclassified, "unclassified", [], "\(error)")
            reason = nil
        }
        let hintKey = [rule, identifier].compactMap { $0.map { "hint.\($0)" } }.first(where: wording.messages.contains)
        hint = hintKey.map { wording.text($0, params) }
    }

    /// The parameters of a sentence, with what every sentence may name.
    private static func params(_ error: ArchiveError, _ wording: Wording) -> [String: String] {
        var params = ["subject": error.subject ?? "", "purposes": "–", "possible": "–", "places": error.subject ?? ""]
        let words: Vocabulary?
        // A damaged catalogue is told by whoever needs more of it; codes stand for themselves here.
        do { words = try Vocabulary(wording) } catch { words = nil }
        for (name, value) in error.params where !value.isEmpty { params[name] = words?.phrases(value) ?? value }
        return params
    }

    /// The rule's own sentence; for a rule of the access matrix that has none, the one that names the role alone.
    private static func key(_ error: ArchiveError, _ wording: Wording) -> String? {
        guard let rule = error.rule else { return nil }
        let last = rule.split(separator: ".").last.map(String.init) ?? rule
        return ["error.\(rule)", rule, "error.role.\(last)"].first(where: wording.messages.contains)
    }

    private static func isTechnical(_ code: ArchiveError.Code) -> Bool {
        switch code {
        case .damagedKey, .unsupported, .integrity, .ledgerNotWritable, .incomplete, .inputOutput: true
        default: false
        }
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
        if let reason { members["reason"] = .string(reason) }
        return JSONAnswer(asIs: .object(members))
    }
}
