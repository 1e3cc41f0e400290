import ProbityRecords

/// Why the office did not do what it was asked for, before the archive was.
///
/// Two errors are equal when ``code`` and ``key`` are.
public struct OfficeError: Error, Equatable, Sendable, CustomStringConvertible {
    public let code: Outcome
    /// Key of the sentence in the message catalogue.
    public let key: String
    public let params: [String: String]
    /// What is wrong piece by piece, each a sentence for the reader: fields of a form, columns of a header.
    public let details: [String]
    /// What was typed where one of several names would do.
    let misnomer: Misnomer?

    /// - Parameter params: for the sentence's placeholders; never a value of a record.
    public init(_ code: Outcome, _ key: String, _ params: [String: String] = [:], details: [String] = []) {
        self.init(code, key, params, details: details, misnomer: nil)
    }

    init(_ code: Outcome, _ key: String, _ params: [String: String], details: [String] = [], misnomer: Misnomer?) {
        self.code = code
        self.key = key
        self.params = params
        self.details = details
        self.misnomer = misnomer
    }

    public static func == (one: OfficeError, other: OfficeError) -> Bool {
        one.code == other.code && one.key == other.key
    }

    public var description: String { "\(code.rawValue): \(key)" }
}
