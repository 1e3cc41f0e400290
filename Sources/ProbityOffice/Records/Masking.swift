import CanonicalJSON
import ProbityRecords

// The one place that decides how a value may be shown: by what its field declares (domain.md §11), whatever the list or
// answer it stands in. A form that hides part of a value exists for numbers only; a sensitive narrative is either read or
// not, which is the gate's to decide.

extension Field {
    /// `value` in the form in which it may be shown: a sensitive one masked, where there is a masked form.
    func shown(_ value: JSONValue) -> JSONValue {
        guard sensitivity == .sensitive else { return value }
        switch format {
        case .citizenID: return .string(CitizenID.masked(value.string ?? ""))
        case .policeNo, nil: return value
        }
    }
}

extension KindCatalogue {
    /// The values of a record of `kind` in the form in which they may be shown.
    func shown(_ values: [String: JSONValue], of kind: String) -> [String: JSONValue] {
        guard let kind = self.kind(kind) else { return values }
        return values.reduce(into: [:]) { shown, entry in
            shown[entry.key] = kind.field(entry.key)?.shown(entry.value) ?? entry.value
        }
    }
}
