import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

extension BuiltProgramUnderFaults {
    /// The program on a disk that is full or cannot be written: Faults/faults.c stands between it and the kernel.
    @Suite("Disk faults")
    struct FaultTests {
        private func sample() throws -> Sample { try Sample.shared.get() }

        private static let library: Result<TemporaryFolder, any Error> = Result {
            let folder = try TemporaryFolder()
            let source = "\(Sample.root)/Tests/ProbityEndToEndTests/Faults/faults.c"
            let result = try run(
                "clang",
                ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", "\(folder.path)/faults.so", source])
            guard result.status == 0 else { throw Sample.Failed(result: result) }
            return folder
        }

        private static let filing = [
            "record", "add", "--kind", "majorEvent", "--officer", "990006", "--set", "eventKind=me11", "--set",
            "eventDate=2026-10-01", "--set", "reportDate=2026-09-01", "--set", "description=兼职",
        ]

        /// Acts of every sort: what looks, what files, what exports, what changes keys.
        private static let commands: [(user: String, arguments: [String])] = [
            ("clerk1", filing),
            ("clerk1", ["officer", "show", "990001", "--purpose", "dailyManagement"]),
            ("clerk1", ["officer", "list", "--purpose", "dailyManagement"]),
            ("clerk1", ["record", "list", "--officer", "990005", "--purpose", "dailyManagement"]),
            ("clerk1", ["search", "--kind", "majorEvent", "--purpose", "dailyManagement"]),
            (
                "leader1",
                ["report", "counts", "--from", "2026-01-01", "--to", "2026-12-31", "--purpose", "statistics"]
            ),
            ("clerk1", ["import", "\(Sample.root)/Samples/records/talk.csv", "--kind", "talk"]),
            (
                "clerk1",
                [
                    "complaint", "open", "--officer", "990001", "--set", "receivedOn=2026-11-01", "--set",
                    "channel=letter", "--set", "content=x",
                ]
            ),
            ("promoter1", ["promote", "check", "--officer", "990002", "--purpose", "promotionReview"]),
            (
                "promoter1",
                ["record", "list", "--officer", "990003", "--kind", "complaint", "--purpose", "promotionReview"]
            ),
            ("auditor1", ["audit", "list"]),
            ("secadmin1", ["user", "list"]),
        ]

        /// Runs the program over a copy of the archive with a fault.
        private func call(
            _ arguments: [String], as user: String?, on archive: String, fault: String?, count: String? = nil,
            below folder: String? = nil, passphrase: String? = nil, secondsAhead: Int = 0
        ) throws -> ProgramResult {
            let sample = try sample()
            var environment = [
                "LD_PRELOAD": "\(try FaultTests.library.get().path)/faults.so",
                "PROBITY_FAULT_FOLDER": folder ?? archive, "PROBITY_STATE_DIR": "\(archive)-state",
                "PROBITY_FAULT_CLOCK": String(secondsAhead),
            ]
            environment["PROBITY_FAULT"] = fault
            environment["PROBITY_FAULT_COUNT"] = count
            var all = Sample.unattended(arguments) + ["--archive", archive, "--lang", "en"]
            if let user { all += ["--user", user, "--passphrase-file", passphrase ?? sample.passphraseFile(user)] }
            return try run(Sample.program, all, environment: environment)
        }

        /// A copy of the sample archive that belongs to one test.
        private func copy(_ folder: TemporaryFolder) throws -> String {
            let archive = URL(filePath: folder.path).resolvingSymlinksInPath().path + "/archive"
            try sample().copy(to: archive)
            return archive
        }

        private func ledgerSize(_ archive: String) throws -> Int64 {
            let result = try call(["status", "--json"], as: "clerk1", on: archive, fault: nil)
            return try #require(result.objects.first?["ledgerSize"]?.integer, "\(result.errors)")
        }

        private func showsNothing(_ result: ProgramResult) -> Bool {
            !["甲一", "婚姻", "990005", "R-", "T-"].contains { result.output.contains($0) }
        }

        @Test(
            "The disk fills up or fails at any write or sync of filing a record: 41 and nothing happened, or it is filed"
        )
        func fullAtEachWrite() throws {
            let folder = try TemporaryFolder()
            let archive = try copy(folder)
            let count = "\(folder.path)/count"
            let sound = try call(FaultTests.filing, as: "clerk1", on: archive, fault: nil, count: count)
            #expect(sound.status == 0, "\(sound.errors)")
            let calls = String(decoding: try Data(contentsOf: URL(filePath: count)), as: UTF8.self)
                .split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
            #expect(calls.count == 2 && calls.allSatisfy { $0 > 1 }, "the library saw \(calls) calls")
            var refused = 0
            var size = try ledgerSize(archive)
            for (index, sort) in ["space", "sync", "space-once", "sync-once"].enumerated() {
                let step = BuiltProgramUnderFaults.isFull ? 1 : max(1, calls[index % 2] / 16)
                // The sorts begin at different calls: together they meet more of them.
                for number in stride(from: 1 + index % step, through: calls[index % 2], by: step) {
                    let result = try call(FaultTests.filing, as: "clerk1", on: archive, fault: "\(sort):\(number)")
                    if result.status == 0 {
                        size += 1
                        #expect(result.output.hasPrefix("R-"))
                    } else {
                        refused += 1
                        #expect(result.status == 41, "\(sort) \(number): \(result.errors)")
                        #expect(result.output.isEmpty)
                    }
                    #expect(try ledgerSize(archive) == size, "\(sort) \(number)")
                }
            }
            #expect(refused > 8, "only \(refused) were refused")
            let check = try call(["check"], as: "clerk1", on: archive, fault: nil)
            #expect(check.status == 0, "\(check.output)")
        }

        @Test(
            "A rotation of the page key that meets a full or failing disk, or is killed, leaves the old archive or the new"
        )
        func rotation() throws {
            let folder = try TemporaryFolder()
            let archive = try copy(folder)
            let count = "\(folder.path)/count"
            let rotation = ["key", "rotate", "--pages", "--json"]
            let begun = ContinuousClock.now
            let sound = try call(rotation, as: "sysadmin1", on: archive, fault: nil, count: count)
            let duration = (ContinuousClock.now - begun) / .seconds(1)
            #expect(try sound.objects.first?["pageKey"] == 2, "\(sound.errors)")
            var generation: Int64 = 2
            var size = try ledgerSize(archive)
            func settle(_ status: Int32, _ what: String) throws {
                let found = try ArchiveState(call(["status", "--json"], as: "clerk1", on: archive, fault: nil))
                if status == 0 { #expect(found.generation == generation + 1, "\(what)") }
                #expect([generation, generation + 1].contains(found.generation), "\(what)")
                // The ledger has a line more exactly if the database has a new key.
                #expect(found.size - size == found.generation - generation, "\(what)")
                (generation, size) = (found.generation, found.size)
            }
            let calls = String(decoding: try Data(contentsOf: URL(filePath: count)), as: UTF8.self)
                .split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
            #expect(calls.count == 2 && calls[0] > 90 && calls[1] > 3, "the library saw \(calls) calls")
            var refused = 0
            for (index, sort) in ["space", "sync", "space-once", "sync-once"].enumerated() {
                let step = max(1, calls[index % 2] / (BuiltProgramUnderFaults.isFull ? 32 : 6))
                for number in stride(from: 1, through: calls[index % 2], by: step) {
                    let result = try call(rotation, as: "sysadmin1", on: archive, fault: "\(sort):\(number)")
                    if result.status != 0 { refused += 1 }
                    #expect([0, 41, 60].contains(result.status), "\(sort) \(number): \(result.errors)")
                    try settle(result.status, "\(sort) \(number): \(result.errors)")
                }
            }
            #expect(refused > 8, "only \(refused) were refused")
            var random = SeededGenerator(seed: 9)
            var killed = 0
            for round in 0..<8 {
                let delay = duration * Double.random(in: 0.2...0.9, using: &random)
                let arguments =
                    ["-s", "KILL", "\(delay)", Sample.program] + rotation + [
                        "--archive", archive, "--user", "sysadmin1", "--passphrase-file",
                        try sample().passphraseFile("sysadmin1"),
                    ]
                let result = try run("timeout", arguments, environment: ["PROBITY_STATE_DIR": "\(archive)-state"])
                if result.status != 0 { killed += 1 }
                try settle(result.status, "round \(round), killed after \(delay) s")
            }
            #expect(killed > 0)
            let check = try call(["check"], as: "clerk1", on: archive, fault: nil)
            #expect(check.status == 0, "\(check.output)")
        }

        @Test(
            "key passwd that is killed at any write, sync, rename or removal leaves one passphrase that opens both key files"
        )
        func passphraseChange() throws {
            let folder = try TemporaryFolder()
            let archive = try copy(folder)
            let keys = archive + "/Keys"
            let user = "supervisor1"
            let passphrases = ["\(folder.path)/first", "\(folder.path)/second"]
            try FileManager.default.copyItem(atPath: sample().passphraseFile(user), toPath: passphrases[0])
            try Data("another passphrase\n".utf8).write(to: URL(filePath: passphrases[1]))
            func opens(_ passphrase: String) throws -> Bool {
                let result = try call(["user", "list"], as: user, on: archive, fault: nil, passphrase: passphrase)
                #expect([0, 12].contains(result.status), "\(result.errors)")
                return result.status == 0
            }
            var present = 0
            var (before, after) = (0, 0)
            for number in 1...60 {
                let result = try call(
                    ["key", "passwd", "--new-passphrase-file", passphrases[1 - present]], as: user, on: archive,
                    fault: "kill:\(number)", below: keys, passphrase: passphrases[present])
                let new = try opens(passphrases[1 - present])
                if !new { #expect(try opens(passphrases[present]), "call \(number): nothing opens the keys any more") }
                if new { present = 1 - present }
                if result.status == 0 {
                    #expect(new)
                    break
                }
                #expect(result.status == 128 + 9, "\(result.errors)")
                if new { after += 1 } else { before += 1 }
                guard new else { continue }
                // The visit that opened it has ended the change: other tools find one pair.
                for file in ["sign", "enc"] {
                    let arguments = [
                        "pkey", "-in", "\(keys)/\(user).\(file).pem", "-passin", "file:\(passphrases[present])",
                    ]
                    #expect(try run("openssl", arguments + ["-noout"]).status == 0, "call \(number), \(file)")
                }
                #expect(!FileManager.default.fileExists(atPath: "\(keys)/\(user).change.pem"))
            }
            #expect(
                before > 2 && after > 8, "killed \(before) times before and \(after) times after the change took effect"
            )
        }

        @Test("A clock that is ahead is confirmed by --accept-clock, and by nothing else")
        func clock() throws {
            let folder = try TemporaryFolder()
            let archive = try copy(folder)
            let ahead = 3 * 86_400
            for more in [[], ["--yes"], ["--no-input"], ["--yes", "--no-input"]] {
                let result = try call(
                    FaultTests.filing + more, as: "clerk1", on: archive, fault: nil, secondsAhead: ahead)
                #expect(result.status == 3 && result.output.isEmpty, "\(more): \(result.status) \(result.errors)")
                if !more.contains("--no-input") { #expect(result.errors.contains("add --accept-clock")) }
            }
            let accepted = try call(
                FaultTests.filing + ["--accept-clock"], as: "clerk1", on: archive, fault: nil, secondsAhead: ahead)
            #expect(accepted.status == 0, "\(accepted.errors)")
        }

        /// What `status` told.
        private struct ArchiveState {
            let generation: Int64
            let size: Int64

            init(_ result: ProgramResult) throws {
                let object = try result.objects.first
                generation = try #require(object?["pageKey"]?.integer, "\(result.errors)")
                size = try #require(object?["ledgerSize"]?.integer, "\(result.errors)")
            }
        }

        @Test("On a full disk every act ends with 41, shows nothing and changes nothing")
        func full() throws {
            let folder = try TemporaryFolder()
            let archive = try copy(folder)
            let size = try ledgerSize(archive)
            for (user, arguments) in FaultTests.commands {
                let result = try call(arguments, as: user, on: archive, fault: "space:1")
                #expect(result.status == 41, "\(arguments): \(result.errors)")
                #expect(result.errors.contains("the ledger cannot be written"))
                #expect(showsNothing(result), "\(arguments): \(result.output)")
            }
            let export = "\(folder.path)/export"
            let result = try call(["audit", "export", "--out", export], as: "auditor1", on: archive, fault: "space:1")
            #expect(result.status == 41, "\(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: export))
            #expect(try ledgerSize(archive) == size)
            #expect(try call(["check"], as: "clerk1", on: archive, fault: nil).status == 0)
        }

        @Test("On media that cannot be written every act ends with 41; status and check still answer")
        func readOnly() throws {
            let folder = try TemporaryFolder()
            let archive = try copy(folder)
            let size = try ledgerSize(archive)
            for (user, arguments) in FaultTests.commands {
                let result = try call(arguments, as: user, on: archive, fault: "readonly")
                #expect(result.status == 41, "\(arguments): \(result.errors)")
                #expect(showsNothing(result), "\(arguments): \(result.output)")
            }
            let status = try call(["status", "--json"], as: "clerk1", on: archive, fault: "readonly")
            #expect(status.status == 0, "\(status.errors)")
            #expect(try status.objects.first?["ledgerSize"]?.integer == size)
            let check = try call(["check", "--json"], as: "clerk1", on: archive, fault: "readonly")
            #expect(check.status == 0, "\(check.errors)")
            #expect(try check.objects.first?["sound"] == true)
            #expect(try ledgerSize(archive) == size)
            // What stands in a log that cannot be replayed would be missed: said, not passed over.
            try Data(repeating: 1, count: 5000).write(to: URL(filePath: archive + "/archive.db-wal"))
            let withLog = try call(["check"], as: "clerk1", on: archive, fault: "readonly")
            #expect(withLog.status == 60, "\(withLog.errors)")
        }
    }
}
