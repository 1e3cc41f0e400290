import Foundation
import ProbityLedger
import ProbityRecords
import ProbityStore

// Ledger lines (台账) in words. The ledger holds codes, which never change and which programs get; whoever audits reads what
// they are called.

extension Vocabulary {
    /// An act (行为).
    func act(_ code: String) -> String { known("act.\(code)") ?? code }

    /// How an act ended: done, or why it was refused.
    func ended(_ line: LedgerLine) -> String {
        // A step whose line names its proposal is not taken yet.
        let waits = line.leaf.outcome == "done" && line.details?["proposal"].map { !$0.isEmpty } ?? false
        return waits && Vocabulary.proposing.contains(line.leaf.act) ? text("ledger.waits") : ended(line.leaf.outcome)
    }

    private static let proposing: Set<String> = ["record.amend", "record.withdraw", "record.advance"]

    private func ended(_ outcome: String) -> String {
        guard let code = outcome.split(separator: ":", maxSplits: 1).dropFirst().first else {
            return known("ledger.\(outcome)") ?? outcome
        }
        return text("ledger.refused", ["why": known("exit.\(code)") ?? String(code)])
    }

    /// The details of a line, in the order of their names in the ledger.
    func details(_ details: [String: String], of act: String) -> String {
        details.sorted { $0.key < $1.key }.map { field, value in
            detail(field, self.detail(value, field, of: act))
        }.joined(separator: text("ledger.detailSeparator"))
    }

    private func detail(_ field: String, _ value: String) -> String {
        text("ledger.detail", ["field": known("ledger.field.\(field)") ?? field, "value": value])
    }

    private func detail(_ value: String, _ field: String, of act: String) -> String {
        switch field {
        case "kind": kind(value)
        case "kinds": list(value.split(separator: ",").map { kind(String($0)) })
        case "category": code(value, "category")
        case "categories": categories(value)
        case "coverage": list(value.split(separator: " ").map(gap))
        case "purpose": code(value, "purpose")
        case "role": code(value, "role")
        case "state": code(value, "state")
        case "step": step(value)
        case "act": self.act(value)
        case "refusal": known("ledger.refusal.\(value)") ?? value
        case "past", "dryRun", "openings": self.text(value == "true" ? "cli.yes" : "cli.no")
        case "range": range(value)
        case "query": query(value, of: act)
        default: value
        }
    }

    private func code(_ code: String, _ list: String) -> String {
        catalogue.codeList(list)?.label(code, language) ?? code
    }

    /// Categories in a row, or places where a category was held, each with its unit; with a role beside them that nobody
    /// holds any more.
    private func categories(_ text: String) -> String {
        func words(_ parts: [Substring]) -> String {
            parts.map { code(code(String($0), "category"), "role") }.joined(separator: " ")
        }
        let places = text.components(separatedBy: ", ")
        guard places.count == 1, Category(rawValue: String(text.split(separator: " ").last ?? "")) != nil else {
            return list(places.map { words($0.split(separator: " ")) })
        }
        return list(text.split(separator: " ").map { words([$0]) })
    }

    /// One gap of a coverage, as `Coverage.Gap.code` writes it.
    private func gap(_ text: Substring) -> String {
        let dated = text.split(separator: "@", maxSplits: 1)
        let parts = (dated.first ?? "").split(separator: "(", maxSplits: 1)
        let names = (parts.first ?? "").split(separator: ":", maxSplits: 1).map(String.init)
        guard names.count == 2 else { return String(text) }
        var params = [
            "category": code(names[0], "category"), "cause": known("promotion.cause.\(names[1])") ?? names[1],
        ]
        if parts.count == 2 { params["units"] = String(parts[1].dropLast()) }
        let words = self.text(parts.count == 2 ? "ledger.notSeenAt" : "ledger.notSeen", params)
        return dated.count == 2 ? self.text("ledger.notSeenSince", ["gap": words, "on": String(dated[1])]) : words
    }

    private func range(_ range: String) -> String {
        let ends = range.components(separatedBy: "..<")
        guard ends.count == 2 else { return range == "all" ? text("ledger.allLines") : range }
        return text("ledger.lines", ["from": ends[0], "to": ends[1]])
    }

    /// What was asked for: a person, or `name=value` texts.
    private func query(_ query: String, of act: String) -> String {
        if act == "access.explain" {
            let parts = query.split(separator: " ").map(String.init)
            guard parts.count == 2 else { return query }
            return "\(code(parts[0], "right")) \(code(parts[1], "category"))"
        }
        if query == "*" { return text("ledger.everybody") }
        return query.split(separator: " ").map { part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard pair.count == 2, let field = known("ledger.field.\(pair[0])") else { return String(part) }
            return pair[1].isEmpty ? "" : "\(field) \(detail(pair[1], pair[0], of: act))"
        }.filter { !$0.isEmpty }.joined(separator: " ")
    }
}
