import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

/// What drives the built program on the archive that all share. One test after the other: some count its lines.
@Suite("The built program", .serialized)
struct BuiltProgram {}

/// What drives the built program on copies of its own, beside ``BuiltProgram``.
@Suite("The built program, on copies", .serialized)
struct BuiltProgramOnCopies {}

/// What fails, fills up or is killed, on copies of its own.
///
/// In CI a part of each sweep; all of it with `PROBITY_FULL_SWEEP=1`, which `Scripts/torture` sets.
@Suite("The built program under faults", .serialized)
struct BuiltProgramUnderFaults {
    static let isFull = ProcessInfo.processInfo.environment["PROBITY_FULL_SWEEP"] == "1"
}

/// The built program and an archive of the sample input, made once for the whole run: deriving the keys of twelve users
/// takes longer than everything else.
final class Sample: Sendable {
    static let shared: Result<Sample, any Error> = Result { try Sample() }

    let folder: TemporaryFolder
    let users: [String]

    /// The day that the sample is about, or today where that is later: what was filed after the day asked about does not
    /// exist for an answer.
    static let day: String = {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "Asia/Shanghai")
        format.dateFormat = "yyyy-MM-dd"
        return max("2026-12-01", format.string(from: Date()))
    }()

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static var program: String {
        ProcessInfo.processInfo.environment["PROBITY_PROGRAM"] ?? "\(root)/.build/debug/probity"
    }

    var archive: String { folder.path + "/archive" }
    /// The archive as it was before any test.
    var untouched: String { folder.path + "/untouched" }
    /// A command line that asks nothing: nobody sits at a terminal here. What a test says about it stays.
    static func unattended(_ arguments: [String]) -> [String] {
        arguments.contains { ["--yes", "--no-input"].contains($0) } ? arguments : arguments + ["--yes"]
    }

    func passphraseFile(_ user: String) -> String { "\(folder.path)/passphrases/\(user)" }

    private init() throws {
        folder = try TemporaryFolder()
        let manager = FileManager.default
        for name in ["passphrases", "ceremony"] {
            try manager.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
        }
        let ceremony = try Data(contentsOf: URL(filePath: "\(Sample.root)/Samples/ceremony.json"))
        try ceremony.write(to: URL(filePath: "\(folder.path)/ceremony/ceremony.json"))
        let users = (try JSONValue(parsing: [UInt8](ceremony))["users"]?.array ?? []).compactMap { $0["user"]?.string }
        self.users = users
        for user in users {
            try Data("passphrase of \(user)\n".utf8).write(to: URL(filePath: passphraseFile(user)))
        }
        let key = "\(folder.path)/ceremony/recovery"
        try Sample.demand(try run("openssl", ["genpkey", "-algorithm", "X25519", "-out", "\(key).pem"]))
        try Sample.demand(try run("openssl", ["pkey", "-in", "\(key).pem", "-pubout", "-out", "\(key).pub.pem"]))
        try Sample.demand(
            try call([
                "init", "--ceremony", "\(folder.path)/ceremony/ceremony.json", "--passphrases",
                "\(folder.path)/passphrases",
            ]))
        try Sample.cheapenKeys(of: archive, passphrases: "\(folder.path)/passphrases")
        try Sample.demand(try call(["officer", "import", "\(Sample.root)/Samples/officers.csv"], as: "clerk1"))
        try fill()
        try Sample.demand(try run("cp", ["-a", archive, untouched]))
    }

    /// A copy of the untouched archive.
    func copy(to path: String) throws {
        try Sample.demand(try run("cp", ["-a", untouched, path]))
    }

    /// Wraps the users' key files again with 1/128 of the program's key derivation, which would take six sevenths of each of
    /// the thousand calls. The derivation has tests of its own.
    static func cheapenKeys(of archive: String, passphrases: String) throws {
        let script = """
            set -euo pipefail; umask 077
            for key in "$1"/Keys/*.sign.pem "$1"/Keys/*.enc.pem; do
                user=$(basename "$key"); user=${user%.*.pem}
                openssl pkey -in "$key" -passin "file:$2/$user" |
                    openssl pkcs8 -topk8 -v2 aes-256-cbc -scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 1 \
                        -passout "file:$2/$user" -out "$key.cheap"
                mv "$key.cheap" "$key"
            done
            """
        try demand(run("bash", ["-c", script, "bash", archive, passphrases]))
    }

    /// Files the sample records: what is new is verified by a second person, the rest is found in old files, and what bars a promotion
    /// confirmed.
    private func fill() throws {
        func file(_ kinds: [String], as user: String, past: Bool = false) throws {
            for kind in kinds {
                try Sample.demand(
                    call(
                        ["import", "\(Sample.root)/Samples/records/\(kind).csv", "--kind", kind]
                            + (past ? ["--past"] : []), as: user))
            }
        }
        try file(["incident", "engagementReport"], as: "clerk1", past: true)
        try file(
            ["talk", "majorEvent", "drinkingRisk", "appraisal", "training", "dutyTrace", "auxEntry", "caseEnquiry"],
            as: "clerk1")
        try file(
            ["sanction", "admonition", "accountability", "complaint", "clearance", "antiGangCase", "helpMeasure"],
            as: "inspector1", past: true)
        try file(["verification", "opinion"], as: "inspector1")
        try file(["fileReview"], as: "promoter1")
        for (kind, state, user) in [
            ("appraisal", "submitted", "reviewer1"), ("training", "submitted", "reviewer1"),
            ("verification", "submitted", "reviewer1"), ("opinion", "submitted", "inspector2"),
            ("fileReview", "submitted", "inspector1"),
            // Found in old files, and confirmed here.
            ("sanction", "verified", "reviewer1"), ("admonition", "verified", "reviewer1"),
        ] {
            let found = try call(
                [
                    "search", "--kind", kind, "--state", state, "--limit", "1000", "--purpose", "verification",
                ], as: user, json: true)
            try Sample.demand(found)
            let records = try found.objects.first?["records"]?.array?.compactMap { $0["id"]?.string } ?? []
            try Sample.demand(
                call(
                    ["record", "advance"] + records + [
                        "--kind", kind, "--step", "verify", "--reason", "与原件核对一致",
                    ], as: user))
        }
    }

    private static func demand(_ result: ProgramResult) throws {
        guard result.status == 0 else { throw Failed(result: result) }
    }

    struct Failed: Error { let result: ProgramResult }

    /// Runs the program on the archive, as a user where one is named.
    func call(_ arguments: [String], as user: String? = nil, language: String = "zh", json: Bool = false) throws
        -> ProgramResult
    {
        var all = Sample.unattended(arguments) + ["--archive", archive, "--lang", language]
        if let user { all += ["--user", user, "--passphrase-file", passphraseFile(user)] }
        if json { all.append("--json") }
        return try run(Sample.program, all, environment: ["PROBITY_STATE_DIR": "\(folder.path)/state"])
    }
}

/// The sample archive, copied for one test, with a folder for its files.
final class SampleCopy {
    let sample: Sample
    let folder: TemporaryFolder
    var archive: String { folder.path + "/archive" }
    /// The users of the sample, by name.
    var users: [String] { sample.users }

    init() throws {
        sample = try Sample.shared.get()
        folder = try TemporaryFolder()
        try sample.copy(to: archive)
    }

    func file(_ name: String, _ text: String? = nil) throws -> String {
        let path = "\(folder.path)/\(name)"
        if let text { try Data(text.utf8).write(to: URL(filePath: path)) }
        return path
    }

    func call(
        _ arguments: [String], as user: String? = nil, language: String = "zh", json: Bool = false,
        passphrase: String? = nil
    ) throws -> ProgramResult {
        var all = Sample.unattended(arguments) + ["--archive", archive, "--lang", language]
        if let user {
            all += ["--user", user, "--passphrase-file", passphrase ?? sample.passphraseFile(user)]
        }
        if json { all.append("--json") }
        return try run(Sample.program, all, environment: ["PROBITY_STATE_DIR": folder.path + "/state"])
    }
}

extension ProgramResult {
    /// Standard output as JSON, an object a line.
    var objects: [JSONValue] {
        get throws { try output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) } }
    }
}

/// The option that says that somebody has seen what he signs; of nothing where the matter is not shown to him.
func seen(_ matter: String, _ call: ([String]) throws -> ProgramResult) throws -> [String] {
    let shown = try call(["approve", "show", matter, "--json"])
    return try ["--fingerprint", shown.objects.first?["fingerprint"]?.string ?? "0000"]
}
