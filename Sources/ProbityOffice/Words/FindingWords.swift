import CanonicalJSON
import ProbityLedger

/// Findings of a check, of a backup's verification and of an export's in words, with the verdict that ends them.
struct FindingWords {
    let findings: [Finding]
    let wording: Wording

    init(_ findings: [Finding], _ wording: Wording) {
        self.findings = findings
        self.wording = wording
    }

    /// A line a finding.
    var lines: [String] {
        findings.map { finding in
            "  \(wording.text("severity.\(finding.severity.rawValue)"))  \(finding.place)  \(wording.text(finding.rule))"
                + (finding.detail.isEmpty ? "" : " (\(finding.detail))")
        }
    }

    var json: JSONValue {
        .array(
            findings.map { finding in
                .object([
                    "place": .string(finding.place), "rule": .string(finding.rule),
                    "severity": .string(finding.severity.rawValue), "detail": .string(finding.detail),
                ])
            })
    }

    /// The last line: sound, or how many things speak against it.
    var conclusion: String {
        let count = findings.filter { $0.severity == .violation }.count
        return count == 0 ? wording.text("cli.sound") : wording.text("cli.unsound", ["count": String(count)])
    }
}
