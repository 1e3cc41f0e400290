import CanonicalJSON
import Foundation
import ProbityOffice
import ProbityTestSupport
import Testing

/// Every use case without a command line. One test after the other: they share an archive.
@Suite("The office", .serialized)
struct Office {}

/// An archive with eight users, two stations and three officers, founded and filled through the office alone. It is made once
/// for the whole run: deriving the users' keys takes longer than everything else.
final class Premises: Sendable {
    static let shared: Result<Premises, any Error> = Result { try Premises() }

    let folder: TemporaryFolder
    var archive: String { folder.path + "/archive" }

    static let officers = """
        policeNo,name,idNo,sex,unit,personCategory,politics,post
        990001,甲一,990101197803120018,1,U01,police,01,所长
        990002,乙二,990101198207250136,1,U01,police,01,民警
        990003,丙三,990101198501090022,2,U02,police,01,民警

        """

    private static let ceremony = """
        {"bureauId": "test", "name": "测试县公安局",
         "units": [{"id": "U00", "kind": "bureau", "name": "测试县公安局"},
                   {"id": "U01", "parent": "U00", "kind": "station", "name": "一所"},
                   {"id": "U02", "parent": "U00", "kind": "station", "name": "二所"}],
         "users": [
          {"user": "sysadmin1", "role": "sysadmin", "unit": "U00", "grants": []},
          {"user": "secadmin1", "role": "secadmin", "unit": "U00", "grants": []},
          {"user": "auditor1", "role": "auditor", "unit": "U00", "grants": ["audit"]},
          {"user": "clerk1", "role": "clerk", "unit": "U00",
           "grants": ["roster", "events", "drinking", "talks", "duty", "care"]},
          {"user": "reviewer1", "role": "reviewer", "unit": "U00",
           "grants": ["roster", "events", "drinking", "talks", "duty", "care", "sanctions"]},
          {"user": "promoter1", "role": "promoter", "unit": "U00",
           "grants": ["roster", "events", "sanctions", "opinions", "duty"]},
          {"user": "inspector1", "role": "inspector", "unit": "U00",
           "grants": ["roster", "events", "talks", "complaints", "sanctions", "opinions", "care", "audit"]},
          {"user": "supervisor1", "role": "supervisor", "unit": "U00", "grants": ["roster", "governance", "duty"]}]}
        """

    private init() throws {
        folder = try TemporaryFolder()
        let file = folder.path + "/ceremony.json"
        try Data(Premises.ceremony.utf8).write(to: URL(filePath: file))
        let words = try Wording(language: "zh")
        let founding = try Founding(file: file, recovery: RecoveryPaper(words))
        try founding.demandComplete(words)
        let answer = try founding.found(at: archive, sheet: nil, words, Premises.passphrase)
        #expect(answer.lines == ["已建库 \(archive)，8 名用户"])
        let clerk = try desk("clerk1")
        let imported = try clerk.importTable(
            .bytes(Array(Premises.officers.utf8), name: "officers.csv"), kind: "officer", dryRun: false)
        #expect(imported.answer.lines == ["人员基本情况：已导入 3 行"])
        let inspector = try desk("inspector1")
        // What the other tests read: an event that was reported late, and a warning that still counts in 2026.
        let event = try clerk.form(
            "majorEvent",
            fields: ["eventKind=me01", "eventDate=2026-05-20", "reportDate=2026-07-01", "description=结婚"])
        _ = try clerk.file(event, about: .asNamed("990001"), named: "990001")
        let sanction = try inspector.form(
            "sanction",
            fields: [
                "measure=p1", "decidedOn=2026-01-15", "documentNo=测纪〔2026〕1号", "body=县纪委", "politicsAtAct=01",
                "politicsAtDecision=01", "facts=事实",
            ])
        let warning = try inspector.file(sanction, about: .asNamed("990001"), named: "990001").id
        _ = try desk("reviewer1").advance([warning], step: "verify", kind: "sanction", fields: [], reason: "核对文书")
    }

    static func passphrase(_ user: String) throws -> Passphrase {
        try Passphrase(firstLineOf: Array("passphrase of \(user)\n".utf8))
    }

    func visit(_ user: String?) -> Visit {
        var visit = Visit(archive: archive, user: user)
        visit.stateRoot = folder.path + "/state"
        return visit
    }

    /// A desk for a user, with a purpose that his role may have.
    func desk(_ user: String, purpose: String? = "dailyManagement", on date: String? = nil, language: String = "zh")
        throws
        -> Desk
    {
        var visit = visit(user)
        visit.purpose = purpose.map { "\($0):测试" }
        visit.questionDate = date
        return try Desk.open(visit, Wording(language: language), passphrase: Premises.passphrase)
    }
}

extension JSONAnswer {
    /// The object as a program reads it.
    var parsed: JSONValue {
        get throws { try JSONValue(parsing: Array(text.utf8)) }
    }
}

extension Answer {
    /// The identifier that the answer gives.
    var id: String { lines.first ?? "" }
}

/// The office's error that `body` ends with.
func officeError(_ body: () throws -> Void) -> OfficeError? {
    do { try body() } catch let error as OfficeError { return error } catch {
        Issue.record(error)
    }
    return nil
}
