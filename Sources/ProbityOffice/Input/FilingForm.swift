import CanonicalJSON
import ProbityRecords
import ProbityStore

/// A form (表) that was filled in and read: what would be filed.
public struct FilingForm: Sendable {
    let kind: RecordKind
    let values: [String: JSONValue]
    /// What is remarkable and still no obstacle, each a sentence; a front end shows them before the form is filed.
    public let warnings: [String]
}

extension Desk {
    /// Reads a form.
    ///
    /// - Parameters:
    ///   - kind: identifier or label of a record kind.
    ///   - fields: `FIELD=VALUE` texts, fields in either language.
    ///   - forTray: for somebody who drops it into a tray, and needs no right to file it.
    /// - Throws: the archive's refusal where the role does not file the kind; ``OfficeError`` with every problem in
    ///   ``OfficeError/details``.
    public func form(_ kind: String, fields: [String], forTray: Bool = false) throws -> FilingForm {
        let kind = try Named.kind(kind)
        if !forTray { try session.demandMayFile(kind.id) }
        let (values, warnings) = try FieldInput(fields, of: kind, wording).values(today: session.archive.today)
        return FilingForm(kind: kind, values: values, warnings: warnings)
    }

    /// Reads the fields that an act changes in a record of `kind`.
    func changes(_ fields: [String], kind: String) throws -> [String: JSONValue] {
        try FieldInput(fields, of: Named.kind(kind), wording).changes()
    }
}
