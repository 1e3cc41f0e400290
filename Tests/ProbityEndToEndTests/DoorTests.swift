import CanonicalJSON
import Foundation
import ProbityTestSupport
import Testing

/// An archive with the officers of the sample and nothing in their files, made once: what is filed is each test's own.
private final class Bureau: Sendable {
    static let shared: Result<Bureau, any Error> = Result { try Bureau() }

    private static let political = ["roster", "events", "drinking", "talks", "duty", "care"]
    private static let users: [(user: String, role: String, grants: [String])] = [
        ("sysadmin1", "sysadmin", []), ("secadmin1", "secadmin", []), ("auditor1", "auditor", ["audit"]),
        ("clerk1", "clerk", political), ("clerk2", "clerk", political),
        ("reviewer1", "reviewer", political + ["sanctions"]),
        ("promoter1", "promoter", ["roster", "events", "sanctions", "opinions", "duty"]),
        (
            "inspector1", "inspector",
            ["roster", "events", "drinking", "talks", "complaints", "sanctions", "opinions", "care", "audit"]
        ),
        (
            "inspector2", "inspector",
            ["roster", "events", "drinking", "talks", "complaints", "sanctions", "opinions", "care", "audit"]
        ),
        ("supervisor1", "supervisor", ["roster", "governance", "duty"]),
    ]

    private let folder: TemporaryFolder
    private func passphraseFile(_ user: String) -> String { "\(folder.path)/passphrases/\(user)" }

    private init() throws {
        folder = try TemporaryFolder()
        let manager = FileManager.default
        for name in ["passphrases", "ceremony"] {
            try manager.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
        }
        let key = "\(folder.path)/ceremony/recovery"
        _ = try ProbityTestSupport.run("openssl", ["genpkey", "-algorithm", "X25519", "-out", "\(key).pem"])
        _ = try ProbityTestSupport.run("openssl", ["pkey", "-in", "\(key).pem", "-pubout", "-out", "\(key).pub.pem"])
        var ceremony =
            try JSONValue(parsing: [UInt8](Data(contentsOf: URL(filePath: "\(Sample.root)/Samples/ceremony.json"))))
            .object ?? [:]
        ceremony["users"] = .array(
            Bureau.users.map {
                .object([
                    "user": .string($0.user), "role": .string($0.role), "unit": "U00",
                    "grants": .array($0.grants.map { .string($0) }),
                ])
            })
        let file = "\(folder.path)/ceremony/ceremony.json"
        try Data(JSONValue.object(ceremony).canonicalBytes).write(to: URL(filePath: file))
        for (user, _, _) in Bureau.users {
            try Data("passphrase of \(user)\n".utf8).write(to: URL(filePath: passphraseFile(user)))
        }
        _ = try done(nil, ["init", "--ceremony", file, "--passphrases", "\(folder.path)/passphrases"])
        try Sample.cheapenKeys(of: "\(folder.path)/archive", passphrases: "\(folder.path)/passphrases")
        _ = try done("clerk1", ["officer", "import", "\(Sample.root)/Samples/officers.csv"])
    }

    func call(_ user: String?, _ arguments: [String]) throws -> ProgramResult {
        var all = Sample.unattended(arguments) + ["--archive", "\(folder.path)/archive", "--lang", "en"]
        if let user { all += ["--user", user, "--passphrase-file", passphraseFile(user)] }
        return try ProbityTestSupport.run(
            Sample.program, all, environment: ["PROBITY_STATE_DIR": "\(folder.path)/state"])
    }

    /// What the program prints where it has to succeed, without the end of its line.
    func done(_ user: String?, _ arguments: [String], status: Int32 = 0) throws -> String {
        let result = try call(user, arguments)
        try #require(result.status == status, "\(user ?? "") \(arguments): \(result.status) \(result.errors)")
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The record that a filing prints.
    func add(_ user: String, _ kind: String, _ officer: String, _ fields: [String]) throws -> String {
        try done(
            user,
            ["record", "add", "--kind", kind, "--officer", officer, "--yes"] + fields.flatMap { ["--set", $0] })
    }

    /// Signs what was shown.
    func accept(_ user: String, _ matter: String, status: Int32 = 0) throws {
        let result = try call(user, ["approve", "accept", matter] + seen(matter) { try call(user, $0) })
        #expect(result.status == status, "\(user) \(matter): \(result.errors)")
    }

    func step(_ user: String, _ kind: String, _ record: String, _ step: String, _ fields: [String] = []) throws
        -> ProgramResult
    {
        try call(
            user,
            ["record", "advance", record, "--kind", kind, "--step", step, "--reason", "because"]
                + fields.flatMap { ["--set", $0] })
    }

    func amend(_ user: String, _ kind: String, _ record: String, _ fields: [String]) throws -> ProgramResult {
        try call(
            user,
            ["record", "amend", record, "--kind", kind, "--reason", "because"] + fields.flatMap { ["--set", $0] })
    }

    func withdraw(_ user: String, _ record: String) throws -> ProgramResult {
        try call(user, ["record", "withdraw", record, "--reason", "misfiled"])
    }

    /// A step that waits: the program says so and ends with 21; what it prints is the number of the matter.
    func proposed(_ result: ProgramResult) throws -> String {
        try #require(result.status == 21, "\(result.errors)")
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func state(_ user: String, _ record: String, _ purpose: String) throws -> String? {
        let shown = try done(user, ["record", "show", record, "--purpose", purpose, "--json"])
        return try JSONValue(parsing: Array(shown.utf8))["state"]?.string
    }

    /// Imports one row.
    func importRow(_ user: String, _ kind: String, _ row: [(String, String)], past: Bool) throws -> ProgramResult {
        let file = "\(folder.path)/\(UUID().uuidString).csv"
        let text = row.map(\.0).joined(separator: ",") + "\n" + row.map(\.1).joined(separator: ",") + "\n"
        try Data(text.utf8).write(to: URL(filePath: file))
        return try call(user, ["import", file, "--kind", kind] + (past ? ["--past"] : []))
    }
}

extension BuiltProgramOnCopies {
    /// Changes that once went round the rules, each from both sides.
    @Suite("Doors, through the built program")
    struct DoorTests {
        private let bureau: Bureau

        init() throws { bureau = try Bureau.shared.get() }

        private func blockedUntil(_ officer: String) throws -> String? {
            let result = try bureau.call(
                "promoter1",
                [
                    "promote", "check", "--officer", officer, "--on", "2026-12-01", "--purpose", "promotionReview",
                    "--json",
                ])
            return try result.objects.first?["until"]?.string
        }

        @Test("A warning that the inspector filed is not withdrawn by the reviewer alone; two persons withdraw it")
        func withdrawnSanction() throws {
            let record = try bureau.add(
                "inspector1", "sanction", "990002",
                [
                    "measure=p1", "decidedOn=2026-01-15", "documentNo=1", "body=x", "politicsAtAct=01",
                    "politicsAtDecision=01",
                ])
            #expect(try bureau.step("inspector1", "sanction", record, "verify").status == 21)
            #expect(try bureau.step("reviewer1", "sanction", record, "verify").status == 0)
            let first = try bureau.proposed(bureau.withdraw("reviewer1", record))
            #expect(try blockedUntil("990002") == "2027-01-15")
            // Nobody signs for himself, and no role that is not asked.
            try bureau.accept("reviewer1", first, status: 21)
            try bureau.accept("promoter1", first, status: 30)
            #expect(try bureau.call("inspector1", ["approve", "accept", first, "--fingerprint", "0000"]).status == 32)
            _ = try bureau.done("inspector1", ["approve", "deny", first, "--reason", "it stands"])
            try bureau.accept("inspector2", first, status: 33)
            let second = try bureau.proposed(bureau.withdraw("reviewer1", record))
            #expect(try bureau.done("inspector1", ["approve", "show", second]).contains("misfiled"))
            // Nobody signs what he has not seen, whatever he says yes to.
            let unseen = try bureau.call("inspector1", ["approve", "accept", second, "--yes"])
            #expect(unseen.status == 3 && unseen.errors.contains("approve show \(second)"), "\(unseen.errors)")
            #expect(try bureau.state("promoter1", record, "promotionReview") == "verified")
            try bureau.accept("inspector1", second)
            #expect(try bureau.state("promoter1", record, "promotionReview") == "withdrawn")
            #expect(try blockedUntil("990002") != "2027-01-15")
        }

        @Test("A talk is not withdrawn by the clerk, nor by one person alone")
        func withdrawnTalk() throws {
            let fields = ["talkOn=2026-05-01", "interviewers=a", "matter=m"]
            let talk = try bureau.add("clerk1", "talk", "990001", fields + ["talkKind=heartTalk"])
            #expect(try bureau.withdraw("clerk1", talk).status == 20)
            #expect(try bureau.withdraw("reviewer1", talk).status == 21)
            let reminder = try bureau.add("clerk1", "talk", "990001", fields + ["talkKind=criticise"])
            let waiting = try bureau.proposed(bureau.withdraw("inspector1", reminder))
            try bureau.accept("reviewer1", waiting)
            #expect(try bureau.state("clerk1", reminder, "dailyManagement") == "withdrawn")
        }

        @Test("What a complaint came to is neither corrected nor withdrawn; only two persons open it again")
        func closedComplaint() throws {
            let row = [
                ("policeNo", "990003"), ("state", "archived"), ("receivedOn", "2026-02-10"), ("channel", "letter"),
                ("complaintClass", "accusation"), ("reporterClass", "anonymous"), ("jurisdiction", "own"),
                ("content", "content"), ("outcome", "untrue"), ("outcomeOn", "2026-03-20"), ("clearedOn", "2026-03-25"),
            ]
            #expect(try bureau.importRow("inspector1", "complaint", row, past: false).status == 31)
            #expect(try bureau.importRow("inspector1", "complaint", row, past: true).status == 0)
            let list = try bureau.done(
                "inspector1",
                [
                    "record", "list", "--officer", "990003", "--kind", "complaint", "--purpose", "disciplineCase",
                    "--json",
                ])
            let record = try #require(
                try JSONValue(parsing: Array(list.utf8))["records"]?.array?.first?["id"]?.string)
            #expect(try bureau.amend("inspector1", "complaint", record, ["outcome=established"]).status == 33)
            #expect(try bureau.withdraw("inspector2", record).status == 33)
            let waiting = try bureau.proposed(bureau.step("inspector1", "complaint", record, "reopen"))
            try bureau.accept("inspector1", waiting, status: 21)
            try bureau.accept("inspector2", waiting)
            #expect(try bureau.state("inspector1", record, "disciplineCase") == "reopened")
        }

        @Test("A closed drinking incident is withdrawn by nobody, and its filer does not close it")
        func closedIncident() throws {
            let record = try bureau.add(
                "clerk1", "incident", "990006", ["incidentOn=2026-03-14", "incidentKind=d2", "facts=x"])
            // That it is proven is not one clerk's word.
            let finding = ["verified=true", "findingOn=2026-03-16", "disposalOn=2026-04-01", "disposal=x"]
            let handled = try bureau.proposed(bureau.step("clerk1", "incident", record, "handle", finding))
            try bureau.accept("clerk1", handled, status: 21)
            try bureau.accept("clerk2", handled)
            let circular = ["circularOn=2026-04-08", "circularNo=1"]
            #expect(try bureau.step("clerk1", "incident", record, "circulate", circular).status == 0)
            #expect(try bureau.step("clerk1", "incident", record, "close").status == 21)
            #expect(try bureau.step("reviewer1", "incident", record, "close").status == 0)
            #expect(try bureau.withdraw("reviewer1", record).status == 33)
            #expect(try bureau.amend("clerk1", "incident", record, ["facts=y"]).status == 33)
            let waiting = try bureau.proposed(bureau.step("clerk1", "incident", record, "reopen"))
            try bureau.accept("clerk2", waiting)
            #expect(try bureau.state("clerk1", record, "dailyManagement") == "found")
        }

        @Test("Verifying rewrites nothing, and a correction has to be verified again, by another person")
        func verifying() throws {
            let record = try bureau.add(
                "clerk1", "majorEvent", "990005",
                ["eventKind=me01", "eventDate=2026-05-20", "reportDate=2026-07-01", "description=wedding"])
            let rewriting = ["description=other", "eventDate=2026-06-20"]
            #expect(try bureau.step("reviewer1", "majorEvent", record, "verify", rewriting).status == 31)
            #expect(try bureau.amend("reviewer1", "majorEvent", record, ["description=other"]).status == 20)
            #expect(try bureau.step("clerk1", "majorEvent", record, "verify").status == 21)
            #expect(try bureau.step("reviewer1", "majorEvent", record, "verify").status == 0)
            #expect(try bureau.amend("clerk2", "majorEvent", record, ["scale=10"]).status == 0)
            #expect(try bureau.state("clerk1", record, "dailyManagement") == "corrected")
            #expect(try bureau.step("clerk2", "majorEvent", record, "verify").status == 21)
            // Whoever filed what was verified once may look at another's correction.
            #expect(try bureau.step("clerk1", "majorEvent", record, "verify").status == 0)
        }

        @Test("What is filed begins in its first state, and what is brought in as approved says that it is of the past")
        func firstState() throws {
            let risk = try bureau.add(
                "clerk1", "drinkingRisk", "990004",
                ["registeredOn=2026-06-01", "habit=none", "licence=none", "engagements=low"])
            #expect(try bureau.state("clerk1", risk, "dailyManagement") == "submitted")
            #expect(try bureau.step("clerk1", "drinkingRisk", risk, "verify").status == 21)
            let report = [
                ("policeNo", "990009"), ("state", "approved"), ("engagementOn", "2026-09-18"), ("place", "home"),
                ("occasion", "family"), ("guests", "family"), ("alcohol", "false"), ("dutyNext12h", "false"),
                ("transportHome", "family"),
            ]
            #expect(try bureau.importRow("clerk1", "engagementReport", report, past: false).status == 31)
            #expect(try bureau.importRow("clerk1", "engagementReport", report, past: true).status == 0)
            let pending = report.map { ($0.0, $0.0 == "state" ? "refused" : $0.1) }
            #expect(try bureau.importRow("clerk1", "engagementReport", pending, past: true).status == 31)
        }

        @Test(
            "Who disposes of a complaint does not approve it, nor does who handles it, and typed names approve nothing")
        func typedNames() throws {
            let record = try bureau.add(
                "inspector1", "complaint", "990007",
                [
                    "receivedOn=2026-06-02", "channel=letter", "complaintClass=accusation", "reporterClass=anonymous",
                    "jurisdiction=own", "content=content",
                ])
            for (step, fields) in [
                ("register", ["receiptNo=1"]), ("accept", ["acceptedOn=2026-06-03"]),
                ("assess", ["specificLead=true"]),
            ] {
                #expect(try bureau.step("inspector1", "complaint", record, step, fields).status == 0)
            }
            func dispose(_ fields: [String]) throws -> ProgramResult {
                try bureau.step("inspector1", "complaint", record, "dispose", ["disposal=preliminary"] + fields)
            }
            #expect(try dispose(["handlers=a", "disposalApprovedBy=b", "secondApprovedBy=c"]).status == 31)
            let handled = try bureau.proposed(dispose(["handlers=inspector2 clerk1"]))
            try bureau.accept("inspector1", handled, status: 21)
            try bureau.accept("inspector2", handled, status: 21)
            _ = try bureau.done("inspector1", ["approve", "deny", handled, "--reason", "other handlers"])
            let waiting = try bureau.proposed(dispose(["handlers=inspector1 clerk1"]))
            try bureau.accept("inspector2", waiting)
            #expect(try bureau.state("inspector1", record, "disciplineCase") == "disposed")
        }
    }
}
