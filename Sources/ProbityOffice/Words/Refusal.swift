import CanonicalJSON
import ProbityRecords
import ProbityStore

/// An error in words: what happened, why, and what helps.
///
/// Codes are called by their names in the reader's language. What the archive says for logs (``ArchiveError/reason``, in
/// English, with codes) stands below the sentence only where a disk, a key or the archive itself is damaged: that is for
/// whoever mends it.
public struct Refusal: Sendable, Equatable {
    public let outcome: Outcome
    /// The cause as a program tells it from others.
    public let identifier: String
    public let message: String
    public let hint: String?
    /// What is wrong piece by piece.
    public let details: [String]
    /// What was typed where one of several names would do; the hint says which.
    let misnomer: Misnomer?
    /// The cause for logs, in English; nil where the message is all there is.
    let reason: String?

    /// Puts any error into words; one that nobody foresaw speaks for itself.
    public init(_ error: any Error, _ wording: Wording) {
        var params: [String: String] = [:]
        var rule: String?
        switch error {
        case let error as ArchiveError:
            (outcome, identifier) = (Outcome(error.code), error.code.rawValue)
            params = Refusal.params(error, wording)
            (rule, reason, misnomer) = (error.rule, error.reason, error.misnomer)
            let key = Refusal.key(error, wording)
            message = wording.text(key ?? "error.\(identifier)", params)
            let isTechnical = key == nil && Refusal.isTechnical(error.code)
            details = isTechnical ? [wording.text("cli.technical", ["reason": error.reason])] : []
        case let error as OfficeError:
            (outcome, identifier, details, params) = (error.code, error.key, error.details, error.params)
            (message, reason, misnomer) = (wording.text(error.key, error.params), nil, error.misnomer)
        case let error as SchemaError:
            (outcome, identifier, details, message) = (.unclassified, "schema", [], error.description)
            (reason, misnomer) = (nil, nil)
        default:
            (outcome, identifier, details, message) = (.unclassified, "unclassified", [], "\(error)")
            (reason, misnomer) = (nil, nil)
        }
        let family = identifier.split(separator: ".").first.map(String.init)
        hint = Refusal.hint([rule, identifier, family].compactMap(\.self), misnomer, params, wording)
    }

    /// What helps: the name that may be meant, then the hint of the rule, of its code or of the code's family (what stands
    /// before its first dot), else the names that there are.
    private static func hint(
        _ keys: [String], _ misnomer: Misnomer?, _ params: [String: String], _ wording: Wording
    ) -> String? {
        func called(_ name: Names.Name) -> String {
            wording.text("cli.typed", ["label": name.labels[wording.language], "code": name.code])
        }
        var sentences: [String] = []
        if let nearest = misnomer?.nearest {
            sentences.append(wording.text("cli.didYouMean", ["name": called(nearest)]))
        }
        // Who may do something to a kind stands with its steps; the matrix alone may allow what they do not.
        let isOfReading = keys.first?.hasSuffix(Decision.Refusal.roleDoesNotRead.rawValue) ?? true
        var keys = params["kind"] == nil || isOfReading ? keys : keys.flatMap { ["\($0).kind", $0] }
        if params["possible"] == "–", keys.first == "workflow.noSuchStep" { keys = ["workflow.noStep"] }
        if let hint = keys.map({ "hint.\($0)" }).first(where: wording.messages.contains) {
            // A hint that would name a category is none where the refusal is about no category.
            let text = wording.text(hint, params)
            if !text.contains("{category}") { sentences.append(text) }
        } else if let names = misnomer?.names.all, !names.isEmpty {
            let list = names.map(called).joined(separator: wording.text("cli.listSeparator"))
            sentences.append(wording.text("cli.namesThere", ["names": list]))
        }
        return sentences.isEmpty ? nil : sentences.joined(separator: " ")
    }

    /// The parameters of a sentence, with what every sentence may name.
    private static func params(_ error: ArchiveError, _ wording: Wording) -> [String: String] {
        var params = ["subject": error.subject ?? "", "purposes": "–", "possible": "–", "places": error.subject ?? ""]
        let words: Vocabulary?
        // A damaged catalogue is told by whoever needs more of it; codes stand for themselves here.
        do { words = try Vocabulary(wording) } catch { words = nil }
        for (name, value) in error.params where !value.isEmpty { params[name] = words?.phrases(value) ?? value }
        if let kind = error.params["kind"]?.split(separator: "/").last, params["category"] == nil {
            params["category"] = words?.catalogue.kind(String(kind)).map { words?.category($0.category) ?? "" }
        }
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
        if let misnomer {
            members["allowed"] = .array(misnomer.names.all.map { .string($0.code) })
            members["nearest"] = misnomer.nearest.map { .string($0.code) } ?? .null
        }
        return JSONAnswer(asIs: .object(members))
    }
}
