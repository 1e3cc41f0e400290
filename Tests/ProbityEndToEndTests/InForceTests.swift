import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

extension BuiltProgramOnCopies {
    /// What lists and views say of records whose words alone would be taken for the opposite.
    @Suite("What is in force, and what became of it")
    struct InForceTests {
        /// Files a record and takes steps of it; returns its identifier.
        private func file(
            _ copy: SampleCopy, _ kind: String, _ values: [String: String], as user: String,
            then steps: [(user: String, step: String, values: [String: String])] = []
        ) throws -> String {
            func set(_ values: [String: String]) -> [String] {
                values.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
            }
            let filed = try copy.call(
                ["record", "add", "--yes", "--kind", kind, "--officer", "990010", "--json"] + set(values), as: user)
            let id = try #require(
                try filed.objects.compactMap { $0["record"]?.string ?? $0["id"]?.string }.first, "\(filed.errors)")
            for (user, step, values) in steps {
                let done = try copy.call(
                    ["record", "advance", id, "--kind", kind, "--step", step, "--reason", "核"] + set(values), as: user)
                #expect(done.status == 0, "\(step): \(done.errors)")
            }
            return id
        }

        private func line(_ copy: SampleCopy, _ id: String, as user: String) throws -> String {
            let list = try copy.call(
                ["record", "list", "--officer", "990010", "--purpose", "disciplineCase"], as: user)
            return try #require(
                list.output.split(separator: "\n").first { $0.contains(id) }.map(String.init), "\(list.errors)")
        }

        @Test("While a correction waits, lists and views show what is in force, and what the correction would change")
        func correction() throws {
            let copy = try SampleCopy()
            let id = try file(
                copy, "sanction",
                [
                    "measure": "a1", "decidedOn": "2026-11-02", "documentNo": "试〔2026〕1号", "body": "县局",
                    "facts": "迟到",
                ], as: "inspector1", then: [("inspector2", "verify", [:])])
            #expect(try line(copy, id, as: "inspector1").contains("警告"))
            let amended = try copy.call(
                ["record", "amend", id, "--kind", "sanction", "--set", "measure=a2", "--reason", "笔误"], as: "inspector1"
            )
            #expect(amended.status == 0, "\(amended.errors)")
            let shown = try line(copy, id, as: "inspector2")
            #expect(shown.contains("更正待审核") && shown.contains("警告") && !shown.contains("记过"), "\(shown)")
            let view = try copy.call(["record", "show", id, "--purpose", "disciplineCase"], as: "inspector2")
            #expect(view.output.contains("警告 → ") && view.output.contains("更正待审核："), "\(view.output)")
            let json = try copy.call(
                ["record", "show", id, "--json", "--purpose", "disciplineCase"], as: "inspector2")
            let object = try #require(try json.objects.first)
            #expect(object["inForce"]?["measure"] == "a1" && object["values"]?["measure"] == "a2")
            #expect(object["asFound"] == false)
            let verified = try copy.call(
                ["record", "advance", id, "--kind", "sanction", "--step", "verify", "--reason", "核"], as: "inspector2")
            #expect(verified.status == 0, "\(verified.errors)")
            #expect(try line(copy, id, as: "inspector1").contains("记过"))
        }

        @Test("A list tells what was revoked, not passed or not proven from its opposite")
        func marks() throws {
            let copy = try SampleCopy()
            let failed = try file(
                copy, "training",
                ["course": "discipline", "completedOn": "2026-11-02", "passed": "false", "title": "补训"], as: "clerk1")
            let passed = try file(
                copy, "training",
                ["course": "discipline", "completedOn": "2026-11-03", "passed": "true", "title": "补训"], as: "clerk1")
            let list = try copy.call(
                ["record", "list", "--officer", "990010", "--purpose", "dailyManagement"], as: "clerk1")
            let lines = list.output.split(separator: "\n")
            #expect(lines.contains { $0.contains(failed) && $0.contains("✗ 不合格") }, "\(list.output)")
            #expect(lines.contains { $0.contains(passed) && !$0.contains("不合格") })
            let sanction = try file(
                copy, "sanction",
                [
                    "measure": "a1", "decidedOn": "2026-11-02", "documentNo": "试〔2026〕2号", "body": "县局", "facts": "迟到",
                    "revokedOn": "2026-11-10", "revocationNo": "试〔2026〕3号",
                ], as: "inspector1")
            #expect(try line(copy, sanction, as: "inspector1").contains("✗ 已撤销（2026-11-10）"))
        }
    }
}
