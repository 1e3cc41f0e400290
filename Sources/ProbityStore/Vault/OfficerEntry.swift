public import CanonicalJSON

/// An officer as the roster knows him.
public struct OfficerEntry: Sendable, Equatable {
    public let id: OfficerID
    public let record: RecordID
    public let values: [String: JSONValue]
    /// Whether he has left (离开).
    public let hasLeft: Bool

    static let leftState = "left"

    private func text(_ field: String) -> String { values[field]?.string ?? "" }
    public var policeNo: String { text("policeNo") }
    public var name: String { text("name") }
    public var unit: String { text("unit") }
    public var personCategory: String { text("personCategory") }
}

/// The fields of an officer that have blind-index tags.
enum OfficerIndex: String, CaseIterable {
    case policeNo, idNo, name

    /// Those that only one officer bears.
    static let unique: [OfficerIndex] = [.policeNo, .idNo]

    /// The spelling under which a value is indexed: no white space, full-width forms folded, letters upper case.
    static func normalized(_ text: String) -> String {
        // Numbers, most of what is looked up, are spelt so already.
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !scalar.properties.isWhitespace {
            let folded =
                (0xFF01...0xFF5E).contains(scalar.value) ? Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar : scalar
            scalars.append(contentsOf: folded.properties.uppercaseMapping.unicodeScalars)
        }
        return String(scalars)
    }
}
