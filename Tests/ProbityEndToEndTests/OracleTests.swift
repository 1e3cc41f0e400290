import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

extension BuiltProgram {
    @Suite("Independent readers, written from docs/formats.md")
    struct OracleTests {
        private func export(_ sample: Sample, _ name: String, _ options: [String]) throws -> String {
            let out = "\(sample.folder.path)/\(name)"
            let result = try sample.call(["audit", "export", "--out", out] + options, as: "inspector1")
            try #require(result.status == 0, "\(result.errors)")
            return out
        }

        @Test(
            "Go's transparency log and PyPI's cryptography find an export sound, whole or in part",
            arguments: [[], ["--openings"], ["--from", "3", "--to", "40", "--openings"]])
        func exports(options: [String]) throws {
            let sample = try Sample.shared.get()
            let out = try export(sample, "oracle-\(options.count)", options)
            let stranger = try Oracle.stranger(["export", out])
            #expect(stranger.status == 0, "\(stranger.errors)")
            let log = try Oracle.tlog(["export", out])
            #expect(log.status == 0, "\(log.errors)")
            let range = try JSONValue(parsing: [UInt8](Data(contentsOf: URL(filePath: "\(out)/range.json"))))
            let lines = try #require(range["to"]?.integer) - (try #require(range["from"]?.integer))
            #expect(log.output == "\(lines) lines\n" && lines >= 37)
        }

        @Test("A line changed in an export, with a manifest to match, is seen by all three readers")
        func changedLine() throws {
            let sample = try Sample.shared.get()
            let out = try export(sample, "oracle-changed", [])
            let changed = try run(
                "sh",
                [
                    "-ec",
                    "file=$(ls tile/entries/*.p/*); sed -i '0,/\"done\"/s//\"gone\"/' \"$file\"; rm SHA256SUMS; "
                        + "find . -type f ! -name SHA256SUMS -printf '%P\\n' | LC_ALL=C sort | xargs sha256sum >/tmp/sums.$$;"
                        + " mv /tmp/sums.$$ SHA256SUMS",
                ], folder: out)
            try #require(changed.status == 0, "\(changed.errors)")
            #expect(try sample.call(["audit", "verify", out]).status == 43)
            let stranger = try Oracle.stranger(["export", out])
            #expect(stranger.status != 0 && stranger.errors.contains("is not in the tree"), "\(stranger.errors)")
            #expect(try Oracle.tlog(["export", out]).status != 0)
        }

        private func read(_ user: String, _ sample: Sample, _ folder: String) throws -> ProgramResult {
            try Oracle.stranger(["archive", folder, user, sample.passphraseFile(user)])
        }

        @Test(
            "With a user's key files and the format page a stranger reads what the user reads, to the letter",
            arguments: [("clerk1", "dailyManagement"), ("promoter1", "promotionReview")])
        func contents(user: String, purpose: String) throws {
            let sample = try Sample.shared.get()
            let stranger = try read(user, sample, sample.archive)
            try #require(stranger.status == 0, "\(stranger.errors)")
            // The newest version of each record.
            var theirs: [String: JSONValue] = [:]
            var masked = 0
            for object in try stranger.objects {
                let content = try #require(object["content"])
                var values = try #require(content["values"]?.object)
                // What is declared sensitive and has a masked form is shown in that form only.
                if let number = values["idNo"]?.string {
                    #expect(number.count == 18)
                    values["idNo"] = .string(number.prefix(6) + "********" + number.suffix(4))
                    masked += 1
                }
                theirs[try #require(object["record"]?.string)] = [
                    "kind": content["kind"] ?? nil, "state": content["state"] ?? nil,
                    "values": .object(values), "officer": content["officer"] ?? nil,
                ]
            }
            #expect(masked > 5)
            var ours: [String: JSONValue] = [:]
            let officers = try sample.call(["officer", "list", "--purpose", purpose], as: user, json: true).objects
            // The last line is the list's coverage.
            for officer in try officers.dropLast().map({ try #require($0["id"]?.string) }) {
                let list = try sample.call(
                    ["record", "list", "--officer", officer, "--purpose", purpose], as: user, json: true)
                try #require(list.status == 0, "\(list.errors)")
                for record in try list.objects.first?["records"]?.array ?? [] {
                    ours[try #require(record["id"]?.string)] = [
                        "kind": record["kind"] ?? nil, "state": record["state"] ?? nil,
                        "values": record["values"] ?? nil, "officer": record["officer"] ?? nil,
                    ]
                }
            }
            #expect(ours == theirs && ours.count > 30)
        }

        @Test("The auditor's keys open the details of every line and no record")
        func auditor() throws {
            let sample = try Sample.shared.get()
            let stranger = try read("auditor1", sample, sample.archive)
            #expect(stranger.status == 0 && stranger.output.isEmpty, "\(stranger.errors)")
        }

        @Test(
            "A changed clear column, a deleted row and another role's line make the stranger refuse the archive",
            arguments: [
                "UPDATE version SET dueOn = '2026-01-01' WHERE kind = 'majorEvent'", "DELETE FROM officerTag",
                "UPDATE leaf SET note = CAST(replace(CAST(note AS TEXT), 'done', 'gone') AS BLOB) WHERE seq = 2",
            ])
        func changedArchive(change: String) throws {
            let sample = try Sample.shared.get()
            let folder = try TemporaryFolder()
            let plain = "\(folder.path)/plain.db"
            let keys = [sample.archive, "auditor1", sample.passphraseFile("auditor1")]
            let decrypted = try Oracle.stranger(["plain"] + keys + [plain])
            try #require(decrypted.status == 0, "\(decrypted.errors)")
            #expect(try Oracle.stranger(["tables", plain] + keys).status == 0)
            let python = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute(sys.argv[2]); d.commit()"
            try #require(try run("python3", ["-c", python, plain, change]).status == 0)
            let stranger = try Oracle.stranger(["tables", plain] + keys)
            #expect(stranger.status != 0, "\(stranger.errors)")
        }
    }
}
