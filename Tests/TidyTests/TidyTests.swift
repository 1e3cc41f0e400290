import Foundation
import Testing

/// The tree as text: layers are a rule that the compiler does not hold (an undeclared import of a dependency's dependency
/// still builds), so this does.
@Suite("The tree")
struct TidyTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Which module may import which; the standard modules are free except where named here.
    private static let imports: [String: Set<String>] = [
        "Sources/CanonicalJSON": [],
        "Sources/ProbityCrypto": ["COpenSSL", "Dispatch", "Glibc", "Synchronization"],
        "Sources/ProbityLedger": ["CanonicalJSON", "ProbityCrypto"],
        "Schema": [],
        "Sources/ProbityRecords": ["CanonicalJSON", "ProbitySchema", "Synchronization"],
        "Sources/ProbityStore": [
            "CPageCipher", "CPageStore", "CanonicalJSON", "ProbityCrypto", "ProbityLedger", "ProbityRecords",
            "ProbitySchema", "GRDB", "GRDBSQLite", "Dispatch", "Foundation", "Glibc", "Synchronization",
        ],
        "Sources/ProbityReports": ["CanonicalJSON", "ProbityRecords"],
        "Sources/ProbityOffice": [
            "CanonicalJSON", "ProbityCrypto", "ProbityLedger", "ProbityRecords", "ProbityReports", "ProbityStore",
            "Foundation", "Glibc",
        ],
        // A front end reads and renders; what it would have to do again is the office's.
        "Sources/probity": ["ProbityOffice", "ProbityReports", "ArgumentParser", "Foundation", "Glibc"],
        "Sources/bench": [
            "CPageCipher", "CPageStore", "CanonicalJSON", "ProbityCrypto", "ProbityLedger", "ProbityRecords",
            "ProbityStore", "GRDB", "ArgumentParser", "Dispatch", "Foundation", "Glibc", "Synchronization",
        ],
    ]

    private static func files(_ folder: String, _ endings: [String]) throws -> [(name: String, text: String)] {
        let base = root.appending(path: folder)
        let names = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return try names.filter { name in endings.contains { name.hasSuffix($0) } && !name.contains("Vectors/") }
            .sorted().map {
                ("\(folder)/\($0)", try String(contentsOf: base.appending(path: $0), encoding: .utf8))
            }
    }

    /// The modules that `text` imports, whole or a single declaration of theirs (`import struct GRDB.Row`).
    private static func imported(_ text: String) -> [(module: String, line: Substring)] {
        let kinds: Set<Substring> = ["typealias", "struct", "class", "enum", "protocol", "let", "var", "func"]
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").drop { $0.hasPrefix("@") || levels.contains($0) }
            guard words.first == "import", let name = words.dropFirst().drop(while: kinds.contains).first else {
                return nil
            }
            return (String(name.prefix { $0 != "." }), line)
        }
    }

    private static let levels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]

    @Test("Every module imports only what the table allows", arguments: imports.keys.sorted())
    func layers(module: String) throws {
        let allowed = try #require(TidyTests.imports[module])
        let files = try TidyTests.files(module, [".swift"])
        #expect(!files.isEmpty)
        for (name, text) in files {
            for (module, line) in TidyTests.imported(text) {
                #expect(allowed.contains(module), "\(name): \(line)")
            }
        }
    }

    /// Which database keeps the archive is one room's decision: the others ask that room.
    @Test("Inside the store, only the folder Disk imports the database")
    func database() throws {
        for (name, text) in try TidyTests.files("Sources/ProbityStore", [".swift"])
        where !name.hasPrefix("Sources/ProbityStore/Disk/") {
            for (module, line) in TidyTests.imported(text) where ["GRDB", "GRDBSQLite"].contains(module) {
                Issue.record("\(name): \(line)")
            }
        }
    }

    /// A file is read in one sitting. One that must be longer says at its head which idea would suffer from being cut.
    @Test("No Swift file is longer than 450 lines, but for one hard idea; half of the sources have at most 200")
    func sizes() throws {
        func lineCount(_ text: String) -> Int { text.utf8.count { $0 == 0x0A } }
        let sources = try TidyTests.files("Sources", [".swift"])
        for (name, text) in try sources + TidyTests.files("Tests", [".swift"]) where lineCount(text) > 450 {
            let head = text.split(separator: "\n", maxSplits: 20, omittingEmptySubsequences: false).prefix(20)
            #expect(head.contains { $0.hasPrefix("// One hard idea:") }, "\(name) has \(lineCount(text)) lines")
        }
        let counts = sources.map { lineCount($0.text) }.sorted()
        #expect(try #require(counts.dropFirst(counts.count / 2).first) <= 200)
    }

    @Test("The table names every module there is")
    func modules() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: TidyTests.root.appending(path: "Sources").path)
        for folder in folders where !["COpenSSL", "CPageCipher", "CPageStore"].contains(folder) {
            #expect(TidyTests.imports["Sources/\(folder)"] != nil, "\(folder)")
        }
    }

    @Test("Nothing unfinished, no trap on input and no swallowed error stands in the sources")
    func leftovers() throws {
        // Put together here, so that the test does not find itself.
        let marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]
        let traps = ["fatal" + "Error(", "try" + "!", "as" + "! ", "try" + "? "]
        for folder in ["Sources", "Schema"] {
            for (name, text) in try TidyTests.files(folder, [".swift", ".sql", ".h"]) {
                for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                    for mark in marks + traps where line.contains(mark) {
                        // A comment may speak of it.
                        if line.trimmingCharacters(in: .whitespaces).hasPrefix("//"), traps.contains(mark) { continue }
                        Issue.record("\(name):\(number + 1): \(line)")
                    }
                }
            }
        }
    }

    /// The formatter holds 120 columns wherever a line can be broken; a string that cannot be may go on a little.
    @Test("No line runs beyond what a reviewer sees")
    func columns() throws {
        for folder in ["Sources", "Tests"] {
            for (name, text) in try TidyTests.files(folder, [".swift"]) {
                for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
                where line.count > 160 {
                    Issue.record("\(name):\(number + 1) has \(line.count) characters")
                }
            }
        }
    }

    @Test("No secret and no build product is tracked")
    func tracked() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/git")
        process.arguments = ["-C", TidyTests.root.path, "-c", "safe.directory=*", "ls-files"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let listing = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        for name in listing.split(separator: "\n") {
            for ending in [".pem", ".key", ".db", ".sqlite", ".passphrase", "Package.resolved"]
            where name.hasSuffix(ending) {
                Issue.record("\(name) is tracked")
            }
            if name.contains(".build/") { Issue.record("\(name) is tracked") }
        }
    }

    @Test("Every file or folder of the tree that README and docs name by its whole path is there")
    func named() throws {
        var names = 0
        for (name, text) in try TidyTests.files("docs", [".md"]) + [
            ("README.md", String(contentsOf: TidyTests.root.appending(path: "README.md"), encoding: .utf8))
        ] {
            for part in text.split(separator: "`", omittingEmptySubsequences: false) {
                guard ["Sources/", "Schema/", "Tests/", "Scripts/", "Keys/", "docs/"].contains(where: part.hasPrefix),
                    !part.contains(where: { "<*{ ".contains($0) })
                else { continue }
                names += 1
                // What an archive's own folder holds has the name of ours.
                if part.hasPrefix("Keys/"), part != "Keys/README.md" { continue }
                let path = TidyTests.root.appending(path: String(part)).path
                #expect(FileManager.default.fileExists(atPath: path), "\(name): \(part)")
            }
        }
        #expect(names > 20)
    }
}
