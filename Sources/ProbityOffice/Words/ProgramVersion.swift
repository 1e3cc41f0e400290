import CanonicalJSON

/// What this program is, and which archives it opens.
public enum ProgramVersion {
    static let number = "0.1"
    /// Of the archive's tables and files (docs/formats.md).
    static let format: Int64 = 1
    /// Name of the suite of algorithms.
    static let suite = "intl"

    public static func answer(_ wording: Wording) -> Answer {
        let params = ["number": number, "format": String(format), "suite": wording.text("suite.\(suite)")]
        return Answer(
            [wording.text("cli.programVersion", params)],
            JSONAnswer(
                "program", ["number": .string(number), "format": .integer(format), "suite": .string(suite)]))
    }
}
