/// An officer's opaque number as people see it: `O-` and 13 characters of Crockford's base 32.
public struct OfficerID: Hashable, Sendable, CustomStringConvertible {
    public let number: Int64
    public init(_ number: Int64) { self.number = number }
    public init?(_ text: String) {
        guard let number = Base32.number(text, prefix: "O-") else { return nil }
        self.number = number
    }
    public var text: String { Base32.text(number, prefix: "O-") }
    public var description: String { text }
}

/// A record's or version's number as people see it: `R-` and 13 characters of Crockford's base 32.
public struct RecordID: Hashable, Sendable, CustomStringConvertible {
    public let number: Int64
    public init(_ number: Int64) { self.number = number }
    public init?(_ text: String) {
        guard let number = Base32.number(text, prefix: "R-") else { return nil }
        self.number = number
    }
    public var text: String { Base32.text(number, prefix: "R-") }
    public var description: String { text }
    var dossier: Int64 { number >> 20 }
}

/// A drop-box item's number as people see it.
public struct TrayID: Hashable, Sendable, CustomStringConvertible {
    public let number: Int64
    public init(_ number: Int64) { self.number = number }
    public init?(_ text: String) {
        guard let number = Base32.number(text, prefix: "T-") else { return nil }
        self.number = number
    }
    public var text: String { Base32.text(number, prefix: "T-") }
    public var description: String { text }
}
