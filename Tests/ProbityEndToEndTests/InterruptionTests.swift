import CanonicalJSON
import Foundation
import Glibc
import ProbityTestSupport
import Testing

extension BuiltProgramUnderFaults {
    @Suite("Interruptions")
    struct InterruptionTests {
        private static let importRowCount = 400

        /// Starts the program and kills it after `delay` seconds; nil where it ended before.
        private func start(_ arguments: [String], on copy: SampleCopy, killAfter delay: Double) throws -> (
            status: Int32?, output: String
        ) {
            let out = URL(filePath: "\(copy.folder.path)/killed.out")
            try Data().write(to: out)
            let process = Process()
            process.executableURL = URL(filePath: Sample.program)
            process.arguments =
                Sample.unattended(arguments) + [
                    "--archive", copy.archive, "--user", "clerk1", "--passphrase-file",
                    copy.sample.passphraseFile("clerk1"),
                ]
            process.environment = ["PROBITY_STATE_DIR": "\(copy.folder.path)/state", "LANG": "C.UTF-8"]
            process.standardOutput = try FileHandle(forWritingTo: out)
            process.standardError = FileHandle.nullDevice
            try process.run()
            let end = ContinuousClock.now + .seconds(delay)
            while process.isRunning, ContinuousClock.now < end { usleep(1_000) }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
            let output = String(decoding: try Data(contentsOf: out), as: UTF8.self)
            return (process.terminationReason == .exit ? process.terminationStatus : nil, output)
        }

        private func events(_ officer: String, on copy: SampleCopy) throws -> [JSONValue] {
            let result = try copy.call(
                ["record", "list", "--officer", officer, "--kind", "majorEvent", "--purpose", "dailyManagement"],
                as: "clerk1",
                json: true)
            #expect(result.status == 0, "\(result.errors)")
            return try result.objects.first?["records"]?.array ?? []
        }

        /// 80 rounds, 400 in a full sweep, unless PROBITY_KILL_ROUNDS says otherwise.
        @Test("kill -9 at random moments of filing and importing loses nothing acknowledged and shows nothing by half")
        func kill9() throws {
            let copy = try SampleCopy()
            let rounds =
                ProcessInfo.processInfo.environment["PROBITY_KILL_ROUNDS"].flatMap { Int($0) }
                ?? (BuiltProgramUnderFaults.isFull ? 400 : 80)
            let seed = UInt64(20_261_123)
            var random = SeededGenerator(seed: seed)
            let table = copy.folder.path + "/kill.csv"
            let rows = (0..<InterruptionTests.importRowCount).map { "F0012,me10,2026-09-01,2026-09-02,第\($0)条\n" }
            try Data(("policeNo,eventKind,eventDate,reportDate,description\n" + rows.joined()).utf8).write(
                to: URL(filePath: table))
            let filing = [
                "record", "add", "--kind", "majorEvent", "--officer", "990006", "--set", "eventKind=me11", "--set",
                "eventDate=2026-10-01", "--set", "reportDate=2026-09-01", "--set", "description=兼职", "--json",
            ]
            let importing = ["import", table, "--kind", "majorEvent", "--json"]
            func duration(_ arguments: [String]) throws -> Double {
                let start = ContinuousClock.now
                #expect(try self.start(arguments, on: copy, killAfter: 60).status == 0)
                let taken = ContinuousClock.now - start
                return Double(taken.components.seconds) + Double(taken.components.attoseconds) / 1e18
            }
            let lengths = [try duration(filing), try duration(importing)]
            var acknowledged: Set<String> = []
            var publishedImports = 1
            var killed = 0
            for round in 0..<rounds {
                let isImport = round % 4 == 3
                let delay = Double.random(in: 0...1.1, using: &random) * lengths[isImport ? 1 : 0]
                let result = try start(isImport ? importing : filing, on: copy, killAfter: delay)
                killed += result.status == nil ? 1 : 0
                // What was printed was promised, however the process ended afterwards.
                if let line = result.output.split(separator: "\n").first,
                    let object = try? JSONValue(parsing: Array(line.utf8))
                {
                    if isImport {
                        publishedImports += 1
                    } else if let id = object["id"]?.string {
                        acknowledged.insert(id)
                    }
                }
            }
            #expect(killed > rounds / 3, "only \(killed) of \(rounds) were killed in time")
            let filed = Set(try events("990006", on: copy).compactMap { $0["id"]?.string })
            #expect(acknowledged.subtracting(filed).isEmpty, "seed \(seed)")
            let imported = try events("F0012", on: copy).count
            #expect(imported % InterruptionTests.importRowCount == 0, "seed \(seed): \(imported) rows")
            #expect(imported >= publishedImports * InterruptionTests.importRowCount)
            let check = try copy.call(["check"], as: "clerk1", language: "en")
            #expect(check.status == 0, "\(check.output)")
        }

        @Test(
            "With no room to write, every command that would look or file ends with 41, shows nothing and changes nothing"
        )
        func noRoom() throws {
            let copy = try SampleCopy()
            let size = try copy.call(["status"], as: "clerk1", json: true).objects.first?["ledgerSize"]
            let commands = [
                ["officer", "show", "990001", "--purpose", "dailyManagement"],
                ["officer", "list", "--purpose", "dailyManagement"],
                ["record", "list", "--officer", "990005", "--purpose", "dailyManagement"],
                ["search", "--kind", "majorEvent", "--purpose", "dailyManagement"],
                [
                    "record", "add", "--kind", "majorEvent", "--officer", "990006", "--set", "eventKind=me11", "--set",
                    "eventDate=2026-10-01", "--set", "reportDate=2026-09-01", "--set", "description=兼职",
                ],
            ]
            for command in commands {
                let all =
                    [Sample.program] + Sample.unattended(command) + [
                        "--archive", copy.archive, "--user", "clerk1", "--passphrase-file",
                        copy.sample.passphraseFile("clerk1"), "--lang", "en",
                    ]
                // The limit holds for files only: what the program says goes through a pipe.
                let script = "set -o pipefail; (ulimit -f 0; exec \"$@\") 2>&1 | cat"
                let result = try run(
                    "bash", ["-c", script, "bash"] + all,
                    environment: ["PROBITY_STATE_DIR": "\(copy.folder.path)/state"])
                #expect(result.status == 41, "\(command): \(result.output)")
                #expect(result.output.contains("the ledger cannot be written"))
                #expect(!result.output.contains("甲一") && !result.output.contains("婚姻") && !result.output.contains("R-"))
            }
            #expect(try copy.call(["status"], as: "clerk1", json: true).objects.first?["ledgerSize"] == size)
            #expect(try copy.call(["check"], as: "clerk1").status == 0)
        }
    }
}
