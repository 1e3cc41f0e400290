import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

/// Everything that drives the built program. One test after the other: they share an archive, and some count its lines.
@Suite("The built program", .serialized)
struct BuiltProgram {}

/// The built program and an archive of the sample input, made once for the whole run: deriving the keys of twelve users
/// takes longer than everything else.
final class Sample: Sendable {
    static let shared: Result<Sample, any Error> = Result { try Sample() }

    let folder: TemporaryFolder
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static var program: String {
        ProcessInfo.processInfo.environment["PROBITY_PROGRAM"] ?? "\(root)/.build/debug/probity"
    }

    var archive: String { folder.path + "/archive" }
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
        try Sample.demand(try call(["officer", "import", "\(Sample.root)/Samples/officers.csv"], as: "clerk1"))
        let filedBy = [
            "clerk1": [
                "talk", "majorEvent", "drinkingRisk", "appraisal", "training", "incident", "dutyTrace", "auxEntry",
                "caseEnquiry", "engagementReport",
            ],
            "inspector1": [
                "verification", "sanction", "admonition", "accountability", "complaint", "clearance", "antiGangCase",
                "helpMeasure", "opinion",
            ], "promoter1": ["fileReview"],
        ]
        for (user, kinds) in filedBy.sorted(by: { $0.key < $1.key }) {
            for kind in kinds {
                try Sample.demand(
                    try call(["import", "\(Sample.root)/Samples/records/\(kind).csv", "--kind", kind], as: user))
            }
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
        var all = arguments + ["--archive", archive, "--lang", language]
        if let user { all += ["--user", user, "--passphrase-file", passphraseFile(user)] }
        if json { all.append("--json") }
        return try run(Sample.program, all, environment: ["PROBITY_STATE_DIR": "\(folder.path)/state"])
    }
}

extension ProgramResult {
    /// Standard output as JSON, an object a line.
    var objects: [JSONValue] {
        get throws { try output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) } }
    }
}
